"""PlatformEventChannel and PlatformEventChannelMember: which changes and events go out, and with what enrichment and filter.

The stored components are what the event service reads. Source: "PlatformEventChannelMember" (Metadata API
Developer Guide), "Filter Your
Stream of Change Events with Channels" and "Enrich Change Events with Extra Fields" (Change Data Capture Developer Guide).
"""

from __future__ import annotations

import re

from orgtwin.metadata.component import Component
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.schema_draft import ObjectDraft
from orgtwin.metadata.workspace import Workspace
from orgtwin.schema.change_events import object_of_change_event
from orgtwin.schema.model import FieldType

STANDARD_CHANNEL = "ChangeEvents"
_CHANGE_EVENT = "ChangeEvent"
_MAX_ENRICHED = 10
_MANAGED_STATES = ("RUN", "STOP")


def deploy_channel(_workspace: Workspace, component: Component, _before: Component | None) -> Component:
    for name in ("channelType", "label"):
        if component.body.value(name) is None:
            raise ComponentRefused(f"Required field is missing: {name}")
    if not component.full_name.endswith("__chn"):
        raise ComponentRefused("fullName must end with: __chn")
    return component


def deploy_channel_member(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    node = component.body
    channel, entity = node.value("eventChannel"), node.value("selectedEntity")
    if channel is None or entity is None:
        raise ComponentRefused(f"Required field is missing: {'eventChannel' if channel is None else 'selectedEntity'}")
    if "__" in component.full_name:
        raise ComponentRefused(
            "Cannot create a new component with the namespace: " + component.full_name.partition("__")[0]
        )
    if channel != STANDARD_CHANNEL and workspace.find("PlatformEventChannel", channel) is None:
        raise ComponentRefused(f"In field: eventChannel - no PlatformEventChannel named {channel} found")
    source = _selected_object(workspace, entity)
    for other in workspace.of_type("PlatformEventChannelMember"):
        same = (other.body.value("eventChannel"), other.body.value("selectedEntity")) == (channel, entity)
        if same and other.full_name.lower() != component.full_name.lower():
            raise ComponentRefused(
                f"duplicate value found: SelectedEntity duplicates value on record with id: {other.id or other.full_name}"
            )
    _check_enrichment(source, entity, [item.value("name") or "" for item in node.all("enrichedFields")])
    _check_filter(source, node.value("filterExpression"))
    return component


def deploy_managed_subscription(_workspace: Workspace, component: Component, before: Component | None) -> Component:
    """Source: "ManagedEventSubscription" (Metadata API Developer Guide). ASSUMED: the texts."""
    node = component.body
    for name in ("defaultReplay", "errorRecoveryReplay", "label", "state", "topicName", "version"):
        if node.value(name) is None:
            raise ComponentRefused(f"Required field is missing: {name}")
    if node.value("state") not in _MANAGED_STATES:
        raise ComponentRefused(f"'{node.value('state')}' is not a valid value for state: use RUN or STOP")
    topic = node.value("topicName") or ""
    if not topic.startswith(("/event/", "/data/")):
        raise ComponentRefused(f"In field: topicName - {topic} is no topic")
    if before is not None and before.body.value("topicName") != topic:
        raise ComponentRefused("The topic of a managed event subscription cannot be changed.")
    return component


def _selected_object(workspace: Workspace, entity: str) -> ObjectDraft:
    draft = workspace.schema.find(object_of_change_event(entity))
    if draft is None or (not entity.endswith(_CHANGE_EVENT) and not draft.shell.event):
        raise ComponentRefused(f"In field: selectedEntity - no CustomObject named {entity} found")
    return draft


def _check_enrichment(source: ObjectDraft, entity: str, names: list[str]) -> None:
    if len(names) > _MAX_ENRICHED:
        raise ComponentRefused(
            f"You can select up to {_MAX_ENRICHED} fields for event enrichment, not {len(names)}."
        )  # ASSUMED text
    for name in names:
        if "." in name or source.find_field(name) is None:
            raise ComponentRefused(f"The selected field, {entity}.{name}, isn't valid")


def _check_filter(source: ObjectDraft, expression: str | None) -> None:
    """The fields of the filter stand and can be filtered on; its grammar is the event service's to judge."""
    if expression is None:
        return
    if re.match(r"\s*WHERE\b", expression, re.IGNORECASE):
        raise ComponentRefused("unexpected token: 'WHERE'")
    bare = re.sub(r"'(?:[^'\\]|\\.)*'", "''", expression)
    for name in re.findall(r"\b[A-Za-z]\w*__c\b", bare):
        field = source.find_field(name)
        if field is None:
            raise ComponentRefused(f"No such column '{name}' on entity '{source.api_name}'")
        if field.formula is not None or (field.type is FieldType.TEXTAREA and field.length > 255):
            raise ComponentRefused(f"field '{name}' can not be filtered in a query call")
