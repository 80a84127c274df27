"""Whether the code that runs now is bound by the sharing of the running user.

The innermost class that says so decides; one that says nothing, or `inherited sharing`, takes it from its caller. Triggers run
without sharing, anonymous Apex with it. Source: "Use the with sharing, without sharing, and inherited sharing Keywords" (Apex
Developer Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgtwin.apex.classes import ApexClass
from orgtwin.apex.values import PLACE

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine

_ANONYMOUS = "AnonymousBlock"
_BOUND = {"with": True, "without": False}


def is_bound_by_sharing(engine: Engine) -> bool:
    """Look outwards from the innermost frame."""
    outermost: ApexClass | None = None
    for frame in reversed(engine.stack):
        place = str(frame[PLACE])
        if place.startswith("Trigger."):
            return False
        if place == _ANONYMOUS:
            return True
        cls = _class_at(engine, place)
        word = _sharing_of(cls)
        if word in _BOUND:
            return _BOUND[word]
        outermost = cls or outermost
    return outermost is not None and _sharing_of(outermost) == "inherited"


def _class_at(engine: Engine, place: str) -> ApexClass | None:
    """The class of `Class.Outer.Inner.method`."""
    names = place.removeprefix("Class.").split(".")
    cls = engine.find_class(names[0])
    for name in names[1:-1]:
        inner = cls.inner.get(name.lower()) if cls is not None else None
        if inner is None:
            break
        cls = inner
    return cls


def _sharing_of(cls: ApexClass | None) -> str:
    """The word of the class, or of the nearest superclass that has one."""
    if cls is None:
        return ""
    return next((c.sharing.lower().split()[0] for c in cls.chain() if c.sharing), "")
