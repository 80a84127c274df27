"""`columns=true`: what the columns of a query are, which the sf CLI asks to print a table.

Source: the shape that the sf CLI's data query reads (columnMetadata, joinColumns); ASSUMED where it reads nothing.
"""

from __future__ import annotations

from orgtwin.schema.model import Field, FieldType
from orgtwin.soql.operands import Operand
from orgtwin.soql.plan import Plan
from orgtwin.soql.selection import Shape
from orgtwin.soql.wire import Json

_NUMBERS = frozenset({FieldType.INT, FieldType.DOUBLE, FieldType.CURRENCY, FieldType.PERCENT})
_TEXTS = frozenset(
    {
        FieldType.STRING,
        FieldType.TEXTAREA,
        FieldType.EMAIL,
        FieldType.PHONE,
        FieldType.URL,
        FieldType.PICKLIST,
        FieldType.MULTIPICKLIST,
        FieldType.COMBOBOX,
    }
)
_APEX_TYPES = {
    FieldType.ID: "Id",
    FieldType.REFERENCE: "Id",
    FieldType.BOOLEAN: "Boolean",
    FieldType.INT: "Integer",
    FieldType.DOUBLE: "Double",
    FieldType.CURRENCY: "Double",
    FieldType.PERCENT: "Double",
    FieldType.DATE: "Date",
    FieldType.DATETIME: "Datetime",
    FieldType.TIME: "Time",
    FieldType.BASE64: "Blob",
}


def column_metadata(plan: Plan) -> dict[str, Json]:
    """The answer to `query?q=...&columns=true`."""
    columns: list[Json] = []
    if plan.grouped is not None:
        columns = [_group_column(key, operand) for key, operand in plan.grouped.cells]
    elif plan.shape is not None:
        columns = _shape_columns(plan.shape)
    else:
        columns = [_column("count", "count()", FieldType.INT, aggregate=True)]
    return {
        "columnMetadata": columns,
        "entityName": plan.root.api_name,
        "groupBy": plan.grouped is not None and plan.grouped.groups.is_grouped,
        "idSelected": plan.shape is not None and "Id" in plan.shape.cells,
        "keyPrefix": plan.root.key_prefix,
    }


def _shape_columns(shape: Shape) -> list[Json]:
    columns: list[Json] = []
    for key in shape.order:
        if key in shape.parents:
            lookup, parent = shape.parents[key]
            columns.append(_joined(key, _shape_columns(parent), foreign_key=lookup.field.api_name))
        elif key in shape.children:
            columns.append(_joined(key, _shape_columns(shape.children[key]), aggregate=True))
        else:
            column = shape.columns.get(key)
            field = column.field if column is not None else None
            columns.append(_column(key, key, field.type if field is not None else FieldType.STRING, field=field))
    return columns


def _group_column(key: str, operand: Operand) -> Json:
    is_plain = operand.field is not None and operand.field.api_name == key
    return _column(key, operand.label, operand.type, field=operand.field, aggregate=not is_plain)


def _column(
    name: str, display: str, kind: FieldType, *, field: Field | None = None, aggregate: bool = False
) -> dict[str, Json]:
    return {
        "aggregate": aggregate,
        "apexType": _APEX_TYPES.get(kind, "String"),
        "booleanType": kind is FieldType.BOOLEAN,
        "columnName": name,
        "custom": field is not None and field.custom,
        "displayName": display,
        "foreignKeyName": field.relationship_name if field is not None else None,
        "insertable": field is not None and field.createable,
        "joinColumns": [],
        "numberType": kind in _NUMBERS,
        "textType": kind in _TEXTS,
        "updatable": field is not None and field.updateable,
    }


def _joined(name: str, columns: list[Json], *, aggregate: bool = False, foreign_key: str | None = None) -> Json:
    column = _column(name, name, FieldType.COMPLEX_VALUE, aggregate=aggregate)
    return {**column, "apexType": "SObject", "foreignKeyName": foreign_key, "joinColumns": columns}
