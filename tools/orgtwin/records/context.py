"""What the save order may ask of the org around it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from orgtwin.access.grants import Grant
from orgtwin.ids import IdSequence
from orgtwin.records.formulas import Formulas
from orgtwin.records.locks import RowLocks
from orgtwin.records.model import Caller
from orgtwin.records.rollups import Rollups
from orgtwin.records.saving import SaveHooks
from orgtwin.records.table import RecordTable
from orgtwin.records.transactions import UndoLog
from orgtwin.schema.model import Schema


class RecordsContext(Protocol):
    hooks: SaveHooks
    ids: IdSequence
    locks: RowLocks
    log: UndoLog
    automated_user_id: str
    running_user_id: str

    @property
    def schema(self) -> Schema: ...

    @property
    def settings(self) -> Mapping[str, object]: ...

    @property
    def now(self) -> datetime: ...

    @property
    def rollups(self) -> Rollups: ...

    def table(self, sobject_type: str) -> RecordTable: ...

    def grant(self, caller: Caller, sobject_type: str) -> Grant: ...

    def has_permission(self, caller: Caller, name: str) -> bool: ...

    def next_numbers(self, sobject_type: str, field: str, count: int) -> range:
        """The next so many auto numbers of a field."""

    @property
    def formulas(self) -> Formulas: ...
