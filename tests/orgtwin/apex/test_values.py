"""Every expression of cases/values gives what it says it gives."""

from __future__ import annotations

from tests.orgtwin.apex.small_org import SmallOrg

from orgtwin.apex.engine import Engine
from orgtwin.apex.faults import ApexThrow

CASE_KIND = "values"


def value_of(expression: str) -> str:
    engine = Engine(SmallOrg())
    try:
        problems = engine.run_anonymous(f"System.debug({expression});")
    except ApexThrow as error:
        return f"thrown {error}"
    return "\n".join([*engine.debug_log, *(p.message for p in problems)])


def test_an_expression_gives_what_the_documentation_says(case: tuple[str, str]) -> None:
    given, expected = case
    assert value_of(given) == expected
