"""Webhooks with a valid signature and senseless bodies: each is a ring and nothing else."""

import asyncio
import base64
import io
from datetime import UTC, datetime
from functools import partial

import aiohttp
import pytest
from standardwebhooks import Webhook
from tests.clmkit.sync.world import World

from clmkit.connectors.signatures import is_genuine
from clmkit.sync.config import WebhookConfig
from clmkit.sync.doorbell import LARGEST_CALL, listening

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "HTML": b"<html>",
    "a number": b"5",
    "a list": b"[[]]",
    "an unknown type": b'{"type": "agreement.exploded", "event_id": null, "agreement": 5}',
    "an agreement that is not there": b'{"type": "agreement.updated", "agreement": {"id": "AGR-999999", "revision": -1}}',
    "a date beyond all years": b'{"occurred_at": "99999-01-01T00:00:00Z"}',
    "deep": b"[" * 100_000,
    "NUL": b"\0\0",
}


def signed(body: bytes) -> dict[str, str]:
    at = datetime.now(tz=UTC)
    signature = Webhook(SECRET).sign("EVT-1", at, body.decode())
    return {"Webhook-Id": "EVT-1", "Webhook-Timestamp": str(int(at.timestamp())), "Webhook-Signature": signature}


def call(body: bytes, headers: dict[str, str]) -> tuple[int, int]:
    """The status that the call gets, and how often it rang."""
    rings: list[str] = []

    async def scene() -> int:
        config = WebhookConfig("127.0.0.1", 0, "", (SECRET,))
        async with (
            listening(config, partial(is_genuine, "standard", (SECRET,)), lambda: rings.append("ring")) as url,
            aiohttp.ClientSession() as session,
            session.post(url, data=io.BytesIO(body), headers=headers) as response,
        ):
            return response.status

    return asyncio.run(scene()), len(rings)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_genuine_call_is_a_ring_whatever_its_body_says(body: bytes) -> None:
    assert call(body, signed(body)) == (204, 1)


def test_a_call_that_is_too_large_is_refused_before_it_is_read() -> None:
    body = b"x" * (LARGEST_CALL + 1)
    assert call(body, signed(body)) == (413, 0)


def test_a_ring_without_any_change_settles_nothing_and_parks_nothing() -> None:
    world = World()
    world.agreement()
    world.run()
    world.run()
    report = world.run(looks=False)
    assert (report.events, report.stopped, world.state.read_parked()) == (0, "", [])
