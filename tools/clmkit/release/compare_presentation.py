"""Changes of what people see: pages, list views, reports, tabs.

A page without a section of its own follows the fields of its object. What came or went because its field did is told there and not
here; a field that only changed its name is the same field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from clmkit.mapping.model import Condition, Display, Form, Presentation, Report, Spec, is_foreign
from clmkit.mapping.model.presentation import ListView
from clmkit.release.changes import Change
from clmkit.release.show import show

EMPTY = Presentation(app="", app_label="", app_description="", tabs=(), displays=(), reports=())


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one object before and after, by the names that the specs give them."""

    renamed: Mapping[str, str]  # before -> after
    moved: Mapping[str, str]  # API names, before -> after
    before: frozenset[str]
    after: frozenset[str]

    def lost(self, old: Iterable[str], new: Iterable[str]) -> list[str]:
        """Names that are shown no longer although their field is still there."""
        left = set(self._now(new))
        return [name for name in self._now(old) if name not in left and (name in self.after or is_foreign(name))]

    def won(self, old: Iterable[str], new: Iterable[str]) -> list[str]:
        """Names that are shown from now on although their field was there before."""
        had, known = set(self._now(old)), set(self._now(self.before))
        return [name for name in self._now(new) if name not in had and (name in known or is_foreign(name))]

    def is_reordered(self, old: Iterable[str], new: Iterable[str]) -> bool:
        moved, shown = self._now(old), self._now(new)
        return [name for name in moved if name in shown] != [name for name in shown if name in moved]

    def is_same_filter(self, old: Sequence[Condition], new: Sequence[Condition]) -> bool:
        before, after = (
            [msgspec.structs.replace(one, field=self.moved.get(one.field, one.field)) for one in where]
            for where in (old, new)
        )
        return before == after

    def is_same_form(self, old: Form, new: Form) -> bool:
        return self._form(old) == self._form(new)

    def _form(self, form: Form) -> list[object]:
        return [None if names is None else self._now(names) for names in msgspec.structs.astuple(form)]

    def rename(self, value: object) -> object:
        """A name, or several, as they are after the change; anything else as it is."""
        return self.renamed.get(value, value) if isinstance(value, str) else value

    def _now(self, names: Iterable[str]) -> list[str]:
        return [self.renamed.get(name, name) for name in names]


NO_FIELDS = Fields({}, {}, frozenset(), frozenset())


def compare_presentation(before: Spec, after: Spec, fields: Mapping[str, Fields]) -> Iterator[Change]:
    """`fields` are those of each object mapping that both specs have, by its name."""
    old, new = before.presentation or EMPTY, after.presentation or EMPTY
    if before.prefix == after.prefix:
        yield from _compare_app(old, new)
    yield from _compare_names("presentation.tabs", new.app, old.tabs, new.tabs, fields)
    displays = {display.object: display for display in old.displays}
    for display in new.displays:
        if display.object in displays and display.object in fields:
            yield from _compare_display(displays[display.object], display, fields[display.object], fields)
    yield from _compare_reports(old.reports, new.reports, fields)


def _compare_app(old: Presentation, new: Presentation) -> Iterator[Change]:
    if old.app != new.app:
        yield Change("app_dropped" if old.app else "page_widened", "presentation.app", new.app, old.app, new.app)
    for attribute in ("app_label", "app_description"):
        if old.app and new.app and getattr(old, attribute) != getattr(new, attribute):
            words = show(getattr(old, attribute)), show(getattr(new, attribute))
            yield Change("wording_changed", f"presentation.{attribute}", new.app, *words)
    changed = [one for one in NAVIGATION if getattr(old, one) != getattr(new, one)]
    if old.app and new.app and changed:
        yield Change("page_arranged", "presentation.app", new.app, ", ".join(changed), ", ".join(changed))


NAVIGATION = ("navigation", "personalization", "temporary_tabs", "tabs_reopen", "tabs_only")
"""How the tabs of the app behave."""


def _compare_names(
    subject: str, target: str, old: Sequence[str], new: Sequence[str], objects: Iterable[str]
) -> Iterator[Change]:
    """Tabs and related lists: one whose object came or went is told with the object."""
    known = set(objects)
    for kind, names in (("tab_dropped", set(old) - set(new)), ("page_widened", set(new) - set(old))):
        if names & known or any(map(is_foreign, names)):
            yield Change(kind, subject, target, show(old), show(new))
    if set(old) == set(new) and old != new:
        yield Change("page_arranged", subject, target, show(old), show(new))


def _compare_display(old: Display, new: Display, fields: Fields, every: Mapping[str, Fields]) -> Iterator[Change]:
    subject = f"presentation.{new.object}"
    sections = [tuple(name for section in display.sections for name in section.placed) for display in (old, new)]
    parts = (("page", *sections), ("panel", old.panel, new.panel), ("compact layout", old.compact, new.compact))
    for part, before, after in parts:
        yield from _compare_shown(f"{subject}.{part}", before, after, fields)
    yield from _compare_headings(f"{subject}.sections", old, new, fields)
    yield from _compare_page(subject, old, new, fields)
    if old.tab != new.tab:
        yield Change(
            "wording_changed" if old.tab and new.tab else _came_or_went(new.tab), f"{subject}.tab", "", old.tab, new.tab
        )
    yield from _compare_names(f"{subject}.related", "", old.related, new.related, every)
    yield from _compare_list_views(subject, old.list_views, new.list_views, fields)


def _compare_headings(subject: str, old: Display, new: Display, fields: Fields) -> Iterator[Change]:
    shapes = [
        [(section.columns, section.tab_order, section.heading) for section in display.sections]
        for display in (old, new)
    ]
    labels = [tuple(section.label for section in display.sections) for display in (old, new)]
    forms = zip(old.sections, new.sections, strict=False)
    is_same = all(fields.is_same_form(one.form, other.form) for one, other in forms)
    if shapes[0] != shapes[1] or not is_same or old.hidden != new.hidden:
        yield Change("page_arranged", subject, "", show(labels[0]), show(labels[1]))
    elif labels[0] != labels[1]:
        yield Change("wording_changed", subject, "", show(labels[0]), show(labels[1]))


def _compare_page(subject: str, old: Display, new: Display, fields: Fields) -> Iterator[Change]:
    """What is not a list of fields: components of the record page, forms, names, related lists' columns."""
    had, has = ({*one.page.header, *one.page.main, *one.page.sidebar} for one in (old, new))
    if had != has:
        kind = "page_narrowed" if had - has else "page_widened"
        yield Change(kind, f"{subject}.page", "", show(tuple(sorted(had - has))), show(tuple(sorted(has - had))))
    changed = [
        one for one in ("layout", "page", "compact_only", "related_lists") if getattr(old, one) != getattr(new, one)
    ]
    if not fields.is_same_form(old.panel_form, new.panel_form):
        changed.append("panel")
    if changed and had == has:
        yield Change("page_arranged", f"{subject}.page", "", ", ".join(changed), ", ".join(changed))


def _came_or_went(tab: str) -> str:
    return "page_widened" if tab else "tab_dropped"


def _compare_shown(subject: str, old: Sequence[str], new: Sequence[str], fields: Fields) -> Iterator[Change]:
    if lost := fields.lost(old, new):
        yield Change("page_narrowed", subject, "", show(tuple(lost)), "")
    if won := fields.won(old, new):
        yield Change("page_widened", subject, "", "", show(tuple(won)))
    if fields.is_reordered(old, new):
        yield Change("page_arranged", subject, "")


def _compare_list_views(
    subject: str, old: Sequence[ListView], new: Sequence[ListView], fields: Fields
) -> Iterator[Change]:
    had, has = ({view.name: view for view in views} for views in (old, new))
    for name, view in had.items():
        if name not in has:
            yield Change("list_view_dropped", f"{subject}.list_views.{name}", view.developer_name, view.label, "")
    for name, view in has.items():
        place, target = f"{subject}.list_views.{name}", view.developer_name
        if name not in had:
            yield Change("page_widened", place, target, "", view.label)
            continue
        yield from _compare_shown(f"{place}.columns", had[name].columns, view.columns, fields)
        rest = [_rest(one, FILTERED) for one in (had[name], view)]
        if not fields.is_same_filter(had[name].where, view.where) or rest[0] != rest[1]:
            words = (show((*one.where, *_rest(one, FILTERED))) for one in (had[name], view))
            yield Change("list_filtered", place, target, *words)
        if had[name].only != view.only:
            yield Change("page_arranged", place, target, "columns", "columns")
        if had[name].label != view.label:
            yield Change("wording_changed", place, target, had[name].label, view.label)


FILTERED = ("filters", "logic", "scope", "shared_with")
"""Which records a list view shows to whom, beside its conditions."""


def _rest(one: ListView | Report, names: Sequence[str]) -> tuple[object, ...]:
    return tuple(getattr(one, name) for name in names)


def _compare_reports(old: Sequence[Report], new: Sequence[Report], fields: Mapping[str, Fields]) -> Iterator[Change]:
    had, has = ({report.name: report for report in reports} for reports in (old, new))
    for name, report in had.items():
        if name not in has:
            yield Change("report_dropped", f"presentation.reports.{name}", report.developer_name, report.label, "")
    for name, report in has.items():
        place = f"presentation.reports.{name}"
        if name not in had:
            yield Change("page_widened", place, report.developer_name, "", report.label)
            continue
        yield from _compare_report(place, had[name], report, fields)


COUNTED = ("object", "group_by", "total", "then_by", "dates_by", "filters", "logic", "scope")
"""What a report counts, beside its conditions: another one of these gives other figures under the same name."""
SORTED = ("only", "details", "sort_by", "descending")
"""How a report shows what it counts."""


def _compare_report(place: str, old: Report, new: Report, fields: Mapping[str, Fields]) -> Iterator[Change]:
    if old.label != new.label:
        yield Change("wording_changed", place, new.developer_name, old.label, new.label)
    if old.object == new.object and new.object in fields:
        yield from _compare_shown(f"{place}.columns", old.columns, new.columns, fields[new.object])
    own = fields.get(new.object, NO_FIELDS)
    pairs = [(name, getattr(old, name), getattr(new, name)) for name in COUNTED]
    changed = [(name, one, other) for name, one, other in pairs if one != other and own.rename(one) != other]
    is_regrouped = any(name == "group_by" for name, _, _ in changed)
    if _rest(old, SORTED) != _rest(new, SORTED) and not is_regrouped:
        yield Change("page_arranged", place, new.developer_name, show(_rest(old, SORTED)), show(_rest(new, SORTED)))
    if not own.is_same_filter(old.where, new.where):
        changed.append(("where", old.where, new.where))
    for name, one, other in changed:
        words = f"{name}: {show(one)}", f"{name}: {show(other)}"
        yield Change("report_counts_otherwise", place, new.developer_name, *words)
