"""An apply that is disturbed at any of its steps ends as if nothing had been, or is finished by the same command.

Each disturbance meets other steps here; `bench/interrupted.py` has each meet all requests.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Iterator

import pytest
from tests.clmkit.release.interruptions import (
    APPLY,
    CLMKIT,
    DISTURBANCES,
    FILE,
    TAKE_BACK,
    Act,
    Small,
    kill,
    small_release,
    turns,
)

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    with small_release(tmp_path_factory.mktemp("small")) as release:
        yield release


RETRIEVE, DEPLOY = ["retrieve", "checkRetrieveStatus"], ["deploy", "checkDeployStatus"]
LOOK = ["listMetadata", *RETRIEVE]
PLAN = ["createMetadata", *LOOK, *LOOK]
STEPS = {
    APPLY: [*PLAN, "query", *DEPLOY, *DEPLOY, *LOOK, *DEPLOY, "deleteMetadata"],
    TAKE_BACK: [*PLAN, *LOOK, *DEPLOY, *DEPLOY, *LOOK, "deleteMetadata"],
}


@pytest.mark.parametrize("act", STEPS)
def test_a_release_and_its_way_back_plan_again_validate_deploy_and_verify_under_a_lock(small: Small, act: Act) -> None:
    """An apply has its way back validated in the end."""
    steps = small.steps[act]
    assert [steps[at] for at in turns(steps)] == STEPS[act]


@pytest.mark.parametrize("name", DISTURBANCES)
def test_a_disturbed_apply_is_finished(small: Small, name: str) -> None:
    disturb, first = DISTURBANCES[name], list(DISTURBANCES).index(name)
    for at in turns(small.steps[APPLY])[first :: len(DISTURBANCES)]:
        small.begin()
        disturb(small, at)
        small.require_done()


def test_a_session_that_ends_while_records_are_counted_is_renewed(small: Small) -> None:
    for name in ("a session that sf renews", "a session that a person renews"):
        small.begin()
        DISTURBANCES[name](small, small.steps[APPLY].index("query"))
        small.require_done()


def test_a_rollback_killed_at_any_step_that_changes_something_or_follows_one_is_finished(small: Small) -> None:
    """In turns before a request is sent and once it is answered. What is read before is read as in an apply."""
    lock, *others = turns(small.steps[TAKE_BACK])
    for turn, at in enumerate([lock, *others[STEPS[TAKE_BACK].index("deploy") - 1 :]]):
        small.begin(TAKE_BACK)
        kill(small, at, is_answered=bool(turn % 2))
        code, output = small.apply()
        assert code == 0, output
        small.require_done()


FIRST_WORDS = {APPLY: "project: validated\n", TAKE_BACK: "rollback: validated\n"}


@pytest.mark.parametrize("act", FIRST_WORDS)
def test_a_release_and_its_way_back_in_a_process_ended_by_kill_9_are_finished_by_the_same_command(
    small: Small, act: Act
) -> None:
    """Once the org has validated: the lock is held, and the deploy is about to begin or under way."""
    small.begin(act)
    command = [CLMKIT, "apply", small.plan_hash, "--org", FILE, *act.options]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=small.folder, env=environment, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == FIRST_WORDS[act]
        child.send_signal(signal.SIGKILL)
        child.wait(timeout=30)
    code, output = small.apply()
    assert code == 0, output
    small.require_done()


def test_an_apply_that_was_killed_while_the_org_deploys_is_taken_back_once_the_deploy_is_done(small: Small) -> None:
    _, deploy, _ = (at for at, step in enumerate(small.steps[APPLY]) if step == "deploy")
    small.begin()
    kill(small, deploy + 1, is_answered=False)
    small.act = TAKE_BACK
    code, output = small.apply()
    assert code == 0, output
    assert output.startswith("project: waiting for deploy ")
    small.require_done()


def test_a_rollback_that_the_org_refuses_leaves_the_release_as_it_is_until_nothing_stands_in_its_way(
    small: Small,
) -> None:
    """A title came that the field did not hold before."""
    small.begin(TAKE_BACK)
    account = small.create("Account", {"Name": "Acme"})
    record = {"AccountId": account, "CLM_Id__c": "A-1", "CLM_Title__c": "t" * 230, "CLM_Version__c": 1}
    contract = small.create("Contract", record)
    code, output = small.apply()
    assert (code, output.splitlines()[0], output.splitlines()[-1]) == (
        1,
        "refused: rollback: the org refuses the validation",
        "nothing was taken back, the release stands; change what the org names, then run the same command again",
    )
    assert small.clmkit("drift", "--org", FILE) == (0, "no drift: the org holds what the package directory says\n")
    small.ask("DELETE", f"services/data/v66.0/sobjects/Contract/{contract}", token=small.open_session())
    code, output = small.apply()
    assert code == 0, output
    small.require_done()


@pytest.mark.parametrize("lines", [1, 2])
def test_an_apply_that_cannot_write_its_journal_stops_and_goes_on_when_it_can(small: Small, lines: int) -> None:
    """Full after the first line: nothing is deployed; after the second: the org deploys, and nobody wrote down that it does."""
    small.begin()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100 + 110 * (lines - 1), hard))
    try:
        code, output = small.apply()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (code, output.splitlines()[-2:]) == (
        2,
        [
            f"error: build/plans/{small.plan_hash[:12]}/release.jsonl: File too large",
            "what was deployed stays; the same command goes on from there",
        ],
    )
    assert small.apply()[0] == 0
    small.require_done()
