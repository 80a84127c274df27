"""`clmkit generate`: the Salesforce project of a mapping spec, planned first, then written so that no file is ever half there."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import NoReturn

import click

from clmkit.cli.findings import paused_collector, require_spec
from clmkit.codegen.plan import GENERATED, PlanError
from clmkit.codegen.sole import FolderInUse, sole_writer
from clmkit.codegen.standing import compare_project
from clmkit.codegen.tree import Comparison, FileChange, Verb, write_tree

VERB_MARKS = {Verb.ADD: "+", Verb.UPDATE: "~", Verb.REMOVE: "-"}


@click.command()
@click.argument("spec", type=click.Path(path_type=Path), default=Path("mappings/contract.yml"))
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path("force-app"), help="Package directory."
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when the directory differs from the spec.")
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing; show what would change, line by line.")
@click.option("--force", is_flag=True, help="Overwrite generated files that were edited by hand.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
def generate(spec: Path, out: Path, check: bool, show_diff: bool, force: bool, as_json: bool) -> None:
    """Write the Salesforce project that SPEC describes.

    In the package directory, generated/ belongs to this command and extensions/ to you: an extension is written once and never
    touched again. A file in generated/ that was edited by hand is shown and kept, and nothing is written, unless --force is given.

    \b
    Examples:
      clmkit generate
      clmkit generate --diff
      clmkit generate --check

    \b
    Exit codes:
      0  written, or nothing to write
      1  --check: the directory differs from the mapping
      2  nothing was written: an error in the mapping, a file edited by hand, or another run that writes there
    """
    is_dry = check or show_diff
    is_there = out.is_dir()
    try:
        with nullcontext() if is_dry or not is_there else sole_writer(out):
            comparison = _compare(spec, out)
            is_refused = bool(comparison.edited) and not force
            if as_json:
                click.echo(json.dumps(_to_json(comparison, out, is_written=not (is_dry or is_refused)), indent=2))
            if show_diff and not as_json:
                click.echo("".join(line for change in comparison.changes for line in diff_lines(change, out)), nl=False)
            if is_dry:
                _report(comparison, out, quiet=as_json)
                raise SystemExit(1 if check and not comparison.is_clean else 0)
            if is_refused:
                raise SystemExit(_refuse_edited(comparison, out))
            (_write if is_there else _write_first)(comparison, out)
            _report(comparison, out, quiet=as_json)
    except FolderInUse as error:
        click.echo(str(error), err=True)
        raise SystemExit(2) from error


def _compare(spec_path: Path, out: Path) -> Comparison:
    try:
        with paused_collector():
            return compare_project(require_spec(spec_path), out)
    except PlanError as error:
        click.echo(f"{spec_path}: error: {error}", err=True)
    except OSError as error:
        click.echo(f"{error.filename}: cannot be read: {error.strerror}; nothing was written", err=True)
    raise SystemExit(2)


def _write_first(comparison: Comparison, out: Path) -> None:
    """Make the folder, and write unless somebody else made it and wrote since it was compared."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _refuse_unwritable(out, error)
    with sole_writer(out):
        if (out / GENERATED).exists():
            raise FolderInUse(f"{out}: another clmkit generate wrote here just now; nothing was written by this one")
        _write(comparison, out)


def _write(comparison: Comparison, out: Path) -> None:
    if comparison.is_clean:
        return
    try:
        write_tree(comparison, out)
    except OSError as error:
        _refuse_unwritable(out, error)


def _refuse_unwritable(out: Path, error: OSError) -> NoReturn:
    text = f"{out}: cannot be written: {error.strerror}; every file there is whole, the next run completes the rest"
    click.echo(text, err=True)
    raise SystemExit(2) from error


def _refuse_edited(comparison: Comparison, out: Path) -> int:
    for change in comparison.edited:
        click.echo("".join(diff_lines(change, out)), nl=False)
    for change in comparison.edited:
        click.echo(f"{out / change.path}: edited by hand since it was generated", err=True)
    click.echo(
        "help: nothing was written. Move the edit into the spec or into extensions/, then generate again; "
        "--force discards the lines marked '-' above.",
        err=True,
    )
    return 2


def _report(comparison: Comparison, out: Path, *, quiet: bool) -> None:
    if quiet:
        return
    for change in comparison.changes:
        note = "  (edited by hand)" if change.is_edited else ""
        click.echo(f"{VERB_MARKS[change.verb]} {out / change.path}{note}")
    counts = {verb: sum(change.verb is verb for change in comparison.changes) for verb in Verb}
    ledger = "" if comparison.is_ledger_current or comparison.changes else ", ledger renewed"
    click.echo(
        f"{out}: {counts[Verb.ADD]} added, {counts[Verb.UPDATE]} updated, {counts[Verb.REMOVE]} removed, "
        f"{comparison.unchanged} unchanged{ledger}"
    )


def diff_lines(change: FileChange, out: Path) -> Iterator[str]:
    """The change as a unified diff from what is on disk to what the spec says."""
    name = (out / change.path).as_posix()
    before = "/dev/null" if change.verb is Verb.ADD else name
    after = "/dev/null" if change.verb is Verb.REMOVE else name
    old, new = (text.decode("utf-8", "replace").splitlines(keepends=True) for text in (change.before, change.after))
    for line in difflib.unified_diff(old, new, before, after):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _to_json(comparison: Comparison, out: Path, *, is_written: bool) -> dict[str, object]:
    return {
        "out": out.as_posix(),
        "written": is_written,
        "clean": comparison.is_clean,
        "unchanged": comparison.unchanged,
        "changes": [
            {"path": change.path, "verb": change.verb.value, "edited": change.is_edited}
            for change in comparison.changes
        ],
    }
