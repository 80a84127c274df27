"""Rows as the journal keeps them: [object, columns, state, rows] for each object and state.

The state is "live", "bin", "emptied" (out of the bin) or "gone"; a row that is gone is only its id. Rows are after-images, whole
ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from orgtwin.records.model import Row
from orgtwin.records.stored_values import dump_rows
from orgtwin.records.table import ID, RecordTable
from orgtwin.records.transactions import Change, Entry

Images = list[object]


def touched_images(tables: Mapping[str, RecordTable], entries: Iterable[Entry]) -> list[Images]:
    """What a transaction has left of the rows that it touched, once a row."""
    touched: dict[RecordTable, dict[str, None]] = {}
    for entry in entries:
        if entry.change is not Change.PUBLISHED:
            touched.setdefault(entry.table, {})[cast(str, entry.row[ID])] = None
    return [
        images
        for table, record_ids in touched.items()
        if tables.get(table.type.api_name.lower()) is table  # else the object has gone meanwhile, with its rows
        for images in _by_state(table, record_ids)
    ]


def all_images(table: RecordTable) -> Iterator[Images]:
    """Of every row of a table."""
    yield from _by_state(table, [*table.live, *table.recycled])


def _by_state(table: RecordTable, record_ids: Iterable[str]) -> Iterator[Images]:
    live: list[Row] = []
    recycled: list[Row] = []
    emptied: list[Row] = []
    gone: list[str] = []
    for record_id in record_ids:
        if (row := table.live.get(record_id)) is not None:
            live.append(row)
        elif (row := table.recycled.get(record_id)) is not None:
            (emptied if record_id in table.emptied else recycled).append(row)
        else:
            gone.append(record_id)
    if live:
        yield _images(table, "live", live)
    if recycled:
        yield _images(table, "bin", recycled)
    if emptied:
        yield _images(table, "emptied", emptied)
    if gone:
        yield [table.type.api_name, list(table.slots), "gone", gone]


def _images(table: RecordTable, state: str, rows: Sequence[Row]) -> Images:
    return [table.type.api_name, list(table.slots), state, dump_rows([_even(table, row) for row in rows])]


def _even(table: RecordTable, row: Row) -> Row:
    """The values of a row in the order of the table's columns, one for each of them."""
    slots, width = table.slots, len(row)
    if width == len(slots) == table.width:  # no column was ever taken away
        return row
    return Row([row[slot] if slot < width else None for slot in slots.values()])


def apply_images(table: RecordTable, columns: Iterable[str], state: str, images: Iterable[object]) -> None:
    """Bring rows to what their images say."""
    slots = [table.slot(name) for name in columns]
    for image in images:
        record_id = image if isinstance(image, str) else image[0]  # type: ignore[index]
        _forget(table, record_id)
        if state == "gone":
            continue
        content = Row([None] * table.width)
        for slot, value in zip(slots, image, strict=True):  # type: ignore[call-overload]
            content[slot] = value
        if state == "live":
            table.add(content)
        else:
            table.recycled[record_id] = content
            if state == "emptied":
                table.emptied.add(record_id)


def _forget(table: RecordTable, record_id: str) -> None:
    row = table.live.get(record_id)
    if row is not None:
        table.discard(row)
    table.recycled.pop(record_id, None)
    table.emptied.discard(record_id)
