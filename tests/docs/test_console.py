"""The reader of samples fails when it should."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.docs.console import Command, File, is_as_told, parse_page, run_page

PAGE = """
```console
$ echo one; echo two
one
two
$ exit 3
(exit code 3)
```

```yaml title=a/b.yml
key: 1
```
"""


def test_a_page_is_commands_and_files() -> None:
    assert list(parse_page(PAGE)) == [
        Command("echo one; echo two", ("one", "two"), 0),
        Command("exit 3", (), 3),
        File("a/b.yml", "key: 1\n"),
    ]


@pytest.mark.parametrize(
    ("output", "told", "expected"),
    [
        ("one\ntwo\n", ("one", "two"), True),
        ("one\ntwo\n", ("one",), False),
        ("one\ntwo\nthree\n", ("one", "...", "three"), True),
        ("took 1.2 s\n", ("took … s",), True),
        ("took 1.2 s\n", ("took … ms",), False),
        ("", (), True),
        ("noise\n", (), False),
    ],
)
def test_output_is_compared_line_by_line(output: str, told: tuple[str, ...], expected: bool) -> None:
    assert is_as_told(output, told) is expected


def test_a_page_that_tells_the_truth_has_no_troubles(tmp_path: Path) -> None:
    assert run_page(PAGE, tmp_path, os.environ) == []
    assert (tmp_path / "a" / "b.yml").read_text() == "key: 1\n"


@pytest.mark.parametrize("lie", ["$ echo one\ntwo", "$ exit 1", "$ echo one"])
def test_a_page_that_does_not_is_shown_what_came_instead(tmp_path: Path, lie: str) -> None:
    (trouble,) = run_page(f"```console\n{lie}\n```\n", tmp_path, os.environ)
    assert trouble.startswith(lie.split("\n")[0])


def test_a_command_that_was_run_before_is_judged_by_what_it_said_then(tmp_path: Path) -> None:
    page = "```console\n$ exit 4\ntold\n```\n"
    assert run_page(page, tmp_path, os.environ, {"exit 4": "told\n"}) == []
    assert run_page(page, tmp_path, os.environ, {"exit 4": "else\n"}) == ["$ exit 4\n(exit code 0)\nelse\n"]
