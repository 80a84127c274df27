"""Criteria of workflow rules, assignment rules and approval processes as functions of a row.

Source: "Workflow Rule Criteria", "Filter Operators" (Salesforce Help), FilterItem (Metadata API Developer Guide): an item names a
field of the object, of a record that it looks up to, or of the current user; lookups compare by name. ASSUMED: the lookup to a
parent is the one called like it, or the only one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orgtwin.errors import Unsupported
from orgtwin.org import Org
from orgtwin.records.coerce import RowRefused
from orgtwin.records.filter_logic import parse_filter_logic
from orgtwin.records.model import Row, Value
from orgtwin.records.summary_filters import TESTS, compile_filter
from orgtwin.records.table import RecordTable
from orgtwin.schema.model import Field, FieldType
from orgtwin.workflow.definition import Criteria

Meets = Callable[[Row, Row | None], bool]
"""Whether a row meets criteria, which may ask what it was before the save."""
Find = Callable[[Row], Row | None]
Item = tuple[str, str, str]
KEY = "workflow.criteria"


def compile_criteria(org: Org, table: RecordTable, criteria: Criteria) -> Meets:
    """Raises FormulaError, FilterLogicError, and Unsupported for what the twin does not compare."""
    if criteria.formula:
        run = org.formulas.compiled(criteria.formula, table)
        return lambda row, before: run(row, before) is True
    tests = [_compile_item(org, table, item) for item in criteria.conditions]
    logic = parse_filter_logic(criteria.logic, len(tests))
    return lambda row, _before: logic([test(row) for test in tests])


def _compile_item(org: Org, table: RecordTable, item: Item) -> Callable[[Row], bool]:
    path, operation, text = item
    owner, _, name = path.rpartition(".")
    if owner in ("", table.type.api_name):
        return _compile_own(org, table, name, operation, text)
    find, found_in = _finder(org, table, owner)
    test = _compile_own(org, found_in, name, operation, text)
    blank = Row([None] * found_in.width)
    return lambda row: test(find(row) or blank)


def _compile_own(org: Org, table: RecordTable, name: str, operation: str, text: str) -> Callable[[Row], bool]:
    field = table.type.find_field(name)
    if field is None or operation not in TESTS:
        raise Unsupported(KEY, f"the criterion {table.type.api_name}.{name} {operation}")
    if field.type is FieldType.REFERENCE:
        return _compile_lookup(org, table, field, operation, text)
    try:
        return compile_filter(table, name, operation, text)
    except RowRefused as refused:
        raise Unsupported(KEY, f"the value {text!r} for {table.type.api_name}.{name}") from refused


def _compile_lookup(org: Org, table: RecordTable, field: Field, operation: str, text: str) -> Callable[[Row], bool]:
    read, test = table.reader(field.api_name), TESTS[operation]
    wanted: Sequence[Value] = [part.strip() or None for part in text.split(",")]
    return lambda row: test(name_of(org, read(row)), list(wanted))


def name_of(org: Org, record_id: Value) -> Value:
    """The name of a record of any object; None where there is no such record."""
    described = org.schema.find_by_prefix(str(record_id)[:3]) if record_id else None
    table = org.table(described.api_name) if described is not None else None
    row = table.get(str(record_id)) if table is not None else None
    if table is None or row is None:
        return None
    name = next((field.api_name for field in table.type.fields if field.name_field), "Id")
    return table.reader(name)(row)


def _finder(org: Org, table: RecordTable, owner: str) -> tuple[Find, RecordTable]:
    """Where the row of a criterion over another object is found, and in which table."""
    described = org.schema.find_type(owner)
    if described is None:
        raise Unsupported(KEY, f"criteria over {owner}")
    parents = org.table(described.api_name)
    if described.api_name == "User":
        return lambda _row: parents.get(org.running_user_id), parents
    lookups = [field.api_name for field in table.type.fields if described.api_name in field.reference_to]
    named = [name for name in lookups if name in (f"{owner}Id", owner)] or lookups
    if len(named) != 1:
        raise Unsupported(KEY, f"criteria over {owner} in a rule of {table.type.api_name}")
    read = table.reader(named[0])
    return lambda row: parents.get(str(read(row))), parents
