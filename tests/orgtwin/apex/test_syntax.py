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
