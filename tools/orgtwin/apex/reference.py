"""The library as a page: every class and method that Apex finds here, and what is refused by name."""

from __future__ import annotations

from collections.abc import Iterator

import orgtwin.apex.library.all  # noqa: F401  (fills the registry)
from orgtwin.apex.classes import ApexClass
from orgtwin.apex.faults import EXCEPTIONS
from orgtwin.apex.library.refused import CLASSES, NAMESPACES
from orgtwin.apex.library.signatures import SYSTEM_CLASSES

_HEAD = """# The Apex library of the twin

Written by `orgtwin apex library`. A method that is listed runs; one of a listed class that is not listed does not compile, as if
the platform did not have it. Code that names a refused namespace compiles, and running it is refused by name (TWIN_UNSUPPORTED).
"""


def library_page() -> str:
    """The page in Markdown."""
    return "\n".join([_HEAD, *_classes(), *_refusals()]) + "\n"


def _classes() -> Iterator[str]:
    for cls in sorted(SYSTEM_CLASSES.values(), key=lambda c: c.full_name.lower()):
        members = sorted(_members(cls), key=str.lower)
        if members:
            yield f"## {cls.full_name}"
            yield ""
            yield ", ".join(f"`{m}`" for m in members)
            yield ""


def _members(cls: ApexClass) -> Iterator[str]:
    if cls.is_enum:
        yield from (c.name for c in cls.constants.values())
        return
    for method in cls.constructors:
        yield f"new {cls.name}({', '.join(p.name for p in method.parameters)})"
    for overloads in cls.methods.values():
        yield from (method.shown for method in overloads)
    yield from (variable.name for variable in cls.variables.values())


def _refusals() -> Iterator[str]:
    yield "## Exceptions"
    yield ""
    yield ", ".join(f"`{c.full_name}`" for c in sorted(EXCEPTIONS.values(), key=lambda c: c.full_name.lower()))
    yield ""
    yield "## Refused by name"
    yield ""
    yield f"Namespaces: {', '.join(f'`{n}`' for n in sorted(NAMESPACES))}"
    yield ""
    yield f"Classes of System: {', '.join(f'`{n}`' for n in sorted(CLASSES))}"
