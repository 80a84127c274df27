"""Describe documents: what `GET /sobjects` and `GET /sobjects/X/describe` answer to one caller.

Objects and fields that the caller may not read are not in them. Source: "Describe Global", "sObject Describe" (REST API Developer
Guide), DescribeSObjectResult (SOAP API Developer Guide), describes recorded from an org (API 52 to 59).
"""

from __future__ import annotations

from orgtwin.access.grants import FindGrant, RecordTypeGrant
from orgtwin.organization import Organization
from orgtwin.records.model import Caller
from orgtwin.schema.change_events import (
    EVENT_FIELDS,
    change_event_type,
    find_change_event_type,
    has_change_events,
    object_of_change_event,
)
from orgtwin.schema.describe_field import describe_field
from orgtwin.schema.elsewhere import no_such_object
from orgtwin.schema.model import ChildRelationship, RecordType, SObjectType

MASTER_RECORD_TYPE_ID = "012000000000000AAA"
_MERGEABLE = frozenset({"Account", "Contact", "Lead"})
_FEEDS = frozenset(
    {"Account", "Asset", "Campaign", "Case", "Contact", "Contract", "Lead", "Opportunity", "Order", "User"}
)
_NEVER_TRUE = ("activateable", "deepCloneable", "deprecatedAndHidden", "hasSubtypes", "isInterface", "isSubtype")
_NEVER_SET = (
    "associateEntityType",
    "associateParentEntity",
    "defaultImplementation",
    "extendedBy",
    "extendsInterfaces",
    "implementedBy",
    "implementsInterfaces",
)
_URLS = ("compactLayouts", "approvalLayouts", "layouts")
_SCOPES = (("everything", "All {plural}"), ("mine", "My {plural}"))


def has_feeds(sobject_type: SObjectType) -> bool:
    """Whether a describe says that records of the object have a feed."""
    return sobject_type.api_name in _FEEDS


def describe_global(org: Organization, caller: Caller, data_path: str) -> dict[str, object]:
    """All objects that the caller may read. `data_path` is `/services/data/v66.0`."""
    readable = [t for t in org.schema if org.access.can(caller, t.api_name, "read")]
    told = [*readable, *(change_event_type(t) for t in readable if has_change_events(t))]
    told.sort(key=lambda t: t.api_name)
    return {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [_summary(org, caller, t, data_path) for t in told],
    }


def describe_object(
    org: Organization, caller: Caller, name: str, data_path: str, find_grant: FindGrant | None = None
) -> dict[str, object]:
    """One object. Raises NOT_FOUND (404) when there is none of that name for this caller."""
    sobject_type = _require(org, caller, name)
    grant = find_grant(caller.user_id, sobject_type.api_name) if find_grant and sobject_type.record_types else None
    return {
        **_summary(org, caller, sobject_type, data_path),
        "actionOverrides": [],
        "childRelationships": _child_relationships(org, caller, sobject_type),
        "compactLayoutable": not sobject_type.setup,
        "fields": _fields(org, caller, sobject_type),
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": _record_types(org, sobject_type, data_path, grant),
        "searchLayoutable": not sobject_type.setup,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": _scopes(sobject_type),
        "urls": _urls(sobject_type, data_path, full=True),
    }


def describe_object_summary(org: Organization, caller: Caller, name: str, data_path: str) -> dict[str, object]:
    """One object without its fields. Raises NOT_FOUND (404) as `describe_object` does."""
    return _summary(org, caller, _require(org, caller, name), data_path)


def _require(org: Organization, caller: Caller, name: str) -> SObjectType:
    """An object or a change event that the caller may read."""
    found = org.schema.find_type(name)
    if found is not None and org.access.can(caller, found.api_name, "read"):
        return found
    event = find_change_event_type(org.schema, name)
    if event is not None and org.access.can(caller, object_of_change_event(event.api_name), "read"):
        return event
    raise no_such_object(name)


def _summary(org: Organization, caller: Caller, t: SObjectType, data_path: str) -> dict[str, object]:
    may = org.access.can
    is_plain = not t.setup and not t.event
    return {
        **dict.fromkeys(_NEVER_TRUE, False),
        **dict.fromkeys(_NEVER_SET),
        "createable": may(caller, t.api_name, "create"),
        "custom": t.custom,
        "customSetting": t.custom_setting is not None,
        "dataTranslationEnabled": False,
        "deletable": may(caller, t.api_name, "delete"),
        "feedEnabled": has_feeds(t),
        "keyPrefix": t.key_prefix or None,
        "label": t.label,
        "labelPlural": t.label_plural,
        "layoutable": is_plain,
        "mergeable": t.api_name in _MERGEABLE,
        "mruEnabled": is_plain,
        "name": t.api_name,
        "queryable": t.queryable,
        "replicateable": is_plain,
        "retrieveable": t.queryable,
        "searchable": is_plain,
        "triggerable": is_plain or t.event,
        "undeletable": t.undeletable and t.deletable,
        "updateable": may(caller, t.api_name, "edit"),
        "urls": _urls(t, data_path, full=False),
    }


def _fields(org: Organization, caller: Caller, t: SObjectType) -> list[dict[str, object]]:
    readable = org.access.readable_fields(caller, object_of_change_event(t.api_name) if t.event else t.api_name)
    if t.event:
        readable |= EVENT_FIELDS
    creatable = org.access.creatable_fields(caller, t.api_name)
    editable = org.access.editable_fields(caller, t.api_name)
    found = ((f, f.api_name.lower()) for f in t.fields)
    return [
        describe_field(
            f,
            createable=f.createable and name in creatable,
            updateable=f.updateable and name in editable,
            controller=t.controller_of(f),
        )
        for f, name in found
        if name in readable
    ]


def _child_relationships(org: Organization, caller: Caller, t: SObjectType) -> list[dict[str, object]]:
    rows = org.schema.children_of(t.api_name)
    return [_child_relationship(row) for row in rows if org.access.can(caller, row.child_type, "read")]


def _child_relationship(row: ChildRelationship) -> dict[str, object]:
    return {
        "cascadeDelete": row.cascade_delete,
        "childSObject": row.child_type,
        "deprecatedAndHidden": False,
        "field": row.field,
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": row.relationship_name,
        "restrictedDelete": row.restricted_delete,
    }


def _record_types(
    org: Organization, t: SObjectType, data_path: str, grant: RecordTypeGrant | None
) -> list[dict[str, object]]:
    """The record types and, last, Master, which every object has."""
    ids = record_type_ids(org, t)
    layouts = f"{data_path}/sobjects/{t.api_name}/describe/layouts"
    rows = [
        _record_type(rt, ids.get(rt.developer_name.lower()), f"{layouts}/{ids.get(rt.developer_name.lower())}", grant)
        for rt in t.record_types
    ]
    master = {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": grant is None or grant.default is None,
        "developerName": "Master",
        "master": True,
        "name": "Master",
        "recordTypeId": MASTER_RECORD_TYPE_ID,
        "urls": {"layout": f"{layouts}/{MASTER_RECORD_TYPE_ID}"},
    }
    return [*rows, master]


def _record_type(
    rt: RecordType, record_id: str | None, layout: str, grant: RecordTypeGrant | None
) -> dict[str, object]:
    name = rt.developer_name.lower()
    return {
        "active": rt.active,
        "available": rt.active and (grant is None or name in grant.names),
        "defaultRecordTypeMapping": grant is not None and name == grant.default,
        "developerName": rt.developer_name,
        "master": False,
        "name": rt.label,
        "recordTypeId": record_id,
        "urls": {"layout": layout},
    }


def record_type_ids(org: Organization, t: SObjectType) -> dict[str, str]:
    """Ids of the RecordType records of an object, by developer name in lower case."""
    table = org.table("RecordType")
    object_of, name_of = table.reader("SobjectType"), table.reader("DeveloperName")
    read_id = table.reader("Id")
    return {str(name_of(row)).lower(): str(read_id(row)) for row in table.rows() if object_of(row) == t.api_name}


def _scopes(t: SObjectType) -> list[dict[str, str]]:
    if t.find_field("OwnerId") is None:
        return [{"label": f"All {t.label_plural.lower()}", "name": "everything"}]
    return [{"label": label.format(plural=t.label_plural.lower()), "name": name} for name, label in _SCOPES]


def _urls(t: SObjectType, data_path: str, *, full: bool) -> dict[str, str]:
    base = f"{data_path}/sobjects/{t.api_name}"
    urls = {
        "describe": f"{base}/describe",
        "rowTemplate": f"{base}/{{ID}}",
        "sobject": base,
    }
    if not t.setup:
        urls |= {name: f"{base}/describe/{name}" for name in _URLS}
        urls |= {"listviews": f"{base}/listviews", "quickActions": f"{base}/quickActions"}
    if full and not t.setup:
        urls |= {"uiDetailTemplate": "/{ID}", "uiEditTemplate": "/{ID}/e", "uiNewRecord": f"/{t.key_prefix}/e"}
    return urls
