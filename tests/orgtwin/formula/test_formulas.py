"""What formulas come to and how they are refused; the facts are in cases/."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from orgtwin.errors import Unsupported
from orgtwin.formula import (
    FormulaError,
    FormulaEvaluationError,
    FormulaKind,
    FormulaType,
    GivenContext,
    compile_formula,
)
from orgtwin.records.model import Value
from orgtwin.schema.model import Schema

CASES = ("logic.txt", "text.txt", "numbers.txt", "dates.txt", "record.txt", "refusals.txt")
ON_SAVE = ("ISCHANGED", "PRIORVALUE", "ISNEW", "ISCLONE")


def shown(value: Value) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else repr(value) if isinstance(value, str) else str(value)


def answer(schema: Schema, context: GivenContext, text: str) -> str:
    """The value; `#` and the reason where a page shows #Error!; `!` and the refusal where the formula does not compile."""
    on_save = any(name in text for name in ON_SAVE)
    kind = FormulaKind.VALIDATION_RULE if on_save else FormulaKind.FIELD
    try:
        return shown(compile_formula(text, schema, "Contract", kind=kind).evaluate(context))
    except FormulaEvaluationError as error:
        return f"# {error}"
    except (FormulaError, Unsupported) as error:
        return f"! {error}"


def test_a_formula_comes_to(schema: Schema, context: GivenContext, given: str, expected: str) -> None:
    assert answer(schema, context, given) == expected


def test_blank_numbers_read_zero_when_the_field_says_so(schema: Schema, context: GivenContext) -> None:
    compiled = compile_formula("Blank__c + Value__c", schema, "Contract", blank_as_zero=True, kind=FormulaKind.FIELD)
    assert compiled.evaluate(context) == Decimal("100.50")


def test_a_numeric_result_is_rounded_to_the_field_s_scale(schema: Schema, context: GivenContext) -> None:
    compiled = compile_formula("Seats__c / 7", schema, "Contract", kind=FormulaKind.FIELD, scale=3)
    assert str(compiled.evaluate(context)) == "1.714"


def test_a_percent_is_a_fraction_inside_and_a_percentage_outside(schema: Schema, context: GivenContext) -> None:
    compiled = compile_formula("Discount__c / 3", schema, "Contract", kind=FormulaKind.FIELD, scale=2, percent=True)
    assert str(compiled.evaluate(context)) == "4.17"


def test_a_text_result_is_cut_at_1300_characters(schema: Schema, context: GivenContext) -> None:
    compiled = compile_formula('LPAD("x", 2000, "-")', schema, "Contract", kind=FormulaKind.FIELD)
    assert compiled.evaluate(context) == "-" * 1300


def test_a_formula_tells_what_it_reads(schema: Schema) -> None:
    compiled = compile_formula(
        'AND(account.OWNER.name = $user.name, ISPICKVAL(status, "Draft"), Note__c = "")',
        schema,
        "Contract",
    )
    assert [path.text for path in compiled.fields] == ["Account.Owner.Name", "Status", "Note__c"]
    assert [(step.field, step.parent_type) for step in compiled.fields[0].lookups] == [
        ("AccountId", "Account"),
        ("OwnerId", "User"),
    ]
    assert [path.names for path in compiled.global_paths] == [("$User", "Name")]
    assert compiled.result_type is FormulaType.BOOLEAN


def test_a_new_record_has_no_changes_and_its_prior_value_is_the_present_one(
    schema: Schema, context: GivenContext
) -> None:
    new = replace(context, is_new=True)
    for text, truth in (("ISNEW()", True), ("ISCHANGED(Name)", False), ('PRIORVALUE(Name) = "Master Services"', True)):
        assert compile_formula(text, schema, "Contract").evaluate(new) is truth


@pytest.mark.parametrize(
    ("text", "kind", "returns", "message"),
    [
        (
            "Value__c",
            FormulaKind.VALIDATION_RULE,
            None,
            "Formula result is data type (Number), incompatible with expected data type (Boolean).",
        ),
        (
            "Name",
            FormulaKind.FIELD,
            FormulaType.NUMBER,
            "Formula result is data type (Text), incompatible with expected data type (Number).",
        ),
        ("ISNEW()", FormulaKind.FIELD, None, "Function ISNEW may not be used in this type of formula"),
        ("Name", FormulaKind.DEFAULT_VALUE, None, "Field Name may not be used in this type of formula"),
    ],
)
def test_a_formula_must_fit_its_place(
    schema: Schema, text: str, kind: FormulaKind, returns: FormulaType | None, message: str
) -> None:
    with pytest.raises(FormulaError) as refused:
        compile_formula(text, schema, "Contract", kind=kind, returns=returns)
    assert refused.value.message == message


def test_a_refusal_points_at_the_place(schema: Schema) -> None:
    with pytest.raises(FormulaError) as refused:
        compile_formula("AND(TRUE, Bacon__c)", schema, "Contract")
    assert (refused.value.message, refused.value.position) == ("Field Bacon__c does not exist. Check spelling.", 10)


def test_a_formula_has_3900_characters_at_most(schema: Schema) -> None:
    with pytest.raises(FormulaError) as refused:
        compile_formula("1" + " " * 3900, schema, "Contract", kind=FormulaKind.FIELD)
    assert refused.value.message == "Formula is too long (3,901 characters).  Maximum length is 3,900 characters"
