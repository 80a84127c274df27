"""Apex inside the saves of an org: triggers at their steps, one transaction a chunk of an API's rows, and what follows the commit.

    apex = attach(org, user_id)      an Engine whose triggers run in every save of that org, whoever asks for it

Rows that Apex itself writes stay in the transaction of that Apex. Source: "Triggers and Order of Execution", "Trigger and Bulk
Request Best Practices" (Apex Developer Guide).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime

from orgtwin.apex.change_events import queue_change, queue_changes_of_test
from orgtwin.apex.engine import Engine
from orgtwin.apex.faults import ApexThrow, TooDeep, Uncatchable, message_of
from orgtwin.apex.kernel import engine_for, row_values
from orgtwin.apex.library.jobs import next_time, note_fired, run_as_its_user
from orgtwin.apex.limits import BULK
from orgtwin.apex.org_port import Scalar, TriggerFailed, TriggerRow
from orgtwin.apex.transaction import Job
from orgtwin.apex.triggers import fire
from orgtwin.errors import SaveError
from orgtwin.events.model import Change
from orgtwin.org import Org
from orgtwin.records.model import Caller, Row
from orgtwin.records.saving import Moment, Operation, Pending, Save
from orgtwin.records.table import RecordTable
from orgtwin.records.transactions import Change as Write
from orgtwin.records.transactions import Entry

MOST_EVENT_ROUNDS = 100
"""An org lets a trigger that answers its own events go on for ever, in the background; here the save waits for it."""
_EVENTS = {
    Operation.INSERT: "insert",
    Operation.UPDATE: "update",
    Operation.UNDELETE: "undelete",
    Operation.DELETE: "delete",
}


def _error(field: str | None, message: str) -> SaveError:
    return SaveError("FIELD_CUSTOM_VALIDATION_EXCEPTION", message, (field,) if field else ())


Logged = Callable[[Engine, str, str], AbstractContextManager[None]]
"""Keeps a debug log of what runs inside, for a user, under the name of an operation."""


def _unlogged(_engine: Engine, _user_id: str, _operation: str) -> AbstractContextManager[None]:
    return nullcontext()


_OPERATIONS = {
    "future": "FutureHandler",
    "queueable": "QueueableHandler",
    "batch": "BatchApex",
    "scheduled": "ScheduledApex",
}
"""How the log of a job is called."""


class TriggerHooks:
    """The save order's steps 4, 8 and 20 for one engine at a time; `engine_of` may give None: then nothing runs."""

    def __init__(self, engine_of: Callable[[], Engine | None], logged: Logged = _unlogged) -> None:
        self._engine_of = engine_of
        self._logged = logged
        self._jobs: list[Job] = []
        self.scheduled: list[Job] = []  # wait for their time
        self._is_following = False

    def register(self, org: Org) -> None:
        org.hooks.join(Moment.BEFORE_TRIGGERS, self.before)
        org.hooks.join(Moment.AFTER_TRIGGERS, self.after)
        org.hooks.around_chunk.append(self.chunk)
        org.hooks.limits_now.append(self.note_limits)
        org.hooks.published_now.append(self.published)
        org.hooks.change_told.append(self.changed)
        org.log.on_commit(self.committed)
        org.log.on_end(self.ended)

    def leave_work(self) -> tuple[list[Job], bool]:
        """The jobs that a paused transaction has queued, and whether jobs are being run; `find_work` takes them."""
        left = self._jobs, self._is_following
        self._jobs, self._is_following = [], False
        return left

    def find_work(self, left: tuple[list[Job], bool]) -> None:
        self._jobs, self._is_following = left

    @contextmanager
    def chunk(self, caller: Caller) -> Iterator[None]:
        """The triggers of one chunk share static fields and limits, however often they run."""
        engine = self._engine_of()
        if engine is None or engine.is_running or not engine.triggers:
            yield
            return
        before = engine.port.run_as(caller.user_id)
        try:
            kind = BULK if caller.is_bulk else "synchronous"
            with self._logged(engine, caller.user_id, "Save"), engine.new_transaction(kind=kind) as transaction:
                yield
                self._jobs += transaction.jobs
        finally:
            engine.port.run_as(before.user_id)

    def note_limits(self) -> Callable[[], None]:
        """What takes governor limits back for another attempt at a batch."""
        engine = self._engine_of()
        return _nothing if engine is None or not engine.is_running else engine.note_limits()

    def later(self, jobs: list[Job]) -> None:
        """Jobs that Apex queued; they run when the transaction around is committed."""
        self._jobs += jobs

    def ended(self, committed: bool) -> None:
        """What follows the commit: queued jobs and the triggers of published events. A refusal in them concerns nobody else."""
        engine = self._engine_of()
        if engine is None or engine.is_testing:
            return
        engine.settle_mail(committed)
        if engine.is_running or self._is_following:
            return
        engine.events.settle()
        if not committed:  # what was published at once has gone out all the same
            self._jobs.clear()
        if self._jobs or engine.events:
            self._follow(engine)

    def _follow(self, engine: Engine) -> None:
        self._is_following = True
        try:
            rounds = 0
            while self._jobs or engine.events:
                rounds += bool(engine.events)
                if rounds > MOST_EVENT_ROUNDS:
                    engine.debug(f"events that follow from events are dropped after {MOST_EVENT_ROUNDS} rounds")
                    engine.events.drop()
                engine.events.deliver(engine, is_test=False)
                self._tell_publishers(engine)
                due, self._jobs = self._jobs, []
                for job in due:
                    if job.due is not None and job.due > engine.now():
                        self.scheduled.append(job)
                    else:
                        self.run_job(job)
        finally:
            self._is_following = False

    def _tell_publishers(self, engine: Engine) -> None:
        """The callbacks of those whose events went out, as the automated process. Source: "Apex Publish Callback Class"."""
        for tell in engine.events.take_told(is_test=False):
            before = engine.port.run_as(engine.port.automated_user_id)
            try:
                with engine.new_transaction(asynchronous=True, kind="event") as transaction:
                    tell()
                    self._jobs += transaction.jobs
            except ApexThrow as error:
                engine.debug(f"publish callback: {error}")
            finally:
                engine.port.run_as(before.user_id)

    def run_job(self, job: Job) -> None:
        """Run one job; what it throws is in its AsyncApexJob row, and in no one's way."""
        engine = job.engine
        if not engine.port.has_row(job.job_id):
            return  # it was queued by what has been rolled back, or aborted since
        operation = _OPERATIONS.get(job.kind, job.kind)
        with (
            self._logged(engine, job.user_id, operation),
            engine.new_transaction(asynchronous=True, kind=job.kind) as outer,
            engine.unit("", job.name),
        ):
            try:
                with engine.told_fatal():
                    run_as_its_user(job)
            except ApexThrow as error:
                engine.debug(f"{job.name}: {error}")
            self._jobs += outer.jobs

    def run_due(self, moment: datetime) -> int:
        """Run the scheduled jobs whose time has come by `moment`, each once; how many there were."""
        due = [job for job in self.scheduled if job.due is not None and job.due <= moment]
        self.scheduled = [job for job in self.scheduled if job not in due]
        due = [job for job in due if job.engine.port.has_row(job.job_id)]  # the others were aborted
        for job in due:
            self.run_job(job)
            again = next_time(job, moment)
            note_fired(job.engine, job.job_id, moment, again)
            if again is not None and job.engine.port.has_row(job.job_id):
                self.scheduled.append(replace(job, due=again))
        engine = self._engine_of()
        if engine is not None:
            self._follow(engine)
        return len(due)

    def before(self, save: Save) -> None:
        self._run(save, "before")

    def after(self, save: Save) -> None:
        if not save.table.type.event:
            self._run(save, "after")

    def published(self, table: RecordTable, row: Row) -> None:
        """What subscribes to a platform event runs on its own, after the commit, as the automated process."""
        engine = self._engine_of()
        name = table.type.api_name
        if engine is not None and (engine.find_triggers(name) or engine.port.event_flows(name)):
            engine.events.add(engine, table.type.api_name, row_values(table, row))

    def changed(self, change: Change) -> None:
        """A change event went out; its triggers run on their own, after the commit."""
        engine = self._engine_of()
        if engine is not None and not engine.is_testing:
            queue_change(engine, change)

    def committed(self, entries: list[Entry]) -> None:
        """Events that were to go out with the commit."""
        engine = self._engine_of()
        if engine is not None and engine.is_testing:
            queue_changes_of_test(engine, entries)
        published = [entry for entry in entries if entry.change is Write.PUBLISHED]
        for entry in published:
            self.published(entry.table, entry.row)
        if engine is not None and published:
            engine.events.went_out({str(entry.table.reader("EventUuid")(entry.row)) for entry in published})

    def _run(self, save: Save, moment: str) -> None:
        engine = self._engine_of()
        name = save.table.type.api_name
        event = _EVENTS[save.operation]
        if engine is None or not any((moment, event) in t.events for t in engine.find_triggers(name)):
            return
        save.was_triggered = True
        rows = [_trigger_row(save, pending) for pending in save.rows]
        given = [dict(row.new or {}) for row in rows]
        depth = len(engine.stack)
        try:
            fire(engine, name, moment, event, rows)
        except TooDeep as error:
            if engine.transaction.writes > 1:
                raise
            del engine.stack[depth:]
            _refuse_all(save, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message_of(error.value))
            return
        except Uncatchable as error:
            if depth:
                raise
            engine.stack.clear()
            _refuse_all(save, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"{error.trigger}: {error}")
            return
        except TriggerFailed as failure:
            _refuse_all(save, failure.code, failure.message)
            return
        for pending, row, was in zip(save.rows, rows, given, strict=True):
            pending.errors.extend(_error(field, message) for field, message in row.errors)
            if moment == "before" and row.new is not None:
                _take(save.table, pending, row.new, was)


def _nothing() -> None:
    return None


def _refuse_all(save: Save, code: str, message: str) -> None:
    for pending in save.rows:
        pending.refuse(code, message)


def _trigger_row(save: Save, pending: Pending) -> TriggerRow:
    before = pending.before if save.old is None else save.old[pending.position]
    old = row_values(save.table, before) if before is not None else None
    return TriggerRow(None if save.operation is Operation.DELETE else row_values(save.table, pending.content), old)


def _take(table: RecordTable, pending: Pending, new: Mapping[str, Scalar], was: Mapping[str, Scalar]) -> None:
    """What a before trigger changed goes into the row; the values have their types already."""
    for name, value in new.items():
        if was.get(name) != value and name != "Id":
            table.write(pending.content, name, value)  # type: ignore[arg-type]


def attach(org: Org, user_id: str, *, coverage: bool = False) -> Engine:
    """An engine for this org; its triggers take part in every save."""
    engine = engine_for(org, user_id, coverage=coverage)
    TriggerHooks(lambda: engine).register(org)
    return engine
