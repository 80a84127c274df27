"""How much the running code holds, by a documented model: a fixed price per value, texts and blobs by their length.

ASSUMED: orgs do not publish how they count; the limit (6 MB, 12 MB asynchronous) is theirs, the prices are the twin's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from orgtwin.apex.faults import out_of_limit
from orgtwin.apex.records import SObject
from orgtwin.apex.values import ApexList, ApexMap, ApexSet, Instance, Value

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine

PRICE = 8  # bytes of a number, a reference, an object's head
WRITE_TICKS = 2  # for each value that is written out as text
BULK = 8  # 256 bytes of a large text cost a tick
COPY = 11  # 2,048 bytes that are only copied, as in `text += 'x'`, cost a tick (ASSUMED, as all prices here are)
COUNT = 2  # 4 values that are counted cost a tick: who holds many and makes many has them counted often
LARGE = 10_000  # bytes
SHORT = 1_000  # bytes; what is shorter is counted when the heap is checked
SEARCH = 8  # 256 bytes of a text between these cost a tick


class Holder:
    """A value of the library that holds others."""

    __slots__ = ()

    def held_values(self) -> Iterable[Value]:
        """What it holds."""
        return ()


def live_bytes(engine: Engine, stop_at: int) -> tuple[int, int]:
    """What frames and static fields reach, in bytes and in values; stops counting beyond `stop_at` bytes."""
    roots: list[Value] = [value for frame in engine.stack for value in frame]
    roots += [value for cls in engine.touched for value in cls.statics or ()]
    return bytes_of(roots, stop_at)


def bytes_of(roots: list[Value], stop_at: int) -> tuple[int, int]:
    """What values reach, as `live_bytes` counts it; takes from the list."""
    seen: set[int] = set()
    total = count = 0
    while roots and total <= stop_at:
        value = roots.pop()
        count += 1
        if isinstance(value, (str, bytes)):
            total += PRICE + len(value)
            continue
        total += PRICE
        parts = _parts(value)
        if parts is not None and id(value) not in seen:
            seen.add(id(value))
            roots.extend(parts)
    return total, count


def size_of(value: Value) -> int:
    """What a library method's result adds to the heap, of its own: its characters, bytes or references."""
    if isinstance(value, (str, bytes)):
        return len(value)
    return len(value.items) * PRICE if isinstance(value, (ApexList, ApexSet, ApexMap)) else 0


def require_room(engine: Engine, value: Value, depth: int) -> None:
    """Before values are written out as text, `depth` levels deep: what occurs twice is written twice. Raises LimitException."""
    limit = engine.transaction.usage.limit("HeapSize")
    left = limit
    seen = 0
    todo: list[tuple[Value, int]] = [(value, depth)]
    while todo:
        part, levels = todo.pop()
        left -= PRICE + (len(part) if isinstance(part, (str, bytes)) else 0)
        if left < 0:
            raise out_of_limit(f"Apex heap size too large: {limit - left}")
        seen += 1
        inner = _parts(part) if levels > 0 else None
        if inner is not None:
            todo.extend((one, levels - 1) for one in inner)
    engine.spend(seen * WRITE_TICKS + (limit - left >> BULK))


def _parts(value: Value) -> Iterable[Value] | None:
    if isinstance(value, (ApexList, ApexSet)):
        return value.items
    if isinstance(value, ApexMap):
        return [*value.items.keys(), *value.items.values()]
    if isinstance(value, SObject):
        return [*value.fields.values(), *value.related.values()]
    if isinstance(value, Holder):
        return value.held_values()
    return value.fields if isinstance(value, Instance) else None
