"""A sync between both twins that is killed over and over while people edit on both sides and faults strike both systems.

    trial = Trial(systems, target, workers=1, folder=..., seed=1)
    verdict = trial.play(kills=60)

Every cycle people edit, faults are armed, and each worker runs once and is to die: at one of the named points in turn, or at any
time. Then nobody edits any more, rows that wait are redriven, and the sync runs until both systems are quiet.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import msgspec
import requests
from tests.clmkit.sync.crash.arithmetic import count_events, find_unsound
from tests.clmkit.sync.crash.nursery import CONFIG, Answer, Note, Order
from tests.clmkit.sync.crash.points import POINTS
from tests.clmkit.templates.systems import Systems

from clmkit.cli.demo.run import SYNC_CONFIG
from clmkit.sync.config import load_config
from clmkit.sync.database import Target
from clmkit.sync.engine import run_once
from clmkit.sync.reconcile import reconcile_once
from clmkit.sync.state import State
from clmkit.templates.agreements import make_agreements

ROOT = Path(__file__).parents[4]
PATIENCE = 120.0
LONGEST_RUN = 0.25
"""Seconds: a kill at any time comes within these."""
ORG_FAULTS: tuple[Mapping[str, object], ...] = (
    {"name": "row_lock", "object": "Contract"},
    {"name": "partial_success", "object": "Contract"},
    {"name": "unavailable", "path": "*/composite*"},
    {"name": "drop_before_commit", "path": "*/composite*"},
    {"name": "drop_after_commit", "path": "*/composite*"},
    {"name": "expired_session", "path": "*/query*"},
    {"name": "slow", "seconds": 0.02},
)
CLM_FAULTS: tuple[Mapping[str, object], ...] = (
    {"name": "http_503", "path": "/api/v1/changes"},
    {"name": "http_429", "path": "/api/v1/changes"},
    {"name": "http_401", "path": "/api/v1/"},
    {"name": "dropped_before_commit", "path": "/api/v1/agreements", "method": "PATCH"},
    {"name": "dropped_after_commit", "path": "/api/v1/agreements", "method": "PATCH"},
    {"name": "slow", "path": "/api/v1/", "delay_ms": 20},
)


@dataclass(frozen=True)
class Verdict:
    """What a trial showed. `struck` counts faults of both systems; `wrong` holds what must not be, in sentences.

    `most_sent_again`: shipments of one killed run that were sent again; `resumes`: seconds from the start of a process that follows
    a killed one until it has taken work up; `resume_work`: how many of them the processor worked for it; `sums`: how often the
    arithmetic of the state was found exact.
    """

    kills: int
    by_point: Mapping[str, int]
    events: int
    outcomes: Mapping[str, int]
    struck: int
    most_sent_again: int
    sent_again: int
    resumes: Sequence[float]
    resume_work: Sequence[float]
    sums: int
    wrong: Sequence[str]


@dataclass
class Worker:
    """A nursery and what it logged."""

    child: subprocess.Popen[str]
    log: Path

    def send(self, order: Order) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write(msgspec.json.encode(order).decode() + "\n")
        self.child.stdin.flush()

    def wait(self, most: int = 0) -> Answer:
        """The answer of a run that was killed, or ended with such an exit code at most."""
        assert self.child.stdout is not None
        answer = msgspec.json.decode(self.child.stdout.readline(), type=Answer)
        assert answer.status <= most, f"run {answer.run} ended by itself with {answer.status}"
        return answer

    def notes(self) -> list[Note]:
        lines = self.log.read_bytes().splitlines() if self.log.exists() else []
        return [msgspec.json.decode(line, type=Note) for line in lines]


@contextmanager
def nursing(folder: Path, number: int) -> Iterator[Worker]:
    log = folder / f"worker{number}.jsonl"
    command = [sys.executable, "-m", "tests.clmkit.sync.crash.nursery", str(folder), str(log)]
    child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Worker(child, log)
    finally:
        child.communicate()


@dataclass
class Trial:
    systems: Systems
    target: Target
    workers: int
    folder: Path
    seed: int
    chance: random.Random = field(init=False)
    org_admin: requests.Session = field(init=False)
    clm_admin: requests.Session = field(init=False)
    org_url: str = field(init=False)
    clm_url: str = field(init=False)
    answers: list[Answer] = field(default_factory=list)
    killed_at: Counter[str] = field(default_factory=Counter)
    edits: int = 0
    runs: int = 0
    struck: int = 0
    sums: int = 0
    unsound: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - which edit comes next is no secret
        ready = {
            name: msgspec.json.decode((self.systems.folder / f"{name}.json").read_bytes()) for name in ("org", "clm")
        }
        self.org_url, self.clm_url = ready["org"]["http_url"], ready["clm"]["http_url"]
        self.org_admin, self.clm_admin = requests.Session(), requests.Session()
        self.org_admin.headers["Authorization"] = f"Bearer {ready['org']['admin_token']}"
        login = {
            "grant_type": "client_credentials",
            **{name: ready["clm"][name] for name in ("client_id", "client_secret")},
        }
        token = requests.post(f"{self.clm_url}/oauth/token", data=login, timeout=PATIENCE).json()["access_token"]
        self.clm_admin.headers["Authorization"] = f"Bearer {token}"
        self._write_config()

    def _write_config(self) -> None:
        spec = (self.systems.folder / "contract.yml").as_posix()
        config = SYNC_CONFIG.format(spec=spec).replace("state: sync.sqlite", "state: {file: state}")
        for name in ("org", "clm"):
            config = config.replace(f"file: {name}.json", f"file: {self.systems.folder / name}.json")
        if isinstance(self.target, Path):
            config = config.replace("state: {file: state}", f"state: {self.target}")
        else:
            (self.folder / "state").write_text(self.target, encoding="utf-8")
        (self.folder / CONFIG).write_text(config, encoding="utf-8")

    def close(self) -> None:
        self.org_admin.close()
        self.clm_admin.close()

    def play(self, kills: int) -> Verdict:
        first = run_once(load_config(self.folder / CONFIG))
        assert not first.stopped, first.stopped
        points = cycle([*POINTS, ""])
        with ExitStack() as stack:
            workers = [stack.enter_context(nursing(self.folder, number)) for number in range(self.workers)]
            while self.killed_at.total() < kills:
                self._edit()
                self._arm()
                self._kill_once(workers, points)
                self._disarm()
                self._sum_up()
            notes = [note for worker in workers for note in worker.notes()]
        self._come_to_rest()
        return self._judge(sorted(notes, key=lambda note: note.at))

    # ---- a cycle

    def _edit(self) -> None:
        """What people do between two runs: titles, amounts and new agreements in the CLM, owners in Salesforce."""
        clm, salesforce = self.systems.clm, self.systems.salesforce
        agreements = list(clm.read_all("agreements"))
        for one in self.chance.sample(agreements, 3):
            self.edits += 1
            change: dict[str, Any] = {"title": f"Title {self.edits}"}
            if self.edits % 2 and one["lines"]:
                change["lines"] = [{**line, "amount": f"{self.edits}.50"} for line in one["lines"]]
            clm.change(one["id"], change)
        if self.edits % 5 == 0:
            customer = {"name": agreements[0]["counterparty"]["name"]}
            clm.create({**make_agreements(self.systems.template, 1, self.edits)[0], "counterparty": customer})
        owners = [row["Id"] for row in salesforce.find("SELECT Id FROM User WHERE Email LIKE 'owner%'")]
        for row in self.chance.sample(salesforce.find("SELECT Id FROM Contract WHERE SUB_Id__c != null"), 2):
            salesforce.change("Contract", row["Id"], {"OwnerId": self.chance.choice(owners)})

    def _arm(self) -> None:
        self._call_org("POST", "faults", {**self.chance.choice(ORG_FAULTS), "after": self.chance.randrange(2)})
        self._call_clm("POST", "/admin/faults", self.chance.choice(CLM_FAULTS))

    def _disarm(self) -> None:
        for armed in self._call_org("GET", "faults")["armed"]:
            self.struck += armed["fired"]
        self._call_org("DELETE", "faults")
        self.struck += sum(one["struck"] for one in self._call_clm("DELETE", "/admin/faults")["disarmed"])

    def _kill_once(self, workers: Sequence[Worker], points: Iterator[str]) -> None:
        """Every worker runs once, at the same time as the others."""
        orders = [self._order(next(points)) for _ in workers]
        for worker, order in zip(workers, orders, strict=True):
            worker.send(order)
        for worker, order in zip(workers, orders, strict=True):
            answer = worker.wait()
            self.answers.append(answer)
            if answer.is_killed:
                self.killed_at[order.point or "at any time"] += 1

    def _order(self, point: str) -> Order:
        self.runs += 1
        if point:
            return Order(self.runs, point, self.chance.randint(1, 3))
        return Order(self.runs, after_seconds=self.chance.uniform(0.0, LONGEST_RUN))

    def _sum_up(self) -> None:
        """What the state says of its events adds up, whoever was killed over it."""
        with closing(State(self.target)) as state:
            found = find_unsound(state)
        self.unsound += [f"after run {self.runs}: {words}" for words in found]
        self.sums += not found

    # ---- the end

    def _come_to_rest(self) -> None:
        """Run until nothing happens and nothing waits; a database notices a dead worker a moment after its death."""
        config, deadline = load_config(self.folder / CONFIG), time.monotonic() + PATIENCE
        while True:
            self._redrive()
            report = run_once(config)
            assert not report.stopped, report.stopped
            with closing(State(self.target)) as state:
                if not report.events and "waiting" not in state.inbox.count_outcomes():
                    return
            assert time.monotonic() < deadline, f"the systems do not come to rest: {report}"

    def _redrive(self) -> None:
        with closing(State(self.target)) as state, state.transaction():
            waiting = [row.agreement_id for row in state.read_parked(kind="row")]
            state.inbox.redrive(waiting, str(time.monotonic()))

    def _judge(self, notes: Sequence[Note]) -> Verdict:
        with closing(State(self.target)) as state:
            outcomes = state.inbox.count_outcomes()
            taken = count_events(state)
            heard = {str(one) for (one,) in state.database.execute("SELECT event_id FROM event WHERE source = 'clm'")}
            self.unsound += find_unsound(state)
            waiting = [*state.read_parked(kind="row"), *state.read_parked(kind="conflict")]
        told = [one["event_id"] for one in self._read_feed()]
        report = reconcile_once(load_config(self.folder / CONFIG))
        again = {answer.run: self._count_sent_again(notes, answer) for answer in self.answers if answer.is_killed}
        wrong = {
            f"{len(set(told) - heard)} events of the CLM are lost": set(told) - heard,
            f"{taken} events taken in, {sum(outcomes.values())} accounted for": taken != sum(outcomes.values()),
            f"{outcomes.get('waiting', 0)} events wait": outcomes.get("waiting", 0),
            f"rows wait: {waiting}": waiting,
            f"differences: {report.differences}": report.differences,
            **self._compare(),
        }
        return Verdict(
            kills=self.killed_at.total(),
            by_point=dict(self.killed_at),
            events=taken,
            outcomes=outcomes,
            struck=self.struck,
            most_sent_again=max(again.values(), default=0),
            sent_again=sum(again.values()),
            resumes=[note.at - answer.started for answer, note in self._find_resumes(notes)],
            resume_work=[note.worked for _, note in self._find_resumes(notes)],
            sums=self.sums,
            wrong=[*self.unsound, *(words for words, is_wrong in wrong.items() if is_wrong)],
        )

    def _compare(self) -> dict[str, object]:
        """Both systems as people see them, without any of the kit's own eyes."""
        clm = {one["id"]: one for one in self.systems.clm.read_all("agreements")}
        contracts = self.systems.salesforce.find(
            "SELECT SUB_Id__c, SUB_Title__c, Owner.Email FROM Contract WHERE SUB_Id__c != null"
        )
        lines = self.systems.salesforce.find("SELECT SUB_Id__c, Amount__c FROM SUB_Line__c")
        amounts = {line["id"]: float(line["amount"]) for one in clm.values() for line in one["lines"]}
        held = {row["SUB_Id__c"]: (row["SUB_Title__c"], row["Owner"]["Email"]) for row in contracts}
        expected = {name: (one["title"], one["business_owner"]["email"]) for name, one in clm.items()}
        return {
            f"{len(contracts)} contracts for {len(clm)} agreements": len(contracts) != len(clm),
            f"{len(lines)} lines for {len(amounts)}": len(lines) != len(amounts),
            f"final values differ: {set(held.items()) ^ set(expected.items())}": held != expected,
            "final amounts differ": {row["SUB_Id__c"]: row["Amount__c"] for row in lines} != amounts,
        }

    def _count_sent_again(self, notes: Sequence[Note], killed: Answer) -> int:
        """The shipments of a killed run of which a row was sent again after it, although Salesforce had not refused it."""
        own = [note for note in notes if note.run == killed.run]
        last: dict[str, int] = {}
        for place, note in enumerate(own):
            if note.what == "shipped":
                saved = own[place + 1].rows if place + 1 < len(own) else note.rows
                last.update(dict.fromkeys(saved, place))
        later = {row for note in notes if note.what == "shipped" and note.at > killed.ended for row in note.rows}
        return len({place for row, place in last.items() if row in later})

    def _find_resumes(self, notes: Sequence[Note]) -> list[tuple[Answer, Note]]:
        """Every run that followed a killed one, and when it had taken work up."""
        taken: dict[int, Note] = {}
        for note in notes:
            if note.what == "taken":
                taken.setdefault(note.run, note)
        after = [
            now for before, now in zip(self.answers, self.answers[self.workers :], strict=False) if before.is_killed
        ]
        return [(answer, taken[answer.run]) for answer in after if answer.run in taken]

    # ---- the twins' administrators

    def _read_feed(self) -> Iterator[dict[str, Any]]:
        cursor, more = "", True
        while more:
            page = self._call_clm("GET", f"/api/v1/changes?after={cursor}&limit=500")
            yield from page["changes"]
            cursor, more = page["cursor"], page["more"]

    def _call_clm(self, method: str, path: str, body: object = None) -> Any:
        answer = self.clm_admin.request(method, self.clm_url + path, json=body, timeout=PATIENCE)
        answer.raise_for_status()
        return answer.json()

    def _call_org(self, method: str, path: str, body: object = None) -> Any:
        """What was never struck is 409 to disarm, and disarmed."""
        answer = self.org_admin.request(method, f"{self.org_url}/twin/admin/{path}", json=body, timeout=PATIENCE)
        if answer.status_code != 409:
            answer.raise_for_status()
        return answer.json()
