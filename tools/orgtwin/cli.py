"""`orgtwin`: the command line. A row of COMMANDS is a command and its line in `--help`; its module is imported when it runs.

Exit codes: 0 done; 1 the work was done and found something wrong; 2 the input or the surroundings are wrong, nothing was changed;
130 Ctrl-C ended it.
"""

from __future__ import annotations

import gc
import importlib
import sys

import click

from orgtwin.interrupts import INTERRUPTED, raise_interrupts

COMMANDS = {
    "apex": ("orgtwin.apex.cli:apex", "Apex on this machine."),
    "env": ("orgtwin.http.client_commands:env", "Print the variables that cci, sf and simple-salesforce need."),
    "reset": ("orgtwin.http.client_commands:reset", "Make the org new again: nothing deployed, saved or used."),
    "restore": ("orgtwin.http.client_commands:restore", "Go back to the snapshot NAME."),
    "serve": ("orgtwin.http.serve_command:serve", "Serve a new org over HTTP and HTTPS, until Ctrl-C."),
    "snapshot": ("orgtwin.http.client_commands:snapshot", "Remember records, schema and settings under NAME."),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports only the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in sorted(COMMANDS.items())])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        target, _ = COMMANDS[cmd_name]
        module_name, attribute = target.split(":")
        gc.disable()  # what is imported is no garbage, and looking for some makes a start a quarter slower
        command = getattr(importlib.import_module(module_name), attribute)
        gc.enable()
        if not isinstance(command, click.Command):
            raise TypeError(f"{target} is not a click command")
        raise_interrupts()
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="clmkit")
def main() -> None:
    """A Salesforce org on this machine, for tests."""
