"""What a conversion answers: a Value for Salesforce, or a Refusal in words that a contract manager understands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from clmkit.mapping.model import FieldKind, FieldType, OrgCurrency

SalesforceValue: TypeAlias = str | bool | Decimal | None
"""A value as Salesforce keeps it: dates are ISO text, numbers are Decimal, a multi-select is `;`-joined text."""


@dataclass(frozen=True, slots=True)
class Value:
    value: SalesforceValue


@dataclass(frozen=True, slots=True)
class Refusal:
    reason: str


Outcome: TypeAlias = Value | Refusal


@dataclass(frozen=True, slots=True)
class Target:
    """All that a conversion may know about the field it fills."""

    type: FieldType
    picklist: Mapping[str, str] = field(default_factory=dict)  # CLM value -> picklist API name
    map_name: str = ""
    currency: OrgCurrency = OrgCurrency(code="USD", multi=False)  # noqa: RUF009  frozen
    code: str | None = None  # the ISO code that stands beside the amount
    other: str = ""  # the picklist value for everything outside the map
    zone: str = ""  # IANA name of the zone whose calendar counts; "" for the instant's own offset

    @property
    def back(self) -> dict[str, str]:
        """Picklist API name -> the first CLM value that becomes it."""
        inverse: dict[str, str] = {}
        for clm, salesforce in self.picklist.items():
            inverse.setdefault(salesforce, clm)
        return inverse


ANY_TARGET = Target(FieldType(kind=FieldKind.TEXT, length=255))


def quote(text: str) -> str:
    """The value as it is shown in a reason: in quotes, on one line, cut at 60 characters with the cut visible."""
    line = " ".join(text.split())
    return f'"{line}"' if len(line) <= 60 else f'"{line[:57]}..."'


def to_text(value: object) -> str | Refusal:
    """The trimmed text of a CLM value. Numbers count as text; groups, lists and yes/no values do not."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or value is None:
        return Refusal(f"The CLM sends {show(value)} where a text is expected.")
    if isinstance(value, int | float | Decimal):
        return str(value)
    return Refusal(f"The CLM sends {show(value)} where a single text is expected.")


def show(value: object) -> str:
    """Any CLM value in words, for a reason or a parked row."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return "a group of values"
    return quote(str(value))


def find_several(text: str) -> Refusal | None:
    """A refusal when the cell holds several answers: CLM migrations join them with a semicolon."""
    answers = [answer.strip() for answer in text.split(";") if answer.strip()]
    if len(answers) < 2:
        return None
    count = {2: "two", 3: "three", 4: "four"}.get(len(answers), str(len(answers)))
    return Refusal(f"{quote(text)} has {count} answers; the field holds one. Choose one in the CLM.")
