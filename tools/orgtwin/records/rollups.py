"""Roll-up summary fields: what they come to, kept as stored values of the parent.

Source: "Roll-Up Summary Field" (Salesforce Help): COUNT, SUM, MIN, MAX over the children of a master; deleted
children do not count. The parent is saved by `save_order`. So are the sums over line items (`line_totals`).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from orgtwin.records.line_totals import TOTALS
from orgtwin.records.model import Row
from orgtwin.records.summaries import Summary, SummaryField
from orgtwin.records.table import ID, RecordTable
from orgtwin.records.transactions import UndoLog
from orgtwin.schema.model import Schema

BeforeAfter = Sequence[tuple[Row | None, Row | None]]
ParentsDue = dict[RecordTable, dict[str, Row]]
"""By object and id, parents as they are to be stored."""


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

    def parents_due(self, table: RecordTable, rows: BeforeAfter) -> ParentsDue:
        """The parents of these children whose summaries say something new."""
        found: ParentsDue = {}
        for summary in self._summaries_over(table.type.api_name):
            parents = self._org.table(summary.parent_type)
            due = found.setdefault(parents, {})
            for parent_id in _parent_ids(table, summary.foreign_key, rows):
                live = parents.live.get(parent_id)
                if live is not None:
                    self._bring_up(table, summary, parents, live, due)
        return {parents: due for parents, due in found.items() if due}

    def parents_of(self, table: RecordTable, before: Row | None, after: Row | None) -> set[str]:
        """The ids of what summarizes one child, before its change and after."""
        keys = {summary.foreign_key for summary in self._summaries_over(table.type.api_name)}
        return {parent_id for key in keys for parent_id in _parent_ids(table, key, [(before, after)])}

    def _bring_up(
        self, children: RecordTable, summary: SummaryField, parents: RecordTable, live: Row, due: dict[str, Row]
    ) -> None:
        parent_id = str(live[ID])
        value = self._follow(children, summary).value(parent_id)
        if value is None and summary.operation == "sum of some":
            value = Decimal(0)
        if parents.reader(summary.field.api_name)(live) != value:
            content = due.get(parent_id)
            if content is None:
                content = due[parent_id] = parents.widened(live)
            parents.write(content, summary.field.api_name, value)

    def hold_totals(self, parents: RecordTable, content: Row) -> None:
        """Write what line items come to into a parent that a request would have otherwise."""
        for summary in self._totals_of(parents.type.api_name):
            value = self._follow(self._org.table(summary.child_type), summary).value(str(content[ID]))
            if value is not None:
                parents.write(content, summary.field.api_name, value)

    def _totals_of(self, parent_type: str) -> list[SummaryField]:
        children = dict.fromkeys(total.child for total in TOTALS if total.parent == parent_type)
        over = (summary for child in children for summary in self._summaries_over(child))
        return [summary for summary in over if summary.parent_type == parent_type and summary.field.summary is None]

    def follow_schema(self, before: Schema) -> None:
        """Work out the summaries that are new or changed since an earlier schema, over the records that are there. Nobody saves
        those: no trigger runs.
        """
        self._summaries_over("")
        for summaries in self._by_child.values():
            for summary in summaries:
                owner = before.find_type(summary.parent_type)
                if owner is None or owner.find_field(summary.field.api_name) != summary.field:
                    self._work_out(summary)

    def _work_out(self, summary: SummaryField) -> None:
        parents, children = self._org.table(summary.parent_type), self._org.table(summary.child_type)
        due: dict[str, Row] = {}
        for live in parents.live.values():
            self._bring_up(children, summary, parents, live, due)
        for parent_id, content in due.items():
            self._org.log.change(parents, parents.live[parent_id], content)

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
    for total in TOTALS:
        owner = schema.find_type(total.parent)
        written = owner.find_field(total.field) if owner is not None else None
        if written is not None and schema.find_type(total.child) is not None:
            row = SummaryField(
                total.parent, total.child, written, total.foreign_key, total.operation, total.child_field
            )
            found.setdefault(total.child.lower(), []).append(row)
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
