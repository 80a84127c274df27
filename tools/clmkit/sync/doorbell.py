"""The CLM's webhooks, taken as a doorbell: a genuine call wakes the sync, which then reads the change feed.

The feed stays the only source of events. So a call that is doubled, late or out of order changes nothing, a lost one costs time
until the next look, and nothing of its content has to be trusted beyond the signature. Several secrets are accepted at once, so
that one can be replaced while the CLM still signs with the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from clmkit.sync.config import WebhookConfig
from clmkit.sync.engine import Engine
from clmkit.sync.outage import Outage, Place, end_outage, find_outage, note_outage
from clmkit.sync.report import RunReport

LARGEST_CALL = 4 * 1024 * 1024
HOOK_NAME = "clmkit"

Verify = Callable[[Mapping[str, str], bytes], bool]
"""Whether a call is the CLM's own, from its headers and body: `clmkit.connectors.signatures`."""


@dataclass(frozen=True, slots=True)
class _Door:
    verify: Verify
    ring: Callable[[], None]
    heard: Callable[[Mapping[str, str]], None]

    async def respond(self, request: web.Request) -> web.Response:
        if not self.verify(request.headers, await request.read()):
            return web.Response(status=401, text="the signature does not fit, or the call is older than five minutes")
        self.heard(request.headers)
        self.ring()
        return web.Response(status=204)


@asynccontextmanager
async def listening(
    config: WebhookConfig,
    verify: Verify,
    ring: Callable[[], None],
    heard: Callable[[Mapping[str, str]], None] = lambda headers: None,
) -> AsyncIterator[str]:
    """Take calls inside the block; yields the address listened on. `heard` is told the headers of genuine calls. Raises OSError."""
    application = web.Application(client_max_size=LARGEST_CALL)
    application.router.add_post("/{path:.*}", _Door(verify, ring, heard).respond)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        await web.TCPSite(runner, config.host, config.port).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/"
    finally:
        await runner.cleanup()


async def follow(
    engine: Engine, bell: asyncio.Event, stopped: asyncio.Event, interval: float, on_report: Callable[[RunReport], None]
) -> RunReport:
    """Run whenever the bell rings, and at least every `interval` seconds; until stopped. Returns the last report.

    Salesforce is looked at every `interval` seconds, however often the bell rings; rarely when its events are heard, and at once
    when they ask for it. What waits by its schedule goes when it is due. While a system does not answer, the runs become rare and
    the bell is not heeded (`outage`).
    """
    looked_at = float("-inf")
    unheard = asyncio.Event()
    outage = find_outage(engine.state, Place.RUN)
    while True:
        looks = engine.clock() - looked_at >= _between_looks(engine, interval)
        if looks:
            looked_at = engine.clock()
        report = await engine.run(stopped.is_set, looks=looks)
        on_report(report)
        if stopped.is_set():
            return report
        outage = _keep_outage(engine, report, interval, outage)
        listened = unheard if outage is not None and outage.is_open else bell
        left = min(looked_at + _between_looks(engine, interval) - engine.clock(), engine.seconds_to_due())
        pause = outage.seconds_left(engine.now()) if outage is not None else interval
        await _rang(listened, stopped, pause if report.stopped else min(interval, max(0.0, left)))
        bell.clear()


def _keep_outage(engine: Engine, report: RunReport, interval: float, known: Outage | None) -> Outage | None:
    """The outage after a run; None when there is none."""
    if report.is_outage:
        return note_outage(engine.state, Place.RUN, report.stopped, engine.now(), interval, engine.chance())
    if known is not None:
        end_outage(engine.state, Place.RUN)
    return None


def _between_looks(engine: Engine, interval: float) -> float:
    listening = engine.listening
    if listening is None:
        return interval
    if listening.needs_look:
        return 0.0
    return max(interval, listening.config.look_every) if listening.is_sure else interval


async def _rang(bell: asyncio.Event, stopped: asyncio.Event, seconds: float) -> bool:
    """Wait for the bell, the end or the time; True for the bell."""
    waits = [asyncio.create_task(event.wait()) for event in (bell, stopped)]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return bell.is_set()
