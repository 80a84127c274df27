"""What a field update of a workflow rule or an approval process sets.

Source: WorkflowFieldUpdate (Metadata API Developer Guide); "Considerations for Field Update Actions", "Cross-Object Field Updates"
(Salesforce Help): neither field-level security nor validation rules matter to it. ASSUMED: behind the last value of a picklist
NextValue leaves it, as PreviousValue does before the first; a formula for a master is one over the record of the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from orgtwin.errors import Unsupported
from orgtwin.formula import FormulaType
from orgtwin.formula.types import find_type_of_field
from orgtwin.metadata.types.record_writes import find_row
from orgtwin.org import Org
from orgtwin.records.coerce import compile_coercer
from orgtwin.records.model import AccessLevel, Caller, Row, Value
from orgtwin.records.table import RecordTable
from orgtwin.schema.model import Field, FieldType
from orgtwin.workflow.definition import FieldUpdate, Named

NewValue = Callable[[Row, Row | None, Row], Value]
"""From the record of the rule, what it was before the save, and the record that is updated. Raises RowRefused."""
KEY = "workflow.actions"


def as_system(caller: Caller) -> Caller:
    """What rules change asks for no rights."""
    return replace(caller, access_level=AccessLevel.SYSTEM_MODE)


def target_table(org: Org, table: RecordTable, update: FieldUpdate) -> RecordTable:
    """The table of the record that is updated. Raises Unsupported for a lookup that is no master."""
    if update.target is None:
        return table
    field = table.type.find_field(update.target)
    if field is None or len(field.reference_to) != 1:
        raise Unsupported(KEY, f"the field update {update.name} of {update.target}")
    if not field.is_master_detail and field.custom:
        raise Unsupported(KEY, f"the field update {update.name} over {update.target}, which is no master-detail field")
    return org.table(field.reference_to[0])


def compile_update(org: Org, table: RecordTable, update: FieldUpdate) -> NewValue:
    """Raises FormulaError, and Unsupported for what the twin does not set."""
    target = target_table(org, table, update)
    field = target.type.find_field(update.field)
    make = _OPERATIONS.get(update.operation)
    if field is None or make is None:
        raise Unsupported(KEY, f"the field update {update.name}: {update.operation} of {update.field}")
    return make(org, table, field, update)


def _formula(org: Org, table: RecordTable, field: Field, update: FieldUpdate) -> NewValue:
    kind = find_type_of_field(field) or FormulaType.TEXT
    is_number = field.type in (FieldType.DOUBLE, FieldType.CURRENCY, FieldType.PERCENT)
    run = org.formulas.compiled(
        update.formula,
        table,
        kind,
        scale=field.scale if is_number else None,
        percent=field.type is FieldType.PERCENT,
    )
    coerce = compile_coercer(field, text=False)

    def value(row: Row, before: Row | None, _target: Row) -> Value:
        found = run(row, before)
        return found if found is None else coerce(found)

    return value


def _literal(_org: Org, _table: RecordTable, field: Field, update: FieldUpdate) -> NewValue:
    coerce, literal = compile_coercer(field, text=True), update.literal
    return lambda _row, _before, _target: coerce(literal) if literal else _blank(field)


def _null(_org: Org, _table: RecordTable, field: Field, _update: FieldUpdate) -> NewValue:
    return lambda _row, _before, _target: _blank(field)


def _blank(field: Field) -> Value:
    return False if field.type is FieldType.BOOLEAN else None


def _lookup(org: Org, table: RecordTable, _field: Field, update: FieldUpdate) -> NewValue:
    target = target_table(org, table, update)
    return lambda _row, _before, _target: find_named(org, target.type.api_name, update.lookup)


def find_named(org: Org, sobject_type: str, named: Named) -> str:
    """The id of the user, the queue or the record type that metadata names. Raises Unsupported when nobody is called so."""
    find = _NAMED.get(named.kind)
    found = find(org, sobject_type, named.name) if find is not None else None
    if found is None:
        raise Unsupported(KEY, f"the {named.kind or 'lookup'} {named.name}, which this org does not have")
    return found


_NAMED: Mapping[str, Callable[[Org, str, str], str | None]] = {
    "User": lambda org, _type, name: find_row(org, "User", Username=name),
    "Queue": lambda org, _type, name: find_row(org, "Group", DeveloperName=name, Type="Queue"),
    "RecordType": lambda org, sobject_type, name: find_row(
        org, "RecordType", DeveloperName=name, SobjectType=sobject_type
    ),
}


def _step(by: int) -> Callable[[Org, RecordTable, Field, FieldUpdate], NewValue]:
    def make(org: Org, table: RecordTable, field: Field, update: FieldUpdate) -> NewValue:
        offered: list[Value] = [value.value for value in field.picklist if value.active]
        read = target_table(org, table, update).reader(field.api_name)

        def value(_row: Row, _before: Row | None, target: Row) -> Value:
            now = read(target)
            place = offered.index(now) + by if now in offered else -1
            return offered[place] if 0 <= place < len(offered) else now

        return value

    return make


_OPERATIONS: Mapping[str, Callable[[Org, RecordTable, Field, FieldUpdate], NewValue]] = {
    "Formula": _formula,
    "Literal": _literal,
    "Null": _null,
    "LookupValue": _lookup,
    "NextValue": _step(1),
    "PreviousValue": _step(-1),
}
