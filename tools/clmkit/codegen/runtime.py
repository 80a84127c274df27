"""The metadata that the generated Apex runs on: kill switch, order of the trigger actions, change events.

Sources: Metadata API Developer Guide, "CustomObject" (custom settings, platform events) and "CustomMetadata"; Platform Events
Developer Guide, "Publish Behavior": only PublishAfterCommit keeps an event of a rolled-back save from being heard.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clmkit.codegen.apex_process import notice_terms, requested_objects
from clmkit.codegen.names import described, kill_switch, name_object, pascal, trigger_action
from clmkit.codegen.plan import MetadataXml, PlannedFile, generated
from clmkit.codegen.rules import is_guarded, publishes_changes
from clmkit.codegen.xml import Body, Typed
from clmkit.mapping.model import ObjectMapping, Spec

# The actions of a guarded object, in their order: Apex class without prefix, position, what it is for.
ACTIONS = (
    ("NoticeDay", 5, "Keeps the last day for notice, on which the reminders hang."),
    ("OwnershipGuard", 10, "Refuses a change of a field that the CLM owns unless the integration user makes it."),
    ("StaleVersionGuard", 20, "Refuses a revision that is older than the one the record holds."),
    ("ChangePublisher", 30, "Tells the sync that people changed a field the CLM listens to."),
    ("ContractRequester", 40, "Asks the CLM for an agreement when a record comes to stand where the spec says so."),
)


def plan_runtime(spec: Spec) -> Iterator[PlannedFile]:
    """Kill switch, custom metadata type with its records, change events."""
    triggered = triggered_objects(spec)
    if not triggered:
        return
    yield from plan_object(kill_switch(spec), _kill_switch(spec), KILL_SWITCH_FIELDS)
    yield from plan_object(f"{trigger_action(spec)}__mdt", _action_type(spec), ACTION_FIELDS)
    for one in triggered:
        yield from _plan_actions(spec, one)
        if one.mapping is not None and publishes_changes(one.mapping):
            event = name_object(spec, one.mapping).event
            yield from plan_object(event, _event(spec, one.mapping), event_fields(one.mapping))


def plan_object(api_name: str, body: Body, fields: tuple[Body, ...]) -> Iterator[PlannedFile]:
    """An object and its fields, each in its own file."""
    yield generated(f"objects/{api_name}/{api_name}.object-meta.xml", MetadataXml("CustomObject", body))
    for field in fields:
        path = f"objects/{api_name}/fields/{field['fullName']}.field-meta.xml"
        yield generated(path, MetadataXml("CustomField", field))


def _kill_switch(spec: Spec) -> Body:
    return {
        "customSettingsType": "Hierarchy",
        "description": described(spec, "Turns the triggers off, for the whole org or for one profile or user."),
        "enableFeeds": False,
        "label": f"{spec.prefix} Automation",
        "visibility": "Public",
    }


KILL_SWITCH_FIELDS: tuple[Body, ...] = (
    {
        "fullName": "Is_Off__c",
        "defaultValue": "false",
        "description": "While this is on, no trigger of the kit runs: nothing is guarded, no change is published.",
        "label": "Is Off",
        "trackTrending": False,
        "type": "Checkbox",
    },
)


def _action_type(spec: Spec) -> Body:
    return {
        "description": described(spec, "One trigger action of one object; the lowest order runs first."),
        "label": f"{spec.prefix} Trigger Action",
        "pluralLabel": f"{spec.prefix} Trigger Actions",
        "visibility": "Public",
    }


def managed_text(name: str, label: str, length: int) -> Body:
    """A required text field of a custom metadata type."""
    return {
        "fullName": name,
        "fieldManageability": "DeveloperControlled",
        "label": label,
        "length": length,
        "required": True,
        "type": "Text",
        "unique": False,
    }


ACTION_FIELDS: tuple[Body, ...] = (
    managed_text("Object__c", "Object", 80),
    managed_text("Apex_Class__c", "Apex Class", 40),
    managed_text("Purpose__c", "Purpose", 255),
    {
        "fullName": "Order__c",
        "fieldManageability": "DeveloperControlled",
        "label": "Order",
        "precision": 4,
        "required": True,
        "scale": 0,
        "type": "Number",
        "unique": False,
    },
    {
        "fullName": "Is_Active__c",
        "defaultValue": "true",
        "fieldManageability": "SubscriberControlled",
        "label": "Is Active",
        "type": "Checkbox",
    },
)


@dataclass(frozen=True, slots=True)
class Triggered:
    """An object with a trigger: one that the CLM writes (`mapping`), one whose records ask for agreements, or both."""

    sobject: str
    stem: str
    mapping: ObjectMapping | None
    asks: bool


def triggered_objects(spec: Spec) -> list[Triggered]:
    """The objects that the CLM writes, then those that only ask."""
    asking = requested_objects(spec)
    guarded = [mapping for mapping in spec.objects if is_guarded(mapping)]
    written = {mapping.salesforce for mapping in guarded}
    return [
        *(Triggered(m.salesforce, name_object(spec, m).stem, m, m.salesforce in asking) for m in guarded),
        *(Triggered(name, pascal(name.removesuffix("__c")), None, True) for name in asking if name not in written),
    ]


def actions_of(spec: Spec, triggered: Triggered) -> list[tuple[str, int, str]]:
    """The rows of ACTIONS that have something to do for the object."""
    mapping = triggered.mapping
    needed = {
        "NoticeDay": mapping is not None and notice_terms(spec, mapping) is not None,
        "OwnershipGuard": mapping is not None,
        "StaleVersionGuard": mapping is not None and mapping.version is not None,
        "ChangePublisher": mapping is not None and publishes_changes(mapping),
        "ContractRequester": triggered.asks,
    }
    return [row for row in ACTIONS if needed[row[0]]]


def _plan_actions(spec: Spec, triggered: Triggered) -> Iterator[PlannedFile]:
    for action, order, purpose in actions_of(spec, triggered):
        record = f"{trigger_action(spec)}.{triggered.stem}_{action}"
        body: Body = {
            "label": f"{triggered.stem} {action}",
            "protected": False,
            "values": [
                {"field": "Apex_Class__c", "value": Typed("xsd:string", f"{spec.prefix}_{action}")},
                {"field": "Is_Active__c", "value": Typed("xsd:boolean", "true")},
                {"field": "Object__c", "value": Typed("xsd:string", triggered.sobject)},
                {"field": "Order__c", "value": Typed("xsd:double", f"{order}.0")},
                {"field": "Purpose__c", "value": Typed("xsd:string", purpose)},
            ],
        }
        yield generated(f"customMetadata/{record}.md-meta.xml", MetadataXml("CustomMetadata", body))


def _event(spec: Spec, mapping: ObjectMapping) -> Body:
    return {
        "deploymentStatus": "Deployed",
        "description": described(spec, f"People changed a field of {mapping.label} that the CLM listens to."),
        "eventType": "HighVolume",
        "label": f"{spec.prefix} {mapping.label} Change",
        "pluralLabel": f"{spec.prefix} {mapping.label} Changes",
        "publishBehavior": "PublishAfterCommit",
    }


def event_fields(mapping: ObjectMapping) -> tuple[Body, ...]:
    """The fields of a change event: which record, at which revision, which fields, by whom; never the values."""
    rows = (
        event_text("Key__c", "Key", mapping.key.type.length, "Key of the row in the CLM."),
        event_text("Record_Id__c", "Record Id", 18, "The changed record."),
        event_text("Changed_By__c", "Changed By", 18, "The user who changed it."),
        {
            **event_base("Fields__c", "Fields", "API names of the changed fields, separated by ';'."),
            "length": 32768,
            "type": "LongTextArea",
            "visibleLines": 3,
        },
        {
            **event_base("Revision__c", "Revision", "The CLM revision that the record held when it was changed."),
            "precision": 18,
            "required": False,
            "scale": 0,
            "type": "Number",
            "unique": False,
        },
    )
    return tuple(rows)


def event_base(name: str, label: str, description: str) -> Body:
    return {
        "fullName": name,
        "description": description,
        "externalId": False,
        "isFilteringDisabled": False,
        "isNameField": False,
        "isSortingDisabled": False,
        "label": label,
    }


def event_text(name: str, label: str, length: int, description: str) -> Body:
    base = event_base(name, label, description)
    return {**base, "length": length, "required": True, "type": "Text", "unique": False}
