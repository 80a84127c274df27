"""A batch as a DBOS workflow: it is kept before it runs, tried again while a system does not answer, and what became of it is kept.

    with durable(settings, bench.settle) as ask:
        ask(3)          # as many batches as are missing to three that wait for a worker

Any worker runs any batch. One that dies with its worker is run again when a worker of that name starts; nothing depends on that:
what it had claimed is free as soon as the database sees the connection end, and the next batch takes it up. Running twice does no
harm, because events are settled once and writes are idempotent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dbos import DBOS

from clmkit.sync.database import Target
from clmkit.worker.bench import Done, Outage

QUEUE = "clmkit-batches"
APPLICATION = "clmkit"
VERSION = "1"
"""Of the workflows: workers with another one leave them alone. Raise it when a workflow's steps change."""
MOST_TRIES = 8
FIRST_PAUSE, GROWTH = 1.0, 2.0
LAST_WORDS = 60
"""Seconds that a batch has to end when the worker is told to."""
KEPT = timedelta(days=7)
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Settings:
    """`at_once` and `a_minute` hold for all workers together; None for no limit."""

    state: Target
    worker: str
    at_once: int | None = None
    a_minute: int | None = None


@contextmanager
def durable(settings: Settings, settle: Callable[[], Done]) -> Iterator[Callable[[int], int]]:
    """Run batches inside the block. Gives what asks for them and says how many were new."""
    DBOS(
        config={
            "name": APPLICATION,
            "system_database_url": database_url(settings.state),
            "executor_id": settings.worker,
            "application_version": VERSION,
            "log_level": "WARNING",
        }
    )
    logging.getLogger("dbos").propagate = False
    step = DBOS.step(
        name="settle",
        retries_allowed=True,
        max_attempts=MOST_TRIES,
        interval_seconds=FIRST_PAUSE,
        backoff_rate=GROWTH,
        should_retry=lambda error: isinstance(error, Outage),
    )(lambda: settle().to_json())
    batch = DBOS.workflow(name="batch")(lambda: step())
    forget = DBOS.workflow(name="forget")(_forget)
    DBOS.launch()
    try:
        limiter = None if settings.a_minute is None else {"limit": settings.a_minute, "period": 60.0}
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=1,
            global_concurrency=settings.at_once,
            limiter=limiter,
            polling_interval_sec=0.1,
            on_conflict="always_update",
        )
        DBOS.apply_schedules([{"schedule_name": "forget", "workflow_fn": forget, "schedule": "17 3 * * *"}])
        yield lambda leases: _ask(batch, leases)
    finally:
        DBOS.destroy(workflow_completion_timeout_sec=LAST_WORDS)


def database_url(state: Target) -> str:
    """Where DBOS keeps its own tables: in the state's PostgreSQL, in a schema of their own, or beside the state's file."""
    return f"sqlite:///{state}.batches" if isinstance(state, Path) else str(state)


def _ask(batch: Callable[[], object], leases: int) -> int:
    """Batches that run are not counted: whose worker is dead would be missed for ever. One too many finds nothing to claim."""
    waiting = DBOS.list_workflows(
        queue_name=QUEUE, status="ENQUEUED", limit=leases, load_input=False, load_output=False
    )
    missing = max(0, leases - len(waiting))
    for _ in range(missing):
        DBOS.enqueue_workflow(QUEUE, batch)
    return missing


def _forget(_scheduled: datetime, _context: object) -> int:
    """What became of batches is kept for a week, also of those whose worker never came back.

    The sync's own audit keeps what was written for as long as the spec says.
    """
    before = (datetime.now(tz=UTC) - KEPT).isoformat()
    forgotten = 0
    while old := DBOS.list_workflows(end_time=before, limit=_PAGE, load_input=False, load_output=False):
        DBOS.delete_workflows([each.workflow_id for each in old])
        forgotten += len(old)
    return forgotten
