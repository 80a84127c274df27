"""What each annotation asks of the declaration it stands at.

Sources: "Annotations" and the page of each annotation (Apex Developer Guide); for every pair of annotation and declaration the
verdict of Salesforce's own compiler. An annotation adds a row; what a row cannot say is a function of `_CONTRACTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from orgtwin.apex.classes import ApexClass, Method
from orgtwin.apex.compile import messages
from orgtwin.apex.compile.modifiers import CLASS, CONSTRUCTOR, ENUM, FIELD, INTERFACE, METHOD, PROPERTY, Target
from orgtwin.apex.compile.scope import CompileProblem
from orgtwin.apex.faults import EXCEPTION
from orgtwin.apex.syntax.tree import Annotation, Modifiers
from orgtwin.apex.types import OBJECT, PRIMITIVES, SOBJECT, VOID, Kind, Type

_TYPES = (CLASS, INTERFACE, ENUM)
_MEMBERS = (FIELD, PROPERTY, METHOD, CONSTRUCTOR)


@dataclass(frozen=True, slots=True)
class Rule:
    """`scopes`: one of these access modifiers is needed; `defining`: the class needs this annotation; `single`: once a class."""

    shown: str
    targets: tuple[Target, ...]
    properties: frozenset[str] = frozenset()
    required: str | None = None
    static: bool = False
    scopes: tuple[str, ...] = ()
    defining: str | None = None
    single: bool = False
    parameters: bool = True


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _http(name: str, *, parameters: bool = True) -> Rule:
    return Rule(
        name, (METHOD,), static=True, scopes=("global",), defining="RestResource", single=True, parameters=parameters
    )


RULES: dict[str, Rule] = {
    rule.shown.lower(): rule
    for rule in (
        Rule(
            "AuraEnabled",
            (FIELD, PROPERTY, METHOD),
            _names("cacheable continuation scope"),
            scopes=("global", "public"),
        ),
        Rule("Deprecated", (*_TYPES, *_MEMBERS)),
        Rule("Future", (METHOD,), _names("callout delay limits"), static=True),
        _http("HttpDelete", parameters=False),
        _http("HttpGet", parameters=False),
        _http("HttpPatch"),
        _http("HttpPost"),
        _http("HttpPut"),
        Rule(
            "InvocableMethod",
            (METHOD,),
            _names("label description callout category configurationeditor iconname capabilitytype"),
            static=True,
            scopes=("global", "public"),
            single=True,
        ),
        Rule(
            "InvocableVariable",
            (FIELD, PROPERTY),
            _names("label description required defaultvalue placeholdertext"),
            scopes=("global", "public"),
        ),
        Rule(
            "IsTest",
            (CLASS, METHOD),
            _names("seealldata isparallel oninstall testfor critical"),
            static=True,
            defining="IsTest",
        ),
        Rule("JsonAccess", (CLASS,), _names("serializable deserializable")),
        Rule("NamespaceAccessible", (*_TYPES, *_MEMBERS), scopes=("public", "protected")),
        Rule("ReadOnly", (METHOD,), _names("usereplica")),
        Rule("RemoteAction", (CLASS, FIELD, PROPERTY, METHOD), static=True, scopes=("global", "public")),
        Rule("RestResource", (CLASS,), _names("urlmapping"), required="urlMapping", scopes=("global",)),
        Rule("SuppressWarnings", (*_TYPES, *_MEMBERS), _names("value")),
        Rule("TestSetup", (METHOD,), static=True, defining="IsTest", single=True),
        Rule("TestVisible", (*_TYPES, *_MEMBERS)),
    )
}
NO_OVERLOADS_VERSION = 55.0
"""Since then AuraEnabled methods are not overloaded. Source: "AuraEnabled Annotation" (Apex Developer Guide)."""
_VALUES = {
    ("jsonaccess", "serializable"): _names("never samenamespace samepackage always"),
    ("jsonaccess", "deserializable"): _names("never samenamespace samepackage always"),
}
_OF_TYPES = {"isparallel": "isParallel"}
"""Properties of @IsTest that stand at a class alone, as messages print them."""


def check_annotations(cls: ApexClass, modifiers: Modifiers, target: Target, pos: int) -> Iterator[CompileProblem]:
    """The annotations of one declaration; `cls` is the class it is, or the one it stands in."""
    seen: set[str] = set()
    for annotation in modifiers.annotations:
        key = annotation.name.lower()
        rule = RULES.get(key)
        if rule is None:
            yield CompileProblem(messages.UNKNOWN_ANNOTATION.format(annotation.name), annotation.pos)
            continue
        if key in seen:
            yield CompileProblem(messages.DUPLICATE_MODIFIER.format(rule.shown), pos)
        seen.add(key)
        yield from _check_properties(annotation, rule)
        if target not in rule.targets:
            yield CompileProblem(messages.NOT_ALLOWED.format(rule.shown, target.plural), pos)
        else:
            yield from _check_place(cls, modifiers, rule, target, pos)
            if rule.shown == "IsTest":
                yield from _check_test(modifiers, annotation, target, pos)


def _check_properties(annotation: Annotation, rule: Rule) -> Iterator[CompileProblem]:
    for name, value in annotation.arguments.items():
        at = annotation.positions.get(name, annotation.pos)
        shown = annotation.written.get(name, name)
        if name not in rule.properties:
            yield CompileProblem(messages.UNKNOWN_PROPERTY.format(shown, rule.shown), at)
            continue
        allowed = _VALUES.get((rule.shown.lower(), name))
        if allowed is not None and str(value).lower() not in allowed:
            yield CompileProblem(messages.PROPERTY_VALUE.format(shown, rule.shown, value), at)
    if rule.required is not None and rule.required.lower() not in annotation.arguments:
        yield CompileProblem(messages.PROPERTY_MISSING.format(rule.required), annotation.pos)


def _check_place(
    cls: ApexClass, modifiers: Modifiers, rule: Rule, target: Target, pos: int
) -> Iterator[CompileProblem]:
    words = modifiers.words
    of_class = target in _TYPES
    inner = cls.outer is not None
    if rule.shown in ("IsTest", "TestSetup") and inner:
        text = messages.TOP_LEVEL_TYPE if of_class else messages.TOP_LEVEL_MEMBER
        yield CompileProblem(text.format(rule.shown, target.plural), pos)
        return
    if rule.static and target is METHOD and "static" not in words:
        yield CompileProblem(messages.REQUIRES.format(rule.shown, target.plural, "static"), pos)
    wanted = rule.scopes if not (rule.shown == "RemoteAction" and target is not METHOD) else ()
    if wanted and not set(wanted).intersection(words) and not ("webservice" in words and "global" in wanted):
        text = messages.REQUIRES if len(wanted) == 1 else messages.REQUIRES_ONE_OF
        yield CompileProblem(text.format(rule.shown, target.plural, ", ".join(wanted)), pos)
    if rule.defining is not None and not of_class and not _has(cls, rule.defining):
        yield CompileProblem(messages.DEFINING_TYPE.format(rule.shown, target.plural, rule.defining), pos)


def _check_test(modifiers: Modifiers, annotation: Annotation, target: Target, pos: int) -> Iterator[CompileProblem]:
    for word in ("virtual", "abstract"):
        if target in _TYPES and modifiers.has(word):
            yield CompileProblem(messages.CANNOT_BE.format("IsTest", target.plural, word), pos)
    for name, shown in _OF_TYPES.items():
        if target not in _TYPES and name in annotation.arguments:
            yield CompileProblem(messages.PROPERTY_PLACE.format(shown, "IsTest", target.plural), pos)


def _has(cls: ApexClass, annotation: str) -> bool:
    return cls.modifiers is not None and cls.modifiers.find_annotation(annotation.lower()) is not None


# What depends on types, once they are known


def check_method_contract(cls: ApexClass, method: Method) -> Iterator[CompileProblem]:
    """The parameters and the return type that the annotations of a method ask for."""
    modifiers = method.modifiers
    if modifiers is None:
        return
    if modifiers.has("testmethod") and method.parameters:
        yield CompileProblem(messages.TEST_PARAMETERS, method.pos)
    for annotation in modifiers.annotations:
        check = _CONTRACTS.get(annotation.name.lower())
        if check is not None:
            yield from check(cls, method)


def _future(_: ApexClass, method: Method) -> Iterator[CompileProblem]:
    if method.returns is not VOID:
        yield CompileProblem(messages.RETURN_UNSUPPORTED.format("Future", method.returns.name), method.pos)
    for parameter in method.parameters:
        if not _is_plain(parameter):
            yield CompileProblem(messages.PARAMETER_UNSUPPORTED.format("Future", parameter.name), method.pos)


def _is_plain(type_: Type) -> bool:
    """A primitive, or a collection of primitives. Source: "Future Methods"."""
    if type_.kind is Kind.COLLECTION:
        return type_.key in ("list", "set", "map") and all(_is_primitive(a) for a in type_.args)
    return _is_primitive(type_)


def _is_primitive(type_: Type) -> bool:
    return type_.key in PRIMITIVES and type_ not in (OBJECT, SOBJECT, VOID)


def _test(_: ApexClass, method: Method) -> Iterator[CompileProblem]:
    if method.parameters:
        yield CompileProblem(messages.TEST_PARAMETERS, method.pos)


def _test_setup(_: ApexClass, method: Method) -> Iterator[CompileProblem]:
    if method.returns is not VOID:
        yield CompileProblem(messages.SETUP_RETURN, method.pos)
    if method.parameters:
        yield CompileProblem(messages.TEST_PARAMETERS, method.pos)


def sees_all_data(modifiers: Modifiers | None) -> bool:
    """Is a class or method annotated @IsTest(SeeAllData=true)?"""
    found = modifiers.find_annotation("istest") if modifiers is not None else None
    return found is not None and found.arguments.get("seealldata") is True


def _no_parameters(shown: str) -> Callable[[ApexClass, Method], Iterator[CompileProblem]]:
    def check(_: ApexClass, method: Method) -> Iterator[CompileProblem]:
        if method.parameters:
            yield CompileProblem(messages.PARAMETERS_UNSUPPORTED.format(shown), method.pos)

    return check


def _aura(_: ApexClass, method: Method) -> Iterator[CompileProblem]:
    if method.static:
        return
    if not method.name.lower().startswith("get"):
        yield CompileProblem(messages.AURA_PREFIX, method.pos)
    if method.parameters:
        yield CompileProblem(messages.AURA_PARAMETERS, method.pos)


def _invocable(_: ApexClass, method: Method) -> Iterator[CompileProblem]:
    if len(method.parameters) > 1:
        yield CompileProblem(messages.INVOCABLE_PARAMETERS, method.pos)
    elif method.parameters and method.parameters[0].key != "list":
        yield CompileProblem(messages.INVOCABLE_PARAMETER.format(method.parameters[0].name), method.pos)
    if method.returns is not VOID and method.returns.key != "list":
        yield CompileProblem(messages.RETURN_UNSUPPORTED.format("InvocableMethod", method.returns.name), method.pos)
    others = [a for a in (method.modifiers.annotations if method.modifiers else ()) if a.name.lower() in _NOT_BESIDE]
    if others:
        yield CompileProblem(messages.INVOCABLE_ALONE, method.pos)


_NOT_BESIDE = frozenset(RULES) - {
    "invocablemethod",
    "deprecated",
    "suppresswarnings",
    "testvisible",
    "namespaceaccessible",
}
_READ_ONLY_BESIDE = "webService, RemoteAction, HttpGet, HttpPost, HttpPatch, HttpPut, HttpDelete"


def _read_only(cls: ApexClass, method: Method) -> Iterator[CompileProblem]:
    modifiers = method.modifiers
    beside = _names(_READ_ONLY_BESIDE.lower().replace(",", ""))
    named = {a.name.lower() for a in modifiers.annotations} if modifiers is not None else set()
    is_service = modifiers is not None and modifiers.has("webservice")
    is_job = method.name.lower() == "execute" and any(
        i.cls is not None and i.cls.name == "Schedulable" for i in cls.interface_types()
    )
    if not (is_service or is_job or beside.intersection(named)):
        yield CompileProblem(messages.REQUIRES_ONE_OF.format("ReadOnly", "methods", _READ_ONLY_BESIDE), method.pos)


_CONTRACTS: dict[str, Callable[[ApexClass, Method], Iterator[CompileProblem]]] = {
    "future": _future,
    "istest": _test,
    "testsetup": _test_setup,
    "httpget": _no_parameters("HttpGet"),
    "httpdelete": _no_parameters("HttpDelete"),
    "auraenabled": _aura,
    "invocablemethod": _invocable,
    "readonly": _read_only,
}


def check_field_contract(modifiers: Modifiers, target: Target, pos: int) -> Iterator[CompileProblem]:
    """What @InvocableVariable asks of a field."""
    if modifiers.find_annotation("invocablevariable") is None:
        return
    for word in ("static", "final"):
        if modifiers.has(word):
            yield CompileProblem(messages.CANNOT_BE.format("InvocableVariable", target.plural, word), pos)


def check_class_contract(cls: ApexClass, pos: int) -> Iterator[CompileProblem]:
    """What annotations ask of a whole class: one method of a kind, data seen by all or by none, URLs, no tests in exceptions."""
    modifiers = cls.modifiers
    if modifiers is None:
        return
    yield from _check_single(cls, pos)
    yield from _check_overloads(cls)
    tests = modifiers.find_annotation("istest")
    if tests is not None:
        if EXCEPTION in cls.chain():
            yield CompileProblem(messages.TEST_CLASS_KIND, pos)
        if tests.arguments.get("isparallel") is True and tests.arguments.get("seealldata") is True:
            yield CompileProblem(messages.PARALLEL_SEES_DATA, pos)
    if _marked(cls, "testsetup") and sees_all_data(modifiers):
        yield CompileProblem(messages.SETUP_SEES_DATA, pos)
    if _marked(cls, "testsetup") and any(sees_all_data(m.modifiers) for m in _methods(cls)):
        yield CompileProblem(messages.SETUP_METHOD_SEES_DATA, pos)
    access = modifiers.find_annotation("jsonaccess")
    if access is not None and not access.arguments:
        yield CompileProblem(messages.JSON_ACCESS_EMPTY, pos)
    resource = modifiers.find_annotation("restresource")
    if resource is not None and isinstance(resource.arguments.get("urlmapping"), str):
        problem = _url_problem(str(resource.arguments["urlmapping"]))
        if problem is not None:
            yield CompileProblem(problem, pos)


def _methods(cls: ApexClass) -> Iterator[Method]:
    for overloads in cls.methods.values():
        yield from overloads


def _marked(cls: ApexClass, annotation: str) -> list[Method]:
    return [m for m in _methods(cls) if m.modifiers is not None and m.modifiers.find_annotation(annotation)]


def _check_single(cls: ApexClass, pos: int) -> Iterator[CompileProblem]:
    for key, rule in RULES.items():
        if rule.single and len(_marked(cls, key)) > 1:
            yield CompileProblem(messages.ONE_PER_TYPE.format(rule.shown), pos)


def _check_overloads(cls: ApexClass) -> Iterator[CompileProblem]:
    if cls.outermost().api_version < NO_OVERLOADS_VERSION:
        return
    for overloads in cls.methods.values():
        marked = [m for m in overloads if m.modifiers is not None and m.modifiers.find_annotation("auraenabled")]
        if len(marked) > 1:
            for method in marked:
                yield CompileProblem(messages.AURA_OVERLOAD.format(method.name), method.pos)


def _url_problem(url: str) -> str | None:
    """Source: "RestResource Annotation", URL guidelines."""
    if not url:
        return messages.URL_EMPTY
    if len(url) > 255:
        return messages.URL_TOO_LONG
    if not url.startswith("/"):
        return messages.URL_SLASH
    for at, character in enumerate(url):
        if character == "*" and url[at - 1] != "/":
            return messages.URL_WILDCARD_BEFORE
        if character == "*" and url[at + 1 : at + 2] not in ("", "/"):
            return messages.URL_WILDCARD_AFTER
    return None
