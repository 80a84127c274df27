"""What people see of a record outside its page: page layout, compact layout, field set, list views.

A standard object keeps the layouts that its org has: only its compact layout, field set and list views are generated, and nothing
is assigned. A custom object's layout has the name of the one that an org makes with the object, which profiles then already show.
Sources: Metadata API Developer Guide, "Layout", "CompactLayout", "FieldSet", "ListView".
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.codegen.conditions import filter_items
from clmkit.codegen.names import compact_layout, described, owned_field_set
from clmkit.codegen.plan import MetadataXml, PlannedFile, generated
from clmkit.codegen.rules import is_guarded
from clmkit.codegen.xml import Body, Value
from clmkit.mapping.model import Display, FieldKind, FieldMapping, ObjectMapping, Owner, Role, Section, Spec
from clmkit.mapping.showing import find_column

NAME_COLUMNS = {"Contract": "CONTRACT.CONTRACT_NUMBER", "Account": "ACCOUNT.NAME", "Contact": "FULL_NAME"}
NAME_FIELDS = {"Contract": "ContractNumber"}
MOST_COMPACT_FIELDS = 10


def plan_layouts(spec: Spec) -> Iterator[PlannedFile]:
    """The layouts of custom objects; compact layout, field set and list views of everything that the CLM writes."""
    for display in spec.presentation.displays if spec.presentation else ():
        mapping = next((mapping for mapping in spec.objects if mapping.name == display.object), None)
        if mapping is None:
            continue
        if mapping.custom:
            path = f"layouts/{mapping.salesforce}-{mapping.label} Layout.layout-meta.xml"
            yield generated(path, MetadataXml("Layout", layout_body(spec, mapping, display)))
        if is_guarded(mapping):
            yield from _plan_parts(spec, mapping, display)


def _plan_parts(spec: Spec, mapping: ObjectMapping, display: Display) -> Iterator[PlannedFile]:
    parts = [
        ("compactLayouts", "compactLayout", "CompactLayout", compact_body(spec, mapping, display)),
        ("fieldSets", "fieldSet", "FieldSet", field_set_body(spec, mapping)),
        *(("listViews", "listView", "ListView", body) for body in list_views(mapping, display)),
    ]
    for folder, suffix, root, body in parts:
        path = f"objects/{mapping.salesforce}/{folder}/{body['fullName']}.{suffix}-meta.xml"
        yield generated(path, MetadataXml(root, body))


def layout_body(spec: Spec, mapping: ObjectMapping, display: Display) -> Body:
    """The sections of the spec, and below them every other field: an org asks for the required ones, people for the rest."""
    by_name = {field.name: field for field in mapping.fields}
    shown = [_section(section, [by_name[name] for name in section.fields]) for section in display.sections]
    placed = {name for section in display.sections for name in section.fields}
    rest = [
        field for field in mapping.columns if field.name not in placed and field.salesforce not in ("Name", "OwnerId")
    ]
    if rest:
        shown.append(_section(Section(label="Synchronisation", columns=2, fields=()), rest))
    body: dict[str, Value] = {
        "layoutSections": [_columns("Information", 2, _heading_items(mapping)), *shown],
        "showEmailCheckbox": False,
        "showHighlightsPanel": False,
        "showInteractionLogPanel": False,
        "showRunAssignmentRulesCheckbox": False,
        "showSubmitAndAttachButton": False,
    }
    if related := list(_related_lists(spec, mapping, display)):
        body["relatedLists"] = related
    return body


def _section(section: Section, fields: list[FieldMapping]) -> Body:
    items: list[Body] = [
        {"behavior": _behaviour(field), "field": field.salesforce}
        for field in fields
        if field.salesforce not in ("", "Name", "OwnerId")
    ]
    return _columns(section.label, section.columns, items)


def _columns(label: str, count: int, items: list[Body]) -> Body:
    size = -(-len(items) // count)
    chosen = [items[at * size : (at + 1) * size] for at in range(count)]
    return {
        "customLabel": label != "Information",
        "detailHeading": True,
        "editHeading": True,
        "label": label,
        "layoutColumns": [{"layoutItems": column} if column else {} for column in chosen],
        "style": "TwoColumnsLeftToRight" if count == 2 else "OneColumn",
    }


def _heading_items(mapping: ObjectMapping) -> list[Body]:
    """The name and the owner, which every layout has."""
    items: list[Body] = [{"behavior": "Readonly" if mapping.name_format else "Required", "field": "Name"}]
    if mapping.sharing != "ControlledByParent":
        items.append({"behavior": "Edit", "field": "OwnerId"})
    return items


def _behaviour(field: FieldMapping) -> str:
    """What the CLM owns is read-only here as it is in the permission sets; a required field says so."""
    if field.type.kind.is_computed:
        return "Readonly"
    if field.required or field.type.kind is FieldKind.MASTER_DETAIL:
        return "Required"
    return "Edit" if field.editors else "Readonly"


def _related_lists(spec: Spec, mapping: ObjectMapping, display: Display) -> Iterator[Body]:
    """The rows that hang below a record, with the columns of their own compact layout."""
    displays = {other.object: other for other in spec.presentation.displays} if spec.presentation else {}
    for child in spec.objects:
        for parent in child.parents:
            if child.name in display.related and parent.type.reference_to == mapping.salesforce and child.custom:
                names = displays[child.name].compact if child.name in displays else ()
                columns = [child.get_field(name).salesforce for name in names]
                fields = ["NAME", *(column for column in columns if column.endswith("__c"))]
                yield {"fields": fields, "relatedList": f"{child.salesforce}.{parent.salesforce}"}


def compact_body(spec: Spec, mapping: ObjectMapping, display: Display) -> Body:
    """The fields of the highlights panel, the record's name first."""
    named = NAME_FIELDS.get(mapping.salesforce, "Name")
    fields = dict.fromkeys([named, *(mapping.get_field(name).salesforce for name in display.compact)])
    return {
        "fullName": compact_layout(spec),
        "fields": list(fields)[:MOST_COMPACT_FIELDS],
        "label": f"{spec.prefix} Compact",
    }


def field_set_body(spec: Spec, mapping: ObjectMapping) -> Body:
    """The fields that the CLM owns, for pages and code that treat them alike."""
    owned = [field for field in mapping.columns if field.owner is Owner.CLM and field.role is not Role.PARENT]
    return {
        "fullName": owned_field_set(spec),
        "description": described(spec, "The fields that the CLM owns; people read them."),
        "displayedFields": [
            {"field": field.salesforce, "isFieldManaged": False, "isRequired": False} for field in owned
        ],
        "label": f"{spec.prefix} Fields",
    }


def list_views(mapping: ObjectMapping, display: Display) -> Iterator[Body]:
    """The list views of the spec; a standard field that list views do not know is left out."""
    for view in display.list_views:
        columns = filter(None, (find_column(mapping, mapping.get_field(name).salesforce) for name in view.columns))
        body: dict[str, Value] = {
            "fullName": view.developer_name,
            "columns": list(dict.fromkeys([NAME_COLUMNS.get(mapping.salesforce, "NAME"), *columns])),
            "filterScope": "Everything",
            "label": view.label,
        }
        if view.where:
            body["filters"] = filter_items(view.where, lambda name: find_column(mapping, name) or name)
        yield body
