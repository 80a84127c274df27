"""Rows that the org writes by itself: no caller asked for them, no rule refuses them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from orgtwin.ids import IdSequence
from orgtwin.records.model import Row, Value
from orgtwin.records.system_fields import stamp_created, type_defaults
from orgtwin.records.table import ID, RecordTable
from orgtwin.records.transactions import UndoLog


class Org(Protocol):
    ids: IdSequence
    log: UndoLog

    @property
    def now(self) -> datetime: ...

    def table(self, sobject_type: str) -> RecordTable: ...


def store_own_row(
    org: Org, sobject_type: str, values: Mapping[str, Value], user_id: str, record_id: str | None = None
) -> str:
    """Store one row with its defaults, owned and created by `user_id`; its id."""
    table = org.table(sobject_type)
    record_id = record_id or org.ids.next_id(table.type.key_prefix)
    defaults = table.compiled(type_defaults)
    content = Row([None] * table.width)
    for name, value in {**defaults, **values}.items():
        if value is not None:
            table.write(content, name, value)
    if "OwnerId" not in values and table.type.find_field("OwnerId") is not None:
        table.write(content, "OwnerId", user_id)
    stamp_created(content, record_id, user_id, org.now)
    org.log.add(table, content)
    return record_id


def store_own_rows(
    org: Org, sobject_type: str, fields: Sequence[str], rows: Iterable[Sequence[Value]], user_id: str
) -> None:
    """Store rows that all give values to the same fields, as `store_own_row` stores one that has no owner."""
    table = org.table(sobject_type)
    slots = [table.slot(name) for name in fields]
    blank = Row([None] * table.width)
    for name, value in table.compiled(type_defaults).items():
        table.write(blank, name, value)
    stamp_created(blank, "", user_id, org.now)
    ids = org.ids.coming(table.type.key_prefix)
    contents = []
    for values in rows:
        content = Row(blank.copy())
        for slot, value in zip(slots, values, strict=True):
            content[slot] = value
        content[ID] = next(ids)
        contents.append(content)
    org.log.add_all(table, contents)


def change_own_row(org: Org, sobject_type: str, record_id: str, values: Mapping[str, Value]) -> None:
    """Change a row as the org does by itself: no stamps, no rules."""
    table = org.table(sobject_type)
    row = table.live[record_id]
    content = table.widened(row)
    for name, value in values.items():
        table.write(content, name, value)
    org.log.change(table, row, content)
