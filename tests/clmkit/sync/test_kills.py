"""The sync is killed with SIGKILL at named points and at any time, between both twins, which fail meanwhile: nothing shows of it.

More of it: `make crash`.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.clmkit.sync.crash.arithmetic import find_unsound
from tests.clmkit.sync.crash.trial import Trial, Verdict
from tests.clmkit.sync.postgres import PostgresServer
from tests.clmkit.templates.systems import Systems, running

from clmkit.sync.database import Target
from clmkit.sync.inbox import InboxEvent, Settled
from clmkit.sync.state import State
from clmkit.templates.catalogue import TEMPLATES

MOST_RESUME_WORK = 1.0
"""Seconds of processor time from the start of a process that follows a killed one until it has taken work up."""
MOST_KILLED_AT_ONCE = 3

pytestmark = pytest.mark.e2e


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
    assert max(verdict.resume_work) < MOST_RESUME_WORK
    assert verdict.sums * MOST_KILLED_AT_ONCE >= kills
    assert verdict.events == sum(verdict.outcomes[one] for one in verdict.outcomes)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("DELETE FROM event WHERE sequence = 2", "2 events in 3 places"),
        ("UPDATE settlement SET last = 2 WHERE first = 1", "3 events in, 3 settled and 1 waiting"),
        ("DELETE FROM audit WHERE sequence = 1", "the audit chain is broken at"),
    ],
)
def test_a_state_that_does_not_add_up_is_found_out(tmp_path: Path, damage: str, words: str) -> None:
    with closing(State(tmp_path / "sync.sqlite")) as state:
        with state.transaction():
            state.inbox.add([InboxEvent(f"EVT-{number}", "clm", "AGR-1", number, "user") for number in range(3)], "now")
            state.inbox.settle([Settled(1, "pushed", ""), Settled(2, "unchanged", "")])
            state.record("now", "pushed", {"key": "AGR-1"})
            state.record("now", "pushed", {"key": "AGR-1"})
        assert find_unsound(state) == []
        with state.transaction():
            state.database.change(damage)
        assert any(one.startswith(words) for one in find_unsound(state))


def test_a_sync_that_is_killed_30_times_loses_and_doubles_nothing(systems: Systems, tmp_path: Path) -> None:
    check(play(systems, tmp_path, tmp_path / "sync.sqlite", 1, 30), 30)


def test_three_workers_that_are_killed_30_times_lose_and_double_nothing(
    systems: Systems, tmp_path: Path, postgres: PostgresServer
) -> None:
    check(play(systems, tmp_path, postgres.new_database(), 3, 30), 30)
