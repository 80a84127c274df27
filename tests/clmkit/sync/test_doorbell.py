import asyncio
import base64
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import aiohttp
import pytest
from standardwebhooks import Webhook
from tests.clmkit.sync.world import World, no_sleep

from clmkit.connectors.signatures import is_genuine
from clmkit.sync.config import WebhookConfig
from clmkit.sync.doorbell import follow, listening
from clmkit.sync.engine import Engine
from clmkit.sync.report import RunReport

OLD, NEW, OTHER = ("whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"o", b"n", b"x"))
BODY = b'{"event_id":"EVT-1"}'


def signed(secret: str, age: timedelta = timedelta()) -> dict[str, str]:
    at = datetime.now(tz=UTC) - age
    return {
        "Webhook-Id": "EVT-1",
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": Webhook(secret).sign("EVT-1", at, BODY.decode()),
    }


CALLS: dict[str, tuple[Callable[[], dict[str, str]], bytes, bool]] = {
    "the new secret": (lambda: signed(NEW), BODY, True),
    "the old secret": (lambda: signed(OLD), BODY, True),
    "another secret": (lambda: signed(OTHER), BODY, False),
    "another body": (lambda: signed(NEW), b"{}", False),
    "six minutes ago": (lambda: signed(NEW, timedelta(minutes=6)), BODY, False),
    "in six minutes": (lambda: signed(NEW, timedelta(minutes=-6)), BODY, False),
    "a signature that is no base64": (lambda: {**signed(NEW), "Webhook-Signature": "v1,%%%"}, BODY, False),
    "no signature at all": (lambda: {**signed(NEW), "Webhook-Signature": "nonsense"}, BODY, False),
    "a time that is none": (lambda: {**signed(NEW), "Webhook-Timestamp": "soon"}, BODY, False),
    "no headers": (dict, BODY, False),
    "a body that is no text": (lambda: signed(NEW), b"\xff", False),
}


@pytest.mark.parametrize(("headers", "body", "genuine"), CALLS.values(), ids=CALLS.keys())
def test_only_a_fresh_call_signed_with_one_of_the_secrets_is_genuine(
    headers: Callable[[], dict[str, str]], body: bytes, genuine: bool
) -> None:
    assert is_genuine("standard", (NEW, OLD), headers(), body) is genuine


def test_a_genuine_call_rings_and_a_forged_one_is_refused() -> None:
    async def scene() -> tuple[list[int], int]:
        rings = 0

        def ring() -> None:
            nonlocal rings
            rings += 1

        config = WebhookConfig("127.0.0.1", 0, "", (NEW,))
        async with (
            listening(config, partial(is_genuine, "standard", config.secrets), ring) as url,
            aiohttp.ClientSession() as session,
        ):
            answers = []
            for headers in (signed(NEW), signed(OTHER)):
                async with session.post(url + "any/path", data=BODY, headers=headers) as response:
                    answers.append(response.status)
        return answers, rings

    assert asyncio.run(scene()) == ([204, 401], 1)


class Ticking:
    """A clock that moves one second with every look."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 1
        return self.seconds


def followed(
    world: World, interval: float, on_report: Callable[[RunReport, asyncio.Event, asyncio.Event], None]
) -> None:
    async def scene() -> None:
        bell, stopped = asyncio.Event(), asyncio.Event()
        engine = Engine(world.spec, world.state, world.org, world.clm, (Counter(),), clock=Ticking(), sleep=no_sleep)
        await asyncio.wait_for(
            follow(engine, bell, stopped, interval, lambda report: on_report(report, bell, stopped)), 20
        )

    asyncio.run(scene())


def test_a_ring_brings_the_change_over_without_a_look_at_salesforce() -> None:
    world = World()
    world.agreement()
    world.run()
    reports: list[RunReport] = []

    def on_report(report: RunReport, bell: asyncio.Event, stopped: asyncio.Event) -> None:
        reports.append(report)
        if len(reports) == 1:
            world.agreement(title="rung")
            world.org.calls.clear()
            bell.set()
        else:
            stopped.set()

    followed(world, 1000.0, on_report)
    assert (world.contract()["CLM_Title__c"], world.org.calls) == ("rung", ["collections"])


def test_a_bell_that_never_rests_does_not_hide_what_changed_in_salesforce() -> None:
    world = World()
    world.agreement()
    world.run()
    looks: list[int] = []

    def on_report(report: RunReport, bell: asyncio.Event, stopped: asyncio.Event) -> None:
        looks.append(world.org.calls.count("query"))
        bell.set()
        if len(looks) == 2:
            world.org.edit("Contract", "AGR-000001", OwnerId="005BEA")
        if len(looks) == 12:
            stopped.set()

    followed(world, 10.0, on_report)
    assert world.clm.agreements["AGR-000001"]["business_owner"] == {"email": "bea@example.com"}


def test_a_lost_call_costs_only_the_time_to_the_next_look() -> None:
    world = World()
    world.agreement()
    world.run()
    count = 0

    def on_report(report: RunReport, bell: asyncio.Event, stopped: asyncio.Event) -> None:
        nonlocal count
        count += 1
        if count == 1:
            world.agreement(title="not rung")
        else:
            stopped.set()

    followed(world, 1.0, on_report)
    assert world.contract()["CLM_Title__c"] == "not rung"
