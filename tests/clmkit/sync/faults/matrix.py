"""Play a cell of the matrix: a round that meets the fault at one step, what it came to, and the world after it."""

from __future__ import annotations

import asyncio
import base64
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from standardwebhooks import Webhook
from tests.clmkit.sync.faults.catalogue import Ending, Fault, Kind, Step
from tests.clmkit.sync.faults.wire import FaultyTransport, Meets, Strike
from tests.clmkit.sync.world import no_sleep
from tests.clmkit.templates.systems import Systems

from clmkit.clients.clm import JsonObject
from clmkit.clients.errors import LoginFailed, Unreachable, WireError
from clmkit.clients.pubsub import Batch, Change, PositionLost
from clmkit.clients.salesforce import Salesforce
from clmkit.clients.transport import Patience, open_session
from clmkit.connectors import DescribedClm
from clmkit.connectors.signatures import is_genuine
from clmkit.sync.audit import find_break
from clmkit.sync.config import load_config
from clmkit.sync.database import StateError
from clmkit.sync.engine import Engine
from clmkit.sync.listening import EventsConfig, Listening
from clmkit.sync.reconcile import Comparison
from clmkit.sync.redrive import Filter, apply_redrive, plan_redrive
from clmkit.sync.report import RunReport
from clmkit.sync.state import UNREAD, State

ONE_OR_SOME = ("/api/v1/agreements/", "/api/v1/agreements?ids=")
MEETS: dict[tuple[Kind, Step], Meets] = {
    (Kind.SALESFORCE, Step.READ): lambda method, path: "/queryAll" in path,
    (Kind.SALESFORCE, Step.DECIDE): lambda method, path: "/query?" in path,
    (Kind.SALESFORCE, Step.SEND): lambda method, path: method == "PATCH",
    (Kind.SALESFORCE, Step.RECONCILE): lambda method, path: "/query?" in path,
    (Kind.ROWS, Step.SEND): lambda method, path: method == "PATCH",
    (Kind.CLM, Step.READ): lambda method, path: path.startswith("/api/v1/changes"),
    (Kind.CLM, Step.DECIDE): lambda method, path: method == "GET" and path.startswith(ONE_OR_SOME),
    (Kind.CLM, Step.FEED_BACK): lambda method, path: method == "PATCH",
    (Kind.CLM, Step.RECONCILE): lambda method, path: path.startswith("/api/v1/agreements?"),
}
STATE_ERRORS = {
    "the disk is full": "database or disk is full",
    "another process keeps it locked": "database is locked",
}
SECRET, OTHER_SECRET = ("whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"k", b"x"))
CALL = b'{"event_id":"EVT-1"}'
TOPIC = "/data/ContractChangeEvent"


class ReadingClm(DescribedClm):
    """Counts how often one agreement was asked for, whatever that took on the wire."""

    of_agreements = 0

    async def get_agreement(self, agreement_id: str) -> JsonObject:
        self.of_agreements += 1
        return await super().get_agreement(agreement_id)

    async def find_agreements(self, agreement_ids: Sequence[str]) -> dict[str, JsonObject]:
        self.of_agreements += len(agreement_ids)
        return await super().find_agreements(agreement_ids)


@dataclass
class World:
    """One sync between both twins, whose requests may be struck."""

    systems: Systems
    org: FaultyTransport
    clm: FaultyTransport
    reads: ReadingClm
    engine: Engine
    runner: asyncio.Runner
    first: str
    second: str
    third: str
    fourth: str
    owners: list[str]
    played: int = 0
    owner: str = ""
    told: int = 0
    said: list[str] = field(default_factory=list)
    """Log records of every level, and what ended runs."""
    read_anyway: int = 0
    """How often a round asks for one agreement in fair weather."""

    def edit(self) -> None:
        """Work for every step: two titles for Salesforce, an owner for the CLM, an agreement to be read afresh."""
        self.played += 1
        self.owner = self.owners[self.played % len(self.owners)]
        for one, title in self.titles.items():
            self.systems.clm.change(one, {"title": title})
        self.systems.salesforce.change("Contract", self.contract_id(self.second), {"OwnerId": self.owner})
        with self.engine.state.transaction():
            self.engine.state.inbox.redrive([self.third], str(self.played))

    def run(self, *, looks: bool = True) -> RunReport:
        report = self.runner.run(self.engine.run(looks=looks))
        assert report.is_balanced, report
        self.said.append(str(report))
        return report

    def find_wrong(self) -> list[str]:
        """Heal, run until nothing happens, and say what is not as it should be."""
        state = self.engine.state
        if state.read_parked(kind=UNREAD):
            self.find_what_was_not_named()
        for place in range(6):
            with state.transaction():
                state.inbox.redrive(
                    {row.agreement_id for row in state.read_parked(kind="row")}, f"{self.played}.{place}"
                )
            report = self.run()
            if not report.events:
                break
        outcomes = state.inbox.count_outcomes()
        taken = state.database.execute("SELECT count(*) FROM event")[0][0]
        wrong = {
            "it does not come to rest": report.events or report.stopped,
            "the title is not in Salesforce": not self.has_title(),
            "the owner is not in the CLM": not self.has_owner(),
            "events wait": "waiting" in outcomes,
            "events do not add up": sum(outcomes.values()) != taken,
            "dead letters are left": [
                row for kind in ("row", "conflict", UNREAD) for row in state.read_parked(kind=kind)
            ],
        }
        return [words for words, is_wrong in wrong.items() if is_wrong]

    def find_what_was_not_named(self) -> None:
        """What the dead letter of an event without an agreement asks for: compare, correct, be done with it."""
        report = self.runner.run(self.compare())
        state, at = self.engine.state, self.engine.now()
        with state.transaction():
            state.inbox.redrive({one.key for one in report.differences}, at)
        apply_redrive(state, plan_redrive(state, Filter(kind=UNREAD)), at)

    def find_deeply_wrong(self) -> list[str]:
        """What costs more to find out: the audit chain and every compared value."""
        report = self.runner.run(self.compare())
        agreements = len(list(self.systems.clm.read_all("agreements")))
        return [
            *(["a contract is lost or doubled"] if self.systems.count("subscription") != agreements else []),
            *([f"differences {report.differences}"] if report.differences else []),
            *(["the audit chain is broken"] if find_break(self.engine.state.read_audit()) else []),
        ]

    async def compare(self) -> Any:
        return await Comparison(self.engine.spec, self.engine.org, self.engine.clm, self.engine.state).run()

    @property
    def titles(self) -> dict[str, str]:
        return {self.first: f"Title {self.played}", self.fourth: f"Other {self.played}"}

    def has_title(self) -> bool:
        keys = ", ".join(f"'{one}'" for one in self.titles)
        found = self.systems.salesforce.find(
            f"SELECT SUB_Id__c, SUB_Title__c FROM Contract WHERE SUB_Id__c IN ({keys})"
        )
        return {row["SUB_Id__c"]: row["SUB_Title__c"] for row in found} == self.titles

    def has_owner(self) -> bool:
        email = self.systems.salesforce.find(f"SELECT Email FROM User WHERE Id = '{self.owner}'")[0]["Email"]
        return bool(self.systems.clm.get(self.second)["business_owner"]["email"] == email)

    def contract_id(self, agreement: str) -> str:
        return str(self.systems.salesforce.find(f"SELECT Id FROM Contract WHERE SUB_Id__c = '{agreement}'")[0]["Id"])


@contextmanager
def overheard(said: list[str]) -> Iterator[None]:
    """Keep what anything logs inside the block, at every level."""
    root, handler = logging.getLogger(), logging.Handler(logging.DEBUG)
    handler.emit = lambda record: said.append(logging.Formatter().format(record))  # type: ignore[method-assign]
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


@contextmanager
def opened(systems: Systems, folder: Path) -> Iterator[World]:
    config = load_config(systems.folder / "sync.yml")
    state = State(folder / "sync.sqlite")
    with asyncio.Runner() as runner, ExitStack() as stack:

        async def connect() -> tuple[aiohttp.ClientSession, aiohttp.ClientSession]:
            return open_session(config.ca_bundle), open_session(None)

        org_session, clm_session = runner.run(connect())
        org, clm = (FaultyTransport(one, Patience(attempts=3), no_sleep) for one in (org_session, clm_session))
        reads = ReadingClm(clm, config.clm_url, config.read_clm_credentials, config.connector)
        salesforce = Salesforce(org, config.salesforce_url, config.read_salesforce_login, systems.spec.api_version)
        engine = Engine(systems.spec, state, salesforce, reads, (org.calls, clm.calls), sleep=no_sleep)
        try:
            ids = sorted(one["id"] for one in systems.clm.read_all("agreements"))
            users = systems.salesforce.find("SELECT Id FROM User WHERE Email LIKE 'owner%' ORDER BY Email")
            owners = [row["Id"] for row in users]
            first, second, third, fourth = ids[:4]
            world = World(systems, org, clm, reads, engine, runner, first, second, third, fourth, owners)
            stack.enter_context(overheard(world.said))
            world.run()
            world.run()
            for _ in range(2):  # whose contract it is first is not known: only the second edit is sure to change it
                reads.of_agreements = 0
                world.edit()
                world.run()
            world.read_anyway = reads.of_agreements
            yield world
        finally:
            runner.run(org_session.close())
            runner.run(clm_session.close())
            state.close()


def play_request(world: World, fault: Fault, step: Step) -> Ending:
    """A fault that strikes a request of one of the systems."""
    assert fault.effect is not None
    strike = Strike(fault.effect, MEETS[fault.kind, step], fault.times)
    side = world.clm if fault.kind is Kind.CLM else world.org
    world.edit()
    if step is Step.RECONCILE:
        world.run()
        side.armed = [strike]
        ending = _play_reconcile(world)
    else:
        side.armed = [strike]
        ending = _judge(world, world.run())
    side.armed = []
    assert strike.struck, "the fault never struck"
    return ending


def _judge(world: World, report: RunReport) -> Ending:
    if report.stopped:
        return Ending.STOP
    if world.engine.state.read_parked(kind="row") or world.engine.state.read_parked(kind=UNREAD):
        return Ending.PARK
    return Ending.ANEW if world.reads.of_agreements > world.read_anyway else Ending.AGAIN


def _play_reconcile(world: World) -> Ending:
    try:
        report = world.runner.run(world.compare())
    except WireError:
        return Ending.STOP
    assert report.differences == []
    return Ending.PARK if report.unread else Ending.AGAIN


# ---- the state's database


@dataclass
class FailingConnection:
    """A connection to SQLite that cannot write links or cursors while `is_due`."""

    connection: sqlite3.Connection
    words: str
    is_due: Callable[[str], bool]
    struck: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)

    def execute(self, sql: str, parameters: Any = ()) -> Any:
        self._strike(sql)
        return self.connection.execute(sql, parameters)

    def executemany(self, sql: str, rows: Any) -> Any:
        self._strike(sql)
        return self.connection.executemany(sql, rows)

    def _strike(self, sql: str) -> None:
        if self.is_due(sql):
            self.struck += 1
            raise sqlite3.OperationalError(self.words)


def play_state(world: World, fault: Fault, step: Step) -> Ending:
    """The run ends with StateError, as the command shows it."""
    world.edit()
    patched = world.clm.calls["clm_patch"]
    is_due: dict[Step, Callable[[str], bool]] = {
        Step.READ: lambda sql: sql.startswith("INSERT INTO cursor"),
        Step.RECORD: lambda sql: sql.startswith("INSERT INTO link"),
        Step.FEED_BACK: lambda sql: sql.startswith("INSERT INTO link") and world.clm.calls["clm_patch"] > patched,
    }
    database: Any = world.engine.state.database
    failing = FailingConnection(database.connection, STATE_ERRORS[fault.name], is_due[step])
    database.connection = failing
    try:
        world.run()
    except StateError:
        return Ending.STOP
    finally:
        database.connection = failing.connection
    raise AssertionError("the fault never struck")


# ---- what is heard


def play_webhook(world: World, fault: Fault) -> Ending:
    """The CLM calls, each genuine call rings, and a ring is a run that does not look at Salesforce."""
    world.edit()
    if fault.name == "late":
        world.run()
    for headers in _calls(fault.name):
        if is_genuine("standard", (SECRET,), headers, CALL):
            world.run(looks=False)
    return Ending.SAME if world.has_title() else Ending.LOOK


def _calls(name: str) -> list[dict[str, str]]:
    minutes = 6 if name == "six minutes old" else 0
    secret = OTHER_SECRET if name == "signed with another secret" else SECRET
    count = {"lost": 0, "doubled": 2, "out of order": 2}.get(name, 1)
    at = datetime.now(tz=UTC) - timedelta(minutes=minutes)
    calls = [
        {
            "webhook-id": f"EVT-{number}",
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign(f"EVT-{number}", at, CALL.decode()),
        }
        for number in range(count)
    ]
    return calls if name == "doubled" else calls[::-1]


def play_event(world: World, fault: Fault) -> Ending:
    """People change an owner, and Salesforce tells of it as the fault has it."""
    world.edit()
    world.told += 1
    record_id = world.contract_id(world.second)
    streams = [list(steps) for steps in _streams(fault.name, record_id, world.told)]
    config = EventsConfig(
        topics=(TOPIC,), deliveries_a_day=0 if fault.name == "the day's deliveries are used up" else 10_000
    )

    async def listen(_transport: str, _topic: str, _at: bytes | None, _renewed: bool) -> AsyncIterator[Batch]:
        for step in streams.pop(0) if streams else ():
            if isinstance(step, Exception):
                raise step
            yield step
        await asyncio.Event().wait()

    engine = world.engine
    listening = engine.listening = Listening(
        engine.spec, engine.state, listen, config, lambda: None, engine.now, lambda _: asyncio.sleep(0), lambda: 0.0
    )

    async def hear() -> None:
        async with listening.open():
            for _ in range(50):
                await asyncio.sleep(0)
            await engine.run(looks=False)

    try:
        world.runner.run(hear())
        return Ending.SAME if world.has_owner() else Ending.LOOK
    finally:
        engine.listening = None
        listening.looked(listening.asks)


def _streams(name: str, record_id: str, number: int) -> list[list[Batch | Exception]]:
    told = _batch("UPDATE", (record_id,), number)
    scripts: dict[str, list[list[Batch | Exception]]] = {
        "delivered twice": [[told, told]],
        "a gap: the record without its fields": [[_batch("GAP_UPDATE", (record_id,), number)]],
        "an overflow: not even the record": [[_batch("GAP_OVERFLOW", (), number)]],
        "the position is too old": [[PositionLost("too old")]],
        "the stream is cut": [[Unreachable("pubsub", "gone")], [told]],
        "the session is refused": [[LoginFailed("expired")], [told]],
    }
    return scripts.get(name, [])


def _batch(kind: str, ids: tuple[str, ...], number: int) -> Batch:
    changed = () if kind.startswith("GAP") else ("OwnerId",)
    change = Change("Contract", kind, ids, "", "005U", "tx", 1, 1_767_225_600_000, changed, (), {}, f"E{number}")
    return Batch((change,), number.to_bytes(4, "big"))


def play(world: World, fault: Fault, step: Step) -> Ending:
    """What the round came to. The twins and the state are as before when the caller has healed them (`find_wrong`)."""
    world.reads.of_agreements = 0
    match fault.kind:
        case Kind.WEBHOOKS:
            return play_webhook(world, fault)
        case Kind.EVENTS:
            return play_event(world, fault)
        case Kind.STATE:
            return play_state(world, fault, step)
        case _:
            return play_request(world, fault, step)
