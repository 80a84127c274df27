"""Short forms that several sections share: absent keys, conditions, names and periods."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TypeVar

from msgspec import UNSET, UnsetType

from clmkit.mapping.document import ConditionBlock
from clmkit.mapping.model import Condition, Operator

T = TypeVar("T")

DAYS_OF_A_MONTH = 30
_MONTHS = {"months": 1, "years": 12}
_HOURS = {"days": 24, "months": 24 * DAYS_OF_A_MONTH, "years": 24 * 365}
_OPERATORS = {operator: "is_" if operator is Operator.IS else operator.value for operator in Operator}


def either(value: T | UnsetType, default: T) -> T:
    return default if value is UNSET else value


def camel(name: str) -> str:
    return "_".join(word.capitalize() for word in name.split("_"))


def to_months(period: str) -> int:
    """`7 years` is 84; days are counted as months of 30 days and rounded up, because a shorter time would erase too early."""
    amount, unit = period.split(" ")
    return math.ceil(int(amount) / DAYS_OF_A_MONTH) if unit == "days" else int(amount) * _MONTHS[unit]


def to_hours(period: str) -> int:
    amount, unit = period.split(" ")
    return int(amount) * _HOURS[unit]


def to_days(period: str) -> int:
    return to_hours(period) // 24


def resolve_conditions(blocks: Iterable[ConditionBlock], fields: Mapping[str, str]) -> tuple[Condition, ...]:
    """Conditions with API names; `fields` are the names that the spec gives to the fields of the object."""
    return tuple(
        Condition(field=fields.get(block.field, block.field), operator=operator, values=values)
        for block in blocks
        for operator, values in operators_of(block)
    )


def operators_of(block: ConditionBlock) -> list[tuple[Operator, tuple[str, ...]]]:
    """The operators that the block gives; a valid block gives one."""
    found = []
    for operator, name in _OPERATORS.items():
        value: object = getattr(block, name)
        if value is not UNSET:
            texts = value if isinstance(value, list) else [value]
            found.append((operator, tuple(str(text) for text in texts)))
    return found
