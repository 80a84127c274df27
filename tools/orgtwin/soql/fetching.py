"""Which rows a plan selects: by index where a condition allows, else by scan; then sharing, WHERE, order, offset, limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, islice

from orgtwin.errors import SalesforceError
from orgtwin.records.model import Row, Table, Value
from orgtwin.schema.model import Field
from orgtwin.soql.execution import Execution, Reader, Test
from orgtwin.soql.ordering import sorted_rows
from orgtwin.soql.plan import Plan
from orgtwin.soql.rows import Cell
from orgtwin.soql.tree import Kind, Literal
from orgtwin.soql.values import bound


def fetch_rows(execution: Execution, plan: Plan) -> list[Row]:
    """The selected rows of the plan's object, in order."""
    rows = matching_rows(execution, plan)
    return windowed(execution, plan, sorted_rows(execution, rows, plan.order) if plan.order else rows)


def matching_rows(execution: Execution, plan: Plan) -> Iterable[Row]:
    """The rows the caller may see that meet WHERE and the scope, one after the other: a small LIMIT stops the scan early."""
    table = execution.table(plan.root.api_name)
    rows = _candidates(execution, plan, table)
    tests = _tests(execution, plan)
    if not tests:
        return rows
    if len(tests) == 1:
        return filter(tests[0], rows)
    return (row for row in rows if all(test(row) for test in tests))


def _tests(execution: Execution, plan: Plan) -> tuple[Test, ...]:
    tests: list[Test] = []
    if plan.where is not None:
        tests.append(plan.where.bind(execution))
    if plan.owner_field is not None:
        read, user_id = execution.table(plan.root.api_name).reader(plan.owner_field.api_name), execution.caller.user_id
        tests.append(lambda row: read(row) == user_id)
    shows = execution.row_filter(plan.root.api_name)
    if shows is not None:
        tests.append(shows)
    return tuple(tests)


def _candidates(execution: Execution, plan: Plan, table: Table) -> Iterable[Row]:
    deleted = table.deleted_rows() if execution.all_rows else ()
    found = _indexed_rows(execution, plan, table)
    if found is not None:
        return chain(found, deleted)
    return chain(table.rows(), deleted) if execution.all_rows else table.rows()


def _indexed_rows(execution: Execution, plan: Plan, table: Table) -> Sequence[Row] | None:
    """The rows of the probe with the fewest values; None when no condition is on an index."""
    best: tuple[Field, tuple[Value, ...]] | None = None
    for probe in plan.where.probes if plan.where is not None else ():
        if table.is_indexed(probe.field.api_name):
            values = probe.values(execution)
            if None not in values and (best is None or len(values) < len(best[1])):
                best = (probe.field, values)
    if best is None:
        return None
    field, values = best
    if len(values) == 1:
        return table.find(field.api_name, values[0])
    found = {id(row): row for value in values for row in table.find(field.api_name, value)}
    return _oldest_first(list(found.values()), table.reader("Id"))


def _oldest_first(rows: list[Row], read_id: Reader) -> list[Row]:
    rows.sort(key=lambda row: str(read_id(row)))
    return rows


def windowed(execution: Execution, plan: Plan, rows: Iterable[Row]) -> list[Row]:
    """OFFSET and LIMIT."""
    start = _count(execution, plan.offset) if plan.offset is not None else 0
    end = start + _count(execution, plan.limit) if plan.limit is not None else None
    return list(islice(rows, start, end))


def _count(execution: Execution, literal: Literal) -> int:
    value = bound(execution, literal) if literal.kind is Kind.BIND else literal.value
    if isinstance(value, bool) or value is None or int(str(value)) < 0:
        raise SalesforceError("MALFORMED_QUERY", f"LIMIT and OFFSET take a number that is not negative, not {value}")
    return int(str(value))


def fetch_children(execution: Execution, plan: Plan, reference: Field, parent_type: str) -> Callable[[Row], Cell]:
    """From a parent row to the made rows of one child query."""
    if plan.shape is None:
        return lambda _row: []
    make = plan.shape.bind(execution, plan.root.api_name)
    tests = _tests(execution, plan)
    read_id = execution.table(parent_type).reader("Id")
    children = _children_by_parent(execution, plan, reference)

    def read(row: Row) -> Cell:
        rows = [child for child in children(read_id(row)) if all(test(child) for test in tests)]
        ordered = sorted_rows(execution, rows, plan.order) if plan.order else rows
        return [make(child) for child in windowed(execution, plan, ordered)]

    return read


def _children_by_parent(execution: Execution, plan: Plan, reference: Field) -> Callable[[Value], Iterable[Row]]:
    table = execution.table(plan.root.api_name)
    if table.is_indexed(reference.api_name) and not execution.all_rows:
        return lambda parent_id: table.find(reference.api_name, parent_id)
    read = table.reader(reference.api_name)
    by_parent: dict[Value, list[Row]] = {}
    deleted = table.deleted_rows() if execution.all_rows else ()
    for child in chain(table.rows(), deleted):
        by_parent.setdefault(read(child), []).append(child)
    return lambda parent_id: by_parent.get(parent_id, ())
