"""`clmkit`: the command line. One row of COMMANDS per command; a command's module is imported only when it is asked for.

Exit codes: 0 done and clean; 1 the work was done and found something wrong; 2 the input or the surroundings are wrong, nothing was
changed; 130 interrupted.
"""

from __future__ import annotations

import importlib

import click

INTERRUPTED = 130

COMMANDS = {
    "apply": "clmkit.cli.apply:apply",
    "audit": "clmkit.cli.audit:audit",
    "book": "clmkit.cli.book:book",
    "compare": "clmkit.cli.compare:compare",
    "demo": "clmkit.cli.demo:demo",
    "drift": "clmkit.cli.drift:drift",
    "explain": "clmkit.cli.explain:explain",
    "generate": "clmkit.cli.generate:generate",
    "import": "clmkit.cli.import_org:import_org",
    "init": "clmkit.cli.init:init_project",
    "lint": "clmkit.cli.lint:lint",
    "plan": "clmkit.cli.plan:plan",
    "reconcile": "clmkit.cli.reconcile:reconcile",
    "removals": "clmkit.cli.removals:removals",
    "rekey": "clmkit.cli.rekey:rekey_command",
    "retire": "clmkit.cli.retire:retire",
    "sync": "clmkit.cli.sync:sync",
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
        command = getattr(importlib.import_module(module_name), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{target} is not a click command")
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            raise SystemExit(INTERRUPTED) from None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="clmkit")
def main() -> None:
    """Contract data between a CLM and Salesforce: one mapping spec, generated, deployed, kept the same and proven."""
