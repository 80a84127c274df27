"""What Apex may ask only in a test: every test class of cases/tests passes, and its debug log is what its case says."""

from __future__ import annotations

from tests.orgtwin.apex.live_org import LiveOrg

CASE_KIND = "tests"


def told(program: str) -> str:
    """The debug log of the test classes, then what failed, a line each."""
    org = LiveOrg()
    org.load(**{f"source{n}": source for n, source in enumerate(program.split("\n---\n"))})
    failed = [f"{o.method_name}: {o.message}" for o in org.run_tests() if o.message]
    return "\n".join([*org.debug_log(), *failed])


def test_a_test_class_tells_what_the_documentation_says(case: tuple[str, str]) -> None:
    given, expected = case
    assert told(given) == expected
