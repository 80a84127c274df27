"""Every program of cases/checks is accepted, or refused with these texts at these places."""

from __future__ import annotations

from tests.orgtwin.apex.small_org import SmallOrg

from orgtwin.apex.engine import Engine

CASE_KIND = "checks"
API_VERSION = 66.0
_VERSION = "// version:"


def verdict(text: str) -> str:
    """The problems of classes and triggers separated by ---, a line each. `// version: 41` at the start is their API version."""
    sources = {f"source{n}": source for n, source in enumerate(text.split("\n---\n"))}
    engine = Engine(SmallOrg())
    written = text.startswith(_VERSION)
    version = float(text.partition("\n")[0].removeprefix(_VERSION)) if written else API_VERSION
    engine.load(sources, dict.fromkeys(sources, version))
    problems = sorted((p.line, p.column, p.message) for p in engine.check())
    return "\n".join(f"{line}:{column}: {message}" for line, column, message in problems) or "accepted"


def test_a_program_has_the_verdict_of_the_documentation(case: tuple[str, str]) -> None:
    given, expected = case
    assert verdict(given) == expected
