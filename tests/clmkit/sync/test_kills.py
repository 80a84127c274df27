"""The sync is killed with SIGKILL at named points and at any time, between both twins, which fail meanwhile: nothing shows of it.

More of it: `make crash`.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.clmkit.sync.crash.trial import Trial, Verdict
from tests.clmkit.sync.postgres import PostgresServer
from tests.clmkit.templates.systems import Systems, running

from clmkit.sync.database import Target
from clmkit.templates.catalogue import TEMPLATES

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("kills")]


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Systems]:
    with running(TEMPLATES["saas"], tmp_path_factory.mktemp("kills")) as both:
        yield both


def play(systems: Systems, folder: Path, target: Target, workers: int, kills: int) -> Verdict:
    with closing(Trial(systems, target, workers, folder, seed=1)) as trial:
        return trial.play(kills)


def check(verdict: Verdict, kills: int) -> None:
    assert verdict.wrong == []
    assert verdict.kills >= kills
    assert len(verdict.by_point) >= 12
    assert verdict.struck > 0
    assert verdict.most_sent_again <= 1
    assert verdict.events == sum(verdict.outcomes[one] for one in verdict.outcomes)


def test_a_sync_that_is_killed_30_times_loses_and_doubles_nothing(systems: Systems, tmp_path: Path) -> None:
    check(play(systems, tmp_path, tmp_path / "sync.sqlite", 1, 30), 30)


def test_three_workers_that_are_killed_30_times_lose_and_double_nothing(
    systems: Systems, tmp_path: Path, postgres: PostgresServer
) -> None:
    check(play(systems, tmp_path, postgres.new_database(), 3, 30), 30)
