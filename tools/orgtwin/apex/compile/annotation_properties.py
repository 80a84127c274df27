"""What may be written between the parentheses of an annotation.

Sources: the page of each annotation (Apex Developer Guide); the verdicts of Salesforce's own compiler on every property with values
right and wrong. A property adds a row; a rule about its value a function beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from orgtwin.apex.compile import messages
from orgtwin.apex.compile.modifiers import CLASS, FIELD, LOCAL, METHOD, PROPERTY, Place, Target
from orgtwin.apex.compile.scope import CompileProblem, LateProblem, SideProblem
from orgtwin.apex.syntax.tree import Annotation


@dataclass(frozen=True, slots=True)
class Property:
    """`type` is what must be written: a Boolean takes any text too. `places`: where alone it may stand; `off`: no org has it on."""

    shown: str
    type: str = "String"
    places: tuple[Target, ...] = ()
    values: frozenset[str] = frozenset()
    since: float = 0.0
    until: float = 1000.0
    required: bool = False
    once: bool = False
    off: bool = False


def _flag(shown: str, *places: Target, since: float = 0.0) -> Property:
    return Property(shown, "Boolean", places, since=since)


_ACCESS = frozenset(("never", "samenamespace", "samepackage", "always"))
PROPERTIES: dict[str, tuple[Property, ...]] = {
    "AuraEnabled": (
        _flag("cacheable", METHOD),
        _flag("continuation", METHOD),
        Property("scope", places=(METHOD,), values=frozenset(("global",)), since=55),
        Property("translatable", "Boolean", (FIELD, PROPERTY), off=True),
    ),
    "Future": (
        _flag("callout"),
        Property("delay", "Integer", off=True),
        Property("limits", off=True),
    ),
    "HttpGet": (Property("urlMapping"),),
    "InvocableMethod": (
        Property("label"),
        Property("description"),
        Property("category"),
        Property("configuration", until=47),
        _flag("callout", since=51),
        Property("configurationEditor", since=48),
        Property("iconName", since=55),
        Property("capabilityType", since=60),
    ),
    "InvocableVariable": (
        Property("label"),
        Property("description"),
        _flag("required"),
        Property("defaultValue", since=61),
        Property("placeholderText", since=61),
    ),
    "IsTest": (
        _flag("seeAllData", since=23),
        _flag("isParallel", CLASS, since=40),
        _flag("onInstall"),
        _flag("critical", CLASS, since=66),
        Property("testFor", places=(CLASS,), since=66, once=True),
    ),
    "JsonAccess": (Property("serializable", values=_ACCESS), Property("deserializable", values=_ACCESS)),
    "NamespaceGuard": (Property("value", required=True),),
    "PermGuard": (Property("value", required=True),),
    "ReadOnly": (Property("useReplica", values=frozenset(("never", "preferred")), since=49),),
    "RemoteAction": (_flag("callout"),),
    "RestResource": (Property("urlMapping", required=True),),
    "SfdcOnly": (_flag("value"),),
    "SuppressWarnings": (Property("value"),),
    "TestSetup": (_flag("onInstall"),),
    "VisibleApiVersion": (Property("minApiVersion", "Integer"), Property("maxApiVersion", "Integer")),
}


def check_properties(place: Place, annotation: Annotation, shown: str, pos: int) -> Iterator[CompileProblem]:
    """The properties of one annotation; those of a place are told at the declaration, `pos`, others where they are written."""
    rows = {p.shown.lower(): p for p in PROPERTIES.get(shown, ())}
    for name, value in annotation.arguments.items():
        at = annotation.positions.get(name, annotation.pos)
        row = rows.get(name)
        if row is None:
            written = annotation.written.get(name, name)
            yield SideProblem(messages.UNKNOWN_PROPERTY.format(written, shown), at)
            continue
        yield from _check_property(place, annotation, row, shown, value, at, pos)
        if row.once and name in annotation.repeated:
            yield SideProblem(messages.PROPERTY_TWICE.format(shown, row.shown), annotation.repeated[name])
    for row in rows.values():
        if row.required and row.shown.lower() not in annotation.arguments:
            yield LateProblem(messages.PROPERTY_MISSING.format(row.shown), annotation.pos)


def _check_property(
    place: Place, annotation: Annotation, row: Property, shown: str, value: object, at: int, pos: int
) -> Iterator[CompileProblem]:
    version = place.cls.outermost().api_version
    if row.type != "Boolean" and not isinstance(value, str):
        yield SideProblem(messages.PROPERTY_TYPE.format(row.shown, row.type), at)
    elif row.off:
        yield SideProblem(messages.UNKNOWN_PROPERTY.format(row.shown, shown), at)
    elif version < row.since:
        yield SideProblem(messages.PROPERTY_MIN_VERSION.format(row.shown, shown, int(row.since)), at)
    elif version > row.until:
        yield SideProblem(messages.PROPERTY_MAX_VERSION.format(row.shown, shown, int(row.until)), at)
    elif row.values and str(value).lower() not in row.values:
        yield SideProblem(messages.PROPERTY_VALUE.format(row.shown, shown, value), at)
    elif row.places and place.target not in row.places:
        if place.target is not LOCAL:
            yield CompileProblem(messages.PROPERTY_PLACE.format(row.shown, shown, place.target.plural), pos)
        yield from _check_scope(annotation, row, at)
    else:
        yield from _check_scope(annotation, row, at)
        check = _VALUES.get((shown, row.shown))
        if check is not None:
            yield from (CompileProblem(text, pos) for text in check(row.shown, shown, str(value)))


def _check_scope(annotation: Annotation, row: Property, at: int) -> Iterator[CompileProblem]:
    """What all pages of an org may call is cached. Source: "AuraEnabled Annotation"."""
    if row.shown == "scope" and str(annotation.arguments.get("cacheable", False)).lower() != "true":
        yield SideProblem(messages.PROPERTY_SIBLINGS.format("cacheable", "scope", "AuraEnabled"), at)


_ICON = re.compile(r"slds:(?:standard|custom|action|doctype|utility):\w+|resource:[^:]+:[^:]+", re.IGNORECASE)
_CAPABILITY = re.compile(r"\w+://.+")


def _of_format(pattern: re.Pattern[str]) -> Callable[[str, str, str], Iterator[str]]:
    def check(name: str, shown: str, value: str) -> Iterator[str]:
        if not value:
            yield messages.PROPERTY_MISSING.format(name)
        elif pattern.fullmatch(value) is None:
            yield messages.PROPERTY_FORMAT.format(name, shown)

    return check


def _url(name: str, shown: str, url: str) -> Iterator[str]:
    """Source: "RestResource Annotation", URL guidelines."""
    if not url:
        yield messages.URL_EMPTY
    elif len(url) > 255:
        yield messages.URL_TOO_LONG
    elif not url.startswith("/"):
        yield messages.URL_SLASH
    else:
        yield from _wildcards(url)


def _wildcards(url: str) -> Iterator[str]:
    for at, character in enumerate(url):
        if character == "*" and url[at - 1] != "/":
            yield messages.URL_WILDCARD_BEFORE
            return
        if character == "*" and url[at + 1 : at + 2] not in ("", "/"):
            yield messages.URL_WILDCARD_AFTER
            return


_VALUES = {
    ("InvocableMethod", "iconName"): _of_format(_ICON),
    ("InvocableMethod", "capabilityType"): _of_format(_CAPABILITY),
    ("RestResource", "urlMapping"): _url,
}
