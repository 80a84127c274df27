"""Declarations to ApexClass objects, in three passes over all sources: names, headers and members, initialisers and bodies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from orgtwin.apex.classes import ApexClass, Method, Variable
from orgtwin.apex.compile import messages
from orgtwin.apex.compile.annotation_contracts import (
    check_class_contract,
    check_field_contract,
    check_method_contract,
)
from orgtwin.apex.compile.annotations import check_declaration, check_type
from orgtwin.apex.compile.bodies import (
    CompileFailed,
    accessor_body,
    constructor_body,
    default_constructor,
    method_body,
    report,
)
from orgtwin.apex.compile.coverable import marker
from orgtwin.apex.compile.identifiers import check_method_name, check_name, check_type_name
from orgtwin.apex.compile.initialisers import Initialisers, field_initialiser
from orgtwin.apex.compile.modifiers import (
    CONSTRUCTOR,
    FIELD,
    METHOD,
    PARAMETER,
    PROPERTY,
    Target,
    check_accessor_scope,
)
from orgtwin.apex.compile.names import get_type, get_value_type
from orgtwin.apex.compile.scope import CompileProblem, LateProblem, Scope, SideProblem
from orgtwin.apex.compile.statements import block
from orgtwin.apex.faults import EXCEPTION
from orgtwin.apex.library.enums import add_enum_methods
from orgtwin.apex.syntax import tree
from orgtwin.apex.syntax.problems import LineTable
from orgtwin.apex.types import STRING, VOID, Kind, Type
from orgtwin.apex.values import EnumConstant, Run, Value

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine

Declarations = list[tuple[ApexClass, tree.TypeDeclaration]]
_ACCESS = ("private", "protected", "public", "global")
ANONYMOUS = "AnonymousBlock"
MOST_PARAMETERS = 32
MOST_CONSTANTS = 100
_CLONE_DEFINED = messages.METHOD_DEFINED.format("clone", "{0} {0}.clone()", "{0}")
"""Every class has one."""
_TYPE_NODES = (tree.ClassDeclaration, tree.InterfaceDeclaration, tree.EnumDeclaration)


def declare_class(
    node: tree.TypeDeclaration, outer: ApexClass | None, lines: LineTable, found: Declarations
) -> ApexClass:
    """Pass 1: the class and its inner types exist by name."""
    kind = {tree.ClassDeclaration: "class", tree.InterfaceDeclaration: "interface", tree.EnumDeclaration: "enum"}[
        type(node)
    ]
    name = f"{outer.name}.{node.name}" if outer is not None else node.name
    modifiers = node.modifiers
    cls = ApexClass(name, kind=kind, outer=outer, modifiers=modifiers, lines=lines, pos=node.pos)
    cls.abstract = modifiers.has("abstract")
    cls.virtual = cls.abstract or modifiers.has("virtual")
    cls.is_test = modifiers.find_annotation("istest") is not None
    cls.sharing = next((w for w in modifiers.words if w.endswith("sharing")), None)
    found.append((cls, node))
    if isinstance(node, tree.ClassDeclaration):
        for member in node.members:
            if isinstance(member, _TYPE_NODES):
                cls.inner.setdefault(member.name.lower(), declare_class(member, cls, lines, found))
    if isinstance(node, tree.EnumDeclaration):
        for ordinal, (constant, _) in enumerate(node.constants):
            cls.constants[constant.lower()] = EnumConstant(cls, constant, ordinal)
        add_enum_methods(cls)
    return cls


def resolve_header(engine: Engine, cls: ApexClass, node: tree.TypeDeclaration) -> None:
    """Pass 2a: superclass and interfaces."""
    scope = Scope(engine, cls, True)
    scope.problems.extend(_type_problems(cls, node))
    try:
        if isinstance(node, tree.ClassDeclaration):
            if node.extends is not None:
                cls.superclass = _superclass(scope, node.extends, node.pos)
            cls.interfaces = _interfaces(scope, node.implements, node.pos)
        elif isinstance(node, tree.InterfaceDeclaration):
            cls.interfaces = _interfaces(scope, node.extends, node.pos)
    except CompileProblem as problem:
        scope.problems.append(problem)
        cls.broken = True
    if tell(engine, scope):
        cls.flawed = True


def tell(engine: Engine, scope: Scope) -> bool:
    """Hand the problems of a declaration to the engine; the late ones wait. True when there were others."""
    late = [p for p in scope.problems if isinstance(p, LateProblem)]
    if late:
        scope.cls.late += late
        scope.problems = [p for p in scope.problems if not isinstance(p, LateProblem)]
    report(engine, scope)
    return any(not isinstance(p, SideProblem) for p in scope.problems)


def tell_late(engine: Engine, cls: ApexClass) -> None:
    """What waited, unless the type has a flaw of its own or stands in one that has."""
    outer: ApexClass | None = cls
    while outer is not None and not outer.flawed:
        outer = outer.outer
    for problem in cls.late if outer is None else ():
        if isinstance(problem, CompileProblem):
            engine.add_problem(cls, problem)
    cls.late = []


def _type_problems(cls: ApexClass, node: tree.TypeDeclaration) -> Iterator[CompileProblem]:
    """What is wrong with a type as it is declared: its name, modifiers, annotations, where it stands."""
    if node.name == ANONYMOUS or cls.is_trigger:
        return
    try:
        check_type_name(node.name, node.pos, is_enum=cls.is_enum, inner=cls.outer is not None)
    except CompileProblem as problem:
        yield problem
    outer = cls.outer
    if outer is not None and isinstance(node, tree.ClassDeclaration):
        for member in node.members:
            if isinstance(member, _TYPE_NODES):
                yield CompileProblem(messages.INNER_IN_INNER, member.modifiers.pos)
    if outer is not None and not outer.is_trigger and node.name.lower() == outer.name.lower():
        yield CompileProblem(messages.TYPE_NAME_IN_USE.format(node.name), node.pos)
    elif outer is not None and outer.inner[node.name.lower()] is not cls:
        yield CompileProblem(messages.TYPE_NAME_IN_USE.format(cls.name), node.pos)
    yield from check_type(cls, node.modifiers, node.pos)
    if isinstance(node, tree.EnumDeclaration):
        yield from _constant_problems(node)


def _constant_problems(node: tree.EnumDeclaration) -> Iterator[CompileProblem]:
    if len(node.constants) > MOST_CONSTANTS:
        yield CompileProblem(messages.TOO_MANY_CONSTANTS.format(MOST_CONSTANTS), node.pos)
    seen: set[str] = set()
    for name, pos in node.constants:
        if name.lower() in seen:
            yield CompileProblem(messages.DUPLICATE_FIELD.format(name), pos)
        seen.add(name.lower())
        try:
            check_name(name, pos)
        except CompileProblem as problem:
            yield problem


def _superclass(scope: Scope, name: tree.TypeName, pos: int) -> ApexClass:
    """Problems of what is extended are told at the class's name, those of the type that is written there at the type."""
    type_ = get_type(scope, name, hidden_at=pos)
    cls = type_.cls
    if cls is not None and (cls.is_interface or cls.is_enum):
        raise CompileProblem(messages.INVALID_CLASS.format(name.shown), name.pos)
    if cls is scope.cls:
        raise CompileProblem(messages.CIRCULAR.format(type_.name), pos)
    if cls is None or not (cls.virtual or cls.abstract):
        raise CompileProblem(messages.NOT_EXTENDABLE.format(type_.name), pos)
    return cls


def break_circles(engine: Engine, declarations: Declarations) -> None:
    """Classes that extend each other in a circle: each is told, and loses its superclass."""
    circular = [(cls, node) for cls, node in declarations if _is_circular(cls)]
    for cls, node in circular:
        name = cls.superclass.name if cls.superclass is not None else cls.name
        engine.add_problem(cls, CompileProblem(messages.CIRCULAR.format(name), node.pos))
    for cls, _ in circular:
        cls.superclass = None


def _is_circular(cls: ApexClass) -> bool:
    seen: set[ApexClass] = set()
    ancestor = cls.superclass
    while ancestor is not None and ancestor not in seen:
        if ancestor is cls:
            return True
        seen.add(ancestor)
        ancestor = ancestor.superclass
    return False


def _interfaces(scope: Scope, names: list[tree.TypeName], pos: int) -> list[Type]:
    found: list[Type] = []
    for name in names:
        type_ = _interface(scope, name, pos)
        if type_ in found:
            raise CompileProblem(messages.INTERFACE_TWICE.format(name.shown), name.pos)
        found.append(type_)
    return found


def _interface(scope: Scope, name: tree.TypeName, pos: int) -> Type:
    type_ = get_type(scope, name, hidden_at=pos)
    if type_.kind is Kind.REFUSED:
        return type_
    if type_.cls is None and type_.key not in ("iterable", "iterator"):
        raise CompileProblem(messages.INVALID_INTERFACE.format(name.shown), name.pos)
    if type_.cls is not None and not type_.cls.is_interface:
        raise CompileProblem(messages.INVALID_INTERFACE.format(name.shown), name.pos)
    if type_.cls is not None and scope.cls in type_.cls.ancestors():
        raise CompileProblem(messages.CIRCULAR.format(type_.name), name.pos)
    return type_


def link_members(engine: Engine, cls: ApexClass, node: tree.TypeDeclaration) -> None:
    """Pass 2b: fields, properties and methods with their types. The superclass must be linked already."""
    superclass = cls.superclass
    if superclass is not None:
        cls.field_count = superclass.field_count
        cls.vtable.update(superclass.vtable)
    if isinstance(node, tree.ClassDeclaration):
        linker = _Linker(engine, cls, node.pos)
        for member in node.members:
            linker.link(member)
        linker.finish(node)
    elif isinstance(node, tree.InterfaceDeclaration):
        linker = _Linker(engine, cls, node.pos)
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

    def __init__(self, engine: Engine, cls: ApexClass, pos: int) -> None:
        self.engine = engine
        self.cls = cls
        self.own = Initialisers(engine, cls, pos, static=False)
        self.static = Initialisers(engine, cls, pos, static=True)

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
            self.cls.broken = True
        tell(self.engine, scope)

    def finish(self, node: tree.ClassDeclaration) -> None:
        cls = self.cls
        if not cls.constructors:
            cls.constructors.append(default_constructor(self.engine, cls, node.pos))
        scope = Scope(self.engine, cls, True)
        scope.problems.extend(check_class_contract(cls, node.pos))
        scope.problems.extend(_exception_problems(cls, node.pos))
        if tell(self.engine, scope):
            cls.flawed = True
        cls.initialise_instance = self.own.run
        cls.initialise = self.static.initialise_class

    def _access(self, modifiers: tree.Modifiers) -> str:
        if self.cls.is_interface:
            return "public"
        default = "public" if modifiers.has("webservice") else "private"
        return next((w for w in modifiers.words if w in _ACCESS), default)

    def _method(self, scope: Scope, node: tree.Method) -> None:
        cls, modifiers = self.cls, node.modifiers
        access = self._access(modifiers)
        scope.problems.extend(_method_problems(cls, node))
        if node.type is None:
            parameters = self._parameters(scope, node)
            if parameters is not None:
                self._constructor(scope, node, parameters, access)
            return
        returns = self._late_type(scope, partial(get_type, scope, node.type, node.pos))
        parameters = self._parameters(scope, node)
        if returns is None or parameters is None:
            return
        method = Method(
            cls,
            node.name,
            parameters,
            returns,
            _abstract,
            static=modifiers.has("static") or cls.is_trigger,
            abstract=modifiers.has("abstract") or cls.is_interface,
            virtual=modifiers.has("virtual"),
            override=modifiers.has("override"),
            access=access,
            pos=node.pos,
            modifiers=modifiers,
            parameter_names=tuple(p.name for p in node.parameters),
        )
        overloads = cls.methods.setdefault(node.name.lower(), [])
        if method.signature == "clone()" and not cls.is_interface:
            raise CompileProblem(_CLONE_DEFINED.format(cls.name), node.pos)
        if any(m.signature == method.signature for m in overloads):
            shown = f"{method.returns.name} {cls.name}.{method.shown}"
            raise CompileProblem(messages.METHOD_DEFINED.format(node.name, shown, cls.name), node.pos)
        scope.problems.extend(check_method_contract(cls, method))
        overloads.append(method)
        if not method.static:
            cls.vtable[method.signature] = method
        if node.body is not None:
            method_body(self.engine, cls, method, node)
        else:
            scope.problems.extend(_twice_named(node.parameters))

    def _late_type(self, scope: Scope, get: Callable[[], Type]) -> Type | None:
        """A type that is written in a declaration; that there is none of that name is told after what is wrong with the class."""
        try:
            return get()
        except CompileProblem as problem:
            scope.problems.append(LateProblem(problem.message, problem.pos))
            self.cls.broken = True
            return None

    def _parameters(self, scope: Scope, node: tree.Method) -> tuple[Type, ...] | None:
        found = [
            self._late_type(scope, partial(get_value_type, scope, p.type, messages.VOID_PARAMETER, p.pos))
            for p in node.parameters
        ]
        known = tuple(t for t in found if t is not None)
        return known if len(known) == len(found) else None

    def _constructor(self, scope: Scope, node: tree.Method, parameters: tuple[Type, ...], access: str) -> None:
        cls = self.cls
        if node.name.lower() != cls.name.rsplit(".", 1)[-1].lower():
            raise CompileProblem(messages.CONSTRUCTOR_NAME.format(node.name), node.pos)
        if not any(w in _ACCESS for w in node.modifiers.words):
            access = "private"
        method = Method(
            cls, node.name, parameters, VOID, _abstract, access=access, pos=node.pos, modifiers=node.modifiers
        )
        shown = f"({', '.join(p.name for p in parameters)})"
        if any(m.signature == method.signature for m in cls.constructors):
            whole = f"void {cls.name}.<init>{shown}"
            raise CompileProblem(messages.METHOD_DEFINED.format("<init>", whole, cls.name), node.pos)
        if EXCEPTION in cls.chain() and any(m.parameters == parameters for m in EXCEPTION.constructors):
            raise CompileProblem(messages.EXCEPTION_CONSTRUCTOR.format(f"void <init>{shown}"), node.pos)
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
        """A static variable may follow one of objects with its name; the other way round orgs refuse."""
        cls, key = self.cls, variable.name.lower()
        if key in cls.static_variables or (key in cls.variables and not variable.static):
            raise CompileProblem(messages.DUPLICATE_FIELD.format(variable.name), pos)
        cls.declare_variable(variable)

    def _fields(self, scope: Scope, node: tree.Fields) -> None:
        modifiers = node.modifiers
        type_ = self._late_type(scope, partial(get_value_type, scope, node.type, messages.VOID_VARIABLE))
        static = modifiers.has("static")
        for name, pos, value in node.variables:
            if type_ is None:
                scope.problems.extend(_variable_problems(self.cls, modifiers, FIELD, name, pos))
                continue
            scope.problems.extend(_variable_problems(self.cls, modifiers, FIELD, name, pos))
            scope.problems.extend(check_field_contract(modifiers, type_, name))
            variable = Variable(
                self.cls, name, type_, static, self._slot(static), final=modifiers.has("final"), pos=pos
            )
            variable.modifiers = modifiers
            variable.access = self._access(modifiers)
            variable.transient = modifiers.has("transient")
            self._add(variable, pos)
            if value is not None and static and variable.final and _is_constant(type_, value):
                self.static.constants.append((pos, field_initialiser(variable, value)))
            elif value is not None:
                self._part(static, pos, field_initialiser(variable, value))

    def _part(self, static: bool, pos: int, build: Callable[[Scope], Run]) -> None:
        (self.static if static else self.own).parts.append((pos, build))

    def _initializer(self, node: tree.Initializer) -> None:
        if node.static and self.cls.outer is not None:
            raise CompileProblem(messages.STATIC_BLOCK_IN_INNER, node.body.pos)
        self._part(node.static, node.pos, lambda scope: block(scope, node.body).run)

    def _property(self, scope: Scope, node: tree.Property) -> None:
        modifiers = node.modifiers
        type_ = self._late_type(scope, partial(get_value_type, scope, node.type, messages.VOID_PROPERTY, node.pos))
        scope.problems.extend(_variable_problems(self.cls, modifiers, PROPERTY, node.name, node.pos))
        if type_ is None:
            return
        if modifiers.has("abstract"):
            scope.problems.append(CompileProblem(messages.ABSTRACT_BODY, node.pos))
        static = modifiers.has("static") or self.cls.is_trigger
        variable = Variable(self.cls, node.name, type_, static, self._slot(static), is_property=True, pos=node.pos)
        variable.modifiers = modifiers
        variable.access = self._access(modifiers)
        variable.transient = modifiers.has("transient")
        variable.final = modifiers.has("final")
        kinds = {a.kind: a for a in node.accessors}
        variable.readable = "get" in kinds
        variable.writable = "set" in kinds
        self._add(variable, node.pos)
        marker(scope, (node.pos,))
        for accessor in node.accessors:
            scope.problems.extend(check_accessor_scope(modifiers, accessor.modifiers, accessor.pos))
            self._accessor(variable, accessor, modifiers)

    def _accessor(self, variable: Variable, node: tree.Accessor, modifiers: tree.Modifiers) -> None:
        own = next((w for w in node.modifiers.words if w in _ACCESS), "public")
        if node.kind == "set":
            variable.set_access = own
        else:
            variable.get_access = own
        if node.body is None:
            return
        cls, static = self.cls, variable.static
        setting = node.kind == "set"
        parameters = (variable.type,) if setting else ()
        method = Method(cls, f"{node.kind}:{variable.name}", parameters, VOID if setting else variable.type, _abstract)
        method.static = static
        method.pos = variable.pos
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


def compile_class(cls: ApexClass) -> None:
    """Compile the bodies and initialisers of a class and its inner types; of one with a flaw orgs tell nothing more."""
    if cls.flawed:
        return
    for overloads in cls.methods.values():
        for method in overloads:
            if method.compile is not None:
                method.compile()
    for method in (*cls.constructors, *cls.accessors):
        if method.compile is not None:
            method.compile()
    for initialisers in cls.initialisers:
        initialisers.compile()
    for inner in cls.inner.values():
        compile_class(inner)


def _is_constant(type_: Type, value: tree.Expression) -> bool:
    """Is it there before all initialisers? Only a text is, which class files of Salesforce's compiler hold as a constant."""
    return type_ is STRING and isinstance(value, tree.Literal) and value.kind == "String"


def _method_problems(cls: ApexClass, node: tree.Method) -> Iterator[CompileProblem]:
    """What is wrong with a method or constructor as it is declared, whatever its types."""
    is_constructor = node.type is None
    if not is_constructor:
        yield from _name_problems(check_method_name, node.name, node.pos)
    for parameter in node.parameters:
        yield from check_declaration(cls, parameter.modifiers, PARAMETER, parameter.pos)
        yield from _name_problems(check_name, parameter.name, parameter.pos)
    if len(node.parameters) > MOST_PARAMETERS:
        yield CompileProblem(messages.TOO_MANY_PARAMETERS.format(MOST_PARAMETERS), node.pos)
    if cls.is_interface or cls.name == ANONYMOUS:
        return
    target, method = (CONSTRUCTOR, None) if is_constructor else (METHOD, node)
    yield from check_declaration(cls, node.modifiers, target, node.pos, method)
    if node.modifiers.has("abstract") == (node.body is not None):
        yield LateProblem(messages.BODY_MISSING if node.body is None else messages.ABSTRACT_BODY, node.pos)


def _twice_named(parameters: list[tree.Parameter]) -> Iterator[CompileProblem]:
    """Parameters of a method without a body, where no variables are declared."""
    names = [p.name.lower() for p in parameters]
    for n, parameter in enumerate(parameters):
        if names[n] in names[:n]:
            yield CompileProblem(messages.DUPLICATE_VARIABLE.format(parameter.name), parameter.pos)


def _variable_problems(
    cls: ApexClass, modifiers: tree.Modifiers, target: Target, name: str, pos: int
) -> Iterator[CompileProblem]:
    yield from check_declaration(cls, modifiers, target, pos)
    yield from _name_problems(check_name, name, pos)


def _name_problems(check: Callable[[str, int], None], name: str, pos: int) -> Iterator[CompileProblem]:
    try:
        check(name, pos)
    except CompileProblem as problem:
        yield problem


def _exception_problems(cls: ApexClass, pos: int) -> Iterator[CompileProblem]:
    """Source: "Create Custom Exceptions"."""
    if cls.is_trigger:
        return
    named = cls.name.lower().endswith("exception")
    extends = EXCEPTION in cls.chain()
    if extends and not named:
        yield CompileProblem(messages.EXCEPTION_NAME.format(cls.name), pos)
    if named and not extends:
        told = cls.name if cls.superclass is None else cls.superclass.name
        yield CompileProblem(messages.EXCEPTION_SUPERCLASS.format(told), pos)


def _abstract(*_: Value) -> Value:
    """What a call reaches in a class that lacks the method, or whose header has a problem of its own."""
    raise CompileFailed("a method without a body was called: its class does not compile")
