"""Objects that stand beside another: its field history and its sharing entries.

    Account    AccountHistory    AccountShare
    X__c       X__History        X__Share        the latter unless everybody may read and edit X__c, or its parent says who may

Sources: "StandardObjectNameHistory", "Custom Object__History", "StandardObjectNameShare", "AccountShare" (Object Reference);
"Sharing a Record Using Apex" (Apex Developer Guide).
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import structs

from orgtwin.schema.model import Field, FieldType, PicklistValue, Schema, SObjectType

HISTORY_PREFIX = "017"  # ids of all history rows; describe tells no prefix
WITH_HISTORY = (
    *("Account", "Asset", "Campaign", "Case", "Contact", "Contract", "Lead", "Order", "OrderItem"),
    *("Pricebook2", "PricebookEntry", "Product2", "Quote", "ContentVersion", "ContentDocument"),
    *("ContactPointAddress", "ContactPointConsent", "ContactPointEmail", "ContactPointPhone", "Individual", "Solution"),
)


def history_name(api_name: str) -> str:
    """The name of an object's history object."""
    return f"{api_name.removesuffix('c')}History" if api_name.endswith("__c") else f"{api_name}History"


def owner_name(schema: Schema, api_name: str) -> str | None:
    """The object whose history an object keeps, or None when it keeps none."""
    base = api_name.removesuffix("History")
    owner = schema.find_type(f"{base}c" if base.endswith("__") else base) if base != api_name else None
    return None if owner is None else owner.api_name


def history_type(parent: SObjectType) -> SObjectType:
    """One row a changed field: who, when, from what, to what."""
    link = "ParentId" if parent.custom else f"{parent.api_name}Id"
    return SObjectType(
        history_name(parent.api_name),
        f"{parent.label} History",
        f"{parent.label} History",
        "",
        (
            _locked("Id", f"{parent.label} History ID", FieldType.ID, 18),
            _locked("IsDeleted", "Deleted", FieldType.BOOLEAN),
            structs.replace(
                _locked(link, f"{parent.label} ID", FieldType.REFERENCE, 18),
                reference_to=(parent.api_name,),
                relationship_name=link.removesuffix("Id"),
                child_relationship_name="Histories",
                cascade_delete=True,
            ),
            structs.replace(
                _locked("CreatedById", "Created By ID", FieldType.REFERENCE, 18),
                reference_to=("User",),
                relationship_name="CreatedBy",
            ),
            _locked("CreatedDate", "Created Date", FieldType.DATETIME),
            _locked("Field", "Changed Field", FieldType.PICKLIST, 255),
            _locked("DataType", "Datatype", FieldType.PICKLIST, 40),
            structs.replace(_locked("OldValue", "Old Value", FieldType.ANY_TYPE, 255), nillable=True),
            structs.replace(_locked("NewValue", "New Value", FieldType.ANY_TYPE, 255), nillable=True),
        ),
        createable=False,
        updateable=False,
        deletable=False,
        undeletable=False,
        sharing_model="ControlledByParent",
    )


def standard_histories(types: tuple[SObjectType, ...]) -> tuple[SObjectType, ...]:
    """The history objects of the standard objects."""
    return tuple(history_type(t) for t in types if t.api_name in WITH_HISTORY)


MANUAL = "Manual"
LEVELS = ("Read", "Edit", "All")

_STANDARD_SHARES = {
    "Account": "00r",
    "Asset": "70a",
    "Campaign": "08s",
    "Case": "01n",
    "Contact": "03s",
    "Lead": "01o",
    "Opportunity": "00t",
    "Order": "0or",
}
"""Objects with sharing entries and the key prefix of those. The prefixes of Asset and Order are ASSUMED; an org gives the entries
of all custom objects 02c, here each object has a prefix of its own, by which its entries are found."""

_CAUSES = {
    "Owner": "Owner",
    MANUAL: "Manual Sharing",
    "Rule": "Sharing Rule",
    "ImplicitChild": "Account Sharing",
    "ImplicitParent": "Associated record owner or sharing",
    "Team": "Team",
}
_ACCOUNT_CHILDREN = ("Case", "Contact", "Opportunity")


@dataclass(frozen=True, slots=True)
class ShareShape:
    """What a share object is called, which object's records it shares, and the names of its two telling fields."""

    api_name: str
    shared: str
    parent_field: str
    level_field: str


def share_shape(api_name: str) -> ShareShape:
    """The share object of an object, whether or not it stands."""
    if api_name.endswith("__c"):
        return ShareShape(f"{api_name.removesuffix('c')}Share", api_name, "ParentId", "AccessLevel")
    return ShareShape(f"{api_name}Share", api_name, f"{api_name}Id", f"{api_name}AccessLevel")


def find_share(schema: Schema, api_name: str) -> ShareShape | None:
    """The share object that an object has, or None."""
    shape = share_shape(api_name)
    return shape if schema.find_type(shape.api_name) is not None else None


def find_shared(schema: Schema, share_name: str) -> ShareShape | None:
    """The shape of the share object of that name, or None when it is none."""
    base = share_name.removesuffix("Share")
    if base == share_name:
        return None
    shared = schema.find_type(f"{base}c" if base.endswith("__") else base)
    return None if shared is None else share_shape(shared.api_name)


def find_association(schema: Schema, api_name: str) -> tuple[str, str] | None:
    """What an object is to another, and to which: ("History", "Account") of AccountHistory; or None."""
    for kind in ("ChangeEvent", "Feed", "History", "Share"):
        base = api_name.removesuffix(kind)
        owner = schema.find_type(f"{base}c" if base.endswith("__") else base) if base != api_name else None
        if owner is not None:
            return kind, owner.api_name
    return None


def has_shares(sobject_type: SObjectType) -> bool:
    """Whether sharing entries can widen access: always for some standard objects; for custom ones by the sharing model."""
    if not sobject_type.custom:
        return sobject_type.api_name in _STANDARD_SHARES
    is_plain = sobject_type.api_name.endswith("__c") and sobject_type.custom_setting is None
    return is_plain and sobject_type.sharing_model in ("Private", "Read")


def share_type(parent: SObjectType, key_prefix: str) -> SObjectType:
    """One row an entry: which record, for whom, how far, why. Apex sharing reasons are further values of RowCause."""
    shape = share_shape(parent.api_name)
    causes = tuple(PicklistValue(value, label) for value, label in _CAUSES.items())
    levels = tuple(PicklistValue(level, level) for level in LEVELS)
    children = _ACCOUNT_CHILDREN if parent.api_name == "Account" else ()
    return SObjectType(
        shape.api_name,
        f"{parent.label} Share",
        f"{parent.label} Share",
        key_prefix,
        (
            _locked("Id", f"{parent.label} Share ID", FieldType.ID, 18),
            structs.replace(
                _written(shape.parent_field, f"{parent.label} ID", FieldType.REFERENCE, 18),
                reference_to=(parent.api_name,),
                relationship_name=shape.parent_field.removesuffix("Id"),
                child_relationship_name="Shares",
                cascade_delete=True,
            ),
            structs.replace(
                _written("UserOrGroupId", "User/Group ID", FieldType.REFERENCE, 18),
                reference_to=("Group", "User"),
                relationship_name="UserOrGroup",
            ),
            structs.replace(
                _written(shape.level_field, f"{parent.label} Access", FieldType.PICKLIST, 40),
                updateable=True,
                picklist=levels,
                restricted_picklist=True,
            ),
            *(_child_level(child) for child in children),
            structs.replace(
                _written("RowCause", "Row Cause", FieldType.PICKLIST, 40),
                nillable=True,
                picklist=causes,
                restricted_picklist=True,
            ),
            _locked("LastModifiedDate", "Last Modified Date", FieldType.DATETIME),
            structs.replace(
                _locked("LastModifiedById", "Last Modified By ID", FieldType.REFERENCE, 18),
                reference_to=("User",),
                relationship_name="LastModifiedBy",
            ),
            _locked("IsDeleted", "Deleted", FieldType.BOOLEAN),
        ),
        custom=False,
        undeletable=False,
        sharing_model="ControlledByParent",
    )


def standard_shares(types: tuple[SObjectType, ...]) -> tuple[SObjectType, ...]:
    """The share objects of the standard objects."""
    return tuple(share_type(t, _STANDARD_SHARES[t.api_name]) for t in types if has_shares(t))


def _child_level(child: str) -> Field:
    """What an entry on an account gives on its cases, contacts and opportunities."""
    values = tuple(PicklistValue(level, level) for level in ("None", "Read", "Edit"))
    f = _written(f"{child}AccessLevel", f"{child} Access", FieldType.PICKLIST, 40)
    is_writable = child != "Contact"
    return structs.replace(
        f,
        nillable=True,
        createable=is_writable,
        updateable=is_writable,
        picklist=values,
        restricted_picklist=True,
    )


def _written(api_name: str, label: str, kind: FieldType, length: int) -> Field:
    return structs.replace(_locked(api_name, label, kind, length), createable=True, defaulted_on_create=False)


def _locked(api_name: str, label: str, kind: FieldType, length: int = 0) -> Field:
    return Field(
        api_name,
        label,
        kind,
        length,
        nillable=False,
        createable=False,
        updateable=False,
        defaulted_on_create=True,
        permissionable=False,
    )
