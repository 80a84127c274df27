"""`orgtwin`: the command line. One row of COMMANDS a command; its module is imported only when it is asked for.

Exit codes: 0 done; 1 the work was done and found something wrong; 2 the input or the surroundings are wrong, nothing was changed.
"""

from __future__ import annotations

import gc
import importlib

import click

COMMANDS = {
    "apex": "orgtwin.apex.cli:apex",
    "env": "orgtwin.http.client_commands:env",
    "reset": "orgtwin.http.client_commands:reset",
    "restore": "orgtwin.http.client_commands:restore",
    "serve": "orgtwin.http.serve_command:serve",
    "snapshot": "orgtwin.http.client_commands:snapshot",
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports only the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        target = COMMANDS.get(cmd_name)
        if target is None:
            return None
        module_name, attribute = target.split(":")
        gc.disable()  # what is imported is no garbage, and looking for some makes a start a quarter slower
        command = getattr(importlib.import_module(module_name), attribute)
        gc.enable()
        if not isinstance(command, click.Command):
            raise TypeError(f"{target} is not a click command")
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="clmkit")
def main() -> None:
    """A Salesforce org on this machine, for tests."""
