"""Entries of a permission set: its creation and end, and what of its content changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from orgtwin.audit.entries import Change, Entry, Words
from orgtwin.metadata.component import Component
from orgtwin.metadata.xml import Node
from orgtwin.schema.model import Schema

_SECTION = "Manage Users"
_NO_ACCESS = "No Access"
_RIGHTS: Mapping[str, str] = {
    "allowRead": "Read",
    "allowCreate": "Create",
    "allowEdit": "Edit",
    "allowDelete": "Delete",
    "viewAllRecords": "View All",
    "modifyAllRecords": "Modify All",
}
_ON_OFF = ("disabled", "enabled")


def permission_set_entries(schema: Schema, change: Change, words: Words) -> Iterator[Entry]:
    if change.after is None:
        yield Entry("PermSetDelete", _SECTION, f"Deleted permission set {words.label}")
        return
    if change.before is None:
        yield created(words.label, change.after.body.value("license"))
    yield from _properties(change, words)
    for told in _TOLD:
        yield from told(schema, change, f"Changed permission set {words.label}:")


def created(label: str, license_name: str | None) -> Entry:
    if license_name is None:
        return Entry("PermSetCreateNoLicense", _SECTION, f"Created permission set {label}: with no license")
    return Entry("PermSetCreate", _SECTION, f"Created permission set {label}: with User License {license_name}")


def _properties(change: Change, words: Words) -> Iterator[Entry]:
    if change.before is None:
        return
    start = f"Changed permission set {words.label}:"
    before, after = change.value("label")
    if before != after:
        yield Entry("PermSetLabelChange", _SECTION, f"{start} Master Label was changed from {before} to {after}")
    before, after = change.value("description")
    if before != after:
        yield Entry("PermSetDescriptionChange", _SECTION, f"{start} description was changed")


def _objects(schema: Schema, change: Change, start: str) -> Iterator[Entry]:
    for name, before, after in _moved(change, "objectPermissions", "object", _rights, _NO_ACCESS):
        text = f"{start} {_object(schema, name)} object permissions were changed from {before} to {after}"
        yield Entry("PermSetEntityPermChanged", _SECTION, text)


def _fields(schema: Schema, change: Change, start: str) -> Iterator[Entry]:
    for name, before, after in _moved(change, "fieldPermissions", "field", _field_access, _NO_ACCESS):
        shown = field_shown(schema, name)
        text = f"{start} field-level security for {shown} was changed from {before} to {after}"
        yield Entry("PermSetFlsChanged", _SECTION, text)


def _user_permissions(_schema: Schema, change: Change, start: str) -> Iterator[Entry]:
    for name, before, after in _moved(change, "userPermissions", "name", _enabled, "disabled"):
        action = "PermSetEnableUserPerm" if after == "enabled" else "PermSetDisableUserPerm"
        yield Entry(action, _SECTION, f"{start} {name} permission was changed from {before} to {after}")


def _entities(_schema: Schema, change: Change, start: str) -> Iterator[Entry]:
    for tag, key, kind, noun in _ACCESSES:
        for name, _before, after in _moved(change, tag, key, _enabled, "disabled"):
            action = f"SetupEntityAccessAudit_PermissionSet_{kind}_{after.capitalize()}"
            yield Entry(action, _SECTION, f"{start} {name} {noun} was {after}")


_ACCESSES = (
    ("classAccesses", "apexClass", "ApexClass", "Apex class access"),
    ("pageAccesses", "apexPage", "ApexPage", "Visualforce page access"),
    ("customPermissions", "name", "CustomPermission", "Custom Permission"),
    ("customMetadataTypeAccesses", "name", "CustomEntityDefinition", "Custom Metadata Type"),
)


def _record_types(schema: Schema, change: Change, start: str) -> Iterator[Entry]:
    for name, _before, after in _moved(change, "recordTypeVisibilities", "recordType", _visible, "disabled"):
        owner, _, record_type = name.partition(".")
        action, ends = _ADDED if after == "enabled" else _REMOVED
        yield Entry(action, _SECTION, f"{start} {record_type} record type was {ends} {_object(schema, owner)} object")


_ADDED = ("PermSetRecordTypeAdded", "added to")
_REMOVED = ("PermSetRecordTypeRemoved", "removed from")
_TOLD = (_objects, _fields, _user_permissions, _entities, _record_types)


def _moved(
    change: Change, tag: str, key: str, shown: Callable[[Node], str], nothing: str
) -> Iterator[tuple[str, str, str]]:
    """(name, before, after) of each entry of the file that says something else now."""
    before, after = (_by_name(component, tag, key, shown) for component in (change.before, change.after))
    for name in (*after, *(name for name in before if name not in after)):
        was, now = before.get(name, nothing), after.get(name, nothing)
        if was != now:
            yield name, was, now


def _by_name(component: Component | None, tag: str, key: str, shown: Callable[[Node], str]) -> dict[str, str]:
    return {} if component is None else {node.value(key) or "": shown(node) for node in component.body.all(tag)}


def _rights(node: Node) -> str:
    return ", ".join(word for tag, word in _RIGHTS.items() if node.flag(tag)) or _NO_ACCESS


def _field_access(node: Node) -> str:
    """ "Edit" and "No Access" are the words of recorded entries; ASSUMED: "Read"."""
    if node.flag("editable"):
        return "Edit"
    return "Read" if node.flag("readable") else _NO_ACCESS


def _enabled(node: Node) -> str:
    return _ON_OFF[node.flag("enabled")]


def _visible(node: Node) -> str:
    return _ON_OFF[node.flag("visible")]


def _object(schema: Schema, name: str) -> str:
    found = schema.find_type(name)
    return name if found is None else found.label


def field_shown(schema: Schema, path: str) -> str:
    """`Opportunity.Amount` as "Opportunity: Amount", by labels."""
    owner, _, name = path.partition(".")
    found = schema.find_type(owner)
    field = found.find_field(name) if found is not None else None
    return f"{_object(schema, owner)}: {name if field is None else field.label}"
