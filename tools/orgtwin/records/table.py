"""The rows of one sObject type in memory.

A row is a list. The first seven slots are the system fields below; every other field gets the next free slot when it is first
written, so that a row only pays for columns its table uses. A row may therefore be shorter than the table is wide: a missing slot
reads as None. Index rules: unique fields are indexed from the start, other find-able fields when `find` is first called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from orgtwin.records.index import Index, KeyedIndex, RowFollower, UniqueIndex
from orgtwin.records.model import Row, Value
from orgtwin.schema.model import Field, FieldType, SObjectType

ID, IS_DELETED, CREATED_DATE, CREATED_BY, MODIFIED_DATE, MODIFIED_BY, SYSTEM_MODSTAMP = range(7)
SYSTEM_SLOTS = {
    "id": ID,
    "isdeleted": IS_DELETED,
    "createddate": CREATED_DATE,
    "createdbyid": CREATED_BY,
    "lastmodifieddate": MODIFIED_DATE,
    "lastmodifiedbyid": MODIFIED_BY,
    "systemmodstamp": SYSTEM_MODSTAMP,
}

Reader = Callable[[Row], Value]
C = TypeVar("C")
Computer = Callable[["RecordTable", Field], Reader]


@dataclass(frozen=True, slots=True)
class Aside:
    """The rows of a table that stands empty for a while."""

    live: dict[str, Row]
    recycled: dict[str, Row]


class RecordTable:
    """See `Table` in records/model.py for what others may ask of it; the rest is for records/ alone."""

    def __init__(self, sobject_type: SObjectType, compute: Computer) -> None:
        self.type = sobject_type
        self._compute = compute
        self.version = 0
        self.on_change: Callable[[], None] | None = None  # for whoever compiles something from these rows
        self.live: dict[str, Row] = {}
        self.recycled: dict[str, Row] = {}
        self.emptied: set[str] = set()
        self.slots: dict[str, int] = dict(SYSTEM_SLOTS)
        self.width = len(SYSTEM_SLOTS)
        self._readers: dict[str, Reader] = {}
        self._computed: dict[str, Reader] = {}
        self._compiled: dict[object, object] = {}
        self._formulas: dict[object, object] = {}
        self._followers: tuple[RowFollower, ...] = ()
        self._index_unique_fields()

    # ---- reading

    def reader(self, field: str) -> Reader:
        found = self._readers.get(field)
        if found is not None:
            return found
        name = field.lower()
        slot = self.slots.get(name)
        f = self.type.find_field(name)
        if f is not None and f.type is FieldType.BOOLEAN and not f.formula:
            found = self._readers[field] = self._flag_reader(name)
            return found
        if slot is not None:
            found = self._readers[field] = _slot_reader(slot)
            return found
        computed = self._computed.get(name)
        if computed is not None:
            return computed
        if f is None or not f.formula:
            return self._late_reader(name)
        computed = self._computed[name] = self._compute(self, f)
        return computed

    def rows(self) -> Iterable[Row]:
        return self.live.values()

    def deleted_rows(self) -> Iterable[Row]:
        return self.recycled.values()

    def __len__(self) -> int:
        return len(self.live)

    def get(self, record_id: str) -> Row | None:
        return self.live.get(record_id)

    def is_indexed(self, field: str) -> bool:
        name = field.lower()
        return name == "id" or name in self._indexes or self._may_index(name)

    def find(self, field: str, value: Value) -> Sequence[Row]:
        name = field.lower()
        if name == "id":
            return self._find_id(value)
        if value is None:
            return ()
        return self._index(name).find(value)

    def finder(self, field: str) -> Callable[[Value], Sequence[Row]]:
        """`find` of one field, for as long as the type is the same; never asked for None."""
        name = field.lower()
        return self._find_id if name == "id" else self._index(name).find

    def unique_finder(self, field: str) -> Callable[[Value], Row | None] | None:
        """The one row of a value, for as long as the type is the same; texts are asked for as the index folds them.

        None where values are not unique.
        """
        index = self._indexes.get(field.lower())
        return index.find_one if isinstance(index, UniqueIndex) else None

    def _find_id(self, value: Value) -> Sequence[Row]:
        row = self.live.get(value) if isinstance(value, str) else None
        return () if row is None else (row,)

    # ---- writing, for the save order and the undo log

    def slot(self, field: str) -> int:
        """Where a field lives in a row; the first caller allocates it."""
        name = field.lower()
        found = self.slots.get(name)
        if found is None:
            found = self.slots[name] = self.width
            self.width += 1
        return found

    def widened(self, row: Row) -> Row:
        """A copy of a row that has every slot of this table."""
        return Row(row + [None] * (self.width - len(row)))

    def write(self, row: Row, field: str, value: Value) -> None:
        """Set one field of a row that is not stored yet."""
        slot = self.slot(field)
        if slot >= len(row):
            row.extend([None] * (self.width - len(row)))
        row[slot] = value

    def add(self, row: Row) -> None:
        self._changed()
        self.live[row[ID]] = row  # type: ignore[index]
        for follower in self._followers:
            follower.add(row)

    def add_all(self, rows: Sequence[Row]) -> None:
        self._changed()
        live = self.live
        for row in rows:
            live[row[ID]] = row  # type: ignore[index]
        for follower in self._followers:
            follower.add_all(rows)

    def discard(self, row: Row) -> None:
        """Forget a live row as if it had never been."""
        self._changed()
        del self.live[row[ID]]  # type: ignore[arg-type]
        for follower in self._followers:
            follower.remove(row)

    def change(self, row: Row, content: Row) -> None:
        """Overwrite a live row in place: whoever holds the row sees the new values."""
        self._changed()
        moved = [follower for follower in self._followers if follower.moves(row, content)]
        for follower in moved:
            follower.remove(row)
        row[:] = content
        for follower in moved:
            follower.add(row)

    def recycle(self, row: Row) -> None:
        """Move a live row to the recycle bin."""
        self.discard(row)
        row[IS_DELETED] = True
        self.recycled[row[ID]] = row  # type: ignore[index]

    def restore(self, row: Row) -> None:
        """Move a row from the recycle bin back."""
        del self.recycled[row[ID]]  # type: ignore[arg-type]
        row[IS_DELETED] = False
        self.add(row)

    def has_conflicts(self, rows: Sequence[Row]) -> bool:
        """Whether new rows have a unique value twice, or one that a live row has."""
        return any(index.meets(rows) for index in self._unique)

    def find_conflict(self, row: Row) -> tuple[Field, Row] | None:
        """The unique field whose value another live row already has, and that row."""
        for index in self._unique:
            other = index.find_other(row)
            if other is not None:
                return index.field, other
        return None

    def compiled(self, make: Callable[[RecordTable], C]) -> C:
        """What `make` works out of this table's type, made once per version of the type."""
        found = self._compiled.get(make)
        if found is None:
            found = self._compiled[make] = make(self)
        return found  # type: ignore[return-value]

    def compiled_formulas(self, make: Callable[[RecordTable], C]) -> C:
        """As `compiled`, once per version of the whole schema: a formula may read any type."""
        found = self._formulas.get(make)
        if found is None:
            found = self._formulas[make] = make(self)
        return found  # type: ignore[return-value]

    def follow(self, follower: RowFollower) -> None:
        """Tell a follower of every live row, of those there are first, until `unfollow` or another version of the type."""
        for row in self.live.values():
            follower.add(row)
        self._followers = (*self._followers, follower)

    def unfollow(self, follower: RowFollower) -> None:
        self._followers = tuple(other for other in self._followers if other is not follower)

    def is_followed_by(self, follower: RowFollower) -> bool:
        return any(other is follower for other in self._followers)

    def _changed(self) -> None:
        self.version += 1
        if self.on_change is not None:
            self.on_change()

    def set_aside(self) -> Aside:
        """Take every row out, as if the table had none, until `bring_back`."""
        aside = Aside(self.live.copy(), self.recycled.copy())
        for follower in self._followers:
            for row in self.live.values():
                follower.remove(row)
        self.live.clear()
        self.recycled.clear()
        self._changed()
        return aside

    def bring_back(self, aside: Aside) -> None:
        """Put the rows of `set_aside` before those that came since."""
        for follower in self._followers:
            follower.add_all(list(aside.live.values()))
        for rows, kept in ((self.live, aside.live), (self.recycled, aside.recycled)):
            since = rows.copy()
            rows.clear()
            rows.update(kept)
            rows.update(since)
        self._changed()

    # ---- schema

    def retype(self, sobject_type: SObjectType, slots: dict[str, int] | None = None) -> None:
        """Take another version of the type into use.

        A removed field loses its slot and nothing ever gets that slot again, so that going back to an earlier version with its
        `slots` finds the old values, and a field created anew under an old name is empty.
        """
        self._changed()
        self._readers.clear()
        kept = {f.api_name.lower() for f in sobject_type.fields} | SYSTEM_SLOTS.keys()
        self.slots = dict(slots) if slots is not None else {n: s for n, s in self.slots.items() if n in kept}
        self.type = sobject_type
        self._index_unique_fields()

    def forget_computed(self) -> None:
        """Formulas are to be compiled again: some type that they may read has changed."""
        self._computed.clear()
        self._formulas.clear()

    def _index_unique_fields(self) -> None:
        self._indexes: dict[str, Index] = {}
        self._followers = ()
        self._unique: list[UniqueIndex] = []
        self._compiled.clear()
        for f in self.type.fields:
            if f.unique:
                self._build_index(f)

    def _may_index(self, name: str) -> bool:
        f = self.type.find_field(name)
        return f is not None and (f.external_id or f.id_lookup or f.type is FieldType.REFERENCE)

    def _index(self, name: str) -> Index:
        index = self._indexes.get(name)
        if index is None:
            f = self.type.find_field(name)
            if f is None or not self._may_index(name):
                raise KeyError(f"{self.type.api_name}.{name} is not indexed")
            index = self._build_index(f)
        return index

    def _build_index(self, f: Field) -> Index:
        slot = self.slot(f.api_name)
        index: Index
        if f.unique:
            index = unique = UniqueIndex(f, slot)
            self._unique.append(unique)
        else:
            index = KeyedIndex(f, slot)
        self._indexes[f.api_name.lower()] = index
        self.follow(index)
        return index

    def _flag_reader(self, name: str) -> Reader:
        """A checkbox that was never set is not stored: it reads as false."""
        slots = self.slots

        def read(row: Row) -> Value:
            slot = slots.get(name)
            return slot is not None and slot < len(row) and row[slot] is True

        return read

    def _late_reader(self, name: str) -> Reader:
        """The field has no slot yet: look again at every read."""
        slots = self.slots

        def read(row: Row) -> Value:
            slot = slots.get(name)
            return row[slot] if slot is not None and slot < len(row) else None

        return read


def _slot_reader(slot: int) -> Reader:
    def read(row: Row) -> Value:
        try:
            return row[slot]
        except IndexError:
            return None

    return read
