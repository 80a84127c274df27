"""Python's recursion limit, raised while Apex is read, compiled or run, and at no other time.

    with deep_recursion():
        ...

A thousand Apex calls, each inside a few blocks, are tens of thousands of Python frames; these lie on the heap. The limit is that of
the whole process, and decoders written in C (msgspec, json) know no other bound: raised for good, a nest of 100,000 brackets from
the wire would end the process by its C stack. Threads count themselves in and out: the last one out puts back what the first found.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

FRAMES = 60_000  # of Python; Apex's own depth limit strikes long before

_lock = Lock()
_found: list[int] = []  # the limit before, once for everyone inside


@contextmanager
def deep_recursion() -> Iterator[None]:
    """See the module."""
    with _lock:
        _found.append(_found[-1] if _found else sys.getrecursionlimit())
        if len(_found) == 1:
            sys.setrecursionlimit(max(_found[0], FRAMES))
    try:
        yield
    finally:
        with _lock:
            before = _found.pop()
            if not _found:
                sys.setrecursionlimit(before)


def leave_depth() -> list[int]:
    """The limit of before, while code that is inside is paused; gives what `find_depth` needs."""
    with _lock:
        inside = _found.copy()
        _found.clear()
        if inside:
            sys.setrecursionlimit(inside[0])
    return inside


def find_depth(inside: list[int]) -> None:
    """The limit of code that goes on."""
    with _lock:
        _found[:] = inside
        if inside:
            sys.setrecursionlimit(max(inside[0], FRAMES))
