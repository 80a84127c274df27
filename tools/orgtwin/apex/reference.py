"""The library as a page: every class and method that Apex finds here, and what is refused by name."""

from __future__ import annotations

from collections.abc import Iterator

import orgtwin.apex.library.all  # noqa: F401  (fills the registry)
from orgtwin.apex.classes import ApexClass
from orgtwin.apex.faults import EXCEPTIONS
from orgtwin.apex.library.documented import missing_classes
from orgtwin.apex.library.refused import CLASSES, NAMESPACES
from orgtwin.apex.library.signatures import SYSTEM_CLASSES

_HEAD = """# The Apex library of the twin

Written by `orgtwin apex library`. Of each class: what runs, and behind "Refused" the documented methods that compile and are
refused by name when they run (TWIN_UNSUPPORTED). A class is emulated when nothing is refused, else partial. Documented classes and
namespaces that are not emulated at all are listed at the end: code that names them compiles, and running it is refused by name.
"""


def library_page() -> str:
    """The page in Markdown."""
    return "\n".join([_HEAD, *_classes(), *_refusals()]) + "\n"


def _classes() -> Iterator[str]:
    for cls in sorted(SYSTEM_CLASSES.values(), key=lambda c: c.full_name.lower()):
        if cls.namespace == "Flow.Interview":
            continue  # a flow of some org
        members = sorted(_members(cls), key=str.lower)
        if members:
            yield f"## {cls.full_name}"
            yield ""
            yield ", ".join(f"`{m}`" for m in members)
            yield ""
        refused = sorted({m.shown for ms in cls.methods.values() for m in ms if m.refused}, key=str.lower)
        if members and refused:
            yield f"Refused: {', '.join(f'`{m}`' for m in refused)}"
            yield ""


def _members(cls: ApexClass) -> Iterator[str]:
    if cls.is_enum:
        yield from (c.name for c in cls.constants.values())
        return
    for method in cls.constructors:
        yield f"new {cls.name}({', '.join(p.name for p in method.parameters)})"
    for overloads in cls.methods.values():
        yield from (method.shown for method in overloads if not method.refused)
    yield from (variable.name for variable in cls.variables.values())


def _refusals() -> Iterator[str]:
    yield "## Exceptions"
    yield ""
    yield ", ".join(f"`{c.full_name}`" for c in sorted(EXCEPTIONS.values(), key=lambda c: c.full_name.lower()))
    yield ""
    yield "## Refused by name"
    yield ""
    emulated = {key.partition(".")[0] for key in SYSTEM_CLASSES if "." in key}
    yield f"Namespaces: {', '.join(f'`{n}`' for n in sorted(NAMESPACES - emulated))}"
    yield ""
    yield f"Namespaces but for the classes above: {', '.join(f'`{n}`' for n in sorted(NAMESPACES & emulated))}"
    yield ""
    yield f"Classes: {', '.join(f'`{n}`' for n in sorted((CLASSES | missing_classes()) - SYSTEM_CLASSES.keys()))}"
