"""ConnectApi: its inputs and outputs as values. Of its services, some methods run (connect_services).

connect_api.txt holds a class a line, `Name < Parent`, its properties indented below, or an enum, `Name = Constants`. Source:
"ConnectApi Input Classes", "ConnectApi Output Classes", "ConnectApi Enums" (Apex Reference Guide), as Salesforce's public Apex
language tools list them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files

from orgtwin.apex import context
from orgtwin.apex.classes import ApexClass
from orgtwin.apex.faults import throw
from orgtwin.apex.library.properties import Properties, add_property
from orgtwin.apex.library.signatures import SYSTEM_CLASSES, declare, system_class, system_enum, type_of
from orgtwin.apex.values import Value

SPACE = "ConnectApi"
_SILOED_TEST = "ConnectApi methods are not supported in data siloed tests. Please use @IsTest(SeeAllData=true)."


def require_data() -> None:
    """Only a test that sees the org's data may ask a service. Source: "Testing ConnectApi Code" (Apex Developer Guide)."""
    engine = context.engine()
    if engine.is_testing and not engine.test_state.get("sees data"):
        raise throw("UnsupportedOperationException", _SILOED_TEST)


def find_connect_class(key: str) -> ApexClass | None:
    """A value class or enum of ConnectApi by lower-case name; all are made when the first is asked for."""
    if not key.startswith("connectapi."):
        return None
    _load()
    return SYSTEM_CLASSES.get(key)


@cache
def _load() -> None:
    cls: ApexClass | None = None
    for line in files("orgtwin.apex.library").joinpath("connect_api.txt").read_text(encoding="utf-8").splitlines():
        name, _, rest = line.strip().partition(" ")
        if line.startswith(" ") and cls is not None:
            add_property(cls, name, type_of(rest))
        elif rest.startswith("= "):
            cls = system_enum(name, rest.removeprefix("= "), namespace=SPACE)
        else:
            cls = _value_class(name, rest.removeprefix("< "))
    from orgtwin.apex.library.documented import add_documented_late  # it names the refusals, which name this module

    add_documented_late()


def _value_class(name: str, parent: str) -> ApexClass:
    cls = declare(name, namespace=SPACE)
    extends = declare(parent, namespace=SPACE) if parent else None
    return system_class(name, {}, namespace=SPACE, constructors={"()": _maker(cls)}, extends=extends)


def _maker(cls: ApexClass) -> Callable[[], Value]:
    return lambda: Properties(cls.type)
