"""`orgtwin apex`: Apex of a project, with no server and no org."""

from __future__ import annotations

import click

from orgtwin.lazy import LazyGroup

COMMANDS = {
    "library": ("orgtwin.apex.library_command:library", "Print the reference page of the Apex library."),
    "mutate": ("orgtwin.apex.mutate_command:mutate", "Change Apex in small wrong ways: do the tests notice?"),
    "test": ("orgtwin.apex.test_command:test", "Run the tests of an SFDX project."),
}


@click.group(cls=LazyGroup, rows=COMMANDS)
def apex() -> None:
    """Apex on this machine."""
