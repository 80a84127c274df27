"""Formula fields, validation rules, default values.

    compiled = compile_formula("ISBLANK(EndDate)", schema, "Contract")   FormulaError with the org's text when it is no formula
    compiled.result_type                                                 FormulaType.BOOLEAN
    compiled.fields                                                      (FieldPath((), "Contract", "EndDate", "EndDate"),)
    compiled.evaluate(GivenContext(value=read, now=clock()))             FormulaEvaluationError where a page says #Error!

The language: "Formula Operators and Functions by Context" (Salesforce Help) and the vendor's open formula engine.
"""

from orgtwin.formula.code import FormulaKind
from orgtwin.formula.compiled import CompiledFormula, compile_formula
from orgtwin.formula.context import Context, FieldPath, GivenContext, GlobalPath, Lookup
from orgtwin.formula.errors import FormulaError, FormulaEvaluationError
from orgtwin.formula.types import FormulaType

__all__ = [
    "CompiledFormula",
    "Context",
    "FieldPath",
    "FormulaError",
    "FormulaEvaluationError",
    "FormulaKind",
    "FormulaType",
    "GivenContext",
    "GlobalPath",
    "Lookup",
    "compile_formula",
]
