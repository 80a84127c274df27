"""What the generated flows are made of: the frame, its start, and the chain of elements that makes a task for a steward's queue.

Source: Metadata API Developer Guide, "Flow".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from clmkit.codegen.names import described, steward_queue
from clmkit.codegen.xml import Body, Value
from clmkit.mapping.model import Spec

REMINDER = "Decide whether to renew"
"""The subject by which the flows know a reminder again."""

TOLD = "Tell_Owner"
PLACE: Body = {"locationX": 0, "locationY": 0}

Elements: TypeAlias = Mapping[str, list[Body]]
"""Elements and resources of a flow by the tag that they stand under."""

Filters: TypeAlias = Sequence[tuple[str, str]]
"""Field and value: a text, true or false, or a reference that begins with $."""

TRUE: Body = {"booleanValue": True}
FALSE: Body = {"booleanValue": False}


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a flow refers to the agreement: its id, its owner's id and address."""

    id: str
    owner: str
    email: str

    @property
    def open_reminder(self) -> Filters:
        return (("WhatId", self.id), ("Subject", REMINDER), ("IsClosed", "false"))


@dataclass(frozen=True, slots=True)
class Task:
    """A task that a chain of elements makes. `description` is the value of its field, `due` a reference to a date."""

    name: str
    steward: str
    subject: str
    description: Body
    due: str
    after: str = ""  # the element behind it; "" ends the flow


def flow(spec: Spec, label: str, purpose: str, agreement: Agreement, chains: Sequence[Elements], start: Body) -> Body:
    """A whole component. What fails is told to the agreement's owner."""
    elements: dict[str, list[Body]] = {"actionCalls": [_tell_owner(agreement, f"A task could not be made: {label}")]}
    for chain in chains:
        for kind, rows in chain.items():
            elements.setdefault(kind, []).extend(rows)
    return {
        **elements,
        "apiVersion": spec.api_version,
        "description": described(spec, purpose),
        "environments": ["Default"],
        "interviewLabel": f"{label} {{!$Flow.CurrentDateTime}}",
        "label": label,
        "processMetadataValues": [
            {"name": "BuilderType", "value": {"stringValue": "LightningFlowBuilder"}},
            {"name": "CanvasMode", "value": {"stringValue": "AUTO_LAYOUT_CANVAS"}},
        ],
        "processType": "AutoLaunchedFlow",
        "start": start,
        "status": "Active",
        "triggerOrder": 1000,
        "variables": [
            {"name": "taskOwner", "dataType": "String", "isCollection": False, "isInput": False, "isOutput": False}
        ],
    }


def start(sobject: str, filters: Sequence[Sequence[Body]], **more: Value) -> Body:
    """After the save of a record that meets the filters: all groups must hold, of a group one filter."""
    rows = [row for group in filters for row in group]
    numbers = iter(range(1, len(rows) + 1))
    groups = [[str(next(numbers)) for _ in group] for group in filters]
    logic = " AND ".join(group[0] if len(group) == 1 else f"({' OR '.join(group)})" for group in groups)
    return {
        **PLACE,
        **more,
        "filterLogic": "and" if len(rows) == len(groups) else logic,
        "filters": rows,
        "object": sobject,
        "recordTriggerType": "CreateAndUpdate",
        "triggerType": "RecordAfterSave",
    }


def comparison(field: str, operator: str, value: Body) -> Body:
    return {"field": field, "operator": operator, "value": value}


def task_chain(spec: Spec, agreement: Agreement, task: Task) -> Elements:
    """Find the steward's queue, choose the owner, make the task."""
    name, found = task.name, f"Find_{task.name}_Queue"
    queue = (("DeveloperName", steward_queue(spec, task.steward)), ("Type", "Queue"))
    values: dict[str, Body] = {
        "ActivityDate": {"elementReference": task.due},
        "Description": task.description,
        "OwnerId": {"elementReference": "taskOwner"},
        "Priority": {"stringValue": "High"},
        "Status": {"stringValue": "Not Started"},
        "Subject": {"stringValue": task.subject},
        "WhatId": {"elementReference": agreement.id},
    }
    there: list[Body] = [{"leftValueReference": found, "operator": "IsNull", "rightValue": FALSE}]
    return {
        "recordLookups": [lookup(found, "Group", f"{name}_Queue_Stands", queue)],
        "decisions": [decision(f"{name}_Queue_Stands", there, f"Give_{name}_To_Queue", f"Give_{name}_To_Owner")],
        "assignments": [
            _assignment(f"Give_{name}_To_Queue", f"{found}.Id", f"Create_{name}"),
            _assignment(f"Give_{name}_To_Owner", agreement.owner, f"Create_{name}"),
        ],
        "recordCreates": [_create_task(f"Create_{name}", values, task.after)],
    }


def lookup(name: str, sobject: str, target: str, filters: Filters) -> Body:
    """The first record that fits."""
    return {
        **_named(name),
        "assignNullValuesIfNoRecordsFound": False,
        "connector": {"targetReference": target},
        "faultConnector": {"targetReference": TOLD},
        "filterLogic": "and",
        "filters": _filters(filters),
        "getFirstRecordOnly": True,
        "object": sobject,
        "queriedFields": ["Id"],
        "storeOutputAutomatically": True,
    }


def complete_tasks(name: str, filters: Filters) -> Body:
    return {
        **_named(name),
        "faultConnector": {"targetReference": TOLD},
        "filterLogic": "and",
        "filters": _filters(filters),
        "inputAssignments": [{"field": "Status", "value": {"stringValue": "Completed"}}],
        "object": "Task",
    }


def decision(name: str, conditions: Sequence[Body], then: str, otherwise: str = "") -> Body:
    """One condition is enough. Without an element for the other case the flow ends there."""
    rule: Body = {
        "name": f"{name}_Yes",
        "conditionLogic": "and" if len(conditions) == 1 else "or",
        "conditions": list(conditions),
        "connector": {"targetReference": then},
        "label": "Yes",
    }
    default: Body = {"defaultConnector": {"targetReference": otherwise}} if otherwise else {}
    return {**_named(name), **default, "defaultConnectorLabel": "No", "rules": [rule]}


def _filters(filters: Filters) -> list[Body]:
    return [comparison(field, "EqualTo", _value_of(value)) for field, value in filters]


def _value_of(text: str) -> Body:
    """A reference to a resource, a boolean, or a text."""
    if text.startswith("$"):
        return {"elementReference": text}
    return {"booleanValue": text} if text in ("true", "false") else {"stringValue": text}


def _assignment(name: str, reference: str, target: str) -> Body:
    item: Body = {"assignToReference": "taskOwner", "operator": "Assign", "value": {"elementReference": reference}}
    return {**_named(name), "assignmentItems": [item], "connector": {"targetReference": target}}


def _create_task(name: str, values: Mapping[str, Body], after: str) -> Body:
    connector: Body = {"connector": {"targetReference": after}} if after else {}
    return {
        **_named(name),
        **connector,
        "faultConnector": {"targetReference": TOLD},
        "inputAssignments": [{"field": field, "value": value} for field, value in values.items()],
        "object": "Task",
    }


def _tell_owner(agreement: Agreement, subject: str) -> Body:
    inputs: Mapping[str, Body] = {
        "emailAddresses": {"elementReference": agreement.email},
        "emailBody": {"elementReference": "$Flow.FaultMessage"},
        "emailSubject": {"stringValue": subject},
    }
    return {
        **_named(TOLD),
        "actionName": "emailSimple",
        "actionType": "emailSimple",
        "flowTransactionModel": "CurrentTransaction",
        "inputParameters": [{"name": name, "value": value} for name, value in inputs.items()],
    }


def _named(name: str) -> dict[str, Value]:
    return {**PLACE, "name": name, "label": name.replace("_", " ")}
