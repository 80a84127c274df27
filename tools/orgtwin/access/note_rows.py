"""The notes and attachments of records as one object: NoteAndAttachment, which only a parent's query reaches.

Source: "NoteAndAttachment" (Object Reference): "all notes and attachments associated with an object". A caller finds those of the
two that it may see, under the ids that they have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from orgtwin.organization import Organization
from orgtwin.records.model import Caller, Row, Value
from orgtwin.records.table import ID, RecordTable

_SOURCES = {"Note": "Title", "Attachment": "Name"}
"""The two objects, and the field of each that is the title."""
_SAME = (
    "ParentId",
    "IsPrivate",
    "OwnerId",
    "CreatedById",
    "CreatedDate",
    "LastModifiedById",
    "LastModifiedDate",
    "SystemModstamp",
)


class NoteAndAttachmentRows:
    """See `Table` in records/model.py."""

    def __init__(self, org: Organization, shown: RecordTable, caller: Caller) -> None:
        self._org = org
        self._shown = shown
        self._caller = caller

    def reader(self, field: str) -> Callable[[Row], Value]:
        return self._shown.reader(field)

    def rows(self) -> Iterable[Row]:
        for name in _SOURCES:
            yield from self._made(name, self._org.table(name).rows())

    def deleted_rows(self) -> Iterable[Row]:
        for name in _SOURCES:
            yield from self._made(name, self._org.table(name).deleted_rows())

    def __len__(self) -> int:
        return sum(1 for _ in self.rows())

    def get(self, record_id: str) -> Row | None:
        return next(iter(self.find("Id", record_id)), None)

    def is_indexed(self, field: str) -> bool:
        return field.lower() in ("id", "parentid")

    def find(self, field: str, value: Value) -> Sequence[Row]:
        return tuple(row for name in _SOURCES for row in self._made(name, self._org.table(name).find(field, value)))

    def _made(self, name: str, rows: Iterable[Row]) -> Iterator[Row]:
        access = self._org.access
        if not access.can(self._caller, name, "read"):
            return
        source, may_see = self._org.table(name), access.row_filter(self._caller, name)
        reads = {"Title": source.reader(_SOURCES[name])} | {field: source.reader(field) for field in _SAME}
        for row in rows:
            if may_see is None or may_see(row):
                yield self._one(row, name == "Note", reads)

    def _one(self, row: Row, is_note: bool, reads: dict[str, Callable[[Row], Value]]) -> Row:
        made = Row([None] * self._shown.width)
        for field, read in reads.items():
            self._shown.write(made, field, read(row))
        self._shown.write(made, "IsNote", is_note)
        made[ID] = row[ID]
        return made
