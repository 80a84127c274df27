"""Webhook deliveries: every change to every webhook, in order, at least once, signed as Standard Webhooks lays down.

A delivery that is not answered with 2xx is tried again after the waits of RETRY_WAITS and then given up; the change feed remains.
The place of each webhook is kept in the store, so a killed twin goes on where it was. Memory holds one page per webhook.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import aiohttp
import msgspec
from standardwebhooks import Webhook as Signer

from clmtwin.clock import Clock
from clmtwin.faults import ArmedFault
from clmtwin.ironclad import webhooks as ironclad
from clmtwin.model import Change
from clmtwin.store import Webhook, is_full
from clmtwin.twin import Twin

RETRY_WAITS: tuple[float, ...] = (0.05, 0.2, 1.0, 5.0, 30.0)
TIMEOUT_SECONDS = 10.0
PAGE = 100

Post = Callable[[str, bytes, dict[str, str]], Awaitable[str | None]]
Sleep = Callable[[float], Awaitable[None]]


def signed_headers(change: Change, body: bytes, secret: str, clock: Clock) -> dict[str, str]:
    now = clock.real_now()
    return {
        "content-type": "application/json",
        "webhook-id": change.event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Signer(secret).sign(change.event_id, now, body.decode()),
    }


def order_of_delivery(
    changes: Sequence[Change], faults: Sequence[ArmedFault | None]
) -> list[tuple[Change, ArmedFault | None]]:
    """The page as it will be sent: a change struck by `webhook_out_of_order` goes behind the next one."""
    ordered = list(zip(changes, faults, strict=True))
    for place in range(len(ordered) - 1):
        fault = ordered[place][1]
        if fault is not None and fault.order.name == "webhook_out_of_order" and ordered[place][0] is changes[place]:
            ordered[place], ordered[place + 1] = ordered[place + 1], ordered[place]
    return ordered


class Dispatcher:
    def __init__(self, twin: Twin, post: Post, sleep: Sleep = asyncio.sleep) -> None:
        self._twin = twin
        self._post = post
        self._sleep = sleep
        self._wake = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Serve until cancelled. One task per webhook: a slow receiver holds up nobody else."""
        try:
            while True:
                self._start_tasks()
                await self._wake.wait()
                self._wake.clear()
        finally:
            for task in self._tasks.values():
                task.cancel()
            for task in self._tasks.values():
                with suppress(asyncio.CancelledError):
                    await task

    def _start_tasks(self) -> None:
        for webhook in self._twin.store.read_webhooks():
            task = self._tasks.get(webhook.name)
            if task is not None and task.done() and not task.cancelled():
                task.result()
            if task is None or task.done():
                self._tasks[webhook.name] = asyncio.create_task(self.deliver_waiting(webhook.name))

    async def deliver_waiting(self, name: str) -> None:
        """Deliver every change behind the webhook's place; returns when it has caught up, the webhook is gone, or there is no
        room to note what was delivered: the next change starts it again there, and what was delivered is delivered twice.
        """
        while (webhook := self._twin.store.find_webhook(name)) is not None:
            changes = self._twin.store.read_changes(webhook.cursor, PAGE)
            if not changes:
                return
            try:
                await self._deliver_page(webhook, changes)
            except sqlite3.OperationalError as error:
                if not is_full(error):
                    raise
                return

    async def _deliver_page(self, webhook: Webhook, changes: Sequence[Change]) -> None:
        faults = [self._twin.faults.strike_delivery() for _ in changes]
        settled = webhook.cursor
        waiting = {change.sequence for change in changes}
        for change, fault in order_of_delivery(changes, faults):
            error = await self._deliver(webhook, change, fault)
            waiting.discard(change.sequence)
            settled = max(settled, min(waiting, default=changes[-1].sequence + 1) - 1)
            self._twin.store.settle_delivery(webhook.name, settled, error=error)

    async def _deliver(self, webhook: Webhook, change: Change, fault: ArmedFault | None) -> str | None:
        name = fault.order.name if fault is not None else None
        if name == "webhook_lost":
            return f"{change.event_id} was lost on purpose"
        if fault is not None and name == "webhook_late":
            await self._sleep(fault.delay_seconds)
        error = await self._try_until_given_up(webhook, change)
        if name == "webhook_doubled" and error is None:
            await self._try_until_given_up(webhook, change)
        return error

    async def _try_until_given_up(self, webhook: Webhook, change: Change) -> str | None:
        if webhook.events and not _is_wanted(webhook, change):
            return None
        body = ironclad.body_of(change, webhook.name) if webhook.events else msgspec.json.encode(change)
        error: str | None = None
        for wait in (0.0, *RETRY_WAITS):
            if wait:
                await self._sleep(wait)
            error = await self._post(webhook.url, body, self._headers(webhook, change, body))
            if error is None:
                return None
        return f"{change.event_id} given up after {len(RETRY_WAITS) + 1} attempts: {error}"

    def _headers(self, webhook: Webhook, change: Change, body: bytes) -> dict[str, str]:
        if webhook.events:
            return ironclad.signed_headers(self._twin.store, change, body)
        trace = self._twin.clicks.find(change.agreement_id, change.revision, change.event_id)
        headers = signed_headers(change, body, webhook.secret, self._twin.clock)
        return {**headers, "traceparent": trace} if trace else headers


def _is_wanted(webhook: Webhook, change: Change) -> bool:
    events = webhook.events.split(",")
    return "*" in events or ironclad.event_of(change) in events


def http_post(session: aiohttp.ClientSession) -> Post:
    """POST over the session: None when it was answered with 2xx, else what went wrong."""

    async def post(url: str, body: bytes, headers: dict[str, str]) -> str | None:
        try:
            async with session.post(
                url, data=body, headers=headers, timeout=aiohttp.ClientTimeout(TIMEOUT_SECONDS)
            ) as response:
                return None if 200 <= response.status < 300 else f"{url} answered {response.status}"
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"{url}: {type(error).__name__} {error}".rstrip()

    return post
