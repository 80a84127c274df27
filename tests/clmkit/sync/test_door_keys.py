"""A webhook key is replaced while calls come in: told to the CLM, with an overlap; what goes wrong meanwhile is told once."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime

from standardwebhooks import Webhook
from tests.clmkit.sync.fake_clm import FakeClm
from tests.clmkit.sync.world import World

from clmkit.clients.errors import Unreachable, WireError
from clmkit.secrets.freshness import kept_fresh
from clmkit.sync.config import ConfigError
from clmkit.sync.door_keys import OVERLAP, DoorKeys, Registration

FIRST, SECOND, THIRD = ("whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"1", b"2", b"3"))
BODY = b"{}"


@dataclass
class Store:
    """Where the keys are kept, and a clock."""

    keys: tuple[str, ...] = field(default=(FIRST,), repr=False)
    now: float = 0.0

    async def read(self) -> tuple[str, ...]:
        if not self.keys:
            raise ConfigError("webhook.secrets[0] refers to hook: No such file or directory.")
        return self.keys

    def door(self) -> DoorKeys:
        return DoorKeys("standard", self.read, lambda: self.now)


def is_let_in(door: DoorKeys, key: str) -> bool:
    at = datetime.now(tz=UTC)
    headers = {
        "webhook-id": "EVT-1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(key).sign("EVT-1", at, BODY.decode()),
    }
    return door.is_genuine(headers, BODY)


def let_in(door: DoorKeys) -> list[bool]:
    return [is_let_in(door, key) for key in (FIRST, SECOND, THIRD)]


def test_a_key_that_was_replaced_counts_for_five_more_minutes() -> None:
    store = Store()
    door = store.door()
    assert asyncio.run(door.refresh())
    assert let_in(door) == [True, False, False]
    store.keys, store.now = (SECOND,), 10.0
    assert asyncio.run(door.refresh())
    assert let_in(door) == [True, True, False]
    store.keys, store.now = (THIRD,), 20.0
    assert asyncio.run(door.refresh())
    assert let_in(door) == [True, True, True]
    store.now = 10.0 + OVERLAP
    assert let_in(door) == [False, True, True]
    store.now = 20.0 + OVERLAP
    assert let_in(door) == [False, False, True]


def test_a_key_that_is_only_accepted_signs_nothing_and_one_that_comes_back_counts() -> None:
    store = Store()
    door = store.door()
    asyncio.run(door.refresh())
    store.keys = (FIRST, SECOND)
    assert not asyncio.run(door.refresh())
    assert let_in(door) == [True, True, False]
    store.keys = (SECOND,)
    assert asyncio.run(door.refresh())
    store.keys, store.now = (FIRST,), 2 * OVERLAP
    assert asyncio.run(door.refresh())
    assert let_in(door) == [True, True, False]


def test_the_key_that_the_clm_was_told_last_counts_until_it_was_told_another() -> None:
    store = Store()
    door = store.door()
    asyncio.run(door.refresh())
    door.note_told(FIRST)
    store.keys, store.now = (SECOND,), 10.0
    asyncio.run(door.refresh())
    store.now = 100 * OVERLAP
    assert let_in(door) == [True, True, False]
    door.note_told(SECOND)
    assert let_in(door) == [True, True, False]
    store.now += OVERLAP
    assert let_in(door) == [False, True, False]


def test_no_key_is_shown() -> None:
    door = Store().door()
    asyncio.run(door.refresh())
    assert FIRST not in repr(door)
    door.note_told(SECOND)
    assert SECOND not in repr(Registration(door, World().engine(), "http://door", is_public=False, every=1.0))


@dataclass
class RungClm(FakeClm):
    """Takes webhooks, unless it is away."""

    is_away: bool = False
    told: list[str] = field(default_factory=list)

    async def put_webhook(self, name: str, url: str, secret: str) -> None:
        if self.is_away:
            raise Unreachable("http://clm", "closed")
        self.told.append(secret)


async def look(registration: Registration) -> str:
    try:
        return str(await registration.look())
    except (ConfigError, WireError) as trouble:
        return str(trouble)


def test_the_clm_is_told_the_new_key_once_it_answers_and_the_audit_says_so() -> None:
    clm = RungClm()
    world, store = World(clm=clm), Store()

    async def scene() -> list[str]:
        registration = Registration(store.door(), world.engine(), "http://door", is_public=False, every=7.0)
        await registration.keys.refresh()
        await registration.register()
        said = [await look(registration)]
        for keys, is_away in (((), False), ((SECOND,), True), ((SECOND,), False), ((SECOND,), False)):
            store.keys, clm.is_away = keys, is_away
            said.append(await look(registration))
        return said

    said = asyncio.run(scene())
    assert said == ["7.0", "webhook.secrets[0] refers to hook: No such file or directory.", said[2], "7.0", "7.0"]
    assert said[2].startswith("http://clm")
    assert clm.told == [FIRST, SECOND]
    entries = [(entry.kind, dict(entry.facts)) for entry in world.state.read_audit()]
    assert entries == [("webhook key replaced", {"webhook": "clmkit"})]


def test_the_same_trouble_is_told_once_until_it_has_passed() -> None:
    troubles = ["sealed", "sealed", "", "sealed"]
    told: list[str] = []

    async def scene() -> None:
        done = asyncio.Event()

        async def refresh() -> float:
            if not troubles:
                done.set()
                return 3600.0
            trouble = troubles.pop(0)
            if trouble:
                raise ConfigError(trouble)
            return 0.0

        async with kept_fresh(refresh, (ConfigError,), told.append, after_trouble=0.0):
            await done.wait()

    asyncio.run(scene())
    assert told == ["sealed", "sealed"]
