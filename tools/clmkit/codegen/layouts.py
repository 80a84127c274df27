"""What people see of a record outside its page: page layout, compact layout, field set, list views.

A standard object keeps the layouts that its org has: only its compact layout, field set and list views are generated, and nothing
is assigned. A custom object's layout has the name of the one that an org makes with the object, which profiles then already show.
Sources: Metadata API Developer Guide, "Layout", "CompactLayout", "FieldSet", "ListView".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from clmkit.codegen.conditions import filter_items
from clmkit.codegen.names import compact_layout, described, owned_field_set
from clmkit.codegen.plan import MetadataXml, PlannedFile, generated
from clmkit.codegen.rules import is_guarded
from clmkit.codegen.xml import Body, Value
from clmkit.mapping.model import (
    EMPTY_PLACE,
    Display,
    FieldKind,
    FieldMapping,
    Filter,
    Form,
    ObjectMapping,
    Owner,
    RelatedList,
    Role,
    Section,
    Spec,
    is_foreign,
)
from clmkit.mapping.showing import find_column

NAME_COLUMNS = {"Contract": "CONTRACT.CONTRACT_NUMBER", "Account": "ACCOUNT.NAME", "Contact": "FULL_NAME"}
NAME_FIELDS = {"Contract": "ContractNumber"}
MOST_COMPACT_FIELDS = 10
HEADING, REST = "Information", "Synchronisation"
"""The first section, which orgs name themselves, and the last, of what stands nowhere else."""


def plan_layouts(spec: Spec) -> Iterator[PlannedFile]:
    """The layouts of custom objects; compact layout, field set and list views of everything that the CLM writes."""
    for display in spec.presentation.displays if spec.presentation else ():
        mapping = next((mapping for mapping in spec.objects if mapping.name == display.object), None)
        if mapping is None:
            continue
        if mapping.custom:
            path = f"layouts/{mapping.salesforce}-{layout_name(mapping, display)}.layout-meta.xml"
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


def layout_name(mapping: ObjectMapping, display: Display) -> str:
    """Without the object in front: the name of the one that an org makes with the object, unless the spec says another."""
    return display.layout or f"{mapping.label} Layout"


def layout_body(spec: Spec, mapping: ObjectMapping, display: Display) -> Body:
    """The sections of the spec, and below them every other field: an org asks for the required ones, people for the rest."""
    sections = {section.label: section for section in display.sections}
    placed = {*display.hidden, *(name for section in display.sections for name in section.placed)}
    rest = tuple(
        field.name
        for field in mapping.columns
        if field.name not in placed and field.salesforce not in ("Name", "OwnerId")
    )
    if rest and REST in sections:
        sections[REST] = _widen(sections[REST], rest)
    elif rest:
        sections[REST] = Section(label=REST, columns=2, fields=rest)
    by_name = {field.name: field for field in mapping.columns}
    first = [] if HEADING in sections else [_columns(HEADING, 2, _heading_items(mapping))]
    body: dict[str, Value] = {
        "layoutSections": [*first, *(_section(mapping, by_name, section) for section in sections.values())],
        "showEmailCheckbox": False,
        "showHighlightsPanel": False,
        "showInteractionLogPanel": False,
        "showRunAssignmentRulesCheckbox": False,
        "showSubmitAndAttachButton": False,
    }
    if related := list(_related_lists(spec, mapping, display)):
        body["relatedLists"] = related
    return body


def _widen(section: Section, names: tuple[str, ...]) -> Section:
    """The section with fields behind its own."""
    if section.form.right is None:
        return msgspec.structs.replace(section, fields=(*section.fields, *names))
    form = msgspec.structs.replace(section.form, right=(*section.form.right, *names))
    return msgspec.structs.replace(section, form=form)


Named = Mapping[str, FieldMapping]


def _section(mapping: ObjectMapping, by_name: Named, section: Section) -> Body:
    left = _items(mapping, by_name, section.fields, section.form)
    if section.form.right is None:
        body = _columns(section.label, section.columns, left)
    else:
        columns = [left, _items(mapping, by_name, section.form.right, section.form)]
        body = {**_columns(section.label, 2, []), "layoutColumns": [_column_of(column) for column in columns]}
    style = body["style"] if section.tab_order == "across" or section.columns == 1 else "TwoColumnsTopToBottom"
    is_seen = {page: section.heading in ("always", page) for page in ("detail", "edit")}
    return {**body, "detailHeading": is_seen["detail"], "editHeading": is_seen["edit"], "style": style}


def _items(mapping: ObjectMapping, by_name: Named, names: Sequence[str], form: Form) -> list[Body]:
    return [item for name in names if (item := _item(mapping, by_name.get(name), name, form))]


def _item(mapping: ObjectMapping, field: FieldMapping | None, name: str, form: Form) -> Body:
    """A field of a layout; nothing for one that stands in the heading."""
    if name == EMPTY_PLACE:
        return {"emptySpace": True}
    if field is not None and field.salesforce in ("Name", "OwnerId"):
        return {}
    usual = usual_behaviour(mapping, field, name)
    return {"behavior": chosen(form, name, LAYOUT_WORDS, usual), "field": field.salesforce if field else name}


LAYOUT_WORDS = ("Required", "Readonly", "Edit")


def chosen(form: Form, name: str, words: tuple[str, str, str], usual: str) -> str:
    """What the form says of a field, in the words for required, read-only and editable."""
    lists = (form.required, form.read_only, form.editable)
    return next((word for word, names in zip(words, lists, strict=True) if name in names), usual)


def usual_behaviour(mapping: ObjectMapping, field: FieldMapping | None, name: str) -> str:
    """What a layout lets people do with a field about which the spec says nothing."""
    return _behaviour(field) if field else foreign_behaviour(mapping, name)


KEPT_BY_THE_ORG = ("CreatedById", "CreatedDate", "LastModifiedById", "LastModifiedDate")


def foreign_behaviour(mapping: ObjectMapping, name: str) -> str:
    """What a layout lets people do with a field that the spec does not map."""
    if name == "Name":
        return "Readonly" if mapping.name_format else "Required"
    return "Readonly" if name in KEPT_BY_THE_ORG else "Edit"


def _columns(label: str, count: int, items: list[Body]) -> Body:
    size = -(-len(items) // count)
    columns = [items[at * size : (at + 1) * size] for at in range(count)]
    return {
        "customLabel": label != HEADING,
        "detailHeading": True,
        "editHeading": True,
        "label": label,
        "layoutColumns": [_column_of(column) for column in columns],
        "style": "TwoColumnsLeftToRight" if count == 2 else "OneColumn",
    }


def _column_of(items: list[Body]) -> Body:
    return {"layoutItems": items} if items else {}


def _heading_items(mapping: ObjectMapping) -> list[Body]:
    """The name and the owner, which every layout has."""
    items: list[Body] = [{"behavior": foreign_behaviour(mapping, "Name"), "field": "Name"}]
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
    """The rows that hang below a record, with the columns of their own compact layout unless the spec says which."""
    written = {one.name: one for one in display.related_lists}
    children = related_children(spec, mapping)
    for name in display.related:
        if is_foreign(name) and name != EMPTY_PLACE:
            yield _related_list(name, (), written.get(name))
        for child, parent in children:
            if child == name:
                listed = spec.get_object(child)
                path = f"{listed.salesforce}.{parent.salesforce}"
                yield _related_list(path, usual_related(spec, listed), written.get(name), listed)


def related_children(spec: Spec, mapping: ObjectMapping) -> list[tuple[str, FieldMapping]]:
    """The custom objects that hang below an object, each with the field by which it does."""
    return [
        (child.name, parent)
        for child in spec.objects
        for parent in child.parents
        if parent.type.reference_to == mapping.salesforce and child.custom
    ]


def usual_related(spec: Spec, child: ObjectMapping) -> tuple[str, ...]:
    """The columns of a related list about which the spec says nothing."""
    displays = {other.object: other for other in spec.presentation.displays} if spec.presentation else {}
    names = displays[child.name].compact if child.name in displays else ()
    columns = (_api_name(child, name) for name in names)
    return ("NAME", *(column for column in columns if column.endswith("__c")))


def _related_list(
    path: str, usual: Sequence[str], written: RelatedList | None, listed: ObjectMapping | None = None
) -> Body:
    if written is None:
        return {"fields": list(usual), "relatedList": path} if usual else {"relatedList": path}
    named = [_api_name(listed, name) if listed else name for name in (*written.columns, written.sort_by)]
    fields = named[:-1] or list(usual)
    body: dict[str, Value] = {"relatedList": path, **({"fields": fields} if fields else {})}
    order = {"sortField": named[-1], "sortOrder": "Desc" if written.descending else "Asc"} if written.sort_by else {}
    return {**body, **order}


def _api_name(mapping: ObjectMapping, name: str) -> str:
    return name if is_foreign(name) else mapping.get_field(name).salesforce


def compact_body(spec: Spec, mapping: ObjectMapping, display: Display) -> Body:
    """The fields of the highlights panel, the record's name first."""
    named = [] if display.compact_only else [NAME_FIELDS.get(mapping.salesforce, "Name")]
    fields = dict.fromkeys([*named, *(_api_name(mapping, name) for name in display.compact)])
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
        columns = filter(None, (list_column(mapping, _api_name(mapping, name)) for name in view.columns))
        named = [] if view.only else [name_column(mapping)]
        body: dict[str, Value] = {
            "fullName": view.developer_name,
            "columns": list(dict.fromkeys([*named, *columns])),
            "filterScope": view.scope,
            "label": view.label,
        }
        if view.where or view.filters:
            own = [_own_filter(mapping, one) for one in view.filters]
            body["filters"] = [*filter_items(view.where, lambda name: list_column(mapping, name) or name), *own]
        if view.logic:
            body["booleanFilter"] = view.logic
        if view.shared_with:
            body["sharedTo"] = {kind: {} if kind == EVERYBODY else list(groups) for kind, groups in view.shared_with}
        yield body


EVERYBODY = "allInternalUsers"


def _own_filter(mapping: ObjectMapping, one: Filter) -> Body:
    item = {"field": list_column(mapping, one.field), "operation": one.operation}
    return {**item, "value": one.value} if one.value else item


def name_column(mapping: ObjectMapping) -> str:
    """What list views call the name of a record."""
    return NAME_COLUMNS.get(mapping.salesforce, "NAME")


def list_column(mapping: ObjectMapping, api_name: str) -> str:
    """What list views call a field; a column that they know by its own name stays. "" for a field that they do not know."""
    if column := find_column(mapping, api_name):
        return column
    is_mapped = any(field.salesforce == api_name for field in mapping.columns)
    return "" if is_mapped else api_name
