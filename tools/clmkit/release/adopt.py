"""Write drift into the mapping: what an org says otherwise of a component becomes edits of the spec's text. Pure.

Only what a mapping says in words of its own is adopted: measures, labels, descriptions, help, history, required, unique, tags, who
may read or edit a field; labels of picklist values and whether they are retired, categories of statuses, record types, validation
rules; names and texts of objects and roles; pages, list views, reports and the app. Everything else is reverted, accepted, or
written by a person, who alone knows the CLM's side of it (`NO_WORD` says why, kind by kind). An overlay takes it over below
`change`, for its org alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from clmkit.codegen.names import banner
from clmkit.codegen.project import plan_project
from clmkit.mapping.loader import ReadBase, load_bytes
from clmkit.mapping.model import FieldKind, FieldMapping, ObjectMapping, Role, Spec
from clmkit.release.adopt_checks import adopt_check, adopt_record_type
from clmkit.release.adopt_lists import adopt_app, adopt_list_view, adopt_report, adopt_tab
from clmkit.release.adopt_pages import adopt_compact_layout, adopt_layout, adopt_record_page
from clmkit.release.adopt_values import adopt_global_set, adopt_statuses, adopt_value
from clmkit.release.adopt_words import NO_WORD, TAGS, TEXTS, adopt_object, write_tags, write_text
from clmkit.release.components import ORDER, ComponentChange, Components, ElementChange, Elements, Key
from clmkit.release.judge_components import GRANT, MEASURES
from clmkit.release.plan import read_project
from clmkit.release.spec_edit import AdoptError, AnyEdit, Edit, EditError, edit_text

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
    work = _Work(name, read_base)
    written, adopted, done = work.write(text, spec, changes)
    if any(change.key.metadata_type == "CustomObject" for change in changes):
        following = _find_following(spec, adopted, {change.key for change in changes})
        written, adopted, pinned = work.write(written, adopted, following) if following else (written, adopted, [])
        done += pinned
    asked = _render_adoptable(adopted)
    for change in changes:
        left = [path for path in _differing(asked.get(change.key, {}), change.after or {}) if path not in BANNERED]
        if left:
            raise AdoptError(
                f"{change.key}: {', '.join(show_place(path) for path in left)} would still differ from the org; nothing was written"
            )
    return Adoption(written, tuple(done))


@dataclass(frozen=True, slots=True)
class _Work:
    """The mapping that is written to: its name, and what reads the one below an overlay."""

    name: str
    read_base: ReadBase | None

    def write(self, text: str, spec: Spec, changes: Sequence[ComponentChange]) -> tuple[str, Spec, list[Edit]]:
        """The new text, what it says, and what was written. Raises AdoptError."""
        edits = [edit for change in changes for edit in plan_adoption(spec, change)]
        if spec.org:
            edits = [replace(edit, path=("change", *edit.path)) for edit in edits]
        try:
            written, done = edit_text(text, edits, grows=bool(spec.org))
        except EditError as error:
            raise AdoptError(f"{self.name}: {error}") from error
        loaded = load_bytes(written.encode(), self.name, self.read_base)
        if loaded.spec is None:
            finding = loaded.errors[0]
            raise AdoptError(
                f"{self.name}: would be wrong with it: {finding.code}: {finding.message}; nothing was written"
            )
        return written, loaded.spec, done


def _find_following(before: Spec, after: Spec, adopted: Collection[Key]) -> list[ComponentChange]:
    """Pages whose words follow from another name of an object: what the org has them say is written, too."""
    old, new = _render_adoptable(before), _render_adoptable(after)
    pages = (key for key in old.keys() & new.keys() if key.metadata_type in PAGES and key not in adopted)
    return [ComponentChange(key, new[key], old[key]) for key in sorted(pages) if new[key] != old[key]]


PAGES = frozenset(("CustomApplication", "FlexiPage", "Layout", "ListView", "Report"))


def show_place(path: str) -> str:
    """The path of an element in a message: an order is told by the name of what is ordered."""
    return path.removesuffix(ORDER)


def _render_adoptable(spec: Spec) -> Components:
    """What the mapping asks for of the kinds that are adopted."""
    files = {file.path: file.render() for file in plan_project(spec).files if ADOPTABLE.search(file.path)}
    return read_project(files, spec.api_version).components


ADOPTABLE = re.compile(
    "/(applications|compactLayouts|fields|flexipages|globalValueSets|layouts|listViews|permissionsets|recordTypes|reports"
    "|standardValueSets|tabs|validationRules)/|[.]object-"
)
BANNERED = frozenset(("description",))
"""Elements that the generator ends with its own words."""


def _differing(one: Elements, other: Elements) -> list[str]:
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


def plan_adoption(spec: Spec, change: ComponentChange) -> tuple[AnyEdit, ...]:
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
        return _require_words(change, PARTS[change.key.metadata_type](spec, change))
    why = NO_WORD.get(change.key.metadata_type)
    raise AdoptError(
        f"{change.key}: a mapping has no word for it{f': {why}' if why else ''}; revert it in the org, or accept it until a day"
    )


def _require_words(change: ComponentChange, edits: Iterator[AnyEdit]) -> tuple[AnyEdit, ...]:
    """The edits that say something. Raises AdoptError when there is none."""
    found = tuple(edit for edit in edits if isinstance(edit, Edit) or edit.base != edit.value)
    if not found:
        paths = ", ".join(f"`{show_place(element.path)}`" for element in change.elements)
        raise AdoptError(f"{change.key}: the mapping has no word for {paths}; revert it, or accept it until a day")
    return found


PARTS = {
    "CompactLayout": adopt_compact_layout,
    "CustomApplication": adopt_app,
    "CustomObject": adopt_object,
    "CustomTab": adopt_tab,
    "FlexiPage": adopt_record_page,
    "GlobalValueSet": adopt_global_set,
    "Layout": adopt_layout,
    "ListView": adopt_list_view,
    "RecordType": adopt_record_type,
    "Report": adopt_report,
    "StandardValueSet": adopt_statuses,
    "ValidationRule": adopt_check,
}


def _edit_elements(spec: Spec, place: _Place, change: ComponentChange) -> Iterator[Edit]:
    values = spec.get_value_map(place.field.type.value_map) if place.field.type.value_map else None
    if any(element.path in TAGS for element in change.elements):
        yield write_tags(change.key, place.path, place.field.tags, change.after or {})
    for element in change.elements:
        if values is not None and element.path.startswith("valueSet."):
            yield from adopt_value(change.key, values, element)
        elif element.path not in TAGS:
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
