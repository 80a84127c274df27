"""An apply that is disturbed at any of its steps ends as if nothing had been, or is finished by the same command.

Each disturbance meets other steps here; `bench/interrupted.py` has each meet all requests.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest
from tests.clmkit.release.interruptions import DISTURBANCES, Small, small_release, turns

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("release_interrupted")]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    with small_release(tmp_path_factory.mktemp("small")) as release:
        yield release


def test_an_apply_validates_deploys_verifies_and_has_its_rollback_validated_under_a_lock(small: Small) -> None:
    retrieve, deploy = ["retrieve", "checkRetrieveStatus"], ["deploy", "checkDeployStatus"]
    look = [*retrieve, "listMetadata", *retrieve]
    assert [small.steps[at] for at in turns(small.steps)] == [
        "createMetadata",
        *look,
        *deploy,
        *deploy,
        "listMetadata",
        *retrieve,
        *deploy,
        "deleteMetadata",
    ]


@pytest.mark.parametrize("name", DISTURBANCES)
def test_a_disturbed_apply_is_finished(small: Small, name: str) -> None:
    disturb, first = DISTURBANCES[name], list(DISTURBANCES).index(name)
    for at in turns(small.steps)[first :: len(DISTURBANCES)]:
        small.begin()
        disturb(small, at)
        small.require_released()


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
    small.require_released()
