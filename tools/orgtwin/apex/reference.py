"""The library as a page: every class and method that Apex finds here, and what is refused by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import orgtwin.apex.library.all  # noqa: F401  (fills the registry)
from orgtwin.apex.classes import ApexClass
from orgtwin.apex.faults import EXCEPTIONS
from orgtwin.apex.library.connect_api import SPACE, find_connect_class
from orgtwin.apex.library.connect_services import find_service, services
from orgtwin.apex.library.documented import documented, elsewhere, missing_classes
from orgtwin.apex.library.signatures import SYSTEM_CLASSES, class_key

_HEAD = """# The Apex library of the twin

Written by `orgtwin apex library`. A class that is emulated is followed by what runs; of one that is partial, "Refused" lists the
documented methods that compile and are refused by name when they run (TWIN_UNSUPPORTED). At the end stand the exceptions, the
values of ConnectApi, and what is refused as a whole: code that names it compiles, and running it is refused by name. `clone()`,
which Salesforce's compiler knows of every class, is refused where it is not listed as running.
"""
_CONNECT = """## ConnectApi

Inputs and outputs are values: they are made, and their properties set and read. In a test that does not see the org's data a
call of any service throws, as documented; everywhere else these methods of services run, and the others are refused by name.
"""
_WHOLE = """## Refused as a whole

Each class with its methods. A namespace that stands here with some classes and above with others is partial.
"""


def library_page() -> str:
    """The page in Markdown."""
    find_connect_class("connectapi.")
    return "\n".join([_HEAD, *_classes(), *_exceptions(), *_connect_values(), *_refusals()]) + "\n"


def _classes() -> Iterator[str]:
    for cls in sorted(SYSTEM_CLASSES.values(), key=lambda c: c.full_name.lower()):
        if cls.namespace in ("Flow.Interview", SPACE):
            continue  # a flow of some org; a value that is listed by its name
        members = sorted(set(_members(cls)), key=str.lower)
        if members:
            refused = _refused_methods(cls)
            yield f"## {cls.full_name}"
            yield ""
            yield f"{'Partial' if refused else 'Emulated'}: {_coded(members)}"
            yield ""
            if refused:
                yield f"Refused: {_coded(refused)}"
                yield ""


def _members(cls: ApexClass) -> Iterator[str]:
    if cls.is_enum:
        yield from (c.name for c in cls.constants.values())
        return
    for method in cls.constructors:
        yield f"new {cls.name}({', '.join(p.name for p in method.parameters)})"
    for overloads in cls.methods.values():
        yield from (method.shown for method in overloads if not method.refused)
    yield from (variable.name for variable in cls.own_variables())


def _refused_methods(cls: ApexClass) -> list[str]:
    shown = {m.shown for overloads in cls.methods.values() for m in overloads if m.refused}
    return sorted(shown - {"clone()"}, key=str.lower)


def _exceptions() -> Iterator[str]:
    yield "## Exceptions"
    yield ""
    classes = sorted(EXCEPTIONS.values(), key=lambda c: c.full_name.lower())
    yield f"Emulated: {_coded(c.full_name for c in classes)}"
    yield ""
    refused = [f"{c.full_name}.{shown}" for c in classes for shown in _refused_methods(c)]
    yield f"Refused: {_coded(refused)}"
    yield ""


def _connect_values() -> Iterator[str]:
    classes = sorted((c for c in SYSTEM_CLASSES.values() if c.namespace == SPACE), key=lambda c: c.name.lower())
    yield _CONNECT
    yield f"Services: {_coded(f'{cls.name}.{member}' for cls in services().values() for member in sorted(set(_members(cls))))}"
    yield ""
    yield f"Values: {_coded(c.name for c in classes if not c.is_enum)}"
    yield ""
    yield f"Enums: {_coded(c.name for c in classes if c.is_enum)}"
    yield ""
    refused = [f"{c.name}.{shown}" for c in classes for shown in _refused_methods(c)]
    yield f"Refused: {_coded(refused)}"
    yield ""


def _refusals() -> Iterator[str]:
    yield _WHOLE
    missing = missing_classes()
    rows = {name: _names(found) for name, found in documented().items() if class_key(name) in missing or _is_idle(name)}
    rows |= {name: _not_running(name, methods) for name, methods in elsewhere().items()}
    for name in sorted(rows, key=str.lower):
        yield f"- `{name}`" + (f": {_coded(rows[name])}" if rows[name] else "")


def _not_running(name: str, methods: tuple[str, ...]) -> tuple[str, ...]:
    """The methods less those of a ConnectApi service that run in some form."""
    service = find_service(name.lower())
    return methods if service is None else tuple(m for m in methods if m.lower() not in service.methods)


def _is_idle(name: str) -> bool:
    """Whether the class is known and nothing of it runs."""
    cls = SYSTEM_CLASSES.get(class_key(name))
    return cls is not None and bool(_refused_methods(cls)) and not any(_members(cls))


def _names(signatures: Iterable[str]) -> tuple[str, ...]:
    """Each method's name once."""
    found = {text.partition("(")[0].rpartition(" ")[2]: None for text in signatures}
    return tuple(name for name in sorted(found, key=str.lower) if name != "clone")


def _coded(texts: Iterable[str]) -> str:
    return ", ".join(f"`{text}`" for text in texts)
