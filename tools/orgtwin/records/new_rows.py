"""What a new record starts with: default values, and the caller as owner."""

from __future__ import annotations

from decimal import Decimal

from orgtwin.records.context import RecordsContext
from orgtwin.records.model import Row, Value
from orgtwin.records.system_fields import default_values
from orgtwin.records.table import RecordTable
from orgtwin.schema.model import FieldType


class NewRows:
    """What the new rows of one object start as, for one user."""

    def __init__(self, context: RecordsContext, table: RecordTable, user_id: str) -> None:
        self._context = context
        self._table = table
        # The default of a checkbox is true or false, which default_values knows.
        self._has_formulas = any(f.default_formula and f.type is not FieldType.BOOLEAN for f in table.type.fields)
        self._constants = {table.slot(name): value for name, value in default_values(table.type).items()}
        # ASSUMED: a count or sum of nothing is 0, as it is of a parent whose last child went.
        for f in table.type.fields:
            if f.summary is not None and f.summary[1].lower() in ("count", "sum"):
                self._constants[table.slot(f.api_name)] = Decimal(0)
        if table.type.find_field("OwnerId") is not None:
            self._constants[table.slot("OwnerId")] = user_id
        self._blank = Row([])

    def blank(self) -> Row:
        """The row that the new rows of a batch are copies of; defaults by formula are evaluated now."""
        if self._has_formulas:
            by_formula = self._context.formulas.defaults(self._table)
            return self._filled({self._table.slot(name): value for name, value in by_formula.items()})
        if len(self._blank) != self._table.width:
            self._blank = self._filled({})
        return self._blank

    def _filled(self, by_formula: dict[int, Value]) -> Row:
        blank = Row([None] * self._table.width)
        for slot, value in (self._constants | by_formula).items():
            blank[slot] = value
        return blank
