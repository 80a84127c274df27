"""How a library class is written down: a table from signature to function.

    STRING_CLASS = system_class("String", {
        "static Boolean isBlank(String)": is_blank,
        "Integer length()": length,
    })

A static function takes the arguments; an instance function the receiver first. `T`, `K`, `V` stand for the type arguments of a
collection. A property is written without parentheses: "static Datetime current": function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import InvalidOperation
from typing import NoReturn

from orgtwin.apex import context
from orgtwin.apex.classes import ApexClass, Method, Variable
from orgtwin.apex.faults import EXCEPTIONS, throw
from orgtwin.apex.heap import BULK, LARGE, SEARCH, SHORT, size_of
from orgtwin.apex.library.enums import add_enum_methods
from orgtwin.apex.library.prices import CONSTRUCTOR, priced
from orgtwin.apex.types import BLOB, COLLECTION_ARITY, PRIMITIVES, STRING, VOID, Kind, Type, collection
from orgtwin.apex.values import EnumConstant, Value

Table = Mapping[str, Callable[..., Value]]

SYSTEM_CLASSES: dict[str, ApexClass] = {}
"""By lower-case name, with namespace unless it is System or Schema: `string`, `database.saveresult`, `sobjecttype`."""

_BULK = frozenset(("Blob", "Crypto", "EncodingUtil", "String"))  # work on texts of any length, whatever they give
_IMPLICIT_NAMESPACES = ("system.", "schema.")
_VARIABLES = {name.lower(): Type(name, Kind.VARIABLE) for name in ("T", "K", "V")}


_ALIASES = {"apexpages.pagereference": "pagereference"}
"""A second name of a class. Source: Salesforce's own compiler."""


def class_key(name: str) -> str:
    """The registry's key of a name as written."""
    key = name.lower()
    key = _ALIASES.get(key, key)
    for prefix in _IMPLICIT_NAMESPACES:
        if key.startswith(prefix) and key != prefix:
            return key[len(prefix) :]
    return key


def declare(name: str, kind: str = "class", *, namespace: str = "System") -> ApexClass:
    """The class of that name, made on first mention, so that modules may name each other's classes."""
    shown = f"{namespace}.{name}"
    key = class_key(shown)
    found = SYSTEM_CLASSES.get(key)
    if found is None:
        found = ApexClass(name, kind=kind, namespace=namespace)
        found.type.kind = Kind.SYSTEM if kind == "class" else Kind.CLASS
        found.type.name = shown
        SYSTEM_CLASSES[key] = found
    return found


def type_of(text: str) -> Type:
    """The type a signature names: `Map<K,List<String>>`, `Database.SaveResult`."""
    text = text.strip()
    if text.endswith("[]"):
        return collection("list", type_of(text[:-2]))
    name, _, rest = text.partition("<")
    key = name.lower()
    if rest:
        args = tuple(type_of(part) for part in split_arguments(rest[:-1]))
        return (
            collection(key, *args) if key in COLLECTION_ARITY else Type(name, Kind.CLASS, args, cls=_class_named(name))
        )
    return PRIMITIVES.get(key) or _VARIABLES.get(key) or _class_named(name).type


def _class_named(name: str) -> ApexClass:
    key = class_key(name)
    if key in EXCEPTIONS:
        return EXCEPTIONS[key]
    if key in SYSTEM_CLASSES:
        return SYSTEM_CLASSES[key]
    namespace, _, last = name.rpartition(".")
    return declare(last, namespace=namespace or "System")


def split_arguments(text: str) -> list[str]:
    """The parts between commas, type arguments kept together."""
    parts: list[str] = []
    depth = 0
    current = ""
    for char in text:
        if char == "," and depth == 0:
            parts.append(current)
            current = ""
            continue
        depth += {"<": 1, ">": -1}.get(char, 0)
        current += char
    if current.strip():
        parts.append(current)
    return parts


class Refusing:
    """What a method does that always refuses, by name: it compiles, and the library's page lists it as refused."""

    __slots__ = ("_shown", "_why")

    def __init__(self, shown: str, why: str = "") -> None:
        self._shown = shown
        self._why = f" ({why})" if why else ""

    def __call__(self, *_: Value) -> NoReturn:
        context.engine().refuse(f"apex.{self._shown}", f"{self._shown}{self._why} in Apex")
        raise AssertionError("refuse() always raises")


def system_class(
    name: str,
    table: Table,
    *,
    namespace: str = "System",
    generic: str = "",
    constructors: Table | None = None,
    extends: ApexClass | None = None,
) -> ApexClass:
    """A library class from its tables. A constructor's key is its parameter list: "()", "(String, Integer)"."""
    cls = declare(name, namespace=namespace)
    cls.generic = tuple(generic.lower().split())
    cls.superclass = extends
    for text, function in table.items():
        add_signature(cls, text, function)
    for text, function in (constructors or {}).items():
        parameters = tuple(type_of(p) for p in split_arguments(text[1:-1]))
        made = priced(name, CONSTRUCTOR, function)
        cls.constructors.append(Method(cls, name, parameters, cls.type, made, static=True, generic=cls.generic))
    return cls


def add_signature(cls: ApexClass, text: str, function: Callable[..., Value]) -> None:
    """Give a class a method or property by its signature."""
    static = text.startswith("static ")
    text = text.removeprefix("static ")
    head, bracket, rest = text.partition("(")
    type_text, _, name = head.strip().rpartition(" ")
    returns = VOID if type_text == "void" else type_of(type_text)
    if bracket:
        parameters = tuple(type_of(p) for p in split_arguments(rest[: rest.rindex(")")]))
        refused = isinstance(function, Refusing)
        if parameters and not cls.generic:
            function = _guarded(f"{cls.name}.{name}", function)
        if returns is STRING or returns is BLOB or returns.key in COLLECTION_ARITY or cls.name in _BULK:
            function = _weighed(function)
        function = priced(cls.name, name, function)
        method = Method(
            cls, name, parameters, returns, function, static=static, virtual=True, generic=cls.generic, refused=refused
        )
        cls.methods.setdefault(name.lower(), []).append(method)
        cls.vtable[method.signature] = method
        return
    getter = Method(cls, name, (), returns, function, static=static)
    cls.declare_variable(Variable(cls, name, returns, static, -1, final=True, getter=getter, is_property=True))


def system_interface(name: str, *signatures: str, namespace: str = "System", generic: str = "") -> ApexClass:
    """An interface that Apex classes implement: `system_interface("Comparable", "Integer compareTo(Object)")`."""
    cls = declare(name, "interface", namespace=namespace)
    cls.kind = "interface"
    cls.type.kind = Kind.CLASS
    cls.generic = tuple(generic.lower().split())
    for text in signatures:
        add_signature(cls, text, _abstract)
    for methods in cls.methods.values():
        for method in methods:
            method.abstract = True
    return cls


def system_enum(name: str, constants: str, *, namespace: str = "System") -> ApexClass:
    """An enum: `system_enum("AccessType", "CREATABLE READABLE")`."""
    cls = declare(name, "enum", namespace=namespace)
    cls.kind = "enum"
    cls.type.kind = Kind.CLASS
    for ordinal, constant in enumerate(constants.split()):
        cls.constants[constant.lower()] = EnumConstant(cls, constant, ordinal)
    add_enum_methods(cls)
    return cls


def _guarded(shown: str, function: Callable[..., Value]) -> Callable[..., Value]:
    """The function as the platform behaves on null and on values out of range.

    ASSUMED where a page does not say: null for an argument that must be there is a NullPointerException, a value that cannot be
    used (year 0, scale -1) a TypeException.
    """

    def call(*args: Value) -> Value:
        try:
            return function(*args)
        except (TypeError, AttributeError) as error:
            if None not in args:
                raise
            raise throw("NullPointerException", f"Argument cannot be null: {shown}") from error
        except (ValueError, OverflowError, InvalidOperation) as error:
            raise throw("TypeException", f"Invalid argument: {shown}") from error

    return call


def _weighed(function: Callable[..., Value]) -> Callable[..., Value]:
    """The function, its result counted against the heap, and CPU time used for what is large."""

    def call(*args: Value) -> Value:
        found = function(*args)
        size = size_of(found)
        if size > SHORT:
            context.engine().note_allocation(size)
        given = size_of(args[0]) if args else 0
        if given > SHORT or size > SHORT:
            context.engine().spend(given + size >> (BULK if given > LARGE or size > LARGE else SEARCH))
        return found

    return call


def _abstract(*_: Value) -> Value:
    raise AssertionError("an interface's method has no body")
