"""Roll-up summary fields: steps 16 and 17, kept as stored values of the parent.

Source: "Roll-Up Summary Field" (Salesforce Help): COUNT, SUM, MIN, MAX over the children of a master; deleted
children do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from orgtwin.records.model import Row, Value
from orgtwin.records.summary_filters import compile_filters
from orgtwin.records.table import RecordTable
from orgtwin.records.transactions import UndoLog
from orgtwin.schema.model import Field, Schema

BeforeAfter = Sequence[tuple[Row | None, Row | None]]


class _Org(Protocol):
    log: UndoLog

    @property
    def schema(self) -> Schema: ...

    def table(self, sobject_type: str) -> RecordTable: ...


@dataclass(frozen=True, slots=True)
class _Summary:
    parent_type: str
    child_type: str
    field: Field
    foreign_key: str
    operation: str
    child_field: str | None


class Rollups:
    """All roll-up fields of a schema, by child object."""

    def __init__(self, org: _Org) -> None:
        self._org = org
        self._schema: Schema | None = None
        self._by_child: dict[str, list[_Summary]] = {}

    def has_parents(self, table: RecordTable) -> bool:
        """Whether anything summarizes the rows of this object."""
        return bool(self._summaries_over(table.type.api_name))

    def update_parents(self, table: RecordTable, rows: BeforeAfter) -> None:
        """Recompute the summaries over these children, and what their parents' parents summarize."""
        summaries = self._summaries_over(table.type.api_name)
        if not summaries:
            return
        for summary in summaries:
            parents = _parent_ids(table, summary.foreign_key, rows)
            self._recompute(table, summary, parents)

    def follow_schema(self, before: Schema) -> None:
        """Work out the summaries that are new or changed since an earlier schema, over the records that are there."""
        for summaries in _collect(self._org.schema).values():
            for summary in summaries:
                owner = before.find_type(summary.parent_type)
                if owner is None or owner.find_field(summary.field.api_name) != summary.field:
                    parents = list(self._org.table(summary.parent_type).live)
                    self._recompute(self._org.table(summary.child_type), summary, parents)

    def _recompute(self, children: RecordTable, summary: _Summary, parent_ids: Sequence[str]) -> None:
        parents = self._org.table(summary.parent_type)
        changed: list[tuple[Row | None, Row | None]] = []
        for parent_id in parent_ids:
            parent = parents.live.get(parent_id)
            if parent is None:
                continue
            value = _summarize(children, summary, parent_id)
            if parents.reader(summary.field.api_name)(parent) != value:
                content = parents.widened(parent)
                parents.write(content, summary.field.api_name, value)
                before = self._org.log.change(parents, parent, parents.widened(content))
                changed.append((before, parent))
        if changed:
            self.update_parents(parents, changed)

    def _summaries_over(self, child_type: str) -> list[_Summary]:
        schema = self._org.schema
        if self._schema is not schema:
            self._schema = schema
            self._by_child = _collect(schema)
        return self._by_child.get(child_type.lower(), [])


def _collect(schema: Schema) -> dict[str, list[_Summary]]:
    found: dict[str, list[_Summary]] = {}
    for parent in schema:
        for f in parent.fields:
            if f.summary is not None:
                foreign_key, operation, child_field = f.summary
                child, _, column = foreign_key.partition(".")
                column_name = child_field.rpartition(".")[2] if child_field else None
                row = _Summary(parent.api_name, child, f, column, operation.lower(), column_name)
                found.setdefault(child.lower(), []).append(row)
    return found


def _parent_ids(table: RecordTable, foreign_key: str, rows: BeforeAfter) -> list[str]:
    read = table.reader(foreign_key)
    values = (read(row) for pair in rows for row in pair if row is not None)
    return [value for value in dict.fromkeys(values) if isinstance(value, str)]


def _summarize(children: RecordTable, summary: _Summary, parent_id: str) -> Value:
    counts = compile_filters(children, summary.field.summary_filters)
    rows = [row for row in children.find(summary.foreign_key, parent_id) if counts(row)]
    if summary.operation == "count":
        return Decimal(len(rows))
    read = children.reader(summary.child_field or "Id")
    values = [value for row in rows if (value := read(row)) is not None]
    if summary.operation == "sum":
        return sum((Decimal(str(value)) for value in values), Decimal(0))
    numbers = [value for value in values if isinstance(value, (int, Decimal, date, datetime))]
    if not numbers:
        return None
    return min(numbers) if summary.operation == "min" else max(numbers)
