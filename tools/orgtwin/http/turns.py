"""Who is being served: what runs long is paused, and others have their turn in between.

    turns = Turns(stage)
    turns.take(Pace.WRITE, work)       what `work()` gives, or an awaitable of it when others are under way
    running_turn().pause()             inside of the work: lets others in, when the slice is used up

Everything runs on the one event loop, one thing at a time: a turn is a greenlet, and what is paused is where it asked to be. The
stage is what a turn must find again as it left it (its transaction, its engine); it is changed only when somebody else comes in.

Who comes in while a turn is paused:

    FREE     whatever needs no org: always
    READ     when the stage can hide what the paused turns have written
    WRITE    when none of them has written anything, and not too many are paused already; until then in the order of their coming
    ALONE    when nobody is paused

As in an org, a transaction sees what others have committed meanwhile, and nobody sees what it has not committed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from time import monotonic, thread_time
from typing import Any, Protocol, TypeVar, cast

from greenlet import getcurrent, greenlet

from orgtwin.http.routing import Pace
from orgtwin.turns import RUNNING, running_turn

T = TypeVar("T")
SLICE_SECONDS = 0.02
MOST_PAUSED = 3


class Stage(Protocol):
    """What every turn finds as it left it."""

    def can_hide(self, start: object) -> bool:
        """Whether what was written since `start` can be put out of sight."""

    def is_untouched(self, start: object) -> bool:
        """Whether nothing was written since `start`, and nothing is being written."""

    def start(self) -> object:
        """Where a turn starts."""

    def leave(self) -> object:
        """Clear the stage for others; gives what `enter` needs."""

    def enter(self, left: Any) -> None:
        """As it was before `leave`."""


class Ended(BaseException):
    """The server ends, and with it every turn."""


@dataclass(slots=True, eq=False)
class Turn:
    """One piece of work, from its beginning to its end. `seconds`: of processor time, before the slice that runs now."""

    work: Callable[[], object]
    start: object
    fiber: greenlet
    result: object = None
    answer: asyncio.Future[Any] | None = None
    has_written: bool = False  # of one that left the stage
    left: object = None
    began: float = 0.0
    began_work: float = 0.0
    seconds: float = 0.0

    def is_running(self) -> bool:
        return getcurrent() is self.fiber

    def busy_seconds(self) -> float:
        """Processor time so far, without what others took in between."""
        return self.seconds + thread_time() - self.began_work

    def pause(self) -> None:
        """Others have their turn, unless this one has only begun. Raises Ended."""
        if monotonic() - self.began >= SLICE_SECONDS:
            self.seconds = self.busy_seconds()
            self.fiber.parent.switch(False)

    def go_on(self) -> bool:
        """Until the next pause, or the end: true then."""
        self.began, self.began_work = monotonic(), thread_time()
        return bool(self.fiber.switch())


class Turns:
    """See the module. `refuse` makes the error of what the end of the server cuts off."""

    def __init__(self, stage: Stage, refuse: Callable[[], Exception]) -> None:
        self._stage = stage
        self._refuse = refuse
        self._paused: deque[Turn] = deque()
        self._waiting: deque[tuple[Pace, Callable[[], object], asyncio.Future[Any]]] = deque()
        self._shown: Turn | None = None  # whose stage it is now
        self._is_due = False
        self._is_closed = False

    def take(self, pace: Pace, work: Callable[[], T]) -> T | Awaitable[T]:
        """Do some work now, or when its turn has come. Outside of an event loop it runs to its end."""
        if pace is Pace.FREE or (pace is Pace.READ and not self._paused) or running_turn() is not None:
            return work()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return work()
        if self._is_closed:
            raise self._refuse()
        if self._may_begin(pace):
            turn = self._begin(pace, work, loop)
            return cast(T, turn.result) if turn.answer is None else turn.answer
        answer: asyncio.Future[T] = loop.create_future()
        self._waiting.append((pace, work, answer))
        self._come_back(loop)
        return answer

    def close(self) -> None:
        """End what is paused and refuse what waits: the server ends."""
        self._is_closed = True
        for turn in self._paused:
            self._show(turn)
            turn.fiber.throw(Ended)
            self._shown = None
            _settle(turn.answer, error=self._refuse())
        self._paused.clear()
        for _pace, _work, answer in self._waiting:
            _settle(answer, error=self._refuse())
        self._waiting.clear()

    # ---- who comes in

    def _may_begin(self, pace: Pace) -> bool:
        if not self._paused:
            return True
        if pace is Pace.READ:
            return self._shown is None or self._stage.can_hide(self._shown.start)
        is_first = not self._waiting
        return pace is Pace.WRITE and is_first and len(self._paused) < MOST_PAUSED and self._find_writer() is None

    def _find_writer(self) -> Turn | None:
        """The paused turn that has written something; there is one at most, since no other goes on beside it."""
        shown = self._shown
        if shown is not None and not self._stage.is_untouched(shown.start):
            return shown
        return next((turn for turn in self._paused if turn is not shown and turn.has_written), None)

    def _begin(self, pace: Pace, work: Callable[[], object], loop: asyncio.AbstractEventLoop) -> Turn:
        """A turn that has ended, or is paused: then it has an answer to come."""
        self._clear()
        turn = Turn(work, self._stage.start(), greenlet(_perform))
        turn.began, turn.began_work = monotonic(), thread_time()
        if pace is Pace.READ:
            turn.result = work()
            return turn
        turn.fiber.gr_context = copy_context()
        if not turn.fiber.switch(turn):
            turn.answer = loop.create_future()
            self._paused.append(turn)
            self._shown = turn
            self._come_back(loop)
        return turn

    def _clear(self) -> None:
        """Nobody's stage."""
        if self._shown is not None:
            self._shown.has_written = not self._stage.is_untouched(self._shown.start)
            self._shown.left = self._stage.leave()
            self._shown = None

    def _show(self, turn: Turn) -> None:
        if self._shown is not turn:
            self._clear()
            self._stage.enter(turn.left)
            turn.left = None
            self._shown = turn

    # ---- what goes on

    def _come_back(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._is_due:
            self._is_due = True
            loop.call_soon(self._next, loop)

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        """One slice of one paused turn, and whoever may begin after it."""
        self._is_due = False
        if self._paused:
            self._slice()
        self._admit(loop)
        if self._paused:
            self._come_back(loop)

    def _slice(self) -> None:
        """Whoever has written goes first, so that it ends; the others in a circle."""
        turn = self._find_writer() or self._paused[0]
        self._paused.remove(turn)
        self._show(turn)
        try:
            has_ended = turn.go_on()
        except Exception as error:
            self._shown = None
            _settle(turn.answer, error=error)
            raise
        if has_ended:
            self._shown = None
            _settle(turn.answer, turn.result)
        else:
            self._paused.append(turn)

    def _admit(self, loop: asyncio.AbstractEventLoop) -> None:
        """Those who wait, in the order of their coming; those who only read pass the others."""
        waiting, self._waiting = self._waiting, deque()
        for pace, work, answer in waiting:
            if answer.done():
                continue
            if not self._may_begin(pace):
                self._waiting.append((pace, work, answer))
                continue
            turn = self._begin(pace, work, loop)
            if turn.answer is None:
                _settle(answer, turn.result)
            else:
                turn.answer = answer


def _perform(turn: Turn) -> bool:
    """Inside the greenlet: true at the end; the turn knows the result."""
    RUNNING.set(turn)
    with suppress(Ended):
        turn.result = turn.work()
    return True


def _settle(answer: asyncio.Future[Any] | None, result: object = None, error: Exception | None = None) -> None:
    """Tell whoever still waits for it."""
    if answer is None or answer.done():
        return
    if error is None:
        answer.set_result(result)
    else:
        answer.set_exception(error)
