"""What people see, with good defaults: whoever writes no `presentation` gets an app, layouts, a panel, list views and reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import UNSET

from clmkit.mapping.document import DisplayBlock, PresentationBlock, ReportBlock, SpecDocument
from clmkit.mapping.model import (
    Condition,
    Display,
    FieldKind,
    FieldMapping,
    Lifecycle,
    ListView,
    ObjectKind,
    ObjectMapping,
    Operator,
    Owner,
    Presentation,
    Report,
    Role,
    Section,
)
from clmkit.mapping.resolve.wording import camel, either, resolve_conditions

MOST_COMPACT = 5
MOST_PANEL = 8
MOST_COLUMNS = 8
TAB = "Custom13: Box"
SOON_DAYS = 90
_WIDE = (FieldKind.LONG_TEXT, FieldKind.HTML, FieldKind.TEXT_AREA, FieldKind.ROLL_UP)
_HIDDEN_ROLES = (Role.KEY, Role.VERSION, Role.RECORD_TYPE)


def resolve_presentation(
    document: SpecDocument, objects: Sequence[ObjectMapping], lifecycle: Lifecycle | None
) -> Presentation:
    block = document.presentation
    shown = [mapping for mapping in objects if mapping.owner is not Owner.SALESFORCE]
    defaults = DisplayBlock()
    header = next((mapping for mapping in shown if mapping.kind is ObjectKind.HEADER), None)
    app = block.app
    tabs = [mapping.name for mapping in shown if mapping.kind is ObjectKind.HEADER or not _is_detail(mapping)]
    return Presentation(
        app=f"{document.prefix}_Contracts",
        app_label=f"{document.prefix} Contracts" if app is UNSET else app.label,
        app_description="" if app is UNSET else either(app.description, ""),
        tabs=tuple(tabs if app is UNSET or not app.objects else app.objects),
        displays=tuple(
            _display(document.prefix, mapping, block.objects.get(mapping.name, defaults), shown) for mapping in shown
        ),
        reports=tuple(_reports(document.prefix, block, header, {mapping.name: mapping for mapping in objects})),
    )


def visible_fields(mapping: ObjectMapping) -> list[FieldMapping]:
    """What people may see, in the order of the spec."""
    return [field for field in mapping.columns if field.role not in _HIDDEN_ROLES and field.audience]


def _is_detail(mapping: ObjectMapping) -> bool:
    return any(field.type.kind is FieldKind.MASTER_DETAIL for field in mapping.columns)


def _display(prefix: str, mapping: ObjectMapping, block: DisplayBlock, shown: Sequence[ObjectMapping]) -> Display:
    fields = visible_fields(mapping)
    narrow = tuple(field.name for field in fields if field.type.kind not in _WIDE)
    wide = tuple(field.name for field in fields if field.type.kind in _WIDE)
    label = f"{mapping.label} ({prefix})"
    sections = [Section(label=label, columns=2, fields=narrow), Section(label="Texts", columns=1, fields=wide)]
    written = [
        Section(label=label, columns=section.columns, fields=tuple(section.fields))
        for label, section in block.sections.items()
    ]
    details = [other.name for other in shown if other is not mapping and _points_at(other, mapping)]
    return Display(
        object=mapping.name,
        sections=tuple(written or (section for section in sections if section.fields)),
        panel=tuple(block.panel or narrow[:MOST_PANEL]),
        compact=tuple(block.compact or narrow[:MOST_COMPACT]),
        list_views=tuple(_list_views(prefix, mapping, block, narrow)),
        tab=either(block.tab, TAB) if mapping.custom else "",
        related=tuple(block.related or details),
    )


def _points_at(mapping: ObjectMapping, master: ObjectMapping) -> bool:
    return any(parent.reference and parent.reference.object == master.salesforce for parent in mapping.parents)


def _list_views(
    prefix: str, mapping: ObjectMapping, block: DisplayBlock, narrow: tuple[str, ...]
) -> Iterator[ListView]:
    names = {field.name: field.salesforce for field in mapping.columns}
    if not block.list_views:
        name = f"{prefix}_All"
        label = f"{prefix}: all {mapping.plural_label}"[:40]
        yield ListView(
            name="all", developer_name=name, label=label, columns=narrow[:MOST_COLUMNS],
            where=(Condition(field=mapping.key.salesforce, operator=Operator.NOT_ONE_OF, values=("",)),),
        )  # fmt: skip
    for name, view in block.list_views.items():
        yield ListView(
            name=name,
            developer_name=f"{prefix}_{camel(name)}",
            label=view.label,
            columns=tuple(view.columns),
            where=resolve_conditions(view.where, names),
        )


def _reports(
    prefix: str, block: PresentationBlock, header: ObjectMapping | None, objects: Mapping[str, ObjectMapping]
) -> Iterator[Report]:
    if header is not None:
        yield from _default_reports(prefix, header)
    for name, report in block.reports.items():
        names = (
            {field.name: field.salesforce for field in objects[report.object].columns}
            if report.object in objects
            else {}
        )
        yield _report(prefix, name, report, names)


def _report(prefix: str, name: str, block: ReportBlock, names: Mapping[str, str]) -> Report:
    return Report(
        name=name,
        developer_name=f"{prefix}_{camel(name)}",
        label=block.label,
        object=block.object,
        columns=tuple(block.columns),
        group_by=either(block.group_by, ""),
        total=either(block.total, ""),
        where=resolve_conditions(block.where, names),
    )


def _default_reports(prefix: str, header: ObjectMapping) -> Iterator[Report]:
    """Contracts by status with their value, and what ends soon: as far as the spec maps these."""
    fields = visible_fields(header)
    columns = tuple(field.name for field in fields if field.type.kind not in _WIDE)[:MOST_COLUMNS]
    status = next((field.name for field in fields if field.lifecycle), "")
    money = next((field.name for field in fields if field.type.kind is FieldKind.CURRENCY), "")
    end = next((field for field in fields if field.salesforce == "EndDate"), None)
    if status:
        yield Report(
            name="by_status", developer_name=f"{prefix}_By_Status", label=f"{header.plural_label} by status",
            object=header.name, columns=columns, group_by=status, total=money, where=(),
        )  # fmt: skip
    if end is not None:
        soon = Condition(field=end.salesforce, operator=Operator.WITHIN_NEXT, values=(str(SOON_DAYS),))
        yield Report(
            name="ending_soon", developer_name=f"{prefix}_Ending_Soon", label=f"{header.plural_label} that end soon",
            object=header.name, columns=columns, group_by="", total=money, where=(soon,),
        )  # fmt: skip
