"""Commands that a page shows and nobody runs, because they need systems that go on running: they are calls that are taken."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from clmkit.cli.reference import PROGRAMS

ROOT = Path(__file__).resolve().parents[2]
PLAIN = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:clmkit|orgtwin|clmtwin) [^`]+)`")
PAGES = [ROOT / "README.md", *sorted(path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "reference")]


def shown(text: str) -> Iterator[str]:
    for block in PLAIN.findall(text):
        yield from (line for line in block.splitlines() if line.split(" ")[0] in PROGRAMS)
    for line in INLINE.findall(FENCED.sub("", text)):
        yield line.replace("\n", " ")


def refusal_of(line: str) -> str:
    """Why a program would not take a line; empty when it would."""
    name, *words = shlex.split(line, comments=True)
    command: click.Command = PROGRAMS[name]
    context = click.Context(command, info_name=name)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        if found is None:
            return f"{line}: no such command: {words[0]}"
        name, command, words = words[0], found, words[1:]
        context = click.Context(command, parent=context, info_name=name)
    known = {
        option for parameter in command.get_params(context) for option in parameter.opts + parameter.secondary_opts
    }
    strange = [word for word in words if word.startswith("-") and word.split("=")[0] not in known]
    return f"{line}: no such option: {', '.join(strange)}" if strange else ""


@pytest.mark.parametrize("page", [pytest.param(path, id=path.relative_to(ROOT).as_posix()) for path in PAGES])
def test_a_command_that_is_only_shown_is_one_that_its_program_has(page: Path) -> None:
    assert [refusal for line in shown(page.read_text(encoding="utf-8")) if (refusal := refusal_of(line))] == []


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("clmkit sync run --follow", ""),
        ("clmkit sync replay A --at 2026-11-22T14:30   # a remark", ""),
        ("clmkit sync hurry", "clmkit sync hurry: no such command: hurry"),
        ("orgtwin serve --prot 1", "orgtwin serve --prot 1: no such option: --prot"),
    ],
)
def test_a_command_or_an_option_that_is_not_there_is_named(line: str, refusal: str) -> None:
    assert refusal_of(line) == refusal
