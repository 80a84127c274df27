"""Namespaces that exist on the platform and are not emulated: code that names them compiles, running it is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from orgtwin.apex import context
from orgtwin.apex.classes import ApexClass
from orgtwin.apex.faults import throw
from orgtwin.apex.library.connect_api import SILOED_TEST
from orgtwin.apex.types import Kind, Type
from orgtwin.apex.values import Value

NAMESPACES = frozenset(
    (
        "aiplatform", "approval", "auth", "businessrules", "cache", "canvas", "chatteranswers", "commercetax", "compression",
        "connectapi", "datasource", "dataweave", "dom", "eventbus", "flow", "formulaeval", "functions", "industries", "invocable",
        "kbmanagement", "messaging", "metadata", "pref_center", "process", "quickaction", "reports", "richmessaging", "search",
        "sfc", "sfdc_checkout", "site", "support", "territorymgmt", "txnsecurity", "userprovisioning", "visualeditor", "wave",
        "datacloud",
    )
)  # fmt: skip
CLASSES = frozenset(
    (
        "apexpages", "answers", "cookie", "domain", "domaincreator", "domainparser", "emailmessages", "flexqueue", "ideas",
        "network", "orglimit", "orglimits", "packages", "pagereference", "resetpasswordresult", "selectoption", "site",
        "url", "version", "xmlstreamreader",
        "xmlstreamwriter", "appexchange", "callout", "cursor", "httprequestbuilder", "continuation",
        "lightning", "messaging", "approval", "dom", "cache", "auth", "support", "sortoptions", "formula", "collator",
    )
)  # fmt: skip

_TYPES: dict[str, Type] = {}


def refused_type(name: str) -> Type | None:
    """The stand-in for a platform type that is not emulated, or None when no such namespace exists."""
    key = name.lower().removeprefix("system.").removeprefix("schema.")
    first, _, rest = key.partition(".")
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
    engine = context.engine()
    if type_.key.startswith("connectapi.") and engine.is_testing and not engine.test_state.get("sees data"):
        raise throw("UnsupportedOperationException", SILOED_TEST)
    engine.refuse(f"apex.{type_.name}.{member}", f"{type_.name}.{member} in Apex")
    raise AssertionError("refuse() always raises")


def refusing(type_: Type, member: str) -> Callable[[Value], Value]:
    """A closure that refuses."""
    return lambda frame: refuse(type_, member)
