"""Commands that are imported when they run, so that `--help` and completion answer at once.

    @click.group(cls=LazyGroup, rows={"apex": ("orgtwin.apex.cli:apex", "its line in --help")})
    @click.command(cls=LateCommand, work="orgtwin.apex.test_session")      the options are known before what does the work

Ctrl-C ends the process at once while something is imported, and raises KeyboardInterrupt from then on.
"""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import click

from orgtwin.interrupts import INTERRUPTED, raise_interrupts

Rows = Mapping[str, tuple[str, str]]
"""By name of a command, `module:attribute` and its line in `--help`."""


class LateCommand(click.Command):
    """A command that imports the module which does its work when its options have been understood."""

    def __init__(self, *args: Any, work: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.work = work

    def invoke(self, ctx: click.Context) -> object:
        _import(self.work)
        raise_interrupts()
        return super().invoke(ctx)


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports only the one that runs."""

    def __init__(self, *args: Any, rows: Rows, **options: Any) -> None:
        super().__init__(*args, **options)
        self.rows = rows

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.rows)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in sorted(self.rows.items())])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.rows:
            return None
        target, _ = self.rows[cmd_name]
        module_name, attribute = target.split(":")
        command = getattr(_import(module_name), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{target} is not a click command")
        if not isinstance(command, LazyGroup | LateCommand):
            raise_interrupts()
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)


def _import(module_name: str) -> ModuleType:
    """What is imported is no garbage, and looking for some makes a start a quarter slower."""
    gc.disable()
    try:
        return importlib.import_module(module_name)
    finally:
        gc.enable()
