"""`clmkit removals BEFORE`: the package that deletes from an org what left the mapping."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from clmkit.cli.compare import require_revision
from clmkit.cli.lint import DEFAULT_SPEC
from clmkit.cli.output import AS_JSON, tell
from clmkit.codegen.destructive import BY_HAND, Removal, plan_removal
from clmkit.codegen.plan import PlanError
from clmkit.codegen.project import plan_project


@click.command()
@click.argument("before")
@click.option(
    "--spec", type=click.Path(path_type=Path), default=DEFAULT_SPEC, show_default=True, help="The mapping file."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("build/removals"),
    show_default=True,
    help="Folder of the package.",
)
@AS_JSON
def removals(before: str, spec: Path, out: Path, as_json: bool) -> None:
    """Write the package that deletes what left the mapping.

    That is what the mapping had at BEFORE (a git ref or a file) and has no longer. `cci task run deploy --path build/removals`
    deploys it, after the project without these parts. A deleted field takes its values along: `clmkit retire` does it in steps
    that can be stopped.

    \b
    Example:
      clmkit removals v1.4.0

    \b
    Exit codes:
      0  written, or nothing to delete
      1  something is left for a hand in Setup
      2  the input is wrong
    """
    old, new = require_revision(before, spec), require_revision("", spec)
    try:
        removal = plan_removal(plan_project(old.spec), plan_project(new.spec))
    except PlanError as error:
        click.echo(f"error: {error}", err=True)
        raise SystemExit(2) from error
    _write(removal.render(new.spec.api_version), out)
    tell(_facts(removal, out), "\n".join(_words(removal, out)), as_json)
    raise SystemExit(1 if removal.by_hand else 0)


def _write(files: dict[str, bytes], out: Path) -> None:
    """The package as it is now: what an earlier run left there would be deleted as well."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in ("package.xml", "destructiveChangesPre.xml", "destructiveChangesPost.xml"):
            (out / name).unlink(missing_ok=True)
        for name, content in files.items():
            (out / name).write_bytes(content)
    except OSError as error:
        click.echo(f"{out}: cannot be written: {error.strerror}", err=True)
        raise SystemExit(2) from error


def _facts(removal: Removal, out: Path) -> dict[str, object]:
    lists = {"before": removal.before, "after": removal.after, "by_hand": removal.by_hand}
    return {
        "package": out.as_posix(),
        **{name: [f"{one.metadata_type} {one.full_name}" for one in components] for name, components in lists.items()},
    }


def _words(removal: Removal, out: Path) -> Iterator[str]:
    for when, components in (("before the deploy", removal.before), ("after the deploy", removal.after)):
        for component in components:
            yield f"delete {when}: {component.metadata_type} {component.full_name}"
    for component in removal.by_hand:
        yield f"by hand: {component.metadata_type} {component.full_name}: {BY_HAND[component.metadata_type]}"
    count = len(removal.before) + len(removal.after)
    yield "nothing left the mapping" if removal.is_empty else f"{out}: {count} components to delete"
