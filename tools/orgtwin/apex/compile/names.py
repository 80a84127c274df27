"""What a name means: a type, a variable of the class, a method.

Source: "Name Shadowing and Variable Scope", "Type Resolution" (Apex Developer Guide).
"""

from __future__ import annotations

from orgtwin.apex.classes import ApexClass, Method, Variable
from orgtwin.apex.compile import messages
from orgtwin.apex.compile.scope import CompileProblem, Scope
from orgtwin.apex.library.refused import refused_type
from orgtwin.apex.library.registry import find_class
from orgtwin.apex.syntax.tree import Expression, FieldAccess, Name, TypeName
from orgtwin.apex.types import (
    COLLECTION_ARITY,
    NULL,
    OBJECT,
    PRIMITIVES,
    VOID,
    Kind,
    Type,
    collection,
    collection_name,
    is_assignable,
    list_of,
)
from orgtwin.schema.elsewhere import find_elsewhere


def get_type(scope: Scope, name: TypeName, pos: int | None = None) -> Type:
    """The type that is written there; a problem is told at `pos`, or where the whole type starts. Raises CompileProblem."""
    at = name.pos if pos is None else pos
    found = _base_type(scope, name, at)
    for _ in range(name.dimensions):
        found = list_of(found)
    return found


def get_value_type(scope: Scope, name: TypeName, message: str, pos: int | None = None) -> Type:
    """The type of something that holds a value: `message` is what to say of void. Raises CompileProblem."""
    found = get_type(scope, name, pos)
    if found is VOID:
        raise CompileProblem(message, name.pos if pos is None else pos)
    return found


def _base_type(scope: Scope, name: TypeName, pos: int) -> Type:
    key = name.name.lower().removeprefix("system.")
    args = tuple(get_type(scope, a, pos) for a in name.args)
    if key in COLLECTION_ARITY and (key != name.name.lower() or scope.engine.find_class(key) is None):
        if not args and key in ("iterator", "iterable"):
            return collection(key, OBJECT)
        if len(args) != COLLECTION_ARITY[key]:
            shown = collection_name(key)
            raise CompileProblem(messages.TYPE_ARGUMENT_COUNT.format(shown, COLLECTION_ARITY[key], len(args)), pos)
        return collection(key, *args)
    found = find_type(scope, name.name)
    if found is None:
        elsewhere = find_elsewhere(name.name)
        raise CompileProblem(elsewhere.message if elsewhere else messages.INVALID_TYPE.format(name.name), pos)
    if not args:
        _check_type_visible(scope, found, pos)
        return found
    takes_arguments = found.kind is Kind.REFUSED or (found.cls is not None and found.cls.generic)
    if not takes_arguments:
        raise CompileProblem(messages.NOT_PARAMETERIZED.format(found.name), pos)
    return Type(found.name, found.kind, args, cls=found.cls)


def _check_type_visible(scope: Scope, type_: Type, pos: int) -> None:
    """An inner type is private unless it says otherwise; a test may see it."""
    cls = type_.cls
    if cls is None or cls.outer is None or cls.modifiers is None or cls.namespace:
        return
    if cls.outermost() is scope.cls.outermost():
        return
    words = cls.modifiers.words
    if "public" in words or "global" in words:
        return
    if scope.cls.outermost().is_test and cls.modifiers.find_annotation("testvisible") is not None:
        return
    raise CompileProblem(messages.TYPE_NOT_VISIBLE.format(cls.name), pos)


def find_type(scope: Scope, name: str) -> Type | None:
    """A type by dotted name, as seen from the scope's class: inner types, classes of the org, platform types, sObjects."""
    first, _, rest = name.partition(".")
    cls = _visible_class(scope, first)
    while cls is not None and rest:
        part, _, rest = rest.partition(".")
        cls = cls.find_inner(part)
    return cls.type if cls is not None else _platform_type(scope, name)


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
    if is_variable(scope, name.split(".", 1)[0]):
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


def is_variable(scope: Scope, name: str) -> bool:
    """Does the name stand for a value here? In static code it does not stand for an instance field."""
    if scope.find_local(name) is not None:
        return True
    variable = find_variable(scope, name)
    return variable is not None and (variable.static or not scope.static)


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


def is_ambiguous(candidates: list[Method], args: list[Type]) -> bool:
    """Do two methods take the arguments, equally near, and neither's parameters stand in for the other's?"""
    fitting = [
        m
        for m in candidates
        if len(m.parameters) == len(args) and all(_cost(a, p) >= 0 for a, p in zip(args, m.parameters, strict=True))
    ]
    if len(fitting) < 2:
        return False
    return not any(all(_is_nearer(m, other, args) for other in fitting) for m in fitting)


def _is_nearer(method: Method, other: Method, args: list[Type]) -> bool:
    """Is each parameter of `method` at least as special as that of `other`, for null and where the argument decides nothing?"""
    return all(
        a is not NULL or p == q or is_assignable(p, q) or q is OBJECT
        for a, p, q in zip(args, method.parameters, other.parameters, strict=True)
    )


def _cost(given: Type, wanted: Type) -> int:
    if given == wanted:
        return 0
    if wanted.kind is Kind.VARIABLE:
        return 1
    if not is_assignable(given, wanted):
        return -1
    if wanted is OBJECT:
        return _OBJECT_COST
    if given.kind is Kind.PRIMITIVE and wanted.kind is Kind.PRIMITIVE:
        return _PRIMITIVE_COST.get(wanted.key, 2)
    if given.cls is not None and wanted.cls is not None:
        return _distance(given.cls, wanted.cls)
    if given.kind is Kind.COLLECTION and wanted.kind is Kind.COLLECTION:
        items = zip(given.args, wanted.args, strict=False)
        apart = sum(_cost(g, w) for g, w in items if is_assignable(g, w)) + (given.key != wanted.key)
        return min(3 + apart, _OBJECT_COST - 1)  # any collection is nearer than Object
    return 3


_OBJECT_COST = 100
_PRIMITIVE_COST = {"long": 1, "double": 3, "decimal": 2, "string": 5, "id": 6, "datetime": 4}


def _distance(cls: ApexClass, ancestor: ApexClass) -> int:
    for steps, candidate in enumerate(cls.chain()):
        if candidate is ancestor:
            return steps
    return 20
