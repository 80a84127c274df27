"""UserRecordAccess: how far a user's access to given records goes.

Source: "UserRecordAccess" (Object Reference): up to 200 record ids a query; records that the running user cannot read are left out.
The text for too many is recorded, the one for a query without record ids is ASSUMED.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from orgtwin.access.grants import Grant
from orgtwin.access.levels import everybody_transfers
from orgtwin.errors import SalesforceError
from orgtwin.ids import find_id18
from orgtwin.records.model import AccessLevel, Caller, Row, Value
from orgtwin.records.table import RecordTable
from orgtwin.schema.model import Schema, SObjectType

_MOST_RECORDS = 200
_RECORD, _USER = 0, 1


class Org(Protocol):
    @property
    def schema(self) -> Schema: ...

    def table(self, sobject_type: str) -> RecordTable: ...

    def grant(self, caller: Caller, sobject_type: str) -> Grant: ...

    def has_permission(self, caller: Caller, name: str) -> bool: ...


class RecordAccess:
    """What one user may do with one record."""

    def __init__(self, org: Org, user_id: str, sobject_type: SObjectType, row: Row) -> None:
        caller = Caller(user_id)
        grant = org.grant(caller, sobject_type.api_name)
        self.read = grant.read and (grant.may_see is None or grant.may_see(row))
        changes = grant.may_edit is None or grant.may_edit(row)
        self.edit = self.read and grant.edit and changes
        self.all = self.read and (grant.may_delete is None or grant.may_delete(row))
        self.delete = self.all and grant.delete
        gives = self.all or everybody_transfers(sobject_type) or org.has_permission(caller, "TransferAnyEntity")
        self.transfer = self.edit and gives

    @property
    def highest(self) -> str:
        steps = (
            ("All", self.all and self.delete and self.transfer),
            ("Transfer", self.transfer),
            ("Delete", self.delete),
            ("Edit", self.edit),
            ("Read", self.read),
        )
        return next((name for name, holds in steps if holds), "None")


class RecordAccessRows:
    """See `Table` in records/model.py. A row is a record id and a user id; the rest is worked out when it is read."""

    def __init__(self, org: Org, caller: Caller) -> None:
        self._org = org
        self._caller = caller
        self._asked = 0
        self._known: dict[tuple[Value, Value], RecordAccess | None] = {}

    def reader(self, field: str) -> Callable[[Row], Value]:
        return _READERS[field.lower()](self)

    def rows(self) -> Iterable[Row]:
        raise SalesforceError("MALFORMED_QUERY", "UserRecordAccess takes a filter on UserId and on up to 200 RecordIds")

    def deleted_rows(self) -> Iterable[Row]:
        return ()

    def __len__(self) -> int:
        return 0

    def get(self, _record_id: str) -> Row | None:
        return None

    def is_indexed(self, field: str) -> bool:
        return field.lower() == "recordid"

    def find(self, _field: str, value: Value) -> Sequence[Row]:
        """One row a user: the query's own filter picks the user."""
        self._asked += 1
        if self._asked > _MOST_RECORDS:
            raise SalesforceError("MALFORMED_QUERY", f"Number of records exceeds limit:{_MOST_RECORDS}")
        found = self._record(value)
        if found is None or not self._is_shown(*found):
            return ()
        return [Row([value, row[0]]) for row in self._org.table("User").rows()]

    def _record(self, value: Value) -> tuple[SObjectType, Row] | None:
        record_id = find_id18(value) if isinstance(value, str) else None
        sobject_type = self._org.schema.find_by_prefix(record_id[:3]) if record_id is not None else None
        if sobject_type is None or record_id is None:
            return None
        row = self._org.table(sobject_type.api_name).get(record_id)
        return None if row is None else (sobject_type, row)

    def _is_shown(self, sobject_type: SObjectType, row: Row) -> bool:
        if self._caller.access_level is AccessLevel.SYSTEM_MODE:
            return True
        grant = self._org.grant(self._caller, sobject_type.api_name)
        return grant.read and (grant.may_see is None or grant.may_see(row))

    def access(self, row: Row) -> RecordAccess | None:
        key = (row[_RECORD], row[_USER])
        if key not in self._known:
            found = self._record(row[_RECORD])
            self._known[key] = None if found is None else RecordAccess(self._org, str(row[_USER]), *found)
        return self._known[key]


def _flag(name: str) -> Callable[[RecordAccessRows], Callable[[Row], Value]]:
    return lambda rows: lambda row: bool(getattr(rows.access(row), name, False))


def _highest(rows: RecordAccessRows) -> Callable[[Row], Value]:
    def read(row: Row) -> Value:
        found = rows.access(row)
        return "None" if found is None else found.highest

    return read


_READERS: dict[str, Callable[[RecordAccessRows], Callable[[Row], Value]]] = {
    "id": lambda _rows: lambda _row: None,
    "recordid": lambda _rows: lambda row: row[_RECORD],
    "userid": lambda _rows: lambda row: row[_USER],
    "hasreadaccess": _flag("read"),
    "haseditaccess": _flag("edit"),
    "hasdeleteaccess": _flag("delete"),
    "hastransferaccess": _flag("transfer"),
    "hasallaccess": _flag("all"),
    "maxaccesslevel": _highest,
}
