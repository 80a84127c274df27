"""What every command's help owes its reader: a line that fits, examples that the command takes, exit codes, --json."""

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from clmkit.cli.reference import PROGRAMS

# What a command tells a program without --json; or that it tells nothing but that it is done.
TOLD_OTHERWISE = {
    "clmkit audit export": "its lines are JSON or CEF",
    "clmkit demo": "build/evidence holds the figures as JSON",
    "clmtwin serve": "the ready file",
    "orgtwin apex library": "a page",
    "orgtwin reset": "done or not",
    "orgtwin restore": "done or not",
    "orgtwin serve": "the ready file",
    "orgtwin snapshot": "done or not",
}


def walk(name: str, command: click.Command, parent: click.Context | None) -> Iterator[tuple[str, click.Context]]:
    context = command.context_class(command, info_name=name.split()[-1], parent=parent, **command.context_settings)
    yield name, context
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from walk(f"{name} {below}", found, context)


EVERY = [pair for name, program in PROGRAMS.items() for pair in walk(name, program, None)]
GROUPS = [pytest.param(context, id=name) for name, context in EVERY if isinstance(context.command, click.Group)]
COMMANDS = [
    pytest.param(name, context, id=name)
    for name, context in EVERY
    if context.command.name and not isinstance(context.command, click.Group)
]


def lines_below(title: str, text: str) -> list[str]:
    """The indented lines below the line that starts with the title, to the next empty one."""
    found: list[str] = []
    lines = iter(text.splitlines())
    for line in lines:
        if line.strip().startswith(title):
            for below in lines:
                if not below.strip():
                    break
                found.append(below.strip())
    return found


@pytest.mark.parametrize("context", GROUPS)
def test_no_line_of_a_list_of_commands_is_cut(context: click.Context) -> None:
    _, _, listed = context.command.get_help(context).partition("Commands:\n")
    assert [line for line in listed.splitlines() if line.endswith("...")] == []
    assert listed


@pytest.mark.parametrize("context", GROUPS)
def test_the_line_in_a_list_of_commands_is_the_first_of_its_help(context: click.Context) -> None:
    group = context.command
    assert isinstance(group, click.Group)
    formatter, theirs = context.make_formatter(), context.make_formatter()
    group.format_commands(context, formatter)
    click.Group.format_commands(group, context, theirs)
    assert formatter.getvalue() == theirs.getvalue()


@pytest.mark.parametrize(("name", "context"), COMMANDS)
def test_an_example_is_a_call_that_the_command_takes(name: str, context: click.Context) -> None:
    examples = lines_below("Example", context.command.help or "")
    called = [re.search(rf"(?:^|[ (])({name})(?= |$|\)|\")(.*)$", example) for example in examples]
    calls = [match for match in called if match]
    assert calls, f"{name} shows no call of itself"
    for match in calls:
        words = shlex.split(re.split(r" [|>]|\)\"", match.group(2))[0])
        context.command.make_parser(context).parse_args(words)


@pytest.mark.parametrize(("name", "context"), COMMANDS)
def test_exit_codes_are_told_one_a_line_and_0_is_success(name: str, context: click.Context) -> None:
    codes = [re.fullmatch(r"(\d+) {2,}\S.*", line) for line in lines_below("Exit codes", context.command.help or "")]
    numbers = [int(match.group(1)) for match in codes if match]
    assert len(numbers) == len(codes)
    assert numbers[0] == 0
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(("name", "context"), COMMANDS)
def test_a_command_tells_programs_by_json_what_it_tells_people(name: str, context: click.Context) -> None:
    takes_json = any("--json" in option.opts for option in context.command.params)
    assert takes_json != (name in TOLD_OTHERWISE)
