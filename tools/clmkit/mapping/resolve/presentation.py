"""What people see, with good defaults: whoever writes no `presentation` gets an app, layouts, a panel, list views and reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import UNSET

from clmkit.mapping.document import (
    AppBlock,
    DisplayBlock,
    FilterBlock,
    OnlyBlock,
    PageBlock,
    PanelBlock,
    PlacedBlock,
    PresentationBlock,
    ReportBlock,
    SectionBlock,
    SpecDocument,
)
from clmkit.mapping.model import (
    Condition,
    Display,
    FieldKind,
    FieldMapping,
    Filter,
    Form,
    Lifecycle,
    ListView,
    ObjectKind,
    ObjectMapping,
    Operator,
    Owner,
    Page,
    Presentation,
    RelatedList,
    Report,
    Role,
    Section,
)
from clmkit.mapping.resolve.wording import camel, either, resolve_conditions

MOST_COMPACT = 5
MOST_PANEL = 8
MOST_COLUMNS = 8
TAB = "Custom13: Box"
BY_STATUS, ENDING_SOON = OWN_REPORTS = ("by_status", "ending_soon")
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
    prefix = document.prefix
    app = AppBlock(label=f"{prefix} Contracts") if block.app is UNSET else block.app
    tabs = [mapping.name for mapping in shown if mapping.kind is ObjectKind.HEADER or not _is_detail(mapping)]
    return Presentation(
        app=f"{prefix}_Contracts",
        app_label=app.label,
        app_description=either(app.description, ""),
        tabs=_names(app.objects) or tuple(tabs),
        displays=tuple(
            _display(prefix, mapping, block.objects.get(mapping.name, defaults), shown) for mapping in shown
        ),
        reports=tuple(_reports(prefix, block, header, {mapping.name: mapping for mapping in objects})),
        tabs_only=isinstance(app.objects, OnlyBlock),
        navigation=app.navigation,
        personalization=app.personalization,
        temporary_tabs=app.temporary_tabs,
        tabs_reopen=app.tabs_reopen,
    )


def _names(listed: list[str] | OnlyBlock) -> tuple[str, ...]:
    return tuple(listed.only if isinstance(listed, OnlyBlock) else listed)


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
    written = [_section(label, section) for label, section in block.sections.items()]
    details = [other.name for other in shown if other is not mapping and _points_at(other, mapping)]
    panel = block.panel if isinstance(block.panel, PanelBlock) else PanelBlock(fields=block.panel)
    return Display(
        object=mapping.name,
        sections=tuple(written or (section for section in sections if section.fields)),
        panel=tuple(panel.fields) or narrow[:MOST_PANEL],
        compact=_names(block.compact) or narrow[:MOST_COMPACT],
        list_views=tuple(_list_views(prefix, mapping, block, narrow)),
        tab=either(block.tab, TAB) if mapping.custom else "",
        related=tuple(block.related or details),
        layout=either(block.layout, ""),
        hidden=tuple(block.hidden),
        panel_form=_form(panel),
        page=_page(block.page),
        compact_only=isinstance(block.compact, OnlyBlock),
        related_lists=tuple(
            RelatedList(
                name=name, columns=tuple(one.columns), sort_by=either(one.sort_by, ""), descending=one.descending
            )
            for name, one in block.related_lists.items()
        ),
    )


def _form(block: PlacedBlock) -> Form:
    return Form(
        right=None if block.right is UNSET else tuple(block.right),
        required=tuple(block.required),
        read_only=tuple(block.read_only),
        editable=tuple(block.editable),
    )


def _section(label: str, block: SectionBlock) -> Section:
    return Section(
        label=label,
        columns=block.columns,
        fields=tuple(block.fields),
        form=_form(block),
        tab_order=block.tab_order,
        heading=block.heading,
    )


def _page(block: PageBlock) -> Page:
    usual = Page()
    return Page(
        label=either(block.label, ""),
        header=usual.header if block.header is UNSET else tuple(block.header),
        main=usual.main if block.main is UNSET else tuple(block.main),
        sidebar=usual.sidebar if block.sidebar is UNSET else tuple(block.sidebar),
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
            columns=_names(view.columns),
            where=resolve_conditions(view.where, names),
            only=isinstance(view.columns, OnlyBlock),
            filters=_filters(view.filters, names),
            logic=either(view.logic, ""),
            scope=view.scope,
            shared_with=tuple((kind, tuple(groups)) for kind, groups in view.shared_with.items()),
        )


def _filters(blocks: Sequence[FilterBlock], names: Mapping[str, str]) -> tuple[Filter, ...]:
    return tuple(
        Filter(field=names.get(one.field, one.field), operation=one.operation, value=either(one.value, ""))
        for one in blocks
    )


def _reports(
    prefix: str, block: PresentationBlock, header: ObjectMapping | None, objects: Mapping[str, ObjectMapping]
) -> Iterator[Report]:
    if header is not None:
        yield from (report for report in _default_reports(prefix, header) if report.name not in block.reports)
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
        columns=_names(block.columns),
        group_by=either(block.group_by, ""),
        total=either(block.total, ""),
        where=resolve_conditions(block.where, names),
        only=isinstance(block.columns, OnlyBlock),
        then_by=tuple(block.then_by),
        dates_by=block.dates_by,
        filters=_filters(block.filters, names),
        logic=either(block.logic, ""),
        scope=block.scope,
        details=either(block.details, not isinstance(block.group_by, str)),
        sort_by=either(block.sort_by, ""),
        descending=block.descending,
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
            name=BY_STATUS, developer_name=f"{prefix}_By_Status", label=f"{header.plural_label} by status",
            object=header.name, columns=columns, group_by=status, total=money, where=(),
        )  # fmt: skip
    if end is not None:
        soon = Condition(field=end.salesforce, operator=Operator.WITHIN_NEXT, values=(str(SOON_DAYS),))
        yield Report(
            name=ENDING_SOON, developer_name=f"{prefix}_Ending_Soon", label=f"{header.plural_label} that end soon",
            object=header.name, columns=columns, group_by="", total=money, where=(soon,), details=True,
        )  # fmt: skip
