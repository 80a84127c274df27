"""FlowDefinitionView and FlowVersionView: the deployed flows as queries see them, a definition and its one version each.

Source: "FlowDefinitionView", "FlowVersionView" (Object Reference). What a flow's file does not say is null. ASSUMED: the durable
id of a version is the flow's id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orgtwin.metadata.component import Component
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.tooling_tables import definition_id
from orgtwin.records.model import Value
from orgtwin.schema.model import Schema

Values = Mapping[str, Value]

DEFINITION_FIELDS = (
    "DurableId ActiveVersionId ApiName ApiVersion:i Builder Description:t Environments HasAsyncAfterCommitPath:b"
    " InstalledPackageName IsActive:b IsOutOfDate:b IsOverridable:b IsTemplate:b Label LastModifiedBy LastModifiedDate:d"
    " LatestVersionId ManageableState NamespacePrefix OverriddenById OverriddenFlowId ProcessType RecordTriggerType"
    " SourceTemplateId TriggerObjectOrEventId>EntityDefinition TriggerObjectOrEventLabel TriggerOrder:i TriggerType"
    " VersionNumber:i"
)
VERSION_FIELDS = (
    "DurableId FlowDefinitionViewId>FlowDefinitionView/Versions ApiVersion:i ApiVersionRuntime:i CapabilityType Description:t"
    " IsTemplate:b Label LastModifiedDate:d ProcessType RunInMode Status VersionNumber:i"
)
_VERSION = 1


def flow_definitions(service: MetadataService) -> Iterator[Values]:
    """A row a flow."""
    for flow in service.components.of_type("Flow"):
        yield {
            **_shared(flow),
            **_trigger(flow, service.org.schema),
            "Id": definition_id(flow),
            "DurableId": definition_id(flow),
            "ApiName": flow.full_name,
            "ActiveVersionId": flow.id if _is_active(flow) else None,
            "LatestVersionId": flow.id,
            "Builder": "Flow Builder",
            "HasAsyncAfterCommitPath": False,
            "IsActive": _is_active(flow),
            "IsOutOfDate": False,
            "IsOverridable": flow.body.flag("isOverridable"),
            "ManageableState": "unmanaged",
        }


def flow_versions(service: MetadataService) -> Iterator[Values]:
    """A row a flow: the twin keeps one version of each."""
    for flow in service.components.of_type("Flow"):
        yield {
            **_shared(flow),
            "Id": flow.id,
            "DurableId": flow.id,
            "FlowDefinitionViewId": definition_id(flow),
            "ApiVersionRuntime": _api_version(flow),
            "RunInMode": flow.body.value("runInMode"),
            "Status": flow.body.value("status") or "Draft",
        }


def _shared(flow: Component) -> Values:
    body = flow.body
    return {
        "ApiVersion": _api_version(flow),
        "Description": body.value("description"),
        "IsTemplate": body.flag("isTemplate"),
        "Label": body.value("label"),
        "ProcessType": body.value("processType"),
        "VersionNumber": _VERSION,
    }


def _trigger(flow: Component, schema: Schema) -> Values:
    """What starts the flow: the object or event, when, and in which order."""
    start = flow.body.find("start")
    name = start.value("object") if start is not None else None
    described = schema.find_type(name) if name is not None else None
    return {
        "TriggerObjectOrEventId": described.api_name if described is not None else None,
        "TriggerObjectOrEventLabel": described.label if described is not None else None,
        "TriggerType": start.value("triggerType") if start is not None else None,
        "RecordTriggerType": start.value("recordTriggerType") if start is not None else None,
        "TriggerOrder": flow.body.number("triggerOrder"),
    }


def _is_active(flow: Component) -> bool:
    return flow.body.value("status") == "Active"


def _api_version(flow: Component) -> int | None:
    """The whole number of it: versions count from one integer to the next."""
    text = flow.body.value("apiVersion")
    return int(text.partition(".")[0]) if text else None
