"""`clmkit explain`: what a code means, wherever it was met."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

import click
from click.shell_completion import CompletionItem

from clmkit.cli.codes import FAMILIES, Code, all_codes
from clmkit.cli.output import AS_JSON, tell

UNKNOWN = 2


def _complete(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    return [CompletionItem(found.code, help=found.title) for found in _beginning_with(begun)]


@click.command()
@click.argument("code", default="", shell_complete=_complete)
@click.option("--list", "lists", is_flag=True, help="List all codes, or those that begin with CODE.")
@AS_JSON
def explain(code: str, lists: bool, as_json: bool) -> None:
    """Say what a CODE means: where it is met, why, and what to do.

    Findings of lint (MAP), changes of a release (REL), errors of Salesforce and the CLM that the sync meets, marks of generated
    Apex (CLM_OWNED), and what rows wait for (conflict). The shell completes codes after
    eval "$(_CLMKIT_COMPLETE=bash_source clmkit)".

    \b
    Examples:
      clmkit explain MAP703
      clmkit explain UNABLE_TO_LOCK_ROW
      clmkit explain --list REL2

    \b
    Exit codes:
      0  told
      2  nothing has that code
    """
    if lists:
        found = _beginning_with(code)
        if found:
            titles = {one.code: {"family": one.family, "deed": one.deed, "title": one.title} for one in found}
            tell(titles, "\n".join(_tables(found)), as_json)
            return
    one = all_codes().get(code.casefold())
    if one is None:
        click.echo(f"clmkit explain: nothing has the code {code or '(none given)'}; {_hint(code)}", err=True)
        raise SystemExit(UNKNOWN)
    tell(
        {"code": one.code, "family": one.family, "deed": one.deed, "page": one.page},
        f"{one.code}\n\n{one.page}",
        as_json,
    )


def _beginning_with(begun: str) -> list[Code]:
    return [found for key, found in all_codes().items() if key.startswith(begun.casefold())]


def _hint(code: str) -> str:
    near = difflib.get_close_matches(code.casefold(), all_codes(), n=1)
    return f"do you mean {all_codes()[near[0]].code}?" if near else "`clmkit explain --list` lists them all"


def _tables(found: Iterable[Code]) -> Iterator[str]:
    """One table a family: the code, what kind of trouble it is, its first sentence."""
    rows = list(found)
    for family in FAMILIES:
        members = [one for one in rows if one.family == family]
        if not members:
            continue
        code_width, deed_width = (max(len(getattr(one, name)) for one in members) for name in ("code", "deed"))
        yield f"{family[0].upper()}{family[1:]}\n"
        yield from (f"  {one.code:<{code_width}}  {one.deed:<{deed_width}}  {one.title}" for one in members)
        yield ""
