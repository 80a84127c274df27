"""Filter expressions of channel members: the WHERE clause of a query over the fields of an event and of its header.

    Status = 'Activated' AND (ChangeEventHeader.changeType != 'CREATE' OR BillingAddress.City LIKE 'Mu%')

A field that the event does not carry is null, so that a filter on a field that did not change only passes when the member enriches
with it ("Change Event Filters", Change Data Capture Developer Guide). ASSUMED: text compares without regard to case, as in SOQL.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from orgtwin.errors import SalesforceError
from orgtwin.soql.parser import parse
from orgtwin.soql.tree import Comparison, Condition, Literal, Logical, Name, Not

Lookup = Callable[[str], object]
Filter = Callable[[Lookup], bool]

_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compile_filter(expression: str) -> Filter:
    """A function of a field lookup (path as written in the filter -> value). Raises MALFORMED_QUERY, INVALID_FIELD."""
    condition = parse(f"SELECT Id FROM Event WHERE {expression}").where  # noqa: S608 - parsed, never run
    if condition is None:
        raise SalesforceError("MALFORMED_QUERY", "unexpected token: '<EOF>'")
    return _compile(condition)


def _compile(condition: Condition) -> Filter:
    if isinstance(condition, Not):
        inner = _compile(condition.condition)
        return lambda lookup: not inner(lookup)
    if isinstance(condition, Logical):
        parts = [_compile(part) for part in condition.conditions]
        combine = all if condition.operator == "AND" else any
        return lambda lookup: combine(part(lookup) for part in parts)
    return _comparison(condition)


def _comparison(condition: Comparison) -> Filter:
    if not isinstance(condition.left, Name):
        raise SalesforceError("INVALID_FIELD", f"{condition.left.text}: functions are not allowed in a filter")
    path = condition.left.text
    values = condition.right if isinstance(condition.right, tuple) else (condition.right,)
    wanted = []
    for literal in values:
        if not isinstance(literal, Literal):
            raise SalesforceError("MALFORMED_QUERY", f"{path}: a filter cannot ask another object")
        wanted.append(_folded(literal.value))
    test = _test(condition.operator, wanted)
    return lambda lookup: test(_folded(lookup(path)))


def _test(sign: str, wanted: list[object]) -> Callable[[object], bool]:
    first = wanted[0]
    if sign in ("=", "IN"):
        return lambda value: value in wanted
    if sign in ("!=", "NOT IN"):
        return lambda value: value not in wanted
    if sign == "LIKE":
        pattern = re.compile(_like(str(first)), re.DOTALL)
        return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None
    compare = _ORDER.get(sign)
    if compare is None:
        raise SalesforceError("MALFORMED_QUERY", f"unexpected token: '{sign}'")
    return lambda value: value is not None and compare(value, first)


def _folded(value: object) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if isinstance(value, datetime):
        return value
    return value.casefold() if isinstance(value, str) else value


def _like(text: str) -> str:
    return "".join({"%": ".*", "_": "."}.get(char, re.escape(char)) for char in text)
