"""Salesforce's event streams as a source: positions, losses, the way out over CometD, the day's allowance."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import pytest
from tests.clmkit.sync.world import World

from clmkit.clients.errors import LoginFailed, Refused, Unreachable
from clmkit.clients.pubsub import Batch, Change, PositionLost, Published, Unread
from clmkit.operate.alerts import find_alerts
from clmkit.sync.database import StateError
from clmkit.sync.inbox import Inbox
from clmkit.sync.listening import LOOK, MOST_QUEUED, TELL, UNTOLD, EventsConfig, Listening
from clmkit.sync.lockout import find_lockouts
from clmkit.sync.report import Tally

TOPIC = "/event/CLM_Contract_Change__e"
Step: TypeAlias = Batch | Exception


def told(number: int, agreement: str = "AGR-000001") -> Batch:
    event = Published("CLM_Contract_Change__e", {"Key__c": agreement, "Changed_By__c": "005BEA"}, f"E{number}")
    return Batch((event,), bytes([number]))


@dataclass
class Script:
    """Streams that give what a test wrote down, one list for each time that a stream is opened, and then stay silent."""

    streams: list[list[Step]]
    topic: str = TOPIC
    opened: list[tuple[str, bytes | None, bool]] = field(default_factory=list)

    async def listen(self, transport: str, topic: str, position: bytes | None, renewed: bool) -> AsyncIterator[Batch]:
        assert topic == self.topic
        self.opened.append((transport, position, renewed))
        for step in self.streams.pop(0) if self.streams else ():
            if isinstance(step, Exception):
                raise step
            yield step
        await asyncio.Event().wait()


def prepare(world: World, script: Script, config: EventsConfig | None = None) -> Listening:
    world.listening = Listening(
        world.spec, world.state, script.listen, config or EventsConfig(), lambda: None, lambda: "2026-11-22T00:00:00Z",
        lambda _seconds: asyncio.sleep(0), lambda: 0.0,
    )  # fmt: skip
    return world.listening


def hear(listening: Listening, until: Callable[[], bool], act: Callable[[], Awaitable[None]] | None = None) -> Tally:
    """Listen until something is so, taking what is heard."""
    tally = Tally()

    async def run() -> None:
        async with listening.open():
            async with asyncio.timeout(20):
                while not until():
                    await asyncio.sleep(0)
                    listening.take(tally)

    asyncio.run(run())
    return tally


@pytest.fixture
def world() -> World:
    world = World()
    world.agreement()
    world.run()
    return world


def test_what_people_change_in_salesforce_reaches_the_clm_without_a_look(world: World) -> None:
    listening = prepare(world, Script([[told(1)]]))
    world.org.edit("Contract", "AGR-000001", OwnerId="005BEA")
    hear(listening, lambda: bool(world.state.inbox.read_waiting(1)))
    world.org.calls.clear()
    report = world.run(looks=False)
    assert (report.pushed, report.patches, world.org.calls) == (1, 1, ["query"])
    assert world.clm.agreements["AGR-000001"]["business_owner"]["email"] == "bea@example.com"


def test_an_event_that_is_delivered_again_is_no_news(world: World) -> None:
    listening = prepare(world, Script([[told(1), told(1), told(2)]]))
    hear(listening, lambda: world.state.get_cursor(f"grpc:{TOPIC}") == "02")
    assert len(world.state.inbox.read_waiting(10)) == 2


def test_the_stream_goes_on_where_what_was_taken_ended(world: World) -> None:
    script = Script([[told(1), Unreachable("pubsub", "gone")], [told(2)]])
    hear(prepare(world, script), lambda: world.state.get_cursor(f"grpc:{TOPIC}") == "02")
    assert script.opened == [("grpc", None, False), ("grpc", b"\x01", False)]


def test_a_refused_session_is_renewed(world: World) -> None:
    script = Script([[LoginFailed("expired")], [told(1)]])
    hear(prepare(world, script), lambda: bool(world.state.inbox.read_waiting(1)))
    assert script.opened == [("grpc", None, False), ("grpc", None, True)]


def test_a_lost_position_is_answered_with_a_look(world: World) -> None:
    script = Script([[told(1), PositionLost("too old")], [told(9)]])
    listening = prepare(world, script)
    hear(listening, lambda: world.state.get_cursor(f"grpc:{TOPIC}") == "09")
    assert script.opened[1] == ("grpc", None, False)
    assert listening.needs_look
    assert not listening.is_sure
    world.run()
    assert not listening.needs_look
    assert listening.is_sure


def test_a_stream_without_a_position_is_sure_only_after_a_look(world: World) -> None:
    listening = prepare(world, Script([[told(1)]]))
    hear(listening, lambda: bool(world.state.inbox.read_waiting(1)))
    assert not listening.is_sure
    world.run(looks=False)
    assert not listening.is_sure
    world.run()
    assert listening.is_sure


def test_a_look_that_is_asked_for_while_salesforce_is_read_is_due_after_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.state.put_cursor(f"grpc:{TOPIC}", "00")
    listening = prepare(world, Script([[PositionLost("gone")], []]))
    read = world.org.query

    async def query(soql: str, *, with_deleted: bool = False) -> AsyncIterator[Any]:
        rows = [row async for row in read(soql, with_deleted=with_deleted)]
        async with listening.open():
            while not listening.asks:
                await asyncio.sleep(0)
        for row in rows:
            yield row

    monkeypatch.setattr(world.org, "query", query)
    world.run()
    assert world.state.get_cursor(LOOK) == "gone"
    monkeypatch.undo()
    world.run()
    assert not listening.needs_look


CHANNEL = "/data/CLM_Changes__chn"


def test_a_channel_that_never_told_of_our_own_writes_is_an_alert_and_no_reason_to_look_rarely(world: World) -> None:
    def silent() -> Script:
        return Script([[Batch((), b"\x01")]], CHANNEL)

    listening = prepare(world, silent(), EventsConfig(topics=(CHANNEL,)))
    hear(listening, lambda: world.state.get_cursor(f"grpc:{CHANNEL}") == "01")
    found = []
    for number in range(4):
        world.agreement(title=f"Title {number}")
        world.run()
        found.append([one.fix for one in find_lockouts(world.state)])
    assert (found, listening.is_sure) == ([[], [], [TELL], [TELL]], False)
    (alert,) = find_alerts([], None, (), find_lockouts(world.state))
    assert alert.cause == UNTOLD.format(topics=CHANNEL)
    again = prepare(world, Script([[told(1)]], CHANNEL), EventsConfig(topics=(CHANNEL,)))
    hear(again, lambda: not find_lockouts(world.state))
    assert CHANNEL in again.topics


def test_an_overflow_is_answered_with_a_look_that_finds_what_changed(world: World) -> None:
    world.org.edit("Contract", "AGR-000001", OwnerId="005BEA")
    overflow = Change("Contract", "GAP_OVERFLOW", ("000000000000000AAA",), "", "", "tx", 1, 0, (), (), {}, "E1")
    listening = prepare(world, Script([[Batch((overflow,), b"\x01")]]))
    listening.looked(listening.asks)
    hear(listening, lambda: world.state.get_cursor(f"grpc:{TOPIC}") == "01")
    assert world.state.get_cursor("look") == "Salesforce tells of changed Contracts without saying which (GAP_OVERFLOW)"
    assert world.run().patches == 1


def test_an_event_that_cannot_be_decoded_is_answered_with_a_look_that_finds_what_changed(world: World) -> None:
    script = Script([[Batch((Unread("E1", "schema S: EOFError"),), b"\x01")]])
    world.org.edit("Contract", "AGR-000001", OwnerId="005BEA")
    listening = prepare(world, script)
    world.state.put_cursor(f"grpc:{TOPIC}", "00")
    hear(listening, lambda: listening.needs_look)
    assert world.state.get_cursor(LOOK) == "An event of Salesforce cannot be decoded (schema S: EOFError)"
    assert world.state.get_cursor(f"grpc:{TOPIC}") == "01"
    assert world.run().stopped == ""
    assert world.clm.agreements["AGR-000001"]["business_owner"] == {"email": "bea@example.com"}
    assert not listening.needs_look


def test_where_grpc_is_blocked_events_come_over_cometd_and_the_log_says_so(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    blocked: list[Step] = [Unreachable("pubsub:7443", "blocked")]
    script = Script([blocked, blocked, [told(1)]])
    hear(prepare(world, script), lambda: world.state.get_cursor(f"cometd:{TOPIC}") == "01")
    assert [transport for transport, *_ in script.opened] == ["grpc", "grpc", "cometd"]
    assert f"The Pub/Sub API cannot be reached; {TOPIC} comes over CometD from now on." in caplog.messages


@pytest.mark.parametrize("transport", ["grpc", "cometd"])
def test_a_configured_transport_is_kept(world: World, transport: str) -> None:
    blocked: list[Step] = [Unreachable("org", "blocked")]
    script = Script([blocked, blocked, blocked, [told(1)]])
    config = EventsConfig(transport=transport)
    hear(prepare(world, script, config), lambda: world.state.get_cursor(f"{transport}:{TOPIC}") == "01")
    assert {opened for opened, *_ in script.opened} == {transport}


def test_near_the_days_allowance_the_stream_ends_and_looks_go_on_alone_with_nothing_missed(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    script = Script([[told(1), told(2), told(3)]])
    listening = prepare(world, script, EventsConfig(deliveries_a_day=2, deliveries_percent=100))
    world.run()
    hear(listening, lambda: f"{TOPIC}: 2 of the day's 2 deliveries are used; looks go on alone." in caplog.messages)
    assert (len(script.opened), listening.is_sure) == (1, False)
    assert world.state.get_cursor(f"grpc:{TOPIC}") == "02"
    world.org.edit("Contract", "AGR-000001", OwnerId="005BEA")
    assert world.run().patches == 1


def test_a_bug_in_a_stream_is_not_silent(world: World) -> None:
    listening = prepare(world, Script([[KeyError("entityName")]]))
    with pytest.raises(KeyError, match="entityName"):
        hear(listening, lambda: False)


def test_the_echo_of_a_change_event_costs_no_call(world: World) -> None:
    world.agreement(title="Service")
    world.run(looks=False)
    link = world.state.find_link("contract", "AGR-000001")
    assert link is not None
    values = {"CLM_Title__c": "Service", "CLM_Version__c": 2.0}
    origin = "com/salesforce/api/rest/66.0;client=clmkit"
    echo = Change("Contract", "UPDATE", (link.record_id,), origin, "", "tx", 1, 0, tuple(values), (), values, "E1")
    listening = prepare(world, Script([[Batch((echo,), b"\x01")]]))
    world.org.calls.clear()
    tally = hear(listening, lambda: world.state.get_cursor(f"grpc:{TOPIC}") == "01")
    assert (tally.events, tally.echoes, world.org.calls) == (1, 1, [])
    assert world.state.inbox.find_outcome(f"event:E1:{link.record_id}") is not None


# ---- managed subscriptions: the org keeps the position


SUBSCRIBED = "managed:CLM_Sync"


@dataclass
class ManagedScript:
    """A managed subscription that counts what is committed."""

    batches: list[Batch]
    committed: list[bytes] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)

    async def listen(self, transport: str, topic: str, position: bytes | None, renewed: bool) -> AsyncIterator[Batch]:
        self.opened.append(f"{transport} {topic}")
        for one in self.batches:
            yield dataclasses.replace(one, commit=partial(self.committed.append, one.position))
        await asyncio.Event().wait()


def subscribe(world: World, script: ManagedScript, now: str = "2026-11-22T00:00:00Z") -> Listening:
    config = EventsConfig(managed=("CLM_Sync",))
    wait = lambda _seconds: asyncio.sleep(0)  # noqa: E731 - one line of a table of parts
    return Listening(world.spec, world.state, script.listen, config, lambda: None, lambda: now, wait, lambda: 0.0)


def test_a_managed_subscription_is_committed_when_its_events_are_kept_and_not_before(world: World) -> None:
    script = ManagedScript([told(1), told(2)])
    listening = subscribe(world, script)
    hear(listening, lambda: len(world.state.inbox.read_waiting(10)) == 2)
    assert (script.committed[-1], script.opened) == (b"\x02", [f"grpc {SUBSCRIBED}"])


def test_a_state_that_cannot_keep_events_commits_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    script = ManagedScript([told(1)])
    listening = subscribe(world, script)

    def full(*_: object) -> None:
        raise StateError("the disk is full")

    monkeypatch.setattr(Inbox, "add", full)
    with pytest.raises(StateError):
        hear(listening, lambda: False)
    assert script.committed == []


@pytest.mark.parametrize(("now", "needs_look"), [("2026-11-23T00:00:00Z", False), ("2026-11-25T00:00:00Z", True)])
def test_after_a_long_silence_of_a_managed_subscription_salesforce_is_looked_at(
    world: World, now: str, needs_look: bool
) -> None:
    hear(subscribe(world, ManagedScript([told(1)])), lambda: bool(world.state.get_cursor(f"grpc:{SUBSCRIBED}")))
    again = subscribe(world, ManagedScript([told(2)]), now)
    again.looked(again.asks)
    hear(again, lambda: world.state.get_cursor(f"grpc:{SUBSCRIBED}") == "02")
    assert again.needs_look is needs_look


# ---- the net below: what the org itself remembers of changes


def missed(world: World) -> World:
    """Events of a day were missed; the org's clock and the sync's are of that day."""
    listening = prepare(world, Script([[told(1), PositionLost("older than 72 hours")]]))
    hear(listening, lambda: listening.needs_look)
    world.now = "2026-11-21T12:00:00.000Z"
    world.org.calls.clear()
    return world


def test_after_a_gap_the_orgs_own_record_of_changes_is_asked(world: World) -> None:
    missed(world).org.edit("Contract", "AGR-000001", OwnerId="005BEA")
    report = world.run()
    assert (report.patches, {"deleted", "updated"} <= set(world.org.calls)) == (1, True)
    assert world.clm.agreements["AGR-000001"]["business_owner"] == {"email": "bea@example.com"}


def test_after_a_gap_a_deletion_is_found_by_its_id(world: World) -> None:
    missed(world).org.delete("Contract", "AGR-000001")
    world.run()
    assert world.org.count("Contract") == 1
    assert world.contract()["CLM_Title__c"] == "Supply"


def test_a_gap_that_is_older_than_what_the_org_remembers_is_closed_by_a_query(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_old(*_: object) -> dict[str, str]:
        raise Refused("org", 400, "INVALID_REPLICATION_DATE", "startDate cannot be more than 30 days ago")

    missed(world).org.edit("Contract", "AGR-000001", OwnerId="005BEA")
    monkeypatch.setattr(world.org, "read_deleted", too_old)
    assert world.run().patches == 1


def test_deliveries_are_metered_and_the_sync_switches_to_looks_and_back_with_nothing_missed(world: World) -> None:
    """Two deliveries are allowed a day: what comes then is found by looks, and the next day by the stream again."""
    today = ["2026-11-22T00:00:00Z"]
    script = Script([[told(1), told(2)], [told(3)]])
    listening = prepare(world, script, EventsConfig(deliveries_a_day=2, deliveries_percent=100))
    listening.now = lambda: today[0]
    hear(listening, lambda: world.state.get_cursor("deliveries") == "2026-11-22 2")
    world.run()
    world.org.edit("Contract", "AGR-000001", OwnerId="005BEA")
    assert world.run().patches == 1
    today[0] = "2026-11-23T00:00:00Z"
    hear(listening, lambda: world.state.get_cursor(f"grpc:{TOPIC}") == "03")
    assert script.opened == [("grpc", None, False), ("grpc", b"\x02", False)]
    assert world.state.get_cursor("deliveries") == "2026-11-23 1"


@dataclass
class Flood:
    """A stream that never runs dry and counts how much was taken from it."""

    given: int = 0

    async def listen(self, *_: object) -> AsyncIterator[Batch]:
        while True:
            self.given += 1
            yield told(self.given % 256)


def test_a_flood_of_events_waits_at_its_source_while_nobody_takes_them(world: World) -> None:
    flood = Flood()
    config = EventsConfig(deliveries_a_day=10**9)
    listening = Listening(world.spec, world.state, flood.listen, config, lambda: None, lambda: "2026-11-22T00:00:00Z")

    async def run() -> list[int]:
        async with listening.open():
            for _ in range(10 * MOST_QUEUED):
                await asyncio.sleep(0)
            before = flood.given
            listening.take(Tally())
            for _ in range(10 * MOST_QUEUED):
                await asyncio.sleep(0)
            return [before, flood.given]

    assert asyncio.run(run()) == [MOST_QUEUED + 1, 2 * MOST_QUEUED + 1]
