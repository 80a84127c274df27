"""`clmkit import`: a first mapping spec from an org that already has contracts."""

from __future__ import annotations

from pathlib import Path

import click

from clmkit.cli.output import AS_JSON, tell
from clmkit.cli.release_options import ORG, run_guarded
from clmkit.release.first_spec import Naming, write_first_spec
from clmkit.release.org_access import open_org, read_access
from clmkit.release.org_model import read_org

FAILED = 2


@click.command("import")
@ORG
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="The new file; standard output when absent."
)
@click.option("--name", default="contract", show_default=True, help="Name of the spec.")
@click.option("--prefix", default="CLM", show_default=True, help="Prefix of everything that the kit creates.")
@click.option("--api-version", default="66.0", show_default=True, help="API version of the org's components.")
@AS_JSON
def import_org(org_file: str, out: Path | None, name: str, prefix: str, api_version: str, as_json: bool) -> None:
    """Read an org and write a first mapping of it.

    Objects, keys, fields, value sets, statuses, who reads and edits. Nothing is written to the org. What an org cannot know, the
    CLM's paths and stages, is made from Salesforce's names and marked in the file's first lines. A field that the kit did not
    generate becomes `existing: true`: no deploy changes it.

    \b
    Example:
      clmkit import --org production --out mappings/first.yml

    \b
    Exit codes:
      0  written
      2  the org cannot be read, or the file is there already
    """
    run_guarded(lambda: _import(org_file, out, Naming(name, prefix, api_version), as_json), FAILED)


async def _import(org_file: str, out: Path | None, naming: Naming, as_json: bool) -> None:
    async with open_org(read_access(org_file), naming.api_version) as clients:
        org = await read_org(clients.metadata, naming.prefix)
    text = write_first_spec(org, naming)
    if out is None:
        tell({"mapping": text}, text.rstrip("\n"), as_json)
        return
    try:
        with out.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        click.echo(f"{out}: is there already; nothing was written. Give another name, or remove it", err=True)
        raise SystemExit(2) from error
    except OSError as error:
        click.echo(f"{out}: cannot be written: {error.strerror}", err=True)
        raise SystemExit(2) from error
    fields = sum(len(found.fields) for found in org.objects)
    words = f"{out}: {len(org.objects)} objects, {fields} fields; `clmkit lint {out}` says what is still to decide"
    tell({"file": out.as_posix(), "objects": len(org.objects), "fields": fields}, words, as_json)
