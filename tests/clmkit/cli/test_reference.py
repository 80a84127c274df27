"""The page of commands is what the commands say of themselves."""

from collections.abc import Iterator
from pathlib import Path

import click
from click.testing import CliRunner

from clmkit.cli.reference import PAGE, PROGRAMS, render_page

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
    written = (ROOT / PAGE).read_text(encoding="utf-8")
    assert render_page() == written, "run python -m clmkit.cli.reference and commit the page"


def test_the_page_is_the_same_after_the_commands_were_used() -> None:
    for name, program in PROGRAMS.items():
        assert CliRunner().invoke(program, ["--help"], prog_name=name).exit_code == 0
    assert render_page() == (ROOT / PAGE).read_text(encoding="utf-8")


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
