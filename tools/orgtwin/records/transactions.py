"""What has been changed since when: the undo log of one org.

Every write appends how to take it back. A mark is a position in the log; rolling back runs the log backwards to a mark. When the
outermost transaction ends, the changed rows are handed to those who asked (journal, events), and the log is emptied unless a
savepoint still refers to it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum

import msgspec

from orgtwin.records.model import Row
from orgtwin.records.table import RecordTable


class Change(Enum):
    ADDED = "added"
    CHANGED = "changed"
    RECYCLED = "recycled"
    RESTORED = "restored"
    PURGED = "purged"
    EMPTIED = "emptied"  # no longer to be undeleted
    PUBLISHED = "published"  # a platform event that goes out with the commit; it is never stored


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One write. `before` is the row's old content where the write overwrote it."""

    change: Change
    table: RecordTable
    row: Row
    before: Row | None = None


CommitListener = Callable[[list[Entry]], None]
EndListener = Callable[[bool], None]


class Mark(msgspec.Struct, eq=False, weakref=True):
    """A position in the log. One taken outside a transaction keeps the log as long as it lives; one taken inside ends with it."""

    position: int
    epoch: int


class OutOfSight(msgspec.Struct, frozen=True):
    """A transaction that others do not see: what it wrote, the content of those rows, newest first, and where it was."""

    entries: list[Entry]
    contents: list[Row]
    committed: int
    depth: int
    epoch: int
    marks: weakref.WeakSet[Mark]
    was_marked: bool
    unheard: int
    after: list[tuple[int, Callable[[], None]]]


class UndoLog:
    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._committed = 0
        self._depth = 0
        self._epoch = 0
        self._marks: weakref.WeakSet[Mark] = weakref.WeakSet()
        self._was_marked = False  # since the log was last emptied
        self._listeners: list[CommitListener] = []
        self._end_listeners: list[EndListener] = []
        self._unheard = 0
        self._after: list[tuple[int, Callable[[], None]]] = []

    def after_commit(self, act: Callable[[], None]) -> None:
        """Do this once the transaction that is open is committed, unless the last write before it is taken back."""
        self._after.append((len(self._entries), act))

    def on_commit(self, listener: CommitListener) -> None:
        """Call `listener` with the entries of every transaction when it is committed."""
        self._listeners.append(listener)

    def on_end(self, listener: EndListener) -> None:
        """Call `listener` after every outermost transaction: true when it was committed. It may write anew."""
        self._end_listeners.append(listener)

    @property
    def is_unheard(self) -> bool:
        """Whether what is committed now stays in the house: see `unheard`."""
        return self._unheard > 0

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Commits inside tell no subscriber: they are a test's, and will be taken back."""
        self._unheard += 1
        try:
            yield
        finally:
            self._unheard -= 1

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def is_open(self) -> bool:
        return self._depth > 0

    # ---- writes

    def add(self, table: RecordTable, row: Row) -> None:
        table.add(row)
        self._entries.append(Entry(Change.ADDED, table, row))

    def add_all(self, table: RecordTable, rows: Sequence[Row]) -> None:
        table.add_all(rows)
        self._entries += [Entry(Change.ADDED, table, row) for row in rows]

    def change(self, table: RecordTable, row: Row, content: Row) -> Row:
        """Overwrite a live row; its old content, which nobody may change."""
        before = Row(row.copy())
        table.change(row, content)
        self._entries.append(Entry(Change.CHANGED, table, row, before))
        return before

    def recycle(self, table: RecordTable, row: Row) -> None:
        table.recycle(row)
        self._entries.append(Entry(Change.RECYCLED, table, row))

    def restore(self, table: RecordTable, row: Row) -> None:
        table.restore(row)
        self._entries.append(Entry(Change.RESTORED, table, row))

    def purge(self, table: RecordTable, row: Row) -> None:
        del table.recycled[str(row[0])]
        self._entries.append(Entry(Change.PURGED, table, row))

    def empty(self, table: RecordTable, row: Row) -> None:
        """Note a deleted row that only ALL ROWS finds from now on."""
        table.emptied.add(str(row[0]))
        self._entries.append(Entry(Change.EMPTIED, table, row))

    def publish(self, table: RecordTable, row: Row) -> None:
        """Note a platform event that goes out when, and only if, the transaction is committed."""
        self._entries.append(Entry(Change.PUBLISHED, table, row))

    # ---- marks and transactions

    def mark(self) -> Mark:
        mark = Mark(len(self._entries), self._epoch)
        if not self._depth:
            self._marks.add(mark)
            self._was_marked = True
        return mark

    def rollback(self, mark: Mark) -> None:
        """Take back everything since the mark. What was already committed is taken back as a further commit."""
        if mark.epoch != self._epoch:
            raise RuntimeError("the savepoint is of a transaction that has ended")
        entries = self._entries
        undone = entries[mark.position :]
        for entry in reversed(undone):
            _UNDO[entry.change](entry)
        del entries[mark.position :]
        self._after = [late for late in self._after if late[0] <= mark.position]
        known = [e for e in undone[: max(0, self._committed - mark.position)] if e.change is not Change.PUBLISHED]
        self._committed = min(self._committed, len(entries))
        if known and not self._depth:
            self._announce(known)

    def put_out_of_sight(self) -> OutOfSight:
        """Take back what the open transaction wrote, for as long as others look or write; the log is as if there was none."""
        contents: list[Row] = []
        for entry in reversed(self._entries):
            contents.append(Row(entry.row.copy()))
            _UNDO[entry.change](entry)
        left = OutOfSight(
            *(self._entries, contents, self._committed, self._depth, self._epoch),
            *(self._marks, self._was_marked, self._unheard, self._after),
        )
        self._entries, self._after, self._marks = [], [], weakref.WeakSet()
        self._committed = self._depth = self._unheard = 0
        self._was_marked = False
        return left

    def bring_into_sight(self, left: OutOfSight) -> None:
        """Go on with a transaction, on the rows that others have committed meanwhile."""
        for entry, content in zip(left.entries, reversed(left.contents), strict=True):
            _REDO[entry.change](entry, content)
        self._entries, self._committed, self._depth = left.entries, left.committed, left.depth
        self._epoch, self._marks, self._was_marked = left.epoch, left.marks, left.was_marked
        self._unheard, self._after = left.unheard, left.after

    def transaction(self) -> Transaction:
        """All writes inside are kept together; an exception takes them back. Transactions nest; the outermost one commits."""
        return Transaction(self)

    def begin(self) -> Mark:
        """The start of a transaction; `commit` or `abort` ends it."""
        self._depth += 1
        return Mark(len(self._entries), self._epoch)

    def commit(self, start: Mark) -> None:
        if self._depth > 1:
            self._depth -= 1
            return
        entries = self._entries
        try:
            self._announce(entries[self._committed :] if self._committed else entries.copy())
        except BaseException:
            self.abort(start)
            raise
        self._depth = 0
        if self._was_marked and self._marks:
            self._committed = len(entries)
        else:
            self._was_marked = False
            entries.clear()
            self._committed = 0
            self._epoch += 1
        due, self._after = self._after, []
        for _position, act in due:
            act()
        for listener in self._end_listeners:
            listener(True)

    def abort(self, start: Mark) -> None:
        self._depth -= 1
        self.rollback(start)
        if not self._depth:
            self._after.clear()
            for listener in self._end_listeners:
                listener(False)

    def _announce(self, entries: list[Entry]) -> None:
        for listener in self._listeners:
            listener(entries)


class Transaction:
    """What `with log.transaction():` holds."""

    __slots__ = ("_log", "_start")

    def __init__(self, log: UndoLog) -> None:
        self._log = log

    def __enter__(self) -> None:
        self._start = self._log.begin()

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is None:
            self._log.commit(self._start)
        else:
            self._log.abort(self._start)


def _undo_recycled(entry: Entry) -> None:
    entry.table.restore(entry.row)


def _undo_restored(entry: Entry) -> None:
    entry.table.recycle(entry.row)


def _undo_purged(entry: Entry) -> None:
    entry.table.recycled[str(entry.row[0])] = entry.row


def _undo_emptied(entry: Entry) -> None:
    entry.table.emptied.discard(str(entry.row[0]))


def _undo_changed(entry: Entry) -> None:
    if entry.before is not None:
        entry.table.change(entry.row, entry.before)


def _undo_added(entry: Entry) -> None:
    entry.table.discard(entry.row)


def _undo_published(_entry: Entry) -> None:
    """Nobody has heard of it."""


_UNDO: dict[Change, Callable[[Entry], None]] = {
    Change.ADDED: _undo_added,
    Change.CHANGED: _undo_changed,
    Change.RECYCLED: _undo_recycled,
    Change.RESTORED: _undo_restored,
    Change.PURGED: _undo_purged,
    Change.EMPTIED: _undo_emptied,
    Change.PUBLISHED: _undo_published,
}


def _redo_added(entry: Entry, _content: Row) -> None:
    entry.table.add(entry.row)


def _redo_changed(entry: Entry, content: Row) -> None:
    entry.table.change(entry.row, content)


def _redo_recycled(entry: Entry, _content: Row) -> None:
    entry.table.recycle(entry.row)


def _redo_restored(entry: Entry, _content: Row) -> None:
    entry.table.restore(entry.row)


def _redo_purged(entry: Entry, _content: Row) -> None:
    del entry.table.recycled[str(entry.row[0])]


def _redo_published(_entry: Entry, _content: Row) -> None:
    """It goes out with the commit."""


_REDO: dict[Change, Callable[[Entry, Row], None]] = {
    Change.ADDED: _redo_added,
    Change.CHANGED: _redo_changed,
    Change.RECYCLED: _redo_recycled,
    Change.RESTORED: _redo_restored,
    Change.PURGED: _redo_purged,
    Change.PUBLISHED: _redo_published,
}
