"""Which modifiers a declaration may have, and which it must.

Sources: "Apex Class Definition", "Class Methods", "Class Variables", "Access Modifiers", "Extending a Class", "Using the static
Keyword" (Apex Developer Guide); the verdicts of Salesforce's own compiler on every pair of modifiers at every declaration, which
show its order: the words one by one as written, each first by where it may stand at all, then, as long as nothing was wrong so far,
by what else it asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from orgtwin.apex.classes import ApexClass
from orgtwin.apex.compile import messages
from orgtwin.apex.compile.scope import CompileProblem
from orgtwin.apex.syntax.tree import Modifiers

SCOPES = ("private", "protected", "public", "global")
_SHARING = ("with sharing", "without sharing", "inherited sharing")


class Target(NamedTuple):
    """One kind of declaration: how messages call many of it, what it may have."""

    plural: str
    allowed: frozenset[str]


_TYPE = frozenset(("private", "public", "global"))
_FIELD = frozenset((*SCOPES, "static", "final", "transient", "webservice"))
CLASS = Target("classes", _TYPE | {"final", "abstract", "virtual", *_SHARING})
INTERFACE = Target("interfaces", _TYPE | {"virtual", "transient"})
ENUM = Target("enums", _TYPE | {"transient"})
FIELD = Target("fields", _FIELD)
PROPERTY = Target("properties", _FIELD)
METHOD = Target(
    "methods",
    frozenset((*SCOPES, "static", "final", "abstract", "virtual", "override", "webservice", "testmethod")),
)
CONSTRUCTOR = Target("constructors", frozenset(SCOPES))
LOCAL = Target("locals", frozenset(("final", "transient")))
PARAMETER = Target("parameters", frozenset(("final",)))
TYPES = {"class": CLASS, "interface": INTERFACE, "enum": ENUM}
MEMBERS = (FIELD, PROPERTY, METHOD, CONSTRUCTOR)

SHOWN = {
    "webservice": "webService",
    "testmethod": "testMethod",
    "with sharing": "withSharing",
    "without sharing": "withoutSharing",
    "inherited sharing": "inheritedSharing",
}
EXPLICIT_SCOPE_VERSION = 65.0
"""Since then abstract methods and overrides name their access. Source: "Apex: ... access modifiers" (Winter '26 Release Notes)."""
TEST_CLASSES_VERSION = 28.0
"""Since then test methods stand in test classes alone. Source: "Understanding Testing in Apex" (Apex Developer Guide)."""
GLOBAL_ABSTRACT_VERSION = 15.0
"""Since then an abstract method of a global class is global."""


class Place(NamedTuple):
    """A declaration: its kind, its words with those they imply, its annotations in lower case, the class it is or stands in."""

    cls: ApexClass
    target: Target
    words: list[str]
    annotations: frozenset[str] = frozenset()

    @property
    def in_trigger(self) -> bool:
        """Is it a trigger's own member? Those of its classes are not."""
        return self.cls.is_trigger and self.target in MEMBERS

    @property
    def is_inner(self) -> bool:
        return self.cls.outer is not None and not (self.cls.outer.is_trigger and self.target not in MEMBERS)


class OfEnclosing(str):
    """A text that is told at the name of the outermost type."""

    __slots__ = ()


def place_of(cls: ApexClass, target: Target, modifiers: Modifiers) -> Place:
    """`webService` is `global` too; members of a trigger are static; constants are what their enum is, static and final."""
    words: list[str] = []
    for word in modifiers.words:
        words.append(word)
        if word == "webservice":
            words.append("global")
    if cls.is_trigger and target in (METHOD, FIELD) and "static" not in words:
        words.append("static")
    if cls.is_enum and target is FIELD:
        words += ("static", "final")
    return Place(cls, target, words, frozenset(a.name.lower() for a in modifiers.annotations))


def check_modifiers(place: Place) -> list[str]:
    """What is wrong with the words of a declaration, as texts."""
    words, target = place.words, place.target
    found: list[str] = []
    for word in dict.fromkeys(words):
        if words.count(word) > 1:
            found.append(messages.DUPLICATE_MODIFIER.format(shown(word)))
        if word not in target.allowed:
            found.append(messages.NOT_ALLOWED.format(shown(word), target.plural))
        elif not found and word in _ASKS:
            found += _ASKS[word](place)
    if len(words) > 1 and sum(w in words for w in ("public", "private", "global")) > 1 and target is not LOCAL:
        found.append(messages.ONE_SCOPE)
    return found


def shown(word: str) -> str:
    """A modifier as messages print it."""
    return SHOWN.get(word, word)


# What a word asks for where it may stand


def _no_other(word: str, *others: str) -> Callable[[Place], Iterator[str]]:
    def asks(place: Place) -> Iterator[str]:
        for other in others:
            if other in place.words:
                yield messages.CANNOT_BE.format(shown(word), place.target.plural, shown(other))

    return asks


def _protected(place: Place) -> Iterator[str]:
    cls, target = place.cls, place.target
    if place.in_trigger or cls.is_enum:
        yield messages.NOT_ALLOWED_IN.format("protected", "triggers" if place.in_trigger else "enums")
        return
    is_code = target in (METHOD, CONSTRUCTOR)
    if is_code and "override" not in place.words and not cls.virtual:
        yield messages.PROTECTED_IN_FINAL
    if "static" in place.words:
        yield messages.CANNOT_BE.format("protected", target.plural, "static")


def _global(place: Place) -> Iterator[str]:
    cls = place.cls
    if place.target in MEMBERS:
        yield from _in_global(place, "global")
    outermost = cls.outermost()
    if cls is not outermost and not is_global(outermost) and not (outermost.is_trigger and place.target in MEMBERS):
        kind = "triggers" if outermost.is_trigger else "classes"  # ASSUMED for triggers: no compiler at hand tells it
        yield OfEnclosing(messages.ENCLOSING_TYPE.format("global", place.target.plural, kind, "global"))


def _in_global(place: Place, word: str) -> Iterator[str]:
    if not is_global(place.cls):
        yield messages.DEFINING_TYPE.format(shown(word), place.target.plural, "global")


def is_global(cls: ApexClass) -> bool:
    """Is a type declared global, by this word or by `webService`, which has no place there?"""
    return cls.modifiers is not None and (cls.modifiers.has("global") or cls.modifiers.has("webservice"))


def _static(place: Place) -> Iterator[str]:
    if place.is_inner and not place.cls.is_enum:
        yield messages.TOP_LEVEL_MEMBER.format("static", place.target.plural)
    else:
        yield from _no_other("static", "abstract", "virtual", "override")(place)


def _final(place: Place) -> Iterator[str]:
    if place.target in (CLASS, METHOD):
        yield messages.BY_DEFAULT.format(place.target.plural, "final")


def _transient(place: Place) -> Iterator[str]:
    if place.target in (INTERFACE, ENUM) and place.cls.outer is None:
        yield messages.NOT_ALLOWED.format("transient", place.target.plural)


def _abstract(place: Place) -> Iterator[str]:
    cls = place.cls
    if "virtual" in place.words:
        yield messages.BY_DEFAULT.format("abstract", "virtual")
    if place.target is not METHOD:
        return
    yield from _not_deprecated(place, "abstract")
    if not cls.abstract and not cls.is_trigger:
        yield messages.DEFINING_TYPE.format("abstract", "methods", "abstract")
    if is_global(cls) and "global" not in place.words and _version(cls) >= GLOBAL_ABSTRACT_VERSION:
        yield messages.GLOBAL_DEFINES_GLOBAL.format("abstract", "methods")
    yield from _names_access(place, "abstract")


def _override(place: Place) -> Iterator[str]:
    yield from _names_access(place, "override")


def _names_access(place: Place, word: str) -> Iterator[str]:
    named = any(w in place.words for w in ("global", "public", "protected"))
    if not named and _version(place.cls) >= EXPLICIT_SCOPE_VERSION:
        yield messages.REQUIRES_ONE_OF.format(word, "methods", "global, public, protected")


def _virtual(place: Place) -> Iterator[str]:
    if place.in_trigger:
        yield messages.NOT_ALLOWED_IN.format("virtual", "triggers")
    else:
        yield from _no_other("virtual", "static")(place)


def _test_method(place: Place) -> Iterator[str]:
    cls = place.cls
    if place.is_inner:
        yield messages.TOP_LEVEL_MEMBER.format("testMethod", "methods")
        return
    if "istest" in place.annotations:
        yield messages.BY_DEFAULT.format("testMethod", "IsTest")
    if not cls.is_test and _version(cls) >= TEST_CLASSES_VERSION:
        yield messages.DEFINING_TYPE.format("testMethod", "methods", "IsTest")
    if "static" not in place.words:
        yield messages.REQUIRES.format("testMethod", "methods", "static")


def _web_service(place: Place) -> Iterator[str]:
    if place.target in MEMBERS:
        yield from _in_global(place, "webservice")
        yield from _not_deprecated(place, "webservice")
    if place.target is METHOD and "static" not in place.words:
        yield messages.REQUIRES.format("webService", "methods", "static")


def _not_deprecated(place: Place, word: str) -> Iterator[str]:
    if "deprecated" in place.annotations:
        yield messages.CANNOT_BE.format(shown(word), place.target.plural, "Deprecated")


def _version(cls: ApexClass) -> float:
    return cls.outermost().api_version


_ASKS: dict[str, Callable[[Place], Iterator[str]]] = {
    "protected": _protected,
    "global": _global,
    "static": _static,
    "final": _final,
    "transient": _transient,
    "abstract": _abstract,
    "override": _override,
    "virtual": _virtual,
    "testmethod": _test_method,
    "webservice": _web_service,
    **{word: _no_other(word, *(o for o in _SHARING if o != word)) for word in _SHARING},
}


def check_top_level(cls: ApexClass, modifiers: Modifiers) -> Iterator[str]:
    """A class of its own is public or global, a test may be private."""
    words = modifiers.words
    is_visible = "public" in words or is_global(cls)
    if cls.outer is None and not is_visible and not cls.is_test:
        yield messages.TOP_LEVEL_SCOPE


def check_accessor_scope(property_: Modifiers, accessor: Modifiers, pos: int) -> Iterator[CompileProblem]:
    """An accessor is not wider than its property."""
    outer = next((w for w in SCOPES if w in property_.words), "private")
    inner = next((w for w in SCOPES if w in accessor.words), outer)
    if "webservice" not in property_.words and SCOPES.index(inner) > SCOPES.index(outer):
        yield CompileProblem(messages.ACCESSOR_SCOPE.format(inner, outer), pos)
