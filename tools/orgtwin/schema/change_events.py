"""The change-event object of an object: AccountChangeEvent, X__ChangeEvent. It is described and heard, never queried or saved.

Every custom object has one, and the standard objects that "StandardObjectNameChangeEvent" (Object Reference) lists.
ASSUMED: it is described whether or not the object is selected for change data capture.
"""

from __future__ import annotations

from msgspec import structs

from orgtwin.schema.model import Field, FieldType, Schema, SObjectType

_SUFFIX = "ChangeEvent"
_STANDARD = frozenset(
    (
        *("Account", "AccountContactRole", "Asset", "Campaign", "CampaignMember", "CampaignMemberStatus", "Case"),
        *("Contact", "ContactPointAddress", "ContactPointConsent", "ContactPointEmail", "ContactPointPhone"),
        *("ContentDocument", "ContentDocumentLink", "ContentVersion", "Contract", "DataUsePurpose", "EmailMessage"),
        *("EmailTemplate", "Event", "Individual", "Lead", "ListEmail", "Opportunity", "OpportunityContactRole"),
        *("OpportunityLineItem", "Order", "OrderItem", "Pricebook2", "PricebookEntry", "ProcessInstance"),
        *("ProcessInstanceStep", "Product2", "QuickText", "Quote", "QuoteLineItem", "Task", "User"),
    )
)
"""Those of the listed objects that the twin has."""
_NOT_CAPTURED = frozenset(
    {
        "Id",
        "IsDeleted",
        "SystemModstamp",
        "LastActivityDate",
        "LastViewedDate",
        "LastReferencedDate",
        "PhotoUrl",
        "MasterRecordId",
    }
)
"""Fields of the record that no change event has. Source: "Change Event Message Structure"; MasterRecordId is ASSUMED."""
_NOT_STORED = (FieldType.ADDRESS, FieldType.LOCATION, FieldType.BASE64)


def change_event_name(entity: str) -> str:
    """The change event of an object: Contract -> ContractChangeEvent, X__c -> X__ChangeEvent."""
    return f"{entity.removesuffix('c') if entity.endswith('__c') else entity}{_SUFFIX}"


def object_of_change_event(name: str) -> str:
    """`ContractChangeEvent` -> Contract, `X__ChangeEvent` -> X__c; a platform event stands for itself."""
    if name.endswith(f"__{_SUFFIX}"):
        return f"{name.removesuffix(_SUFFIX)}c"
    return name.removesuffix(_SUFFIX)


def has_change_events(sobject_type: SObjectType) -> bool:
    """Whether changes of an object can be captured."""
    return sobject_type.api_name in _STANDARD or (sobject_type.custom and sobject_type.api_name.endswith("__c"))


def captured_fields(sobject_type: SObjectType) -> tuple[Field, ...]:
    """The fields of an object that its change events can carry, parts of compound fields singly. Formulas are not among them."""
    compounds = {f.compound for f in sobject_type.fields}
    return tuple(
        f
        for f in sobject_type.fields
        if f.api_name not in _NOT_CAPTURED
        and f.api_name not in compounds
        and not f.formula
        and f.type not in _NOT_STORED
    )


def change_event_type(sobject_type: SObjectType) -> SObjectType:
    """The change event of an object as describe and triggers see it: Id, ReplayId, the header, the captured fields."""
    return SObjectType(
        change_event_name(sobject_type.api_name),
        f"{sobject_type.label} Change Event",
        f"{sobject_type.label} Change Event",
        "",
        (*_SYSTEM_FIELDS, *(_told(f) for f in captured_fields(sobject_type))),
        custom=sobject_type.custom,
        createable=False,
        updateable=False,
        deletable=False,
        queryable=False,
        undeletable=False,
        event=True,
    )


def find_change_event_type(schema: Schema, name: str) -> SObjectType | None:
    """The change event of that name in any case, or None when no object has one."""
    if not name.lower().endswith(_SUFFIX.lower()):
        return None
    found = schema.find_type(object_of_change_event(name[: -len(_SUFFIX)] + _SUFFIX))
    return change_event_type(found) if found is not None and has_change_events(found) else None


def _told(f: Field) -> Field:
    return structs.replace(
        f, nillable=True, createable=False, updateable=False, defaulted_on_create=False, required=False
    )


def _system(name: str, label: str, kind: FieldType, length: int = 0) -> Field:
    return _told(Field(name, label, kind, length, permissionable=False))


_SYSTEM_FIELDS = (
    _system("Id", "Change Event ID", FieldType.ID, 18),
    _system("ReplayId", "Replay ID", FieldType.STRING, 1000),
    _system("ChangeEventHeader", "Change Event Header", FieldType.COMPLEX_VALUE),
)
EVENT_FIELDS = frozenset(f.api_name.lower() for f in _SYSTEM_FIELDS)
"""In lower case: what whoever may hear of an object may read of its change event."""
