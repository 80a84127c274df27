"""Two compiled forms of the same classes: the plain one, and one that tells the debug log what it does.

    switch.turn(tracing)     what is called from now on tells; it is compiled when it is first called
    switch.turn(None)        the plain form is back

The plain form is set aside, not changed. The other is kept for the next log of the same kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from orgtwin.apex.classes import ApexClass

if TYPE_CHECKING:
    from orgtwin.apex.compile.tracing import Tracing
    from orgtwin.apex.engine import Engine


class _Exchanged(Protocol):
    def exchange(self, compiled: Any = None) -> Any: ...


_Forms = list[tuple[_Exchanged, Any]]


class TraceSwitch:
    """Of one engine, whose `tracing` it sets."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._plain: _Forms = []
        self._kept: dict[Tracing, _Forms] = {}

    def turn(self, tracing: Tracing | None) -> None:
        engine = self._engine
        if engine.tracing == tracing:
            return
        if engine.tracing is not None:
            self._kept[engine.tracing] = [(unit, unit.exchange(plain)) for unit, plain in self._plain]
        engine.tracing = tracing
        if tracing is not None:
            known = dict(self._kept.get(tracing, ()))
            self._plain = [(unit, unit.exchange(known.get(unit))) for unit in _units(engine)]


def _units(engine: Engine) -> Iterator[_Exchanged]:
    for cls in engine.classes.values():
        yield from _parts(cls)
    for triggers in engine.triggers.values():
        for trigger in triggers:
            yield trigger
            yield from _parts(trigger.cls)


def _parts(cls: ApexClass) -> Iterator[_Exchanged]:
    for overloads in cls.methods.values():
        yield from (method for method in overloads if method.uncompiled is not None)
    yield from (method for method in (*cls.constructors, *cls.accessors) if method.uncompiled is not None)
    yield from cls.initialisers
    for inner in cls.inner.values():
        yield from _parts(inner)
