"""`clmkit apply HASH`: carry out a plan that was made before, or take it back."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from clmkit.cli.output import AS_JSON, tell
from clmkit.cli.release_options import AGAINST, DECISIONS, INTENT, ORG, PACKAGE, PLANS, SPEC, run_guarded, this_run
from clmkit.release.apply import ApplyRefused, Release, apply_plan, take_back
from clmkit.release.journal import Journal
from clmkit.release.lock import holding_lock
from clmkit.release.org_access import open_org, read_access
from clmkit.release.plan_report import SHORT_HASH
from clmkit.release.planning import Sources, draw_plan, find_kept_plan, read_intent

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
      clmkit apply 3f9c2b71 --org org.json
      clmkit apply 3f9c2b71 --org org.json --rollback

    \b
    Exit codes:
      0  applied and verified
      1  refused, by this command or by the org
      2  it could not be done
    """
    sources = Sources(spec, package, decisions, intent, against)

    left: list[str] = []

    async def work() -> str:
        access, revision = read_access(org_file), read_intent(sources)
        kept = find_kept_plan(plans, plan_hash)
        run = this_run(f"clmkit apply {kept.hash[:SHORT_HASH]}{' --rollback' if rollback else ''}")
        try:
            async with open_org(access, revision.spec.api_version) as org, holding_lock(org.metadata, run, kept.folder):
                drawn = await draw_plan(sources, revision, org, for_people=False)
                release = Release(kept, drawn, Journal(kept.folder), test_level or "", partial(click.echo, err=as_json))
                if rollback:
                    left.extend(str(key) for key in (await take_back(release, org)).way.left)
                else:
                    await apply_plan(release, org)
        except ApplyRefused as refused:
            return str(refused)
        return ""

    refusal = run_guarded(work, failed=2)
    if refusal:
        click.echo(f"refused: {refusal}", err=True)
    if as_json or left:
        words = "\n".join(f"left in the org: {key}" for key in left)
        tell({"plan": plan_hash, "rollback": rollback, "refused": refusal, "left": left}, words, as_json)
    raise SystemExit(1 if refusal else 0)
