"""Declarations to ApexClass objects, in three passes over all sources: names, headers and members, initialisers and bodies."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orgtwin.apex.classes import ApexClass, Method, Variable
from orgtwin.apex.compile.bodies import (
    CompileFailed,
    accessor_body,
    constructor_body,
    default_constructor,
    method_body,
    report,
    run_in_frame,
)
from orgtwin.apex.compile.expressions import assigned
from orgtwin.apex.compile.names import get_type
from orgtwin.apex.compile.scope import CompileProblem, Scope
from orgtwin.apex.compile.statements import sequence
from orgtwin.apex.library.enums import add_enum_methods
from orgtwin.apex.syntax import tree
from orgtwin.apex.syntax.problems import LineTable
from orgtwin.apex.types import VOID, Type
from orgtwin.apex.values import EnumConstant, Instance, Run, Value

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine

Declarations = list[tuple[ApexClass, tree.TypeDeclaration]]
_ACCESS = ("private", "protected", "public", "global")


def declare_class(
    node: tree.TypeDeclaration, outer: ApexClass | None, lines: LineTable, found: Declarations
) -> ApexClass:
    """Pass 1: the class and its inner types exist by name."""
    kind = {tree.ClassDeclaration: "class", tree.InterfaceDeclaration: "interface", tree.EnumDeclaration: "enum"}[
        type(node)
    ]
    name = f"{outer.name}.{node.name}" if outer is not None else node.name
    modifiers = node.modifiers
    cls = ApexClass(name, kind=kind, outer=outer, modifiers=modifiers, lines=lines)
    cls.abstract = modifiers.has("abstract")
    cls.virtual = cls.abstract or modifiers.has("virtual")
    cls.is_test = modifiers.find_annotation("istest") is not None
    cls.sharing = next((w for w in modifiers.words if w.endswith("sharing")), None)
    found.append((cls, node))
    if isinstance(node, tree.ClassDeclaration):
        for member in node.members:
            if isinstance(member, (tree.ClassDeclaration, tree.InterfaceDeclaration, tree.EnumDeclaration)):
                inner = declare_class(member, cls, lines, found)
                cls.inner[member.name.lower()] = inner
                if member.modifiers.find_annotation("testvisible"):
                    inner.test_visible.add(member.name.lower())
    if isinstance(node, tree.EnumDeclaration):
        for ordinal, (constant, _) in enumerate(node.constants):
            cls.constants[constant.lower()] = EnumConstant(cls, constant, ordinal)
        add_enum_methods(cls)
    return cls


def resolve_header(engine: Engine, cls: ApexClass, node: tree.TypeDeclaration) -> None:
    """Pass 2a: superclass and interfaces."""
    scope = Scope(engine, cls, True)
    try:
        if isinstance(node, tree.ClassDeclaration):
            if node.extends is not None:
                cls.superclass = _superclass(scope, node.extends)
            cls.interfaces = [_interface(scope, t) for t in node.implements]
        elif isinstance(node, tree.InterfaceDeclaration):
            cls.interfaces = [_interface(scope, t) for t in node.extends]
    except CompileProblem as problem:
        scope.problems.append(problem)
    report(engine, scope)


def _superclass(scope: Scope, name: tree.TypeName) -> ApexClass:
    # A class may not be found as its own inner type here: `class Foo extends Foo.Bar` is legal, `class Foo extends Foo` is not.
    type_ = get_type(scope, name)
    if type_.cls is None or type_.cls.is_interface or type_.cls is scope.cls:
        raise CompileProblem(f"Invalid super class: {name.name}", name.pos)
    if not (type_.cls.virtual or type_.cls.abstract):
        raise CompileProblem(f"Non-virtual and non-abstract type cannot be extended: {type_.name}", name.pos)
    return type_.cls


def _interface(scope: Scope, name: tree.TypeName) -> Type:
    type_ = get_type(scope, name)
    if type_.cls is None and type_.key not in ("iterable", "iterator"):
        raise CompileProblem(f"Invalid interface: {name.name}", name.pos)
    if type_.cls is not None and not type_.cls.is_interface:
        raise CompileProblem(f"Invalid interface: {name.name}", name.pos)
    return type_


def link_members(engine: Engine, cls: ApexClass, node: tree.TypeDeclaration) -> None:
    """Pass 2b: fields, properties and methods with their types. The superclass must be linked already."""
    superclass = cls.superclass
    if superclass is not None:
        cls.field_count = superclass.field_count
        cls.vtable.update(superclass.vtable)
    if isinstance(node, tree.ClassDeclaration):
        linker = _Linker(engine, cls)
        for member in node.members:
            linker.link(member)
        linker.finish(node)
    elif isinstance(node, tree.InterfaceDeclaration):
        linker = _Linker(engine, cls)
        for method in node.methods:
            linker.link(method)
    cls.equals = _own(cls, "equals(object)")
    cls.hash_code = _own(cls, "hashcode()")


def _own(cls: ApexClass, signature: str) -> Callable[..., Value] | None:
    method = cls.vtable.get(signature)
    if method is None or method.owner is None or method.owner.namespace:
        return None
    found = method
    return lambda *args: found.call(*args)


class _Linker:
    """Adds the members of one class."""

    def __init__(self, engine: Engine, cls: ApexClass) -> None:
        self.engine = engine
        self.cls = cls
        self.own = _Initialisers(engine, cls, static=False)
        self.static = _Initialisers(engine, cls, static=True)

    def link(self, member: tree.Member) -> None:
        scope = Scope(self.engine, self.cls, True)
        try:
            if isinstance(member, tree.Method):
                self._method(scope, member)
            elif isinstance(member, tree.Fields):
                self._fields(scope, member)
            elif isinstance(member, tree.Property):
                self._property(scope, member)
            elif isinstance(member, tree.Initializer):
                self._initializer(member)
        except CompileProblem as problem:
            scope.problems.append(problem)
        report(self.engine, scope)

    def finish(self, node: tree.ClassDeclaration) -> None:
        cls = self.cls
        if not cls.constructors:
            cls.constructors.append(default_constructor(self.engine, cls, node.pos))
        cls.initialise_instance = self.own.run
        cls.initialise = self.static.initialise_class

    def _access(self, modifiers: tree.Modifiers, name: str) -> str:
        if modifiers.find_annotation("testvisible") is not None:
            self.cls.test_visible.add(name.lower())
        if self.cls.is_interface:
            return "public"
        default = "public" if modifiers.has("webservice") else "private"
        return next((w for w in modifiers.words if w in _ACCESS), default)

    def _method(self, scope: Scope, node: tree.Method) -> None:
        cls, modifiers = self.cls, node.modifiers
        access = self._access(modifiers, node.name)
        parameters = tuple(get_type(scope, p.type) for p in node.parameters)
        if node.type is None:
            self._constructor(node, parameters, access)
            return
        method = Method(
            cls,
            node.name,
            parameters,
            get_type(scope, node.type),
            _abstract,
            static=modifiers.has("static"),
            abstract=modifiers.has("abstract") or cls.is_interface,
            virtual=modifiers.has("virtual"),
            override=modifiers.has("override"),
            access=access,
            pos=node.pos,
            modifiers=modifiers,
            parameter_names=tuple(p.name for p in node.parameters),
        )
        overloads = cls.methods.setdefault(node.name.lower(), [])
        if any(m.signature == method.signature for m in overloads):
            raise CompileProblem(
                f"Method already defined: {node.name} {method.returns.name} {cls.name}.{method.shown}", node.pos
            )
        overloads.append(method)
        if not method.static:
            cls.vtable[method.signature] = method
        if node.body is not None:
            method_body(self.engine, cls, method, node)

    def _constructor(self, node: tree.Method, parameters: tuple[Type, ...], access: str) -> None:
        cls = self.cls
        if node.name.lower() != cls.name.rsplit(".", 1)[-1].lower():
            raise CompileProblem(f"Invalid constructor name: {node.name}", node.pos)
        if not any(w in _ACCESS for w in node.modifiers.words):
            access = "private"
        if node.modifiers.find_annotation("testvisible") is not None:
            cls.test_visible.add(node.name.lower())
        method = Method(
            cls, node.name, parameters, VOID, _abstract, access=access, pos=node.pos, modifiers=node.modifiers
        )
        if any(m.signature == method.signature for m in cls.constructors):
            raise CompileProblem(f"Constructor already defined: {method.shown}", node.pos)
        cls.constructors.append(method)
        constructor_body(self.engine, cls, method, node)

    def _slot(self, static: bool) -> int:
        cls = self.cls
        if static:
            cls.static_count += 1
            return cls.static_count - 1
        cls.field_count += 1
        return cls.field_count - 1

    def _add(self, variable: Variable, pos: int) -> None:
        if variable.name.lower() in self.cls.variables:
            raise CompileProblem(f"Field already defined: {variable.name}", pos)
        self.cls.variables[variable.name.lower()] = variable

    def _fields(self, scope: Scope, node: tree.Fields) -> None:
        modifiers = node.modifiers
        type_ = get_type(scope, node.type)
        static = modifiers.has("static")
        for name, pos, value in node.variables:
            variable = Variable(
                self.cls, name, type_, static, self._slot(static), final=modifiers.has("final"), pos=pos
            )
            variable.access = self._access(modifiers, name)
            variable.transient = modifiers.has("transient")
            self._add(variable, pos)
            if value is not None:
                self._part(static, pos, _field_initialiser(variable, value))

    def _part(self, static: bool, pos: int, build: Callable[[Scope], Run]) -> None:
        (self.static if static else self.own).parts.append((pos, build))

    def _initializer(self, node: tree.Initializer) -> None:
        self._part(node.static, node.pos, lambda scope: sequence(scope, node.body.statements).run)

    def _property(self, scope: Scope, node: tree.Property) -> None:
        modifiers = node.modifiers
        type_ = get_type(scope, node.type)
        static = modifiers.has("static")
        variable = Variable(self.cls, node.name, type_, static, self._slot(static), is_property=True, pos=node.pos)
        variable.access = self._access(modifiers, node.name)
        variable.transient = modifiers.has("transient")
        kinds = {a.kind: a for a in node.accessors}
        variable.readable = "get" in kinds
        variable.writable = "set" in kinds
        self._add(variable, node.pos)
        for accessor in node.accessors:
            self._accessor(variable, accessor, modifiers)

    def _accessor(self, variable: Variable, node: tree.Accessor, modifiers: tree.Modifiers) -> None:
        if node.kind == "set":
            own = next((w for w in node.modifiers.words if w in _ACCESS), None)
            variable.set_access = own or "public"
        if node.body is None:
            return
        cls, static = self.cls, variable.static
        setting = node.kind == "set"
        parameters = (variable.type,) if setting else ()
        method = Method(cls, f"{node.kind}:{variable.name}", parameters, VOID if setting else variable.type, _abstract)
        method.static = static
        method.virtual = modifiers.has("virtual")
        inner = Scope(self.engine, cls, static, method.returns, variable.name, variable)
        if setting:
            inner.declare("value", variable.type, node.pos)
            variable.setter = method
        else:
            variable.getter = method
        if not static:
            cls.vtable[method.signature] = method
        cls.accessors.append(method)
        accessor_body(self.engine, method, node, inner, setting)


class _Initialisers:
    """The field initialisers and blocks of one class, static or not, compiled when they first run."""

    def __init__(self, engine: Engine, cls: ApexClass, *, static: bool) -> None:
        self._engine = engine
        self._cls = cls
        self._static = static
        self._compiled: list[tuple[int, Run]] | None = None
        self._slots = 0
        self._place = f"Class.{cls.name}.{'<clinit>' if static else '<init>'}"
        self.parts: list[tuple[int, Callable[[Scope], Run]]] = []
        cls.compile_initialisers.append(self.compile)

    def compile(self) -> list[tuple[int, Run]]:
        """Compile once; a compile error stops the run of them."""
        if self._compiled is None:
            scope = Scope(self._engine, self._cls, self._static, VOID, "<init>", may_set_final=True)
            self._compiled = _compile_parts(scope, self.parts)
            self._slots = scope.slots
            if report(self._engine, scope):
                self._compiled = [(0, _fail(scope))]
        return self._compiled

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
        self.run(None)
        return statics


def _compile_parts(scope: Scope, parts: list[tuple[int, Callable[[Scope], Run]]]) -> list[tuple[int, Run]]:
    found: list[tuple[int, Run]] = []
    for pos, build in parts:
        try:
            line = scope.line(pos)
            scope.engine.coverage.note(scope.cls.outermost().name, line)
            found.append((line, _covering(scope, line, build(scope))))
        except CompileProblem as problem:
            scope.problems.append(problem)
    return found


def _covering(scope: Scope, line: int, run: Run) -> Run:
    hit = scope.engine.coverage.counter(scope.cls.outermost().name)
    if hit is None:
        return run
    count = hit

    def covered(frame: Value) -> Value:
        count(line)
        return run(frame)

    return covered


def _fail(scope: Scope) -> Run:
    text = f"{scope.cls.name}: {scope.problems[0].message}"

    def fail(frame: Value) -> Value:
        raise CompileFailed(text)

    return fail


def _field_initialiser(variable: Variable, value: tree.Expression) -> Callable[[Scope], Run]:
    def build(scope: Scope) -> Run:
        run = assigned(scope, value, variable.type, variable.pos)
        slot, cls = variable.slot, variable.owner
        if variable.static:

            def store_static(frame: Value) -> None:
                given = run(frame)
                cls.get_statics()[slot] = given

            return store_static

        def store(frame: Value) -> None:
            frame[0].fields[slot] = run(frame)

        return store

    return build


def _abstract(*_: Value) -> Value:
    raise AssertionError("an abstract method has no body")
