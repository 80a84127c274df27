"""Several workers on one PostgreSQL state: no agreement and no account has two writers, and nothing is done twice."""

import asyncio
import copy
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from tests.clmkit.sync.fake_org import Killed
from tests.clmkit.sync.postgres import PostgresServer, wait_until_gone
from tests.clmkit.sync.world import ACME, BETA, World

from clmkit.sync.claims import CLAIM_SECONDS, READER
from clmkit.sync.engine import PAUSE
from clmkit.sync.inbox import Inbox

COUNT = 6


@pytest.fixture
def pair(postgres: PostgresServer) -> Iterator[tuple[World, World]]:
    """Two workers between the same systems; half of the agreements belong to each of two accounts."""
    first = World(state_path=postgres.new_database(), worker="first")
    for number in range(1, COUNT + 1):
        party = ACME if number % 2 else BETA
        owner = {"name": None, "email": "integration@example.com"}
        counterparty = {"id": party, "name": party, "contact": None}
        first.agreement(f"AGR-{number:06d}", counterparty=counterparty, business_owner=owner)
    second = copy.copy(first)
    second.worker = "second"
    yield first, second
    first.restart()
    second.restart()


def meanwhile(world: World, act: Callable[[], object]) -> None:
    """The other worker acts while this one is about to write for the first time."""
    done: list[None] = []

    def strike(_sobject: str, _records: Sequence[Any]) -> None:
        if not done:
            done.append(None)
            thread = threading.Thread(target=act)
            thread.start()
            thread.join(60)

    world.org.before_commit = strike


def die(*_: object) -> None:
    raise Killed


def kill_while_it_writes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker dies before its first commit and releases nothing."""
    world.org.before_commit = die
    with monkeypatch.context() as dead:
        dead.setattr(Inbox, "release", lambda *_: None)
        with pytest.raises(Killed):
            world.run()
    world.org.before_commit = lambda *_: None


def test_a_second_worker_leaves_alone_what_the_first_has_claimed(pair: tuple[World, World]) -> None:
    first, second = pair
    reports = []
    meanwhile(first, lambda: reports.append(second.run()))
    whole = first.run()
    assert (reports[0].events, whole.pushed) == (0, COUNT)
    assert first.org.count("Contract") == COUNT
    assert first.reconcile().is_clean


def test_two_workers_share_what_waits_by_account(pair: tuple[World, World]) -> None:
    first, second = pair
    first.run()
    for number in range(1, COUNT + 1):
        first.agreement(f"AGR-{number:06d}", title=f"Title {number}")
    first.state.database.sign_on("third")
    first.state.inbox.claim(["AccountId:PTY-acme"], "third", CLAIM_SECONDS, 0.0)
    report = second.run()
    assert (report.pushed, first.state.inbox.count_outcomes()["waiting"]) == (COUNT // 2, COUNT // 2)
    first.clock = CLAIM_SECONDS + 1
    assert first.run().pushed == COUNT // 2
    assert first.reconcile().is_clean


def test_what_a_dead_worker_had_claimed_is_taken_up_when_its_time_is_over(
    pair: tuple[World, World], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = pair
    kill_while_it_writes(first, monkeypatch)
    assert second.run().events == 0
    assert second.state.inbox.count_outcomes() == {"waiting": COUNT}
    second.clock = CLAIM_SECONDS + 1
    second.run()
    assert "waiting" not in second.state.inbox.count_outcomes()
    assert second.org.count("Contract") == COUNT
    assert second.reconcile().is_clean


def test_what_a_dead_worker_had_claimed_is_taken_up_as_soon_as_its_connection_is_gone(
    pair: tuple[World, World], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = pair
    kill_while_it_writes(first, monkeypatch)
    first.restart()
    wait_until_gone(second.state.database, "first")
    assert second.run().pushed == COUNT
    assert second.org.count("Contract") == COUNT


def test_a_worker_that_lost_its_claims_writes_nothing_more(pair: tuple[World, World]) -> None:
    first, second = pair
    second.clock = CLAIM_SECONDS + 1
    meanwhile(first, second.run)
    assert first.run().stopped == "Another worker took over what this one was too slow for; it goes on with it."
    assert second.run().pushed == 0
    assert set(second.state.inbox.count_outcomes()) == {"pushed", "unchanged"}
    assert second.org.count("Contract") == COUNT


def test_what_one_worker_keeps_another_settles(pair: tuple[World, World]) -> None:
    first, second = pair
    kept = asyncio.run(first.engine().look())
    assert (kept, first.org.count("Contract")) == (COUNT, 0)
    report = asyncio.run(second.engine().run(reads=False))
    assert (report.events, report.pushed, second.org.count("Contract")) == (COUNT, COUNT, COUNT)
    assert asyncio.run(first.engine().run(reads=False)).events == 0
    assert first.reconcile().is_clean


def test_a_contract_that_was_deleted_in_salesforce_is_made_again_by_whoever_settles_that(
    pair: tuple[World, World],
) -> None:
    first, second = pair
    first.run()
    first.org.delete("Contract", "AGR-000001")
    asyncio.run(first.engine().look())
    asyncio.run(second.engine().run(reads=False))
    assert second.org.count("Contract") == COUNT
    assert second.reconcile().is_clean


def test_nobody_looks_while_another_worker_does_or_a_person_pauses_the_sync(pair: tuple[World, World]) -> None:
    first, second = pair
    with first.state.transaction():
        first.state.put_cursor(PAUSE, "The CLM moves house.")
    assert asyncio.run(second.engine().look()) is None
    with first.state.transaction():
        first.state.put_cursor(PAUSE, "")
    first.state.database.sign_on("third")
    first.state.inbox.claim([READER], "third", CLAIM_SECONDS, 0.0)
    assert asyncio.run(second.engine().look()) is None
    second.clock = CLAIM_SECONDS + 1
    assert asyncio.run(second.engine().look()) == COUNT
