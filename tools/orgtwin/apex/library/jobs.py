"""Asynchronous work: queueable, future, batch, scheduled. Jobs wait in the transaction and run at Test.stopTest, or after it.

Sources: "Queueable Apex", "Batch Apex", "Apex Scheduler", "Future Methods" (Apex Developer Guide).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orgtwin.apex import context
from orgtwin.apex.compile.calls import late_method
from orgtwin.apex.faults import ApexThrow, argument_null, throw
from orgtwin.apex.library.collections import items_of
from orgtwin.apex.library.signatures import declare
from orgtwin.apex.transaction import Job
from orgtwin.apex.types import SOBJECT, Type, list_of
from orgtwin.apex.values import ApexList, Id, Value
from orgtwin.ids import IdSequence

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine

MAX_BATCH_SIZE = 2000
_ONE_BATCH = (
    "No more than one executeBatch can be called from within a test method.  Please make sure the iterable returned from your"
    " start method matches the batch size, resulting in one executeBatch invocation."
)
_JOB_PREFIX, _CRON_PREFIX = "707", "08e"


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


@dataclass
class JobState:
    """What the running job has attached."""

    finalizers: list[Value] = field(default_factory=list)


def next_id(engine: Engine, prefix: str) -> Id:
    ids: IdSequence = engine.test_state.setdefault("ids", IdSequence())
    return Id(ids.next_id(prefix))


def call_method(this: Value, name: str, *args: Value) -> Value:
    """Call a method that a platform interface asks for."""
    method = late_method(this, name, len(args))
    if method is None:
        raise throw("TypeException", f"Method does not exist: {name}")
    return method.call(this, *args)


def enqueue(job: Value, *_: Value) -> Id:
    """System.enqueueJob."""
    if job is None:
        raise argument_null("queueable")
    engine = context.engine()
    transaction = engine.transaction
    transaction.usage.charge("QueueableJobs")
    job_id = next_id(engine, _JOB_PREFIX)

    def run() -> None:
        state = JobState()
        engine.test_state["job"] = state
        finalizer_error: ApexThrow | None = None
        try:
            with engine.new_transaction(asynchronous=True, kind="queueable") as inner:
                call_method(job, "execute", JobContext("queueable", job_id))
                pending = list(inner.jobs)
        except ApexThrow as error:
            finalizer_error, pending = error, []
        for finalizer in state.finalizers:
            with engine.new_transaction(asynchronous=True, kind="finalizer") as inner:
                failed = finalizer_error is not None
                result = "UNHANDLED_EXCEPTION" if failed else "SUCCESS"
                thrown = finalizer_error.value if finalizer_error is not None else None
                call_method(finalizer, "execute", JobContext("finalizer", job_id, result, thrown))
                pending += inner.jobs
        if finalizer_error is not None:
            raise finalizer_error
        engine.transaction.jobs.extend(pending if not engine.is_testing else [])

    transaction.jobs.append(Job("queueable", job_id, job.cls.name, run))
    return job_id


def attach_finalizer(finalizer: Value) -> None:
    """System.attachFinalizer."""
    state = context.engine().test_state.get("job")
    if state is None:
        raise throw("AsyncException", "System.attachFinalizer(Finalizer) is not allowed in this context")
    if state.finalizers:
        raise throw("AsyncException", "More than one Finalizer cannot be attached to same Async Apex Job")
    state.finalizers.append(finalizer)


def enqueue_future(engine: Engine, name: str, run: Value) -> None:
    """A call of an @future method."""
    transaction = engine.transaction
    if transaction.kind in ("future", "batch"):
        raise throw("AsyncException", f"Future method cannot be called from a future or batch method: {name}")
    transaction.usage.charge("FutureCalls")
    job_id = next_id(engine, _JOB_PREFIX)

    def run_now() -> None:
        with engine.new_transaction(asynchronous=True, kind="future"):
            run()

    transaction.jobs.append(Job("future", job_id, name, run_now))


def execute_batch(batch: Value, size: int | None = 200) -> Id:
    """Database.executeBatch: start, execute per chunk, finish; each in its own transaction."""
    if batch is None:
        raise argument_null("batchable")
    if size is None or size <= 0:
        raise throw("AsyncException", "The batch size must be positive")
    engine = context.engine()
    job_id = next_id(engine, _JOB_PREFIX)
    chunk_size = min(size, MAX_BATCH_SIZE)
    stateful = any(i.key == "stateful" for i in batch.cls.interface_types())

    def run() -> None:
        told = JobContext("batch", job_id)
        with engine.new_transaction(asynchronous=True, kind="batch"):
            started = call_method(batch, "start", told)
            rows = list(started.rows.items) if hasattr(started, "rows") else list(items_of(started))
            scope_type = (
                started.type
                if isinstance(started, ApexList)
                else list_of(rows[0].type if _is_record(rows) else SOBJECT)
            )
        chunks = [rows[i : i + chunk_size] for i in range(0, len(rows), chunk_size)]
        if engine.is_testing and len(chunks) > 1:
            raise throw(
                "UnexpectedException",
                _ONE_BATCH,
            )
        fields = list(batch.fields)
        pending: list[Job] = []
        for chunk in chunks:
            with engine.new_transaction(asynchronous=True, kind="batch") as inner:
                call_method(batch, "execute", told, ApexList(scope_type, chunk))
                pending += inner.jobs
            if not stateful:
                batch.fields = list(fields)
        with engine.new_transaction(asynchronous=True, kind="batch") as inner:
            call_method(batch, "finish", told)
            pending += inner.jobs
        engine.transaction.jobs.extend(pending)

    engine.transaction.jobs.append(Job("batch", job_id, batch.cls.name, run))
    return job_id


def _is_record(rows: list[Value]) -> bool:
    return bool(rows) and hasattr(rows[0], "queried")


def schedule(name: str | None, cron: str | None, job: Value) -> Id:
    """System.schedule: the job waits; in a test it runs at stopTest."""
    if name is None or cron is None or job is None:
        raise argument_null("jobName")
    fields = cron.split()
    if not 6 <= len(fields) <= 7:
        raise throw("StringException", f"Illegal cron expression: {cron}")
    engine = context.engine()
    job_id = next_id(engine, _CRON_PREFIX)

    def run() -> None:
        with engine.new_transaction(asynchronous=True, kind="schedulable") as inner:
            call_method(job, "execute", JobContext("schedulable", job_id))
            pending = list(inner.jobs)
        engine.transaction.jobs.extend(pending)

    engine.transaction.jobs.append(Job("scheduled", job_id, name, run))
    return job_id


def run_jobs(engine: Engine) -> None:
    """Run what the current transaction has queued, and once what those jobs queued."""
    queue = engine.transaction.jobs
    engine.transaction.jobs = []
    while queue:
        job = queue.pop(0)
        job.run()
        queue += engine.transaction.jobs
        engine.transaction.jobs = []
