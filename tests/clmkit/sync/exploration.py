"""Every story of some steps, told once for all that come to the same: a walk over the states of the small world.

    for found in explore("contract", 3): print(found.words)

Two stories that leave both systems and the sync in one and the same state go on alike, so only the first of them, the shortest, is
told further. What counts as the same is `fingerprint`: everything that the sync or a step ever reads, with moments, revisions and
record ids by their order instead of their value: the sync compares them and never counts with them. What it only writes (the
audit, what became of settled events) is left out.
"""

from __future__ import annotations

import copy
import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.clmkit.sync.fake_clm import FakeClm
from tests.clmkit.sync.fake_org import FakeOrg
from tests.clmkit.sync.stories import STEPS, begin, find_faults, steps_of
from tests.clmkit.sync.world import World

from clmkit.clients.clm import Change
from clmkit.sync.database_sqlite import Sqlite

_NAMES = (
    re.compile(r"2026-11-2[12]T\d\d:\d\d:\d\d(?:\.000\+0000|Z)"),
    re.compile(r"(?<=Title )\d+"),
    re.compile(r"(?<=~)\d+"),
    re.compile(r"\b[A-Z]{2,5}\d{6}\b"),
)
"""Moments, titles by their number, revisions, record ids: replaced by their place among all that occur."""
_READ = {
    "cursor": "SELECT source, position FROM cursor WHERE source NOT IN ('settled', 'mapping', 'clm', 'looked') ORDER BY 1",
    "links": "SELECT object, key, record_id, '~' || revision, modstamp, base, lookups, hops FROM link ORDER BY 1, 2",
    "parked": "SELECT object, key, field, kind, value, reason FROM parked WHERE resolved_at IS NULL ORDER BY 1, 2, 3",
    "offers": "SELECT * FROM offer ORDER BY 1",
    "waiting": (
        "SELECT source, agreement_id, '~' || revision, actor FROM event WHERE NOT EXISTS"
        " (SELECT 1 FROM settlement WHERE sequence BETWEEN first AND last) ORDER BY sequence"
    ),
    "held": "SELECT sequence FROM held",
}


@dataclass(frozen=True)
class Snapshot:
    org: FakeOrg
    clm: FakeClm
    state: sqlite3.Connection

    @classmethod
    def of(cls, world: World) -> Snapshot:
        state = sqlite3.connect(":memory:")
        _database(world).backup(state)
        return cls(copy.deepcopy(world.org), copy.deepcopy(world.clm), state)

    def restore(self, world: World) -> None:
        world.org, world.clm = copy.deepcopy(self.org), copy.deepcopy(self.clm)
        self.state.backup(_database(world))


@dataclass
class Walk:
    """`stories` counts what was told or is told by another one that comes to the same; `states` what was come to."""

    mapping: str
    states: int = 0
    stories: int = 0
    wrong: list[str] = field(default_factory=list)


def explore(mapping: str, steps: int, among: Sequence[str] = ()) -> Walk:
    """Tell every story of at most so many steps, of all or `among` some; wrong ones are found shortest first."""
    walk, world, possible = Walk(mapping), begin(mapping), among or steps_of(mapping)
    world.run()
    known = {fingerprint(world)}
    frontier: list[tuple[tuple[str, ...], Snapshot]] = [((), Snapshot.of(world))]
    for _ in range(steps):
        following = []
        for story, before in frontier:
            for step in possible:
                before.restore(world)
                STEPS[step](world)
                print_of_it = fingerprint(world)
                if print_of_it in known:
                    continue
                known.add(print_of_it)
                told = (*story, step)
                following.append((told, Snapshot.of(world)))
                walk.wrong += [f"{'; '.join(told)}: {fault}" for fault in find_faults(world)]
        frontier = following
    walk.states, walk.stories = len(known), len(possible) ** steps
    world.restart()
    return walk


def fingerprint(world: World) -> str:
    """The state of both systems and of the sync, the same for all that go on alike."""
    seen = int(world.state.get_cursor("clm") or 0)
    facts: dict[str, Any] = {name: world.state.database.execute(sql) for name, sql in _READ.items()}
    facts |= {"records": world.org.records, "bin": world.org.bin}
    facts["agreements"] = {name: _agreement(one) for name, one in world.clm.agreements.items()}
    facts["first"], facts["news"] = _change(world.clm.changes[0]), [_change(one) for one in world.clm.changes[seen:]]
    facts["heard"] = sorted(_heard(world))
    text = json.dumps(facts, sort_keys=True, default=str)
    for names in _NAMES:
        places = {name: str(place) for place, name in enumerate(sorted(set(names.findall(text)), key=_in_order))}
        text = names.sub(lambda match, places=places: f"<{places[match[0]]}>", text)  # type: ignore[misc]
    return text


def _heard(world: World) -> Iterator[str]:
    """Which of the versions of records that are there now were taken in: an event's id is the record, its moment and a digest."""
    known = {str(one).rsplit(":", 1)[0] for (one,) in world.state.database.execute("SELECT event_id FROM event")}
    for records in (world.org.records, world.org.bin):
        for sobject, rows in records.items():
            versions = (f"{sobject}:{row['Id']}:{row['SystemModstamp']}" for row in rows.values())
            yield from (one for one in versions if one in known)


def _agreement(agreement: dict[str, Any]) -> dict[str, Any]:
    return agreement | {"revision": f"~{agreement['revision']}"}


def _change(change: Change) -> list[object]:
    return [change.agreement_id, f"~{change.revision}", change.actor, _agreement(change.agreement)]


def _in_order(name: str) -> tuple[int, str]:
    return len(name), name


def _database(world: World) -> sqlite3.Connection:
    database = world.state.database
    assert isinstance(database, Sqlite)
    return database.connection
