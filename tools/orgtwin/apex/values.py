"""What Apex values are at run time.

    Integer int   Long Long   Double float   Decimal decimal.Decimal   Boolean bool   String str   Id Id   Blob bytes
    Date date   Datetime datetime (UTC)   Time time   null None
    List, Set, Map    ApexList, ApexSet, ApexMap: they know their static type, and refuse changes while a loop walks them
    sObject           SObject (records.py)        object of a class   Instance        enum value   EnumConstant
    platform objects  plain Python objects of the library

`Value` is Any on purpose: the checker has settled the types before a closure runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from orgtwin.apex import context
from orgtwin.apex.equality import ExactKeys, Keys, alike_maps, exact
from orgtwin.apex.types import Type

if TYPE_CHECKING:
    from orgtwin.apex.classes import ApexClass

Value = Any
Frame = list[Any]
Run = Callable[[Frame], Value]
THIS, LINE, RESULT, PLACE, FIRST_LOCAL = 0, 1, 2, 3, 4  # the fixed places of a frame; PLACE is "Class.Foo.bar"


class Long(int):
    """A 64-bit whole number; Integer is a plain int."""

    __slots__ = ()


class Id(str):
    """A record id of 18 characters."""

    __slots__ = ()


def wrap32(value: int) -> int:
    """Two's complement in 32 bits: Integer overflows silently."""
    return (value + 0x80000000 & 0xFFFFFFFF) - 0x80000000


def wrap64(value: int) -> Long:
    """Two's complement in 64 bits."""
    return Long((value + 0x8000000000000000 & 0xFFFFFFFFFFFFFFFF) - 0x8000000000000000)


class NestedTooDeep(Exception):
    """Comparing or hashing went round in a circle; becomes Apex's stack-depth LimitException."""


MAX_NESTING = 100
"""Comparisons, hashes and sorts inside each other. ASSUMED: the platform only bounds its stack."""
COMPARE_TICKS = 5  # what occurs twice inside a value is compared twice
COMPARE = 2  # four values that are compared or hashed cost a tick: records take ten times what numbers do
_nesting = [0]


def nested(compute: Callable[[Value], Value], value: Value) -> Value:
    """Compute on values inside values, at most MAX_NESTING deep: C recursion has no other guard."""
    if _nesting[0] >= MAX_NESTING:
        raise NestedTooDeep
    context.spend(COMPARE_TICKS + (len(value) >> COMPARE if hasattr(value, "__len__") else 0))
    _nesting[0] += 1
    try:
        return compute(value)
    finally:
        _nesting[0] -= 1


READ_ONLY = 1 << 30
"""So many locks has a collection that nobody may change; a loop that runs over it is one more."""


class ApexList:
    __slots__ = ("items", "locks", "type")

    def __init__(self, type_: Type, items: list[Value] | None = None) -> None:
        self.type = type_
        self.items: list[Value] = [] if items is None else items
        self.locks = 0

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, ApexList) or not nested(self.items.__eq__, other.items):
            return False
        hold_one_kind = self.type.args[0] is other.type.args[0] and not self.type.mixes_numbers
        return hold_one_kind or all(map(exact, self.items, other.items))

    def __hash__(self) -> int:
        return int(nested(hash, tuple(self.items)))

    def __iter__(self) -> Iterator[Value]:
        return iter(self.items)


def _keys_of(type_: Type) -> Keys:
    return ExactKeys() if type_.mixes_numbers else {}


def _comparable_items(one: ApexSet | ApexMap, other: ApexSet | ApexMap) -> tuple[Keys, Keys]:
    """What both hold, with keys that are told apart where those of one may not mean what those of the other do."""
    if one.type.args[0] is other.type.args[0]:
        return one.items, other.items
    return ExactKeys(one.items.items()), ExactKeys(other.items.items())


def _hash_of_keys(items: Keys) -> int:
    return hash(frozenset(items))


class ApexSet:
    """`items` that are given are distinct already; `of` takes any."""

    __slots__ = ("items", "locks", "type")

    def __init__(self, type_: Type, items: Keys | None = None) -> None:
        self.type = type_
        self.items: Keys = _keys_of(type_) if items is None else items
        self.locks = 0

    @classmethod
    def of(cls, type_: Type, values: Iterable[Value]) -> ApexSet:
        if not type_.mixes_numbers:
            return cls(type_, dict.fromkeys(values))
        return cls(type_, ExactKeys((value, None) for value in values))

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, ApexSet):
            return False
        mine, theirs = _comparable_items(self, other)
        return bool(nested(mine.keys().__eq__, theirs.keys()))

    def __hash__(self) -> int:
        return int(nested(_hash_of_keys, self.items))

    def __iter__(self) -> Iterator[Value]:
        return iter(self.items)


class KeySet(ApexSet):
    """The keys of a map, whose `items` it shares: what is removed goes from the map too, and nothing is added."""

    __slots__ = ()


class ApexMap:
    """`items` that are given have distinct keys already; `of` takes any pairs."""

    __slots__ = ("items", "locks", "type")

    def __init__(self, type_: Type, items: Keys | None = None) -> None:
        self.type = type_
        self.items: Keys = _keys_of(type_) if items is None else items
        self.locks = 0

    @classmethod
    def of(cls, type_: Type, pairs: Iterable[tuple[Value, Value]]) -> ApexMap:
        return cls(type_, ExactKeys(pairs) if type_.mixes_numbers else dict(pairs))

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, ApexMap):
            return False
        mine, theirs = _comparable_items(self, other)
        return bool(nested(lambda items: alike_maps(mine, items), theirs))

    def __hash__(self) -> int:
        return int(nested(_hash_of_keys, self.items))

    def __iter__(self) -> Iterator[Value]:
        return iter(self.items)

    def find_key(self, key: Value) -> Value:
        """The key as it is kept."""
        return key


class Instance:
    """An object of a class written in Apex; `fields` by the slot numbers of the class."""

    __slots__ = ("cls", "fields")

    def __init__(self, cls: ApexClass) -> None:
        self.cls = cls
        self.fields: list[Value] = cls.blank_fields()

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        own = self.cls.equals
        return own is not None and other is not None and bool(own(self, other))

    def __hash__(self) -> int:
        own = self.cls.hash_code
        return int(own(self) or 0) if own is not None else id(self)


class ExceptionInstance(Instance):
    """An exception: message and cause as getMessage and getCause give them; `trace` innermost first, (place, line)."""

    __slots__ = ("cause", "details", "message", "thrown", "trace")

    def __init__(self, cls: ApexClass) -> None:
        super().__init__(cls)
        self.message: str | None = None
        self.cause: ExceptionInstance | None = None
        self.thrown = False
        self.trace: list[tuple[str, int]] = []
        self.details: list[Any] = []


class EnumConstant:
    __slots__ = ("cls", "name", "ordinal")

    def __init__(self, cls: ApexClass, name: str, ordinal: int) -> None:
        self.cls = cls
        self.name = name
        self.ordinal = ordinal


def to_utc(moment: datetime) -> datetime:
    """Whole milliseconds in UTC, as Datetime holds them."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def whole_characters(text: str) -> str:
    """A text that leaves Apex: the two halves of a character are one, a half alone is the replacement character."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
