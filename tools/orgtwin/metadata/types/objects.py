"""CustomObject: custom objects, platform events, custom metadata types, custom settings, and the changes to standard objects.

Source: "CustomObject" (Metadata API Developer Guide). The object's children (fields, rules ...) are components of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from msgspec import structs

from orgtwin.errors import Unsupported
from orgtwin.metadata.component import Component
from orgtwin.metadata.packages import local_name
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.schema_draft import ObjectDraft
from orgtwin.metadata.types.fields import NAME
from orgtwin.metadata.types.object_fields import (
    LAST_ACTIVITY_DATE,
    big_object_fields,
    custom_metadata_fields,
    custom_object_fields,
    custom_setting_fields,
    external_object_fields,
    name_field,
    platform_event_fields,
)
from orgtwin.metadata.types.sharing import keep_shares
from orgtwin.metadata.workspace import Workspace
from orgtwin.metadata.xml import Node
from orgtwin.organization import Organization
from orgtwin.schema.companions import history_name, history_type, share_shape
from orgtwin.schema.model import EXTERNAL, Field, SObjectType

_OPENNESS = {
    **dict.fromkeys(("ControlledByParent", "ControlledByCampaign", "ControlledByLeadOrContact"), 0),
    **{
        name: at
        for at, name in enumerate(("Private", "Read", "ReadSelect", "ReadWrite", "ReadWriteTransfer", "FullAccess"), 1)
    },
}
_ALWAYS_TOGETHER = ("enableBulkApi", "enableSharing", "enableStreamingApi")
_CONTROLLED_BY_PARENT = frozenset(
    ("Contact", "Order", "Asset", "Contract", "ContractContactRole", "OpportunityLineItem", "OrderItem")
)
_ABOUT_RECORDS = {
    **dict.fromkeys(("Task", "Event"), "WhatId"),
    **dict.fromkeys(("Note", "Attachment", "NoteAndAttachment"), "ParentId"),
    "ContentDocumentLink": "LinkedEntityId",
    "ContentVersion": "FirstPublishLocationId",
    "TopicAssignment": "EntityId",
    "FeedItem": "ParentId",
}
"""The standard objects whose records may be about those of a custom object, and the field that says about which."""
_WHERE_ENABLED = {"Task": "enableActivities", "Event": "enableActivities", "FeedItem": "enableFeeds"}
_NAME_RULE = (
    "The Object Name can only contain underscores and alphanumeric characters. It must be unique, begin with a letter, not include "
    "spaces, not end with an underscore, and not contain two consecutive underscores."
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of custom object, told by the end of its name."""

    prefix: str
    required: tuple[str, ...]
    fields: Callable[[Node], tuple[Field, ...]]
    properties: Mapping[str, object]


def _named_fields(node: Node) -> tuple[Field, ...]:
    return custom_object_fields(_read_name_field(node))


_CUSTOM = _Kind("a", ("label", "nameField", "deploymentStatus", "sharingModel"), _named_fields, {})
_SETTING = _Kind("a", ("label",), lambda _node: custom_setting_fields(), {"undeletable": False})
_KINDS: Mapping[str, _Kind] = {
    "__c": _CUSTOM,
    "__e": _Kind(
        "e",
        ("label", "deploymentStatus"),
        lambda _node: platform_event_fields(),
        {"event": True, "queryable": False, "updateable": False, "deletable": False, "undeletable": False},
    ),
    "__mdt": _Kind(
        "m",
        ("label",),
        lambda _node: custom_metadata_fields(),
        {"createable": False, "updateable": False, "deletable": False, "undeletable": False},
    ),
    "__b": _Kind(
        "x",
        ("label", "deploymentStatus"),
        lambda _node: big_object_fields(),
        {"updateable": False, "undeletable": False},
    ),
    EXTERNAL: _Kind(
        "x",
        ("label", "deploymentStatus", "externalDataSource", "externalName"),
        lambda _node: external_object_fields(),
        {"createable": False, "updateable": False, "deletable": False, "undeletable": False},
    ),
}


def deploy_object(workspace: Workspace, component: Component, before: Component | None) -> Component:
    """Create the object, or change what its file says of an object that stands."""
    name, node = component.full_name, component.body
    draft = workspace.schema.find(name)
    suffix = next((suffix for suffix in _KINDS if name.endswith(suffix)), None)
    if draft is None and suffix is None:
        if "__" in name:
            raise Unsupported("metadata.object-kind", f"objects such as {name}")
        raise ComponentRefused(f"fullName must end with: {' or '.join(_KINDS)}")
    if draft is None:
        draft = _create(workspace, name, suffix or "", node)
    elif suffix is not None:
        _change(workspace, draft, node)
    _check_sharing(workspace, draft, node)
    if suffix == "__c":
        _take_children(workspace, draft, node)
    keep_shares(workspace, draft)
    if suffix == "__c" and node.find("enableHistory") is not None:
        _keep_history(workspace, draft, kept=node.flag("enableHistory"))
    merged = _merge(before.body, node) if before is not None else node
    return replace(component, full_name=draft.api_name, body=merged)


def _take_children(workspace: Workspace, taken: ObjectDraft, node: Node) -> None:
    """Notes, attachments and files may be about records of every custom object but a setting, tasks, events and posts where its
    file says so.

    Sources: "Note", "Attachment", "ContentDocumentLink", "FeedItem" (Object Reference), CustomObject.enableActivities and
    enableFeeds. ASSUMED: no custom object is without notes.
    """
    name = taken.api_name
    for child, field in _ABOUT_RECORDS.items():
        draft = workspace.schema.find(child)
        about = draft.find_field(field) if draft is not None else None
        flag = _WHERE_ENABLED.get(child)
        allowed = taken.shell.custom_setting is None if flag is None else node.flag(flag)
        if allowed and draft is not None and about is not None and name not in about.reference_to:
            workspace.schema.put_field(draft, structs.replace(about, reference_to=(*about.reference_to, name)))


def _leave_children(workspace: Workspace, name: str) -> None:
    """Nothing is about records of an object that goes."""
    for child, field in _ABOUT_RECORDS.items():
        draft = workspace.schema.find(child)
        about = draft.find_field(field) if draft is not None else None
        if draft is not None and about is not None and name in about.reference_to:
            rest = tuple(parent for parent in about.reference_to if parent != name)
            workspace.schema.put_field(draft, structs.replace(about, reference_to=rest))


def _merge(before: Node, after: Node) -> Node:
    """What the file leaves out stays."""
    said = {child.tag for child in after.children}
    kept = [child for child in before.children if child.tag not in said]
    return after.with_children(sorted((*kept, *after.children), key=lambda child: child.tag))


def _create(workspace: Workspace, name: str, suffix: str, node: Node) -> ObjectDraft:
    stem = local_name(workspace.org.settings, name.removesuffix(suffix))
    if not NAME.fullmatch(stem):
        raise ComponentRefused(_NAME_RULE)
    setting = node.value("customSettingsType")
    kind = _SETTING if setting is not None else _KINDS[suffix]
    for required in kind.required:
        if node.find(required) is None or (not node.find(required).children and node.value(required) is None):  # type: ignore[union-attr]
            raise ComponentRefused(f"Required field is missing: {required}")
    _check_flags(suffix, node)
    source = node.value("externalDataSource")
    if source is not None and workspace.find("ExternalDataSource", source) is None:
        raise ComponentRefused(f"In field: externalDataSource - no ExternalDataSource named {source} found")
    label = node.value("label") or stem
    draft = workspace.schema.add(
        SObjectType(
            api_name=name,
            label=label,
            label_plural=node.value("pluralLabel") or label,
            key_prefix=workspace.schema.next_key_prefix(kind.prefix),
            fields=kind.fields(node),
            custom=True,
            sharing_model=node.value("sharingModel") or "ReadWrite",
            custom_setting=setting,
            **kind.properties,  # type: ignore[arg-type]  # names are SObjectType's own
        )
    )
    if node.flag("enableActivities"):
        workspace.schema.put_field(draft, LAST_ACTIVITY_DATE)
    return draft


def _check_flags(suffix: str, node: Node) -> None:
    if suffix == "__e" and node.value("eventType") == "StandardVolume":
        raise ComponentRefused(
            "You can't create a platform event of type StandardVolume."
        )  # ASSUMED text, documented rule
    stated = {node.flag(name) for name in _ALWAYS_TOGETHER if node.find(name) is not None}
    if len(stated) > 1:
        raise ComponentRefused(
            f"{', '.join(_ALWAYS_TOGETHER)} must all have the same value"
        )  # ASSUMED text, documented rule


def _change(workspace: Workspace, draft: ObjectDraft, node: Node) -> None:
    """Labels, sharing and the name field of a custom object that stands."""
    draft.shell = replace(
        draft.shell,
        label=node.value("label") or draft.shell.label,
        label_plural=node.value("pluralLabel") or draft.shell.label_plural,
    )
    if node.find("nameField") is not None and draft.find_field("Name") is not None:
        draft.put_field(_read_name_field(node))
    if node.flag("enableActivities"):
        draft.put_field(LAST_ACTIVITY_DATE)
    workspace.schema.edit(draft)


def _keep_history(workspace: Workspace, draft: ObjectDraft, *, kept: bool) -> None:
    """The history object of a custom object comes and goes with the switch, and its rows with it."""
    name = history_name(draft.api_name)
    stands = workspace.schema.find(name) is not None
    if kept and not stands:
        workspace.schema.add(history_type(draft.freeze()))
    elif stands and not kept:
        workspace.schema.remove(name)


def _read_name_field(node: Node) -> Field:
    field = node.find("nameField")
    if field is None:
        raise ComponentRefused("Required field is missing: nameField")
    for required in ("label", "type"):
        if field.value(required) is None:
            raise ComponentRefused(f"Required field is missing: {required}")
    is_number = field.value("type") == "AutoNumber"
    if is_number and field.value("displayFormat") is None:
        raise ComponentRefused("Must specify 'displayFormat' for a CustomField of type AutoNumber")
    return name_field(field.value("label") or "", field.value("displayFormat") if is_number else None)


def _check_sharing(workspace: Workspace, draft: ObjectDraft, node: Node) -> None:
    model, external = node.value("sharingModel"), node.value("externalSharingModel")
    if model is None:
        return
    name = draft.api_name
    if model == "ControlledByParent" and not draft.shell.custom and name not in _CONTROLLED_BY_PARENT:
        raise ComponentRefused(f"ControlledByParent is not a valid sharing model for {name}")
    if external is not None and _OPENNESS[external] > _OPENNESS[model]:
        raise ComponentRefused(
            f"{external} is not a valid external sharing model for {name} when its sharing model is {model}."
        )
    account = workspace.schema.find("Account")
    if name == "Opportunity" and account and account.shell.sharing_model == "Private" and model != "Private":
        raise ComponentRefused(
            f"{model} is not a valid sharing model for Opportunity when Account sharing model is Private."
        )
    if any(field.is_master_detail for field in draft.fields.values()) and model != "ControlledByParent":
        raise ComponentRefused(
            f"Cannot set sharingModel to {model} on a CustomObject with a MasterDetail relationship field"
        )
    if draft.shell.sharing_model != model:
        draft.shell = replace(draft.shell, sharing_model=model)
        workspace.schema.edit(draft)


def remove_object(workspace: Workspace, component: Component) -> None:
    """The object, its fields and records go; lookups from other objects keep it."""
    name = component.full_name
    draft = workspace.schema.find(name)
    if draft is None:
        return
    if not draft.shell.custom:
        raise ComponentRefused(f"Cannot delete standard object {name}")  # ASSUMED
    users = [
        f"Custom Field - {child.child_type}.{child.field}"
        for child in workspace.schema.current().children_of(name)
        if child.child_type.lower() != name.lower() and child.field.endswith("__c")
    ]
    if users:
        raise ComponentRefused(f"This custom object is referenced elsewhere in salesforce.com. : {', '.join(users)}")
    _leave_children(workspace, draft.api_name)
    workspace.schema.remove(name)
    for companion in (history_name(name), share_shape(name).api_name):
        if workspace.schema.find(companion) is not None:
            workspace.schema.remove(companion)
    for other in [*workspace.store, *workspace.changed.values()]:
        if other.full_name.lower().startswith(f"{name.lower()}.") and other.type != "CustomMetadata":
            workspace.remove(other.key)


def object_node(org: Organization, name: str) -> Node | None:
    """The shell of a standard object to which nothing was deployed, for retrieve."""
    sobject_type = org.schema.find_type(name)
    if sobject_type is None or sobject_type.custom:
        return None
    rows = (Node("label", sobject_type.label), Node("pluralLabel", sobject_type.label_plural))
    return Node("CustomObject", children=(*rows, Node("sharingModel", sobject_type.sharing_model)))
