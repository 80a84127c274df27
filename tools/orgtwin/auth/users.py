"""The users of the org as the sign-in surfaces need them."""

from __future__ import annotations

from dataclasses import dataclass

from orgtwin.organization import Organization
from orgtwin.records.model import Row, Table

_READ = ("Id", "Username", "IsActive", "Email", "FirstName", "LastName", "Name", "Alias", "TimeZoneSidKey", "LocaleSidKey",
         "LanguageLocaleKey", "UserType", "ProfileId")  # fmt: skip


@dataclass(frozen=True, slots=True)
class UserRecord:
    """One User row; empty text where the org has no value."""

    user_id: str
    username: str
    active: bool
    email: str
    first_name: str
    last_name: str
    name: str
    alias: str
    time_zone: str
    locale: str
    language: str
    user_type: str
    profile_id: str


def find_by_username(org: Organization, username: str) -> UserRecord | None:
    """Usernames are the same in any case. Source: "User" (Object Reference)."""
    table = org.table("User")
    read = table.reader("Username")
    wanted = username.lower()
    row = next((row for row in table.rows() if str(read(row)).lower() == wanted), None)
    return _record(table, row) if row is not None else None


def find_by_id(org: Organization, user_id: str) -> UserRecord | None:
    table = org.table("User")
    row = table.get(user_id)
    return _record(table, row) if row is not None else None


def _record(table: Table, row: Row) -> UserRecord:
    values = {name: table.reader(name)(row) for name in _READ}
    text = {name: "" if value is None else str(value) for name, value in values.items()}
    return UserRecord(
        user_id=text["Id"],
        username=text["Username"],
        active=values["IsActive"] is True,
        email=text["Email"],
        first_name=text["FirstName"],
        last_name=text["LastName"],
        name=text["Name"],
        alias=text["Alias"],
        time_zone=text["TimeZoneSidKey"],
        locale=text["LocaleSidKey"],
        language=text["LanguageLocaleKey"],
        user_type=text["UserType"],
        profile_id=text["ProfileId"],
    )
