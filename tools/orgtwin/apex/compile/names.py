"""What a name means: a type, a variable of the class, a method.

Source: "Name Shadowing and Variable Scope", "Type Resolution" (Apex Developer Guide).
"""

from __future__ import annotations

from orgtwin.apex.classes import ApexClass, Method, Variable
from orgtwin.apex.compile import messages
from orgtwin.apex.compile.scope import CompileProblem, Scope
from orgtwin.apex.library.data_weave import find_script_type, is_script_class
from orgtwin.apex.library.refused import refused_type
from orgtwin.apex.library.registry import find_class, find_flow_class
from orgtwin.apex.syntax.expressions import start_of
from orgtwin.apex.syntax.tree import Expression, FieldAccess, Index, Name, TypeName
from orgtwin.apex.types import (
    COLLECTION_ARITY,
    PRIMITIVES,
    SOBJECT,
    VOID,
    Kind,
    Type,
    collection,
    collection_name,
    list_of,
)
from orgtwin.schema.elsewhere import find_elsewhere


def get_type(scope: Scope, name: TypeName, pos: int | None = None, *, hidden_at: int | None = None) -> Type:
    """The type that is written there; a problem is told at `pos`, or where the whole type starts. Raises CompileProblem.

    `hidden_at` is where to tell that it is not visible.
    """
    at = name.pos if pos is None else pos
    found = _written_type(scope, name, at)
    check_type_visible(scope, found, at if hidden_at is None else hidden_at)
    if _depth(found) > _DEEPEST:
        raise CompileProblem(messages.TYPE_TOO_DEEP.format(found.name, _DEEPEST + 1), at)
    return found


_DEEPEST = 8


def _depth(type_: Type) -> int:
    """1 for `List<Integer>`, 2 for `List<List<Integer>>`."""
    return 1 + max(map(_depth, type_.args)) if type_.args else 0


def _written_type(scope: Scope, name: TypeName, pos: int) -> Type:
    found = _base_type(scope, name, pos)
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
    args = tuple(_written_type(scope, a, pos) for a in name.args)
    if key in COLLECTION_ARITY and (key != name.name.lower() or scope.engine.find_class(key) is None):
        _check_argument_count(collection_name(key), args, COLLECTION_ARITY[key], pos)
        return collection(key, *args)
    found = find_type(scope, name.name)
    if found is None:
        elsewhere = find_elsewhere(name.name)
        raise CompileProblem(elsewhere.message if elsewhere else messages.INVALID_TYPE.format(name.name), pos)
    taken = found.cls.generic if found.cls is not None else ()
    if taken:
        _check_argument_count(found.name, args, len(taken), pos)
        return Type(found.name, found.kind, args, cls=found.cls)
    if not args:
        return found
    if found.kind is not Kind.REFUSED:
        raise CompileProblem(messages.NOT_PARAMETERIZED.format(found.name), pos)
    return Type(found.name, found.kind, args)


def _check_argument_count(shown: str, args: tuple[Type, ...], wanted: int, pos: int) -> None:
    if not args:
        raise CompileProblem(messages.NO_TYPE_ARGUMENTS.format(shown), pos)
    if len(args) != wanted:
        raise CompileProblem(messages.TYPE_ARGUMENT_COUNT.format(shown, wanted, len(args)), pos)


def check_type_visible(scope: Scope, type_: Type, pos: int) -> None:
    """Raises CompileProblem for a type of another file that is private, stands in one or is made of one."""
    if not _sees_type(scope, type_):
        raise CompileProblem(messages.TYPE_NOT_VISIBLE.format(type_.name), pos)


def _sees_type(scope: Scope, type_: Type) -> bool:
    cls = type_.cls
    if cls is not None and cls.lines is not None and cls.outermost() is not scope.cls.outermost():
        while cls is not None:
            if not _is_open(scope, cls):
                return False
            cls = cls.outer
    return all(_sees_type(scope, a) for a in type_.args)


def _is_open(scope: Scope, cls: ApexClass) -> bool:
    """A type is private unless it says otherwise, the class of a test too; another test may see what is marked so."""
    modifiers = cls.modifiers
    if modifiers is None or cls.namespace or "public" in modifiers.words or "global" in modifiers.words:
        return True
    if cls.outer is None and not cls.is_test:
        return True  # refused where it is declared, but for web services
    return scope.cls.outermost().is_test and modifiers.find_annotation("testvisible") is not None


def find_type(scope: Scope, name: str) -> Type | None:
    """A type by dotted name, as seen from the scope's class: inner types, classes of the org, platform types, sObjects."""
    first, _, rest = name.partition(".")
    cls = _visible_class(scope, first)
    while cls is not None and rest:
        part, _, rest = rest.partition(".")
        cls = cls.find_inner(part)
    return cls.type if cls is not None else _platform_type(scope, name)


def _platform_type(scope: Scope, name: str) -> Type | None:
    if is_script_class(name):
        return find_script_type(name)
    space, _, key = name.lower().rpartition(".")
    if space in ("system", "schema"):
        name = name[len(space) + 1 :]
    else:
        space, key = "", name.lower()
    primitive = PRIMITIVES.get(key)
    if primitive is not None:
        return None if space and primitive is SOBJECT else primitive
    system = find_class(_ALIASES.get(key, key))
    record_first = space != "system" and key in _SOBJECTS_FIRST
    if system is not None and not (record_first and scope.engine.find_sobject_type(name)):
        return None if space == "system" and system.type.is_sobject else system.type
    flow = find_flow_class(name)
    if flow is not None:
        return flow.type
    record = None if space == "system" else scope.engine.find_sobject_type(name)
    return record or refused_type(name)


_ALIASES = {"apexpages.pagereference": "pagereference"}
"""Names of platform classes beside their own (ASSUMED, from public code that compiles)."""

_SOBJECTS_FIRST = frozenset(
    ("group", "profile", "approval", "address", "location", "name", "test", "network", "site", "businesshours")
)


def _visible_class(scope: Scope, name: str) -> ApexClass | None:
    key = name.lower()
    cls: ApexClass | None = scope.cls
    while cls is not None:
        if cls.name.rsplit(".", 1)[-1].lower() == key and cls.trigger_type is None:
            return cls
        found = cls.find_inner(key)
        if found is not None:
            return found
        cls = cls.outer
    inherited = (around.find_inner(key) for around in _classes_around(scope.cls))
    return next((found for found in inherited if found is not None), None) or scope.engine.find_class(key)


def _classes_around(cls: ApexClass) -> list[ApexClass]:
    """The classes that a class stands in, then those that its superclasses stand in.

    ASSUMED for the latter, from public code that compiles: an inner class sees what its superclass sees by bare name.
    """
    found: list[ApexClass] = []
    for one in (cls, *cls.chain()):
        outer = one.outer
        while outer is not None:
            if outer not in found:
                found.append(outer)
            outer = outer.outer
    return found


def type_of_expression(scope: Scope, node: Expression) -> Type | None:
    """The type that an expression such as `Foo.Bar` names, if no variable of that name hides it. Raises CompileProblem."""
    name = dotted_name(node)
    if name is None:
        return None
    if is_variable(scope, name.split(".", 1)[0]):
        return None
    owner, _, last = name.rpartition(".")
    holder = find_type(scope, owner) if owner else None
    if holder is not None and holder.cls is not None and holder.cls.find_static(last) is not None:
        return None
    found = find_type(scope, name)
    if found is not None:
        check_type_visible(scope, found, start_of(node))
    return found


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
    """A field or property of the class, its superclasses, or a static one that a class around them declares itself."""
    own = (scope.cls.find_static(name) if scope.static else None) or scope.cls.find_variable(name)
    if own is not None:
        return own
    around = (outer.static_variables.get(name.lower()) for outer in _classes_around(scope.cls))
    return next((found for found in around if found is not None), None)


def is_inherited(scope: Scope, name: str) -> bool:
    """Is the name neither that of a local variable nor that of a static one which the class, or one around it, declares itself?"""
    declaring = (scope.cls, *_classes_around(scope.cls))
    return scope.find_local(name) is None and all(name.lower() not in cls.static_variables for cls in declaring)


def find_methods(scope: Scope, name: str) -> list[Method]:
    """Methods callable by bare name: own and inherited ones, then static ones of the classes around."""
    found = scope.cls.find_methods(name)
    for outer in _classes_around(scope.cls):
        found += [m for m in outer.find_methods(name) if m.static and m not in found]
    return found


def check_forward(scope: Scope, node: Name) -> None:
    """An initialiser names only fields that stand before it. Raises CompileProblem."""
    if scope.initialising is None or scope.find_local(node.name) is not None:
        return
    variable = find_variable(scope, node.name)
    if variable is None or (scope.static and not variable.static):
        return
    if variable.owner is scope.cls and variable.pos >= scope.initialising:
        raise CompileProblem(messages.FORWARD_REFERENCE.format(node.name), node.pos)


def check_root(scope: Scope, node: Expression) -> None:
    """As check_forward, of what dots and indexes start at; calls are not asked. Where a type has the name, it is meant."""
    root = node
    while isinstance(root, (FieldAccess, Index)):
        root = root.target
    if isinstance(root, Name) and (root is node or find_type(scope, root.name) is None):
        check_forward(scope, root)
