"""`clmkit drift`: what changed in an org behind the mapping's back, and the three answers to it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import click

from clmkit.cli.output import AS_JSON
from clmkit.cli.release_options import ORG, PACKAGE, SPEC, run_guarded, this_run
from clmkit.codegen.tree import read_package
from clmkit.mapping.loader import read_beside
from clmkit.release.adopt import adopt
from clmkit.release.apply import ApplyRefused
from clmkit.release.components import ComponentChange
from clmkit.release.deleters import read_deleters
from clmkit.release.disk import refuse_missing, write_whole
from clmkit.release.drift import (
    Acceptance,
    DriftError,
    DriftItem,
    accept,
    find_drift,
    judge_drift,
    read_acceptances,
)
from clmkit.release.drift_report import render_human, render_json
from clmkit.release.lock import holding_lock
from clmkit.release.org_access import OrgClients, open_org, read_access
from clmkit.release.plan import Project, read_project
from clmkit.release.revert import revert, select_package
from clmkit.release.revisions import Revision, read_revision
from clmkit.release.snapshot import take_snapshot
from clmkit.release.spec_edit import AdoptError, show_path

FAILED = 1
REVERTS = Path("build/reverts")
"""Where a revert that was killed is known again."""


@click.command()
@ORG
@SPEC
@PACKAGE
@click.option(
    "--accepted",
    "accepted_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("mappings/drift.yml"),
    show_default=True,
    help="The committed file of accepted drift.",
)
@AS_JSON
@click.option("--revert", "reverted", multiple=True, metavar="ITEM", help="Deploy the component of this item again.")
@click.option(
    "--adopt", "adopted", multiple=True, metavar="ITEM", help="Write the component of this item into the mapping."
)
@click.option("--accept", "item", metavar="ITEM", help="Accept this item: needs --until, --owner and --reason.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day of the acceptance.")
@click.option("--owner", help="The steward who answers for it.")
@click.option("--reason", help="Why it may stay.")
def drift(
    org_file: str,
    spec: Path,
    package: Path,
    accepted_file: Path,
    as_json: bool,
    reverted: tuple[str, ...],
    adopted: tuple[str, ...],
    item: str | None,
    until: dt.datetime | None,
    owner: str | None,
    reason: str | None,
) -> None:
    """Compare the org with the package directory: what, who, when.

    Each item has three answers: --adopt it into the mapping, --revert it in the org, or --accept it until a date. What is adopted
    changes the mapping's text in those places alone; the package directory follows with `clmkit generate`.

    \b
    Examples:
      clmkit drift --org org.json
      clmkit drift --org org.json --adopt "REL601 CustomField Contract.CLM_Title__c"
      clmkit drift --org org.json --accept "REL351 ApexClass CLM_Access" --until 2027-01-31 --owner legal_ops --reason CHG-4711

    \b
    Exit codes:
      0  clean, everything accepted, or adopted
      1  it could not be looked at, or not be done
      2  drift
      3  breaking drift
    """
    if item and not (until and owner and reason):
        click.echo("error: --accept needs --until, --owner and --reason", err=True)
        raise SystemExit(FAILED)
    acceptance = Acceptance(item, owner, until.date(), reason) if item and until and owner and reason else None
    work = _Work(org_file, spec, package, accepted_file, dt.datetime.now(dt.UTC).date())
    try:
        items = run_guarded(lambda: work.answer(adopted, reverted, acceptance), failed=FAILED)
    except (AdoptError, ApplyRefused, DriftError) as error:
        click.echo(f"error: {error}", err=True)
        raise SystemExit(FAILED) from error
    if adopted:
        raise SystemExit(0)
    click.echo(render_json(items) if as_json else render_human(items))
    raise SystemExit(int(judge_drift(items)))


@dataclass(frozen=True, slots=True)
class _Work:
    """What is compared, and where answers are kept."""

    org_file: str
    spec: Path
    package: Path
    accepted_file: Path
    today: dt.date

    async def answer(
        self, adopted: tuple[str, ...], reverted: tuple[str, ...], acceptance: Acceptance | None
    ) -> tuple[DriftItem, ...]:
        """The drift once the answers are carried out; none when it was adopted."""
        refuse_missing(self.package)
        access, revision = read_access(self.org_file), read_revision("", self.spec)
        async with open_org(access, revision.spec.api_version) as org:
            project = read_project(read_package(self.package), revision.spec.api_version)
            accepted = read_acceptances(self.accepted_file)
            items = await _look(org, revision, project, accepted, self.today)
            if adopted:
                components = [component for name in adopted for component in _components_of(items, name)]
                _adopt(self.spec, revision, components)
                return ()
            if reverted:
                await _revert(org, items, reverted, self.package, project, revision.spec.api_version)
            if acceptance is not None:
                text = accept(items, accepted, acceptance, revision.spec, self.today)
                write_whole(self.accepted_file, text.encode())
            if reverted or acceptance is not None:
                items = await _look(org, revision, project, read_acceptances(self.accepted_file), self.today)
        return items


async def _look(
    org: OrgClients, revision: Revision, project: Project, accepted: list[Acceptance], today: dt.date
) -> tuple[DriftItem, ...]:
    members = [*project.settings.components, *project.project.components]
    snapshot = await take_snapshot(org, members, revision.spec.prefix)
    deleted = await read_deleters(org, project.components, snapshot.components)
    changes = {**deleted, **snapshot.changes}
    return find_drift(revision.spec, project.components, snapshot.components, changes, accepted, today)


async def _revert(
    org: OrgClients,
    items: tuple[DriftItem, ...],
    names: tuple[str, ...],
    package: Path,
    project: Project,
    api_version: str,
) -> None:
    wanted = {component.key for name in names for component in _components_of(items, name)}
    chosen = select_package(read_package(package), wanted, api_version)
    async with holding_lock(org.metadata, this_run("clmkit drift --revert"), REVERTS):
        for done in await revert(org, chosen, project.components):
            click.echo(f"reverted: {done}", err=True)


def _components_of(items: tuple[DriftItem, ...], name: str) -> list[ComponentChange]:
    """The components that an item of that name is in. Raises DriftError when there is none."""
    found = [item.component for item in items if item.change.name == name]
    if not found:
        raise DriftError(f"{name}: the org has no such drift")
    return found


def _adopt(path: Path, revision: Revision, components: list[ComponentChange]) -> None:
    chosen = list({component.key: component for component in components}.values())
    adoption = adopt(path.read_text(encoding="utf-8"), path.as_posix(), revision.spec, chosen, read_beside(path))
    write_whole(path, adoption.text.encode())
    for edit in adoption.edits:
        change = f"{edit.before} -> {edit.written}" if edit.before else edit.written
        click.echo(f"adopted: {path}:{edit.line}: {show_path(edit.path)}: {change}")
    click.echo("next: `clmkit generate`, then `clmkit plan`: what else follows from it")
