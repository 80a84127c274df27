"""The object that keeps the field history of another: `Contract` has `ContractHistory`, `X__c` has `X__History`.

Source: "StandardObjectNameHistory", "Custom Object__History" (Object Reference).
"""

from __future__ import annotations

from dataclasses import replace

from orgtwin.schema.model import Field, FieldType, Schema, SObjectType

HISTORY_PREFIX = "017"  # ids of all history rows; describe tells no prefix
WITH_HISTORY = (
    *("Account", "Asset", "Campaign", "Case", "Contact", "Contract", "Lead", "Order", "OrderItem"),
    *("Pricebook2", "PricebookEntry", "Product2", "Quote", "ContentVersion", "ContentDocument"),
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
            replace(
                _locked(link, f"{parent.label} ID", FieldType.REFERENCE, 18),
                reference_to=(parent.api_name,),
                relationship_name=link.removesuffix("Id"),
                child_relationship_name="Histories",
                cascade_delete=True,
            ),
            replace(
                _locked("CreatedById", "Created By ID", FieldType.REFERENCE, 18),
                reference_to=("User",),
                relationship_name="CreatedBy",
            ),
            _locked("CreatedDate", "Created Date", FieldType.DATETIME),
            _locked("Field", "Changed Field", FieldType.PICKLIST, 255),
            _locked("DataType", "Datatype", FieldType.PICKLIST, 40),
            replace(_locked("OldValue", "Old Value", FieldType.ANY_TYPE, 255), nillable=True),
            replace(_locked("NewValue", "New Value", FieldType.ANY_TYPE, 255), nillable=True),
        ),
        createable=False,
        updateable=False,
        deletable=False,
        undeletable=False,
    )


def standard_histories(types: tuple[SObjectType, ...]) -> tuple[SObjectType, ...]:
    """The history objects of the standard objects."""
    return tuple(history_type(t) for t in types if t.api_name in WITH_HISTORY)


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
