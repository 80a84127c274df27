"""HTTP for those who watch: /healthz (the process lives), /readyz (503 with reasons when it is not ready), /metrics, /alerts.

It tells counts, causes and record keys, no values and no secrets, and takes nothing. Bind it to an address that only the monitoring
reaches.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec
from aiohttp import web

from clmkit.operate.alerts import find_alerts
from clmkit.operate.metrics import Metrics
from clmkit.operate.pulse import Pulse
from clmkit.sync.lockout import Lockout
from clmkit.sync.outage import Outage
from clmkit.sync.report import RunReport
from clmkit.sync.state import Parked

SCRAPED = "text/plain; version=0.0.4"


@dataclass(slots=True)
class Monitor:
    """Notes every report of the running sync. `clock` counts seconds."""

    pulse: Pulse
    metrics: Metrics
    read_parked: Callable[[], list[Parked]]
    clock: Callable[[], float]
    read_troubles: Callable[[], tuple[list[Outage], list[Lockout]]] = lambda: ([], [])
    last: RunReport | None = None

    def note(self, report: RunReport) -> None:
        self.last = report
        self.pulse.note(report, self.clock())
        self.metrics.note(report)

    async def health(self, _: web.Request) -> web.Response:
        return _json({"alive": True})

    async def readiness(self, _: web.Request) -> web.Response:
        found = self.pulse.readiness(self.clock())
        return _json(found, status=200 if found.ready else 503)

    async def scraped(self, _: web.Request) -> web.Response:
        return web.Response(body=self.metrics.render(), headers={"content-type": SCRAPED})

    async def alerts(self, _: web.Request) -> web.Response:
        return _json(find_alerts(self.read_parked(), self.last, *self.read_troubles()))


@asynccontextmanager
async def watched(monitor: Monitor, host: str, port: int) -> AsyncIterator[str]:
    """Serve inside the block; yields the address. Raises OSError when it is taken."""
    application = web.Application()
    for path, respond in (
        ("/healthz", monitor.health),
        ("/readyz", monitor.readiness),
        ("/metrics", monitor.scraped),
        ("/alerts", monitor.alerts),
    ):
        application.router.add_get(path, respond)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _json(value: object, *, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")
