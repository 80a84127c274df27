"""What a name means: a type, a variable of the class, a method.

Source: "Name Shadowing and Variable Scope", "Type Resolution" (Apex Developer Guide).
"""

from __future__ import annotations

from orgtwin.apex.classes import ApexClass, Method, Variable
from orgtwin.apex.compile.scope import CompileProblem, Scope
from orgtwin.apex.library.refused import refused_type
from orgtwin.apex.library.registry import find_class
from orgtwin.apex.syntax.tree import Expression, FieldAccess, Name, TypeName
from orgtwin.apex.types import COLLECTION_ARITY, OBJECT, PRIMITIVES, Kind, Type, collection, is_assignable, list_of


def get_type(scope: Scope, name: TypeName) -> Type:
    """The type that is written there. Raises CompileProblem `Invalid type: X`."""
    found = _base_type(scope, name)
    if found is None:
        raise CompileProblem(f"Invalid type: {name.name}", name.pos)
    for _ in range(name.dimensions):
        found = list_of(found)
    return found


def _base_type(scope: Scope, name: TypeName) -> Type | None:
    key = name.name.lower().removeprefix("system.")
    if key in COLLECTION_ARITY and scope.engine.find_class(key) is None:
        args = tuple(get_type(scope, a) for a in name.args)
        if len(args) != COLLECTION_ARITY[key]:
            if not args and key in ("iterator", "iterable"):
                return collection(key, OBJECT)
            raise CompileProblem(f"Invalid type: {name.name}", name.pos)
        return collection(key, *args)
    found = find_type(scope, name.name)
    if found is not None and name.args:
        args = tuple(get_type(scope, a) for a in name.args)
        return Type(found.name, found.kind, args, cls=found.cls)
    return found


def find_type(scope: Scope, name: str) -> Type | None:
    """A type by dotted name, as seen from the scope's class: inner types, classes of the org, platform types, sObjects."""
    first, _, rest = name.partition(".")
    cls = _visible_class(scope, first)
    if cls is not None:
        while rest:
            part, _, rest = rest.partition(".")
            cls = cls.find_inner(part)
            if cls is None:
                return None
        return cls.type
    return _platform_type(scope, name)


def _platform_type(scope: Scope, name: str) -> Type | None:
    key = name.lower()
    for prefix in ("system.", "schema."):
        if key.startswith(prefix):
            key = key[len(prefix) :]
            name = name[len(prefix) :]
    primitive = PRIMITIVES.get(key)
    if primitive is not None:
        return primitive
    system = find_class(key)
    if system is not None and not (key in _SOBJECTS_FIRST and scope.engine.find_sobject_type(name)):
        return system.type
    return scope.engine.find_sobject_type(name) or refused_type(name)


_SOBJECTS_FIRST = frozenset(("group", "profile", "approval", "address", "location", "name", "test", "network", "site"))


def _visible_class(scope: Scope, name: str) -> ApexClass | None:
    key = name.lower()
    cls: ApexClass | None = scope.cls
    while cls is not None:
        if cls.name.rsplit(".", 1)[-1].lower() == key:
            return cls
        found = cls.find_inner(key)
        if found is not None:
            return found
        cls = cls.outer
    return scope.engine.find_class(key)


def type_of_expression(scope: Scope, node: Expression) -> Type | None:
    """The type that an expression such as `Foo.Bar` names, if no variable of that name hides it."""
    name = dotted_name(node)
    if name is None:
        return None
    if find_variable(scope, name.split(".", 1)[0]) is not None or scope.find_local(name.split(".", 1)[0]) is not None:
        return None
    owner, _, last = name.rpartition(".")
    holder = find_type(scope, owner) if owner else None
    if holder is not None and holder.cls is not None:
        member = holder.cls.find_variable(last)
        if member is not None and member.static:
            return None
    return find_type(scope, name)


def dotted_name(node: Expression) -> str | None:
    """`a.b.c` as text, or None for anything else."""
    parts: list[str] = []
    while isinstance(node, FieldAccess):
        if node.safe:
            return None
        parts.append(node.name)
        node = node.target
    if not isinstance(node, Name):
        return None
    parts.append(node.name)
    return ".".join(reversed(parts))


def find_variable(scope: Scope, name: str) -> Variable | None:
    """A field or property of the class, its superclasses, or (static ones) of the outer class."""
    found = scope.cls.find_variable(name)
    outer = scope.cls.outer
    while found is None and outer is not None:
        candidate = outer.find_variable(name)
        if candidate is not None and candidate.static:
            return candidate
        outer = outer.outer
    return found


def find_methods(scope: Scope, name: str) -> list[Method]:
    """Methods callable by bare name: own and inherited ones, then static ones of the outer classes."""
    found = scope.cls.find_methods(name)
    outer = scope.cls.outer
    while outer is not None:
        found += [m for m in outer.find_methods(name) if m.static]
        outer = outer.outer
    return found


def choose(candidates: list[Method], args: list[Type]) -> Method | None:
    """Overload resolution: of those that accept the arguments, the one whose parameters are nearest."""
    best: Method | None = None
    best_cost = 1_000_000
    for method in candidates:
        if len(method.parameters) != len(args):
            continue
        cost = 0
        for given, wanted in zip(args, method.parameters, strict=True):
            step = _cost(given, wanted)
            if step < 0:
                break
            cost += step
        else:
            if cost < best_cost:
                best, best_cost = method, cost
    return best


def _cost(given: Type, wanted: Type) -> int:
    if given == wanted:
        return 0
    if wanted.kind is Kind.VARIABLE:
        return 1
    if not is_assignable(given, wanted):
        return -1
    if wanted is OBJECT:
        return 100
    if given.kind is Kind.PRIMITIVE and wanted.kind is Kind.PRIMITIVE:
        return _PRIMITIVE_COST.get(wanted.key, 2)
    if given.cls is not None and wanted.cls is not None:
        return _distance(given.cls, wanted.cls)
    return 3


_PRIMITIVE_COST = {"long": 1, "double": 3, "decimal": 2, "string": 5, "id": 6, "datetime": 4}


def _distance(cls: ApexClass, ancestor: ApexClass) -> int:
    for steps, candidate in enumerate(cls.chain()):
        if candidate is ancestor:
            return steps
    return 20
