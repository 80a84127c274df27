"""What does not read of the CLM's feed: it waits by its name and holds up nothing else, or the run ends and says where."""

import asyncio
import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.clmkit.sync.fake_clm import FakeClm
from tests.clmkit.sync.world import World

from clmkit.clients.clm import ClmCredentials, JsonObject
from clmkit.clients.transport import Patience, Reply, Transport
from clmkit.connectors import DescribedClm, load_description
from clmkit.sync.redrive import Filter, apply_redrive, plan_redrive
from clmkit.sync.report import RunReport

GOOD, SICK = "AGR-000001", "AGR-000002"
NOW = 1_800_000_000.0


@dataclass
class Wire:
    """The twin's REST API as far as the sync reads it; `spoil` is what comes of every body on its way."""

    clm: FakeClm
    spoilt: dict[int, Any] = field(default_factory=dict)
    """Event number -> what stands in its place."""
    agreements: dict[str, Any] = field(default_factory=dict)
    broken_after: int | None = None
    """The place in the feed where JSON ends."""
    turns_back: bool = False
    asked: list[str] = field(default_factory=list)
    patience: Patience = field(default_factory=lambda: Patience(attempts=1))

    async def send(self, kind: str, method: str, url: str, *, headers: Any, body: bytes | None = None) -> Reply:
        self.asked.append(kind)
        path = url.removeprefix("https://clm")
        if kind == "clm_token":
            return Reply(200, {}, b'{"access_token": "T"}')
        if kind == "clm_changes":
            return Reply(200, {}, self._page(path))
        if kind == "clm_agreement":
            return self._agreement(path.rpartition("/")[2])
        if kind == "clm_patch" and body is not None:
            revision = int(headers["if-match"].strip('"'))
            saved = await self.clm.patch_agreement(path.rpartition("/")[2], revision, msgspec.json.decode(body))
            return Reply(200, {}, msgspec.json.encode(saved))
        return Reply(404, {}, b'{"code": "not_found", "detail": "no"}')

    def _agreement(self, agreement_id: str) -> Reply:
        if agreement_id not in self.clm.agreements:
            return Reply(404, {}, b'{"code": "not_found", "detail": "no"}')
        found = self.agreements.get(agreement_id, self.clm.agreements[agreement_id])
        return Reply(200, {}, found if isinstance(found, bytes) else msgspec.json.encode(found))

    def _page(self, path: str) -> bytes:
        query = dict(part.split("=") for part in path.partition("?")[2].split("&"))
        start, limit = int(query["after"] or 0), int(query["limit"])
        events = [self._event(number) for number in range(start, min(start + limit, len(self.clm.changes)))]
        end = start + len(events)
        if self.broken_after is not None and end > self.broken_after:
            return b'{"changes": [{"event_id": "EV'
        cursor = "0" if self.turns_back else str(end)
        more = end < len(self.clm.changes) or self.turns_back
        return msgspec.json.encode({"changes": events, "cursor": cursor, "more": more})

    def _event(self, number: int) -> Any:
        change = self.clm.changes[number]
        event: JsonObject = {"event_id": change.event_id, "sequence": change.sequence, "type": change.type}
        event |= {"occurred_at": change.occurred_at, "actor": change.actor, "agreement": change.agreement}
        return self.spoilt.get(number, event)


def make_world() -> tuple[World, Wire]:
    world = World()
    wire = Wire(world.clm)
    world.agreement(SICK)
    world.agreement(GOOD)
    return world, wire


def run(world: World, wire: Wire) -> RunReport:
    engine = world.engine()
    engine.clm = DescribedClm(
        cast(Transport, wire), "https://clm", ClmCredentials("kit", "s"), load_description("clm", Path()), lambda: NOW
    )
    report = asyncio.run(asyncio.wait_for(engine.run(), 60))
    assert report.is_balanced
    return report


def event_of(wire: Wire, number: int, **spoilt: Any) -> JsonObject:
    event: JsonObject = copy.deepcopy(wire._event(number))
    agreement = {**event["agreement"], **spoilt.pop("agreement", {})}
    return {**event, "agreement": agreement, **spoilt}


UNREAD: dict[str, dict[str, Any]] = {
    "no revision": {"agreement": {"revision": None}},
    "a revision that is a text": {"agreement": {"revision": "3"}},
    "a revision that is true": {"agreement": {"revision": True}},
    "a revision that no database keeps": {"agreement": {"revision": 10**30}},
    "a revision below zero": {"agreement": {"revision": -1}},
    "no event id": {"event_id": None},
    "an event id that is a list": {"event_id": ["EVT-1"]},
    "an event id with NUL": {"event_id": "EVT\0"},
    "an event id of a book's length": {"event_id": "E" * 100_000},
    "no number": {"sequence": None},
    "a number that is a fraction": {"sequence": 1.5},
}


@pytest.mark.parametrize("spoilt", UNREAD.values(), ids=UNREAD)
def test_an_event_that_names_its_agreement_is_as_good_as_a_ring(spoilt: dict[str, Any]) -> None:
    world, wire = make_world()
    wire.spoilt = {0: event_of(wire, 0, **copy.deepcopy(spoilt))}
    report = run(world, wire)
    assert (report.stopped, report.parked, report.waiting) == ("", 0, 0)
    assert world.org.count("Contract") == 2
    wire.asked.clear()
    assert (run(world, wire).events, wire.asked.count("clm_agreement")) == (0, 0)


def test_an_event_whose_agreement_does_not_read_either_waits_with_the_reason() -> None:
    world, wire = make_world()
    sick = {**world.clm.agreements[SICK], "revision": "three"}
    wire.spoilt, wire.agreements = {0: event_of(wire, 0, agreement={"revision": "three"})}, {SICK: sick}
    report = run(world, wire)
    assert (report.stopped, report.parked, report.waiting, world.org.count("Contract")) == ("", 1, 0, 1)
    assert [(row.agreement_id, row.reason) for row in world.state.read_parked()] == [
        (
            SICK,
            "The CLM answers, but not for this agreement, after all attempts:"
            " The CLM's document has no whole number at 'revision', but 'three'",
        )
    ]
    wire.agreements = {}
    assert apply_redrive(world.state, plan_redrive(world.state, Filter()), "2026-11-22") == 1
    assert (run(world, wire).stopped, world.org.count("Contract"), world.state.read_parked()) == ("", 2, [])


FIND = " The event names no agreement: `clmkit reconcile` finds what it changed."
NAMELESS: dict[str, tuple[Any, str, str]] = {
    "no agreement": (
        {"event_id": "EVT-1", "sequence": 1},
        "EVT-1",
        "The CLM told None where an agreement was expected." + FIND,
    ),
    "an agreement that is a list": (
        {"event_id": "EVT-1", "sequence": 1, "agreement": [1]},
        "EVT-1",
        "The CLM told [1] where an agreement was expected." + FIND,
    ),
    "an agreement without id": (
        {"event_id": "EVT-1", "sequence": 1, "agreement": {"revision": 1}},
        "EVT-1",
        "The CLM's document has no text at 'id', but None." + FIND,
    ),
    "a text": (
        "gone",
        "unread:",
        "The CLM told None where an agreement was expected." + FIND,
    ),
}


@pytest.mark.parametrize(("event", "name", "reason"), NAMELESS.values(), ids=NAMELESS)
def test_an_event_that_names_no_agreement_waits_by_its_own_name_once(event: Any, name: str, reason: str) -> None:
    world, wire = make_world()
    wire.spoilt = {0: event}
    report = run(world, wire)
    assert (report.stopped, report.parked, report.waiting, world.org.count("Contract")) == ("", 1, 0, 1)
    ((key, kind, said),) = [(row.key, row.kind, row.reason) for row in world.state.read_parked()]
    assert (kind, said) == ("unread", reason)
    assert key.startswith(name)
    assert run(world, wire).events == 0
    plan = plan_redrive(world.state, Filter(kind="unread"))
    assert [one.words for one in plan] == [f"{key}: an event that names no agreement; done with it"]
    assert apply_redrive(world.state, plan, "2026-11-22") == 1
    assert (world.state.read_parked(), run(world, wire).events) == ([], 0)


def test_a_page_that_does_not_read_holds_up_only_what_stands_behind_the_place() -> None:
    world, wire = make_world()
    world.agreement("AGR-000003")
    wire.broken_after = 2
    report = run(world, wire)
    assert report.stopped == (
        "The CLM answered 200 with a body that does not read: Input data was truncated That is what the CLM's change feed tells"
        " next after the cursor '2'. Which agreement changed is not known, so the feed is not read past it; have the CLM's operator"
        " look at it."
    )
    assert world.org.count("Contract") == 2
    assert (report.is_outage, wire.asked.count("clm_changes")) == (False, 9 + 10)
    wire.broken_after = None
    assert (run(world, wire).stopped, world.org.count("Contract")) == ("", 3)


def test_a_feed_that_turns_in_a_circle_ends_the_run_after_what_it_told() -> None:
    world, wire = make_world()
    wire.turns_back = True
    report = run(world, wire)
    assert report.stopped == (
        "The CLM's change feed turns in a circle: after the cursor '0' it tells '0' and that there is more, which was read before."
        " Nothing is lost; have the CLM's operator look at the feed."
    )
    assert (world.org.count("Contract"), report.waiting) == (2, 0)
    wire.turns_back = False
    world.agreement("AGR-000003")
    assert (run(world, wire).stopped, world.org.count("Contract")) == ("", 3)


SENSELESS = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1.5,
        10**30,
        "",
        "x",
        "99999-01-01",
        "2026-02-30",
        "a\0b",
        "x" * 5000,
        [],
        [None],
        {},
        {"id": 1},
    ]
)
AT = st.sampled_from(
    [(), ("event_id",), ("sequence",), ("type",), ("occurred_at",), ("actor",), ("agreement",), ("agreement", "id"),
     ("agreement", "revision"), ("agreement", "stage"), ("agreement", "updated_at"), ("agreement", "term"),
     ("agreement", "term", "end"), ("agreement", "lines"), ("agreement", "counterparty")]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(AT, SENSELESS), min_size=1, max_size=3), st.booleans())
def test_whatever_stands_in_an_event_the_others_go_on_and_every_event_is_settled(
    spoils: Sequence[tuple[tuple[str, ...], Any]], is_in_the_agreement: bool
) -> None:
    world, wire = make_world()
    event: Any = event_of(wire, 0)
    for place, value in spoils:
        event = put(event, place, value)
    wire.spoilt = {0: event}
    if is_in_the_agreement and isinstance(event, dict):
        wire.agreements = {SICK: event.get("agreement")}
    report = run(world, wire)
    assert (report.stopped, report.waiting) == ("", 0)
    assert world.org.find("Contract", GOOD) is not None


def put(document: Any, place: tuple[str, ...], value: Any) -> Any:
    if not place:
        return value
    if not isinstance(document, dict):
        return document
    return {**document, place[0]: put(document.get(place[0]), place[1:], value)}
