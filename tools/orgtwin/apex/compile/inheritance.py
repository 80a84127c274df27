"""What a class owes its ancestors: abstract methods implemented, overrides declared.

Source: "Extending a Class" (Apex Developer Guide).
"""

from __future__ import annotations

from collections.abc import Iterator

from orgtwin.apex.classes import ApexClass, Method
from orgtwin.apex.compile.scope import CompileProblem
from orgtwin.apex.syntax import tree
from orgtwin.apex.types import Kind


def check_inheritance(cls: ApexClass, node: tree.TypeDeclaration) -> list[CompileProblem]:
    """The problems of one class."""
    if not isinstance(node, tree.ClassDeclaration):
        return []
    found = [p for methods in cls.methods.values() for m in methods for p in _check_override(cls, m)]
    if not cls.abstract:
        found.extend(_check_implemented(cls, node))
    return found


def _inherited(cls: ApexClass, method: Method) -> Method | None:
    for ancestor in cls.chain():
        if ancestor is cls:
            continue
        for candidate in ancestor.methods.get(method.name.lower(), ()):
            if candidate.signature == method.signature and not candidate.static:
                return candidate
    return None


def _check_override(cls: ApexClass, method: Method) -> Iterator[CompileProblem]:
    if method.static:
        return
    inherited = _inherited(cls, method)
    shown = f"{method.returns.name} {cls.name}.{method.shown}"
    if inherited is None:
        in_interface = any(
            i.cls is None or any(m.signature == method.signature for m in i.cls.methods.get(method.name.lower(), ()))
            for i in cls.interface_types()
        )
        is_object_method = method.signature in ("tostring()", "equals(object)", "hashcode()")
        if method.override and not in_interface and not is_object_method:
            yield CompileProblem(f"Method does not override an ancestor method: {shown}", method.pos)
        return
    if (
        inherited.access == "private"
        and inherited.owner is not None
        and inherited.owner.outermost() is not cls.outermost()
    ):
        return
    if not method.override:
        yield CompileProblem(f"Method must use the override keyword: {shown}", method.pos)
    elif not (inherited.virtual or inherited.abstract or inherited.override):
        yield CompileProblem(f"Non-virtual, non-abstract methods cannot be overridden: {shown}", method.pos)
    elif inherited.returns != method.returns:
        yield CompileProblem(
            f"Method return types clash: {shown} vs {inherited.returns.name}"
            f" {inherited.owner.name if inherited.owner else ''}.{inherited.shown}",
            method.pos,
        )


def _check_implemented(cls: ApexClass, node: tree.ClassDeclaration) -> Iterator[CompileProblem]:
    for wanted in _abstract_methods(cls):
        owner = wanted.owner
        if owner is None:
            continue
        implementation = cls.vtable.get(wanted.signature)
        if implementation is not None and not implementation.abstract:
            continue
        if owner.namespace and any(
            len(m.parameters) == len(wanted.parameters) for m in cls.find_methods(wanted.name) if not m.abstract
        ):
            continue
        shown = f"{wanted.returns.name} {owner.full_name}.{wanted.shown}"
        yield CompileProblem(f"Class {cls.name} must implement the method: {shown}", node.pos)


def _abstract_methods(cls: ApexClass) -> Iterator[Method]:
    for ancestor in cls.ancestors():
        if ancestor is cls or ancestor.type.kind is Kind.SYSTEM:
            continue
        for methods in ancestor.methods.values():
            for method in methods:
                if method.abstract and method.signature not in ("tostring()", "equals(object)", "hashcode()"):
                    yield method
