"""The types that may pass where Apex meets the outside: REST, SOAP, Lightning, flows.

Sources: "Exposing Apex Classes as REST Web Services", "Considerations for Using the webservice Keyword", "AuraEnabled Annotation",
"InvocableMethod Annotation", "InvocableVariable Annotation" (Apex Developer Guide); for each type in each place the verdict of
Salesforce's own compiler. A kind of service adds a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from orgtwin.apex.classes import ApexClass, Method, Variable
from orgtwin.apex.compile import messages
from orgtwin.apex.compile.scope import CompileProblem
from orgtwin.apex.faults import EXCEPTION
from orgtwin.apex.syntax.tree import Modifiers
from orgtwin.apex.types import BLOB, OBJECT, STRING, VOID, Kind, Type

Passes = Callable[[Type], bool]


def check_service_types(cls: ApexClass) -> Iterator[CompileProblem]:
    """All members of all classes are linked."""
    for overloads in cls.methods.values():
        for method in overloads:
            yield from _check_method(method)
            if _is_for_all(cls, method):
                yield from _check_types(method, "global", _passes_global)
    for constructor in cls.constructors:
        if constructor.access == "global":
            yield from _check_types(constructor, "global", _passes_global)
    for variable in cls.own_variables():
        yield from _check_variable(variable)


def _check_method(method: Method) -> Iterator[CompileProblem]:
    for shown, passes in _services_of(method.modifiers, _METHODS):
        yield from _check_types(method, shown, passes)


def _check_types(method: Method, shown: str, passes: Passes) -> Iterator[CompileProblem]:
    for parameter in dict.fromkeys(method.parameters):
        if not passes(parameter):
            yield CompileProblem(messages.PARAMETER_UNSUPPORTED.format(shown, parameter.name), method.pos)
    if method.returns is not VOID and not passes(method.returns):
        yield CompileProblem(messages.RETURN_UNSUPPORTED.format(shown, method.returns.name), method.pos)


def _is_for_all(cls: ApexClass, method: Method) -> bool:
    """Is it a global method? Those of a global interface are; webservice has rules of its own."""
    if cls.is_interface:
        return cls.modifiers is not None and cls.modifiers.has("global")
    return method.access == "global" and not (method.modifiers is not None and method.modifiers.has("webservice"))


def _passes_global(type_: Type) -> bool:
    """Global classes, and collections of them. Source: "Access Modifiers" (Apex Developer Guide)."""
    if type_.kind is Kind.COLLECTION and type_.key in ("list", "set", "map"):
        return all(_passes_global(a) for a in type_.args)
    return type_.cls is None or _is_global(type_.cls)


def _check_variable(variable: Variable) -> Iterator[CompileProblem]:
    plural = "properties" if variable.is_property else "fields"
    for shown, passes in _services_of(variable.modifiers, _FIELDS):
        if variable.is_property and passes is _passes_lightning:
            continue  # the compiler asks fields alone
        if not passes(variable.type):
            yield CompileProblem(messages.FIELD_UNSUPPORTED.format(shown, plural, variable.type.name), variable.pos)


def _services_of(modifiers: Modifiers | None, table: Mapping[str, tuple[str, Passes]]) -> Iterator[tuple[str, Passes]]:
    if modifiers is None:
        return
    for name in (*modifiers.words, *(a.name.lower() for a in modifiers.annotations)):
        if name in table:
            yield table[name]


def _passes_rest(type_: Type) -> bool:
    """Lists, and maps with texts as keys."""
    if type_.key == "map" and type_.args:
        return type_.args[0] is STRING and _passes_rest(type_.args[1])
    return type_ not in (OBJECT, BLOB) and type_.key != "set" and all(_passes_rest(a) for a in type_.args)


def _passes_soap(type_: Type) -> bool:
    """Lists, and classes that others see."""
    if type_.key in ("map", "set", "iterator") or type_ is OBJECT:
        return False
    cls = type_.cls
    if cls is not None and (cls.is_interface or EXCEPTION in cls.chain() or not _is_global(cls)):
        return False
    return all(_passes_soap(a) for a in type_.args)


def _passes_soap_field(type_: Type) -> bool:
    return type_.is_enum or _passes_soap(type_)


def _is_global(cls: ApexClass) -> bool:
    return cls.lines is None or (cls.modifiers is not None and cls.modifiers.has("global"))


def _passes_lightning(type_: Type) -> bool:
    if type_.key == "list" and type_.args:
        return _passes_lightning(type_.args[0])
    return type_.key != "set" and type_.cls is not EXCEPTION


def _passes_flow(type_: Type) -> bool:
    """A list of values, of lists of values, or of objects of a class that declares variables for flows."""
    if type_.key != "list" or not type_.args:
        return True  # told by another rule: only lists pass
    item = type_.args[0]
    return _is_flow_value(item.args[0] if item.key == "list" and item.args else item)


def _is_flow_value(type_: Type) -> bool:
    cls = type_.cls
    if cls is not None and cls.broken:
        return True
    if cls is not None and cls.lines is not None:
        marked = (v.modifiers for v in cls.own_variables())
        return any(m is not None and m.find_annotation("invocablevariable") is not None for m in marked)
    if type_.kind is Kind.REFUSED or type_.is_sobject:
        return True
    return type_.kind is Kind.PRIMITIVE and type_ is not OBJECT


def _passes_flow_variable(type_: Type) -> bool:
    if type_ is OBJECT or type_.key in ("map", "set", "iterator") or type_.cls is EXCEPTION:
        return False
    return all(_passes_flow_variable(a) for a in type_.args)


_REST = ("HttpDelete", "HttpGet", "HttpPatch", "HttpPost", "HttpPut")


def _passes_remote(type_: Type) -> bool:
    return type_.cls is not EXCEPTION


_METHODS: Mapping[str, tuple[str, Passes]] = {
    **{verb.lower(): (verb, _passes_rest) for verb in _REST},
    "webservice": ("webService", _passes_soap),
    "auraenabled": ("AuraEnabled", _passes_lightning),
    "remoteaction": ("RemoteAction", _passes_remote),
    "invocablemethod": ("InvocableMethod", _passes_flow),
}
_FIELDS: Mapping[str, tuple[str, Passes]] = {
    "webservice": ("webService", _passes_soap_field),
    "auraenabled": ("AuraEnabled", _passes_lightning),
    "invocablevariable": ("InvocableVariable", _passes_flow_variable),
}
