"""`clmkit apply HASH`: carry out a plan that was made before, or take it back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from clmkit.cli.output import AS_JSON, tell
from clmkit.cli.release_options import AGAINST, DECISIONS, INTENT, ORG, PACKAGE, PLANS, SPEC, run_guarded, this_run
from clmkit.clients.errors import WireError
from clmkit.release.apply import ApplyRefused, BrokenOff, Release, apply_plan, take_back, where_it_stands
from clmkit.release.journal import Journal
from clmkit.release.lock import holding_lock
from clmkit.release.org_access import open_org, read_access
from clmkit.release.plan_report import SHORT_HASH
from clmkit.release.planning import Sources, Tell, draw_plan, find_kept_plan, read_intent

TEST_LEVELS = ("NoTestRun", "RunLocalTests", "RunAllTestsInOrg")


@click.command()
@click.argument("plan_hash", metavar="HASH")
@ORG
@SPEC
@PACKAGE
@DECISIONS
@INTENT
@AGAINST
@PLANS
@click.option(
    "--test-level",
    type=click.Choice(TEST_LEVELS),
    help="Apex tests of the deploy; default: what the org runs by itself.",
)
@click.option("--rollback", is_flag=True, help="Take the release back: deploy what the org held before.")
@AS_JSON
def apply(
    plan_hash: str,
    org_file: str,
    spec: Path,
    package: Path,
    decisions: Path,
    intent: str,
    against: str,
    plans: Path,
    test_level: str | None,
    rollback: bool,
    as_json: bool,
) -> None:
    """Carry out a plan: validate, deploy, verify, write down.

    Refuses when the package directory or the org is no longer what the plan was made from, while a break is undecided, and while
    another release changes the same org. HASH is the plan's hash or its first characters.
    After an interruption the same command goes on where it stopped. Give the options that the plan was made with.

    \b
    Examples:
      clmkit apply 3f9c2b71 --org production
      clmkit apply 3f9c2b71 --org production --rollback

    \b
    Exit codes:
      0  applied and verified
      1  refused, by this command or by the org
      2  it could not be done, or not to its end
    """
    sources = Sources(spec, package, decisions, intent, against)
    order = _Order(plan_hash, plans, test_level or "", rollback, partial(click.echo, err=as_json))
    done = run_guarded(lambda: _carry_out(order, sources, org_file), failed=2)
    if done.refusal:
        click.echo(f"refused: {done.refusal}", err=True)
    if as_json or done.left:
        words = "\n".join(f"left in the org: {key}" for key in done.left)
        facts = {"plan": plan_hash, "rollback": rollback, "refused": done.refusal, "left": list(done.left)}
        tell(facts, words, as_json)
    raise SystemExit(1 if done.refusal else 0)


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be done with which plan."""

    plan_hash: str
    plans: Path
    test_level: str
    is_rollback: bool
    say: Tell


@dataclass(frozen=True, slots=True)
class _Done:
    """Why it was refused, or nothing; what a rollback leaves in the org."""

    refusal: str = ""
    left: tuple[str, ...] = ()


async def _carry_out(order: _Order, sources: Sources, org_file: str) -> _Done:
    """Raises BrokenOff with where the release stands, AccessError, UnknownPlan, RevisionError."""
    access, revision = read_access(org_file), read_intent(sources)
    kept = find_kept_plan(order.plans, order.plan_hash)
    journal = Journal(kept.folder)
    run = this_run(f"clmkit apply {kept.hash[:SHORT_HASH]}{' --rollback' if order.is_rollback else ''}")
    try:
        async with open_org(access, revision.spec.api_version) as org, holding_lock(org.metadata, run, kept.folder):
            drawn = await draw_plan(sources, revision, org, for_people=False)
            release = Release(kept, drawn, journal, order.test_level, order.say)
            if order.is_rollback:
                return _Done(left=tuple(map(str, (await take_back(release, org)).way.left)))
            await apply_plan(release, org)
    except ApplyRefused as refused:
        return _Done(str(refused))
    except WireError as error:
        raise BrokenOff(f"{error}\n{where_it_stands(journal)}") from error
    except OSError as error:
        words = f"{error.filename or 'file'}: {error.strerror or error}"
        raise BrokenOff(f"{words}\n{where_it_stands(journal)}") from error
    return _Done()
