"""Assert, and the asserts of System. Sources: "Assert Class", "System Class" (Apex Reference Guide).

A failed assertion is an AssertException that no Apex catches. Its text: "Assertion Failed: <message>: Expected: a, Actual: b".
Source: "Exceptions that Can't be Caught" (Apex Developer Guide, Exception Statements).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NoReturn

from orgtwin.apex.compile.operators import equal_text
from orgtwin.apex.conversion import is_instance
from orgtwin.apex.faults import Uncatchable, apex_exception
from orgtwin.apex.library.signatures import system_class
from orgtwin.apex.library.tokens import TypeToken
from orgtwin.apex.numbers import equal_numbers
from orgtwin.apex.text import concatenated
from orgtwin.apex.values import Id, Value


def failed(message: Value, detail: str | None = None) -> NoReturn:
    """Raise the AssertException past catch and finally."""
    text = "Assertion Failed"
    if message is not None and concatenated(message) != "":
        text += f": {concatenated(message)}"
    if detail is not None:
        text += f": {detail}"
    raise Uncatchable(apex_exception("AssertException", text))


_NUMBERS = (int, float, Decimal)


def same(expected: Value, actual: Value) -> bool:
    """Equality as assertEquals sees it: `==` for objects, but Strings with case."""
    if isinstance(expected, str) and isinstance(actual, str):
        if isinstance(expected, Id) or isinstance(actual, Id):
            return equal_text(expected[:15], actual[:15]) and expected[:15] == actual[:15]
        return expected == actual
    if isinstance(expected, bool) != isinstance(actual, bool):
        return False
    if isinstance(expected, _NUMBERS) and isinstance(actual, _NUMBERS):
        return equal_numbers(expected, actual)
    if isinstance(expected, datetime) and isinstance(actual, datetime):
        # ASSUMED: asserts compare whole seconds, as public tests that pass in orgs expect.
        return expected.replace(microsecond=0) == actual.replace(microsecond=0)
    if isinstance(expected, date) and isinstance(actual, date):
        return _midnight(expected) == _midnight(actual)
    return bool(expected == actual)


def _midnight(value: date) -> datetime:
    """A Date beside a Datetime is its midnight in GMT, as both are printed. ASSUMED; public tests that pass in orgs expect it."""
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)


def are_equal(expected: Value, actual: Value, message: Value = None) -> None:
    if not same(expected, actual):
        failed(message, f"Expected: {concatenated(expected)}, Actual: {concatenated(actual)}")


def are_not_equal(not_expected: Value, actual: Value, message: Value = None) -> None:
    if same(not_expected, actual):
        failed(message, f"Same value: {concatenated(actual)}")


def is_true(condition: bool | None, message: Value = None) -> None:
    if condition is not True:
        if message is None:
            failed(None, "Expected: true, Actual: " + concatenated(condition))
        failed(message)


def _assert(condition: bool | None, message: Value = None) -> None:
    if condition is not True:
        failed(message)


def is_false(condition: bool | None, message: Value = None) -> None:
    if condition is not False:
        if message is None:
            failed(None, "Expected: false, Actual: " + concatenated(condition))
        failed(message)


def is_null(value: Value, message: Value = None) -> None:
    if value is not None:
        failed(message, f"Expected: null, Actual: {concatenated(value)}" if message is None else None)


def is_not_null(value: Value, message: Value = None) -> None:
    if value is None:
        failed(message, "Expected: not null, Actual: null" if message is None else None)


def is_instance_of(value: Value, expected: TypeToken, message: Value = None) -> None:
    if not is_instance(value, expected.type):
        failed(message, f"Expected type: {expected}, Actual: {concatenated(value)}")


def is_not_instance_of(value: Value, not_expected: TypeToken, message: Value = None) -> None:
    if is_instance(value, not_expected.type):
        failed(message, f"Not expected type: {not_expected}, Actual: {concatenated(value)}")


def fail(message: Value = None) -> NoReturn:
    failed(message)


system_class(
    "Assert",
    {
        "static void areEqual(Object,Object)": are_equal,
        "static void areEqual(Object,Object,String)": are_equal,
        "static void areNotEqual(Object,Object)": are_not_equal,
        "static void areNotEqual(Object,Object,String)": are_not_equal,
        "static void fail()": fail,
        "static void fail(String)": fail,
        "static void isFalse(Boolean)": is_false,
        "static void isFalse(Boolean,String)": is_false,
        "static void isInstanceOfType(Object,Type)": is_instance_of,
        "static void isInstanceOfType(Object,Type,String)": is_instance_of,
        "static void isNotInstanceOfType(Object,Type)": is_not_instance_of,
        "static void isNotInstanceOfType(Object,Type,String)": is_not_instance_of,
        "static void isNotNull(Object)": is_not_null,
        "static void isNotNull(Object,String)": is_not_null,
        "static void isNull(Object)": is_null,
        "static void isNull(Object,String)": is_null,
        "static void isTrue(Boolean)": is_true,
        "static void isTrue(Boolean,String)": is_true,
    },
)
SYSTEM_ASSERTS: dict[str, Callable[..., Value]] = {
    "static void assert(Boolean)": _assert,
    "static void assert(Boolean,Object)": _assert,
    "static void assertEquals(Object,Object)": are_equal,
    "static void assertEquals(Object,Object,Object)": are_equal,
    "static void assertNotEquals(Object,Object)": are_not_equal,
    "static void assertNotEquals(Object,Object,Object)": are_not_equal,
}
