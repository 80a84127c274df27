"""Every program of cases/programs prints what it says it prints."""

from __future__ import annotations

from tests.orgtwin.apex.small_org import SmallOrg

from orgtwin.apex.engine import Engine
from orgtwin.apex.faults import ApexThrow, stack_trace
from orgtwin.errors import Unsupported

CASE_KIND = "programs"
LONGEST_TRACE = 10  # the trace of endless recursion is not written out
_VERSION = "// version:"


def run_program(text: str) -> str:
    """The debug log of classes separated by --- and anonymous Apex; problems and exceptions as lines.

    `// version: 61` at the start of a class is its API version.
    """
    engine = Engine(SmallOrg())
    *classes, anonymous = text.split("\n---\n")
    sources = {f"source{n}": source for n, source in enumerate(classes)}
    written = {name: source.partition("\n")[0] for name, source in sources.items() if source.startswith(_VERSION)}
    engine.load(sources, {name: float(line.removeprefix(_VERSION)) for name, line in written.items()})
    problems = engine.check()
    if problems:
        return "\n".join(f"{p.line}:{p.column}: {p.message}" for p in problems)
    try:
        problems = engine.run_anonymous(anonymous)
    except ApexThrow as error:
        trace = stack_trace(error.value).splitlines()
        shown = trace if len(trace) < LONGEST_TRACE else []
        return "\n".join([*engine.debug_log, f"thrown {error}", *shown])
    except Unsupported as error:
        return "\n".join([*engine.debug_log, f"refused {error.ledger_key}"])
    return "\n".join([*engine.debug_log, *(f"{p.line}:{p.column}: {p.message}" for p in problems)])


def test_a_program_prints_what_the_documentation_says(case: tuple[str, str]) -> None:
    given, expected = case
    assert run_program(given) == expected
