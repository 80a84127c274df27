"""Write drift into the mapping: what an org says otherwise of a component becomes edits of the spec's text. Pure.

Only what a mapping says in words of its own is adopted: measures, labels, descriptions, help, history, required, unique, who may
read or edit a field; labels of picklist values and whether they are retired, categories of statuses, record types, validation
rules; names and texts of objects, roles, list views and the app. Everything else is reverted, accepted, or written by a person, who
alone knows the CLM's side of it (`NO_WORD` says why, kind by kind). An overlay takes it over below `change`, for its org alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from clmkit.codegen.names import banner
from clmkit.codegen.project import plan_project
from clmkit.mapping.loader import ReadBase, load_bytes
from clmkit.mapping.model import FieldKind, FieldMapping, ObjectMapping, Role, Spec
from clmkit.release.adopt_checks import adopt_check, adopt_record_type
from clmkit.release.adopt_values import adopt_global_set, adopt_statuses, adopt_value
from clmkit.release.adopt_words import NO_WORD, TEXTS, adopt_app, adopt_list_view, adopt_object, write_text
from clmkit.release.components import ComponentChange, Components, ElementChange, Elements, Key
from clmkit.release.judge_components import GRANT, MEASURES
from clmkit.release.plan import read_project
from clmkit.release.spec_edit import AdoptError, Edit, EditError, edit_text

PLAIN = {
    "label": "label",
    "inlineHelpText": "help",
    "description": "description",
}
SWITCHES = {"trackHistory": "track_history", "required": "required", "unique": "unique"}
RIGHTS = {"readable": "audience", "editable": "editors"}
NESTED = frozenset((FieldKind.NUMBER, FieldKind.CURRENCY, FieldKind.PERCENT, FieldKind.ENCRYPTED_TEXT))
"""Types whose measures have names: `{number: {precision: 18, scale: 2}}`; the others are `{text: 80}`."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A field of the mapping and where it is written."""

    mapping: ObjectMapping
    field: FieldMapping

    @property
    def path(self) -> tuple[str, ...]:
        below = {Role.KEY: ("key",), Role.VERSION: ("version",), Role.PARENT: ("parents", self.field.name)}
        return ("objects", self.mapping.name, *below.get(self.field.role, ("fields", self.field.name)))


@dataclass(frozen=True, slots=True)
class Adoption:
    """The new text of the mapping, and what was written where."""

    text: str
    edits: tuple[Edit, ...]


def adopt(
    text: str, name: str, spec: Spec, changes: Sequence[ComponentChange], read_base: ReadBase | None = None
) -> Adoption:
    """The mapping's text `name`, saying of these components what the org does. `read_base` reads what lies under an overlay.

    Raises AdoptError when it cannot be said, when the mapping would be wrong, or when it would still ask for something else.
    """
    edits = [edit for change in changes for edit in plan_adoption(spec, change)]
    try:
        if spec.org:
            edits = [Edit(("change", *edit.path), edit.value) for edit in edits]
        written, done = edit_text(text, edits, grows=bool(spec.org))
    except EditError as error:
        raise AdoptError(f"{name}: {error}") from error
    loaded = load_bytes(written.encode(), name, read_base)
    if loaded.spec is None:
        finding = loaded.errors[0]
        raise AdoptError(f"{name}: would be wrong with it: {finding.code}: {finding.message}; nothing was written")
    asked = _render_adoptable(loaded.spec)
    for change in changes:
        left = [path for path in _differing(asked.get(change.key, {}), change.after or {}) if path not in BANNERED]
        if left:
            raise AdoptError(f"{change.key}: {', '.join(left)} would still differ from the org; nothing was written")
    return Adoption(written, tuple(done))


def _render_adoptable(spec: Spec) -> Components:
    """What the mapping asks for of the kinds that are adopted."""
    files = {file.path: file.render() for file in plan_project(spec).files if ADOPTABLE.search(file.path)}
    return read_project(files, spec.api_version).components


ADOPTABLE = re.compile(
    "/(applications|fields|globalValueSets|listViews|permissionsets|recordTypes|standardValueSets|validationRules)/|[.]object-"
)
BANNERED = frozenset(("description",))
"""Elements that the generator ends with its own words."""


def _differing(one: Elements, other: Elements) -> list[str]:
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


def plan_adoption(spec: Spec, change: ComponentChange) -> tuple[Edit, ...]:
    """The edits that make the mapping say what the org does. Raises AdoptError for what a mapping cannot say, and names it."""
    places = {
        f"{mapping.salesforce}.{field.salesforce}": _Place(mapping, field)
        for mapping in spec.objects
        for field in mapping.columns
    }
    if change.before is None or change.after is None:
        raise AdoptError(f"{change.key}: came or went as a whole; write it into the mapping by hand, or revert it")
    if change.key.metadata_type == "CustomField" and change.key.full_name in places:
        return tuple(_edit_elements(spec, places[change.key.full_name], change))
    if change.key.metadata_type == "PermissionSet":
        return tuple(_edit_rights(spec, places, change))
    if change.key.metadata_type in PARTS:
        return tuple(PARTS[change.key.metadata_type](spec, change))
    why = NO_WORD.get(change.key.metadata_type)
    raise AdoptError(
        f"{change.key}: a mapping has no word for it{f': {why}' if why else ''}; revert it in the org, or accept it until a day"
    )


PARTS = {
    "CustomApplication": adopt_app,
    "CustomObject": adopt_object,
    "GlobalValueSet": adopt_global_set,
    "ListView": adopt_list_view,
    "RecordType": adopt_record_type,
    "StandardValueSet": adopt_statuses,
    "ValidationRule": adopt_check,
}


def _edit_elements(spec: Spec, place: _Place, change: ComponentChange) -> Iterator[Edit]:
    values = spec.get_value_map(place.field.type.value_map) if place.field.type.value_map else None
    for element in change.elements:
        if values is not None and element.path.startswith("valueSet."):
            yield from adopt_value(change.key, values, element)
        else:
            yield _edit_field(spec, place, change.key, element)


def _edit_field(spec: Spec, place: _Place, key: Key, element: ElementChange) -> Edit:
    if element.path in MEASURES:
        return Edit((*place.path, *_measure(place.field, element.path)), int(element.after or "0"))
    if element.path in SWITCHES:
        return Edit((*place.path, SWITCHES[element.path]), element.after == "true")
    if element.path in PLAIN and element.after:
        return Edit((*place.path, PLAIN[element.path]), element.after.removesuffix(banner(spec)).rstrip())
    raise AdoptError(
        f"{key}: the mapping cannot take over `{element.path}` ({element.before or 'none'} -> {element.after or 'none'}); "
        "write it by hand, revert it, or accept it until a day"
    )


def _measure(field: FieldMapping, element: str) -> tuple[str, ...]:
    kind = field.type.kind
    if field.role is Role.KEY:
        return (element,)
    return ("type", kind.value, element) if kind in NESTED else ("type", kind.value)


def _edit_rights(spec: Spec, places: Mapping[str, _Place], change: ComponentChange) -> Iterator[Edit]:
    audience = next((one for one in spec.audiences if one.permission_set == change.key.full_name), None)
    for element in change.elements:
        if audience is not None and element.path in TEXTS and element.after:
            yield write_text(spec, change.key, ("audiences", audience.name), TEXTS, element)
            continue
        match = GRANT.match(element.path)
        group, name, right = match.groups() if match else ("", "", "")
        if group != "fieldPermissions" or audience is None or name not in places:
            raise AdoptError(
                f"{change.key}: the mapping cannot take over `{element.path}`; revert it, or accept it until a day"
            )
        if right not in RIGHTS:
            continue
        field = places[name].field
        allowed = field.audience if right == "readable" else field.editors
        names = [one for one in allowed if one != audience.name] + [audience.name] * bool(element.after)
        yield Edit((*places[name].path, RIGHTS[right]), names)
