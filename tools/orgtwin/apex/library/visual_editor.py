"""VisualEditor: the picklists of Lightning components whose values Apex gives.

Source: "DataRow Class", "DynamicPickList Class", "DynamicPickListRows Class" (Apex Reference Guide, VisualEditor Namespace).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from orgtwin.apex.faults import throw
from orgtwin.apex.library.signatures import declare, system_class, type_of
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList, Value

_SPACE = "VisualEditor"


@dataclass(slots=True, eq=False)
class DataRow:
    """One value that can be picked."""

    label: str | None
    value: Value
    selected: bool = False

    @property
    def apex_type(self) -> Type:
        return declare("DataRow", namespace=_SPACE).type


@dataclass(slots=True, eq=False)
class PickListRows:
    """The values in their order."""

    rows: list[DataRow] = field(default_factory=list)
    contains_all: bool = False

    @property
    def apex_type(self) -> Type:
        return declare("DynamicPickListRows", namespace=_SPACE).type


def _compare(this: DataRow, other: DataRow) -> int:
    return (str(this.label) > str(other.label)) - (str(this.label) < str(other.label))


system_class(
    "DataRow",
    {
        "Object clone()": lambda this: DataRow(this.label, this.value, this.selected),
        "Integer compareTo(VisualEditor.DataRow)": _compare,
        "String getLabel()": lambda this: this.label,
        "Object getValue()": lambda this: this.value,
        "Boolean isSelected()": lambda this: this.selected,
    },
    namespace=_SPACE,
    constructors={"(String,Object)": DataRow, "(String,Object,Boolean)": DataRow},
)


def _rows_from(rows: ApexList, contains_all: bool = False) -> PickListRows:
    return PickListRows(list(rows.items), contains_all)


def _add_row(this: PickListRows, row: DataRow) -> None:
    this.rows.append(row)


def _get_row(this: PickListRows, place: int) -> DataRow:
    if not 0 <= place < len(this.rows):
        raise throw("ListException", f"List index out of bounds: {place}")
    return this.rows[place]


def _add_all(this: PickListRows, rows: ApexList) -> None:
    this.rows += rows.items


def _set_contains_all(this: PickListRows, contains_all: bool) -> None:
    this.contains_all = contains_all


def _sort(this: PickListRows) -> None:
    this.rows.sort(key=lambda row: str(row.label))


def _get_rows(this: PickListRows) -> ApexList:
    return ApexList(type_of("List<VisualEditor.DataRow>"), list(this.rows))


system_class(
    "DynamicPickListRows",
    {
        "void addAllRows(List<VisualEditor.DataRow>)": _add_all,
        "void addRow(VisualEditor.DataRow)": _add_row,
        "Object clone()": lambda this: PickListRows(list(this.rows), this.contains_all),
        "Boolean containsAllRows()": lambda this: this.contains_all,
        "VisualEditor.DataRow get(Integer)": _get_row,
        "List<VisualEditor.DataRow> getDataRows()": _get_rows,
        "void setContainsAllRows(Boolean)": _set_contains_all,
        "Integer size()": lambda this: len(this.rows),
        "void sort()": _sort,
    },
    namespace=_SPACE,
    constructors={
        "()": PickListRows,
        "(List<VisualEditor.DataRow>)": _rows_from,
        "(List<VisualEditor.DataRow>,Boolean)": _rows_from,
    },
)
