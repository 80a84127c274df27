"""Asynchronous work: queueable, future, batch, scheduled. Jobs wait in the transaction and run at Test.stopTest, or after it.

Each has its AsyncApexJob row; scheduled ones a CronTrigger too. Sources: "Queueable Apex", "Transaction Finalizers", "Batch Apex",
"Apex Scheduler", "Future Methods" (Apex Developer Guide), AsyncApexJob, CronTrigger (Object Reference).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from orgtwin.apex import context
from orgtwin.apex.classes import Method
from orgtwin.apex.compile.calls import late_method
from orgtwin.apex.conversion import cast
from orgtwin.apex.cron import BadCron, Cron, parse_cron
from orgtwin.apex.faults import ApexThrow, argument_null, message_of, throw
from orgtwin.apex.job_state import kept
from orgtwin.apex.library.collections import items_of
from orgtwin.apex.library.signatures import declare, type_of
from orgtwin.apex.records import SObject
from orgtwin.apex.transaction import Job, Transaction
from orgtwin.apex.types import OBJECT, SOBJECT, Type, list_of
from orgtwin.apex.values import ApexList, Id, Value

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine

MAX_BATCH_SIZE = 2000
MAX_FINALIZER_CHAIN = 5
MAX_STATUS = 1000
"""Characters of ExtendedStatus; behind "First error: " it tells what the first batch that failed threw (ASSUMED text)."""
MOST_SCHEDULED = 100
MOST_HOLDING = 100
"""Batch jobs in the flex queue. Those of other transactions have run when one begins, so that it counts its own."""
_ONE_BATCH = (
    "No more than one executeBatch can be called from within a test method.  Please make sure the iterable returned from your"
    " start method matches the batch size, resulting in one executeBatch invocation."
)


@dataclass(slots=True)
class JobContext:
    """QueueableContext, BatchableContext, SchedulableContext, FinalizerContext."""

    kind: str
    job_id: Id
    result: Value = None
    error: Value = None

    @property
    def apex_type(self) -> Type:
        return _CONTEXT_TYPES[self.kind]


_CONTEXT_TYPES = {
    "queueable": declare("QueueableContext", "interface").type,
    "batch": declare("BatchableContext", "interface", namespace="Database").type,
    "schedulable": declare("SchedulableContext", "interface").type,
    "finalizer": declare("FinalizerContext", "interface").type,
}
MOST_QUEUEABLES = 5
"""In a chain, in a Developer Edition org: "Queueable Apex Limits" (Apex Developer Guide)."""
MOST_DELAY = 10
"""In minutes: "Adding a Queueable Job with a Specified Minimum Delay". ASSUMED: the exception for another one and its text."""
MOST_CHAINED = 100
"""Jobs of any kind that follow from each other. An org lets them go on in the background; here the caller waits for them."""


@dataclass(frozen=True, slots=True)
class QueueableOptions:
    """How a queueable job is to be run, as far as it was said."""

    most_depth: int | None = None
    delay: int | None = None
    signature: str | None = None


@dataclass
class JobState:
    """How the running job was asked for, and what it has attached."""

    options: QueueableOptions = QueueableOptions()
    finalizers: list[Value] = field(default_factory=list)


def call_method(this: Value, name: str, *args: Value) -> Value:
    """Call a method that a platform interface asks for."""
    method = _method_for(this, name, args) or late_method(this, name, len(args))
    if method is not None:
        return method.call(this, *args)
    static = next((m for m in this.cls.find_methods(name) if m.static and len(m.parameters) == len(args)), None)
    if static is None:
        raise throw("TypeException", f"Method does not exist: {name}")
    return static.call(*args)  # a platform interface is met by a static method, too


def _method_for(this: Value, name: str, args: tuple[Value, ...]) -> Method | None:
    """Of several methods of that name, as of a class that is Queueable and Finalizer, the one that is meant."""
    found = [m for m in this.cls.find_methods(name) if len(m.parameters) == len(args)]
    if len(found) < 2:
        return None
    wanted = getattr(args[0], "apex_type", None) if args else None
    chosen = next((m for m in found if m.parameters[0] is wanted), None)
    return this.cls.vtable.get(chosen.signature, chosen) if chosen is not None else None


# The rows that tell of jobs


def _note_job(engine: Engine, job_type: str, class_name: str, **values: Value) -> Id:
    """An AsyncApexJob row, Queued."""
    row = {
        "JobType": job_type,
        "Status": "Queued",
        "JobItemsProcessed": 0,
        "TotalJobItems": 0,
        "NumberOfErrors": 0,
        **values,
    }
    return Id(engine.port.note_row("AsyncApexJob", {**row, "ApexClassId": _class_id(engine, class_name)}))


def _class_id(engine: Engine, name: str) -> Value:
    rows = engine.port.query(
        "SELECT Id FROM ApexClass WHERE Name = :name", {"name": name.partition(".")[0]}, user_mode=False
    )
    return rows[0].fields["Id"] if isinstance(rows, list) and rows else None


Run = Callable[[], datetime | None]
"""What a job does; it answers when it was complete, if that was before its end."""


def _outcome(engine: Engine, job_id: Id, run: Run) -> None:
    """Run a job and write down what became of it."""
    engine.port.change_row(job_id, {"Status": "Processing"})
    try:
        complete = run()
    except ApexThrow as error:
        shown = f"{error.value.cls.name}: {message_of(error.value)}"
        end = {"Status": "Failed", "NumberOfErrors": 1, "ExtendedStatus": shown[:MAX_STATUS]}
        engine.port.change_row(job_id, {**end, "CompletedDate": engine.now()})
        raise
    engine.port.change_row(job_id, {"Status": "Completed", "CompletedDate": complete or engine.now()})


def _queue(engine: Engine, kind: str, job_id: Id, name: str, run: Run) -> None:
    _wait(engine, kind, job_id, name, lambda: _outcome(engine, job_id, run))


def _wait(
    engine: Engine,
    kind: str,
    job_id: Id,
    name: str,
    run: Callable[[], None],
    due: datetime | None = None,
    cron: Cron | None = None,
) -> None:
    place = engine.chained + 1 if due is None else 1
    if place > MOST_CHAINED:
        text = f"{name}: a chain of jobs ends after {MOST_CHAINED}; an org would go on for ever"
        engine.debug(text)
        engine.port.change_row(job_id, {"Status": "Aborted", "ExtendedStatus": text})
        return
    user_id = engine.port.user().user_id
    engine.transaction.jobs.append(Job(engine, kind, job_id, name, user_id, run, due, cron, place))


@contextmanager
def _own_transaction(engine: Engine, kind: str) -> Iterator[Transaction]:
    """A transaction with limits of its own; what it wrote is taken back when it ends by an exception.

    In a test it shares the test's static fields. ASSUMED, from public tests: they set and read static fields of jobs.
    """
    shared = engine.is_testing
    with (
        engine.new_transaction(asynchronous=True, kind=kind, shares_statics=shared) as inner,
        engine.port.transaction(),
    ):
        yield inner


# Queueable


def _require_a(interface: str, value: Value) -> None:
    """The compiler takes any object for a job. ASSUMED: what is none of the interface's is refused as a cast to it would be."""
    check = cast(OBJECT, type_of(interface))
    if check is not None:
        check(value)


def enqueue(job: Value, how: Value = None) -> Id:
    """System.enqueueJob; `how` is AsyncOptions or a delay in minutes."""
    if job is None:
        raise argument_null("queueable")
    _require_a("Queueable", job)
    engine = context.engine()
    engine.transaction.usage.charge("QueueableJobs")
    options = _within_chain(engine, QueueableOptions(delay=how) if how is None or isinstance(how, int) else how.chosen)
    if options.delay is not None and not 0 <= options.delay <= MOST_DELAY:
        text = f"The delay in minutes must be between 0 and {MOST_DELAY}: {options.delay}"
        raise throw("IllegalArgumentException", text)
    _require_single(engine, options.signature)
    name = job.cls.name
    waiting = kept(job)
    job_id = _note_job(engine, "Queueable", name)
    if options.signature is not None:
        engine.queued_signatures[options.signature] = job_id

    def run() -> None:
        engine.queued_signatures.pop(options.signature or "", None)
        state = JobState(options)
        engine.test_state["job"] = state
        thrown: ApexThrow | None = None
        pending: list[Job] = []
        try:
            with _own_transaction(engine, "queueable") as inner:
                call_method(waiting, "execute", JobContext("queueable", job_id))
                pending = list(inner.jobs)
        except ApexThrow as error:
            thrown = error
        for finalizer in state.finalizers:
            pending += _finalize(engine, finalizer, job_id, thrown)
        engine.transaction.jobs.extend(pending)
        if thrown is not None:
            raise thrown

    _queue(engine, "queueable", job_id, name, run)
    return job_id


def _within_chain(engine: Engine, asked: QueueableOptions) -> QueueableOptions:
    """A job of a chain keeps the depth that the chain may have. Raises AsyncException where the chain is to end."""
    if engine.transaction.kind != "queueable":
        return asked
    state = engine.test_state.get("job")
    if asked.most_depth is None and state is not None:
        asked = replace(asked, most_depth=state.options.most_depth)
    if engine.chained >= (asked.most_depth or (1 if engine.is_testing else MOST_QUEUEABLES)):
        raise throw("AsyncException", "Maximum stack depth has been reached.")
    return asked


def _require_single(engine: Engine, signature: str | None) -> None:
    """Raises DuplicateMessageException when a job of that signature waits."""
    waiting = engine.queued_signatures.get(signature or "")
    if waiting is not None and engine.port.has_row(waiting):
        raise throw("DuplicateMessageException", "Attempt to enqueue job with duplicate queueable signature")


def _finalize(engine: Engine, finalizer: Value, job_id: Id, thrown: ApexThrow | None) -> list[Job]:
    with _own_transaction(engine, "finalizer") as inner:
        result = "UNHANDLED_EXCEPTION" if thrown is not None else "SUCCESS"
        told = JobContext("finalizer", job_id, result, thrown.value if thrown is not None else None)
        call_method(finalizer, "execute", told)
        return list(inner.jobs)


def attach_finalizer(finalizer: Value) -> None:
    """System.attachFinalizer."""
    engine = context.engine()
    state = engine.test_state.get("job")
    if state is None or engine.transaction.kind != "queueable":
        raise throw("AsyncException", "System.attachFinalizer(Finalizer) is not allowed in this context")
    if state.finalizers:
        raise throw("AsyncException", "More than one Finalizer cannot be attached to same Async Apex Job")
    _require_a("Finalizer", finalizer)
    state.finalizers.append(finalizer)


# Callbacks of the platform

Called = tuple[Value, str, tuple[Value, ...]]
"""An object, its method and what it is called with."""


def enqueue_callback(engine: Engine, name: str, run: Callable[[Id], Called | None]) -> None:
    """Work of the platform behind a transaction, `run`, and what it answers called as asynchronous Apex."""
    job_id = _note_job(engine, "Queueable", name)

    def run_now() -> None:
        called = run(job_id)
        if called is None:
            return
        this, method, args = called
        with _own_transaction(engine, "callback") as inner:
            call_method(this, method, *args)
            pending = list(inner.jobs)
        engine.transaction.jobs.extend(pending)

    _queue(engine, "callback", job_id, name, run_now)


# Future


def enqueue_future(engine: Engine, name: str, run: Value) -> None:
    """A call of an @future method."""
    transaction = engine.transaction
    if transaction.kind in ("future", "batch"):
        raise throw("AsyncException", f"Future method cannot be called from a future or batch method: {name}")
    transaction.usage.charge("FutureCalls")
    class_name, _, method = name.rpartition(".")
    job_id = _note_job(engine, "Future", class_name or name, MethodName=method.partition("(")[0] or name)

    def run_now() -> None:
        with _own_transaction(engine, "future") as inner:
            run()
            pending = list(inner.jobs)
        engine.transaction.jobs.extend(pending)

    _queue(engine, "future", job_id, name, run_now)


# Batch


def execute_batch(batch: Value, size: int | None = 200) -> Id:
    """Database.executeBatch: start, execute per chunk, finish; each in its own transaction."""
    if batch is None:
        raise argument_null("batchable")
    _require_a("Database.Batchable", batch)
    chunk = _positive(size)
    engine = context.engine()
    _require_chain(engine)
    _require_place(engine)
    name = batch.cls.name
    job_id = _note_job(engine, "BatchApex", name)
    waiting = kept(batch)
    _queue(engine, "batch", job_id, name, lambda: _run_batch(engine, waiting, job_id, chunk))
    return job_id


def _positive(size: int | None) -> int:
    """The size of a batch. Raises AsyncException."""
    if size is None or size <= 0:
        raise throw("AsyncException", "The batch size must be positive")
    return size


def _require_chain(engine: Engine) -> None:
    """A batch job starts another one when it is finished. Source: "Chaining Batch Jobs". Text: as pasted by users of orgs."""
    transaction = engine.transaction
    if transaction.kind == "future" or transaction.batch_method in ("start", "execute"):
        text = "Database.executeBatch cannot be called from a batch start, batch execute, or future method."
        raise throw("AsyncException", text)


def _require_place(engine: Engine) -> None:
    """Raises AsyncException when the flex queue is full. Text: as pasted by users of orgs."""
    if sum(job.kind == "batch" for job in engine.transaction.jobs) >= MOST_HOLDING:
        text = (
            f"You've exceeded the limit of {MOST_HOLDING} jobs in the flex queue for org {engine.port.org_id}."
            " Wait for some of your batch jobs to finish before adding more."
            " To monitor and reorder jobs, use the Apex Flex Queue page in Setup."
        )
        raise throw("AsyncException", text)


def _run_batch(engine: Engine, batch: Value, job_id: Id, size: int) -> datetime:
    """`finish` finds its job completed, as public tests show, which compare the date it read with the one that stays."""
    told = JobContext("batch", job_id)
    stateful = any(i.key == "stateful" for i in batch.cls.interface_types())
    rows, scope_type, chunk_size = _start(engine, batch, told, size)
    chunks = [rows[i : i + chunk_size] for i in range(0, len(rows), chunk_size)]
    if engine.is_testing and len(chunks) > 1:
        raise throw("UnexpectedException", _ONE_BATCH)
    engine.port.change_row(job_id, {"TotalJobItems": len(chunks)})
    if chunks:
        _note_worker(engine, batch, job_id)
    fields = list(batch.fields)
    pending: list[Job] = []
    failures = 0
    told_of: dict[str, Value] = {}
    for done, chunk in enumerate(chunks, start=1):
        try:
            with _own_transaction(engine, "batch") as inner:
                inner.batch_method = "execute"
                call_method(batch, "execute", told, ApexList(scope_type, chunk))
                pending += inner.jobs
        except ApexThrow as error:
            failures += 1
            told_of.setdefault("ExtendedStatus", f"First error: {message_of(error.value)}"[:MAX_STATUS])
            _publish_batch_error(engine, batch, job_id, error, chunk)
            if engine.is_testing:
                raise
        if not stateful:
            batch.fields = list(fields)
        engine.port.change_row(job_id, {"JobItemsProcessed": done, "NumberOfErrors": failures, **told_of})
    complete = engine.now()
    engine.port.change_row(job_id, {"Status": "Completed", "CompletedDate": complete})
    with _own_transaction(engine, "batch") as inner:
        inner.batch_method = "finish"
        call_method(batch, "finish", told)
        pending += inner.jobs
    engine.transaction.jobs.extend(pending)
    return complete


def _note_worker(engine: Engine, batch: Value, job_id: Id) -> None:
    """The row for the platform's own use that stands beside a batch job which has records. Source: "AsyncApexJob", JobType."""
    worker = _note_job(engine, "BatchApexWorker", batch.cls.name, ParentJobId=str(job_id))
    engine.port.change_row(worker, {"Status": "Completed", "CompletedDate": engine.now()})


def _start(engine: Engine, batch: Value, told: JobContext, size: int) -> tuple[list[Value], Type, int]:
    """The records, the type of their list, and how many each execute gets: of an iterable as many as are asked for."""
    with _own_transaction(engine, "batch") as inner:
        inner.batch_method = "start"
        started = call_method(batch, "start", told)
        if isinstance(started, ApexList):
            return list(items_of(started)), started.type, size
        is_locator = hasattr(started, "rows")
        rows = list(started.rows.items if is_locator else items_of(started))
        type_ = list_of(rows[0].type if _is_record(rows) else SOBJECT)
        return rows, type_, min(size, MAX_BATCH_SIZE) if is_locator else size


def _publish_batch_error(engine: Engine, batch: Value, job_id: Id, error: ApexThrow, chunk: list[Value]) -> None:
    """BatchApexErrorEvent, for a class that implements Database.RaisesPlatformEvents."""
    if not any(i.key == "raisesplatformevents" for i in batch.cls.interface_types()):
        return
    if engine.find_sobject_type("BatchApexErrorEvent") is None:
        return
    ids = ",".join(str(r.fields["Id"]) for r in chunk if isinstance(r, SObject) and r.fields.get("Id"))
    row = {
        "AsyncApexJobId": str(job_id),
        "ExceptionType": error.value.cls.full_name,
        "Message": message_of(error.value),
        "Phase": "EXECUTE",
        "JobScope": ids,
        "RequestId": "TWIN00000000000001",
    }
    engine.port.publish("BatchApexErrorEvent", [row])


def _is_record(rows: list[Value]) -> bool:
    return bool(rows) and hasattr(rows[0], "queried")


# Scheduled


def schedule(name: str | None, cron: str | None, job: Value) -> Id:
    """System.schedule: the job waits for its time; in a test it runs at stopTest."""
    if name is None or cron is None or job is None:
        raise argument_null("jobName")
    _require_a("Schedulable", job)
    engine = context.engine()
    try:
        parsed = parse_cron(cron)
    except BadCron as error:
        raise throw("StringException", str(error)) from error
    due = parsed.next_after(engine.now(), engine.user_zone())
    if due is None:
        raise throw("AsyncException", f"Based on configured schedule, the given trigger will never fire: {cron}")
    _require_new_name(engine, name)
    job_id = _note_schedule(engine, name, cron, due, job.cls.name)
    if engine.is_testing and engine.chained:
        return job_id  # ASSUMED: stopTest runs what the test scheduled; a job that schedules itself again would have no end

    def run() -> None:
        with _own_transaction(engine, "schedulable") as inner:
            call_method(job, "execute", JobContext("schedulable", job_id))
            pending = list(inner.jobs)
        engine.transaction.jobs.extend(pending)

    _wait(engine, "scheduled", job_id, name, run, due, parsed)
    return job_id


def _require_new_name(engine: Engine, name: str) -> None:
    found = engine.port.query(
        "SELECT Id FROM CronTrigger WHERE CronJobDetail.Name = :name", {"name": name}, user_mode=False
    )
    if isinstance(found, list) and found:
        raise throw("AsyncException", f'The Apex job named "{name}" is already scheduled for execution.')
    waiting = engine.port.query("SELECT COUNT() FROM CronTrigger", {}, user_mode=False)
    if isinstance(waiting, int) and waiting >= MOST_SCHEDULED:
        raise throw("AsyncException", "You have exceeded the maximum number (100) of Apex scheduled jobs.")


def _note_schedule(engine: Engine, name: str, cron: str, due: Value, class_name: str) -> Id:
    port = engine.port
    user = port.user()
    detail = port.note_row("CronJobDetail", {"Name": name, "JobType": "7"})  # 7 is Scheduled Apex
    row = {
        "CronJobDetailId": detail,
        "CronExpression": cron,
        "NextFireTime": due,
        "StartTime": engine.now(),
        "State": "WAITING",
        "TimesTriggered": 0,
        "TimeZoneSidKey": user.time_zone,
        "OwnerId": user.user_id,
    }
    job_id = Id(port.note_row("CronTrigger", row))
    _note_job(engine, "ScheduledApex", class_name, CronTriggerId=str(job_id))
    return job_id


def schedule_batch(batch: Value, name: str, minutes: int, size: int | None = 200) -> Id:
    """System.scheduleBatch: executeBatch, once, after some minutes."""
    if batch is None:
        raise argument_null("batchable")
    chunk = _positive(size)
    engine = context.engine()
    due = engine.now() + timedelta(minutes=minutes)
    job_id = _note_schedule(engine, name, "", due, batch.cls.name)

    _wait(engine, "scheduled", job_id, name, lambda: _start_batch(batch, chunk), due)
    return job_id


def _start_batch(batch: Value, size: int) -> None:
    execute_batch(batch, size)


def note_fired(engine: Engine, job_id: str, moment: datetime, again: datetime | None) -> None:
    """A scheduled job ran at `moment`: its CronTrigger waits for the next time, or is complete."""
    found = engine.port.query("SELECT TimesTriggered FROM CronTrigger WHERE Id = :id", {"id": job_id}, user_mode=False)
    if not isinstance(found, list) or not found:
        return  # it aborted itself
    times = int(str(found[0].fields.get("TimesTriggered") or 0)) + 1
    state = "COMPLETE" if again is None else "WAITING"
    fired = {"TimesTriggered": times, "PreviousFireTime": moment, "NextFireTime": again, "State": state}
    engine.port.change_row(job_id, fired)


def abort_job(job_id: str | None) -> None:
    """System.abortJob: a scheduled job goes, a queued one is not run."""
    if job_id is None:
        raise argument_null("jobId")
    engine = context.engine()
    jobs = engine.transaction.jobs
    jobs[:] = [job for job in jobs if str(job.job_id) != str(job_id)]
    if not engine.port.has_row(Id(str(job_id))):
        raise throw("AsyncException", f"Unable to find the job: {job_id}")  # ASSUMED: the text
    if str(job_id).startswith("08e"):
        engine.port.remove_row(str(job_id))
    else:
        engine.port.change_row(str(job_id), {"Status": "Aborted", "CompletedDate": engine.now()})
        for signature in [s for s, waiting in engine.queued_signatures.items() if waiting == str(job_id)]:
            del engine.queued_signatures[signature]


def run_jobs(engine: Engine) -> None:
    """Run what the current transaction has queued, and what those jobs queued."""
    queue = engine.transaction.jobs
    engine.transaction.jobs = []
    while queue:
        job = queue.pop(0)
        if engine.port.has_row(job.job_id):  # else it was queued by what has been rolled back
            run_as_its_user(job)
        queue += engine.transaction.jobs
        engine.transaction.jobs = []


def run_as_its_user(job: Job) -> None:
    """Run a job as the user who queued it."""
    engine = job.engine
    before, chained = engine.port.run_as(job.user_id), engine.chained
    engine.chained = job.place
    try:
        job.run()
    finally:
        engine.chained = chained
        engine.port.run_as(before.user_id)


def next_time(job: Job, moment: datetime) -> datetime | None:
    """When a scheduled job is due again after `moment`; None when it is not."""
    return job.cron.next_after(moment, job.engine.user_zone()) if job.cron is not None else None
