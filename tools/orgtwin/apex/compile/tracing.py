"""Closures that tell the debug log what they do, compiled only while the levels of a transaction ask for it.

    tracing = Tracing.asked_for(levels)       None: nothing finer than statements of DML and queries is asked for
    engine.tracing = tracing                  what is compiled from now on tells

Without it not one closure differs. Source: "Debug Log Levels" (Apex Developer Guide); the order and fields of the lines are those
of recorded logs. ASSUMED: a method that throws has no METHOD_EXIT; a block inside a method is no statement of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from orgtwin.apex.classes import ApexClass, Method, Variable
from orgtwin.apex.log_levels import Levels
from orgtwin.apex.log_profile import METHODS
from orgtwin.apex.syntax import tree
from orgtwin.apex.types import OBJECT, Kind, Type
from orgtwin.apex.values import LINE, THIS, Frame, Run, Value

if TYPE_CHECKING:
    from orgtwin.apex.compile.scope import Scope
    from orgtwin.apex.compile.targets import Target
    from orgtwin.apex.debug_log import DebugLog
    from orgtwin.apex.engine import Engine

ANONYMOUS = "AnonymousBlock"
EXTERNAL = "[EXTERNAL]"
_FINE = {
    "methods": ("METHOD_ENTRY",),
    "statements": ("STATEMENT_EXECUTE",),
    "variables": ("VARIABLE_ASSIGNMENT",),
    "system": ("SYSTEM_METHOD_ENTRY",),
    "profile": ("CUMULATIVE_PROFILING",),
}


@dataclass(frozen=True, slots=True)
class Tracing:
    """What is told: calls, statements with their heap, variables, calls of the library; and whether calls are measured."""

    methods: bool = False
    statements: bool = False
    variables: bool = False
    system: bool = False
    profile: bool = False
    classes: bool = False  # some class has levels of its own

    @classmethod
    def asked_for(cls, levels: Iterable[Levels]) -> Tracing | None:
        """By any of these levels, those of the transaction first, then those of single classes."""
        every = list(levels)
        written = frozenset[str]().union(*(one.written() for one in every))
        asked = {name: not written.isdisjoint(events) for name, events in _FINE.items()}
        found = cls(**asked, classes=len(every) > 1)
        return None if found == cls() else found


def shown_type(type_: Type) -> str:
    """A type in a signature; Object is ANY."""
    if type_ is OBJECT:
        return "ANY"
    if type_.args:
        head = type_.name.partition("<")[0]
        return f"{head}<{','.join(shown_type(arg) for arg in type_.args)}>"
    return type_.cls.full_name if type_.cls is not None else type_.name


def executed(engine: Engine, line: int, run: Run) -> Run:
    """A statement."""
    where = f"[{line}]"

    def told(frame: Frame) -> Value:
        if engine.log is not None:
            engine.log.event("STATEMENT_EXECUTE", where)
        return run(frame)

    return told


def stored(scope: Scope, name: str, slot: int, type_: Type, run: Run | None, line: int) -> Run:
    """A local variable, and its first value if it has one; those outside the methods of anonymous Apex are known from its start."""
    engine = scope.engine
    where = f"[{line}]"
    if scope.body_of == "anonymous" and len(scope.blocks) == 1:
        scope.hoisted.append((where, name, type_.name, _is_reference(type_)))
        begins = False
    else:
        begins = True

    def told(frame: Frame) -> None:
        log = engine.log
        if log is not None and begins:
            log.event("VARIABLE_SCOPE_BEGIN", where, name, type_.name, _is_reference(type_), "false")
        value = frame[slot] = None if run is None else run(frame)
        if log is not None and run is not None:
            log.event("VARIABLE_ASSIGNMENT", where, name, *log.values.parts(value))

    return told


def hoist(scope: Scope) -> None:
    """Tell of the variables of anonymous Apex."""
    if scope.engine.log is not None:
        for where, name, type_, is_reference in scope.hoisted:
            scope.engine.log.event("VARIABLE_SCOPE_BEGIN", where, name, type_, is_reference, "false")


def loop_variable(scope: Scope, name: str, slot: int, type_: Type, line: int, body: Run) -> Run:
    """The body of a loop over a collection, behind the variable that the turn begins with."""
    engine, where = scope.engine, f"[{line}]"

    def told(frame: Frame) -> Value:
        log = engine.log
        if log is not None:
            log.event("VARIABLE_SCOPE_BEGIN", where, name, type_.name, _is_reference(type_), "false")
            log.event("VARIABLE_ASSIGNMENT", where, name, *log.values.parts(frame[slot]))
        return body(frame)

    return told


def _is_reference(type_: Type) -> str:
    return "false" if type_.kind is Kind.PRIMITIVE and type_ is not OBJECT else "true"


def assigned_target(scope: Scope, node: tree.Expression, found: Target, variable: Variable | None) -> Target:
    """The place of an assignment that tells what is stored there; an item of a list has no name (ASSUMED: it is not told)."""
    name = _name(node, variable)
    if name is None:
        return found
    engine, store = scope.engine, found.store
    with_holder = name.startswith("this.") or isinstance(node, tree.FieldAccess)

    def told(place: Value, value: Value) -> None:
        store(place, value)
        log = engine.log
        if log is not None:
            parts = log.values.parts(value)
            held = place if with_holder and not isinstance(place, list) and place is not None else None
            if held is not None:
                parts = (parts[0], log.values.address(held))
            log.event("VARIABLE_ASSIGNMENT", f"[{engine.line()}]", name, *parts)

    return found._replace(store=told, local=None)


def _name(node: tree.Expression, variable: Variable | None) -> str | None:
    if variable is not None and variable.static:
        return f"{variable.owner.name}.{variable.name}"
    if isinstance(node, tree.Name):
        return node.name if variable is None else f"this.{variable.name}"
    if isinstance(node, tree.FieldAccess):
        target = node.target
        if isinstance(target, tree.This):
            return f"this.{node.name}"
        before = _name(target, None)
        return None if before is None else f"{before}.{node.name}"
    return None


# Calls


class Told:
    """A method or constructor as its lines name it, and how a call of it is told."""

    def __init__(self, engine: Engine, cls: ApexClass, tracing: Tracing, line: int) -> None:
        self._engine = engine
        self._cls = cls
        self._tracing = tracing
        self.line = f"[{line}]"
        self.at = ""  # where the entry is told to be, if not where the caller is
        self.entry: tuple[str, ...] = ()  # event, then what stands behind the line
        self.exit: tuple[str, ...] = ()
        self.signature = ""
        self.mode_first = False
        self.this = False
        self.is_body = True
        self.parameters: tuple[tuple[str, Type], ...] = ()

    def run(self, call: Callable[..., Value], *args: Value) -> Value:
        engine, log = self._engine, self._engine.log
        if log is None:
            return call(*args)
        where = self.at or (f"[{engine.line()}]" if engine.stack else EXTERNAL)
        place, began = engine.shown_place(), log.elapsed()
        mode: AbstractContextManager[None] = log.mode_of(self._cls.sharing)
        outer, inner = (mode, nullcontext()) if self.mode_first else (nullcontext(), mode)
        with log.inside(self._cls.outermost().name.lower(), where), outer:
            if self.entry:
                log.event(self.entry[0], where, *self.entry[1:])
            with inner:
                self._begin(log, args)
                result = call(*args)
            if self.exit:
                log.event(self.exit[0], where, *self.exit[1:])
        if self.signature:
            log.profile.add(METHODS, place, self.signature, log.elapsed() - began)
        return result

    def _begin(self, log: DebugLog, args: tuple[Value, ...]) -> None:
        if self._tracing.variables:
            if self.this:
                log.event("VARIABLE_SCOPE_BEGIN", self.line, "this", self._cls.name, "true", "false")
                log.event("VARIABLE_ASSIGNMENT", self.line, "this", *log.values.parts(args[0]))
            for (name, type_), value in zip(self.parameters, args[self.this :], strict=False):
                log.event("VARIABLE_SCOPE_BEGIN", self.line, name, type_.name, _is_reference(type_), "false")
                log.event("VARIABLE_ASSIGNMENT", self.line, name, *log.values.parts(value))
        if self.is_body:
            log.event("STATEMENT_EXECUTE", self.line)


def _signature(method: Method, between: str = ", ") -> str:
    return f"({between.join(map(shown_type, method.parameters))})"


def _words(method: Method) -> str:
    """`public static void `, as profiles have it."""
    words = [method.access, *(["static"] if method.static else []), shown_type(method.returns)]
    return " ".join(words)


def told_method(scope: Scope, method: Method, node: tree.Method, call: Callable[..., Value]) -> Callable[..., Value]:
    """A method that tells, if somebody listens."""
    signature = f"{method.name}{_signature(method)}"
    told = _told_member(scope, method, node.pos, signature, [p.name for p in node.parameters])
    if told is None:
        return call
    if scope.engine.tracing is not None and scope.engine.tracing.profile:
        told.signature = f"{_words(method)} {signature}"
    return lambda *args: told.run(call, *args)


def told_accessor(scope: Scope, method: Method, call: Callable[..., Value]) -> Callable[..., Value]:
    """A get or set with a body. ASSUMED: its name, which is that of stack traces."""
    shown = f"__sfdc_{scope.name}{_signature(method)}"
    told = _told_member(scope, method, method.pos, shown, ["value"] * len(method.parameters))
    return call if told is None else lambda *args: told.run(call, *args)


def _told_member(scope: Scope, method: Method, pos: int, shown: str, names: list[str]) -> Told | None:
    """What tells of a member of the class with parameters of these names; None where nobody listens."""
    engine, tracing = scope.engine, scope.engine.tracing
    if tracing is None:
        return None
    told = Told(engine, scope.cls, tracing, scope.line(pos))
    told.entry = ("METHOD_ENTRY", engine.source_id(scope.cls), f"{scope.cls.name}.{shown}")
    told.exit = ("METHOD_EXIT", *told.entry[1:])
    told.this = told.mode_first = not method.static
    told.parameters = tuple(zip(names, method.parameters, strict=True))
    return told


def told_constructor(
    scope: Scope, method: Method, node: tree.Method | None, pos: int, call: Callable[..., Value]
) -> Callable[..., Value]:
    """A constructor; one that no source declares has no entry and no exit of its own."""
    engine, tracing = scope.engine, scope.engine.tracing
    if tracing is None:
        return call
    told = Told(engine, scope.cls, tracing, scope.line(pos))
    if node is not None:
        shown = f"<init>{_signature(method, ',')}"
        told.entry = ("CONSTRUCTOR_ENTRY", engine.source_id(scope.cls), shown, scope.cls.name)
        told.exit = ("CONSTRUCTOR_EXIT", *told.entry[1:])
        told.parameters = tuple((p.name, type_) for p, type_ in zip(node.parameters, method.parameters, strict=True))
    told.this = told.mode_first = True
    return lambda *args: told.run(call, *args)


def told_body(scope: Scope, pos: int, call: Callable[..., Value]) -> Callable[..., Value]:
    """The body of a trigger or of anonymous Apex."""
    tracing = scope.engine.tracing
    if tracing is None:
        return call
    told = Told(scope.engine, scope.cls, tracing, scope.line(pos))
    return lambda *args: told.run(call, *args)


def told_field(scope: Scope, variable: Variable, run: Run) -> Run:
    """What initialises a field."""
    engine, tracing = scope.engine, scope.engine.tracing
    if tracing is None or not tracing.variables:
        return run
    where, type_ = f"[{scope.line(variable.pos)}]", variable.type.name
    name = f"{variable.owner.name}.{variable.name}" if variable.static else f"this.{variable.name}"

    def told(frame: Frame) -> Value:
        log = engine.log
        if log is not None and variable.static:
            log.event("VARIABLE_SCOPE_BEGIN", where, name, type_, _is_reference(variable.type), "true")
        value = run(frame)
        if log is not None:
            parts = log.values.parts(value)
            parts = parts if variable.static else (parts[0], log.values.address(frame[THIS]))
            log.event("VARIABLE_ASSIGNMENT", where, name, *parts)
        return value

    return told


def told_class(engine: Engine, cls: ApexClass, pos: int, initialise: Callable[[], None]) -> None:
    """The first use of a class of the org: its static initialisation is told as a method."""
    tracing = engine.tracing
    if tracing is None or cls.outer is not None or cls.trigger_type is not None or cls.name == ANONYMOUS:
        initialise()
        return
    told = Told(engine, cls, Tracing(), 0 if cls.lines is None else cls.lines.line(pos))
    told.at = told.line
    told.entry = ("METHOD_ENTRY", engine.source_id(cls), f"{cls.name}.{cls.name}()")
    told.exit = ("METHOD_EXIT", cls.name)
    told.is_body = False
    told.run(initialise)


def system_method(scope: Scope, owner: str, method: Method) -> Method:
    """A method of the library that tells. ASSUMED: every one is a SYSTEM_METHOD; orgs tell of some as METHOD."""
    tracing = scope.engine.tracing
    if tracing is None or not tracing.system or method.owner is None or method.owner.initialise is not None:
        return method
    shown = f"{owner}.{method.name}{_signature(method)}"
    return replace(method, call=_surrounded(scope.engine, "SYSTEM_METHOD", shown, method.call))


def system_constructor(scope: Scope, method: Method) -> Callable[..., Value]:
    """What makes an object of a class of the library."""
    tracing = scope.engine.tracing
    if tracing is None or not tracing.system:
        return method.call
    return _surrounded(scope.engine, "SYSTEM_CONSTRUCTOR", f"<init>{_signature(method)}", method.call)


def _surrounded(engine: Engine, event: str, shown: str, call: Callable[..., Value]) -> Callable[..., Value]:
    def told(*args: Value) -> Value:
        log = engine.log
        if log is None:
            return call(*args)
        where = f"[{engine.line()}]"
        log.event(f"{event}_ENTRY", where, shown)
        result = call(*args)
        log.event(f"{event}_EXIT", where, shown)
        return result

    return told


def text_made(scope: Scope, run: Run) -> Run:
    """A String that is written down or put together: of the heap the twin tells only this (recorded: its length)."""
    tracing, engine = scope.engine.tracing, scope.engine
    if tracing is None or not tracing.statements:
        return run

    def told(frame: Frame) -> Value:
        text = run(frame)
        if engine.log is not None and text is not None:
            engine.log.event("HEAP_ALLOCATE", f"[{frame[LINE]}]", f"Bytes:{len(text)}")
        return text

    return told
