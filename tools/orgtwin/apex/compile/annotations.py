"""Where each annotation may stand, and what it asks of the declaration there.

Sources: "Annotations" and the page of each annotation (Apex Developer Guide); for every annotation at every declaration the verdict
of Salesforce's own compiler. An annotation adds a row. What annotations ask comes after the modifiers' own rules: only as long as
nothing else is wrong with the declaration. Their properties are `annotation_properties`, what depends on types
`annotation_contracts`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from orgtwin.apex.classes import ApexClass
from orgtwin.apex.compile import messages
from orgtwin.apex.compile.annotation_properties import check_properties
from orgtwin.apex.compile.modifiers import (
    CLASS,
    ENUM,
    FIELD,
    INTERFACE,
    LOCAL,
    MEMBERS,
    METHOD,
    PARAMETER,
    PROPERTY,
    TYPES,
    OfEnclosing,
    Place,
    Target,
    check_modifiers,
    check_top_level,
    is_global,
    place_of,
    shown,
)
from orgtwin.apex.compile.scope import CompileProblem, LateProblem
from orgtwin.apex.syntax.tree import Annotation, Method, Modifiers

_TYPES = (CLASS, INTERFACE, ENUM)
_ANYWHERE = (*_TYPES, *MEMBERS, LOCAL, PARAMETER)
_PUBLIC = ("global", "public")


@dataclass(frozen=True, slots=True)
class Rule:
    """`scopes`: one of these modifiers is needed; `defining`: the class has this; `never`: by kind, what may not stand beside.

    `top_level`: in no inner class; `static`, `scopes` and `defining` are asked of methods, and of fields and types where `of_all`;
    `since` is the first API version; `internal`: Salesforce's own code alone may use it;
    `off`: no org has it on.
    """

    shown: str
    targets: tuple[Target, ...]
    static: bool = False
    scopes: tuple[str, ...] = ()
    of_all: bool = False
    defining: str | None = None
    never: dict[Target, tuple[str, ...]] = field(default_factory=dict)
    top_level: bool = False
    in_triggers: bool = True
    since: float = 0.0
    single: bool = False
    internal: bool = False
    off: bool = False


def _http(name: str) -> Rule:
    return Rule(
        name,
        (METHOD,),
        static=True,
        scopes=("global",),
        defining="RestResource",
        never={METHOD: ("testmethod", "istest", "future")},
        single=True,
    )


_INTERNAL = (
    "SfdcOnly", "HiddenFromDoc", "UseConnectSerializer", "UseConnectDeserializer", "VisibleApiVersion", "PermGuard",
    "NamespaceGuard", "PrivateApi", "AllowCertifiedApex",
)  # fmt: skip

RULES: dict[str, Rule] = {
    rule.shown.lower(): rule
    for rule in (
        Rule(
            "AuraEnabled", (FIELD, PROPERTY, METHOD), scopes=_PUBLIC, of_all=True,
            never={
                FIELD: ("static", "namespaceaccessible"),
                PROPERTY: ("namespaceaccessible",),
                METHOD: ("namespaceaccessible",),
            },
        ),
        Rule("Deprecated", (*_TYPES, *MEMBERS)),
        Rule("Future", (METHOD,), static=True, never={METHOD: ("testmethod", "istest")}),
        _http("HttpDelete"),
        _http("HttpGet"),
        _http("HttpPatch"),
        _http("HttpPost"),
        _http("HttpPut"),
        Rule("InvocableMethod", (METHOD,), static=True, scopes=_PUBLIC, single=True, in_triggers=False, since=33),
        Rule(
            "InvocableVariable", (FIELD,), scopes=_PUBLIC, of_all=True, never={FIELD: ("static", "final")}, since=33,
        ),
        Rule(
            "IsTest", (CLASS, METHOD), static=True, defining="IsTest", top_level=True,
            never={CLASS: ("abstract", "virtual")},
        ),
        Rule("JsonAccess", (CLASS,)),
        Rule("NamespaceAccessible", (*_TYPES, *MEMBERS), scopes=("public", "protected"), of_all=True, since=43),
        Rule("ReadOnly", (METHOD,)),
        Rule(
            "RemoteAction", (CLASS, FIELD, PROPERTY, METHOD, LOCAL), static=True, scopes=_PUBLIC, since=21,
        ),
        Rule("RestResource", (*_TYPES, METHOD), scopes=("global",), of_all=True, since=22),
        Rule("SuppressWarnings", _ANYWHERE),
        Rule(
            "TestSetup", (METHOD,), static=True, defining="IsTest", top_level=True,
            never={METHOD: ("testmethod", "istest")}, single=True, since=24,
        ),
        Rule("TestVisible", (*_TYPES, *MEMBERS, LOCAL)),
        Rule("IntegrationTest", _ANYWHERE, off=True),
        Rule("TearDown", (METHOD,), static=True, defining="IntegrationTest", top_level=True),
        *(Rule(name, _ANYWHERE, internal=True) for name in _INTERNAL),
    )
}  # fmt: skip
_NAMESPACE_PARTS_VERSION = 50.0
"""Since then what other packages of the namespace see stands in a type they see. Source: "NamespaceAccessible Annotation"."""
_DEFINING_TEST_VERSION = 28.0
"""See modifiers.TEST_CLASSES_VERSION."""
READ_ONLY_BESIDE = "webService, RemoteAction, HttpGet, HttpPost, HttpPatch, HttpPut, HttpDelete"
_READ_ONLY_REST_VERSION = 49.0
"""Since then REST methods may be read-only too."""


def check_declaration(
    cls: ApexClass, modifiers: Modifiers, target: Target, pos: int, node: Method | None = None
) -> list[CompileProblem]:
    """The modifiers and annotations of one declaration; `cls` is the class it is, or the one it stands in; `node` a method."""
    if not modifiers.words and not modifiers.annotations:
        return []
    place = place_of(cls, target, modifiers)
    texts = check_modifiers(place)
    found = [_problem(cls, text, pos) for text in texts]
    if modifiers.annotations:
        found += _check_annotations(place, modifiers, node, pos, told=any(t != messages.ONE_SCOPE for t in texts))
    return found


def _problem(cls: ApexClass, text: str, pos: int) -> CompileProblem:
    return CompileProblem(text, cls.outermost().pos if isinstance(text, OfEnclosing) else pos)


def check_type(cls: ApexClass, modifiers: Modifiers, pos: int) -> list[CompileProblem]:
    """A class, interface or enum; an enum's modifiers are those of its constants too."""
    found = [CompileProblem(text, pos) for text in check_top_level(cls, modifiers)]
    found += check_declaration(cls, modifiers, TYPES[cls.kind], pos)
    if cls.is_enum and cls.constants:
        found += check_declaration(cls, modifiers, FIELD, pos)
    return found


def _check_annotations(
    place: Place, modifiers: Modifiers, node: Method | None, pos: int, *, told: bool
) -> Iterator[CompileProblem]:
    seen: set[str] = set()
    for annotation in modifiers.annotations:
        key = annotation.name.lower()
        rule = RULES.get(key)
        if rule is None:
            yield _unknown(annotation)
            continue
        if key in seen:
            yield CompileProblem(messages.DUPLICATE_MODIFIER.format(rule.shown), pos)
            told = True
        seen.add(key)
    for annotation in modifiers.annotations:
        rule = RULES.get(annotation.name.lower())
        if rule is None:
            continue
        yield from check_properties(place, annotation, rule.shown, pos)
        if place.target not in rule.targets:
            if told and rule.shown == "RemoteAction":
                continue
            yield CompileProblem(messages.NOT_ALLOWED.format(rule.shown, place.target.plural), pos)
            told = True
        elif not told:
            for text in _asks(place, node, rule):
                yield _problem(place.cls, text, pos)
                told = True


def _unknown(annotation: Annotation) -> CompileProblem:
    return LateProblem(messages.UNKNOWN_ANNOTATION.format(annotation.name), annotation.pos)


def _asks(place: Place, node: Method | None, rule: Rule) -> Iterator[str]:
    """What one annotation asks of the declaration."""
    cls, target = place.cls, place.target
    if rule.internal or rule.off:
        yield (messages.INTERNAL if rule.internal else messages.NOT_IN_ORG).format(rule.shown)
        return
    if cls.outermost().api_version < rule.since:
        yield messages.MIN_VERSION.format(rule.shown, target.plural, int(rule.since))
        return
    if rule.top_level and cls.outer is not None:
        text = messages.TOP_LEVEL_TYPE if target in _TYPES else messages.TOP_LEVEL_MEMBER
        yield text.format(rule.shown, target.plural)
        return
    if place.in_trigger and not rule.in_triggers:
        yield messages.NOT_ALLOWED_IN.format(rule.shown, "triggers")
        return
    for word in rule.never.get(target, ()):
        if word in place.words or word in place.annotations:
            other = RULES[word].shown if word in RULES else shown(word)
            yield messages.CANNOT_BE.format(rule.shown, target.plural, other)
    yield from _needs(place, rule)
    special = _SPECIAL.get(rule.shown)
    if special is not None:
        yield from special(place, node)


def _needs(place: Place, rule: Rule) -> Iterator[str]:
    target, words = place.target, place.words
    if rule.static and target is METHOD and "static" not in words:
        yield messages.REQUIRES.format(rule.shown, target.plural, "static")
    if rule.scopes and (rule.of_all or target is METHOD) and not any(w in words for w in rule.scopes):
        text = messages.REQUIRES if len(rule.scopes) == 1 else messages.REQUIRES_ONE_OF
        yield text.format(rule.shown, target.plural, ", ".join(rule.scopes))
    if rule.defining is None or target is not METHOD or has_annotation(place.cls, rule.defining):
        return
    if rule.defining != "IsTest" or place.cls.outermost().api_version >= _DEFINING_TEST_VERSION:
        yield messages.DEFINING_TYPE.format(rule.shown, target.plural, rule.defining)


def has_annotation(cls: ApexClass, annotation: str) -> bool:
    """Is a class itself annotated so?"""
    return cls.modifiers is not None and cls.modifiers.find_annotation(annotation.lower()) is not None


def _aura(place: Place, node: Method | None) -> Iterator[str]:
    if node is None or "static" in place.words:
        return
    if not node.name.lower().startswith("get"):
        yield messages.AURA_PREFIX
    if node.parameters:
        yield messages.AURA_PARAMETERS


def _invocable(place: Place, node: Method | None) -> Iterator[str]:
    if place.annotations - {"invocablemethod", "deprecated"} or "testmethod" in place.words:
        yield messages.INVOCABLE_ALONE


def _namespace_accessible(place: Place, node: Method | None) -> Iterator[str]:
    cls, target = place.cls, place.target
    version, outermost = cls.outermost().api_version, cls.outermost()
    if target is PROPERTY and version < _NAMESPACE_PARTS_VERSION:
        yield messages.MIN_VERSION.format("NamespaceAccessible", target.plural, int(_NAMESPACE_PARTS_VERSION))
    if version < _NAMESPACE_PARTS_VERSION:
        return
    wanted = "NamespaceAccessible, global"
    if target in MEMBERS and not (is_global(cls) or has_annotation(cls, "namespaceaccessible")):
        yield messages.DEFINING_TYPE_ONE_OF.format("NamespaceAccessible", target.plural, wanted)
    if cls is outermost or outermost.is_trigger:
        return
    if not (is_global(outermost) or has_annotation(outermost, "namespaceaccessible")):
        yield OfEnclosing(
            messages.ENCLOSING_TYPE_ONE_OF.format("NamespaceAccessible", target.plural, "classes", wanted)
        )


def _read_only(place: Place, node: Method | None) -> Iterator[str]:
    """What is not static is the method of a scheduled job."""
    if "static" not in place.words:
        schedulable = any(i.cls is not None and i.cls.name == "Schedulable" for i in place.cls.interface_types())
        if not (schedulable and node is not None and node.name.lower() == "execute"):
            yield messages.READ_ONLY_KIND
        return
    beside = READ_ONLY_BESIDE if place.cls.outermost().api_version >= _READ_ONLY_REST_VERSION else READ_ONLY_BESIDE[:24]
    named = place.annotations.union(place.words)
    if not named.intersection(beside.lower().split(", ")):
        yield messages.REQUIRES_ONE_OF.format("ReadOnly", place.target.plural, beside)


_SPECIAL = {
    "AuraEnabled": _aura,
    "InvocableMethod": _invocable,
    "NamespaceAccessible": _namespace_accessible,
    "ReadOnly": _read_only,
}
