"""What a difference between two states of an org's metadata means: the same kinds, rules and classes as for a mapping. Pure.

One component may change in several ways; each way is told once, with the elements that show it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from clmkit.mapping.model import FieldKind, FieldType
from clmkit.release.changes import Change
from clmkit.release.compare_types import is_smaller, kind_of_retype
from clmkit.release.components import ComponentChange, ElementChange, Elements, Key

KINDS = {kind.metadata_name: kind for kind in FieldKind}

ADDED = {
    "CustomField": "field_added",
    "CustomObject": "object_added",
    "PermissionSet": "audience_added",
}
GONE = {
    "CustomField": "field_dropped",
    "CustomObject": "object_dropped",
    "PermissionSet": "audience_dropped",
}
"""Metadata type -> kind when a whole component came or went; every other type has COMPONENT_ADDED and COMPONENT_GONE."""
COMPONENT_ADDED, COMPONENT_GONE, COMPONENT_CHANGED = "component_added", "component_dropped", "component_updated"

Switch = tuple[str, str]
FIELD_SWITCHES: Mapping[str, Switch] = {
    "required": ("field_made_required", "field_freed"),
    "unique": ("field_made_unique", "field_freed"),
    "externalId": ("external_id_added", "external_id_dropped"),
    "trackHistory": ("history_started", "history_stopped"),
}
FIELD_ELEMENTS: Mapping[str, str] = {
    "caseSensitive": "field_case_changed",
    "referenceTo": "relationship_repointed",
    "relationshipName": "relationship_renamed",
    "valueSet.valueSetName": "value_set_swapped",
    "valueSet.restricted": "value_policy_changed",
    "complianceGroup": "tags_changed",
    "securityClassification": "tags_changed",
    "visibleLines": "layout_changed",
    "deleteConstraint": "dependency_changed",
}
MEASURES = frozenset(("length", "precision", "scale"))
OBJECT_ELEMENTS: Mapping[str, str] = {
    "sharingModel": "sharing_changed",
    "nameField.displayFormat": "record_name_changed",
}
VALUE = re.compile(r"^(?:valueSet\.valueSetDefinition\.value|customValue|standardValue)\[(.*)\]\.(\w+)$")
VALUE_WORDS = {"StandardValueSet": ("status_added", "status_dropped", "status_changed")}
GRANT = re.compile(r"^(\w+)\[(.*)\]\.(\w+)$")
EDITS = frozenset(("editable", "allowCreate", "allowEdit", "allowDelete", "modifyAllRecords"))
IDENTIFYING = frozenset(("field", "object", "apexClass", "name", "fullName"))


def judge_components(changes: Sequence[ComponentChange]) -> tuple[Change, ...]:
    """Every way in which the components change from before to after."""
    return tuple(dict.fromkeys(found for change in changes for found in _judge(change)))


def _judge(change: ComponentChange) -> Iterator[Change]:
    key = change.key
    if change.before is None:
        yield Change(
            ADDED.get(key.metadata_type, COMPONENT_ADDED), str(key), key.full_name, "", _describe(change.after)
        )
    elif change.after is None:
        yield Change(GONE.get(key.metadata_type, COMPONENT_GONE), str(key), key.full_name, _describe(change.before), "")
    else:
        yield from _JUDGES.get(key.metadata_type, _judge_other)(key, change)


def _describe(elements: Elements | None) -> str:
    """The type of a field, nothing for other components."""
    measures = type_of(elements or {})
    if measures is None:
        return ""
    name, length = measures.kind.metadata_name, measures.length
    return (
        f"{name}({measures.precision},{measures.scale})"
        if measures.precision
        else f"{name}({length})"
        if length
        else name
    )


def type_of(elements: Elements) -> FieldType | None:
    """The type of a CustomField; None for a type that no mapping can have."""
    kind = KINDS.get(elements.get("type", ""))
    if kind is None:
        return None
    length, precision, scale = (int(elements.get(name, "0")) for name in ("length", "precision", "scale"))
    return FieldType(
        kind=kind, length=length, precision=precision, scale=scale, reference_to=elements.get("referenceTo", "")
    )


def _judge_field(key: Key, change: ComponentChange) -> Iterator[Change]:
    subject, target = str(key), key.full_name
    before, after = type_of(change.before or {}), type_of(change.after or {})
    words = _describe(change.before), _describe(change.after)
    is_retyped = any(element.path == "type" for element in change.elements)
    if is_retyped and (before is None or after is None):
        yield Change("field_retyped", subject, target, *_values(change, "type"))
    elif is_retyped and before is not None and after is not None:
        yield Change(kind_of_retype(before, after), subject, target, *words)
    elif before is not None and after is not None and any(element.path in MEASURES for element in change.elements):
        yield Change("field_shortened" if is_smaller(before, after) else "field_lengthened", subject, target, *words)
    for element in change.elements:
        if element.path == "type" or element.path in MEASURES or (is_retyped and not _says_itself(element)):
            continue
        if element.path == "required" and before is not None and before.kind is FieldKind.MASTER_DETAIL:
            continue  # a master-detail is required without saying so
        yield from _judge_element(element, subject, target, is_custom_field=True)


def _says_itself(element: ElementChange) -> bool:
    """Whether a retyped field's element is told beside the new type: its other elements follow from the type."""
    return element.path in ("label", "description", "required", "unique", "externalId")


def _values(change: ComponentChange, path: str) -> tuple[str, str]:
    return (change.before or {}).get(path, ""), (change.after or {}).get(path, "")


def _judge_element(element: ElementChange, subject: str, target: str, *, is_custom_field: bool) -> Iterator[Change]:
    if element.path in FIELD_SWITCHES and is_custom_field:
        on, off = FIELD_SWITCHES[element.path]
        yield Change(on if element.after == "true" else off, subject, target, *_said(element))
    elif VALUE.match(element.path):
        yield from _judge_value(element, subject, target, ("value_added", "value_dropped", "value_policy_changed"))
    else:
        kind = FIELD_ELEMENTS.get(element.path, "wording_changed")
        yield Change(kind, subject, target, *_said(element))


def _said(element: ElementChange) -> tuple[str, str]:
    name = element.path.rpartition(".")[2]
    return f"{name}: {_short(element.before)}", f"{name}: {_short(element.after)}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return (line if len(line) <= 60 else f"{line[:57]}...") or "none"


def _judge_value(element: ElementChange, subject: str, target: str, words: tuple[str, str, str]) -> Iterator[Change]:
    """A value's fullName comes and goes with the value; its other elements count where the value stays."""
    match = VALUE.match(element.path)
    if match is None:
        return
    value, name = match.groups()
    added, dropped, changed = words
    if name == "fullName":
        yield Change(added if element.after else dropped, f"{subject}.{value}", target, element.before, element.after)
    elif name == "isActive" and changed == "value_policy_changed":
        yield Change("value_retired" if element.after else "value_restored", f"{subject}.{value}", target, value)
    elif name == "isActive" and not element.after:
        yield Change(added, f"{subject}.{value}", target, "", value)
    elif name == "isActive" or (name == "groupingString" and element.before and element.after):
        yield Change(changed, f"{subject}.{value}", target, *_said(element))
    elif element.before and element.after:
        yield Change("wording_changed", f"{subject}.{value}", target, *_said(element))


def _judge_values(key: Key, change: ComponentChange) -> Iterator[Change]:
    words = VALUE_WORDS.get(key.metadata_type, ("value_added", "value_dropped", "value_policy_changed"))
    for element in change.elements:
        if VALUE.match(element.path):
            yield from _judge_value(element, str(key), key.full_name, words)
        else:
            yield Change("wording_changed", str(key), key.full_name, *_said(element))


def _judge_object(key: Key, change: ComponentChange) -> Iterator[Change]:
    for element in change.elements:
        yield Change(OBJECT_ELEMENTS.get(element.path, "wording_changed"), str(key), key.full_name, *_said(element))


def _judge_permission_set(key: Key, change: ComponentChange) -> Iterator[Change]:
    """Each grant that came or went; what a grant is about is told by its name."""
    for element in change.elements:
        match = GRANT.match(element.path)
        if match is None:
            yield Change("wording_changed", str(key), key.full_name, *_said(element))
            continue
        _, about, right = match.groups()
        if right in IDENTIFYING:
            continue
        came, went = (
            ("editing_widened", "editing_narrowed") if right in EDITS else ("exposure_widened", "exposure_narrowed")
        )
        yield Change(came if element.after else went, f"{key}: {about}", about, *_said(element))


def _judge_settings(key: Key, change: ComponentChange) -> Iterator[Change]:
    for element in change.elements:
        yield Change("dependency_changed", str(key), key.full_name, *_said(element))


def _judge_other(key: Key, change: ComponentChange) -> Iterator[Change]:
    names = ", ".join(dict.fromkeys(element.path.partition("[")[0] for element in change.elements))
    yield Change(COMPONENT_CHANGED, str(key), key.full_name, "", _short(names))


_JUDGES: Mapping[str, Callable[[Key, ComponentChange], Iterator[Change]]] = {
    "CustomField": _judge_field,
    "CustomObject": _judge_object,
    "GlobalValueSet": _judge_values,
    "PermissionSet": _judge_permission_set,
    "Settings": _judge_settings,
    "StandardValueSet": _judge_values,
}
