"""Workers in their own environment settle a state that they share, and one of them is killed.

`make worker` builds the environment; `make test` has it done.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from tests.clmkit.sync.postgres import PostgresServer
from tests.clmkit.templates.systems import AGREEMENTS, Systems, running

from clmkit.sync.config import load_config
from clmkit.sync.database import Target
from clmkit.sync.reconcile import reconcile_once
from clmkit.sync.state import State
from clmkit.templates.catalogue import TEMPLATES
from clmkit.worker.bench import Done

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[3]
PATIENCE = 120.0
CANARY = "Kingfisher"


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Systems]:
    with running(TEMPLATES["saas"], tmp_path_factory.mktemp("workers")) as both:
        yield both


@dataclass
class Fleet:
    """Workers on one state between both twins."""

    systems: Systems
    target: Target
    folder: Path
    started: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.systems.folder / f"sync-{self.folder.name}.yml"

    def __post_init__(self) -> None:
        text = (self.systems.folder / "sync.yml").read_text(encoding="utf-8")
        (self.folder / "state").write_text(str(self.target), encoding="utf-8")
        place = str(self.target) if isinstance(self.target, Path) else f"{{file: {self.folder / 'state'}}}"
        text = text.replace("state: sync.sqlite", f"state: {place}")
        self.config.write_text(f"{text}\npace: at_once\n", encoding="utf-8")

    def start(self, name: str) -> None:
        command = [str(ROOT / ".worker/bin/python"), "-m", "clmkit.worker", "--config", str(self.config)]
        with self.log(name).open("ab") as log:
            self.started[name] = subprocess.Popen(
                [*command, "--name", name, "--every", "0.2", "--json"], stdout=log, stderr=log
            )

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def done(self, name: str) -> list[Done]:
        lines = self.log(name).read_text(encoding="utf-8").splitlines()
        return [Done(**json.loads(line)) for line in lines if line.startswith("{")]

    def kill(self, name: str) -> None:
        worker = self.started.pop(name)
        worker.kill()
        worker.wait()

    def end(self) -> list[int]:
        for worker in self.started.values():
            worker.terminate()
        return [worker.wait(PATIENCE) for worker in self.started.values()]

    def wait_for(self, is_so: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            logs = "\n".join(self.log(name).read_text(encoding="utf-8") for name in self.started)
            assert all(worker.poll() is None for worker in self.started.values()), logs
            assert time.monotonic() < deadline, f"{what}\n{logs}"
            with contextlib.suppress(subprocess.TimeoutExpired):
                next(iter(self.started.values())).wait(0.05)

    def is_settled(self) -> bool:
        """Everything that people did is in Salesforce, and nothing waits."""
        with contextlib.closing(State(self.target)) as state:
            waiting = state.inbox.count_outcomes().get("waiting", 0)
        return waiting == 0 and not self.differing()

    def differing(self) -> set[str]:
        titles = {one["id"]: one["title"] for one in self.systems.clm.read_all("agreements")}
        rows = self.systems.salesforce.find("SELECT SUB_Id__c, SUB_Title__c FROM Contract WHERE SUB_Id__c != null")
        there = {row["SUB_Id__c"]: row["SUB_Title__c"] for row in rows}
        return {agreement for agreement, title in titles.items() if there.get(agreement) != title}

    def retitle(self, word: str) -> None:
        for one in self.systems.clm.read_all("agreements"):
            self.systems.clm.change(one["id"], {"title": f"{CANARY} {word} {one['id']}"})


@pytest.fixture
def fleet_on(systems: Systems, tmp_path: Path) -> Iterator[Callable[[Target], Fleet]]:
    with contextlib.ExitStack() as stack:

        def make(target: Target) -> Fleet:
            fleet = Fleet(systems, target, tmp_path)
            stack.callback(fleet.end)
            return fleet

        yield make


def check(fleet: Fleet) -> None:
    """Nothing lost, nothing doubled, nothing wrong."""
    report = reconcile_once(load_config(fleet.config))
    assert report.is_clean, report
    keys = [row["SUB_Id__c"] for row in fleet.systems.salesforce.find("SELECT SUB_Id__c FROM Contract")]
    assert (len(keys), len(set(keys))) == (AGREEMENTS, AGREEMENTS)
    with contextlib.closing(State(fleet.target)) as state:
        assert state.read_parked() == []


def test_two_workers_share_a_state_and_one_takes_up_what_the_other_had_when_it_was_killed(
    fleet_on: Callable[[Target], Fleet], postgres: PostgresServer
) -> None:
    fleet = fleet_on(postgres.new_database())
    for name in ("one", "two"):
        fleet.start(name)
    fleet.wait_for(fleet.is_settled, "the first load")
    fleet.retitle("before")
    fleet.wait_for(lambda: len(fleet.differing()) < AGREEMENTS, "the first of the changes")
    fleet.kill("one")
    fleet.retitle("after")
    fleet.wait_for(fleet.is_settled, "the changes after the kill")
    check(fleet)
    assert fleet.end() == [0]
    with psycopg.connect(str(fleet.target)) as connection:
        rows = connection.execute("SELECT status, output, executor_id FROM dbos.workflow_status").fetchall()
    assert {row[2] for row in rows} >= {"two"}
    assert sum(row[0] == "SUCCESS" for row in rows) >= 2
    assert all(row[0] != "ERROR" for row in rows), rows
    assert CANARY not in str(rows)


def test_a_worker_on_a_file_goes_on_where_it_was_killed(fleet_on: Callable[[Target], Fleet], tmp_path: Path) -> None:
    fleet = fleet_on(tmp_path / "sync.sqlite")
    fleet.start("alone")
    fleet.wait_for(lambda: fleet.log("alone").stat().st_size > 0, "a first batch")
    fleet.retitle("file")
    fleet.kill("alone")
    fleet.start("alone")
    fleet.wait_for(fleet.is_settled, "everything")
    check(fleet)
    assert fleet.end() == [0]
    with contextlib.closing(sqlite3.connect(f"{fleet.target}.batches")) as connection:
        statuses = {row[0] for row in connection.execute("SELECT status FROM workflow_status")}
    assert statuses == {"SUCCESS"}
