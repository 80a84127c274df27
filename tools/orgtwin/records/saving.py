"""The things the save order works on: one row on its way in, one save of a batch, and the hooks that others register."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

import msgspec

from orgtwin.access.grants import FindGrant
from orgtwin.errors import SaveError
from orgtwin.records.model import Caller, Row
from orgtwin.records.sheet import WireRow
from orgtwin.records.table import RecordTable

if TYPE_CHECKING:
    from orgtwin.events.model import Change
    from orgtwin.records.telling import Listener


BATCH = 200
"""Rows that go through the steps together, at the most."""


class Operation(Enum):
    """What a save does; a key of tables in every save, hence hashed as the one object it is."""

    __hash__ = object.__hash__
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    UNDELETE = "undelete"


class Pending(msgspec.Struct, eq=False, gc=False):
    """One row on its way. `content` is what would be stored; `before` is the live row that an update changes."""

    position: int
    content: Row
    before: Row | None
    errors: list[SaveError] = []
    stored: bool = False

    def refuse(self, code: str, message: str, *fields: str) -> None:
        self.errors.append(SaveError(code, message, fields))


class Save(msgspec.Struct, eq=False):
    """One BATCH of rows of one type on its way through the steps. Refused rows leave `rows` after each step."""

    caller: Caller
    table: RecordTable
    operation: Operation
    rows: list[Pending]
    refused: list[Pending] = []
    was_triggered: bool = False  # Apex has seen its rows
    old: Mapping[int, Row] | None = None  # by position, what triggers see as old where that is not `before`
    parents_due: list[Callable[[], None]] = []  # what step 16 does beside the roll-ups
    told: Sequence[WireRow] | None = None  # what the request says, by position; None: nobody asked for the save

    def names(self, row: Pending, field: str) -> bool:
        """Whether the request names a field of a row, whatever value it gives."""
        wanted = field.lower()
        return self.told is not None and any(key.lower() == wanted for key in self.told[row.position])

    def drop_refused(self) -> None:
        """Take rows with errors out of the batch."""
        for row in self.rows:
            if row.errors:
                break
        else:
            return
        self.refused += [row for row in self.rows if row.errors]
        self.rows = [row for row in self.rows if not row.errors]


class Moment(Enum):
    """Where in the save order others join in. Source: "Triggers and Order of Execution" (Apex Developer Guide)."""

    __hash__ = object.__hash__
    BEFORE_FLOWS = "step 3: flows before the save, which may change `content`"
    BEFORE_TRIGGERS = "step 4: before triggers, which may change `content`"
    DUPLICATES = "step 6"
    AFTER_TRIGGERS = "step 8: rows are stored and have ids"
    ASSIGNMENT_RULES = "step 9"
    WORKFLOW_RULES = "step 11"
    AFTER_FLOWS = "step 14: flows after the save"


_SET_ASIDE = (Moment.BEFORE_TRIGGERS, Moment.DUPLICATES, Moment.AFTER_TRIGGERS)


def _take_nothing_back() -> None:
    """Nobody counts limits."""


SaveHook = Callable[[Save], None]
Concerns = Callable[[RecordTable], bool]
ChunkHook = Callable[[Caller], AbstractContextManager[None]]
TakeBack = Callable[[], None]
PublishHook = Callable[[RecordTable, Row], bool]


def _every_object(_table: RecordTable) -> bool:
    return True


@dataclass
class SaveHooks:
    """What others run inside a save: Apex triggers, duplicate rules. A hook refuses a row by `Pending.refuse`."""

    version: int = 0  # another one when other hooks may run than before
    _joined: dict[Moment, list[tuple[SaveHook, Concerns]]] = field(default_factory=dict)
    around_chunk: list[ChunkHook] = field(default_factory=list)  # what the triggers of one chunk share
    under_way: list[Save] = field(default_factory=list)  # the saves that go through the steps now, the innermost last
    record_types: FindGrant | None = None  # asked when a row gets a record type; None: everybody may give all
    limits_now: list[Callable[[], TakeBack]] = field(default_factory=list)  # before a batch; asked again before a retry
    publish_now: list[PublishHook] = field(default_factory=list)  # platform events; true when one went out at once
    published_now: list[Callable[[RecordTable, Row], None]] = field(default_factory=list)  # told of those that did
    change_told: list[Callable[[Change], None]] = field(default_factory=list)  # told of each change event that went out
    listener: Listener | None = None  # hears of rules and flows: the debug log, while one is kept

    def join(self, moment: Moment, hook: SaveHook, concerns: Concerns = _every_object) -> None:
        """Run `hook` from now on in the saves of objects that it concerns; asked again when the org has another version."""
        self._joined.setdefault(moment, []).append((hook, concerns))
        self.version += 1

    @contextmanager
    def joined_first(self, moment: Moment, hook: SaveHook) -> Iterator[None]:
        """Saves inside run `hook` before all others of its moment."""
        joined = self._joined.setdefault(moment, [])
        entry = (hook, _every_object)
        joined.insert(0, entry)
        self.version += 1
        try:
            yield
        finally:
            joined.remove(entry)
            self.version += 1

    def at(self, moment: Moment, table: RecordTable) -> list[SaveHook]:
        """The hooks that concern an object, as the org stands."""
        return [hook for hook, concerns in self._joined.get(moment, ()) if concerns(table)]

    def chunk(self, caller: Caller) -> AbstractContextManager[object]:
        """One BATCH of rows of one call goes through the steps inside."""
        with ExitStack() as stack:
            for hook in self.around_chunk:
                stack.enter_context(hook(caller))
            return stack.pop_all()

    def is_recursive(self, save: Save, row: Pending) -> bool:
        """Whether a record is saved again inside a save of it that is not through."""
        return any(
            other is not save and other.table is save.table and any(one.content is row.content for one in other.rows)
            for other in self.under_way
        )

    def note_limits(self) -> TakeBack:
        """Takes governor limits back to what was used when this was asked."""
        if not self.limits_now:
            return _take_nothing_back
        noted = [hook() for hook in self.limits_now]

        def take_back() -> None:
            for one in noted:
                one()

        return take_back

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        """Only hooks that are registered inside run inside, except those of `publish_now`; they go at the end."""
        lists: tuple[list[Any], ...] = (
            *(self._joined.setdefault(moment, []) for moment in _SET_ASIDE),
            *(self.around_chunk, self.limits_now, self.published_now, self.change_told),
        )
        self.version += 1
        kept = [list(hooks) for hooks in lists]
        for hooks in lists:
            hooks.clear()
        try:
            yield
        finally:
            for hooks, before in zip(lists, kept, strict=True):
                hooks[:] = before
            self.version += 1
