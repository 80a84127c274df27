"""What a class owes its ancestors: abstract methods implemented, overrides declared.

Source: "Extending a Class" (Apex Developer Guide).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from orgtwin.apex.classes import ApexClass, Method
from orgtwin.apex.compile import messages
from orgtwin.apex.compile.modifiers import SCOPES
from orgtwin.apex.compile.scope import CompileProblem
from orgtwin.apex.conversion import implicit_conversion
from orgtwin.apex.library.registry import class_of
from orgtwin.apex.syntax import tree
from orgtwin.apex.types import INTEGER, STRING, Type, is_assignable, substitute
from orgtwin.apex.values import Value

_PUBLIC = SCOPES.index("public")
OBJECT_METHODS = frozenset(("tostring()", "equals(object)", "hashcode()"))
_OVERRIDABLE_OF_OBJECT = {"tostring()": STRING, "hashcode()": INTEGER}
"""What a class may override of what every class has: the second may also be declared without the word, equals only so."""


def check_inheritance(cls: ApexClass, node: tree.TypeDeclaration) -> list[CompileProblem]:
    """The problems of one class."""
    if not isinstance(node, tree.ClassDeclaration) or any(one.broken for one in cls.chain()):
        return []
    found = list(_check_generic_interfaces(cls, node.pos))
    if cls.outer is not None:
        batches = (i for i in cls.interfaces if i.key == "database.batchable")
        found += [CompileProblem(messages.TOP_LEVEL_ONLY.format(i.name), node.pos) for i in batches]
    found += [p for methods in cls.methods.values() for m in methods for p in _check_override(cls, m, node.pos)]
    if not cls.abstract:
        found.extend(_check_implemented(cls, node))
    return found


def _check_generic_interfaces(cls: ApexClass, pos: int) -> Iterator[CompileProblem]:
    """What a superclass implements with other type arguments; one class may do both itself."""
    inherited = {i.key: i for i in (cls.superclass.interface_types() if cls.superclass is not None else ()) if i.args}
    for own in cls.interfaces:
        if own.args and inherited.get(own.key, own) != own:
            name = own.name.partition("<")[0]
            yield CompileProblem(messages.GENERIC_INTERFACE_TWICE.format(name), pos)


def _inherited(cls: ApexClass, method: Method, *, hidden: bool = False) -> Method | None:
    """The superclass's method of that signature, or one that is hidden there. One that should say override does not stand before
    what it should override."""
    found = [
        candidate
        for ancestor in cls.chain()
        for candidate in ancestor.methods.get(method.name.lower(), ())
        if ancestor is not cls
        and candidate.signature == method.signature
        and not candidate.static
        and _is_hidden(cls, candidate) is hidden
    ]
    return next((c for n, c in enumerate(found) if c.override or not any(map(_is_open, found[n + 1 :]))), None)


def _is_open(method: Method) -> bool:
    """May it be overridden? One that overrides says again that it is virtual."""
    return method.virtual or method.abstract


def _check_override(cls: ApexClass, method: Method, pos: int) -> Iterator[CompileProblem]:
    if method.static:
        return
    inherited = _inherited(cls, method)
    shown = f"{method.returns.name} {cls.name}.{method.shown}"
    if inherited is None:
        hidden = _inherited(cls, method, hidden=True)
        if hidden is not None and hidden.returns != method.returns and not method.override:
            yield _clash(cls, method, hidden.returns)
            return
        static = _inherited_static(cls, method)
        if static is not None:
            yield CompileProblem(messages.OVERRIDES_STATIC.format(_shown(static), shown), pos)
        yield from _check_own(cls, method, shown)
        return
    if not _is_open(inherited):
        yield CompileProblem(messages.NOT_OVERRIDABLE.format(shown), method.pos)
    elif not method.override:
        yield CompileProblem(messages.MUST_OVERRIDE.format(shown), method.pos)
    elif SCOPES.index(method.access) < min(SCOPES.index(inherited.access), _PUBLIC):
        yield CompileProblem(messages.REDUCED_VISIBILITY.format(shown), method.pos)
    elif inherited.returns != method.returns:
        yield _clash(cls, method, inherited.returns)


def _check_own(cls: ApexClass, method: Method, shown: str) -> Iterator[CompileProblem]:
    """A method that no superclass written in Apex has."""
    if any(ancestor.refused for ancestor in cls.ancestors()):
        return
    overridable = _OVERRIDABLE_OF_OBJECT.get(method.signature)
    if method.override and (overridable is None or (overridable is INTEGER and method.returns is not INTEGER)):
        yield CompileProblem(messages.DOES_NOT_OVERRIDE.format(shown), method.pos)
    elif method.signature == "tostring()" and not method.override:
        yield CompileProblem(messages.MUST_OVERRIDE.format(shown), method.pos)
    elif method.signature == "tostring()" and method.returns is not STRING:
        yield _clash(cls, method, STRING)
    elif method.signature == "tostring()" and method.access not in ("public", "global"):
        yield CompileProblem(messages.REDUCED_VISIBILITY.format(shown), method.pos)


def _clash(cls: ApexClass, method: Method, inherited: Type) -> CompileProblem:
    """Also with a private method that is not inherited."""
    return CompileProblem(messages.RETURN_TYPES_CLASH.format(method.returns.name, inherited.name, cls.name), method.pos)


def _inherited_static(cls: ApexClass, method: Method) -> Method | None:
    for ancestor in cls.chain():
        for candidate in ancestor.methods.get(method.name.lower(), ()):
            told = ancestor is not cls and candidate.static and not _is_hidden(cls, candidate)
            if told and candidate.signature == method.signature:
                return candidate
    return None


def _shown(method: Method) -> str:
    owner = method.owner.full_name if method.owner is not None else ""
    return f"{method.returns.name} {owner}.{method.shown}"


def _place(cls: ApexClass, inherited: Method, otherwise: int) -> int:
    """What is wrong with an inherited method is told at that method, if it stands in the same file."""
    same = inherited.owner is not None and inherited.owner.outermost() is cls.outermost()
    return inherited.pos if same else otherwise


def _is_hidden(cls: ApexClass, inherited: Method) -> bool:
    """A private method of another file is not inherited, but for tests of what they may see."""
    owner = inherited.owner
    if inherited.access != "private" or owner is None or owner.outermost() is cls.outermost():
        return False
    shown = inherited.modifiers is not None and inherited.modifiers.find_annotation("testvisible") is not None
    return not (shown and cls.outermost().is_test)


def _check_implemented(cls: ApexClass, node: tree.TypeDeclaration) -> Iterator[CompileProblem]:
    for interface, wanted in _promises(cls):
        shown = f"{wanted.returns.name} {interface.name}.{wanted.shown}"
        found = cls.vtable.get(wanted.signature)
        if found is None or not _keeps(found, interface, wanted):
            yield CompileProblem(messages.INTERFACE_MISSING.format(cls.name, shown), node.pos)
        elif found.access not in ("public", "global"):
            yield CompileProblem(messages.IMPLEMENTATION_HIDDEN.format(cls.name, shown), node.pos)
    for wanted in _abstract_methods(cls):
        found = cls.vtable.get(wanted.signature)
        if found is None or found.abstract:
            text = messages.ABSTRACT_MISSING.format(cls.name, _shown(wanted))
            yield CompileProblem(text, _place(cls, wanted, node.pos))


def _keeps(found: Method, interface: Type, wanted: Method) -> bool:
    """Does a method give what is promised? One that overrides nothing but claims so does not."""
    if found.abstract or (found.override and found.owner is not None and _inherited(found.owner, found) is None):
        return False
    if found.returns == wanted.returns:
        return True
    if found.returns.key != "iterator" and is_assignable(found.returns, wanted.returns):
        return True
    return (interface.key, found.name.lower(), found.returns.name) == _LOCATOR


_LOCATOR = ("database.batchable", "start", "Database.QueryLocator")
"""The other way to start a batch: not by an Iterable. Source: "Batchable Interface" (Apex Reference Guide)."""


def _promises(cls: ApexClass) -> Iterator[tuple[Type, Method]]:
    """What the interfaces of a class and its ancestors ask for, type arguments in place."""
    for interface in dict.fromkeys(cls.interface_types()):
        owner = class_of(interface)
        if owner is None:
            continue
        bound = dict(zip(owner.generic, interface.args, strict=False))
        for methods in owner.methods.values():
            for method in methods:
                if method.signature not in OBJECT_METHODS:
                    yield interface, _with_types(method, bound)


def _with_types(method: Method, bound: Mapping[str, Type]) -> Method:
    if not bound:
        return method
    parameters = tuple(substitute(p, bound) for p in method.parameters)
    return replace(method, parameters=parameters, returns=substitute(method.returns, bound))


def bind_stand_ins(cls: ApexClass) -> None:
    """A call of an interface's method finds what stands in for it. All members of the class and its ancestors are linked."""
    for _interface, wanted in _promises(cls):
        if wanted.signature in cls.vtable:
            continue
        found = _standing_in(cls, wanted)
        if found is not None:
            cls.vtable[wanted.signature] = _adapted(found, wanted)


def _adapted(found: Method, wanted: Method) -> Method:
    """A stand-in as it is called: its arguments become what it declares; a static one does not get the object."""
    conversions = [implicit_conversion(w, p) for w, p in zip(wanted.parameters, found.parameters, strict=True)]
    if not found.static and not any(conversions):
        return found

    def call(this: Value, *args: Value) -> Value:
        given = [c(a) if c is not None else a for c, a in zip(conversions, args, strict=True)]
        if not found.static:
            return found.call(this, *given)
        if found.owner is not None:
            found.owner.get_statics()
        return found.call(*given)

    return replace(found, call=call, compile=None)


def _standing_in(cls: ApexClass, wanted: Method) -> Method | None:
    """What orgs take for an interface's method besides its like: a static one, or one that takes whatever is given to it."""
    return next(
        (
            m
            for m in cls.find_methods(wanted.name)
            if not m.abstract
            and len(m.parameters) == len(wanted.parameters)
            and all(p == w or is_assignable(w, p) for p, w in zip(m.parameters, wanted.parameters, strict=True))
        ),
        None,
    )


def _abstract_methods(cls: ApexClass) -> Iterator[Method]:
    """Those of superclasses."""
    for ancestor in cls.chain():
        for methods in ancestor.methods.values():
            for method in methods:
                if method.abstract and ancestor is not cls and method.signature not in OBJECT_METHODS:
                    yield method
