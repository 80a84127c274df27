"""How much the running code holds, by a documented model: a fixed price per value, texts and blobs by their length.

ASSUMED: orgs do not publish how they count; the limit (6 MB, 12 MB asynchronous) is theirs, the prices are the twin's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from orgtwin.apex.records import SObject
from orgtwin.apex.values import ApexList, ApexMap, ApexSet, Instance, Value

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine

PRICE = 8  # bytes of a number, a reference, an object's head


def live_bytes(engine: Engine, stop_at: int) -> int:
    """What frames and static fields reach; stops counting beyond `stop_at`."""
    roots: list[Value] = [value for frame in engine.stack for value in frame]
    roots += [value for cls in engine.touched for value in cls.statics or ()]
    seen: set[int] = set()
    total = 0
    while roots and total <= stop_at:
        value = roots.pop()
        if isinstance(value, (str, bytes)):
            total += PRICE + len(value)
            continue
        total += PRICE
        parts = _parts(value)
        if parts is not None and id(value) not in seen:
            seen.add(id(value))
            roots.extend(parts)
    return total


def _parts(value: Value) -> Iterable[Value] | None:
    if isinstance(value, (ApexList, ApexSet)):
        return value.items
    if isinstance(value, ApexMap):
        return [*value.items.keys(), *value.items.values()]
    if isinstance(value, SObject):
        return [*value.fields.values(), *value.related.values()]
    return value.fields if isinstance(value, Instance) else None
