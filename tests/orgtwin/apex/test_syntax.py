"""Programs that the parser accepts and rejects; each verdict and text is that of Salesforce's own parser on the same program."""

from __future__ import annotations

from orgtwin.apex.syntax import SyntaxProblem, parse

CASE_KIND = "syntax"


def verdict(program: str) -> str:
    try:
        parse(program)
    except SyntaxProblem as problem:
        return f"{problem.line}:{problem.column}: {problem.message}"
    return "accepted"


def test_a_program_is_accepted_or_rejected_as_salesforce_does(case: tuple[str, str]) -> None:
    given, expected = case
    assert verdict(given) == expected


def test_a_wrong_sign_behind_many_comments_is_found_at_once() -> None:
    """Each comment could also end at the end of a later one: trying that would take longer than the universe is old."""
    assert verdict("/* */ " * 2_000 + "%") == "1:12001: " + SIGN
    assert verdict("/* a * / b\n" * 2_000 + "*/ // */\n %") == "2002:2: " + SIGN


SIGN = "Found punctuation symbol or operator '%' that isn't valid in Apex."
