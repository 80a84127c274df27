"""What people see is compared: what they lose is a break, and what follows from a field is told with the field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.clmkit.release.specs import resolved, written

from clmkit.mapping.model import (
    Condition,
    Display,
    Filter,
    Form,
    ListView,
    Page,
    Presentation,
    RelatedList,
    Report,
    Section,
    Spec,
)
from clmkit.release.changes import Break
from clmkit.release.compare import compare_specs
from clmkit.release.compare_presentation import COUNTED, FILTERED, NAVIGATION, SORTED

SPEC = resolved(written())
replace = msgspec.structs.replace
SHOWN = SPEC.presentation
assert SHOWN is not None
CONTRACT = next(display for display in SHOWN.displays if display.object == "contract")
VIEW, REPORT = CONTRACT.list_views[0], SHOWN.reports[0]
ENDED = (Condition(field="EndDate", operator=REPORT.where[0].operator if REPORT.where else None, values=("1",)),)  # type: ignore[arg-type]


def with_shown(**values: Any) -> Spec:
    assert SHOWN is not None
    return replace(SPEC, presentation=replace(SHOWN, **values))


def with_display(**values: Any) -> Spec:
    assert SHOWN is not None
    displays = tuple(replace(one, **values) if one is CONTRACT else one for one in SHOWN.displays)
    return with_shown(displays=displays)


def with_report(**values: Any) -> Spec:
    assert SHOWN is not None
    return with_shown(reports=(replace(REPORT, **values), *SHOWN.reports[1:]))


def with_view(**values: Any) -> Spec:
    return with_display(list_views=(replace(VIEW, **values), *CONTRACT.list_views[1:]))


def with_sections(names: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Spec:
    first, *rest = CONTRACT.sections
    return with_display(sections=(replace(first, fields=names(first.fields)), *rest))


def with_section(**values: Any) -> Spec:
    first, *rest = CONTRACT.sections
    return with_display(sections=(replace(first, **values), *rest))


def with_form(**values: Any) -> Spec:
    return with_section(form=Form(**values))


ROWS = RelatedList(name="party", columns=("role",), sort_by="", descending=False)
FILTER = Filter(field="EndDate", operation="equals", value="TODAY")

CASES: dict[str, tuple[Spec, str, str]] = {
    "page": (with_sections(lambda names: names[1:]), "page_narrowed", "page_widened"),
    "page order": (with_sections(lambda names: names[::-1]), "page_arranged", "page_arranged"),
    "panel": (with_display(panel=CONTRACT.panel[1:]), "page_narrowed", "page_widened"),
    "compact layout": (with_display(compact=CONTRACT.compact[1:]), "page_narrowed", "page_widened"),
    "related list": (with_display(related=CONTRACT.related[1:]), "tab_dropped", "page_widened"),
    "list view": (with_display(list_views=CONTRACT.list_views[1:]), "list_view_dropped", "page_widened"),
    "column": (with_view(columns=VIEW.columns[1:]), "page_narrowed", "page_widened"),
    "filter": (with_view(where=(*VIEW.where, *ENDED)), "list_filtered", "list_filtered"),
    "list view's label": (with_view(label="Other"), "wording_changed", "wording_changed"),
    "report": (with_shown(reports=SHOWN.reports[1:]), "report_dropped", "page_widened"),
    "report's column": (with_report(columns=REPORT.columns[1:]), "page_narrowed", "page_widened"),
    "report's group": (with_report(group_by="title"), "report_counts_otherwise", "report_counts_otherwise"),
    "report's rows": (with_report(where=(*REPORT.where, *ENDED)), "report_counts_otherwise", "report_counts_otherwise"),
    "report's label": (with_report(label="Other"), "wording_changed", "wording_changed"),
    "tab": (with_shown(tabs=SHOWN.tabs[1:]), "tab_dropped", "page_widened"),
    "section's form": (with_form(required=("title",)), "page_arranged", "page_arranged"),
    "section's tab order": (with_section(tab_order="down"), "page_arranged", "page_arranged"),
    "section's heading": (with_section(heading="never"), "page_arranged", "page_arranged"),
    "hidden field": (with_display(hidden=("key",)), "page_arranged", "page_arranged"),
    "layout's name": (with_display(layout="Other"), "page_arranged", "page_arranged"),
    "panel's form": (with_display(panel_form=Form(right=())), "page_arranged", "page_arranged"),
    "order on the page": (with_display(page=Page(main=("details", "panel"))), "page_arranged", "page_arranged"),
    "component": (with_display(page=Page(sidebar=("related", "a:b"))), "page_widened", "page_narrowed"),
    "compact layout without name": (with_display(compact_only=True), "page_arranged", "page_arranged"),
    "related list's columns": (with_display(related_lists=(ROWS,)), "page_arranged", "page_arranged"),
    "foreign column": (with_view(columns=(*VIEW.columns, "CREATED_DATE")), "page_widened", "page_narrowed"),
    "columns without name": (with_view(only=True), "page_arranged", "page_arranged"),
    "own filter": (with_view(filters=(FILTER,)), "list_filtered", "list_filtered"),
    "filter logic": (with_view(logic="NOT 1"), "list_filtered", "list_filtered"),
    "list view's scope": (with_view(scope="Mine"), "list_filtered", "list_filtered"),
    "who sees a list view": (with_view(shared_with=(("group", ("A",)),)), "list_filtered", "list_filtered"),
    "report's second group": (with_report(then_by=("title",)), "report_counts_otherwise", "report_counts_otherwise"),
    "report's dates": (with_report(dates_by="Month"), "report_counts_otherwise", "report_counts_otherwise"),
    "report's own filter": (with_report(filters=(FILTER,)), "report_counts_otherwise", "report_counts_otherwise"),
    "report's logic": (with_report(logic="NOT 1"), "report_counts_otherwise", "report_counts_otherwise"),
    "report's scope": (with_report(scope="user"), "report_counts_otherwise", "report_counts_otherwise"),
    "report's rows shown": (with_report(details=True), "page_arranged", "page_arranged"),
    "report's order": (with_report(sort_by="title"), "page_arranged", "page_arranged"),
    "report's direction": (with_report(descending=True), "page_arranged", "page_arranged"),
    "report without name": (with_report(only=True), "page_arranged", "page_arranged"),
    "foreign tab": (with_shown(tabs=(*SHOWN.tabs, "standard-home")), "page_widened", "tab_dropped"),
    "app's navigation": (with_shown(navigation="console"), "page_arranged", "page_arranged"),
    "app's tabs arranged": (with_shown(personalization=False), "page_arranged", "page_arranged"),
    "app's tabs for a while": (with_shown(temporary_tabs=False), "page_arranged", "page_arranged"),
    "app's tabs again": (with_shown(tabs_reopen=False), "page_arranged", "page_arranged"),
    "app's tabs alone": (with_shown(tabs_only=True), "page_arranged", "page_arranged"),
    "app": (with_shown(app=""), "app_dropped", "page_widened"),
    "app's label": (with_shown(app_label="Other"), "wording_changed", "wording_changed"),
}
BREAKS = {
    "page_narrowed",
    "tab_dropped",
    "list_view_dropped",
    "list_filtered",
    "report_dropped",
    "report_counts_otherwise",
}


@pytest.mark.parametrize("case", CASES)
def test_what_people_see_has_one_kind_of_change_each_way(case: str) -> None:
    after, there, back = CASES[case]
    found, returned = compare_specs(SPEC, after), compare_specs(after, SPEC)
    assert ({change.kind for change in found}, {change.kind for change in returned}) == ({there}, {back})
    expected = Break.CONSUMER if there in BREAKS | {"app_dropped"} else Break.SAFE
    assert {change.rule.breaks for change in found} == {expected}


@pytest.mark.parametrize("name", ["title", "arr", "governing_law"])
def test_a_field_that_leaves_the_mapping_is_told_once_and_not_page_by_page(name: str) -> None:
    data = written()
    del data["objects"]["contract"]["fields"][name]
    found = compare_specs(SPEC, resolved(data))
    assert [change.subject for change in found if change.is_break] == [f"contract.{name}"]
    assert {change.kind for change in found if change.subject.startswith("presentation")} <= {"page_widened"}


def test_a_field_that_only_changed_its_name_in_the_spec_is_the_same_on_every_page() -> None:
    data = written()
    fields = data["objects"]["contract"]["fields"]
    data["objects"]["contract"]["fields"] = {
        ("heading" if name == "title" else name): block for name, block in fields.items()
    }
    assert [change.kind for change in compare_specs(SPEC, resolved(data))] == ["field_renamed"]


def test_every_attribute_of_the_presentation_is_compared() -> None:
    """Named here or in CASES: a new attribute has to be compared before this holds again."""
    compared = {
        Presentation: {"app", "app_label", "app_description", "tabs", "displays", "reports", *NAVIGATION},
        Display: {"object", "sections", "panel", "compact", "list_views", "tab", "related", *ON_PAGES},
        Section: {"label", "columns", "fields", "form", "tab_order", "heading"},
        Page: {"label", "header", "main", "sidebar"},
        ListView: {"name", "developer_name", "label", "columns", "where", "only", *FILTERED},
        Report: {"name", "developer_name", "label", "columns", "where", *COUNTED, *SORTED},
    }
    assert {kind: set(kind.__struct_fields__) for kind in compared} == compared


ON_PAGES = {"layout", "hidden", "panel_form", "page", "compact_only", "related_lists"}
