"""Every command beside `sync run` that writes is killed with SIGKILL at named points and at any time: the same command completes.

A command that a kill strikes again and again goes on where it was, so one story meets many points.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
from tests.clmkit.sync.crash.arithmetic import find_unsound
from tests.clmkit.sync.crash.nursery import CONFIG, Order
from tests.clmkit.sync.crash.trial import PATIENCE, Worker, nursing
from tests.clmkit.templates.systems import Systems, running

from clmkit.cli.demo.run import SYNC_CONFIG
from clmkit.sync.config import load_config
from clmkit.sync.reconcile import reconcile_once
from clmkit.sync.state import State
from clmkit.templates.agreements import make_agreements
from clmkit.templates.catalogue import TEMPLATES

pytestmark = pytest.mark.e2e
MOMENTS = (0.05, 0.3)
"""Seconds after which a command is killed by the clock."""


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Systems]:
    with running(TEMPLATES["saas"], tmp_path_factory.mktemp("commands")) as both:
        yield both


@dataclass
class Kit:
    """The commands between both systems, each a process of its own."""

    systems: Systems
    folder: Path
    worker: Worker
    runs: int = 0

    def do(self, *command: str, most: int = 0) -> str:
        """What the command says; it has to end with such an exit code at most."""
        self._run(command, most=most)
        return (self.folder / f"{self.runs}.said").read_text()

    def kill(self, command: Sequence[str], *points: str | tuple[str, int], moments: Sequence[float] = MOMENTS) -> None:
        """The command again and again, killed at each of the points, at its first passage or another, then at some times.

        A second passage may never come: how many jobs the kills before have left depends on how fast the org ended them.
        """
        for point in points:
            name, passage = point if isinstance(point, tuple) else (point, 1)
            assert self._run(command, point=name, passage=passage, most=1) or passage > 1, f"{name} was not met"
            self.check_sound()
        for seconds in moments:
            self._run(command, after_seconds=seconds, most=1)
            self.check_sound()

    def _run(self, command: Sequence[str], most: int = 0, **how: Any) -> bool:
        self.runs += 1
        self.worker.send(Order(self.runs, command=tuple(command), **how))
        return self.worker.wait(most).is_killed

    @property
    def state(self) -> State:
        return State(self.folder / "sync.sqlite")

    def check_sound(self) -> None:
        with closing(self.state) as state:
            assert find_unsound(state) == []

    def check_equal(self) -> None:
        """Each agreement has one contract, each line one row, every value is the same, and nothing more is to do."""
        self.check_sound()
        with closing(self.state) as state:
            assert "waiting" not in state.inbox.count_outcomes()
            assert [row for row in state.read_parked() if row.kind != "value"] == []
        report = reconcile_once(load_config(self.folder / CONFIG))
        agreements = list(self.systems.clm.read_all("agreements"))
        lines = [line["id"] for one in agreements for line in one["lines"]]
        assert (report.differences, report.agreements) == ([], len(agreements))
        assert sorted(self.keys("Contract")) == sorted(one["id"] for one in agreements)
        assert sorted(self.keys("SUB_Line__c")) == sorted(lines)

    def keys(self, sobject: str) -> list[str]:
        return [row["SUB_Id__c"] for row in self.find(sobject, "SUB_Id__c")]

    def find(self, sobject: str, field: str) -> list[dict[str, Any]]:
        return self.systems.salesforce.find(f"SELECT Id, {field} FROM {sobject} WHERE SUB_Id__c != null")

    def empty_the_org(self) -> None:
        for row in self.find("Contract", "SUB_Id__c"):
            self.systems.salesforce.delete("Contract", row["Id"])

    def write_as_the_sync(self, record_id: str, **values: str) -> None:
        """Nobody else may write what is the CLM's."""
        org = msgspec.json.decode((self.systems.folder / "org.json").read_bytes())
        form = {
            "grant_type": "client_credentials",
            "client_id": org["client_id"],
            "client_secret": org["client_secret"],
        }
        login = requests.post(f"{org['http_url']}/services/oauth2/token", data=form, timeout=PATIENCE).json()
        headers = {"Authorization": f"Bearer {login['access_token']}"}
        address = f"{org['http_url']}/services/data/v66.0/sobjects/Contract/{record_id}"
        requests.patch(address, json=values, headers=headers, timeout=PATIENCE).raise_for_status()

    def add_agreement_without_account(self) -> dict[str, Any]:
        customer = {"name": f"Newcomers {self.folder.name}", "contact": None}
        return self.systems.clm.create(
            {**make_agreements(self.systems.template, 1, 99)[0], "counterparty": customer, "title": "Kingfisher"}
        )

    def add_account_of(self, agreement: dict[str, Any]) -> None:
        party = agreement["counterparty"]
        self.systems.salesforce.create("Account", {"Name": party["name"], "SUB_Party_Id__c": party["id"]})


@pytest.fixture
def kit(systems: Systems, tmp_path: Path) -> Iterator[Kit]:
    config = SYNC_CONFIG.format(spec=(systems.folder / "contract.yml").as_posix())
    for name in ("org", "clm"):
        config = config.replace(f"file: {name}.json", f"file: {systems.folder / name}.json")
    (tmp_path / CONFIG).write_text(config)
    with nursing(tmp_path, 0) as worker:
        yield Kit(systems, tmp_path, worker)


JOBS = (
    "rows are staged, nothing is committed",
    "rows are staged",
    "a job is made, nobody has noted it",
    "rows are under way",
    "rows are uploaded",
    "a job is over, nothing is remembered",
    "results are kept, nothing is committed",
    "results are kept",
    ("a job is over, nothing is remembered", 2),
    "a batch is sent, its rows are staged",
)


def test_a_killed_backfill_is_completed_by_the_same_command(kit: Kit) -> None:
    kit.empty_the_org()
    kit.kill(("sync", "backfill"), *JOBS)
    kit.do("sync", "backfill")
    kit.check_equal()
    assert "0 rows created, 0 updated" in kit.do("sync", "run")


def test_a_killed_cutover_and_its_way_back_are_completed_by_the_same_commands(kit: Kit) -> None:
    kit.empty_the_org()
    access = ("--org", str(kit.systems.folder / "org.json"), "--before", str(kit.folder / "before.jsonl"))
    before_journal, after_journal = "a step is done, the journal does not say so", "a step is in the journal"
    rehearsal = ("sync", "cutover", "--rehearse", *access)
    kit.kill(rehearsal, before_journal, after_journal, *JOBS[3:8], before_journal, after_journal, moments=())
    kit.kill(rehearsal, *[before_journal, after_journal] * 2, "rows are deleted, their links stand", moments=())
    kit.kill(rehearsal, "a link is gone, nothing is committed", before_journal)
    kit.do(*rehearsal)
    assert kit.find("Contract", "SUB_Id__c") == []
    kit.kill(("sync", "cutover", *access), ("rows are uploaded", 2), (before_journal, 3))
    kit.do("sync", "cutover", *access)
    kit.check_equal()


def test_a_killed_redrive_is_completed_by_the_same_command(kit: Kit) -> None:
    agreement = kit.add_agreement_without_account()
    kit.do("sync", "run", most=1)
    kit.add_account_of(agreement)
    redrive = ("sync", "redrive", "--apply")
    kit.kill(redrive, "an agreement is back at work, nothing is committed", "an agreement is back at work")
    kit.do(*redrive)
    kit.do("sync", "run")
    kit.check_equal()


def test_a_killed_replay_is_completed_by_the_same_command(kit: Kit) -> None:
    kit.do("sync", "run")
    agreement = kit.keys("Contract")[0]
    replay = ("sync", "replay", agreement, "--since", "2026-01-01", "--apply")
    kit.kill(replay, "an agreement is back at work, nothing is committed", "an agreement is back at work")
    kit.do(*replay)
    kit.do("sync", "run")
    kit.check_equal()


def test_a_killed_reconciliation_is_completed_by_the_same_command(kit: Kit) -> None:
    kit.do("sync", "run")
    row = kit.find("Contract", "SUB_Title__c")[0]
    kit.write_as_the_sync(row["Id"], SUB_Title__c="wrong")
    reconcile = ("sync", "reconcile", "--open-cases")
    kit.kill(
        reconcile,
        "the tree is made, nothing is committed",
        "the tree is made",
        "all rows are asked for",
        "cases are open, nothing is committed",
        "cases are open",
    )
    assert "wrong: subscription" in kit.do(*reconcile, most=1)
    kit.do("sync", "run")
    kit.do("sync", "reconcile")
    kit.check_equal()


def test_a_killed_erasure_is_completed_by_the_same_command(kit: Kit) -> None:
    agreement = kit.add_agreement_without_account()
    kit.do("sync", "run", most=1)
    held = b"".join(one.read_bytes() for one in kit.folder.glob("sync.sqlite*"))
    assert agreement["counterparty"]["id"].encode() in held
    erase = ("audit", "erase", agreement["id"], "--reason", "request 17")
    kit.kill(erase, "bodies are taken out, nothing is committed", "data are erased, the file holds them")
    kit.do(*erase)
    assert "the chain holds" in kit.do("audit", "verify")
    held = b"".join(one.read_bytes() for one in kit.folder.glob("sync.sqlite*"))
    assert agreement["counterparty"]["id"].encode() not in held
    kit.add_account_of(agreement)
    with closing(kit.state) as state, state.transaction():
        state.inbox.redrive([agreement["id"]], "2026-11-22T00:00:00.000Z")
    kit.do("sync", "run")
    kit.check_equal()
