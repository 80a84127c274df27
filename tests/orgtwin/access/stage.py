"""An org with people whose places differ, and short ways to share records among them.

    top role     boss                 viewer      View All Data
    under role   owner, peer          modifier    Modify All Data
    no role      stranger             member      in the public group Readers
    other role   clerk                helper      in the queue Desk

Everybody has the profile Standard User, which may create, read, edit and delete records of all objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from orgtwin.access.sharing_rules import KEY
from orgtwin.org import Org
from orgtwin.records.model import Caller
from orgtwin.seed import administrator, new_org
from orgtwin.soql import execute

_ROLES = {"boss": "Top", "owner": "Under", "peer": "Under", "clerk": "Other"}
PEOPLE = ("boss", "owner", "peer", "clerk", "stranger", "member", "helper", "viewer", "modifier")
_SETTINGS = {"TimeZoneSidKey": "Europe/London", "LocaleSidKey": "en_US", "LanguageLocaleKey": "en_US"}


class Stage:
    """The org, and the ids of people, roles, groups and records by name."""

    def __init__(self, org: Org | None = None) -> None:
        self.org: Org = org or new_org(clock=lambda: datetime(2026, 3, 1, tzinfo=UTC))
        self.admin = administrator(self.org)
        self.ids: dict[str, str] = {}
        self.profile = self.find("Profile", Name="Standard User")
        for name, above in (("Top", None), ("Under", "Top"), ("Other", None)):
            parent = self.ids[above] if above else None
            self.make("UserRole", name, Name=name, DeveloperName=name, ParentRoleId=parent)
        for person in PEOPLE:
            self.make_user(person, UserRoleId=self.ids.get(_ROLES.get(person, "")))
        self.make("Group", "Readers", Name="Readers", DeveloperName="Readers", Type="Regular")
        self.make("Group", "Desk", Name="Desk", DeveloperName="Desk", Type="Queue")
        for group, person in (("Readers", "member"), ("Desk", "helper")):
            self.make("GroupMember", "", GroupId=self.ids[group], UserOrGroupId=self.ids[person])
        for served in ("Case", "Lead"):
            self.make("QueueSobject", "", QueueId=self.ids["Desk"], SobjectType=served)
        self.grant("viewer", PermissionsViewAllData=True)
        self.grant("modifier", PermissionsViewAllData=True, PermissionsModifyAllData=True)

    # ---- records

    def make(self, sobject_type: str, name: str, **values: object) -> str:
        (result,) = self.org.dml.insert(self.admin, sobject_type, [values])
        assert result.errors == (), (sobject_type, result.errors)
        self.ids[name] = str(result.record_id)
        return self.ids[name]

    def make_user(self, alias: str, **values: object) -> str:
        address = f"{alias}@orgtwin.example"
        names = {"LastName": alias, "Alias": alias[:8], "Username": address, "Email": address}
        return self.make(
            "User", alias, ProfileId=self.profile, EmailEncodingKey="UTF-8", **names, **_SETTINGS, **values
        )

    def grant(self, person: str, **flags: object) -> None:
        permission_set = self.make("PermissionSet", "", Name=f"For_{person}", Label=person, **flags)
        self.make("PermissionSetAssignment", "", PermissionSetId=permission_set, AssigneeId=self.ids[person])

    def role_group(self, role: str, kind: str) -> str:
        return self.find("Group", RelatedId=self.ids[role], Type=kind)

    def find(self, sobject_type: str, **values: str) -> str:
        table = self.org.table(sobject_type)
        readers = [(table.reader(name), value) for name, value in values.items()]
        return next(str(row[0]) for row in table.rows() if all(read(row) == value for read, value in readers))

    # ---- sharing

    def set_defaults(self, models: Mapping[str, str]) -> None:
        found = [(self.org.schema.find_type(name), model) for name, model in models.items()]
        self.org.replace_schema(
            self.org.schema.with_types([replace(t, sharing_model=model) for t, model in found if t is not None])
        )

    def set_rules(self, rules: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
        self.org.settings[KEY] = dict(rules)

    def caller(self, person: str) -> Caller:
        return Caller(self.ids[person])

    def query(self, person: str, text: str) -> list[dict[str, object]]:
        return [dict(row.values) for row in execute(self.org, self.caller(person), text).rows]
