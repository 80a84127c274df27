"""Step 7 of the save order: into the table, with an id and stamps, unless a unique value is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from orgtwin.errors import SaveError
from orgtwin.records.context import RecordsContext
from orgtwin.records.model import Row, Value
from orgtwin.records.saving import Operation, Pending, Save
from orgtwin.records.system_fields import auto_numbers, created_stamps, stamp_created, stamp_modified, text_names
from orgtwin.records.table import ID, SYSTEM_MODSTAMP, RecordTable
from orgtwin.schema.model import Field


def store(context: RecordsContext, save: Save) -> None:
    """Where unique values meet they are checked row by row: a row also meets the rows before it in the same batch."""
    if save.operation is Operation.INSERT:
        _store_new(context, save)
    else:
        _store_changed(context, save)


def _store_new(context: RecordsContext, save: Save) -> None:
    if not save.table.has_conflicts([row.content for row in save.rows]):
        _add(context, save, save.rows)
        return
    for row in save.rows:
        if not _is_refused(save.table, row):
            _add(context, save, [row])


def _add(context: RecordsContext, save: Save, rows: Sequence[Pending]) -> None:
    table, now, user_id = save.table, context.now, save.caller.user_id
    contents = [row.content for row in rows]
    ids = context.ids.coming(table.type.key_prefix)
    stamps = created_stamps(user_id, now)
    for content in contents:
        content[ID : SYSTEM_MODSTAMP + 1] = (content[ID] or next(ids), *stamps)
    for slot, key, render in table.compiled(auto_numbers):
        for content, number in zip(contents, context.next_numbers(*key, len(contents)), strict=True):
            content[slot] = render(number, now)
    for slot in table.compiled(text_names):
        for content in contents:
            if content[slot] is None:
                content[slot] = content[ID]
    if table.type.event:
        for content in contents:
            _publish(context, table, content)
    else:
        context.log.add_all(table, contents)
    for row in rows:
        row.stored = True


def publish_event(context: RecordsContext, sobject_type: str, values: Mapping[str, object], user_id: str) -> str:
    """Publish a platform event from inside the org, as Apex does; the id that the publisher is answered."""
    table = context.table(sobject_type)
    record_id = context.ids.next_id(table.type.key_prefix)
    content = Row([None] * table.width)
    stamp_created(content, record_id, user_id, context.now)
    for name, value in values.items():
        if name != "Id":
            table.write(content, name, cast(Value, value))
    _publish(context, table, content)
    return record_id


def _publish(context: RecordsContext, table: RecordTable, content: Row) -> None:
    """A platform event is not stored: it goes out at once or with the commit, as its publishBehavior says."""
    if not any(hook(table, content) for hook in context.hooks.publish_now):
        context.log.publish(table, content)
        return
    for heard in context.hooks.published_now:
        heard(table, content)


def _store_changed(context: RecordsContext, save: Save) -> None:
    table, log, now, user_id = save.table, context.log, context.now, save.caller.user_id
    for row in save.rows:
        if _is_refused(table, row):
            continue
        stamp_modified(row.content, user_id, now)
        live = table.live[str(row.content[ID])]
        row.before = log.change(table, live, row.content)
        row.content = live
        row.stored = True


def _is_refused(table: RecordTable, row: Pending) -> bool:
    conflict = table.find_conflict(row.content)
    if conflict is None:
        return False
    row.errors.append(duplicate_value(*conflict))
    return True


def duplicate_value(f: Field, other: Row) -> SaveError:
    """A unique value that another record has; the message shows the 15-character id."""
    message = f"duplicate value found: {f.api_name} duplicates value on record with id: {str(other[ID])[:15]}"
    return SaveError("DUPLICATE_VALUE", message)
