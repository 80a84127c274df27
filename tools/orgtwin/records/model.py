"""How the rest of the org speaks of records.

A Row is opaque outside this package: read it through `Table.reader(field)`, write it through Dml. Values inside are typed:

    id, string, textarea, picklist, reference, email, phone, url ...   str          never the empty string: that is None
    boolean                                                            bool         never None
    int                                                                int
    double, currency, percent                                          Decimal      exact; surfaces print it as the API does
    date, datetime (UTC), time                                         date, datetime, time
    base64                                                             bytes
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import NewType, Protocol

from orgtwin.errors import SaveResult

Value = str | bool | int | Decimal | date | datetime | time | bytes | None
Row = NewType("Row", list[Value])


class AccessLevel(Enum):
    """USER_MODE asks the caller's permissions and sharing, WITH_SHARING sharing alone, SYSTEM_MODE neither.

    A key of tables in every request, hence hashed as the one object that each is.
    """

    __hash__ = object.__hash__
    USER_MODE = "user"
    WITH_SHARING = "sharing"
    SYSTEM_MODE = "system"


@dataclass(frozen=True, slots=True)
class DuplicateHeader:
    """What a caller says about duplicates. Source: "Duplicate Rule Header" (REST API Developer Guide)."""

    allow_save: bool = False
    includes_record_details: bool = False
    runs_as_current_user: bool = False


_NO_DUPLICATE_HEADER = DuplicateHeader()


ACTIVE_RULE = "active"


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a request runs. `client` is the name in Sforce-Call-Options and ends in changeOrigin; `assignment` says which
    assignment rule is asked for: ACTIVE_RULE, the id of one, or none.
    """

    user_id: str
    access_level: AccessLevel = AccessLevel.USER_MODE
    client: str | None = None
    api_version: float = 66.0
    duplicate_header: DuplicateHeader = _NO_DUPLICATE_HEADER
    assignment: str | None = None
    is_bulk: bool = False  # Bulk API, whose Apex has limits of its own


class Table(Protocol):
    """The rows of one sObject type."""

    def reader(self, field: str) -> Callable[[Row], Value]:
        """A function that reads one stored field (formula and roll-up fields included) of this table's rows."""

    def rows(self) -> Iterable[Row]:
        """Live rows, oldest first; rows in the recycle bin are in `deleted_rows`."""

    def deleted_rows(self) -> Iterable[Row]: ...

    def __len__(self) -> int: ...

    def get(self, record_id: str) -> Row | None:
        """The live row of an 18-character id."""

    def is_indexed(self, field: str) -> bool:
        """True for Id, unique and external-id fields and references: `find` is then cheap."""

    def find(self, field: str, value: Value) -> Sequence[Row]:
        """Live rows whose indexed field equals the value, by the field's own case rule."""


class Dml(Protocol):
    """Writes. Values are what the wire gave (JSON types; with `text=True` CSV text, where '' leaves and '#N/A' clears).

    Keys are field API names in any case, or a relationship name with {external id field: value} to set a parent by external id.
    One result per row, in order; with all_or_none a single refusal undoes the lot, as the platform words it. A whole-call refusal
    (unknown object, unknown field) raises SalesforceError.
    """

    def insert(
        self,
        caller: Caller,
        sobject_type: str,
        rows: Sequence[Mapping[str, object]],
        *,
        all_or_none: bool = False,
        text: bool = False,
    ) -> list[SaveResult]: ...

    def update(
        self,
        caller: Caller,
        sobject_type: str,
        rows: Sequence[Mapping[str, object]],
        *,
        all_or_none: bool = False,
        text: bool = False,
    ) -> list[SaveResult]:
        """Each row carries Id."""

    def upsert(
        self,
        caller: Caller,
        sobject_type: str,
        external_id_field: str,
        rows: Sequence[Mapping[str, object]],
        *,
        all_or_none: bool = False,
        text: bool = False,
        update_only: bool = False,
    ) -> list[SaveResult]: ...

    def delete(
        self, caller: Caller, record_ids: Sequence[str], *, all_or_none: bool = False, hard: bool = False
    ) -> list[SaveResult]: ...

    def undelete(self, caller: Caller, record_ids: Sequence[str], *, all_or_none: bool = False) -> list[SaveResult]: ...
