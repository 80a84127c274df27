"""Formula text to something that evaluates."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from orgtwin.formula.code import Code, FormulaKind, Run
from orgtwin.formula.compiler import Compiler
from orgtwin.formula.context import Context, FieldPath, GlobalPath
from orgtwin.formula.errors import FormulaError, unknown_field
from orgtwin.formula.library.numbers import round_half_up
from orgtwin.formula.parser import parse
from orgtwin.formula.types import FormulaType, can_return
from orgtwin.records.model import Value
from orgtwin.schema.model import Schema


@dataclass(frozen=True, slots=True)
class CompiledFormula:
    """`fields` and `global_paths` are everything the formula reads, in order of first use."""

    text: str
    result_type: FormulaType
    fields: tuple[FieldPath, ...]
    global_paths: tuple[GlobalPath, ...]
    run: Run = field(repr=False, compare=False)
    scale: int | None = None

    def evaluate(self, context: Context) -> Value:
        """Decimal, str (blank is None), bool (null is False), date, datetime or time. Raises FormulaEvaluationError."""
        value = self.run(context)
        if self.result_type is FormulaType.BOOLEAN:
            return value is True
        if value == "":
            return None
        if isinstance(value, Decimal) and self.scale is not None:
            return round_half_up(value, self.scale)
        return value


def compile_formula(
    text: str,
    schema: Schema,
    sobject_type: str,
    *,
    blank_as_zero: bool = False,
    kind: FormulaKind = FormulaKind.VALIDATION_RULE,
    returns: FormulaType | None = None,
    scale: int | None = None,
) -> CompiledFormula:
    """Check and compile a formula of one object.

    blank_as_zero  "Treat blank fields as zeroes": blank numbers read 0 (formula fields; validation rules read them as blank)
    returns        the type the place asks for; a validation rule asks for BOOLEAN without being told
    scale          digits after the point of a numeric result, rounded half up
    Raises FormulaError; Unsupported for functions that the twin does not emulate.
    """
    owner = schema.find_type(sobject_type)
    if owner is None:
        raise unknown_field(sobject_type, 0)
    compiler = Compiler(schema, owner, kind, blank_as_zero=blank_as_zero)
    code = compiler.compile(parse(text))
    compiler.refuse_bare_picklist(code)
    _require_result(code, FormulaType.BOOLEAN if kind is FormulaKind.VALIDATION_RULE and not returns else returns)
    return CompiledFormula(text, code.type, tuple(compiler.fields), tuple(compiler.global_paths), code.run, scale)


def _require_result(code: Code, expected: FormulaType | None) -> None:
    if expected is not None and not can_return(code.type, expected):
        raise FormulaError(
            f"Formula result is data type ({code.type.label}), "
            f"incompatible with expected data type ({expected.label}).",
            code.node.position,
        )
