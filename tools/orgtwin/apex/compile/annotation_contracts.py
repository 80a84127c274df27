"""What annotations ask of types, once these are known, and of a whole class.

Sources: the page of each annotation (Apex Developer Guide); the verdicts of Salesforce's own compiler.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from orgtwin.apex.classes import ApexClass, Method
from orgtwin.apex.compile import messages
from orgtwin.apex.compile.annotations import RULES
from orgtwin.apex.compile.scope import CompileProblem
from orgtwin.apex.faults import EXCEPTION
from orgtwin.apex.syntax.tree import Modifiers
from orgtwin.apex.types import OBJECT, PRIMITIVES, SOBJECT, VOID, Kind, Type

NO_OVERLOADS_VERSION = 55.0
"""Since then AuraEnabled methods are not overloaded. Source: "AuraEnabled Annotation" (Apex Developer Guide)."""


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


def _tear_down(_: ApexClass, method: Method) -> Iterator[CompileProblem]:
    if method.parameters:
        yield CompileProblem(messages.TEAR_DOWN_PARAMETERS, method.pos)


def sees_all_data(modifiers: Modifiers | None) -> bool:
    """Is a class or method annotated @IsTest(SeeAllData=true)?"""
    found = modifiers.find_annotation("istest") if modifiers is not None else None
    return found is not None and found.arguments.get("seealldata") is True


def _no_parameters(shown: str) -> Callable[[ApexClass, Method], Iterator[CompileProblem]]:
    def check(_: ApexClass, method: Method) -> Iterator[CompileProblem]:
        if method.parameters:
            yield CompileProblem(messages.PARAMETERS_UNSUPPORTED.format(shown), method.pos)

    return check


def _invocable(_: ApexClass, method: Method) -> Iterator[CompileProblem]:
    if len(method.parameters) > 1:
        yield CompileProblem(messages.INVOCABLE_PARAMETERS, method.pos)
    elif method.parameters and method.parameters[0].key != "list":
        yield CompileProblem(messages.INVOCABLE_PARAMETER.format(method.parameters[0].name), method.pos)
    if method.returns is not VOID and method.returns.key != "list":
        yield CompileProblem(messages.RETURN_UNSUPPORTED.format("InvocableMethod", method.returns.name), method.pos)


_CONTRACTS: dict[str, Callable[[ApexClass, Method], Iterator[CompileProblem]]] = {
    "future": _future,
    "istest": _test,
    "testsetup": _test_setup,
    "teardown": _tear_down,
    "httpget": _no_parameters("HttpGet"),
    "httpdelete": _no_parameters("HttpDelete"),
    "invocablemethod": _invocable,
}


def check_field_contract(modifiers: Modifiers, type_: Type, name: str) -> Iterator[CompileProblem]:
    """What the properties of @InvocableVariable ask of a field of this type and name."""
    found = modifiers.find_annotation("invocablevariable")
    if found is None:
        return
    for key, shown, types in (
        ("defaultvalue", "defaultValue", _DEFAULTED),
        ("placeholdertext", "placeholderText", _TYPED_IN),
    ):
        value, at = found.arguments.get(key), found.positions.get(key, found.pos)
        if not isinstance(value, str):
            continue
        if type_.key not in types:
            yield CompileProblem(messages.PROPERTY_UNSUPPORTED.format(shown, type_.name), at)
            continue
        if not value and not (key == "defaultvalue" and type_.key == "string"):
            yield CompileProblem(messages.PROPERTY_EMPTY.format(shown), at)
        elif key == "defaultvalue" and not _reads_as(type_.key, value):
            yield CompileProblem(messages.PROPERTY_MISMATCH.format(shown, name, type_.name), at)
        if key == "defaultvalue" and str(found.arguments.get("required")).lower() == "true":
            yield CompileProblem(messages.PROPERTY_SIBLINGS.format("required", shown, "InvocableVariable"), at)


_DEFAULTED = ("integer", "long", "double", "decimal", "boolean", "string")
_TYPED_IN = (*_DEFAULTED, "id")


def _reads_as(key: str, text: str) -> bool:
    if key not in _WRITTEN:
        return key != "boolean" or text.lower() in ("true", "false")
    pattern, bits = _WRITTEN[key]
    return re.fullmatch(pattern, text) is not None and (not bits or _fits(int(text.rstrip("lL")), bits))


_REAL = r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?"
_WRITTEN = {
    "integer": (r"[-+]?\d+", 32),
    "long": (r"[-+]?\d+[lL]", 64),
    "double": (_REAL + "[dD]", 0),
    "decimal": (_REAL, 0),
}
"""How numbers are written there, the letter of Long and Double with them, and how many bits they have."""


def _fits(number: int, bits: int) -> bool:
    return -(1 << bits - 1) <= number < 1 << bits - 1


def check_class_contract(cls: ApexClass, pos: int) -> Iterator[CompileProblem]:
    """What annotations ask of a whole class: one method of a kind, data seen by all or by none, URLs, no tests in exceptions."""
    modifiers = cls.modifiers
    if modifiers is None:
        return
    yield from _check_single(cls, pos)
    yield from _check_overloads(cls)
    yield from _check_services(cls, pos)
    tests = modifiers.find_annotation("istest")
    if tests is not None:
        if EXCEPTION in cls.chain():
            yield CompileProblem(messages.TEST_CLASS_KIND, pos)
        if tests.arguments.get("isparallel") is True and tests.arguments.get("seealldata") is True:
            yield CompileProblem(messages.PARALLEL_SEES_DATA, pos)
        seeing = any(sees_all_data(m.modifiers) for m in _methods(cls))
        if tests.arguments.get("isparallel") is True and seeing:
            yield CompileProblem(messages.PARALLEL_METHOD_SEES_DATA, pos)
    if _marked(cls, "testsetup") and sees_all_data(modifiers):
        yield CompileProblem(messages.SETUP_SEES_DATA, pos)
    if _marked(cls, "testsetup") and any(sees_all_data(m.modifiers) for m in _methods(cls)):
        yield CompileProblem(messages.SETUP_METHOD_SEES_DATA, pos)
    access = modifiers.find_annotation("jsonaccess")
    if access is not None and not {"serializable", "deserializable"}.intersection(access.arguments):
        yield CompileProblem(messages.JSON_ACCESS_EMPTY, pos)


def _methods(cls: ApexClass) -> Iterator[Method]:
    for overloads in cls.methods.values():
        yield from overloads


def _marked(cls: ApexClass, annotation: str) -> list[Method]:
    return [m for m in _methods(cls) if m.modifiers is not None and m.modifiers.find_annotation(annotation)]


def _check_single(cls: ApexClass, pos: int) -> Iterator[CompileProblem]:
    for key, rule in RULES.items():
        if rule.single and len(_marked(cls, key)) > 1:
            yield CompileProblem(messages.ONE_PER_TYPE.format(rule.shown), pos)


def _check_services(cls: ApexClass, pos: int) -> Iterator[CompileProblem]:
    """A SOAP client knows methods by their names, a page's JavaScript by name and number of arguments."""
    for overloads in cls.methods.values():
        marked = [m for m in overloads if m.modifiers is not None]
        for method in [m for m in marked if m.modifiers is not None and m.modifiers.has("webservice")][1:]:
            shown = f"{method.returns.name} {cls.name}.{method.shown}"
            yield CompileProblem(messages.WEB_SERVICE_OVERLOAD.format(shown), pos)
        remote = [m for m in marked if m.modifiers is not None and m.modifiers.find_annotation("remoteaction")]
        if len({len(m.parameters) for m in remote}) < len(remote):
            yield CompileProblem(messages.REMOTE_OVERLOAD, pos)


def _check_overloads(cls: ApexClass) -> Iterator[CompileProblem]:
    if cls.outermost().api_version < NO_OVERLOADS_VERSION:
        return
    for overloads in cls.methods.values():
        marked = [m for m in overloads if m.modifiers is not None and m.modifiers.find_annotation("auraenabled")]
        if len(marked) > 1:
            for method in marked:
                yield CompileProblem(messages.AURA_OVERLOAD.format(method.name), method.pos)
