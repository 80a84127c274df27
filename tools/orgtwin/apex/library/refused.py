"""Namespaces that exist on the platform and are not emulated: code that names them compiles, running it is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from orgtwin.apex import context
from orgtwin.apex.classes import ApexClass
from orgtwin.apex.library.connect_api import require_data
from orgtwin.apex.library.signatures import SYSTEM_CLASSES
from orgtwin.apex.types import Kind, Type
from orgtwin.apex.values import Value

NAMESPACES = frozenset(
    (
        "aiplatform", "applauncher", "approval", "auth", "businessrules", "cache", "canvas", "chatteranswers", "commercebuygrp",
        "commerceextension", "commercepayments", "commercetax", "compression", "connectapi", "datacloud", "datasource",
        "dataweave", "dom", "embeddedai", "eventbus", "flow", "flowuiruntime", "formulaeval", "fsccashflow", "functions",
        "industries", "industriesnlpsvc", "invocable", "ise_bots_apex", "isvpartners", "kbmanagement", "lxscheduler", "messaging",
        "metadata", "pref_center", "process", "quickaction", "reports", "richmessaging", "search", "sfc", "sfdc_checkout",
        "sfdc_enablement", "sfdc_surveys", "site", "slack", "support", "territorymgmt", "txnsecurity", "userprovisioning",
        "visualeditor", "wave",
    )
)  # fmt: skip
CLASSES = frozenset(("appexchange", "auth", "cache", "callout", "cursor", "dom", "lightning", "packages", "support"))
"""Names that public code uses and no list has."""

_TYPES: dict[str, Type] = {}


def refused_type(name: str) -> Type | None:
    """The stand-in for a platform type that is not emulated, or None when no such namespace exists."""
    key = name.lower().removeprefix("system.").removeprefix("schema.")
    first, _, rest = key.partition(".")
    owner = SYSTEM_CLASSES.get(key.rpartition(".")[0])
    if owner is not None and owner.is_enum:
        return None  # a constant
    if not (first in NAMESPACES and rest) and key not in CLASSES and key not in _missing_classes():
        return None
    found = _TYPES.get(key)
    if found is None:
        cls = ApexClass(name, refused=True, virtual=True)
        cls.type.kind = Kind.REFUSED
        found = _TYPES[key] = cls.type
    return found


def _missing_classes() -> frozenset[str]:
    """Documented classes that nothing emulates; known once the library is loaded."""
    from orgtwin.apex.library.documented import missing_classes

    return missing_classes()


def refuse(type_: Type, member: str) -> NoReturn:
    """Stop here, by name; a call of ConnectApi in a test that does not see the org's data throws, as documented."""
    if type_.key.startswith("connectapi."):
        require_data()
    context.engine().refuse(f"apex.{type_.name}.{member}", f"{type_.name}.{member} in Apex")
    raise AssertionError("refuse() always raises")


def refusing(type_: Type, member: str) -> Callable[[Value], Value]:
    """A closure that refuses."""
    return lambda frame: refuse(type_, member)
