"""When two values inside a collection or a record are one, and the keys of collections that may hold numbers of several kinds.

Python's `True == 1 == 1.0` is not Apex's: inside collections a value equals another of its own type only, and a Decimal another of
its scale. Sources: System.hashCode(1234.0) is 382541 and a Map<Decimal,String> keeps 1234 beside 1234.0
(salesforce.stackexchange.com/questions/77750); lists and records of 10.00 and 10.000 differ, though `10.00 == 10.000`
(questions/278496). Lists of one type of numbers compare by value: a List<Long> that was given Integers as objects is equal to
one of Longs (a public test that passes in orgs). ASSUMED: an Id is equal to the String of the same characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from decimal import Decimal
from typing import Any

Value = Any
Keys = MutableMapping[Value, Value]


def exact(a: Value, b: Value) -> bool:
    """Are two values that Python finds equal of one type, and decimals of one scale?"""
    if isinstance(a, Decimal):
        return isinstance(b, Decimal) and a.same_quantum(b)
    return type(a) is type(b) or not isinstance(a, (int, float))


def alike(a: Value, b: Value) -> bool:
    """Are these one value, as collections compare?"""
    return bool(a == b) and exact(a, b)


def equals(a: Value, b: Value) -> bool:
    """The method: as collections compare, but decimals by value.

    Source: a public test that passes in orgs takes the 60.0 of a list for the 60 of a field. ASSUMED for other numbers.
    """
    return bool(a == b) and (exact(a, b) or (isinstance(a, Decimal) and isinstance(b, Decimal)))


def alike_maps(a: Mapping[Value, Value], b: Mapping[Value, Value]) -> bool:
    """Have both the same keys, which Python tells apart, with the same values?"""
    return bool(a == b) and all(exact(value, b[key]) for key, value in a.items())


class _Key:
    """A value as a key. What is equal here is equal to Python, so Python's hash serves."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and alike(self.value, other.value)

    def __hash__(self) -> int:
        return hash(self.value)


class ExactKeys(MutableMapping[Value, Value]):
    """A dict in which `true`, 1, 1L, 1.0 and 1.00 are five keys."""

    __slots__ = ("_kept",)

    def __init__(self, items: Iterable[tuple[Value, Value]] = ()) -> None:
        self._kept: dict[_Key, Value] = {_Key(key): value for key, value in items}

    def __getitem__(self, key: Value) -> Value:
        return self._kept[_Key(key)]

    def __setitem__(self, key: Value, value: Value) -> None:
        self._kept[_Key(key)] = value

    def __delitem__(self, key: Value) -> None:
        del self._kept[_Key(key)]

    def __iter__(self) -> Iterator[Value]:
        return (key.value for key in self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: object) -> bool:
        return _Key(key) in self._kept

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ExactKeys) and self._kept == other._kept

    __hash__ = None  # type: ignore[assignment]
