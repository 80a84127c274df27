"""FlowDefinitionView, FlowVersionView and FlowVariableView: the deployed flows as queries see them, a definition and its one
version each, and the variables that are open for input or output.

Source: "FlowDefinitionView", "FlowVersionView", "FlowVariableView" (Object Reference). IsSwingFlow, which public code asks for,
says that Flow Builder made it (ASSUMED). What a flow's file does not say is null. ASSUMED: the durable
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
    " InstalledPackageName IsActive:b IsOutOfDate:b IsOverridable:b IsSwingFlow:b IsTemplate:b Label LastModifiedBy"
    " LastModifiedDate:d LatestVersionId ManageableState NamespacePrefix OverriddenById OverriddenFlowId ProcessType"
    " RecordTriggerType SourceTemplateId TriggerObjectOrEventId>EntityDefinition TriggerObjectOrEventLabel TriggerOrder:i"
    " TriggerType VersionNumber:i"
)
VERSION_FIELDS = (
    "DurableId FlowDefinitionViewId>FlowDefinitionView/Versions ApiVersion:i ApiVersionRuntime:i CapabilityType Description:t"
    " IsSwingFlow:b IsTemplate:b Label LastModifiedDate:d ProcessType RunInMode Status VersionNumber:i"
)
VARIABLE_FIELDS = (
    "DurableId ApiName DataType Description:t FlowVersionViewId>FlowVersionView IsCollection:b IsInput:b IsOutput:b"
    " ObjectType"
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


def flow_variables(service: MetadataService) -> Iterator[Values]:
    """A row a variable that a caller of the flow may give or take."""
    for flow in service.components.of_type("Flow"):
        for variable in flow.body.all("variables"):
            is_input, is_output = variable.flag("isInput"), variable.flag("isOutput")
            if is_input or is_output:
                durable_id = f"{flow.id}-{variable.value('name')}"
                yield {
                    "Id": durable_id,
                    "DurableId": durable_id,
                    "ApiName": variable.value("name"),
                    "DataType": variable.value("dataType"),
                    "Description": variable.value("description"),
                    "FlowVersionViewId": flow.id,
                    "IsCollection": variable.flag("isCollection"),
                    "IsInput": is_input,
                    "IsOutput": is_output,
                    "ObjectType": variable.value("objectType"),
                }


def _shared(flow: Component) -> Values:
    body = flow.body
    return {
        "ApiVersion": _api_version(flow),
        "Description": body.value("description"),
        "IsSwingFlow": True,
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
