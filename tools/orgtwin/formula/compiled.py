"""Formula text to something that evaluates."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from orgtwin.formula.code import Code, FormulaKind, Run
from orgtwin.formula.compiler import PERCENT_DIGITS, Compiler
from orgtwin.formula.context import Context, FieldPath, GlobalPath
from orgtwin.formula.errors import FormulaError, unknown_field
from orgtwin.formula.library.numbers import round_half_up
from orgtwin.formula.operators import EXACT
from orgtwin.formula.parser import parse
from orgtwin.formula.types import FormulaType, can_return
from orgtwin.records.model import Value
from orgtwin.schema.model import Schema

LONGEST_TEXT = 1300  # the rest of a longer result is cut off


@dataclass(frozen=True, slots=True)
class CompiledFormula:
    """`fields` and `global_paths` are everything the formula reads, in order of first use."""

    text: str
    result_type: FormulaType
    fields: tuple[FieldPath, ...]
    global_paths: tuple[GlobalPath, ...]
    run: Run = field(repr=False, compare=False)
    scale: int | None = None
    percent: bool = False

    def evaluate(self, context: Context) -> Value:
        """Decimal, str (blank is None), bool (null is False), date, datetime or time. Raises FormulaEvaluationError."""
        value = self.run(context)
        if self.result_type is FormulaType.BOOLEAN:
            return value is True
        if isinstance(value, str):
            return value[:LONGEST_TEXT] or None
        if isinstance(value, Decimal):
            return self._finished(value)
        return value

    def _finished(self, value: Decimal) -> Decimal:
        number = value.scaleb(PERCENT_DIGITS, EXACT) if self.percent else value
        return number if self.scale is None else round_half_up(number, self.scale)


def compile_formula(
    text: str,
    schema: Schema,
    sobject_type: str,
    *,
    blank_as_zero: bool = False,
    kind: FormulaKind = FormulaKind.VALIDATION_RULE,
    returns: FormulaType | None = None,
    scale: int | None = None,
    percent: bool = False,
) -> CompiledFormula:
    """Check and compile a formula of one object.

    blank_as_zero  "Treat blank fields as zeroes": blank numbers read 0 (formula fields; validation rules read them as blank)
    returns        the type the place asks for; a validation rule asks for BOOLEAN without being told
    scale          digits after the point of a numeric result, rounded half up
    percent        the result fills a percent field: 0.25 becomes 25
    Raises FormulaError; Unsupported for functions that the twin does not emulate.
    """
    owner = schema.find_type(sobject_type)
    if owner is None:
        raise unknown_field(sobject_type, 0)
    compiler = Compiler(schema, owner, kind, blank_as_zero=blank_as_zero)
    code = compiler.compile(parse(text))
    compiler.refuse_bare_picklist(code)
    _require_result(code, FormulaType.BOOLEAN if kind is FormulaKind.VALIDATION_RULE and not returns else returns)
    return CompiledFormula(
        text, code.type, tuple(compiler.fields), tuple(compiler.global_paths), code.run, scale, percent
    )


def _require_result(code: Code, expected: FormulaType | None) -> None:
    if expected is not None and not can_return(code.type, expected):
        raise FormulaError(
            f"Formula result is data type ({code.type.label}), "
            f"incompatible with expected data type ({expected.label}).",
            code.node.position,
        )
