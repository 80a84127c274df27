"""The reminder of a renewal, as a record-triggered flow with scheduled paths, and the queues that its tasks go to.

A path hangs on the last day for notice and moves with it. Each reminder is a task for the steward's queue (for the record's owner
while the org has no such queue); a reminder that stays open is escalated once. What fails is told to the owner by e-mail. Sources:
Metadata API Developer Guide, "Flow", "Queue"; Salesforce Help, "Schedule-Triggered Paths".
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.codegen.apex_process import states_in_force
from clmkit.codegen.names import described, notice_day, pascal, steward_queue
from clmkit.codegen.plan import MetadataXml, PlannedFile, generated
from clmkit.codegen.xml import Body, Value
from clmkit.mapping.model import ObjectMapping, RenewalRule, Spec

REMINDER = "Decide whether to renew"
ESCALATION = "Nobody has decided whether to renew"
TOLD = "Tell_Owner"
PLACE: Body = {"locationX": 0, "locationY": 0}


def plan_flows(spec: Spec) -> Iterator[PlannedFile]:
    """The reminder flow and its queues; nothing without a renewal rule."""
    header, renewal = spec.header, spec.renewal
    if header is None or renewal is None:
        return
    for name in sorted({renewal.steward, renewal.escalate_to} - {""}):
        body: Body = {
            "doesSendEmailToMembers": True,
            "name": dict(spec.stewards)[name][:40],
            "queueSobject": [{"sobjectType": "Task"}],
        }
        yield generated(f"queues/{steward_queue(spec, name)}.queue-meta.xml", MetadataXml("Queue", body))
    path = f"flows/{spec.prefix}_{pascal(header.name)}_Renewal_Reminder.flow-meta.xml"
    yield generated(path, MetadataXml("Flow", reminder_body(spec, header, renewal)))


def reminder_body(spec: Spec, header: ObjectMapping, renewal: RenewalRule) -> Body:
    """Start, one chain for reminders, one for the escalation."""
    chains = [_task_chain(spec, "Reminder", renewal.steward, REMINDER)]
    if renewal.escalate_days:
        chains += [_open_reminder(), _task_chain(spec, "Escalation", renewal.escalate_to, ESCALATION)]
    elements: dict[str, list[Body]] = {"actionCalls": [_tell_owner()]}
    for chain in chains:
        for kind, rows in chain.items():
            elements.setdefault(kind, []).extend(rows)
    label = f"{spec.prefix} {header.label} Renewal Reminder"
    return {
        **elements,
        "apiVersion": spec.api_version,
        "description": described(spec, "Reminds of the last day for notice, and escalates a reminder that stays open."),
        "environments": ["Default"],
        "interviewLabel": f"{label} {{!$Flow.CurrentDateTime}}",
        "label": label,
        "processMetadataValues": [
            {"name": "BuilderType", "value": {"stringValue": "LightningFlowBuilder"}},
            {"name": "CanvasMode", "value": {"stringValue": "AUTO_LAYOUT_CANVAS"}},
        ],
        "processType": "AutoLaunchedFlow",
        "start": _start(spec, header, renewal),
        "status": "Active",
        "triggerOrder": 1000,
        "variables": [
            {"name": "taskOwner", "dataType": "String", "isCollection": False, "isInput": False, "isOutput": False}
        ],
    }


def _start(spec: Spec, header: ObjectMapping, renewal: RenewalRule) -> Body:
    """Agreements in force that the CLM knows and that have a last day for notice."""
    statuses = states_in_force(spec)
    status = next((field.salesforce for field in header.columns if field.lifecycle), "")
    filters: list[Body] = [
        {"field": notice_day(spec), "operator": "IsNull", "value": {"booleanValue": False}},
        {"field": header.key.salesforce, "operator": "IsNull", "value": {"booleanValue": False}},
    ]
    for value in statuses if status else ():
        filters.append({"field": status, "operator": "EqualTo", "value": {"stringValue": value}})
    any_status = " OR ".join(str(at) for at in range(3, len(filters) + 1))
    paths = [_path(spec, -days, "Find_Reminder_Queue") for days in renewal.remind_days]
    if renewal.escalate_days:
        paths.append(_path(spec, renewal.escalate_days - renewal.remind_days[-1], "Find_Open_Reminder"))
    return {
        **PLACE,
        "filterLogic": f"1 AND 2 AND ({any_status})" if len(filters) > 3 else "and",
        "filters": filters,
        "object": header.salesforce,
        "recordTriggerType": "CreateAndUpdate",
        "scheduledPaths": paths,
        "triggerType": "RecordAfterSave",
    }


def _path(spec: Spec, offset: int, target: str) -> Body:
    side = "Before" if offset <= 0 else "After"
    word = "Escalate" if target == "Find_Open_Reminder" else "Remind"
    return {
        "name": f"{word}_{abs(offset)}_Days_{side}",
        "connector": {"targetReference": target},
        "label": f"{word} {abs(offset)} days {side.lower()} the last day for notice",
        "offsetNumber": offset,
        "offsetUnit": "Days",
        "recordField": notice_day(spec),
        "timeSource": "RecordField",
    }


def _task_chain(spec: Spec, name: str, steward: str, subject: str) -> dict[str, list[Body]]:
    """Find the steward's queue, choose the owner, make the task."""
    found = f"Find_{name}_Queue"
    title = dict(spec.stewards)[steward]
    return {
        "recordLookups": [
            _lookup(
                found,
                "Group",
                f"{name}_Queue_Stands",
                [("DeveloperName", steward_queue(spec, steward)), ("Type", "Queue")],
            )
        ],
        "decisions": [_decision(f"{name}_Queue_Stands", found, f"Give_{name}_To_Queue", f"Give_{name}_To_Owner")],
        "assignments": [
            _assignment(f"Give_{name}_To_Queue", f"{found}.Id", f"Create_{name}"),
            _assignment(f"Give_{name}_To_Owner", "$Record.OwnerId", f"Create_{name}"),
        ],
        "recordCreates": [_create_task(spec, f"Create_{name}", subject, f"{subject}. Decided by: {title}.")],
    }


def _lookup(name: str, sobject: str, target: str, filters: list[tuple[str, str]]) -> Body:
    return {
        **_named(name),
        "assignNullValuesIfNoRecordsFound": False,
        "connector": {"targetReference": target},
        "faultConnector": {"targetReference": TOLD},
        "filterLogic": "and",
        "filters": [{"field": field, "operator": "EqualTo", "value": _value(value)} for field, value in filters],
        "getFirstRecordOnly": True,
        "object": sobject,
        "queriedFields": ["Id"],
        "storeOutputAutomatically": True,
    }


def _value(text: str) -> Body:
    """A reference to a resource, a boolean, or a text."""
    if text.startswith("$"):
        return {"elementReference": text}
    return {"booleanValue": text} if text in ("true", "false") else {"stringValue": text}


def _open_reminder() -> dict[str, list[Body]]:
    filters = [("WhatId", "$Record.Id"), ("Subject", REMINDER), ("IsClosed", "false")]
    return {
        "recordLookups": [_lookup("Find_Open_Reminder", "Task", "Reminder_Is_Open", filters)],
        "decisions": [_decision("Reminder_Is_Open", "Find_Open_Reminder", "Find_Escalation_Queue", "")],
    }


def _decision(name: str, found: str, then: str, otherwise: str) -> Body:
    there: Body = {"leftValueReference": found, "operator": "IsNull", "rightValue": {"booleanValue": False}}
    rule: Body = {
        "name": f"{name}_Yes",
        "conditionLogic": "and",
        "conditions": [there],
        "connector": {"targetReference": then},
        "label": "Yes",
    }
    default: Body = {"defaultConnector": {"targetReference": otherwise}} if otherwise else {}
    return {**_named(name), **default, "defaultConnectorLabel": "No", "rules": [rule]}


def _assignment(name: str, reference: str, target: str) -> Body:
    item: Body = {"assignToReference": "taskOwner", "operator": "Assign", "value": {"elementReference": reference}}
    return {**_named(name), "assignmentItems": [item], "connector": {"targetReference": target}}


def _create_task(spec: Spec, name: str, subject: str, description: str) -> Body:
    values: dict[str, Body] = {
        "ActivityDate": {"elementReference": f"$Record.{notice_day(spec)}"},
        "Description": {"stringValue": description},
        "OwnerId": {"elementReference": "taskOwner"},
        "Priority": {"stringValue": "High"},
        "Status": {"stringValue": "Not Started"},
        "Subject": {"stringValue": subject},
        "WhatId": {"elementReference": "$Record.Id"},
    }
    return {
        **_named(name),
        "faultConnector": {"targetReference": TOLD},
        "inputAssignments": [{"field": field, "value": value} for field, value in values.items()],
        "object": "Task",
    }


def _tell_owner() -> Body:
    inputs = {
        "emailAddresses": {"elementReference": "$Record.Owner.Email"},
        "emailBody": {"elementReference": "$Flow.FaultMessage"},
        "emailSubject": {"stringValue": "A renewal reminder could not be made"},
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
