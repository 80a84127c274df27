"""Compiles a formula at deploy, so that a broken one is refused where it is written."""

from __future__ import annotations

from collections.abc import Mapping

from orgtwin.formula import FormulaError, FormulaKind, FormulaType, compile_formula
from orgtwin.schema.model import FieldType, Schema

VALIDATION_RULE = "validation rule"

_RESULTS: Mapping[str, FormulaType] = {
    FieldType.BOOLEAN: FormulaType.BOOLEAN,
    FieldType.STRING: FormulaType.TEXT,
    FieldType.DOUBLE: FormulaType.NUMBER,
    FieldType.CURRENCY: FormulaType.NUMBER,
    FieldType.PERCENT: FormulaType.NUMBER,
    FieldType.DATE: FormulaType.DATE,
    FieldType.DATETIME: FormulaType.DATETIME,
    FieldType.TIME: FormulaType.TIME,
}


def check_formula(schema: Schema, sobject_type: str, formula: str, result: str) -> str | None:
    """The org's words against a formula, or None. `result` is a describe type, or VALIDATION_RULE.

    Raises Unsupported for a function that the twin does not emulate.
    """
    rule = result == VALIDATION_RULE
    kind = FormulaKind.VALIDATION_RULE if rule else FormulaKind.FIELD
    try:
        compile_formula(
            formula, schema, sobject_type, kind=kind, returns=FormulaType.BOOLEAN if rule else _RESULTS.get(result)
        )
    except FormulaError as error:
        return error.message
    return None
