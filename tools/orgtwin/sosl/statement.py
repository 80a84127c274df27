"""What a search asks for, whether it came as SOSL or as parameters."""

from __future__ import annotations

from dataclasses import dataclass

ALL_FIELDS = "ALL"
GROUPS = (ALL_FIELDS, "NAME", "EMAIL", "PHONE", "SIDEBAR")
MOST_ROWS = 2_000  # "SOSL Limits on Search Results"


@dataclass(frozen=True, slots=True)
class Returned:
    """One object of RETURNING. `fields` and `clauses` are SOQL text; `position` is where the object's name stands."""

    sobject_type: str
    fields: str = "Id"
    where: str = ""
    clauses: str = ""  # ORDER BY, LIMIT, OFFSET
    position: int = 0


@dataclass(frozen=True, slots=True)
class Statement:
    """`text` is the whole statement, for messages; `returned` empty: every object that can be searched. WITH USER_MODE lowers the
    caller; WITH SYSTEM_MODE raises nobody."""

    text: str
    query: str
    group: str = ALL_FIELDS
    returned: tuple[Returned, ...] = ()
    limit: int = MOST_ROWS
    user_mode: bool = False
