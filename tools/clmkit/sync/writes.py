"""From a row plan to what is sent: lookups become record ids; a lookup without its record parks its value or its row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from clmkit.mapping.evaluate import Link as Lookup
from clmkit.mapping.model import FieldMapping, Missing, Role
from clmkit.sync.apply import Write
from clmkit.sync.rows import RowPlan


class FindsIds(Protocol):
    def find_id(self, lookup: Lookup) -> str | None: ...

    def why_not(self, lookup: Lookup) -> str: ...


@dataclass(frozen=True, slots=True)
class MissingRecord:
    """A lookup whose record is not there. `blocks` when the row cannot be written without it."""

    field: FieldMapping
    key: str
    reason: str

    @property
    def blocks(self) -> bool:
        return self.field.reference is not None and self.field.reference.missing is not Missing.PARK_VALUE


def lookups_of(plan: RowPlan) -> list[Lookup]:
    """The lookups that the plan writes."""
    found = [_lookup(decision.field, decision.value) for decision in plan.push.values()]
    return [lookup for lookup in found if lookup is not None]


def waves(plans: Sequence[RowPlan]) -> Iterator[list[RowPlan]]:
    """The plans of one object in waves: a row that refers to another new row of its own object comes after it.

    Rows that refer to each other in a ring come last, together; their references are then missing and said to be.
    """
    waiting = list(plans)
    while waiting:
        coming = {plan.facts.row.key for plan in waiting if plan.creates}
        ready = [plan for plan in waiting if not (_own_references(plan) & coming)] or waiting
        yield ready
        done = {id(plan) for plan in ready}
        waiting = [plan for plan in waiting if id(plan) not in done]


def _own_references(plan: RowPlan) -> set[str]:
    sobject, key = plan.facts.mapping.salesforce, plan.facts.row.key
    return {lookup.key for lookup in lookups_of(plan) if lookup.reference.object == sobject} - {key}


def build_write(plan: RowPlan, ids: FindsIds) -> tuple[Write, list[MissingRecord]]:
    """The write of a plan and what it lacks; a value that is missing is neither sent nor taken for agreed.

    The version goes along with values only: alone it would change the record, which would be looked at, for ever.
    """
    fields: dict[str, object] = {}
    base = dict(plan.base)
    missing: list[MissingRecord] = []
    lookups: dict[str, str] = {}
    parent_id = ""
    for name, decision in plan.push.items():
        lookup = _lookup(decision.field, decision.value)
        record_id = ids.find_id(lookup) if lookup is not None else None
        if lookup is not None and record_id is None:
            missing.append(MissingRecord(decision.field, lookup.key, ids.why_not(lookup)))
            base.pop(name, None)
            continue
        fields[name] = decision.value if lookup is None else record_id
        if record_id is not None:
            lookups[name] = record_id
        if decision.field.role is Role.PARENT and record_id is not None:
            parent_id = record_id
    alone = plan.status.alone if plan.status else ()
    version = plan.facts.mapping.version
    if missing and not plan.creates and version is not None and not fields.keys() - {version.salesforce}:
        fields = {}
    return Write(plan, _with_status(plan, fields), alone, base, parent_id, lookups), missing


def _with_status(plan: RowPlan, fields: Mapping[str, object]) -> dict[str, object]:
    """Status goes along only where the law of activation lets it (`activation`)."""
    if plan.status is None:
        return dict(fields)
    name = next(column.salesforce for column in plan.facts.mapping.columns if column.lifecycle)
    rest = {field: value for field, value in fields.items() if field != name}
    return rest if plan.status.with_fields is None else {**rest, name: plan.status.with_fields}


def _lookup(field: FieldMapping, value: object) -> Lookup | None:
    if field.reference is None or value is None:
        return None
    return Lookup(field.reference, str(value))
