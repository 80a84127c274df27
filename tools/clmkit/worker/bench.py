"""One worker's place: what it does when a batch is its turn, and what is asked for next.

A lease is what a batch claims of the inbox (`clmkit.sync.claims`): a page of events, their agreements, the accounts whose lock the
writes take. It ends with the batch, or with the worker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass

from clmkit.sync.engine import Engine

MOST_LEASES = 16
"""As many batches as one worker asks for at a time, however much waits."""


class Outage(Exception):
    """A system does not answer: the same batch is worth another try later."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one batch, as DBOS keeps it: counts and reasons, never a value of a contract."""

    worker: str
    events: int
    pushed: int
    unchanged: int
    conflicts: int
    parked: int
    seconds: float
    stopped: str

    def to_json(self) -> dict[str, object]:
        return asdict(self)


class Bench:
    """The engine belongs to the event loop that made it; `settle` may be called from any thread."""

    def __init__(self, engine: Engine, worker: str, tell: Callable[[Done], None]) -> None:
        self._engine = engine
        self._worker = worker
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._turn = asyncio.Lock()
        self.settled = asyncio.Event()
        """Set by every batch that found something: there may be more."""

    async def look(self) -> int:
        """Keep what is new in both systems. Returns for how many leases there is work; raises WireError."""
        async with self._turn:
            await self._engine.look()
            waiting = self._engine.state.inbox.read_waiting(self._engine.page * MOST_LEASES)
        return -(-len(waiting) // self._engine.page)

    def settle(self) -> Done:
        """Take one lease and settle it. Raises Outage."""
        return asyncio.run_coroutine_threadsafe(self._settle(), self._loop).result()

    async def _settle(self) -> Done:
        engine = self._engine
        async with self._turn:
            report = await engine.run(lambda: engine.tally.rounds >= 1, reads=False)
        if report.is_outage:
            raise Outage(report.stopped)
        done = Done(
            self._worker,
            report.events,
            report.pushed,
            report.unchanged,
            report.conflicts,
            report.parked,
            report.seconds,
            report.stopped,
        )
        if done.events:
            self.settled.set()
        if done.events or done.stopped:
            self._tell(done)
        return done
