"""Who may do what: rights per object, access per field, owner per lifecycle state. Compiled from what is deployed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from clmkit.codegen.book.catalogue import tell
from clmkit.codegen.book.tables import Table, make_table
from clmkit.codegen.field_map import OWNERS
from clmkit.codegen.fields import CLASSIFICATION
from clmkit.codegen.permissions import may_edit, may_read, object_permissions, takes_field_security
from clmkit.codegen.rules import is_guarded, locked_statuses
from clmkit.mapping.model import Audience, FieldMapping, ObjectMapping, Owner, PrecedenceRow, Spec
from clmkit.mapping.precedence import possible_winners

LETTERS = (
    ("allowCreate", "C"),
    ("allowRead", "R"),
    ("allowEdit", "U"),
    ("allowDelete", "D"),
    ("viewAllRecords", "view all"),
    ("modifyAllRecords", "modify all"),
)


def access_tables(spec: Spec) -> Iterator[Table]:
    yield _rights(spec)
    yield _owners(spec)
    yield _security(spec)


def _rights(spec: Spec) -> Table:
    granted = {audience.name: _granted(spec, audience) for audience in spec.audiences}
    objects = sorted({name for rights in granted.values() for name in rights})
    rows = ((name, *(granted[audience.name].get(name, "") for audience in spec.audiences)) for name in objects)
    columns = " | ".join(audience.label for audience in spec.audiences)
    note = "Create, Read, Update, Delete as the permission sets grant them. Nobody deletes: a row that the CLM lost is marked."
    return make_table("CRUD matrix", "CRUD matrix", note, f"Object | {columns}", rows)


def _granted(spec: Spec, audience: Audience) -> Mapping[str, str]:
    return {
        str(body["object"]): " ".join(letter for right, letter in LETTERS if body[right])
        for body in object_permissions(spec, audience)
    }


def _owners(spec: Spec) -> Table:
    states = [state.name for state in spec.lifecycle.states] if spec.lifecycle else []
    rows = (
        (
            mapping.label, field.label, OWNERS[field.owner], [_row(row) for row in field.precedence],
            tell(field.conflict), *(_owner_in(spec, mapping, field, state) for state in states),
        )
        for mapping in spec.objects
        for field in mapping.columns
    )  # fmt: skip
    note = "Who owns a field in each lifecycle state. Locked: people cannot change it then, the trigger refuses."
    columns = " | ".join(["Object | Field | System of record | Precedence | When both changed it", *states])
    return make_table("Ownership", "Ownership and precedence", note, columns, rows)


def _row(row: PrecedenceRow) -> str:
    """`draft, approval: Salesforce (steward, last 30 days before end_date)`."""
    window = row.window
    side = "before" if window and window.before else "from"
    days = f"{window.days} days {side} {window.field}" if window else ""
    when = ", ".join(filter(None, (*row.roles, days)))
    return f"{' '.join(row.states)}: {OWNERS[row.wins]}{f' ({when})' if when else ''}"


def _owner_in(spec: Spec, mapping: ObjectMapping, field: FieldMapping, state: str) -> str:
    if field.owner is not Owner.SHARED:
        owner = OWNERS[field.owner]
    else:
        owner = " or ".join(sorted(OWNERS[winner] for winner in possible_winners(field.precedence, state)))
    status = next(row.status for row in spec.lifecycle.states if row.name == state) if spec.lifecycle else ""
    is_locked = field.owner is Owner.CLM or status in locked_statuses(spec, field)
    return f"{owner}, locked" if is_locked and is_guarded(mapping) else owner


def _security(spec: Spec) -> Table:
    rows = (
        (
            f"{mapping.salesforce}.{field.salesforce}", _classified(field), tell(field.encryption),
            *(_access(audience, mapping, field) for audience in spec.audiences), _guard(spec, mapping, field),
        )
        for mapping in spec.objects
        for field in mapping.columns
    )  # fmt: skip
    columns = " | ".join(["Field | Classification | Encryption", *(a.label for a in spec.audiences), "Trigger guard"])
    note = "Field-level security as deployed. (object) means that Salesforce has no field-level security for the field."
    return make_table("Security map", "Security map", note, columns, rows)


def _classified(field: FieldMapping) -> str:
    return ", ".join(dict.fromkeys(CLASSIFICATION[tag][1] for tag in field.tags))


def _access(audience: Audience, mapping: ObjectMapping, field: FieldMapping) -> str:
    if not may_read(audience, field):
        return ""
    word = "edit" if may_edit(audience, mapping, field) else "read"
    return word if takes_field_security(field) else f"{word} (object)"


def _guard(spec: Spec, mapping: ObjectMapping, field: FieldMapping) -> str:
    if not is_guarded(mapping):
        return ""
    if field.owner is Owner.CLM:
        return "the CLM's alone"
    return ", ".join(locked_statuses(spec, field))
