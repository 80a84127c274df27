"""All platform classes by name."""

from __future__ import annotations

from orgtwin.apex.classes import ApexClass
from orgtwin.apex.faults import EXCEPTIONS
from orgtwin.apex.library.connect_api import find_connect_class
from orgtwin.apex.library.signatures import SYSTEM_CLASSES, class_key
from orgtwin.apex.types import Type


def find_class(name: str) -> ApexClass | None:
    """A platform class by name in any case, with or without the System and Schema namespaces."""
    key = class_key(name)
    return EXCEPTIONS.get(key) or find_connect_class(key) or SYSTEM_CLASSES.get(key) or _component_class(key)


def _component_class(key: str) -> ApexClass | None:
    from orgtwin.apex.library.components import find_component_class

    return find_component_class(key)


def find_flow_class(name: str) -> ApexClass | None:
    """The class of a flow: Flow.Interview.My_Flow."""
    from orgtwin.apex.library.flow_interviews import find_flow_class as find

    return find(name.lower(), name)


def class_of(type_: Type) -> ApexClass | None:
    """The class whose methods a value of this type has."""
    if type_.cls is not None:
        return type_.cls
    if type_.is_sobject:
        return SYSTEM_CLASSES.get("sobject")
    return SYSTEM_CLASSES.get(type_.key)
