"""Formula fields, validation rules and default values, run on rows of this org.

Sources: "Formula Field Types and Merge Fields", "Default Field Values" (Salesforce Help).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import NamedTuple, Protocol

from orgtwin.errors import SaveError
from orgtwin.formula import (
    CompiledFormula,
    FieldPath,
    FormulaEvaluationError,
    FormulaKind,
    compile_formula,
)
from orgtwin.formula.code import Run
from orgtwin.formula.types import FormulaType
from orgtwin.records import formula_rows, global_variables
from orgtwin.records.formula_rows import FormulaRow, Moment, path_readers
from orgtwin.records.global_variables import GlobalVariables
from orgtwin.records.model import Row, Value
from orgtwin.records.table import Reader, RecordTable
from orgtwin.schema.model import Field, FieldType, Schema

_NUMERIC = (FieldType.DOUBLE, FieldType.CURRENCY, FieldType.PERCENT)

MakeContext = Callable[[Moment, Row, Row | None], FormulaRow]
"""A row, and what it was before the save, as the formulas of one object see them."""


class Org(formula_rows.Org, global_variables.Org, Protocol):
    @property
    def schema(self) -> Schema: ...


class CompiledRule(NamedTuple):
    """A validation rule: its condition, and what a row is told for which that is true."""

    rule_id: str
    name: str
    run: Run
    refusal: SaveError
    formula: str
    fields: tuple[FieldPath, ...]

    def find_violation(self, context: FormulaRow) -> SaveError | None:
        try:
            return self.refusal if self.run(context) is True else None
        except FormulaEvaluationError as error:
            message = f'The formula in the "{self.name}" validation rule is invalid: {error}'
            return SaveError("FIELD_INTEGRITY_EXCEPTION", message, self.refusal.fields)


class RuleSet(NamedTuple):
    """The active validation rules of one object."""

    rules: tuple[CompiledRule, ...]
    context: MakeContext

    def violations(self, moment: Moment, content: Row, before: Row | None) -> list[SaveError]:
        """Of every rule that refuses this content, so that a user sees all messages at once."""
        context = self.context(moment, content, before)
        return [error for rule in self.rules if (error := rule.find_violation(context)) is not None]


class Formulas:
    """Compiles the formulas of a schema when they are first needed and evaluates them on rows."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._globals = GlobalVariables(org)

    def reader(self, table: RecordTable, f: Field) -> Reader:
        """Reads a formula field. What a page shows as #Error! is null in the API."""
        compiled = compile_formula(
            f.formula or "",
            self._org.schema,
            table.type.api_name,
            blank_as_zero=f.formula_blank_as_zero,
            kind=FormulaKind.FIELD,
            scale=f.scale if f.type in _NUMERIC else None,
            percent=f.type is FieldType.PERCENT,
        )
        make_context = self._make_context(table, compiled.fields)
        return lambda row: _shown(compiled, make_context(self.moment(), row, None))

    def moment(self) -> Moment:
        """Now, for the running user."""
        return Moment(self._org)

    def rules(self, table: RecordTable) -> RuleSet:
        return table.compiled_formulas(self._compile_rules)

    def evaluate(
        self,
        text: str,
        table: RecordTable,
        content: Row,
        before: Row | None,
        returns: FormulaType = FormulaType.BOOLEAN,
    ) -> Value:
        """Any formula over a row, as a flow has them. Raises FormulaError; what a page shows as #Error! is None."""
        return self.compiled(text, table, returns)(content, before)

    def compiled(
        self,
        text: str,
        table: RecordTable,
        returns: FormulaType = FormulaType.BOOLEAN,
        *,
        scale: int | None = None,
        percent: bool = False,
    ) -> Callable[[Row, Row | None], Value]:
        """A formula as a function of a row and what it was before; see `evaluate`."""
        schema = self._org.schema
        compiled = compile_formula(text, schema, table.type.api_name, returns=returns, scale=scale, percent=percent)
        make_context = self._make_context(table, compiled.fields)
        return lambda content, before: _shown(compiled, make_context(self.moment(), content, before))

    def defaults(self, table: RecordTable) -> Mapping[str, Value]:
        """What the default-value formulas of a type come to now, for the running user."""
        context = self._make_context(table, ())(self.moment(), Row([None] * table.width), None)
        formulas = table.compiled_formulas(self._compile_defaults)
        given = {field: _shown(formula, context) for field, formula in formulas}
        return {name: _fitting(table, name, value, context) for name, value in given.items()}

    def _make_context(self, table: RecordTable, paths: Iterable[FieldPath]) -> MakeContext:
        return partial(FormulaRow, path_readers(self._org, table, paths), partial(self._globals.value, table))

    def _compile_rules(self, table: RecordTable) -> RuleSet:
        schema, name = self._org.schema, table.type.api_name
        active = [rule for rule in table.type.validation_rules if rule.active]
        formulas = [compile_formula(rule.formula, schema, name) for rule in active]
        rules = tuple(
            CompiledRule(
                rule.rule_id,
                rule.name,
                formula.run,
                SaveError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, (rule.field,) if rule.field else ()),
                rule.formula,
                formula.fields,
            )
            for rule, formula in zip(active, formulas, strict=True)
        )
        return RuleSet(rules, self._make_context(table, [path for formula in formulas for path in formula.fields]))

    def _compile_defaults(self, table: RecordTable) -> tuple[tuple[str, CompiledFormula], ...]:
        schema, name = self._org.schema, table.type.api_name
        return tuple(
            (
                f.api_name,
                compile_formula(
                    f.default_formula,
                    schema,
                    name,
                    kind=FormulaKind.DEFAULT_VALUE,
                    percent=f.type is FieldType.PERCENT,
                ),
            )
            for f in table.type.fields
            if f.default_formula and f.type is not FieldType.BOOLEAN
        )


def _fitting(table: RecordTable, name: str, value: Value, context: FormulaRow) -> Value:
    """A date and time becomes the user's day as a date field's default: `NOW()` (ASSUMED: public metadata has it)."""
    field = table.type.find_field(name)
    if isinstance(value, datetime) and field is not None and field.type is FieldType.DATE:
        return value.astimezone(context.zone).date()
    return value


def _shown(compiled: CompiledFormula, context: FormulaRow) -> Value:
    try:
        return compiled.evaluate(context)
    except FormulaEvaluationError:
        return None
