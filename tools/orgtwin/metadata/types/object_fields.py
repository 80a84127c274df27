"""The fields that an object has from its first moment, by kind of object.

Sources: "System Fields", "Custom Objects" (Object Reference), "Platform Event Fields" (Platform Events Developer
Guide), "Custom Metadata Types" (Custom Metadata Types Implementation Guide), "Custom Settings" (Salesforce Help).
"""

from __future__ import annotations

from orgtwin.schema.model import Field, FieldType


def _system(name: str, label: str, kind: FieldType, length: int = 0) -> Field:
    return Field(
        name,
        label,
        kind,
        length=length,
        nillable=False,
        createable=False,
        updateable=False,
        defaulted_on_create=True,
        permissionable=False,
    )


def _user(name: str, label: str, relationship: str) -> Field:
    return Field(
        name,
        label,
        FieldType.REFERENCE,
        length=18,
        nillable=False,
        createable=False,
        updateable=False,
        defaulted_on_create=True,
        permissionable=False,
        reference_to=("User",),
        relationship_name=relationship,
    )


def _plain(name: str, label: str, length: int, *, nillable: bool = False) -> Field:
    return Field(name, label, FieldType.STRING, length=length, nillable=nillable, permissionable=False)


def _read_only(name: str, label: str, kind: FieldType, length: int = 0) -> Field:
    return Field(name, label, kind, length=length, createable=False, updateable=False, permissionable=False)


_ID = Field(
    "Id",
    "Record ID",
    FieldType.ID,
    length=18,
    nillable=False,
    createable=False,
    updateable=False,
    defaulted_on_create=True,
    id_lookup=True,
    permissionable=False,
)
_IS_DELETED = _system("IsDeleted", "Deleted", FieldType.BOOLEAN)
_AUDIT = (
    _system("CreatedDate", "Created Date", FieldType.DATETIME),
    _user("CreatedById", "Created By ID", "CreatedBy"),
    _system("LastModifiedDate", "Last Modified Date", FieldType.DATETIME),
    _user("LastModifiedById", "Last Modified By ID", "LastModifiedBy"),
    _system("SystemModstamp", "System Modstamp", FieldType.DATETIME),
)
_VIEWED = (
    _read_only("LastViewedDate", "Last Viewed Date", FieldType.DATETIME),
    _read_only("LastReferencedDate", "Last Referenced Date", FieldType.DATETIME),
)
_OWNER = Field(
    "OwnerId",
    "Owner ID",
    FieldType.REFERENCE,
    length=18,
    nillable=False,
    defaulted_on_create=True,
    permissionable=False,
    reference_to=("Group", "User"),
    relationship_name="Owner",
)
RECORD_TYPE_ID = Field(
    "RecordTypeId",
    "Record Type ID",
    FieldType.REFERENCE,
    length=18,
    permissionable=False,
    reference_to=("RecordType",),
    relationship_name="RecordType",
)
LAST_ACTIVITY_DATE = _read_only("LastActivityDate", "Last Activity Date", FieldType.DATE)


def custom_object_fields(name_field: Field) -> tuple[Field, ...]:
    return (_ID, _OWNER, _IS_DELETED, name_field, *_AUDIT, *_VIEWED)


def custom_setting_fields() -> tuple[Field, ...]:
    owner = Field(
        "SetupOwnerId",
        "Location",
        FieldType.REFERENCE,
        length=18,
        nillable=False,
        updateable=False,
        defaulted_on_create=True,
        permissionable=False,
        reference_to=("Organization", "Profile", "User"),
        relationship_name="SetupOwner",
    )
    name = Field("Name", "Name", FieldType.STRING, length=38, id_lookup=True, name_field=True, permissionable=False)
    return (_ID, _IS_DELETED, name, owner, *_AUDIT)


def platform_event_fields() -> tuple[Field, ...]:
    return (
        _read_only("ReplayId", "Replay ID", FieldType.STRING, 1000),
        _system("CreatedDate", "Created Date", FieldType.DATETIME),
        _user("CreatedById", "Created By ID", "CreatedBy"),
        _read_only("EventUuid", "Event UUID", FieldType.STRING, 36),
    )


def custom_metadata_fields() -> tuple[Field, ...]:
    return (
        _ID,
        Field(
            "DeveloperName", "Custom Metadata Record Name", FieldType.STRING, 40, nillable=False, permissionable=False
        ),
        Field("MasterLabel", "Label", FieldType.STRING, 40, nillable=False, name_field=True, permissionable=False),
        _plain("Language", "Master Language", 40),
        _plain("NamespacePrefix", "Namespace Prefix", 15, nillable=True),
        _plain("Label", "Label", 40),
        _plain("QualifiedApiName", "Qualified API Name", 70),
        _system("SystemModstamp", "System Modstamp", FieldType.DATETIME),
    )


def external_object_fields() -> tuple[Field, ...]:
    """Source: "External Objects in Salesforce Connect" (Salesforce Help), "External ID" and "Display URL" standard fields."""
    return (
        _ID,
        _read_only("ExternalId", "External ID", FieldType.STRING, 255),
        _read_only("DisplayUrl", "Display URL", FieldType.URL, 1000),
    )


def big_object_fields() -> tuple[Field, ...]:
    return (
        _ID,
        _system("CreatedDate", "Created Date", FieldType.DATETIME),
        _user("CreatedById", "Created By ID", "CreatedBy"),
    )


def name_field(label: str, display_format: str | None) -> Field:
    """The Name of a custom object: text that the user writes, or a number that the org counts."""
    if display_format is not None:
        return Field(
            "Name",
            label,
            FieldType.STRING,
            length=80,
            nillable=False,
            createable=False,
            updateable=False,
            defaulted_on_create=True,
            auto_number=True,
            display_format=display_format,
            id_lookup=True,
            name_field=True,
            permissionable=False,
        )
    return Field(
        "Name",
        label,
        FieldType.STRING,
        length=80,
        defaulted_on_create=True,
        id_lookup=True,
        name_field=True,
        permissionable=False,
    )
