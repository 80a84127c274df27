"""The metadata that the generated Apex runs on: kill switch, order of the trigger actions, change events.

Sources: Metadata API Developer Guide, "CustomObject" (custom settings, platform events) and "CustomMetadata"; Platform Events
Developer Guide, "Publish Behavior": only PublishAfterCommit keeps an event of a rolled-back save from being heard.
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.codegen.names import described, kill_switch, name_object, trigger_action
from clmkit.codegen.plan import MetadataXml, PlannedFile, generated
from clmkit.codegen.rules import is_guarded, publishes_changes
from clmkit.codegen.xml import Body, Typed
from clmkit.mapping.model import ObjectMapping, Spec

# The actions of a guarded object, in their order: Apex class without prefix, position, what it is for.
ACTIONS = (
    ("OwnershipGuard", 10, "Refuses a change of a field that the CLM owns unless the integration user makes it."),
    ("StaleVersionGuard", 20, "Refuses a revision that is older than the one the record holds."),
    ("ChangePublisher", 30, "Tells the sync that people changed a field the CLM listens to."),
)


def plan_runtime(spec: Spec) -> Iterator[PlannedFile]:
    """Kill switch, custom metadata type with its records, change events."""
    guarded = [mapping for mapping in spec.objects if is_guarded(mapping)]
    if not guarded:
        return
    yield from _plan_object(kill_switch(spec), _kill_switch(spec), KILL_SWITCH_FIELDS)
    yield from _plan_object(f"{trigger_action(spec)}__mdt", _action_type(spec), ACTION_FIELDS)
    for mapping in guarded:
        yield from _plan_actions(spec, mapping)
        if publishes_changes(mapping):
            yield from _plan_object(name_object(spec, mapping).event, _event(spec, mapping), event_fields(mapping))


def _plan_object(api_name: str, body: Body, fields: tuple[Body, ...]) -> Iterator[PlannedFile]:
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


def _managed_text(name: str, label: str, length: int) -> Body:
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
    _managed_text("Object__c", "Object", 80),
    _managed_text("Apex_Class__c", "Apex Class", 40),
    _managed_text("Purpose__c", "Purpose", 255),
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


def actions_of(mapping: ObjectMapping) -> list[tuple[str, int, str]]:
    """The rows of ACTIONS that have something to do for the object."""
    needed = {"StaleVersionGuard": mapping.version is not None, "ChangePublisher": publishes_changes(mapping)}
    return [row for row in ACTIONS if needed.get(row[0], True)]


def _plan_actions(spec: Spec, mapping: ObjectMapping) -> Iterator[PlannedFile]:
    stem = name_object(spec, mapping).stem
    for action, order, purpose in actions_of(mapping):
        record = f"{trigger_action(spec)}.{stem}_{action}"
        body: Body = {
            "label": f"{stem} {action}",
            "protected": False,
            "values": [
                {"field": "Apex_Class__c", "value": Typed("xsd:string", f"{spec.prefix}_{action}")},
                {"field": "Is_Active__c", "value": Typed("xsd:boolean", "true")},
                {"field": "Object__c", "value": Typed("xsd:string", mapping.salesforce)},
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
        _event_text("Key__c", "Key", mapping.key.type.length, "Key of the row in the CLM."),
        _event_text("Record_Id__c", "Record Id", 18, "The changed record."),
        _event_text("Changed_By__c", "Changed By", 18, "The user who changed it."),
        {
            **_event_base("Fields__c", "Fields", "API names of the changed fields, separated by ';'."),
            "length": 32768,
            "type": "LongTextArea",
            "visibleLines": 3,
        },
        {
            **_event_base("Revision__c", "Revision", "The CLM revision that the record held when it was changed."),
            "precision": 18,
            "required": False,
            "scale": 0,
            "type": "Number",
            "unique": False,
        },
    )
    return tuple(rows)


def _event_base(name: str, label: str, description: str) -> Body:
    return {
        "fullName": name,
        "description": description,
        "externalId": False,
        "isFilteringDisabled": False,
        "isNameField": False,
        "isSortingDisabled": False,
        "label": label,
    }


def _event_text(name: str, label: str, length: int, description: str) -> Body:
    base = _event_base(name, label, description)
    return {**base, "length": length, "required": True, "type": "Text", "unique": False}
