"""Carry out a kept plan, or take it back: check that nothing moved, validate, deploy, verify, write each step down.

In the end the org validates the way back, while it holds the release: a rollback that was never tried is a hope.

A run that was killed goes on where it stopped: a deploy that the org still works on is waited for, one that is done is not
repeated. The org counts as moved when a component is neither as the plan found it nor as the plan makes it.

What the mapping no longer makes goes in the same deploy, before or after the new parts (`withdrawals`); flows go last, in a step of
their own, because a deploy deletes none.

Taking back deploys the components as they were before, those that went among them, gives permission sets back to those who had
them, and removes the code that the release brought. Fields, objects and permission sets that are new stay: deleting them would lose
values and assignments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clmkit.clients.errors import Refused, WireError
from clmkit.clients.metadata_api import DeployResult, Listed
from clmkit.codegen.mdapi import Component, render_manifest
from clmkit.release.assignments import give_back, keep_assignments
from clmkit.release.components import Components, Key, digest, read_components, without_retired
from clmkit.release.journal import Journal
from clmkit.release.org_access import OrgClients
from clmkit.release.plan import PROJECT, SETTINGS, Pair, Plan, WayBack, plan_way_back, to_key
from clmkit.release.planning import ASSIGNED, ROLLBACK, Drawn, KeptPlan, Tell
from clmkit.release.snapshot import take_snapshot
from clmkit.release.withdrawals import render_withdrawal

DEPLOYING, DEPLOYED, VERIFIED = "deploying", "deployed", "verified"
BEGUN, VALIDATED, FAILED = "begun", "validated", "failed"


class ApplyRefused(Exception):
    """The plan is not carried out; `str()` says why, line by line, and what to do."""


class BrokenOff(WireError):
    """The org or a file failed on the way; `str()` says how, and how it goes on."""


@dataclass(frozen=True, slots=True)
class Release:
    """A kept plan beside what it is to be applied with."""

    kept: KeptPlan
    drawn: Drawn
    journal: Journal
    test_level: str
    tell: Tell


async def apply_plan(release: Release, org: OrgClients) -> None:
    """Deploy what the plan deploys, see that the org holds it and would go back. Raises ApplyRefused, WireError, OSError."""
    journal = release.journal
    if journal.has(DEPLOYED, ROLLBACK) or journal.find_open_deploy(ROLLBACK):
        raise ApplyRefused("this release was taken back; make a new plan with `clmkit plan`")
    if journal.has(VERIFIED):
        release.tell("already applied and verified: nothing to do")
        await _test_way_back(release, org)
        return
    require_unmoved(release, is_resumed=journal.has(BEGUN))
    if not journal.has(BEGUN):
        journal.write(BEGUN)
    changed, withdrawal = _changed(release.kept), release.kept.withdrawal
    for name, package in release.drawn.project.packages:
        goes = render_withdrawal(withdrawal, release.drawn.api_version) if name == PROJECT else {}
        if goes or any(str(Key(one.metadata_type, one.full_name)) in changed for one in package.components):
            await keep_assignments(org, withdrawal.keys if goes else (), release.kept.folder / ASSIGNED)
            await _deploy(release, org, name, {**package.files, **goes})
    await _delete_flows(release, org, withdrawal.flows)
    await _verify(release, org)
    await _test_way_back(release, org)


async def _test_way_back(release: Release, org: OrgClients) -> None:
    """Have the org validate the rollback while it holds the release. Raises ApplyRefused with what stands in its way."""
    if release.journal.has(VALIDATED, ROLLBACK):
        return
    rollback = plan_rollback(release.kept, read_pre_image(release.kept.folder), release.drawn.api_version)
    if rollback.way.restored or rollback.way.removed:
        check_id = await org.metadata.start_deploy(rollback.files, check_only=True, test_level=release.test_level)
        result = await org.metadata.wait_for_deploy(check_id)
        _require_success(
            ROLLBACK, "validation", result, "the release is applied and verified; this is what a rollback would meet"
        )
        release.journal.write(VALIDATED, ROLLBACK, check_id)
        release.tell("rollback: validated")


async def _delete_flows(release: Release, org: OrgClients, flows: Sequence[Key]) -> None:
    """Repeated after an interruption: what is gone already is passed over."""
    for key in flows:
        try:
            versions = await org.tooling.delete_flow(key.full_name)
        except Refused as refused:
            raise ApplyRefused(
                f"{key}: the org does not delete it: {refused}\nthe flow is deactivated, everything else is deployed; end its "
                "paused interviews in Setup (Paused Flow Interviews), then `clmkit apply` goes on from there"
            ) from refused
        if versions:
            release.tell(f"{key}: deactivated and deleted, {versions} version{'s' * (versions != 1)}")


def _changed(kept: KeptPlan) -> set[str]:
    return {name for name, built in kept.built.items() if kept.org.get(name) != built}


def require_unmoved(release: Release, *, is_resumed: bool) -> None:
    """Raises ApplyRefused when the package directory or the org is not what the plan was made from."""
    plan, kept = release.drawn.plan, release.kept
    if plan.against != kept.against:
        raise ApplyRefused(
            f"the plan was made {_told_against(kept.against)}, this run {_told_against(plan.against)}; give the same options"
        )
    moved = [f"package directory: {name} is not as planned" for name in differing(kept.built, plan.built)]
    changes = {str(key): row for key, row in release.drawn.snapshot.changes.items()}
    for name in differing(kept.org, plan.org):
        if not (is_resumed and plan.org.get(name) == kept.built.get(name)):
            moved.append(f"org: {name} has changed{_by_whom(changes.get(name))}")
    if not is_resumed:
        moved.extend(f"records: {note} in {count:,} records now" for note, count in grown(kept.losses, plan))
    if not is_resumed and not moved and plan.hash != kept.hash:
        moved.append("the mapping or the records in the org: the plan would now be another one")
    if moved:
        raise ApplyRefused("\n".join([*moved, "nothing was deployed; make a new plan with `clmkit plan`"]))
    if plan.is_stale:
        raise ApplyRefused(
            "the package directory is not what the mapping asks for; run `clmkit generate`, then plan again"
        )
    if plan.undecided and not is_resumed:
        names = [f"Decides: {item.change.name}" for item in plan.undecided]
        raise ApplyRefused("\n".join(["breaks are undecided; write a record in docs/decisions with the lines", *names]))


def _told_against(version: str) -> str:
    return f"with --against (version {version})" if version else "without --against"


def grown(losses: Mapping[str, int | None], plan: Plan) -> list[tuple[str, int]]:
    """Losses that are larger than those that the plan showed to those who decided."""
    rows = [(item.note, item.count) for item in plan.items if item.pair is Pair.BUILT_DATA and item.count is not None]
    return [(note, count) for note, count in rows if count > (losses.get(note) or 0)]


def differing(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Names of components that are not the same in both."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def _by_whom(row: Listed | None) -> str:
    return f", by {row.changed_by} on {row.changed_at}" if row else ""


async def _deploy(release: Release, org: OrgClients, name: str, files: Mapping[str, bytes]) -> None:
    journal, metadata = release.journal, org.metadata
    if journal.has(DEPLOYED, name):
        release.tell(f"{name}: deployed before")
        return
    if await _wait_for_open(release, org, name):
        return
    ending = STANDS if name == ROLLBACK else GOES_ON
    check_id = await metadata.start_deploy(files, check_only=True, test_level=release.test_level)
    _require_success(name, "validation", await metadata.wait_for_deploy(check_id), ending)
    journal.write(VALIDATED, name, check_id)
    release.tell(f"{name}: validated")
    deploy_id = await metadata.start_deploy(files, check_only=False, test_level=release.test_level)
    journal.write(DEPLOYING, name, deploy_id)
    result = _finish(release, name, await metadata.wait_for_deploy(deploy_id))
    _require_success(name, "deploy", result, ending)


async def _wait_for_open(release: Release, org: OrgClients, name: str) -> bool:
    """Wait for a deploy that an earlier run started, if there is one; whether it succeeded."""
    deploy_id = release.journal.find_open_deploy(name)
    if not deploy_id:
        return False
    release.tell(f"{name}: waiting for deploy {deploy_id}, started by an earlier run")
    return _finish(release, name, await org.metadata.wait_for_deploy(deploy_id)).is_success


def _finish(release: Release, name: str, result: DeployResult) -> DeployResult:
    release.journal.write(DEPLOYED if result.is_success else FAILED, name, result.deploy_id)
    if result.is_success:
        release.tell(f"{name}: deployed as {result.deploy_id}")
    return result


def where_it_stands(journal: Journal) -> str:
    """What a release that broke off leaves behind, and how it goes on."""
    if not journal.has(BEGUN):
        return "nothing was deployed; run the same command again"
    for package in (SETTINGS, PROJECT, ROLLBACK):
        if deploy_id := journal.find_open_deploy(package):
            return f"{package}: deploy {deploy_id} goes on in the org; the same command waits for it and goes on from there"
    return "what was deployed stays; the same command goes on from there"


GOES_ON = "what was deployed before it stays; `clmkit apply` goes on from there, or with --rollback takes it back"
STANDS = "nothing was taken back, the release stands; change what the org names, then run the same command again"


def _require_success(name: str, what: str, result: DeployResult, ending: str) -> None:
    if not result.is_success:
        lines = [f"{failure.component}: {failure.problem}" for failure in result.failures] or [
            f"status {result.status}"
        ]
        raise ApplyRefused("\n".join([f"{name}: the org refuses the {what}", *lines, ending]))


async def _verify(release: Release, org: OrgClients) -> None:
    """The org must now hold, of everything in the package directory, exactly what is there."""
    held = await read_org(release, org)
    wrong = [name for name, built in release.kept.built.items() if digest(held.get(to_key(name))) != built]
    wrong += [str(key) for key in release.kept.withdrawal.keys if key in held]
    _require_verified(release, wrong)
    release.journal.write(VERIFIED)
    gone = len(release.kept.withdrawal.keys)
    release.tell(
        f"verified: {len(release.kept.built)} components retrieved as deployed{f', {gone} gone' if gone else ''}"
    )


def _require_verified(release: Release, wrong: list[str]) -> None:
    if wrong:
        lines = [f"{name} is not as deployed" for name in wrong]
        raise ApplyRefused(
            "\n".join([*lines, "the deploy succeeded, the org holds something else: see `clmkit drift`"])
        )


async def read_org(release: Release, org: OrgClients) -> Components:
    """The plan's components as the org holds them now."""
    names = release.kept.built.keys() | release.kept.org.keys()
    members = [Component(to_key(name).metadata_type, to_key(name).full_name) for name in names]
    held = (await take_snapshot(org, members, "")).only(map(to_key, names))
    return without_retired(held, release.drawn.project.components)


@dataclass(frozen=True, slots=True)
class Rollback:
    """The way back, and the package that goes it."""

    files: Mapping[str, bytes]
    way: WayBack


def plan_rollback(kept: KeptPlan, pre_image: Mapping[str, bytes], api_version: str) -> Rollback:
    """The way back from a plan; pure. `pre_image` is the package that was kept with it."""
    way, files = plan_way_back(kept.built, kept.org, kept.withdrawal.keys), dict(pre_image)
    if way.removed:
        components = [Component(key.metadata_type, key.full_name) for key in way.removed]
        files["destructiveChangesPost.xml"] = render_manifest(components, api_version).encode()
    return Rollback(files, way)


def read_pre_image(folder: Path) -> dict[str, bytes]:
    """The package that a plan kept for its rollback."""
    root = folder / ROLLBACK
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def _find_foreign(kept: KeptPlan, held: Components, pre_image: Components) -> list[str]:
    """What the org holds neither as the release left it nor as it was before."""
    now, returned = (
        {str(key): digest(elements) for key, elements in state.items()}
        for state in (held, without_retired(held, pre_image))
    )
    made = {**dict.fromkeys(map(str, kept.withdrawal.keys)), **kept.built}
    changed = (name for name in sorted(made) if now.get(name) not in (made[name], kept.org.get(name)))
    return [name for name in changed if returned.get(name) != kept.org.get(name)]


async def take_back(release: Release, org: OrgClients) -> Rollback:
    """Deploy the way back and see that the org holds what it held before. Raises ApplyRefused, WireError."""
    kept = release.kept
    if not release.journal.has(BEGUN):
        raise ApplyRefused("this plan was never applied; there is nothing to take back")
    for name in (SETTINGS, PROJECT):
        await _wait_for_open(release, org, name)
    rollback = plan_rollback(kept, read_pre_image(kept.folder), release.drawn.api_version)
    pre_image = read_components(rollback.files)
    foreign = _find_foreign(kept, await read_org(release, org), pre_image)
    if foreign:
        lines = [f"org: {name} has changed since the release" for name in foreign]
        raise ApplyRefused("\n".join([*lines, "nothing was deployed: taking back would lose these changes"]))
    await _deploy(release, org, ROLLBACK, rollback.files)
    after = without_retired(await read_org(release, org), pre_image)
    wrong = [str(key) for key in rollback.way.restored if digest(after.get(key)) != digest(pre_image.get(key))]
    wrong += [str(key) for key in rollback.way.removed if key in after]
    _require_verified(release, wrong)
    given, refused = await give_back(org, kept.folder / ASSIGNED)
    release.journal.write(VERIFIED, ROLLBACK)
    release.tell(f"verified: {len(rollback.way.restored)} components as before, {len(rollback.way.removed)} removed")
    if given:
        release.tell(f"assigned again: {given} permission set{'s' * (given != 1)}")
    if refused:
        raise ApplyRefused("\n".join([*refused, "everything else is taken back; assign these in Setup"]))
    return rollback
