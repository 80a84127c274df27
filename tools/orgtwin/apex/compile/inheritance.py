"""What a class owes its ancestors: abstract methods implemented, overrides declared.

Source: "Extending a Class" (Apex Developer Guide).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from orgtwin.apex.classes import ApexClass, Method
from orgtwin.apex.compile import messages
from orgtwin.apex.compile.modifiers import SCOPES
from orgtwin.apex.compile.scope import CompileProblem
from orgtwin.apex.syntax import tree
from orgtwin.apex.types import BOOLEAN, Kind, Type, collection, is_assignable
from orgtwin.apex.values import Value

_PUBLIC = SCOPES.index("public")
OBJECT_METHODS = frozenset(("tostring()", "equals(object)", "hashcode()"))


def check_inheritance(cls: ApexClass, node: tree.TypeDeclaration) -> list[CompileProblem]:
    """The problems of one class."""
    if not isinstance(node, tree.ClassDeclaration) or cls.broken:
        return []
    found = [p for methods in cls.methods.values() for m in methods for p in _check_override(cls, m, node.pos)]
    if not cls.abstract:
        found.extend(_check_implemented(cls, node))
    return found


def _inherited(cls: ApexClass, method: Method) -> Method | None:
    for ancestor in cls.chain():
        if ancestor is cls:
            continue
        for candidate in ancestor.methods.get(method.name.lower(), ()):
            if candidate.signature == method.signature and not candidate.static and not _is_hidden(cls, candidate):
                return candidate
    return None


def _check_override(cls: ApexClass, method: Method, pos: int) -> Iterator[CompileProblem]:
    if method.static:
        return
    inherited = _inherited(cls, method)
    shown = f"{method.returns.name} {cls.name}.{method.shown}"
    if inherited is None:
        static = _inherited_static(cls, method)
        if static is not None:
            yield CompileProblem(messages.OVERRIDES_STATIC.format(_shown(static), shown), pos)
        if method.override and not _is_promised(cls, method):
            yield CompileProblem(messages.DOES_NOT_OVERRIDE.format(shown), method.pos)
        return
    if not method.override:
        yield CompileProblem(messages.MUST_OVERRIDE.format(shown), method.pos)
    elif not (inherited.virtual or inherited.abstract or inherited.override):
        yield CompileProblem(messages.NOT_OVERRIDABLE.format(shown), method.pos)
    elif inherited.returns != method.returns:
        yield CompileProblem(
            messages.RETURN_TYPES_CLASH.format(method.returns.name, inherited.returns.name, cls.name), method.pos
        )
    elif SCOPES.index(method.access) < min(SCOPES.index(inherited.access), _PUBLIC):
        yield CompileProblem(messages.REDUCED_VISIBILITY.format(shown), method.pos)


def _inherited_static(cls: ApexClass, method: Method) -> Method | None:
    for ancestor in cls.chain():
        for candidate in ancestor.methods.get(method.name.lower(), ()):
            if ancestor is not cls and candidate.static and candidate.signature == method.signature:
                return candidate
    return None


def _shown(method: Method) -> str:
    owner = method.owner.full_name if method.owner is not None else ""
    return f"{method.returns.name} {owner}.{method.shown}"


def _place(cls: ApexClass, inherited: Method, otherwise: int) -> int:
    """What is wrong with an inherited method is told at that method, if it stands in the same file."""
    same = inherited.owner is not None and inherited.owner.outermost() is cls.outermost()
    return inherited.pos if same else otherwise


def _is_promised(cls: ApexClass, method: Method) -> bool:
    """Is the method one of an interface's, or of Object's?"""
    if any(ancestor.refused for ancestor in cls.ancestors()):
        return True
    return method.signature in OBJECT_METHODS or any(
        i.cls is None or any(m.signature == method.signature for m in i.cls.methods.get(method.name.lower(), ()))
        for i in cls.interface_types()
    )


def _is_hidden(cls: ApexClass, inherited: Method) -> bool:
    """A private method of another file is not inherited, but for tests of what they may see."""
    owner = inherited.owner
    if inherited.access != "private" or owner is None or owner.outermost() is cls.outermost():
        return False
    shown = inherited.modifiers is not None and inherited.modifiers.find_annotation("testvisible") is not None
    return not (shown and cls.outermost().is_test)


def _check_implemented(cls: ApexClass, node: tree.ClassDeclaration) -> Iterator[CompileProblem]:
    for wanted in _abstract_methods(cls):
        owner = wanted.owner
        if owner is None:
            continue
        implementation = cls.vtable.get(wanted.signature)
        shown = _shown(wanted)
        if implementation is not None and not implementation.abstract:
            if owner.is_interface:
                yield from _check_fits(cls, wanted, implementation, shown, node.pos)
            continue
        if owner.generic and any(
            len(m.parameters) == len(wanted.parameters) for m in cls.find_methods(wanted.name) if not m.abstract
        ):
            continue
        if owner.is_interface:
            yield CompileProblem(messages.INTERFACE_MISSING.format(cls.name, shown), node.pos)
        else:
            yield CompileProblem(messages.ABSTRACT_MISSING.format(cls.name, shown), _place(cls, wanted, node.pos))
    yield from _check_iteration(cls, node)


def _check_iteration(cls: ApexClass, node: tree.ClassDeclaration) -> Iterator[CompileProblem]:
    """Iterator<T> and Iterable<T>: their methods with T in place. Source: "Custom Iterators" (Apex Developer Guide)."""
    for interface in cls.interface_types():
        if interface.kind is not Kind.COLLECTION:
            continue
        for name, returns in _ITERATION[interface.key](interface.args[0]):
            found = cls.vtable.get(f"{name.lower()}()")
            if found is None or not (found.returns == returns or is_assignable(found.returns, returns)):
                shown = f"{returns.name} {interface.name}.{name}()"
                yield CompileProblem(messages.INTERFACE_MISSING.format(cls.name, shown), node.pos)


_ITERATION: dict[str, Callable[[Type], tuple[tuple[str, Type], ...]]] = {
    "iterator": lambda item: (("hasNext", BOOLEAN), ("next", item)),
    "iterable": lambda item: (("iterator", collection("iterator", item)),),
}


def bind_stand_ins(cls: ApexClass) -> None:
    """A call of an interface's method finds what stands in for it. All members of the class and its ancestors are linked."""
    for wanted in _abstract_methods(cls):
        if wanted.signature in cls.vtable:
            continue
        found = _standing_in(cls, wanted)
        if found is not None:
            cls.vtable[wanted.signature] = _without_receiver(found) if found.static else found


def _without_receiver(static: Method) -> Method:
    """A static method called through an object, which it does not get."""

    def call(_this: Value, *args: Value) -> Value:
        if static.owner is not None:
            static.owner.get_statics()
        return static.call(*args)

    return replace(static, call=call, compile=None)


def _standing_in(cls: ApexClass, wanted: Method) -> Method | None:
    """What orgs take for an interface's method besides its like: a static one, or one whose collections hold more."""
    return next(
        (
            m
            for m in cls.find_methods(wanted.name)
            if not m.abstract
            and len(m.parameters) == len(wanted.parameters)
            and all(
                p == w or (p.kind is Kind.COLLECTION and is_assignable(w, p))
                for p, w in zip(m.parameters, wanted.parameters, strict=True)
            )
        ),
        None,
    )


def _check_fits(cls: ApexClass, wanted: Method, found: Method, shown: str, pos: int) -> Iterator[CompileProblem]:
    """An interface's method is public and has its return type."""
    if found.access not in ("public", "global"):
        yield CompileProblem(messages.IMPLEMENTATION_HIDDEN.format(cls.name, shown), pos)
    elif wanted.owner is not None and wanted.owner.namespace:
        return
    elif found.returns != wanted.returns and not is_assignable(found.returns, wanted.returns):
        yield CompileProblem(messages.INTERFACE_MISSING.format(cls.name, shown), pos)


def _abstract_methods(cls: ApexClass) -> Iterator[Method]:
    for ancestor in cls.ancestors():
        if ancestor is cls or ancestor.type.kind is Kind.SYSTEM:
            continue
        for methods in ancestor.methods.values():
            for method in methods:
                if method.abstract and method.signature not in OBJECT_METHODS:
                    yield method
