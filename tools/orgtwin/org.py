"""One org in memory: what the Organization protocol promises, put together."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from orgtwin.access.access import OrgAccess
from orgtwin.access.grants import Grant
from orgtwin.ids import IdSequence
from orgtwin.organization import Clock
from orgtwin.records.dml import RecordDml
from orgtwin.records.formulas import Formulas
from orgtwin.records.journal import Journal
from orgtwin.records.kept_events import Images, KeptEvents
from orgtwin.records.kept_jobs import KeptJobs
from orgtwin.records.locks import RowLocks
from orgtwin.records.model import AccessLevel, Caller
from orgtwin.records.rollups import Rollups
from orgtwin.records.saving import SaveHooks
from orgtwin.records.table import RecordTable
from orgtwin.records.transactions import Mark, UndoLog
from orgtwin.schema.model import Schema
from orgtwin.settings import Settings

_MICROSECONDS = tuple(timedelta(microseconds=number) for number in range(1000))


@dataclass(frozen=True, eq=False)
class Savepoint:
    """Records, schema and settings at one moment. Keep it only as long as a rollback may come: the undo log lives as long."""

    mark: Mark
    schema: Schema
    settings: dict[str, object]
    tables: dict[str, RecordTable]
    slots: dict[str, dict[str, int]]


class Org:
    """See `Organization` in organization.py."""

    def __init__(self, schema: Schema, clock: Clock, org_id: str, automated_user_id: str) -> None:
        self.org_id = org_id
        self.clock = clock
        self.ids = IdSequence()
        self.version = 0
        """Another number whenever the schema or a setting is another."""
        self.settings = Settings(self._changed)
        self.automated_user_id = automated_user_id
        self.running_user_id = automated_user_id  # for $User in formulas; Dml and queries set it
        self.hooks = SaveHooks()
        self.log = UndoLog()
        self.locks = RowLocks(clock)
        self.kept_events = KeptEvents()
        self.kept_jobs = KeptJobs()
        self.schema = schema
        self.tables: dict[str, RecordTable] = {}
        self.numbers: dict[tuple[str, str], int] = {}
        self.formulas = Formulas(self)
        self.rollups = Rollups(self)
        self.access = OrgAccess(self)
        self.dml = RecordDml(self)
        self._journal: Journal | None = None

    def _changed(self) -> None:
        self.version += 1

    # ---- schema

    def replace_schema(self, schema: Schema) -> None:
        """Take a later schema into use; rows of removed objects and values of removed fields are no longer there."""
        before = self.schema
        self._adopt(schema, {})
        with self.log.transaction():
            self.rollups.follow_schema(before)

    def _adopt(self, schema: Schema, slots: Mapping[str, dict[str, int]]) -> None:
        kept: dict[str, RecordTable] = {}
        for key, table in self.tables.items():
            sobject_type = schema.find_type(key)
            if sobject_type is None:
                continue
            kept[key] = table
            if sobject_type is not table.type or key in slots:
                table.retype(sobject_type, slots.get(key))
            table.forget_computed()
        self.tables = kept
        self.schema = schema
        self._changed()

    # ---- records

    def table(self, sobject_type: str) -> RecordTable:
        """The table of an object, by API name in any case; KeyError when the schema has no such object."""
        key = sobject_type.lower()
        found = self.tables.get(key)
        if found is None:
            known = self.schema.find_type(key)
            if known is None:
                raise KeyError(sobject_type)
            found = self.tables[key] = RecordTable(known, self.formulas.reader)
        return found

    @property
    def now(self) -> datetime:
        """The clock, in whole milliseconds as the platform keeps time."""
        moment = self.clock()
        return moment - _MICROSECONDS[moment.microsecond % 1000]

    def grant(self, caller: Caller, sobject_type: str) -> Grant:
        return self.access.grant(caller, sobject_type)

    def has_permission(self, caller: Caller, name: str) -> bool:
        return self.access.has_permission(caller, name)

    def next_numbers(self, sobject_type: str, field: str, count: int) -> range:
        key = (sobject_type, field)
        first = self.numbers.get(key, 0) + 1
        self.numbers[key] = first + count - 1
        return range(first, first + count)

    def system_caller(self) -> Caller:
        return Caller(self.automated_user_id, AccessLevel.SYSTEM_MODE)

    # ---- transactions and savepoints

    def transaction(self) -> AbstractContextManager[None]:
        """Everything inside, schema and settings included, is kept on disk together or not at all. See `UndoLog.transaction`."""
        return self.log.transaction()

    def setup_writes(self) -> AbstractContextManager[None]:
        """What a deploy writes: no trigger runs, and classes are compiled once, after all of them are there."""
        return self.hooks.set_aside()

    def keep_in(self, journal: Journal, jobs: Path) -> None:
        """Write every commit to a journal from now on, and what clients wait for to a folder."""
        journal.follow(self)
        self.kept_jobs.keep_in(jobs, self._keep_outside_transactions)
        self._journal = journal
        self.log.on_commit(journal.committed)

    @property
    def is_kept(self) -> bool:
        """Whether there is a journal."""
        return self._journal is not None

    def keep_events(self, images: Images) -> None:
        """Write events, at once, that no commit tells."""
        if self._journal is not None:
            self._journal.keep(images)

    def close(self) -> None:
        """Let go of the journal, if there is one; the org is not to be changed afterwards."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None
            self.kept_jobs.stop()

    def _keep_outside_transactions(self) -> None:
        if self._journal is not None and not self.log.is_open:
            self._journal.committed([])

    def savepoint(self) -> Savepoint:
        slots = {key: dict(table.slots) for key, table in self.tables.items()}
        return Savepoint(self.log.mark(), self.schema, dict(self.settings), dict(self.tables), slots)

    def rollback(self, savepoint: object) -> None:
        """Back to a savepoint: schema first, so that rows find their columns, then records."""
        if not isinstance(savepoint, Savepoint):
            raise TypeError(f"not a savepoint of an org: {savepoint!r}")
        if self.schema is not savepoint.schema:
            self.tables = {**self.tables, **savepoint.tables}
            self._adopt(savepoint.schema, savepoint.slots)
        self.log.rollback(savepoint.mark)
        self.settings.become(savepoint.settings)
        self._keep_outside_transactions()
