"""What a new record starts with: default values, and the caller as owner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orgtwin.records.context import RecordsContext
from orgtwin.records.model import Caller, Row, Value
from orgtwin.records.system_fields import default_values
from orgtwin.records.table import RecordTable
from orgtwin.schema.model import FieldType, Schema


@dataclass(frozen=True, slots=True)
class _Template:
    schema: Schema
    constants: dict[int, Value]
    has_formulas: bool


class NewRows:
    """Makes empty rows of a type; the constant part is worked out once per schema."""

    def __init__(self, context: RecordsContext) -> None:
        self._context = context
        self._templates: dict[str, _Template] = {}

    def maker(self, table: RecordTable, caller: Caller) -> Callable[[], Row]:
        """A function that makes one new row for this caller; defaults by formula are evaluated now, once for a batch."""
        template = self._template(table)
        values: dict[int, Value] = dict(template.constants)
        if template.has_formulas:
            for name, value in self._context.formulas.defaults(table).items():
                values[table.slot(name)] = value
        if table.type.find_field("OwnerId") is not None:
            values[table.slot("OwnerId")] = caller.user_id
        blank: list[Value] = [None] * table.width
        for slot, value in values.items():
            blank[slot] = value
        return lambda: Row(blank.copy())

    def _template(self, table: RecordTable) -> _Template:
        schema = self._context.schema
        found = self._templates.get(table.type.api_name)
        if found is None or found.schema is not schema:
            found = self._templates[table.type.api_name] = _new_template(table, schema)
        return found


def _new_template(table: RecordTable, schema: Schema) -> _Template:
    constants = {table.slot(name): value for name, value in default_values(table.type).items()}
    # The default of a checkbox is true or false, which default_values knows.
    formulas = any(f.default_formula and f.type is not FieldType.BOOLEAN for f in table.type.fields)
    return _Template(schema, constants, formulas)
