"""Make a plan from what is on disk, in git and in an org; keep it with what its rollback needs.

build/plans/<first 12 of the hash>/
    plan.json        the plan
    plan.html        the same for those who approve it
    rollback/        the changed components as the org held them, with a manifest: what taking the release back deploys
    assigned.json    who had the permission sets that the apply takes out
    release.jsonl    the journal of its apply, one step a line
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from clmkit.codegen.book.traffic import Load, count_calls
from clmkit.codegen.mdapi import Component, make_package
from clmkit.codegen.standing import compare_project
from clmkit.codegen.tree import read_package
from clmkit.mapping.model import Spec
from clmkit.release.changes import Change
from clmkit.release.components import Key, compare_components, without_retired
from clmkit.release.consumers import fields_of, find_consumers, read_mentions
from clmkit.release.disk import refuse_missing, write_whole
from clmkit.release.made import list_made, read_made
from clmkit.release.org_access import OrgClients
from clmkit.release.plan import (
    Calls,
    InFlight,
    Pair,
    Plan,
    Project,
    find_breaks,
    find_risks,
    make_plan,
    read_project,
    to_key,
)
from clmkit.release.plan_report import SHORT_HASH, render_html, render_json
from clmkit.release.revisions import Revision, read_revision
from clmkit.release.snapshot import (
    Snapshot,
    count_records,
    read_foreign,
    read_limits,
    read_pre_image,
    take_snapshot,
)
from clmkit.release.verdict import read_decisions
from clmkit.release.withdrawals import NOTHING, Withdrawal, order_withdrawal
from clmkit.sync.state import State

Tell = Callable[[str], None]
"""Is told what comes next, for whoever waits: of 20,000 fields a plan takes ten seconds and more."""

ROLLBACK = "rollback"
JOURNAL = "release.jsonl"
ASSIGNED = "assigned.json"


@dataclass(frozen=True, slots=True)
class Sources:
    """What a plan is made from. `intent` and `against` are git refs or files; an empty intent is the file on disk.

    `state` is the sync's file, to count what is in flight; None: nobody counts. `load` is what the API calls are counted for.
    """

    spec: Path
    package: Path
    decisions: Path
    intent: str = ""
    against: str = ""
    state: Path | None = None
    load: Load = field(default_factory=Load)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A plan with what it was made from."""

    plan: Plan
    project: Project
    snapshot: Snapshot
    api_version: str


def read_intent(sources: Sources) -> Revision:
    """The mapping that the plan carries out. Raises RevisionError."""
    return read_revision(sources.intent, sources.spec)


async def draw_plan(
    sources: Sources, intent: Revision, org: OrgClients, tell: Tell = lambda _: None, *, for_people: bool
) -> Drawn:
    """Read everything and decide; `for_people` also whom a break hits and what the sync costs.

    Raises RevisionError, PlanError, UnsupportedSource, WireError, OSError.
    """
    refuse_missing(sources.package)
    spec = intent.spec
    against = read_revision(sources.against, sources.spec).spec if sources.against else None
    tell(f"comparing {sources.package} with the mapping")
    comparison = compare_project(spec, sources.package)
    project = read_project(read_package(sources.package), spec.api_version)
    made_before = list_made(against) if against else await read_made(org, spec.name)
    members = {*project.settings.components, *project.project.components, *map(_to_component, made_before)}
    tell(f"reading {len(members):,} components of the org")
    found = await take_snapshot(org, members, spec.prefix)
    snapshot = replace(found, components=without_retired(found.components, project.components))
    tell("comparing the org with the package")
    risks = find_risks(project, snapshot.components)
    questions = [question.soql for question in risks]
    if questions:
        tell(f"counting records: {len(questions):,} questions")
    counts = await count_records(org, questions)
    breaks = find_breaks(project, snapshot.components, against, spec, made_before)
    consumers = await _read_consumers(org, breaks, project, snapshot) if for_people else {}
    plan = make_plan(
        intent=spec,
        against=against,
        comparison=comparison,
        project=project,
        org=snapshot.components,
        counts=counts,
        decisions=read_decisions(sources.decisions),
        in_flight=read_in_flight(sources.state) if sources.state else None,
        consumers=consumers,
        calls=await _read_calls(org, spec, against, sources.load) if for_people else None,
        made_before=made_before,
    )
    return Drawn(plan, project, snapshot, spec.api_version)


async def _read_consumers(
    org: OrgClients, breaks: Iterable[Change], project: Project, snapshot: Snapshot
) -> dict[Change, tuple[Key, ...]]:
    """Whom the breaks hit; an org that nothing breaks in is not searched."""
    wanted = [change for change in breaks if fields_of(change, snapshot.components)]
    if not wanted:
        return {}
    mentions = read_mentions(await read_foreign(org, project.components))
    return find_consumers(wanted, snapshot.components, mentions)


async def _read_calls(org: OrgClients, spec: Spec, against: Spec | None, load: Load) -> Calls:
    used, allowed = await read_limits(org) or (None, None)
    return Calls(_sum_calls(spec, load), _sum_calls(against, load) if against else None, used, allowed)


def _sum_calls(spec: Spec, load: Load) -> int:
    return sum(one.calls for one in count_calls(spec, load))


def read_in_flight(path: Path) -> InFlight:
    """What the sync has not settled. Raises OSError, StateError."""
    path.stat()
    state = State(path)
    try:
        parked = Counter(row.object for row in state.read_parked())
        return InFlight(state.inbox.count_outcomes().get("waiting", 0), parked, state.count_links())
    finally:
        state.close()


async def keep_plan(drawn: Drawn, org: OrgClients, folder: Path) -> Path:
    """Write the plan below `folder`; answer its own folder."""
    target = folder / drawn.plan.hash[:SHORT_HASH]
    changes = compare_components(drawn.snapshot.components, drawn.project.components)
    keys = [change.key for change in changes if change.before is not None and change.after is not None]
    keys += drawn.plan.withdrawal.keys
    package = make_package(await read_pre_image(org, keys), list(map(_to_component, keys)), drawn.api_version)
    _set_journal_aside(target)
    _write(target / ROLLBACK, package.files)
    page, document = render_html(drawn.plan).encode(), render_json(drawn.plan).encode() + b"\n"
    _write(target, {"plan.html": page, "plan.json": document})  # the last file makes it a plan
    return target


def _set_journal_aside(folder: Path) -> None:
    """The org is again as this plan wants it: an earlier apply of it was taken back, and a new one begins from the start."""
    (folder / ASSIGNED).unlink(missing_ok=True)
    journal = folder / JOURNAL
    if journal.exists():
        count = len(list(folder.glob(f"{journal.stem}-*{journal.suffix}")))
        journal.replace(folder / f"{journal.stem}-{count + 1}{journal.suffix}")


def _to_component(key: Key) -> Component:
    return Component(key.metadata_type, key.full_name)


def _write(folder: Path, content: Mapping[str, bytes]) -> None:
    for path, data in content.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, data)


class UnknownPlan(Exception):
    """No plan, or more than one, is kept under that hash."""


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """A plan that was kept: its hash, the states it rests on by component, the records that it would hurt by question."""

    folder: Path
    hash: str
    built: Mapping[str, str]
    org: Mapping[str, str]
    losses: Mapping[str, int | None]
    withdrawal: Withdrawal = NOTHING
    against: str = ""


def find_kept_plan(folder: Path, wanted: str) -> KeptPlan:
    """The kept plan whose hash starts so. Raises UnknownPlan."""
    found = [path for path in sorted(folder.glob("*/plan.json")) if path.parent.name.startswith(wanted[:SHORT_HASH])]
    if len(found) != 1 or len(wanted) < 4:
        names = ", ".join(path.parent.name for path in found) or "none"
        raise UnknownPlan(
            f"{wanted}: {names} of the plans in {folder} has this hash; run `clmkit plan` and take the one it prints"
        )
    return _read_plan(found[0])


def _read_plan(path: Path) -> KeptPlan:
    """Raises UnknownPlan for a file that does not hold a whole plan of this version."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return KeptPlan(
            folder=path.parent,
            hash=document["hash"],
            built=document["built"],
            org=document["org"],
            losses={
                item["note"]: item["records"] for item in document["items"] if item["pair"] == Pair.BUILT_DATA.value
            },
            withdrawal=order_withdrawal(map(to_key, document["withdrawn"])),
            against=document["spec"]["against"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnknownPlan(f"{path}: holds no whole plan of this version of clmkit; run `clmkit plan` again") from error
