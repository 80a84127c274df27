"""Roll-up summary fields: steps 16 and 17, kept as stored values of the parent.

Source: "Roll-Up Summary Field" (Salesforce Help): COUNT, SUM, MIN, MAX over the children of a master; deleted
children do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from orgtwin.records.model import Row
from orgtwin.records.summaries import Summary, SummaryField
from orgtwin.records.table import RecordTable
from orgtwin.records.transactions import UndoLog
from orgtwin.schema.model import Schema

BeforeAfter = Sequence[tuple[Row | None, Row | None]]


class _Org(Protocol):
    log: UndoLog

    @property
    def schema(self) -> Schema: ...

    def table(self, sobject_type: str) -> RecordTable: ...


class Rollups:
    """All roll-up fields of a schema, by child object."""

    def __init__(self, org: _Org) -> None:
        self._org = org
        self._schema: Schema | None = None
        self._by_child: dict[str, list[SummaryField]] = {}
        self._following: dict[str, tuple[RecordTable, Summary]] = {}

    def has_parents(self, table: RecordTable) -> bool:
        """Whether anything summarizes the rows of this object."""
        return bool(self._summaries_over(table.type.api_name))

    def update_parents(self, table: RecordTable, rows: BeforeAfter) -> None:
        """Bring the summaries over these children up to date, and what their parents' parents summarize."""
        for summary in self._summaries_over(table.type.api_name):
            self._update(table, summary, _parent_ids(table, summary.foreign_key, rows))

    def follow_schema(self, before: Schema) -> None:
        """Work out the summaries that are new or changed since an earlier schema, over the records that are there."""
        self._summaries_over("")
        for summaries in self._by_child.values():
            for summary in summaries:
                owner = before.find_type(summary.parent_type)
                if owner is None or owner.find_field(summary.field.api_name) != summary.field:
                    parents = list(self._org.table(summary.parent_type).live)
                    self._update(self._org.table(summary.child_type), summary, parents)

    def _update(self, children: RecordTable, summary: SummaryField, parent_ids: Sequence[str]) -> None:
        parents = self._org.table(summary.parent_type)
        changed: list[tuple[Row | None, Row | None]] = []
        for parent_id in parent_ids:
            parent = parents.live.get(parent_id)
            if parent is None:
                continue
            value = self._follow(children, summary).value(parent_id)
            if parents.reader(summary.field.api_name)(parent) != value:
                content = parents.widened(parent)
                parents.write(content, summary.field.api_name, value)
                before = self._org.log.change(parents, parent, parents.widened(content))
                changed.append((before, parent))
        if changed:
            self.update_parents(parents, changed)

    def _follow(self, children: RecordTable, summary: SummaryField) -> Summary:
        """What follows the child table for a summary; it is made from the rows when it is first asked for."""
        found = self._following.get(summary.key)
        if found is None or not children.is_followed_by(found[1]):
            made = Summary(children, summary)
            children.follow(made)
            found = self._following[summary.key] = (children, made)
        return found[1]

    def _summaries_over(self, child_type: str) -> list[SummaryField]:
        schema = self._org.schema
        if self._schema is not schema:
            self._schema = schema
            self._by_child = _collect(schema)
            for table, follower in self._following.values():
                table.unfollow(follower)
            self._following.clear()
        return self._by_child.get(child_type.lower(), [])


def _collect(schema: Schema) -> dict[str, list[SummaryField]]:
    found: dict[str, list[SummaryField]] = {}
    for parent in schema:
        for f in parent.fields:
            if f.summary is not None:
                foreign_key, operation, child_field = f.summary
                child, _, column = foreign_key.partition(".")
                column_name = child_field.rpartition(".")[2] if child_field else None
                row = SummaryField(parent.api_name, child, f, column, operation.lower(), column_name)
                found.setdefault(child.lower(), []).append(row)
    return found


def _parent_ids(table: RecordTable, foreign_key: str, rows: BeforeAfter) -> list[str]:
    read = table.reader(foreign_key)
    values = (read(row) for pair in rows for row in pair if row is not None)
    return [value for value in dict.fromkeys(values) if isinstance(value, str)]
