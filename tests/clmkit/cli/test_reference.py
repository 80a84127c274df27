"""The page of commands is what the commands say of themselves."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from clmkit.cli.reference import PAGE, PROGRAMS

ROOT = Path(__file__).parents[3]


def walk(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from walk(f"{name} {below}", found)


COMMANDS = [pair for name, program in PROGRAMS.items() for pair in walk(name, program)]


def test_the_page_of_commands_is_what_their_help_says() -> None:
    """In a process of its own: click's commands remember how they were first asked for help."""
    code = "import sys; from clmkit.cli.reference import render_page; sys.stdout.write(render_page())"
    told = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code], check=True, capture_output=True, encoding="utf-8"
    ).stdout
    written = (ROOT / PAGE).read_text(encoding="utf-8")
    assert told == written, "run python -m clmkit.cli.reference and commit the page"


def test_every_command_and_every_option_says_what_it_does() -> None:
    assert len(COMMANDS) > 25
    silent = [name for name, command in COMMANDS if not command.help]
    silent += [
        f"{name} {option.opts[0]}"
        for name, command in COMMANDS
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ]
    assert silent == []
