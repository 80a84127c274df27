"""The merge variables that begin with `$`, as formulas on rows of this org read them.

Source: "Use Global Variables in Formulas" (Salesforce Help).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from orgtwin.errors import Unsupported
from orgtwin.formula import FormulaEvaluationError, GlobalPath
from orgtwin.records.model import Caller, Row, Value
from orgtwin.records.table import RecordTable

LABEL = "$Label."
"""Custom labels are settings of the org under their names in lower case."""
_RECORDS = {"$Profile": "ProfileId", "$UserRole": "UserRoleId"}
_API = re.compile(r"(?P<kind>Partner|Enterprise)_Server_URL_(?P<version>\d{2,3})", re.IGNORECASE)
ORIGIN = "https://orgtwin.my.salesforce.com"
"""Where the org says that it is, as Url.getOrgDomainUrl in Apex has it."""
_ORIGIN = datetime(1900, 1, 1, tzinfo=UTC)  # $System.OriginDateTime


class Org(Protocol):
    org_id: str
    running_user_id: str

    @property
    def settings(self) -> Mapping[str, object]: ...

    def table(self, sobject_type: str) -> RecordTable: ...

    def has_permission(self, caller: Caller, name: str) -> bool: ...


def _unsupported(path: GlobalPath) -> Unsupported:
    return Unsupported("formula.global-variables", f"the global variable {'.'.join(path.names)} in formulas")


class GlobalVariables:
    """Those of one org."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def value(self, table: RecordTable, path: GlobalPath, row: Row) -> Value:
        """For a row of a table: only $RecordType asks for it."""
        root, *names = path.names
        if root == "$RecordType":
            return self._record_type(table, row, names[0])
        if root == "$Api":
            return self._endpoint(path)
        return self._org_value(path, root, names)

    def _org_value(self, path: GlobalPath, root: str, names: Sequence[str]) -> Value:
        """Of what does not depend on the record."""
        if root == "$User":
            return self._own("User", self._org.running_user_id, names[0])
        if root in _RECORDS:
            record_id = self._own("User", self._org.running_user_id, _RECORDS[root])
            return self._own(root.removeprefix("$"), str(record_id), names[0])
        if root == "$Organization":
            return self._own("Organization", self._org.org_id, names[0])
        if root == "$Permission":
            return self._org.has_permission(Caller(self._org.running_user_id), names[-1])
        if root == "$System":
            return _ORIGIN
        if root == "$Setup":
            return self._custom_setting(names[0], names[1])
        if root == "$CustomMetadata":
            return self._custom_metadata(*names)
        if root == "$Label":
            return self._label(names[-1])
        raise _unsupported(path)

    def _endpoint(self, path: GlobalPath) -> str:
        """The address of a SOAP API: `Partner_Server_URL_260` is that of version 26.0."""
        found = _API.fullmatch(path.names[1])
        if found is None:
            raise _unsupported(path)
        letter = {"partner": "u", "enterprise": "c"}[found["kind"].lower()]
        number = f"{found['version'][:-1]}.{found['version'][-1]}"
        return f"{ORIGIN}/services/Soap/{letter}/{number}/{self._org.org_id[:15]}"

    def _record_type(self, table: RecordTable, row: Row, field: str) -> Value:
        """Of the record; Master, which has no row, is no record type."""
        if table.type.find_field("RecordTypeId") is None:
            return None
        return self._own("RecordType", str(table.reader("RecordTypeId")(row)), field)

    def _custom_metadata(self, sobject_type: str, record: str, field: str) -> Value:
        table = self._org.table(sobject_type)
        name = table.reader("DeveloperName")
        wanted = record.lower()
        row = next((row for row in table.rows() if str(name(row)).lower() == wanted), None)
        if row is None:
            raise FormulaEvaluationError(f"there is no record {record} of {sobject_type}")
        return table.reader(field)(row)

    def _label(self, name: str) -> Value:
        text = self._org.settings.get(LABEL + name.lower())
        if not isinstance(text, str):
            raise FormulaEvaluationError(f"there is no custom label {name}")
        return text

    def _own(self, sobject_type: str, record_id: str, field: str) -> Value:
        table = self._org.table(sobject_type)
        row = table.get(record_id)
        return None if row is None else table.reader(field)(row)

    def _custom_setting(self, sobject_type: str, field: str) -> Value:
        """A hierarchy custom setting: the user's row, else the profile's, else the organization's."""
        table = self._org.table(sobject_type)
        profile_id = self._own("User", self._org.running_user_id, "ProfileId")
        for owner in (self._org.running_user_id, profile_id, self._org.org_id):
            rows = table.find("SetupOwnerId", owner) if owner else ()
            if rows:
                return table.reader(field)(rows[0])
        return None
