"""One worker's place: what it does when a batch is its turn, and what is asked for next.

A lease is what a batch claims of the inbox (`clmkit.sync.claims`): a page of events, their agreements, the accounts whose lock the
writes take. It ends with the batch, or with the worker.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass

from clmkit.clients.errors import WireError
from clmkit.sync.engine import HOLD, PAUSE, Engine
from clmkit.sync.outage import Place, end_outage, find_outages, note_outage, tell_end, tell_outage
from clmkit.sync.schedule import END_OF_TIME

LOG = logging.getLogger("clmkit.worker")
LEASE = 1_000
"""Events of a lease: the rows of one object then are one composite call, and a worker has its share of what waits."""
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

    def __init__(
        self, engine: Engine, worker: str, tell: Callable[[Done], None], warn: Callable[[str], None] = LOG.warning
    ) -> None:
        self._engine = engine
        self._worker = worker
        self._tell = tell
        self._warn = warn
        self._every = 0.0
        self._loop = asyncio.get_running_loop()
        self._turn = asyncio.Lock()
        self.settled = asyncio.Event()
        """Set by every batch that found something: there may be more."""

    async def look(self, every: float = 0.0) -> int:
        """Keep what is new in both systems, unless a worker did so in the last `every` seconds.

        Returns for how many leases there is work that may be done now; raises WireError.
        """
        engine = self._engine
        self._every = every
        most = engine.page * MOST_LEASES
        async with self._turn:
            if await engine.look(every) is not None:
                self._end_outage(Place.LOOK)
            if self.held:
                return 0
            waiting = len(engine.state.inbox.read_waiting(most))
            due = len(engine.state.schedule.find_due(engine.now() if engine.pace.is_scheduled else END_OF_TIME, most))
        return min(MOST_LEASES, -(-(waiting + due) // engine.page))

    @property
    def held(self) -> str:
        """Why nothing is settled until a person allows it; empty while nothing holds the sync."""
        state = self._engine.state
        return state.get_cursor(PAUSE) or state.get_cursor(HOLD)

    def seconds_of_outage(self) -> float:
        """Until a look is worth trying: what any worker noted holds for all."""
        now = self._engine.now()
        return max((outage.seconds_left(now) for outage in find_outages(self._engine.state)), default=0.0)

    def note_outage(self, place: Place, reason: str) -> None:
        engine = self._engine
        outage = note_outage(engine.state, place, reason, engine.now(), self._every, engine.chance())
        if words := tell_outage(outage, engine.now()):
            self._warn(words)

    def _end_outage(self, place: Place) -> None:
        ended = end_outage(self._engine.state, place)
        if ended is not None:
            self._warn(tell_end(ended, self._engine.now()))

    def settle(self) -> Done:
        """Take one lease and settle it. Raises Outage."""
        return asyncio.run_coroutine_threadsafe(self._settle(), self._loop).result()

    async def _settle(self) -> Done:
        engine = self._engine
        async with self._turn:
            report = await engine.run(lambda: engine.tally.rounds >= 1, reads=False)
        if report.is_outage:
            self.note_outage(Place.BATCH, report.stopped)
            raise Outage(report.stopped)
        if report.events:
            self._end_outage(Place.BATCH)
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


async def attend(
    bench: Bench, ask: Callable[[int], object], every: float, stopped: asyncio.Event, tell: Callable[[str], None]
) -> None:
    """Ask for as many batches as there is work for, until stopped. Both systems are looked at every so many seconds at most.

    While a system does not answer nothing is asked for, and the looks become rare. What holds the sync is told once.
    """
    held = ""
    while not stopped.is_set():
        if (left := bench.seconds_of_outage()) > 0:
            await _wait(left, stopped)
            continue
        bench.settled.clear()
        try:
            leases = await bench.look(every)
        except WireError as error:
            bench.note_outage(Place.LOOK, str(error))
            continue
        if bench.held not in ("", held):
            tell(bench.held)
        held = bench.held
        await asyncio.to_thread(ask, leases)
        await _wait(every, stopped, bench.settled)


async def _wait(seconds: float, *events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
