"""What the trail says of a deployed component: one row a metadata type, and functions for those that tell more than one thing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from orgtwin.audit.entries import Change, Entry, Words, spaced, words_of
from orgtwin.audit.fields import field_entries
from orgtwin.audit.permissions import permission_set_entries
from orgtwin.schema.model import Schema

_TRIGGER_ON = re.compile(rb"\btrigger\s+\w+\s+on\s+(\w+)", re.IGNORECASE)


class Told(NamedTuple):
    """The entries of a type: section, then (action, text) of a creation, a change and a deletion. {section}: the object's."""

    section: str
    created: tuple[str, str]
    changed: tuple[str, str]
    deleted: tuple[str, str]


def _verbs(section: str, noun: str, text: str) -> Told:
    """A type whose three entries differ in the verb alone: "{verb} {name} Apex Class code"."""
    return Told(
        section,
        *((f"{verb.lower()}{noun}", text.replace("{verb}", verb)) for verb in ("Created", "Changed", "Deleted")),
    )


TOLD: Mapping[str, Told] = {
    "ApexClass": _verbs("Apex Class", "ApexClass", "{verb} {name} Apex Class code"),
    "ApexTrigger": _verbs("Apex Trigger", "ApexTrigger", "{verb} {object} Trigger code: {name}"),
    "ApexComponent": _verbs("Component", "ApexComponent", "{verb} Component {name}"),
    "ApexPage": _verbs("Page", "ApexPage", "{verb} Page {name}"),
    "AuraDefinitionBundle": _verbs("Lightning Components", "AuraComponent", "{verb} {name} Aura Component"),
    "LightningComponentBundle": _verbs(
        "Lightning Components", "LightningWebComponent", "{verb} {name} Lightning Web Component"
    ),
    "FlexiPage": _verbs("Lightning Pages", "FlexiPage", "{verb} Lightning Page: {label}"),
    "StaticResource": _verbs(
        "Static Resource", "StaticResource", "{verb} Static Resource {name}"
    ),  # ASSUMED: the texts
    "CustomObject": Told(
        "Custom Objects",
        ("createdCustEnt", "Created custom object: {label}"),
        ("changedCustEnt", "Changed custom object: {label}"),  # ASSUMED
        ("deletedCustEnt", "Deleted custom object: {label}"),
    ),
    "CustomPermission": Told(
        "Custom Permissions",
        ("CustomPermissionCreate", "Created custom permission {name}"),
        ("CustomPermissionDescriptionChange", "Changed custom permission {name}: description was changed"),
        ("CustomPermissionDelete", "Deleted custom permission {name}"),
    ),
    "CustomApplication": Told(
        "Custom Apps",
        ("createdTabSet", "Created custom app {label}"),
        ("changedTabSetTabs", "Changed tabs of custom app {label}"),
        ("deletedTabSet", "Deleted custom app {label}"),
    ),
    "CustomTab": Told(
        "Custom Tabs",
        ("createdCustEntTab", "Created custom object tab: {object}"),
        ("changedCustomTabField", "Changed custom object tab: {object}"),  # ASSUMED: the text
        ("deletedCustEntTab", "Deleted custom object tab: {object}"),
    ),
    "CompactLayout": Told(
        "{section}",
        ("createdCompactLayout", "Created Compact Layout {label} on {object}"),
        ("changedCompactLayout", "Changed Compact Layout {label} on {object}"),  # ASSUMED
        ("deletedCompactLayout", "Deleted Compact Layout {label} on {object}"),  # ASSUMED
    ),
    "CustomMetadata": Told(
        "{section}",
        ("setupEntityObjectCreated", "{label} was created"),
        ("setupEntityObjectFieldUpdated", "{label} has changed"),  # ASSUMED: an org tells each field
        ("setupEntityObjectDeleted", "{label} was deleted"),
    ),
    "ExternalCredential": Told(
        "External Credentials",
        ("externalCredentialInsert", "Created a new external credential: {name}"),
        ("externalCredentialFieldChange", "Changed external credential: {name}"),  # ASSUMED: the text
        ("externalCredentialDelete", "Deleted external credential: {name}"),
    ),
    "NamedCredential": Told(
        "Named Credentials",
        ("namedCredentialInsert", "Created a new named credential: {name}"),
        ("namedCredentialParameterFieldsChange", "Changed named credential: {name}"),  # ASSUMED: the text
        ("namedCredentialDelete", "Deleted named credential: {name}"),
    ),
    "FieldSet": Told(
        "{section}",
        ("createdFieldSet", "Created Field Set {label} on {object}"),
        ("updatedFieldSet", "Changed Field Set {label} on {object}"),
        ("deletedFieldSet", "Deleted Field Set {label} on {object}"),
    ),
    "GlobalValueSet": Told(
        "Global Value Sets",
        ("createGlobalPicklist", "Created global picklist : {label}"),
        ("changedGlobalPicklist", "Changed global picklist : {label}"),  # ASSUMED
        ("deletedGlobalPicklist", "Deleted global picklist : {label}"),  # ASSUMED
    ),
    "MatchingRule": Told(
        "Matching Rule",
        ("createdMatchRule", "Created new {object} matching rule {label}"),
        ("changedMatchRule", "For matching rule {label}, changed the rule"),  # ASSUMED: an org tells what of it
        ("deletedMatchRule", "Deleted {object} matching rule {label}"),  # ASSUMED
    ),
    "PermissionSetGroup": Told(
        "Permission Set Group",
        ("PermissionSetGroupCreate", "Created permission set group {name}"),
        ("PermissionSetGroupChange", "Changed permission set group {name}"),  # ASSUMED: an org tells each member
        ("PermissionSetGroupDelete", "Deleted permission set group {name}"),
    ),
    "Queue": Told(
        "Data Management",
        ("createdqueue", "Created Queue {label}"),
        ("updatedqueue", "Updated Queue {label}"),
        ("deletedqueue", "Deleted Queue {label}"),  # ASSUMED
    ),
    "QuickAction": Told(
        "Global Actions",
        ("createdQuickAction", "Created Action: {name}"),
        ("changedQuickActionLayout", "Changed Action Layout for action: {name}"),
        ("deletedQuickAction", "Deleted Action: {name}"),
    ),
    **dict.fromkeys(
        ("SharingCriteriaRule", "SharingOwnerRule"),
        Told(
            "Sharing Rules",
            ("insertSharingRule", "Created {object} Sharing Rule {label}"),
            ("updateSharingRule", "Updated {object} Sharing Rule {label}"),
            ("deleteSharingRule", "Deleted {object} Sharing Rule {label}"),
        ),
    ),
}


def component_entries(schema: Schema, change: Change) -> Iterator[Entry]:
    """The entries of one component, in an org's order. `schema` is one that knows the objects that the texts name."""
    words, kind = words_of(schema, change.component), change.component.type
    special = _SPECIAL.get(kind)
    if special is not None:
        yield from special(schema, change, words)
    elif kind in TOLD:
        yield _plain(TOLD[kind], change, words)
    else:
        # ASSUMED: code and text of the types for which none was found
        text = f"{change.verb} {spaced(kind)} {change.component.full_name}"
        yield Entry(f"{change.verb.lower()}{kind}", spaced(kind), text)


def _plain(told: Told, change: Change, words: Words) -> Entry:
    action, text = {"Created": told.created, "Changed": told.changed, "Deleted": told.deleted}[change.verb]
    return Entry(action, told.section.format(**words._asdict()), text.format(**words._asdict()))


def _fields(_schema: Schema, change: Change, words: Words) -> Iterator[Entry]:
    return field_entries(change, words)


def _objects(_schema: Schema, change: Change, words: Words) -> Iterator[Entry]:
    """Custom metadata types have codes of their own; of a standard object only its parts are told."""
    name = change.component.full_name
    if name.endswith("__mdt") and change.verb != "Changed":
        action = "createdCustMdType" if change.verb == "Created" else "hardDeletedCustMdType"
        section = "Custom Metadata Types" if change.verb == "Created" else None
        yield Entry(action, section, f"{change.verb} custom metadata type: {words.label}")
    elif words.is_custom:
        before, after = change.value("label")
        if change.verb == "Changed" and before != after:
            text = f"Changed label for custom object from {before} to {after}"
            yield Entry("changedCustEntLabel", "Custom Objects", text)
        else:
            yield _plain(TOLD["CustomObject"], change, words)


def _triggers(schema: Schema, change: Change, words: Words) -> Iterator[Entry]:
    """The object is in the source."""
    found = _TRIGGER_ON.search(change.component.content or b"")
    name = found.group(1).decode() if found else ""
    owner = schema.find_type(name)
    yield _plain(TOLD["ApexTrigger"], change, words._replace(object=name if owner is None else owner.label))


def _validation_rules(_schema: Schema, change: Change, words: Words) -> Iterator[Entry]:
    section = "Validation Rules"
    if change.verb == "Created":
        yield Entry("newValidation", section, f'New {words.object} validation rule "{words.name}"')
    elif change.verb == "Deleted":
        yield Entry("removedValidation", section, f'Removed {words.object} validation "{words.name}"')
    for tag, action, noun in _RULE_PARTS if change.verb == "Changed" else ():
        before, after = change.value(tag)
        if before != after:
            ends = _flags(before, after) if tag == "active" else f'from "{before}" to "{after}"'
            yield Entry(action, section, f'Changed {noun} for {words.object} validation "{words.name}" {ends}')


_RULE_PARTS = (
    ("active", "changedValidationActive", "active flag"),
    ("errorConditionFormula", "changedValidationFormula", "formula"),
    ("errorDisplayField", "changedValidationLocation", "error location"),
    ("errorMessage", "changedValidationMessage", "error message"),
)


def _flags(*values: str | None) -> str:
    before, after = (int(value == "true") for value in values)
    return f"from {before} to {after}"


def _flows(_schema: Schema, change: Change, words: Words) -> Iterator[Entry]:
    section, unique = "Flows", f'with Name "{words.label}" and Unique Name "{words.name}"'
    if change.verb == "Created":
        yield Entry("createdinteractiondefinition", section, f"Created flow {unique}")
    elif change.verb == "Deleted":
        yield Entry("deletedinteractiondefinition", section, f"Deleted flow {unique}")
        return
    version = f'flow version "{words.label}" for flow with Unique Name "{words.name}"'
    yield Entry("createdinteractiondefversion", section, f"Created {version}")
    before, after = (status == "Active" for status in change.value("status"))
    if after is not before:
        verb = "Activated" if after else "Deactivated"
        yield Entry(f"{verb.lower()}interactiondefinition", section, f"{verb} flow {unique}")


def _layouts(_schema: Schema, change: Change, words: Words) -> Iterator[Entry]:
    """Layouts of standard objects have the object in their code: contractlayout."""
    owner, _, name = change.component.full_name.partition("-")
    code = "custentlayout" if words.is_custom else f"{owner.lower()}layout"
    action = f"created{code}" if change.verb == "Created" else code if change.verb == "Changed" else f"deleted{code}"
    yield Entry(action, words.section, f"{change.verb} {words.object} page layout {name}")


def _channel_members(_schema: Schema, change: Change, _words: Words) -> Iterator[Entry]:
    body = change.component.body
    entity = (body.value("selectedEntity") or "").removesuffix("ChangeEvent").removesuffix("__")
    channel, section = body.value("eventChannel"), "Change Data Capture"
    if change.verb == "Deleted":
        # ASSUMED: code and text
        text = f"Removed Change Data Capture entity {entity} from channel {channel}"
        yield Entry("changeDataCaptureDeletedWithChannel", section, text)
        return
    text = f"Added Change Data Capture entity {entity} to channel {channel}"
    yield Entry("changeDataCaptureCreatedWithChannel", section, text)


def _settings(_schema: Schema, change: Change, _words: Words) -> Iterator[Entry]:
    """The text is that of settings without one of their own; ASSUMED: the code, which an org has for each switch."""
    name = f"{change.component.full_name}Settings"
    yield Entry(name, spaced(name), f"Organization setup action: {name} has changed.")


_SPECIAL: Mapping[str, Callable[[Schema, Change, Words], Iterator[Entry]]] = {
    "ApexTrigger": _triggers,
    "CustomField": _fields,
    "CustomObject": _objects,
    "Flow": _flows,
    "Layout": _layouts,
    "PermissionSet": permission_set_entries,
    "PlatformEventChannelMember": _channel_members,
    "Settings": _settings,
    "ValidationRule": _validation_rules,
}
