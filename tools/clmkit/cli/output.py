"""What a command tells: words for a person, or one JSON value for a program, on standard output and never both."""

from __future__ import annotations

import errno

import click
import msgspec

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def warn(words: str) -> None:
    """A line on standard error; where that finds no room the line is lost, and the work goes on."""
    try:
        click.echo(f"clmkit: {words}", err=True)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise


def tell(facts: object, words: str, as_json: bool) -> None:
    """The result: the facts on one line of JSON, or the words."""
    click.echo(msgspec.json.encode(facts).decode() if as_json else words)
