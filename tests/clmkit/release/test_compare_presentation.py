"""What people see is compared: what they lose is a break, and what follows from a field is told with the field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.clmkit.release.specs import resolved, written

from clmkit.mapping.model import Condition, Display, Presentation, Report, Spec
from clmkit.mapping.model.presentation import ListView
from clmkit.release.changes import Break
from clmkit.release.compare import compare_specs

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
    assert set(Presentation.__struct_fields__) == {"app", "app_label", "app_description", "tabs", "displays", "reports"}
    assert set(Display.__struct_fields__) == {"object", "sections", "panel", "compact", "list_views", "tab", "related"}
    assert set(ListView.__struct_fields__) == {"name", "developer_name", "label", "columns", "where"}
    assert set(Report.__struct_fields__) == {
        "name",
        "developer_name",
        "label",
        "object",
        "columns",
        "group_by",
        "total",
        "where",
    }
