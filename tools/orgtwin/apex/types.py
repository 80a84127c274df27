"""The type system: what a type is, what may stand in for what, how messages print it.

A Type is nominal (compared by identity) unless it has arguments: List<String> equals any other List<String>.
Source: "Data Types", "Rules of Conversion", "Classes and Casting" (Apex Developer Guide).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orgtwin.apex.classes import ApexClass
    from orgtwin.schema.model import SObjectType


class Kind(Enum):
    PRIMITIVE = auto()
    COLLECTION = auto()
    SOBJECT = auto()
    CLASS = auto()  # written in Apex, or a platform type that Apex may extend or implement
    SYSTEM = auto()  # a platform class made of library functions
    REFUSED = auto()  # a platform type that the twin does not emulate
    VARIABLE = auto()  # T of List<T> inside the library's signatures


class Type:
    """One type. `name` is what messages print; `mixes_numbers` when its elements or keys may be numbers that Python confuses."""

    __slots__ = ("args", "cls", "key", "kind", "mixes_numbers", "name", "sobject")

    def __init__(
        self,
        name: str,
        kind: Kind,
        args: tuple[Type, ...] = (),
        *,
        cls: ApexClass | None = None,
        sobject: SObjectType | None = None,
    ) -> None:
        self.name: str = f"{name}<{','.join(a.name for a in args)}>" if args else name
        self.key: str = name.lower()
        self.kind = kind
        self.args = args
        self.cls = cls
        self.sobject = sobject
        self.mixes_numbers: bool = bool(args) and args[0].key in ("object", "decimal")

    def __repr__(self) -> str:
        return f"Type({self.name})"

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Type) and bool(self.args) and self.key == other.key and self.args == other.args

    def __hash__(self) -> int:
        return hash((self.key, self.args)) if self.args else id(self)

    @property
    def is_sobject(self) -> bool:
        return self.kind is Kind.SOBJECT

    @property
    def is_enum(self) -> bool:
        return self.cls is not None and self.cls.is_enum


def _primitive(name: str) -> Type:
    return Type(name, Kind.PRIMITIVE)


INTEGER, LONG, DOUBLE, DECIMAL = (_primitive(n) for n in ("Integer", "Long", "Double", "Decimal"))
STRING, ID, BOOLEAN, BLOB = (_primitive(n) for n in ("String", "Id", "Boolean", "Blob"))
DATE, DATETIME, TIME = (_primitive(n) for n in ("Date", "Datetime", "Time"))
OBJECT, VOID, NULL = (_primitive(n) for n in ("Object", "void", "NULL"))
SOBJECT = Type("SObject", Kind.SOBJECT)

PRIMITIVES: Mapping[str, Type] = {
    t.key: t
    for t in (INTEGER, LONG, DOUBLE, DECIMAL, STRING, ID, BOOLEAN, BLOB, DATE, DATETIME, TIME, OBJECT, VOID, SOBJECT)
}
NUMERIC_RANK: Mapping[Type, int] = {INTEGER: 0, LONG: 1, DOUBLE: 2, DECIMAL: 3}
COLLECTION_ARITY: Mapping[str, int] = {"list": 1, "set": 1, "map": 2, "iterator": 1, "iterable": 1}
_COLLECTION_NAMES: Mapping[str, str] = {
    "list": "List",
    "set": "Set",
    "map": "Map",
    "iterator": "System.Iterator",
    "iterable": "System.Iterable",
}


def collection(key: str, *args: Type) -> Type:
    """`list`, `set`, `map`, `iterator` or `iterable` of these types."""
    found = Type(_COLLECTION_NAMES[key], Kind.COLLECTION, args)
    found.key = key
    return found


def collection_name(key: str) -> str:
    """As messages print it: `List`, `System.Iterator`."""
    return _COLLECTION_NAMES[key]


def list_of(item: Type) -> Type:
    return collection("list", item)


def set_of(item: Type) -> Type:
    return collection("set", item)


def map_of(key: Type, value: Type) -> Type:
    return collection("map", key, value)


def substitute(pattern: Type, bound: Mapping[str, Type]) -> Type:
    """The pattern with its variables replaced."""
    if pattern.kind is Kind.VARIABLE:
        return bound.get(pattern.key, pattern)
    if not pattern.args:
        return pattern
    args = tuple(substitute(a, bound) for a in pattern.args)
    if args == pattern.args:
        return pattern
    if pattern.kind is Kind.COLLECTION:
        return collection(pattern.key, *args)
    return Type(pattern.name.split("<", 1)[0], pattern.kind, args, cls=pattern.cls)


_WIDENING: Mapping[Type, frozenset[Type]] = {
    INTEGER: frozenset((LONG, DOUBLE, DECIMAL)),
    LONG: frozenset((DOUBLE, DECIMAL)),
    DOUBLE: frozenset((DECIMAL,)),
    DECIMAL: frozenset((DOUBLE,)),
    ID: frozenset((STRING,)),
    STRING: frozenset((ID,)),
    DATE: frozenset((DATETIME,)),
}


def is_assignable(source: Type, target: Type) -> bool:
    """May a value of `source` be given where `target` is declared, without a cast?"""
    if source is target or source is NULL or source == target:
        return source is not VOID
    if Kind.REFUSED in (source.kind, target.kind):
        return source is not VOID
    if target is OBJECT:
        return source is not VOID
    if source.kind is Kind.PRIMITIVE:
        return target in _WIDENING.get(source, ())
    if source.is_sobject:
        return target is SOBJECT
    if source.kind is Kind.COLLECTION:
        return _is_collection_assignable(source, target)
    return source.cls is not None and (_is_subclass(source, target) or _iterates_as(source.cls, target))


def _iterates_as(cls: ApexClass, target: Type) -> bool:
    """A class that is Iterable<Account> is an Iterable<SObject> and Iterable<Object> as well. An Iterator is not."""
    return target.key == "iterable" and any(
        i.key == "iterable" and is_assignable(i.args[0], target.args[0]) for i in cls.interface_types() if i.args
    )


def _is_collection_assignable(source: Type, target: Type) -> bool:
    if target.kind is not Kind.COLLECTION:
        return False
    if target.key != source.key:
        return (
            target.key == "iterable" and source.key in ("list", "set") and is_assignable(source.args[0], target.args[0])
        )
    return _ELEMENTWISE[source.key](source.args, target.args)


def _fits(source: Type, target: Type) -> bool:
    """Are elements exchangeable? Those of lists of SObject and of a concrete sObject type are, both ways."""
    if source == target or target is OBJECT:
        return True
    if source.is_sobject and target.is_sobject:
        return source is SOBJECT or target is SOBJECT
    return is_assignable(source, target)


def _is_map_assignable(source: tuple[Type, ...], target: tuple[Type, ...]) -> bool:
    """The same keys; values that may be assigned."""
    return source[0] == target[0] and is_assignable(source[1], target[1])


_ELEMENTWISE: Mapping[str, Callable[[tuple[Type, ...], tuple[Type, ...]], bool]] = {
    "list": lambda source, target: _fits(source[0], target[0]),
    "iterable": lambda source, target: is_assignable(source[0], target[0]),
    "iterator": lambda source, target: False,
    "set": lambda source, target: False,
    "map": _is_map_assignable,
}
"""When a collection may stand for one of the same kind whose types differ: what Salesforce's own compiler lets pass."""


def _is_subclass(source: Type, target: Type) -> bool:
    if source.cls is None:
        return False
    if target.cls is not None:
        return target.cls in source.cls.ancestors()
    if target.kind is Kind.COLLECTION:
        return any(i == target or (i.key == target.key and not i.args) for i in source.cls.interface_types())
    return False


def is_castable(source: Type, target: Type) -> bool:
    """May `(target) source` be written? The value is checked when it runs."""
    if is_assignable(source, target) or is_assignable(target, source):
        return True
    if source in NUMERIC_RANK and target in NUMERIC_RANK:
        return True
    if _is_interface(source) or _is_interface(target):
        return True
    if source.kind is Kind.COLLECTION and target.kind is Kind.COLLECTION and source.key == target.key:
        keys = source.args[:-1]
        return source.key != "set" and keys == target.args[: len(keys)] and _are_items_castable(source, target)
    return False


def _are_items_castable(source: Type, target: Type) -> bool:
    """Not what only a class yet to be written could be: a List<Opened> is never a List<Shape>."""
    item, wanted = source.args[-1], target.args[-1]
    if _is_interface(item) or _is_interface(wanted):
        return is_assignable(item, wanted) or is_assignable(wanted, item)
    return is_castable(item, wanted)


def _is_interface(type_: Type) -> bool:
    """Any value might be of a class that implements it, as far as the compiler looks."""
    return type_.key in ("iterable", "iterator") or (type_.cls is not None and type_.cls.is_interface)


def is_instance_always(source: Type, target: Type) -> bool:
    """Is every value of `source` an instance of `target`, so that asking makes no sense?"""
    if source is NULL or not is_assignable(source, target):
        return source is NULL
    if source is STRING:
        return target is not ID
    if source.key == "list" and source.args[0].is_sobject and (target == source or target.key == "iterable"):
        return False  # rows of a query may be of another type
    if source.is_sobject or source.kind is Kind.COLLECTION:
        return target is SOBJECT or source == target or target is OBJECT or not _narrows(source, target)
    return True


def is_instance_never(source: Type, target: Type) -> bool:
    """Is no value of `source` an instance of `target`, as the compiler sees it? A list of records is no Object for it."""
    if source.key == "list" and source.args[0].is_sobject and (target is OBJECT or target == list_of(OBJECT)):
        return True
    return not is_castable(source, target)


def _narrows(source: Type, target: Type) -> bool:
    """`List<SObject>` may stand for `List<Account>` and may not be one."""
    return any(
        is_assignable(t, s) and s != t and s in (SOBJECT, OBJECT)
        for s, t in zip(source.args, target.args, strict=False)
    )


def common_type(first: Type, second: Type) -> Type | None:
    """The type of `c ? first : second`, or None when they do not go together."""
    if first is NULL:
        return second
    if second is NULL or first == second:
        return first
    if is_assignable(second, first):
        return first
    if is_assignable(first, second):
        return second
    return None
