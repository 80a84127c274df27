"""What happened to one agreement, told again: its values in Salesforce at an instant, and its events since, decided anew.

    past = await recall(state, spec, clm, "AGR-000177", at)      # what the values were, and why
    plan = await replay(engine, "AGR-000177", since)             # what its events would do now; writes nothing

The audit chain keeps no values, only their digests. So a value of the past is taken from the CLM's change feed, evaluated by the
mapping, and believed when its digest is the one that the chain has; a value that the CLM no longer tells stays unknown, with its
digest. Known or not, a value that only some may read is withheld. An old event cannot come back over a newer one: what is replayed
is decided on the newest revision of both systems.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import cast

import msgspec

from clmkit.clients.silence import WITHHELD
from clmkit.mapping.evaluate import Evaluator, find_state
from clmkit.mapping.model import Spec
from clmkit.sync.audit import Entry, digest
from clmkit.sync.cases import Case
from clmkit.sync.discretion import Discretion
from clmkit.sync.editors import Editors
from clmkit.sync.engine import Engine
from clmkit.sync.intake import Work
from clmkit.sync.lineage import WRITES, Event, read_events
from clmkit.sync.memory import Memory
from clmkit.sync.planning import Planner, day_of
from clmkit.sync.ports import ClmSystem
from clmkit.sync.rows import Agreement, RowPlan, clm_values
from clmkit.sync.staging import is_written
from clmkit.sync.state import State

UNKNOWN = "the CLM no longer tells it"


class PastValue(msgspec.Struct, frozen=True):
    """One field as it was. `value` is None when it was empty; `is_known` says whether its digest proves it."""

    object: str
    key: str
    field: str
    value: str | None
    is_known: bool
    digest: str
    since: str
    rule: str
    mapping: str
    entry: int
    events: list[Event]


class Replayed(msgspec.Struct, frozen=True):
    """One event since then: what became of it, and what would be now."""

    event: Event
    outcome: str
    now: str


class Write(msgspec.Struct, frozen=True):
    """What deciding anew would write. `to` is Salesforce or the CLM."""

    object: str
    key: str
    field: str
    to: str
    rule: str


class ReplayPlan(msgspec.Struct, frozen=True):
    events: list[Replayed]
    writes: list[Write]
    parked: list[str]
    """Reasons of what would wait for a person."""


def to_instant(text: str) -> str:
    """An instant as the chain writes it. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    at = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def recall(state: State, spec: Spec, clm: ClmSystem, agreement_id: str, at: str) -> list[PastValue]:
    """The values of an agreement's rows in Salesforce at an instant, as the sync had written them by then. Raises WireError."""
    keys = {agreement_id} | {link.key for link in state.find_links_of_agreements([agreement_id])}
    newest: dict[tuple[str, str, str], Entry] = {}
    for key in sorted(keys):
        for entry in state.audit.read_about(key):
            if entry.kind in WRITES and entry.at <= at:
                for name in _fields(entry):
                    newest[str(entry.facts["object"]), _key(entry), name] = entry
    candidates = await _candidates(state, spec, clm, agreement_id)
    told = [
        _to_past(state, place, entry, candidates) for place, entry in sorted(newest.items(), key=lambda one: one[0])
    ]
    return [_withheld(spec, Discretion(spec), one) for one in told]


def _withheld(spec: Spec, discretion: Discretion, one: PastValue) -> PastValue:
    mapping = spec.find_object_of(one.object)
    names = [column.name for column in mapping.columns if column.salesforce == one.field] if mapping is not None else []
    is_hidden = mapping is None or not names or any(discretion.hides(mapping.name, name) for name in names)
    return msgspec.structs.replace(one, value=WITHHELD) if one.value and is_hidden else one


async def _candidates(state: State, spec: Spec, clm: ClmSystem, agreement_id: str) -> dict[str, str | None]:
    """Values by digest: everything that the CLM tells of the agreement's past, and what both systems agree on now."""
    known: dict[str, str | None] = {}
    evaluator = Evaluator(spec)
    async for agreement in _snapshots(clm, agreement_id):
        for mapping in spec.objects:
            for row in evaluator.rows(mapping.name, agreement) if is_written(spec, mapping) else ():
                for value in clm_values(evaluator, mapping, row, agreement).values():
                    known[digest(str(value))] = None if value is None else str(value)
    for status in (one.status for one in spec.lifecycle.states) if spec.lifecycle else ():
        known[digest(status)] = status
    for link in state.find_links_of_agreements([agreement_id]):
        for name, record_id in link.lookups.items():
            agreed = link.base.get(name)
            known[digest(record_id)] = None if agreed is None else str(agreed)
    return known


async def _snapshots(clm: ClmSystem, agreement_id: str) -> AsyncIterator[Agreement]:
    position, more = "", True
    while more:
        page = await clm.read_changes(position)
        for change in page.changes:
            if change.agreement_id == agreement_id:
                yield change.agreement
        position, more = page.cursor, page.more


def _to_past(
    state: State, place: tuple[str, str, str], entry: Entry, candidates: Mapping[str, str | None]
) -> PastValue:
    facts, (sobject, key, name) = entry.facts, place
    own = _fields(entry)[name]
    rules = cast("Mapping[str, list[str]]", facts.get("rules", {}))
    rule = next((reason for reason, names in rules.items() if name in names), "")
    events = read_events(state, cast("list[int]", facts.get("events", [])))
    is_known = own in candidates
    told = (candidates.get(own), is_known, own, entry.at, rule, str(facts.get("mapping", "")), entry.sequence, events)
    return PastValue(sobject, key, name, *told)


def _fields(entry: Entry) -> Mapping[str, str]:
    return cast("Mapping[str, str]", entry.facts.get("fields", {}))


def _key(entry: Entry) -> str:
    return str(entry.facts.get("key") or entry.facts.get("agreement"))


async def replay(engine: Engine, agreement_id: str, since: str) -> ReplayPlan:
    """What an agreement's events since an instant would do now. Reads both systems, writes nothing. Raises WireError."""
    agreement = await engine.clm.get_agreement(agreement_id)
    case = Case(
        Work(agreement_id, reread=True, is_redriven=True), agreement, find_state(engine.spec.lifecycle, agreement)
    )
    memory = Memory(engine.state, engine.now)
    facts = (memory, Editors(engine.spec, engine.org), engine.pace, day_of(engine.spec, engine.now()), engine.clm_roles)
    planner = Planner(engine.spec, Evaluator(engine.spec), engine.org, *facts)
    writes: list[Write] = []
    for mapping in engine.spec.objects:
        if is_written(engine.spec, mapping):
            for plan in await planner.plan(mapping, [case], set()):
                writes += _writes_of(plan)
    newest = int(str(agreement["revision"]))
    events = [_judge(engine.state, event, newest) for event in _events_since(engine.state, agreement_id, since)]
    return ReplayPlan(events, writes, [Discretion(engine.spec).withhold(row).reason for row in case.parked])


def apply_replay(engine: Engine, agreement_id: str) -> None:
    """Put the agreement back to work; the next run decides on what both systems hold then."""
    with engine.state.transaction():
        engine.state.inbox.redrive([agreement_id], engine.now())
        engine.state.record(engine.now(), "replayed", {"agreement": agreement_id})


def _writes_of(plan: RowPlan) -> list[Write]:
    place = plan.facts.mapping.salesforce, plan.facts.row.key
    forth = [Write(*place, name, "Salesforce", decision.reason) for name, decision in plan.push.items()]
    back = [Write(*place, one.field.salesforce, "the CLM", one.reason) for one in plan.pull.values()]
    return forth + back


def _events_since(state: State, agreement_id: str, since: str) -> list[Event]:
    sql = "SELECT sequence FROM event WHERE agreement_id = ? AND received_at >= ? ORDER BY sequence"
    return read_events(state, (int(one or 0) for (one,) in state.database.execute(sql, (agreement_id, since))))


def _judge(state: State, event: Event, newest: int) -> Replayed:
    settled = state.inbox.find_outcome(event.event_id)
    outcome = f"{settled.outcome}{f': {settled.reason}' if settled.reason else ''}" if settled else "waiting"
    if event.revision and event.revision < newest:
        return Replayed(event, outcome, f"nothing: the CLM is at revision {newest}, an older one never overwrites it")
    return Replayed(event, outcome, "decided with the newest revision of both systems")
