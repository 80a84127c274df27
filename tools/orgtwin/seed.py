"""A new org as sign-up leaves it: organization, licences, profiles, an administrator, an integration user, status values.

Sources: "Standard Profiles" and "Integration User" (Salesforce Help), ContractStatus (Object Reference). ASSUMED: the definition
keys of the Chatter licences; that the user permissions of the profiles end where the table below does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import NamedTuple

from orgtwin.ids import checksum
from orgtwin.org import Org
from orgtwin.organization import Clock, system_clock
from orgtwin.records.model import Caller, Value
from orgtwin.records.own_rows import store_own_row, store_own_rows
from orgtwin.records.profile_assignments import assign_profile_set
from orgtwin.schema.model import FieldType, Schema
from orgtwin.schema.standard_objects import standard_schema

DEFAULT_ORG_ID = "00DTW0000000001"
ADMINISTRATOR = "System Administrator"
INTEGRATION_PROFILE = "Minimum Access - API Only Integrations"
INTEGRATION_LICENSE = "SalesforceAPIIntegrationPsl"
PLATFORM_LICENSE = "AUL"

_FIELD_PERMISSION = ("ParentId", "SobjectType", "Field", "PermissionsRead", "PermissionsEdit")
_CRUD = ("PermissionsCreate", "PermissionsRead", "PermissionsEdit", "PermissionsDelete")
_ALL_RECORDS = ("PermissionsViewAllRecords", "PermissionsModifyAllRecords")
_NOT_OF_THE_PLATFORM = (
    "Campaign",
    "Case",
    "Contract",
    "Lead",
    "Opportunity",
    "Order",
    "Price",
    "Product",
    "Quote",
    "Solution",
)
"""How the objects begin that the platform licence does not open. Source: "Standard Profiles" (Salesforce Help): accounts, contacts
and the apps of one's own."""


class OpenedObject(NamedTuple):
    """A standard object that profiles open, and the paths of its fields with whether they can be edited."""

    name: str
    feature: bool
    fields: Sequence[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class ProfileSeed:
    """One standard profile: its licence, user permissions, and what it may do with the standard objects."""

    name: str
    license: str
    permissions: tuple[str, ...]
    object_permissions: tuple[str, ...] = ()
    user_type: str = "Standard"

    def opens(self, opened: OpenedObject) -> bool:
        """Whether it may do that with this object. ASSUMED: of an object of a feature only the administrator may."""
        if opened.feature and self.name != ADMINISTRATOR:
            return False
        return self.license != PLATFORM_LICENSE or not opened.name.startswith(_NOT_OF_THE_PLATFORM)


_ADMIN_PERMISSIONS = (
    "ApiEnabled",
    "ModifyAllData",
    "ViewAllData",
    "ViewSetup",
    "ManageUsers",
    "AssignPermissionSets",
    "CustomizeApplication",
    "AuthorApex",
    "ModifyMetadata",
    "ActivateContract",
    "ApproveContract",
    "DeleteActivatedContract",
    "ActivateOrder",
    "ViewEventLogFiles",
    "RunReports",
    "ManageCustomPermissions",
)

PROFILES = (
    ProfileSeed(ADMINISTRATOR, "SFDC", _ADMIN_PERMISSIONS, _CRUD),
    ProfileSeed("Standard User", "SFDC", ("ApiEnabled", "RunReports"), _CRUD),
    ProfileSeed("Marketing User", "SFDC", ("ApiEnabled", "RunReports"), _CRUD),
    ProfileSeed("Solution Manager", "SFDC", ("ApiEnabled", "RunReports"), _CRUD),
    ProfileSeed(
        "Contract Manager",
        "SFDC",
        ("ApiEnabled", "RunReports", "ActivateContract", "ApproveContract", "DeleteActivatedContract"),
        _CRUD,
    ),
    ProfileSeed("Read Only", "SFDC", ("ApiEnabled", "RunReports"), ("PermissionsRead",)),
    ProfileSeed("Standard Platform User", PLATFORM_LICENSE, ("ApiEnabled", "RunReports"), _CRUD),
    ProfileSeed("Minimum Access - Salesforce", "SFDC", ()),
    ProfileSeed("Chatter Free User", "CHATTER_FREE", ("ChatterInternalUser",), user_type="CsnOnly"),
    ProfileSeed("Chatter Moderator User", "CHATTER_FREE", ("ChatterInternalUser",), user_type="CsnOnly"),
    ProfileSeed("Chatter External User", "CHATTER_EXTERNAL", (), user_type="CsnOnly"),
    ProfileSeed(INTEGRATION_PROFILE, "SFDC_INTEGRATION", ("ApiEnabled", "ApiUserOnly", "ChatterInternalUser")),
    ProfileSeed("Guest License User", "PID_Guest_User", (), user_type="Guest"),
    ProfileSeed("Standard Guest", "PID_Guest_User", (), user_type="Guest"),
)

_LICENSES = {
    "SFDC": "Salesforce",
    "SFDC_INTEGRATION": "Salesforce Integration",
    "PID_Guest_User": "Guest User License",
    PLATFORM_LICENSE: "Salesforce Platform",
    "CHATTER_FREE": "Chatter Free",
    "CHATTER_EXTERNAL": "Chatter External",
}
_USED_LICENSES = frozenset(("SFDC", "SFDC_INTEGRATION"))
"""By the administrator and the integration user."""


def new_org(clock: Clock = system_clock, org_id: str = DEFAULT_ORG_ID) -> Org:
    """An org to which nothing has been deployed. The same clock and id make the same org, ids included."""
    org_id = org_id[:15] + checksum(org_id[:15])
    org = Org(standard_schema(), clock, org_id, automated_user_id="")
    with org.log.transaction():
        _Seeder(org).seed()
    return org


def administrator(org: Org) -> Caller:
    """The seeded administrator, in user mode."""
    return _caller(org, "admin")


def integration_user(org: Org) -> Caller:
    """The seeded integration user, in user mode."""
    return _caller(org, "clmint")


def _caller(org: Org, alias: str) -> Caller:
    users = org.table("User")
    read = users.reader("Alias")
    return next(Caller(str(row[0])) for row in users.rows() if read(row) == alias)


def _opened_objects(schema: Schema) -> list[OpenedObject]:
    return [
        OpenedObject(
            sobject_type.api_name,
            sobject_type.feature,
            [
                (f"{sobject_type.api_name}.{f.api_name}", not f.calculated)
                for f in sobject_type.fields
                if f.permissionable and f.compound is None and f.type is not FieldType.ID
            ],
        )
        for sobject_type in schema
        if sobject_type.createable and not sobject_type.setup
    ]


class _Seeder:
    """Writes the first records straight into the tables: no user exists yet on whose behalf to save."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._author = ""

    def seed(self) -> None:
        self._author = self._org.automated_user_id = self._org.ids.next_id("005")
        licenses = {key: self._license(key, name) for key, name in _LICENSES.items()}
        opened = _opened_objects(self._org.schema)
        profiles = {seed.name: self._profile(seed, licenses, opened) for seed in PROFILES}
        self._organization()
        self._users(profiles)
        self._put("PermissionSetLicense", **_integration_license())
        self._put("Group", Name="All Internal Users", DeveloperName="AllInternalUsers", Type="Organization")
        self._contract_statuses()
        self._duplicate_rules()
        self._business_hours()
        standard: dict[str, Value] = {"Name": "Standard Price Book", "IsActive": True, "IsStandard": True}
        self._put("Pricebook2", **standard)

    # ---- one function a kind

    def _license(self, key: str, name: str) -> str:
        values: dict[str, Value] = {"LicenseDefinitionKey": key, "Name": name, "MasterLabel": name, "Status": "Active"}
        return self._put("UserLicense", TotalLicenses=100, UsedLicenses=int(key in _USED_LICENSES), **values)

    def _profile(self, seed: ProfileSeed, licenses: Mapping[str, str], opened: Sequence[OpenedObject]) -> str:
        license_id = licenses[seed.license]
        flags: dict[str, Value] = {f"Permissions{name}": True for name in seed.permissions}
        profile_id = self._put("Profile", Name=seed.name, UserLicenseId=license_id, UserType=seed.user_type, **flags)
        names: dict[str, Value] = {
            "Name": f"X{profile_id}",
            "Label": profile_id,
            "IsOwnedByProfile": True,
            "IsCustom": False,
        }
        set_id = self._put(
            "PermissionSet", ProfileId=profile_id, LicenseId=license_id, Type="Profile", **names, **flags
        )
        if seed.object_permissions:
            self._open_standard_objects(set_id, seed, [one for one in opened if seed.opens(one)])
        return profile_id

    def _open_standard_objects(self, set_id: str, seed: ProfileSeed, opened: Sequence[OpenedObject]) -> None:
        edits = "PermissionsEdit" in seed.object_permissions
        rights = (*seed.object_permissions, *(_ALL_RECORDS if seed.name == ADMINISTRATOR else ()))
        allowed: tuple[Value, ...] = (True,) * len(rights)
        objects = [(set_id, one.name, *allowed) for one in opened]
        store_own_rows(self._org, "ObjectPermissions", ("ParentId", "SobjectType", *rights), objects, self._author)
        fields = [(set_id, one.name, path, True, edits and editable) for one in opened for path, editable in one.fields]
        store_own_rows(self._org, "FieldPermissions", _FIELD_PERMISSION, fields, self._author)

    def _organization(self) -> None:
        values: dict[str, Value] = {
            "Name": "orgtwin",
            "OrganizationType": "Developer Edition",
            "InstanceName": "TWIN1",
            "IsSandbox": False,
            "LanguageLocaleKey": "en_US",
            "DefaultLocaleSidKey": "en_US",
            "TimeZoneSidKey": "Europe/London",
            "FiscalYearStartMonth": 1,
        }
        store_own_row(self._org, "Organization", values, self._author, self._org.org_id)

    def _users(self, profiles: Mapping[str, str]) -> None:
        common: dict[str, Value] = {
            "IsActive": True,
            "TimeZoneSidKey": "Europe/London",
            "LocaleSidKey": "en_US",
            "LanguageLocaleKey": "en_US",
            "EmailEncodingKey": "UTF-8",
            "UserType": "Standard",
            "DigestFrequency": "D",
            "DefaultGroupNotificationFrequency": "N",
        }
        automated: dict[str, Value] = {
            "LastName": "Automated Process",
            "Name": "Automated Process",
            "Alias": "autoproc",
        }
        automated |= {"Username": "autoproc@orgtwin.example", "Email": "autoproc@orgtwin.example", "IsActive": True}
        automated |= {"UserType": "AutomatedProcess", "CommunityNickname": "autoproc"}
        store_own_row(self._org, "User", automated, self._author, self._author)
        for alias, first, last, username, profile in (
            ("admin", "Ada", "Administrator", "admin@orgtwin.example", ADMINISTRATOR),
            ("clmint", "CLM", "Integration", "integration@orgtwin.example", INTEGRATION_PROFILE),
        ):
            person: dict[str, Value] = {"FirstName": first, "LastName": last, "Name": f"{first} {last}", "Alias": alias}
            address: dict[str, Value] = {"Username": username, "Email": username, "CommunityNickname": alias}
            user_id = self._put("User", ProfileId=profiles[profile], **person, **address, **common)
            assign_profile_set(self._org, user_id, profiles[profile], self._author)

    def _business_hours(self) -> None:
        """The hours that an org starts with: always open. Source: "Set Business Hours" (Salesforce Help)."""
        days = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
        hours: dict[str, Value] = {f"{day}{end}Time": time(0) for day in days for end in ("Start", "End")}
        self._put(
            "BusinessHours", Name="Default", IsActive=True, IsDefault=True, TimeZoneSidKey="Europe/London", **hours
        )

    def _duplicate_rules(self) -> None:
        """The standard rules of Salesforce. They need fuzzy matching, so that the twin's administrator has turned them off."""
        for name in ("Account", "Contact", "Lead"):
            self._put(
                "DuplicateRule",
                SobjectType=name,
                DeveloperName=f"Standard_{name}_Duplicate_Rule",
                MasterLabel=f"Standard {name} Duplicate Rule",
                SobjectSubtype="None",
                Language="en_US",
                IsActive=False,
            )

    def _contract_statuses(self) -> None:
        contract = self._org.schema.find_type("Contract")
        status = contract.find_field("Status") if contract is not None else None
        for position, value in enumerate(status.picklist if status is not None else (), start=1):
            names: dict[str, Value] = {"MasterLabel": value.label, "ApiName": value.value, "StatusCode": value.group}
            self._put("ContractStatus", SortOrder=position, IsDefault=value.default, **names)

    # ---- storing

    def _put(self, sobject_type: str, **values: Value) -> str:
        return store_own_row(self._org, sobject_type, values, self._author)


def _integration_license() -> dict[str, Value]:
    return {
        "DeveloperName": INTEGRATION_LICENSE,
        "MasterLabel": "Salesforce API Integration",
        "PermissionSetLicenseKey": INTEGRATION_LICENSE,
        "Status": "Active",
        "TotalLicenses": 5,
        "UsedLicenses": 0,
    }
