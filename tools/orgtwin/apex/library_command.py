"""`orgtwin apex library`."""

from __future__ import annotations

import click

from orgtwin.lazy import LateCommand


@click.command("library", cls=LateCommand, work="orgtwin.apex.reference")
def library() -> None:
    """Print the reference page of the Apex library.

    \b
    Example:
      orgtwin apex library > docs/reference/apex-library.md

    \b
    Exit codes:
      0  printed
    """
    from orgtwin.apex.reference import library_page

    click.echo(library_page(), nl=False)
