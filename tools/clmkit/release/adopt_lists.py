"""Read list views, reports, the app and its tabs as an org holds them, in the words of `presentation`. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from clmkit.codegen.conditions import FILTERS
from clmkit.codegen.layouts import NAME_FIELDS, list_column, name_column
from clmkit.codegen.names import banner
from clmkit.codegen.pages import STANDARD_TABS, find_object, tab_names
from clmkit.codegen.reports import reportable, table_of
from clmkit.mapping.model import Display, ListView, ObjectMapping, Operator, Presentation, Report, Spec
from clmkit.release.components import ComponentChange, Elements, Key, read_order
from clmkit.release.spec_edit import AdoptError, AnyEdit, BlockEdit

Block = dict[str, object]
Names = Mapping[str, str]
DAYS = {"NEXT_N_DAYS": "within_next", "LAST_N_DAYS": "in_last"}
RELATIVE = re.compile(r"(NEXT_N_DAYS|LAST_N_DAYS):([1-9][0-9]{0,3})")
WHOLE = {
    form: operator.value
    for operator, (form, _) in FILTERS.items()
    if operator.value in ("at_least", "over", "at_most", "below")
}
"""Operation of a filter -> the operator of a condition with a whole number."""


def adopt_list_view(spec: Spec, change: ComponentChange) -> Iterator[AnyEdit]:
    """Columns, filters, who sees it and its label."""
    mapping, display, view = _find_view(spec, change.key)
    columns = {list_column(mapping, field.salesforce): field.name for field in mapping.columns}
    names = {column: name for column, name in columns.items() if column}
    unseen = [name for name in view.columns if _is_unseen(mapping, name)]

    def read(elements: Elements) -> Block:
        return _read_list_view(mapping, names, unseen, view, elements)

    yield _edit(("presentation", "objects", display.object, "list_views", view.name), change, read)


def adopt_report(spec: Spec, change: ComponentChange) -> Iterator[AnyEdit]:
    """Columns, groups, sum, filters, order and label."""
    report = _find_report(spec, change.key)
    mapping = spec.get_object(report.object)
    yield _edit(("presentation", "reports", report.name), change, lambda held: _read_report(mapping, report, held))


def adopt_app(spec: Spec, change: ComponentChange) -> Iterator[AnyEdit]:
    """Tabs and their order, label, description, how the navigation behaves."""
    if spec.presentation is None:
        raise AdoptError(f"{change.key}: no part of the mapping is named so; revert it, or accept it until a day")
    shown = spec.presentation
    yield _edit(("presentation", "app"), change, lambda held: _read_app(spec, shown, held), frozenset(("label",)))


def adopt_tab(spec: Spec, change: ComponentChange) -> Iterator[AnyEdit]:
    """The motif of the tab of a custom object."""
    for mapping in spec.objects:
        if mapping.salesforce == change.key.full_name and (change.after or {}).get("motif"):
            yield BlockEdit(
                ("presentation", "objects", mapping.name),
                {"tab": (change.before or {}).get("motif", "")},
                {"tab": (change.after or {})["motif"]},
            )


def _edit(
    path: tuple[str, ...],
    change: ComponentChange,
    read: Callable[[Elements], Block],
    needed: frozenset[str] | None = None,
) -> BlockEdit:
    return BlockEdit(path, read(change.before or {}), read(change.after or {}), needed)


def _find_view(spec: Spec, key: Key) -> tuple[ObjectMapping, Display, ListView]:
    sobject, _, own = key.full_name.partition(".")
    for display in spec.presentation.displays if spec.presentation else ():
        mapping = find_object(spec, display.object)
        for view in display.list_views:
            if mapping is not None and (mapping.salesforce, view.developer_name) == (sobject, own):
                return mapping, display, view
    raise AdoptError(f"{key}: no part of the mapping is named so; revert it, or accept it until a day")


def _find_report(spec: Spec, key: Key) -> Report:
    own = key.full_name.rpartition("/")[2]
    for report in spec.presentation.reports if spec.presentation else ():
        if report.developer_name == own and "/" in key.full_name:
            return report
    raise AdoptError(f"{key}: no part of the mapping is named so; revert it, or accept it until a day")


def _is_unseen(mapping: ObjectMapping, name: str) -> bool:
    field = next((field for field in mapping.columns if field.name == name), None)
    return field is not None and not list_column(mapping, field.salesforce)


def keep_unseen(before: Sequence[str], found: Sequence[str], unseen: Sequence[str]) -> list[str]:
    """What was found, with the names of the spec that this place cannot show where they stood, behind the name before them."""
    kept = list(found)
    for name in unseen:
        ahead = [one for one in before[: before.index(name)] if one in kept]
        kept.insert(kept.index(ahead[-1]) + 1 if ahead else 0, name)
    return kept


def led(shown: Sequence[str], lead: str, write: Callable[[Sequence[str]], list[str]]) -> object:
    """The names as a list where the record's name leads them, else as `only` these."""
    if shown[:1] == [lead] and shown[1:]:
        return write(shown[1:])
    return {"only": write(shown)}


def _read_list_view(
    mapping: ObjectMapping, names: Names, unseen: Sequence[str], view: ListView, held: Elements
) -> Block:
    def write(columns: Sequence[str]) -> list[str]:
        return keep_unseen(view.columns, [names.get(column, column) for column in columns], unseen)

    block: Block = {
        "label": held.get("label", ""),
        "columns": led(read_order(held, "columns"), name_column(mapping), write),
    }
    rows = [_read_item(held, f"filters[{one}].", "field", "operation") for one in read_order(held, "filters")]
    block |= _split_filters(rows, names)
    if logic := held.get("booleanFilter"):
        block["logic"] = logic
    if (scope := held.get("filterScope", "Everything")) != "Everything":
        block["scope"] = scope
    if shared := _read_shared(held):
        block["shared_with"] = shared
    return block


def _read_shared(held: Elements) -> dict[str, list[str]]:
    shared: dict[str, list[str]] = {}
    for path, text in held.items():
        if path.startswith("sharedTo."):
            kind, _, name = path.removeprefix("sharedTo.").partition("[")
            everybody = kind == "allInternalUsers"
            shared.setdefault(kind, []).extend([] if everybody else [name.removesuffix("]") or text])
    return shared


Item = tuple[str, str, str]


def _read_item(held: Elements, path: str, field: str, operation: str) -> Item:
    """Field, operation and value of a filter."""
    return held.get(f"{path}{field}", ""), held.get(f"{path}{operation}", ""), held.get(f"{path}value", "")


def _split_filters(items: Sequence[Item], names: Names) -> Block:
    """Conditions in the language's words, and from the first that has none on in Salesforce's."""
    where: list[object] = []
    for item in items:
        condition = _as_condition(item, names)
        if condition is None:
            break
        where.append(condition)
    filters = [
        {"field": names.get(field, field), "operation": operation} | ({"value": value} if value else {})
        for field, operation, value in items[len(where) :]
    ]
    return ({"where": where} if where else {}) | ({"filters": filters} if filters else {})


def _as_condition(item: Item, names: Names) -> Block | None:
    field, operation, value = item
    relative = RELATIVE.fullmatch(value)
    if field not in names:
        return None
    if relative:
        days = {DAYS[relative[1]]: int(relative[2])}
        return {"field": names[field], **days} if operation == "equals" else None
    if operation in WHOLE:
        return {"field": names[field], WHOLE[operation]: int(value)} if value.lstrip("-").isdecimal() else None
    values = next(csv.reader([value]), [""]) or [""]
    if operation == "equals":
        told: Block = {"is": values[0]} if len(values) == 1 else {"one_of": values}
        return {"field": names[field], **told}
    return {"field": names[field], Operator.NOT_ONE_OF.value: values} if operation == "notEqual" else None


def _read_report(mapping: ObjectMapping, report: Report, held: Elements) -> Block:
    table = f"{table_of(mapping)}$"
    names = {field.salesforce: field.name for field in mapping.columns}
    shown = [column.removeprefix(table) for column in read_order(held, "columns")]
    grouped = [names.get(one, one) for one in (row.removeprefix(table) for row in read_order(held, "groupingsDown"))]
    listed = reportable(mapping)
    unseen = [name for name in report.columns if _is_unlisted(mapping, name, listed) and name not in grouped]

    def write(columns: Sequence[str]) -> list[str]:
        return keep_unseen(report.columns, [names.get(column, column) for column in columns], unseen)

    block: Block = {
        "label": held.get("name", ""),
        "object": report.object,
        "columns": led(shown, NAME_FIELDS.get(mapping.salesforce, "Name"), write),
    }
    if grouped:
        block["group_by"] = grouped[0]
        granularity = held.get(f"groupingsDown[{read_order(held, 'groupingsDown')[0]}].dateGranularity", "Day")
        block |= {"dates_by": granularity} if granularity != "Day" else {}
    if grouped[1:]:
        block["then_by"] = grouped[1:]
    totals = [names.get(one, one) for one in shown if held.get(f"columns[{table}{one}].aggregateTypes") == "Sum"]
    block |= {"total": totals[-1]} if totals else {}
    return block | _read_rows(names, table, bool(grouped), held)


def _is_unlisted(mapping: ObjectMapping, name: str, listed: Sequence[str]) -> bool:
    field = next((field for field in mapping.columns if field.name == name), None)
    return field is not None and field.salesforce not in listed


def _read_rows(names: Names, table: str, is_grouped: bool, held: Elements) -> Block:
    """Which rows of a report are shown, and how."""
    places = [path for path in held if path.startswith("filter.criteriaItems[") and path.endswith(".column")]
    items = [_read_item(held, path.removesuffix("column"), "column", "operator") for path in places]
    block = _split_filters([(field.removeprefix(table), operation, value) for field, operation, value in items], names)
    if logic := held.get("filter.booleanFilter"):
        block["logic"] = logic
    if (scope := held.get("scope", "organization")) != "organization":
        block["scope"] = scope
    details = held.get("showDetails") == "true"
    block |= {"details": details} if details is is_grouped else {}
    if column := held.get("sortColumn", "").removeprefix(table):
        block["sort_by"] = names.get(column, column)
        block |= {"descending": True} if held.get("sortOrder") == "Desc" else {}
    return block


SWITCHES = {
    "isNavAutoTempTabsDisabled": "temporary_tabs",
    "isNavPersonalizationDisabled": "personalization",
    "isNavTabPersistenceDisabled": "tabs_reopen",
}


def _read_app(spec: Spec, shown: Presentation, held: Elements) -> Block:
    names = {tab: name for name, tab in tab_names(spec).items()}
    tabs = read_order(held, "tabs")
    ends = tuple(tabs[-len(STANDARD_TABS) :]) == STANDARD_TABS and len(tabs) > len(STANDARD_TABS)
    unseen = [name for name in shown.tabs if name in {one.name for one in spec.objects} - set(names.values())]

    def write(listed: Sequence[str]) -> list[str]:
        return keep_unseen(shown.tabs, [names.get(tab, tab) for tab in listed], unseen)

    block: Block = {"label": held.get("label", "")}
    if description := held.get("description", "").removesuffix(banner(spec)).rstrip():
        block["description"] = description
    block["objects"] = write(tabs[: -len(STANDARD_TABS)]) if ends else {"only": write(tabs)}
    if (navigation := held.get("navType", "Standard").lower()) != "standard":
        block["navigation"] = navigation
    return block | {word: False for element, word in SWITCHES.items() if held.get(element) == "true"}
