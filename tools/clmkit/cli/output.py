"""What a command tells: words for a person, or one JSON value for a program, on standard output and never both."""

from __future__ import annotations

import click
import msgspec

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


def tell(facts: object, words: str, as_json: bool) -> None:
    """The result: the facts on one line of JSON, or the words."""
    click.echo(msgspec.json.encode(facts).decode() if as_json else words)
