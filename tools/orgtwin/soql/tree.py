"""The SOQL tree. Immutable; `position` is an offset in the query text and takes no part in equality."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum


class Kind(Enum):
    """What a literal is."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    NULL = "null"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    DATE_NAME = "date literal"  # TODAY, LAST_N_DAYS:3
    CURRENCY = "currency"  # USD5000
    BIND = "bind"  # :name


@dataclass(frozen=True, slots=True)
class Literal:
    """`text` is the body of a string with its escapes, the name of a date literal or of a bind, the code of a currency."""

    kind: Kind
    value: str | Decimal | bool | date | datetime | time | int | None
    text: str = ""
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A field path as written."""

    parts: tuple[str, ...]
    position: int = field(default=0, compare=False)

    @property
    def text(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of fields: COUNT(Id), CALENDAR_YEAR(convertTimezone(CreatedDate)). `name` as written."""

    name: str
    arguments: tuple[Expression, ...]
    position: int = field(default=0, compare=False)

    @property
    def text(self) -> str:
        return f"{self.name}({', '.join(argument.text for argument in self.arguments)})"


Expression = Name | Call


@dataclass(frozen=True, slots=True)
class Selected:
    """One expression of the SELECT list."""

    expression: Expression
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class ChildQuery:
    """`(SELECT ... FROM Contacts)` in the SELECT list."""

    query: Query


@dataclass(frozen=True, slots=True)
class When:
    sobject_type: str
    fields: tuple[Name, ...]
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class TypeOf:
    """`TYPEOF What WHEN Account THEN Phone ELSE Name END`."""

    relationship: Name
    whens: tuple[When, ...]
    otherwise: tuple[Name, ...] = ()
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Fields:
    """`FIELDS(ALL)`, `FIELDS(STANDARD)`, `FIELDS(CUSTOM)`."""

    which: str
    position: int = field(default=0, compare=False)


SelectItem = Selected | ChildQuery | TypeOf | Fields


@dataclass(frozen=True, slots=True)
class Source:
    """One name of the FROM clause; the first is the object, any other a relationship path under an alias."""

    path: tuple[str, ...]
    alias: str | None = None
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`operator` is upper case: = != < > <= >= LIKE IN, NOT IN, INCLUDES, EXCLUDES."""

    left: Expression
    operator: str
    right: Literal | tuple[Literal, ...] | Query
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Logical:
    """`AND` or `OR` of two or more conditions."""

    operator: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    condition: Condition


Condition = Comparison | Logical | Not


@dataclass(frozen=True, slots=True)
class Grouping:
    """`mode`: "" or ROLLUP or CUBE."""

    expressions: tuple[Expression, ...]
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    expression: Expression
    descending: bool = False
    nulls_last: bool | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT. `with_modes`: SECURITY_ENFORCED, USER_MODE, SYSTEM_MODE; `for_modes`: VIEW, REFERENCE, UPDATE."""

    select: tuple[SelectItem, ...]
    sources: tuple[Source, ...]
    counts_only: bool = False  # SELECT COUNT()
    scope: str | None = None
    where: Condition | None = None
    with_modes: tuple[str, ...] = ()
    group_by: Grouping | None = None
    having: Condition | None = None
    order_by: tuple[Order, ...] = ()
    limit: Literal | None = None
    offset: Literal | None = None
    for_modes: tuple[str, ...] = ()
    update_modes: tuple[str, ...] = ()
    all_rows: bool = False
    position: int = field(default=0, compare=False)
