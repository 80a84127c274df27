"""What variables of a flow hold, and how they are compared and put together.

Source: "Flow Operators" (Salesforce Help).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from orgtwin.errors import Unsupported
from orgtwin.records.model import Value


@dataclass(slots=True)
class FlowRecord:
    """A record in a variable: API names to values."""

    sobject_type: str
    values: dict[str, Value] = field(default_factory=dict)

    def get(self, name: str) -> Value:
        wanted = name.lower()
        return next((v for k, v in self.values.items() if k.lower() == wanted), None)


Item = Value | FlowRecord | list[FlowRecord] | None

SOQL_OPERATORS: dict[str, tuple[str, str | None]] = {
    "EqualTo": ("=", None),
    "NotEqualTo": ("!=", None),
    "GreaterThan": (">", None),
    "GreaterThanOrEqualTo": (">=", None),
    "LessThan": ("<", None),
    "LessThanOrEqualTo": ("<=", None),
    "StartsWith": ("LIKE", "{}%"),
    "EndsWith": ("LIKE", "%{}"),
    "Contains": ("LIKE", "%{}%"),
}


def compare(operator: str, left: Item, right: Item, prior: Item, *, is_new: bool) -> bool:
    """One condition. Text is compared without regard to case; a comparison with null is false but for equality."""
    if operator in ("IsChanged", "WasSelected"):
        return (not is_new and left != prior) is (right is not False)
    if operator in ("IsNull", "IsBlank"):
        return (left is None or left == "") is (right is not False)
    if operator in ("EqualTo", "NotEqualTo"):
        return (_folded(left) == _folded(right)) is (operator == "EqualTo")
    if operator in _TEXT:
        return left is not None and right is not None and _TEXT[operator](str(left).lower(), str(right).lower())
    if operator in _ORDER:
        return left is not None and right is not None and _ORDER[operator](left, right)
    raise Unsupported("flow.operator", f"the flow operator {operator}")


_TEXT: dict[str, Callable[[str, str], bool]] = {
    "Contains": lambda a, b: b in a,
    "StartsWith": str.startswith,
    "EndsWith": str.endswith,
}
_ORDER: dict[str, Callable[..., bool]] = {
    "GreaterThan": lambda a, b: a > b,
    "GreaterThanOrEqualTo": lambda a, b: a >= b,
    "LessThan": lambda a, b: a < b,
    "LessThanOrEqualTo": lambda a, b: a <= b,
}


def _folded(value: Item) -> object:
    return value.lower() if isinstance(value, str) else value


def logic_of(logic: str, tests: list[bool]) -> bool:
    """`and`, `or`, or numbers with AND, OR, NOT and brackets."""
    if logic.lower() == "and":
        return all(tests)
    if logic.lower() == "or":
        return any(tests)
    return _Logic(logic, tests).read()


class _Logic:
    def __init__(self, text: str, tests: list[bool]) -> None:
        self._words = re.findall(r"\d+|AND|OR|NOT|[()]", text.upper())
        self._tests = tests

    def read(self) -> bool:
        found = self._both()
        while self._words[:1] == ["OR"]:
            self._words.pop(0)
            found = self._both() or found
        return found

    def _both(self) -> bool:
        found = self._one()
        while self._words[:1] == ["AND"]:
            self._words.pop(0)
            found = self._one() and found
        return found

    def _one(self) -> bool:
        word = self._words.pop(0)
        if word == "NOT":
            return not self._one()
        if word == "(":
            found = self.read()
            self._words.pop(0)
            return found
        return self._tests[int(word) - 1]


def soql_logic(logic: str, conditions: list[str]) -> str:
    if logic.lower() in ("and", "or"):
        return f" {logic.upper()} ".join(conditions)
    return re.sub(r"\d+", lambda m: f"({conditions[int(m[0]) - 1]})", logic)


def assigned(operator: str, now: Item, value: Item) -> Item:
    if operator == "Assign":
        return value
    if operator == "Add" and isinstance(now, list):
        return [*now, *(value if isinstance(value, list) else [value])]  # null, too
    if operator in ("Add", "Subtract") and isinstance(value, Decimal):
        base = now if isinstance(now, Decimal) else Decimal(0 if not isinstance(now, int) else now)
        return base + value if operator == "Add" else base - value
    if operator == "Add" and isinstance(value, str):
        return (now if isinstance(now, str) else "") + value
    if operator == "AssignCount" and isinstance(value, list):
        return Decimal(len(value))
    raise Unsupported("flow.assignment-operator", f"the flow assignment {operator}")
