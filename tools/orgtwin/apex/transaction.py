"""One transaction: what it has used, what it has queued, what the test runner wants of it.

CPU time is modelled, so that runs repeat exactly: every loop turn, call and statement block costs ticks; TICKS_PER_MILLISECOND of
them are one millisecond of CPU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orgtwin.apex.cron import Cron
from orgtwin.apex.limits import Usage
from orgtwin.apex.values import Id

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine

TICKS_PER_MILLISECOND = 500
CALL_TICKS = 5


@dataclass(slots=True)
class Job:
    """Something to be run later in its own transaction: future, queueable, batch, scheduled.

    It runs in the engine that queued it, with the classes of then, as the user who queued it.
    """

    engine: Engine
    kind: str
    job_id: str
    name: str
    user_id: str
    run: Callable[[], None]
    due: datetime | None = None  # of a scheduled job: when it runs first
    cron: Cron | None = None
    place: int = 1  # in a chain of jobs that each queue the next


@dataclass
class Transaction:
    """The state of one transaction."""

    usage: Usage = field(default_factory=Usage)
    asynchronous: bool = False
    kind: str = "synchronous"  # synchronous, future, queueable, batch, schedulable
    jobs: list[Job] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    trigger_depth: int = 0
    writes: int = 0  # DML statements that are being run, each in a trigger of the one before
    savepoints: list[Any] = field(default_factory=list)
    batch_method: str = ""  # start, execute or finish of the batch job that runs
    callout_milliseconds: int = 0
    queueable_depth: int = 0
    dml_since_callout: bool = False
    first_written: tuple[str, bool] | None = None  # the first object that was written, and whether it is a setup object
    may_mix: bool = False  # inside System.runAs, setup objects go with others
    rest: dict[str, Any] = field(default_factory=dict)
    loaded_ids: dict[str, Id] = field(default_factory=dict)  # by the names that Test.loadData read
    on_failure: list[Callable[[], None]] = field(default_factory=list)  # what takes back writes that are no rows
    patterns: set[str] = field(default_factory=set)  # regular expressions that were read
    reserved: dict[str, int] = field(default_factory=dict)  # of limits of the org's day
