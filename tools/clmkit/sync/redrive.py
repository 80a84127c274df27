"""What waits for a person goes back to work: which agreements, which not, and why no order can be broken by it.

A redriven agreement is read afresh from both systems, so what goes is its newest revision, whatever was parked. The plan shows this
by the numbers: the revision that was applied last and the newest that was heard of. Where the newest is the older one, the CLM was
reset, and nothing goes. What was redriven too often stays, too, until a person says `--again`: nothing is tried for ever. An event
that names no agreement (kind `unread`) has nothing to read afresh: redriven, it is done with, for a person has looked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from clmkit.sync.database import chunks, places
from clmkit.sync.inbox import REDRIVE_SOURCE
from clmkit.sync.state import UNREAD, Parked, State

MOST_REDRIVES = 5


@dataclass(frozen=True, slots=True)
class Filter:
    """Which dead letters; what is empty selects all."""

    kind: str | None = None
    reason: str | None = None
    object: str | None = None
    steward: str | None = None
    agreements: tuple[str, ...] = ()

    def selects(self, row: Parked) -> bool:
        chosen = (self.object, row.object), (self.steward, row.steward)
        is_named = not self.agreements or row.agreement_id in self.agreements
        return row.kind != "gone" and is_named and all(wanted in (None, found) for wanted, found in chosen)


@dataclass(frozen=True, slots=True)
class Redriven:
    """One agreement of a plan. `applied` and `newest` are revisions, 0 for none; `why_not` is empty when it goes.

    `redriven` counts since its oldest dead letter came up.
    """

    agreement_id: str
    rows: int
    redriven: int
    applied: int
    newest: int
    why_not: str = ""
    is_event: bool = False

    @property
    def words(self) -> str:
        if self.is_event:
            return f"{self.agreement_id}: an event that names no agreement; done with it"
        waits = f"{self.agreement_id}: {self.rows} waiting, redriven {self.redriven} times"
        if self.why_not:
            return f"{waits}; stays: {self.why_not}"
        known = f"revision {self.applied} was applied" if self.applied else "nothing of it was applied yet"
        return f"{waits}; {known}, {self.newest} is the newest heard of: that or a newer one goes"


def plan_redrive(state: State, wanted: Filter, *, again: bool = False) -> list[Redriven]:
    """Every agreement that the filter selects, in the order of its first dead letter. `again` lets go what was tried too often."""
    waiting: dict[str, list[Parked]] = {}
    for row in state.read_parked(kind=wanted.kind, code=wanted.reason):
        if wanted.selects(row):
            waiting.setdefault(row.agreement_id, []).append(row)
    applied, newest, redriven = _applied(state, waiting), _newest(state, waiting), _redriven(state, waiting)
    plan = []
    for one, rows in waiting.items():
        is_event = all(row.kind == UNREAD for row in rows)
        counts = redriven.get(one, 0), applied.get(one, 0), newest.get(one, 0)
        item = Redriven(one, len(rows), *counts, is_event=is_event)
        plan.append(replace(item, why_not=_why_not(item, again=again)))
    return plan


def apply_redrive(state: State, plan: Sequence[Redriven], at: str) -> int:
    """Put the agreements of a plan that may go back to work. Returns how many."""
    going = [one for one in plan if not one.why_not]
    events = [one.agreement_id for one in going if one.is_event]
    agreements = [one.agreement_id for one in going if not one.is_event]
    with state.transaction():
        state.inbox.redrive(agreements, at)
        state.resolve_parked(events, [], at)
        for kind, some in (("agreements", agreements), ("events", events)):
            if some:
                state.record(at, "redriven", {kind: some})
    return len(going)


def _why_not(item: Redriven, *, again: bool) -> str:
    if item.newest and item.newest < item.applied:
        told = f"revision {item.applied} was applied and the CLM told of {item.newest} last"
        return f"{told}. Was it reset? Run `clmkit reconcile`."
    if item.redriven >= MOST_REDRIVES and not again:
        return "that was too often. Correct the cause, then redrive with --again."
    return ""


def _redriven(state: State, waiting: Mapping[str, Sequence[Parked]]) -> dict[str, int]:
    """How often each agreement was redriven since its oldest dead letter came up."""
    found: dict[str, int] = {}
    for chunk in chunks(waiting):
        sql = f"SELECT agreement_id, received_at FROM event WHERE source = ? AND agreement_id IN {places(chunk)}"  # noqa: S608
        for one, at in state.database.execute(sql, (REDRIVE_SOURCE, *chunk)):
            if str(at) >= min(row.since for row in waiting[str(one)]):
                found[str(one)] = found.get(str(one), 0) + 1
    return found


def _applied(state: State, agreement_ids: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for link in state.find_links_of_agreements(agreement_ids):
        found[link.agreement_id] = max(link.revision, found.get(link.agreement_id, 0))
    return found


def _newest(state: State, agreement_ids: Iterable[str]) -> dict[str, int]:
    """The newest revision that was heard of; the inbox is read through, for a person waits, not the sync."""
    found: dict[str, int] = {}
    for chunk in chunks(agreement_ids):
        sql = (
            f"SELECT agreement_id, max(revision) FROM event WHERE agreement_id IN {places(chunk)} GROUP BY agreement_id"  # noqa: S608
        )
        found |= {str(one): int(revision or 0) for one, revision in state.database.execute(sql, chunk)}
    return found
