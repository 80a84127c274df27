"""The initialisers of fields and the blocks beside them, run when a class or an object comes to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orgtwin.apex.classes import ApexClass, Variable
from orgtwin.apex.compile.bodies import CompileFailed, report, run_in_frame
from orgtwin.apex.compile.coverable import evaluated, is_constant, marking
from orgtwin.apex.compile.expressions import assigned
from orgtwin.apex.compile.scope import CompileProblem, Scope
from orgtwin.apex.compile.tracing import told_class, told_field
from orgtwin.apex.syntax import tree
from orgtwin.apex.syntax.problems import TOO_DEEP
from orgtwin.apex.types import STRING, VOID
from orgtwin.apex.values import Instance, Run, Value

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine


class Initialisers:
    """The field initialisers and blocks of one class, static or not, compiled when they first run.

    `constants` go first: static final Strings with a literal are there for initialisers above them too.
    """

    def __init__(self, engine: Engine, cls: ApexClass, pos: int, *, static: bool) -> None:
        self._engine = engine
        self._pos = pos
        self._cls = cls
        self._static = static
        self._compiled: list[tuple[int, Run]] | None = None
        self._slots = 0
        self._place = f"Class.{cls.name}.{'<clinit>' if static else '<init>'}"
        self.constants: list[tuple[int, Callable[[Scope], Run]]] = []
        self.parts: list[tuple[int, Callable[[Scope], Run]]] = []
        cls.initialisers.append(self)

    def compile(self) -> list[tuple[int, Run]]:
        """Compile once; a compile error stops the run of them."""
        if self._compiled is None:
            body_of = "method" if self._static else "initialiser"
            scope = Scope(self._engine, self._cls, self._static, VOID, "<init>", may_set_final=True, body_of=body_of)
            self._compiled = _compile_parts(scope, [*self.constants, *self.parts])
            self._slots = scope.slots
            if report(self._engine, scope):
                self._compiled = [(0, _fail(scope))]
        return self._compiled

    def exchange(self, compiled: Any = None) -> Any:
        """As Method.exchange."""
        present = (self._compiled, self._slots)
        self._compiled, self._slots = compiled or (None, 0)
        return present

    def run(self, this: Instance | None) -> None:
        compiled = self.compile()
        if compiled:
            run_in_frame(self._engine, self._place, self._slots, this, compiled)

    def initialise_class(self) -> list[Value]:
        """The static fields, fresh for this transaction."""
        cls = self._cls
        self.compile()
        statics = cls.statics = [None] * cls.static_count
        self._engine.touched.append(cls)
        if cls.superclass is not None:
            cls.superclass.get_statics()
        told_class(self._engine, cls, self._pos, lambda: self.run(None))
        return statics


def _compile_parts(scope: Scope, parts: list[tuple[int, Callable[[Scope], Run]]]) -> list[tuple[int, Run]]:
    found: list[tuple[int, Run]] = []
    for pos, build in parts:
        scope.initialising = pos
        try:
            found.append((scope.line(pos), build(scope)))
        except CompileProblem as problem:
            scope.problems.append(problem)
        except RecursionError:
            scope.problems.append(CompileProblem(TOO_DEEP, pos))
    return found


def _fail(scope: Scope) -> Run:
    text = f"{scope.cls.name}: {scope.problems[0].message}"

    def fail(frame: Value) -> Value:
        raise CompileFailed(text)

    return fail


def field_initialiser(variable: Variable, value: tree.Expression) -> Callable[[Scope], Run]:
    """Stores the value of a field where it is declared."""

    def build(scope: Scope) -> Run:
        run = assigned(scope, value, variable.type, variable.pos)
        slot, cls = variable.slot, variable.owner
        if scope.engine.tracing is not None:
            run = told_field(scope, variable, run)
        if not (variable.static and variable.final and variable.type is STRING and is_constant(value)):
            run = marking(scope, (variable.pos, *evaluated(value)), run)
        if variable.static:

            def store_static(frame: Value) -> None:
                given = run(frame)
                cls.get_statics()[slot] = given

            return store_static

        def store(frame: Value) -> None:
            frame[0].fields[slot] = run(frame)

        return store

    return build
