"""What the tables of the library let Apex run, by name, and a recorder of what has run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import orgtwin.apex.library.all  # noqa: F401  (fills the registry)
from orgtwin.apex.classes import ApexClass, Method
from orgtwin.apex.faults import EXCEPTIONS
from orgtwin.apex.library.connect_api import find_connect_class
from orgtwin.apex.library.connect_services import services
from orgtwin.apex.library.signatures import SYSTEM_CLASSES
from orgtwin.apex.values import Value
from orgtwin.errors import Unsupported


def emulated() -> dict[str, list[Method]]:
    """Every method, constructor and property that runs: `System.String.length()`, `Dom.Document.new()`, `System.Math.PI`.

    A property that can be written is there twice, the second time as `Namespace.Class.name =`.
    """
    find_connect_class("connectapi.")
    found: dict[str, list[Method]] = {}
    for cls in {id(c): c for c in (*SYSTEM_CLASSES.values(), *EXCEPTIONS.values(), *services().values())}.values():
        if cls.kind == "class" and cls.namespace != "Flow.Interview":
            for name, method in _of(cls):
                found.setdefault(f"{cls.full_name}.{name}", []).append(method)
    return found


def _of(cls: ApexClass) -> Iterator[tuple[str, Method]]:
    for method in cls.constructors:
        yield f"new({', '.join(p.name for p in method.parameters)})", method
    for overloads in cls.methods.values():
        yield from ((method.shown, method) for method in overloads if not method.refused)
    for variable in cls.own_variables():
        if variable.getter is not None:
            yield variable.name, variable.getter
        if variable.setter is not None:
            yield f"{variable.name} =", variable.setter


@contextmanager
def recorded(entries: Mapping[str, list[Method]]) -> Iterator[set[str]]:
    """The names of what runs meanwhile; what was only refused did not run.

    For code that is compiled meanwhile, as a closure may hold the function itself.
    """
    called: set[str] = set()
    before = [(method, method.call) for methods in entries.values() for method in methods]
    for name, methods in entries.items():
        for method in methods:
            method.call = _noting(name, method.call, called)
    try:
        yield called
    finally:
        for method, call in before:
            method.call = call


def _noting(name: str, call: Callable[..., Value], called: set[str]) -> Callable[..., Value]:
    def run(*args: Value) -> Value:
        ran = True
        try:
            return call(*args)
        except Unsupported:
            ran = False
            raise
        finally:
            if ran:
                called.add(name)

    return run


NO_VALUES = ("System.HttpRequest", "System.HttpResponse", "System.PageReference", "System.XmlStreamWriter")
"""What is set in them is read in other words: a body as a text, a Blob or a document, cookies by name."""


def value_classes() -> list[ApexClass]:
    """Classes that code makes, with properties that are written; or with setters, if they are made of nothing."""
    find_connect_class("connectapi.")
    made = (c for c in SYSTEM_CLASSES.values() if c.kind == "class" and not c.generic and c.constructors)
    values = [c for c in made if c.full_name not in NO_VALUES and any(_is_value(c, one) for one in c.chain())]
    return sorted(values, key=lambda c: c.full_name.lower())


def _is_value(made: ApexClass, cls: ApexClass) -> bool:
    written = any(variable.setter is not None for variable in cls.own_variables())
    is_bare = any(not m.parameters for m in made.constructors)
    return written or (is_bare and any(name.startswith("set") for name in cls.methods))
