"""Which modifiers a declaration may have, and which it must.

Sources: "Apex Class Definition", "Class Methods", "Class Variables", "Access Modifiers", "Extending a Class", "Using the static
Keyword" (Apex Developer Guide); the verdicts of Salesforce's own compiler on every pair of modifier and declaration.
"""

from __future__ import annotations

from collections.abc import Iterator
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
CLASS = Target("classes", _TYPE | {"abstract", "virtual", *_SHARING})
INTERFACE = Target("interfaces", _TYPE | {"virtual"})
ENUM = Target("enums", _TYPE)
FIELD = Target("fields", _FIELD)
PROPERTY = Target("properties", _FIELD)
METHOD = Target(
    "methods", frozenset((*SCOPES, "static", "abstract", "virtual", "override", "webservice", "testmethod"))
)
CONSTRUCTOR = Target("constructors", frozenset(SCOPES))
LOCAL = Target("locals", frozenset(("final", "transient")))
TRIGGER_VARIABLE = Target("fields", _FIELD)
PARAMETER = Target("parameters", frozenset(("final",)))
_TYPES = {"class": CLASS, "interface": INTERFACE, "enum": ENUM}

SHOWN = {
    "webservice": "webService",
    "testmethod": "testMethod",
    "with sharing": "withSharing",
    "without sharing": "withoutSharing",
    "inherited sharing": "inheritedSharing",
}
_FINAL_BY_DEFAULT = frozenset(("classes", "methods"))
_EXCLUDED = (
    ("protected", "static"),
    ("static", "abstract"),
    ("static", "virtual"),
    ("static", "override"),
    ("with sharing", "without sharing"),
    ("with sharing", "inherited sharing"),
    ("without sharing", "inherited sharing"),
)
EXPLICIT_SCOPE_VERSION = 65.0
"""Since then abstract methods and overrides name their access. Source: "Apex: ... access modifiers" (Winter '26 Release Notes)."""
TEST_CLASSES_VERSION = 28.0
"""Since then test methods stand in test classes alone. Source: "Understanding Testing in Apex" (Apex Developer Guide)."""
_OF_TOP_LEVEL_TYPES = ("static", "testmethod")


def check_modifiers(modifiers: Modifiers, target: Target, pos: int) -> Iterator[CompileProblem]:
    """What holds for the words alone, wherever the declaration stands."""
    words = modifiers.words
    for word in dict.fromkeys(words):
        if words.count(word) > 1:
            yield CompileProblem(messages.DUPLICATE_MODIFIER.format(_shown(word)), pos)
        if word in target.allowed:
            continue
        if word == "final" and target.plural in _FINAL_BY_DEFAULT:
            yield CompileProblem(messages.BY_DEFAULT.format(target.plural, "final"), pos)
        else:
            yield CompileProblem(messages.NOT_ALLOWED.format(_shown(word), target.plural), pos)
    scopes = {w for w in words if w in SCOPES and w != "protected" and w in target.allowed}
    if len(scopes) > 1:
        yield CompileProblem(messages.ONE_SCOPE, pos)
    for first, second in _EXCLUDED:
        if first in words and second in words and first in target.allowed:
            yield CompileProblem(messages.CANNOT_BE.format(_shown(first), target.plural, _shown(second)), pos)


def _shown(word: str) -> str:
    return SHOWN.get(word, word)


def check_type_modifiers(cls: ApexClass, modifiers: Modifiers, pos: int) -> Iterator[CompileProblem]:
    """A class, interface or enum."""
    yield from check_modifiers(modifiers, _TYPES[cls.kind], pos)
    words = modifiers.words
    if cls.kind == "class" and "abstract" in words and "virtual" in words:
        yield CompileProblem(messages.BY_DEFAULT.format("abstract", "virtual"), pos)
    is_visible = "public" in words or "global" in words
    if cls.outer is None and not is_visible and not (cls.is_test and cls.kind == "class"):
        yield CompileProblem(messages.TOP_LEVEL_SCOPE, pos)


def check_member_modifiers(cls: ApexClass, modifiers: Modifiers, target: Target, pos: int) -> Iterator[CompileProblem]:
    """A field, property or constructor, and what methods share with them: the word and the class it stands in."""
    yield from check_modifiers(modifiers, target, pos)
    words = modifiers.words
    for word in ("global", "webservice"):
        if word in words and word in target.allowed and not _has(cls, "global"):
            yield CompileProblem(messages.DEFINING_TYPE.format(_shown(word), target.plural, "global"), pos)
    for word in _OF_TOP_LEVEL_TYPES:
        if word in words and word in target.allowed and cls.outer is not None:
            yield CompileProblem(messages.TOP_LEVEL_MEMBER.format(_shown(word), target.plural), pos)


def check_method_modifiers(
    cls: ApexClass, modifiers: Modifiers, pos: int, *, has_body: bool, is_constructor: bool
) -> Iterator[CompileProblem]:
    """A method or constructor of a class."""
    yield from check_member_modifiers(cls, modifiers, CONSTRUCTOR if is_constructor else METHOD, pos)
    words = modifiers.words
    abstract = "abstract" in words
    if abstract and has_body:
        yield CompileProblem(messages.ABSTRACT_BODY, pos)
    if not abstract and not has_body:
        yield CompileProblem(messages.BODY_MISSING, pos)
    if is_constructor:
        return
    if abstract and not cls.abstract:
        yield CompileProblem(messages.DEFINING_TYPE.format("abstract", "methods", "abstract"), pos)
    if abstract and _has(cls, "global") and "global" not in words:
        yield CompileProblem(messages.GLOBAL_DEFINES_GLOBAL.format("abstract", "methods"), pos)
    named = {"global", "public", "protected"}.intersection(words)
    for word in ("abstract", "override"):
        if word in words and not named and cls.outermost().api_version >= EXPLICIT_SCOPE_VERSION:
            yield CompileProblem(messages.REQUIRES_ONE_OF.format(word, "methods", "global, public, protected"), pos)
    for word in ("webservice", "testmethod"):
        if word in words and "static" not in words:
            yield CompileProblem(messages.REQUIRES.format(_shown(word), "methods", "static"), pos)
    if "testmethod" in words and not cls.outermost().is_test and cls.outermost().api_version >= TEST_CLASSES_VERSION:
        yield CompileProblem(messages.DEFINING_TYPE.format("testMethod", "methods", "IsTest"), pos)
    if "protected" in words and not {"override", "static"}.intersection(words) and not cls.virtual:
        yield CompileProblem(messages.PROTECTED_IN_FINAL, pos)


def _has(cls: ApexClass, word: str) -> bool:
    return cls.modifiers is not None and cls.modifiers.has(word)


def check_accessor_scope(property_: Modifiers, accessor: Modifiers, pos: int) -> Iterator[CompileProblem]:
    """An accessor is not wider than its property."""
    outer = next((w for w in SCOPES if w in property_.words), "private")
    inner = next((w for w in SCOPES if w in accessor.words), outer)
    if "webservice" not in property_.words and SCOPES.index(inner) > SCOPES.index(outer):
        yield CompileProblem(messages.ACCESSOR_SCOPE.format(inner, outer), pos)
