"""Python's collector of garbage, at rest while trees and closures are made by the hundred thousand and all kept.

Looking for garbage among them doubles the time of a compile and is a fifth of a parse.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collection() -> Iterator[None]:
    """Threads may be inside at once: who found the collector at rest leaves it as it is."""
    enabled = gc.isenabled()
    if enabled:
        gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
