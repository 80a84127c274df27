"""Which engine is running on this thread: library functions ask here for the org, the user, the clock and the limits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from orgtwin.apex.recursion import deep_recursion

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine
    from orgtwin.apex.transaction import Transaction

_RUNNING: ContextVar[Engine] = ContextVar("apex_engine")


def engine() -> Engine:
    """The engine that runs the current closure."""
    return _RUNNING.get()


def transaction() -> Transaction:
    """The current transaction of the running engine."""
    return _RUNNING.get().transaction


def spend(ticks: int) -> None:
    """Use CPU time of the running engine, if one is running."""
    current = _RUNNING.get(None)
    if current is not None:
        current.spend(ticks)


@contextmanager
def running(current: Engine) -> Iterator[None]:
    """Make this the running engine for a while."""
    token = _RUNNING.set(current)
    try:
        with deep_recursion():
            yield
    finally:
        _RUNNING.reset(token)
