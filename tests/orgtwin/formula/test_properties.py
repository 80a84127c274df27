"""Laws of the language: printing is the inverse of parsing; no text and no pattern breaks it."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orgtwin.errors import Unsupported
from orgtwin.formula import FormulaError, FormulaEvaluationError, FormulaKind, GivenContext, compile_formula
from orgtwin.formula.parser import parse
from orgtwin.formula.tree import Call, Chain, Literal, Node, Reference, Step, Unary, render
from orgtwin.java_regex import compile_java
from orgtwin.schema.model import Schema

RANKS = (("||",), ("&&",), ("=", "<>"), ("<", ">", "<=", ">="), ("+", "-", "&"), ("^",), ("*", "/"))

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8).filter(
    lambda text: "\r" not in text and "\x85" not in text
)
literals = st.one_of(
    texts.map(Literal),
    st.decimals(0, 10**6, places=3).map(Literal),
    st.sampled_from([True, False, None]).map(Literal),
)
references = st.sampled_from(["Name", "Account.Owner.Name", "$User.Id", "Owner:User.Name"]).map(Reference)


def grown(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    def chain(rank: tuple[str, ...]) -> st.SearchStrategy[Node]:
        steps = st.lists(st.builds(Step, st.sampled_from(rank), inner), min_size=1, max_size=3).map(tuple)
        return st.builds(Chain, inner, steps)

    calls = st.builds(Call, st.sampled_from(["IF", "AND", "TODAY"]), st.lists(inner, max_size=3).map(tuple))
    unary = st.builds(Unary, st.sampled_from(["NOT", "-", "+"]), inner)
    return st.one_of(calls, unary, st.sampled_from(RANKS).flatmap(chain))


trees: st.SearchStrategy[Node] = st.recursive(st.one_of(literals, references), grown, max_leaves=12)


@given(trees)
def test_parsing_what_was_printed_gives_the_tree_back(tree: Node) -> None:
    assert parse(render(tree)) == tree


def outcome(text: str, schema: Schema, context: GivenContext) -> str:
    try:
        compile_formula(text, schema, "Contract", kind=FormulaKind.FIELD).evaluate(context)
    except (FormulaError, FormulaEvaluationError, Unsupported):
        return "refused"
    return "evaluated"


PIECES = (
    *("Name", "Status", "Value__c", "Blank__c", "StartDate", "Signed__c", "Opens__c", "Renews__c", "Tags__c"),
    *("AccountId", "Account.Name", "NULL", "TRUE", "1", "0.5", "99999", "'x'", "TODAY()", "NOW()", "TIMENOW()"),
    *("(", ")", ",", "+", "-", "*", "/", "^", "&", "=", "<>", "<", "&&", "||", "NOT", "IF(", "AND(", "CASE("),
    *("TEXT(", "VALUE(", "LEFT(", "MID(", "FIND(", "ROUND(", "MOD(", "DATE(", "DATEVALUE(", "ADDMONTHS(", "ISBLANK("),
    *("BLANKVALUE(", "ISPICKVAL(", "INCLUDES(", "REGEX(", "POWER(", "CHR(", "LPAD(", "SQRT(", "LN(", "EXP("),
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=14))
def test_any_row_of_tokens_evaluates_or_is_refused(schema: Schema, context: GivenContext, pieces: list[str]) -> None:
    assert outcome(" ".join(pieces), schema, context) in {"evaluated", "refused"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60))
def test_any_text_evaluates_or_is_refused(schema: Schema, context: GivenContext, text: str) -> None:
    assert outcome(text, schema, context) in {"evaluated", "refused"}


@pytest.mark.parametrize("opening", ["(", "NOT ", "-", "NOT(", "IF("])
def test_hostile_depth_is_refused(opening: str) -> None:
    with pytest.raises(FormulaError, match=r"Formula is nested too deeply\. Maximum depth is 100 levels"):
        parse(opening * 900)


def test_a_thousand_additions_are_not_deep(schema: Schema, context: GivenContext) -> None:
    compiled = compile_formula("+".join(["1"] * 1900), schema, "Contract", kind=FormulaKind.FIELD)
    assert compiled.evaluate(context) == Decimal(1900)


def test_a_hostile_pattern_is_stopped_not_waited_for(schema: Schema, context: GivenContext) -> None:
    text = f'REGEX("{"a" * 60}b", "(a|aa)+\\\\1$")'
    formula = compile_formula(text, schema, "Contract", kind=FormulaKind.VALIDATION_RULE)
    with pytest.raises(FormulaEvaluationError, match=re.escape(r"Regular expression runtime exceeded for: (a|aa)+\1$")):
        formula.evaluate(context)


atoms = st.sampled_from(["a", "b", "1", ".", "[ab]", "[^a]", "[a-c1]", r"\d", r"\w", r"\s", r"\."])
quantified = st.builds(
    lambda atom, mark: atom + mark, atoms, st.sampled_from(["", "?", "*", "+", "{2}", "{1,2}", "*?"])
)


def pattern_of(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    joined = st.lists(inner, min_size=1, max_size=3).map("".join)
    return st.one_of(joined, st.builds(lambda one, two: f"({one}|{two})", joined, joined))


patterns = st.recursive(quantified, pattern_of, max_leaves=6)


@settings(max_examples=300)
@given(pattern=patterns, text=st.text("ab1. ", max_size=8))
def test_python_matches_the_same_texts(pattern: str, text: str) -> None:
    assert (compile_java(pattern).fullmatch(text) is not None) is (re.fullmatch(pattern, text, re.ASCII) is not None)
