"""Changes of what people see: pages, list views, reports, tabs.

A page without a section of its own follows the fields of its object. What came or went because its field did is told there and not
here; a field that only changed its name is the same field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from clmkit.mapping.model import Condition, Display, Presentation, Report, Spec
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
        return [name for name in self._now(old) if name not in left and name in self.after]

    def won(self, old: Iterable[str], new: Iterable[str]) -> list[str]:
        """Names that are shown from now on although their field was there before."""
        had, known = set(self._now(old)), set(self._now(self.before))
        return [name for name in self._now(new) if name not in had and name in known]

    def is_reordered(self, old: Iterable[str], new: Iterable[str]) -> bool:
        moved, shown = self._now(old), self._now(new)
        return [name for name in moved if name in shown] != [name for name in shown if name in moved]

    def is_same_filter(self, old: Sequence[Condition], new: Sequence[Condition]) -> bool:
        before, after = (
            [msgspec.structs.replace(one, field=self.moved.get(one.field, one.field)) for one in where]
            for where in (old, new)
        )
        return before == after

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


def _compare_names(
    subject: str, target: str, old: Sequence[str], new: Sequence[str], objects: Iterable[str]
) -> Iterator[Change]:
    """Tabs and related lists: one whose object came or went is told with the object."""
    known = set(objects)
    for kind, names in (("tab_dropped", set(old) - set(new)), ("page_widened", set(new) - set(old))):
        if names & known:
            yield Change(kind, subject, target, show(old), show(new))
    if set(old) == set(new) and old != new:
        yield Change("page_arranged", subject, target, show(old), show(new))


def _compare_display(old: Display, new: Display, fields: Fields, every: Mapping[str, Fields]) -> Iterator[Change]:
    subject = f"presentation.{new.object}"
    sections = [tuple(name for section in display.sections for name in section.fields) for display in (old, new)]
    parts = (("page", *sections), ("panel", old.panel, new.panel), ("compact layout", old.compact, new.compact))
    for part, before, after in parts:
        yield from _compare_shown(f"{subject}.{part}", before, after, fields)
    yield from _compare_headings(f"{subject}.sections", old, new)
    if old.tab != new.tab:
        yield Change(
            "wording_changed" if old.tab and new.tab else _came_or_went(new.tab), f"{subject}.tab", "", old.tab, new.tab
        )
    yield from _compare_names(f"{subject}.related", "", old.related, new.related, every)
    yield from _compare_list_views(subject, old.list_views, new.list_views, fields)


def _compare_headings(subject: str, old: Display, new: Display) -> Iterator[Change]:
    columns = [[section.columns for section in display.sections] for display in (old, new)]
    labels = [tuple(section.label for section in display.sections) for display in (old, new)]
    if columns[0] != columns[1]:
        yield Change("page_arranged", subject, "", show(labels[0]), show(labels[1]))
    elif labels[0] != labels[1]:
        yield Change("wording_changed", subject, "", show(labels[0]), show(labels[1]))


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
        if not fields.is_same_filter(had[name].where, view.where):
            yield Change("list_filtered", place, target, show(had[name].where), show(view.where))
        if had[name].label != view.label:
            yield Change("wording_changed", place, target, had[name].label, view.label)


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


COUNTED = ("object", "group_by", "total")
"""What a report counts, beside its filter: another one of these gives other figures under the same name."""


def _compare_report(place: str, old: Report, new: Report, fields: Mapping[str, Fields]) -> Iterator[Change]:
    if old.label != new.label:
        yield Change("wording_changed", place, new.developer_name, old.label, new.label)
    if old.object == new.object and new.object in fields:
        yield from _compare_shown(f"{place}.columns", old.columns, new.columns, fields[new.object])
    own = fields.get(new.object, NO_FIELDS)
    pairs = [(name, getattr(old, name), getattr(new, name)) for name in COUNTED]
    changed = [(name, one, other) for name, one, other in pairs if one != other and own.renamed.get(one) != other]
    if not own.is_same_filter(old.where, new.where):
        changed.append(("where", old.where, new.where))
    for name, one, other in changed:
        words = f"{name}: {show(one)}", f"{name}: {show(other)}"
        yield Change("report_counts_otherwise", place, new.developer_name, *words)
