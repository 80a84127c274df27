"""What a backfill makes of agreements before they are sent: the cells of each row, what has to follow later, what to remember.

Rows are planned as new ones by the same rules as in a round (`rows.plan_row`, `writes.build_write`). A reference to a row that the
sync writes itself goes by external ID, because that row may have no record id yet; every other reference is looked up. What cannot
go along with the row follows in updates of its own, in this order: references to rows of the same object, status values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from clmkit.clients.bulk import to_cell
from clmkit.mapping.evaluate import Link as Lookup
from clmkit.mapping.evaluate import is_owned_by_salesforce
from clmkit.mapping.model import FieldMapping, Missing, ObjectMapping, Role, Spec
from clmkit.sync.apply import Write
from clmkit.sync.origin import Ruleset, tell_write
from clmkit.sync.references import References
from clmkit.sync.rows import to_scalar
from clmkit.sync.staged import Later, StagedRow
from clmkit.sync.state import Link


@dataclass(frozen=True, slots=True)
class Relations:
    """Record ids for lookups; of a row that the sync writes itself its key, which is as good in a bulk upload."""

    spec: Spec
    references: References
    blocked: set[tuple[str, str]]
    """Rows that wait for a person: what refers to them waits, too."""

    def find_own(self, lookup: Lookup) -> ObjectMapping | None:
        """The mapping of the row that is referred to, when the sync writes it."""
        mapping = self.spec.find_object_of(lookup.reference.object)
        is_keyed = mapping is not None and mapping.key.salesforce == lookup.reference.field
        return mapping if is_keyed and mapping is not None and is_written(self.spec, mapping) else None

    async def prepare(self, lookups: Iterable[Lookup]) -> None:
        await self.references.prepare([lookup for lookup in lookups if self.find_own(lookup) is None])

    def find_id(self, lookup: Lookup) -> str | None:
        own = self.find_own(lookup)
        if own is None:
            return self.references.find_id(lookup)
        return None if (own.name, lookup.key) in self.blocked else lookup.key

    def why_not(self, lookup: Lookup) -> str:
        own = self.find_own(lookup)
        if own is None:
            return self.references.why_not(lookup)
        return f"It waits for {own.label} {lookup.key}, which waits itself."


def is_written(spec: Spec, mapping: ObjectMapping) -> bool:
    """Whether the sync creates records of this object."""
    if not is_owned_by_salesforce(mapping):
        return True
    references = [column.reference for other in spec.objects for column in other.columns if column.reference]
    return any(one.object == mapping.salesforce and one.missing is Missing.CREATE for one in references)


def header_of(spec: Spec, mapping: ObjectMapping) -> list[str]:
    """The columns of the upload: the key, then every field that a new record may get."""
    sent = [column for column in mapping.columns if column.to_salesforce or column.seed or column.role is Role.VERSION]
    names = [column_of(spec, mapping, column) for column in sent if column.role is not Role.KEY]
    return [mapping.key.salesforce, *names]


def stage(spec: Spec, write: Write, rules: Ruleset) -> StagedRow:
    """A new row, ready for the upload. Raises TypeError for a value without a form in CSV."""
    facts = write.plan.facts
    mapping = facts.mapping
    cells: dict[str, str] = {mapping.key.salesforce: facts.row.key}
    own: dict[str, tuple[str, str]] = {}
    later: list[Later] = []
    base = dict(write.base)
    for column in mapping.columns:
        name = column.salesforce
        if name not in write.fields:
            continue
        target = _own_target(spec, column)
        cell, place = to_cell(write.fields[name]), column_of(spec, mapping, column)
        if target is not None:
            own[name] = (target.name, cell)
        if target is mapping:
            later.append(Later(place, cell, name, base.pop(name)))
        else:
            cells[place] = cell
    status = next((column.salesforce for column in mapping.columns if column.lifecycle), "")
    later += [Later(status, value, status, value) for value in write.alone]
    if write.alone:
        base[status] = to_scalar(write.fields.get(status))
    lookups = {name: record_id for name, record_id in write.lookups.items() if name not in own}
    alone = {one.field for one in later if one.column != status}
    body = tell_write(replace(write, fields={n: v for n, v in write.fields.items() if n not in alone}), (), rules)
    place_of = (mapping.name, facts.row.key, facts.agreement_id, facts.revision)
    return StagedRow(*place_of, cells, base, lookups, own, tuple(later), body)


def _own_target(spec: Spec, column: FieldMapping) -> ObjectMapping | None:
    if column.reference is None:
        return None
    target = spec.find_object_of(column.reference.object)
    is_keyed = target is not None and target.key.salesforce == column.reference.field
    return target if is_keyed and target is not None and is_written(spec, target) else None


def column_of(spec: Spec, mapping: ObjectMapping, column: FieldMapping) -> str:
    """ "Relationship Fields in a Header Row" (Bulk API 2.0 and Bulk API Developer Guide)."""
    if column.reference is None or _own_target(spec, column) is None:
        return column.salesforce
    return f"{column.reference.relationship}.{column.reference.field}"


def to_link(row: StagedRow, record_id: str, own: Mapping[tuple[str, str], Link]) -> Link:
    """What to remember of a row once it is in Salesforce; `own` are the links of rows that it refers to."""
    ids = {name: own[place].record_id for name, place in row.own.items() if place in own and name in row.base}
    place_of = (row.object, row.key, row.agreement_id, record_id, row.revision)
    return Link(*place_of, "", row.base, {**row.lookups, **ids})
