"""Help and completion answer without what the commands need."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """import sys
from orgtwin.__main__ import main
sys.argv[0] = "orgtwin"
try:
    main()
finally:
    print([name for name in sys.modules if name in ("orgtwin.apex.engine", "orgtwin.org", "lxml")])
"""


def run(*arguments: str, **environment: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, env={**os.environ, **environment}
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


@pytest.mark.parametrize("command", ["test", "mutate", "library"])
def test_help_of_a_command_of_apex_imports_no_compiler(command: str) -> None:
    said = run("apex", command, "--help")
    assert ("Examples:" in said or "Example:" in said, "Exit codes:" in said, said.splitlines()[-1]) == (
        True,
        True,
        "[]",
    )


@pytest.mark.parametrize(
    ("words", "found"),
    [("orgtwin apex te", ["plain,test"]), ("orgtwin apex test --ju", ["plain,--junit"])],
)
def test_bash_completes_commands_and_options_at_once(words: str, found: list[str]) -> None:
    count = str(len(words.split()) - 1)
    assert run(_ORGTWIN_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=count).splitlines() == [*found, "[]"]
