"""From the facts about one row to what is to be done with it. Pure.

A row is one evaluated CLM row (`clmkit.mapping.evaluate.Row`), what the sync remembers of it (`Link`) and what Salesforce
holds (`OrgRow`, when it was read).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from clmkit.mapping.evaluate import Evaluator, Row, find_value
from clmkit.mapping.model import Direction, FieldMapping, Lifecycle, ObjectMapping, Role
from clmkit.mapping.values.outcome import Refusal, SalesforceValue
from clmkit.sync.activation import StatusSteps, plan_status
from clmkit.sync.decide import (
    ABSENT,
    NOBODY,
    Absent,
    Action,
    Dates,
    Editors,
    FieldDecision,
    FieldFacts,
    Holder,
    Value,
    decide_creation,
    decide_field,
    find_holder,
    has_moved,
)
from clmkit.sync.org_rows import OrgRow
from clmkit.sync.state import Fields, Hops, Link, Scalar

Agreement = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Edited:
    """Who changed a field on one side: the roles of each who may have, or why nobody knows."""

    editors: Editors | None = None
    unknown: str = ""


NOT_ASKED = Edited()
WITHOUT_ROLES = Edited(NOBODY)


def always(_field: FieldMapping) -> bool:
    """Every field may be written now: nothing is scheduled."""
    return True


@dataclass(frozen=True, slots=True)
class RowFacts:
    mapping: ObjectMapping
    row: Row
    clm: Mapping[str, Value]
    agreement_id: str
    revision: int
    link: Link | None
    org: OrgRow | None
    state: str | None
    salesforce_state: str | None
    clm_is_newer: bool
    today: datetime.date | None = None
    edits: Mapping[str, Edited] = field(default_factory=dict)
    """Who changed what in Salesforce, by field name, for the fields whose holder depends on it."""
    clm_edited: Edited = WITHOUT_ROLES
    """Who changed the agreement in the CLM."""
    by_person: bool = False
    """Whether a person saved the record after a value was put back there."""
    is_due: Callable[[FieldMapping], bool] = always
    """Whether a field's time has come, by its latency class."""


@dataclass(frozen=True, slots=True)
class RowPlan:
    """What to do with one row. `push` goes by API name, `pull` by CLM path; `waiting` is what its schedule holds back.

    `base` is what both sides agree on once the push is done. Pulled fields join it when the CLM has taken them, not before: a run
    that dies in between must find that Salesforce moved, not that the CLM did.
    """

    facts: RowFacts
    creates: bool
    push: Mapping[str, FieldDecision]
    pull: Mapping[str, FieldDecision]
    conflicts: tuple[FieldDecision, ...]
    waiting: tuple[FieldDecision, ...]
    status: StatusSteps | None
    base: Fields
    hops: Hops

    @property
    def writes_salesforce(self) -> bool:
        return self.creates or bool(self.push)


def clm_values(evaluator: Evaluator, mapping: ObjectMapping, row: Row, agreement: Agreement) -> dict[str, Value]:
    """The CLM side of every column by API name, references as match values. A parked value is missing."""
    values: dict[str, Value] = {**row.values, **row.seeds}
    values |= {name: None if link is None else link.key for name, link in row.references.items()}
    values |= {name: link.key for name, link in row.seed_references.items()}
    if is_whole_agreement(mapping):
        for column in mapping.columns:
            if column.to_clm and column.salesforce not in values and not _is_parked(row, column):
                raw = find_value(column.clm, agreement, agreement)
                outcome = evaluator.convert(column, raw, agreement, agreement)
                if not isinstance(outcome, Refusal):
                    values[column.salesforce] = outcome.value
    return values


def is_whole_agreement(mapping: ObjectMapping) -> bool:
    """Whether the mapping's rows are the agreements themselves; only their fields can be fed back into the CLM."""
    return mapping.clm == "agreements"


def needs_reading(
    mapping: ObjectMapping,
    clm: Mapping[str, Value],
    link: Link | None,
    state: str | None,
    lifecycle: Lifecycle | None,
    today: datetime.date | None = None,
) -> bool:
    """Whether Salesforce has to be asked before deciding: the row or one of its values was never agreed on, or the write could
    run over an edit of a shared field that this sync has not seen yet.
    """
    if link is None:
        return True
    if any(column.salesforce in clm and column.salesforce not in link.base for column in _pushable(mapping)):
        return True
    salesforce_state = state_in_salesforce(mapping, link, None, lifecycle)
    dates = dates_of(mapping, clm), dates_of(mapping, link.base)
    for column in mapping.columns:
        if column.direction is Direction.BOTH and column.salesforce in clm:
            base, value = link.base[column.salesforce], clm[column.salesforce]
            facts = FieldFacts(base, value, base, state, salesforce_state, False, 0, False, *dates, today)
            is_open = find_holder(column, facts, None) in (Holder.OPEN, Holder.UNKNOWN)
            if is_open and (state != salesforce_state or has_moved(column, base, value)):
                return True
    return False


def dates_of(mapping: ObjectMapping, values: Mapping[str, Value | Absent]) -> Dates:
    """The dates that windows of this object are around, as one side has them; left out where it gives none."""
    asked = {row.window.field for column in mapping.columns for row in column.precedence if row.window is not None}
    columns = [column for column in mapping.columns if column.name in asked] if asked else []
    told = {column.name: values.get(column.salesforce, ABSENT) for column in columns}
    return {name: _to_date(value) for name, value in told.items() if value is not ABSENT}


def _to_date(value: Value) -> datetime.date | None:
    return datetime.date.fromisoformat(value[:10]) if isinstance(value, str) and value else None


def state_in_salesforce(
    mapping: ObjectMapping, link: Link | None, org: OrgRow | None, lifecycle: Lifecycle | None
) -> str | None:
    """The lifecycle state that the record's status means: what the trigger guard goes by."""
    column = next((column for column in mapping.columns if column.lifecycle), None)
    if column is None or lifecycle is None:
        return None
    state = lifecycle.find_state_of_status(_current_status(link, org, column))
    return state.name if state is not None else None


def is_echo(mapping: ObjectMapping, link: Link | None, org: OrgRow) -> bool:
    """Whether Salesforce holds exactly what both sides agreed on: our own write coming back, whoever triggers on it.

    Of a row with a value that was put back it is to be found out whether that holds.
    """
    if link is None or link.hops:
        return False
    return all(
        _is_agreed(column, link.base.get(column.salesforce, ABSENT), org.values[column.salesforce])
        for column in moving_columns(mapping)
    )


def moving_columns(mapping: ObjectMapping) -> list[FieldMapping]:
    """The columns whose values go from one system to the other: not the key, and nothing that Salesforce computes or keeps."""
    return [
        column
        for column in mapping.columns
        if column.role not in (Role.KEY, Role.VERSION) and column.direction is not Direction.NONE
    ]


def plan_row(facts: RowFacts, lifecycle: Lifecycle | None) -> RowPlan:
    creates = facts.link is None and facts.org is None
    held = facts.org.values if facts.org is not None else facts.link.base if facts.link is not None else {}
    dates = dates_of(facts.mapping, facts.clm), dates_of(facts.mapping, held)
    decisions = [
        _decide(facts, column, creates, dates)
        for column in facts.mapping.columns
        if column.role not in (Role.KEY, Role.VERSION)
    ]
    if not creates:
        decisions = _hold_back(decisions, facts)
    push = {decision.field.salesforce: decision for decision in decisions if decision.action is Action.PUSH}
    pull = {decision.field.clm: decision for decision in decisions if decision.action is Action.PULL}
    version = facts.mapping.version
    if version is not None and (push or creates) and version.salesforce in facts.clm:
        value = facts.clm[version.salesforce]
        push[version.salesforce] = FieldDecision(version, Action.PUSH, value, "written along")
    return RowPlan(
        facts,
        creates,
        push,
        pull if is_whole_agreement(facts.mapping) else {},
        tuple(decision for decision in decisions if decision.action is Action.CONFLICT),
        tuple(decision for decision in decisions if decision.action is Action.WAIT),
        _plan_status(facts, push, lifecycle),
        _next_base(facts, decisions, creates),
        _next_hops(facts, decisions),
    )


def _hold_back(decisions: Sequence[FieldDecision], facts: RowFacts) -> list[FieldDecision]:
    """Let a row wait until one of its fields is due; then what waits of it goes along, because it costs no further call."""
    going = {decision.action for decision in decisions if facts.is_due(decision.field)}
    waits = {Action.PUSH, Action.PULL} - going
    hops = facts.link.hops if facts.link is not None else {}
    return [
        replace(one, action=Action.WAIT, hops=hops.get(one.field.salesforce, 0)) if one.action in waits else one
        for one in decisions
    ]


def _decide(facts: RowFacts, column: FieldMapping, creates: bool, dates: tuple[Dates, Dates]) -> FieldDecision:
    clm = facts.clm.get(column.salesforce, ABSENT)
    if creates:
        return decide_creation(column, clm)
    base = facts.link.base.get(column.salesforce, ABSENT) if facts.link is not None else ABSENT
    salesforce = facts.org.values[column.salesforce] if facts.org is not None else base
    hops = facts.link.hops.get(column.salesforce, 0) if facts.link is not None else 0
    edited = facts.edits.get(column.name, NOT_ASKED)
    told = FieldFacts(
        base,
        clm,
        salesforce,
        facts.state,
        facts.salesforce_state,
        facts.clm_is_newer,
        hops,
        is_read=facts.org is not None,
        clm_dates=dates[0],
        salesforce_dates=dates[1],
        today=facts.today,
        editors=edited.editors,
        unknown=edited.unknown,
        clm_editors=facts.clm_edited.editors,
        clm_unknown=facts.clm_edited.unknown,
        by_person=facts.by_person,
    )
    return decide_field(column, told)


def _plan_status(facts: RowFacts, push: Mapping[str, FieldDecision], lifecycle: Lifecycle | None) -> StatusSteps | None:
    column = next((column for column in facts.mapping.columns if column.lifecycle), None)
    if lifecycle is None or column is None or column.salesforce not in push:
        return None
    return plan_status(lifecycle, _current_status(facts.link, facts.org, column), str(push[column.salesforce].value))


def _current_status(link: Link | None, org: OrgRow | None, column: FieldMapping) -> str | None:
    values: Mapping[str, object] = org.values if org is not None else link.base if link is not None else {}
    value = values.get(column.salesforce)
    return value if isinstance(value, str) else None


def _next_base(facts: RowFacts, decisions: list[FieldDecision], creates: bool) -> dict[str, Scalar]:
    """The agreed values once the push is done. A new record is empty where nothing was written to a field that we write."""
    base = dict(facts.link.base) if facts.link is not None else {}
    for decision in decisions:
        name = decision.field.salesforce
        if decision.action is Action.PUSH:
            base[name] = to_scalar(decision.value)
        elif decision.action in (Action.PULL, Action.WAIT):
            continue
        elif decision.action is Action.CONFLICT:
            if not decision.is_unstable:
                base.pop(name, None)
        elif creates and decision.field.to_salesforce:
            base[name] = None
        elif facts.org is not None and facts.org.values[name] is not ABSENT:
            base[name] = to_scalar(facts.org.values[name])
    return base


def _next_hops(facts: RowFacts, decisions: Sequence[FieldDecision]) -> dict[str, int]:
    """What to remember of the values that were put back. A pull counts once the CLM was patched (`feed_back`)."""
    known = facts.link.hops if facts.link is not None else {}
    kept = {Action.PULL} if is_whole_agreement(facts.mapping) else set()
    hops = {
        one.field.salesforce: known.get(one.field.salesforce, 0) if one.action in kept else one.hops
        for one in decisions
    }
    return {name: hop for name, hop in hops.items() if hop}


def to_scalar(value: Value | Absent) -> Scalar:
    """A value as the state keeps it: numbers as decimal text, so that nothing is rounded on the way."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Decimal | int | float):
        return str(value)
    raise TypeError(f"{value!r} is not a value of a Salesforce field")


def to_salesforce_value(value: Value) -> SalesforceValue:
    """A value as read from JSON in the evaluator's types: numbers are Decimal."""
    if value is None or isinstance(value, str | bool | Decimal):
        return value
    if isinstance(value, int | float):
        return Decimal(str(value))
    raise TypeError(f"{value!r} is not a value of a Salesforce field")


def _pushable(mapping: ObjectMapping) -> list[FieldMapping]:
    return [
        column for column in mapping.columns if column.to_salesforce and column.role not in (Role.KEY, Role.VERSION)
    ]


def _is_agreed(column: FieldMapping, base: Value | Absent, value: Value | Absent) -> bool:
    facts = FieldFacts(base, base, value)
    return base is not ABSENT and value is not ABSENT and decide_field(column, facts).reason == "both sides agree"


def _is_parked(row: Row, column: FieldMapping) -> bool:
    return any(parked.field == column.name for parked in row.parked)
