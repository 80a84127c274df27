"""`clmkit`: the command line. A row of COMMANDS is a command and its line in `--help`; its module is imported when it runs.

Exit codes: 0 done and clean; 1 the work was done and found something wrong; 2 the input or the surroundings are wrong, nothing was
changed; 130 interrupted.
"""

from __future__ import annotations

import importlib

import click

from clmkit.cli.output import NO_ROOM, warn

FAILED, INTERRUPTED = 2, 130

COMMANDS = {
    "apply": ("clmkit.cli.apply:apply", "Carry out a plan: validate, deploy, verify, write down."),
    "audit": ("clmkit.cli.audit:audit", "Verify, export, keep and erase what the audit chain holds."),
    "book": ("clmkit.cli.book:book", "Write the mapping book: catalogue, matrices, security, limits."),
    "compare": ("clmkit.cli.compare:compare", "Compare two states of a mapping and say what breaks."),
    "demo": ("clmkit.cli.demo:demo", "Run the whole way on this machine and prove it."),
    "drift": ("clmkit.cli.drift:drift", "Compare the org with the package directory: what, who, when."),
    "explain": ("clmkit.cli.explain:explain", "Say what a CODE means: where it is met, why, and what to do."),
    "generate": ("clmkit.cli.generate:generate", "Write the Salesforce project that SPEC describes."),
    "import": ("clmkit.cli.import_org:import_org", "Read an org and write a first mapping of it."),
    "init": ("clmkit.cli.init:init_project", "Start a project: a mapping of one's trade, with agreements."),
    "lint": ("clmkit.cli.lint:lint", "Check a mapping: file, line, column and what to do."),
    "plan": ("clmkit.cli.plan:plan", "Say what a release would change."),
    "reconcile": ("clmkit.cli.reconcile:reconcile", "Compare both systems value by value; certify that they agree."),
    "removals": ("clmkit.cli.removals:removals", "Write the package that deletes what left the mapping."),
    "rekey": ("clmkit.cli.rekey:rekey_command", "Give every linked record the key that the mapping now names."),
    "retire": ("clmkit.cli.retire:retire", "Do the next step of taking a dropped field out of the org."),
    "sync": ("clmkit.cli.sync:sync", "Keep the CLM and Salesforce the same."),
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
        except OSError as error:
            if error.filename or error.errno not in NO_ROOM:
                raise
            warn(f"The output finds no room: {error.strerror}. What was done is kept; make room and run this again.")
            raise SystemExit(FAILED) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="clmkit")
def main() -> None:
    """Contract data between a CLM and Salesforce: one mapping spec, generated, deployed, kept the same and proven."""
