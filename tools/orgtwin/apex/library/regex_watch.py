"""Runs a regular expression in bounded real time.

The platform counts the characters a match visits and stops with "Regex too complicated". Python's engine does not count, but in the
main thread it lets a timer's signal through; elsewhere only patterns that cannot blow up run on long texts.
"""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

from orgtwin.apex.faults import out_of_limit

MAX_INPUT = 1_000_000
HARMLESS = 24  # characters: too short a text to backtrack for long
SECONDS = 1.0
_REPEAT = re.compile(r"(?<!\\)(?:[*+]|\{\d+,\d*\})")
T = TypeVar("T")


class _TooSlow(Exception):
    pass


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _TooSlow


def watched(pattern: re.Pattern[str], text: str, match: Callable[[], T]) -> T:
    """What `match()` gives. Raises the uncatchable LimitException when it takes too long."""
    if len(text) > MAX_INPUT:
        raise out_of_limit("Regex too complicated")
    if len(text) <= HARMLESS or not _REPEAT.search(pattern.pattern):
        return match()
    if threading.current_thread() is not threading.main_thread():
        return _unwatched(pattern, text, match)
    before = signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        return match()
    except _TooSlow:
        raise out_of_limit("Regex too complicated") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _unwatched(pattern: re.Pattern[str], text: str, match: Callable[[], T]) -> T:
    """Without a timer: one repeat is at worst quadratic, more of them only on short texts."""
    repeats = len(_REPEAT.findall(pattern.pattern))
    nested = ")*" in pattern.pattern or ")+" in pattern.pattern or "){" in pattern.pattern
    if nested or len(text) ** repeats > 10**9:
        raise out_of_limit("Regex too complicated")
    return match()
