"""The engine: take changes in, decide, write both sides, settle. One path for the first load and for every later day.

    report = run_once(load_config(Path("sync.yml")))          # until both systems are quiet
    async with open_engine(config) as engine: await engine.run()

A round takes one page of changes from each system, coalesces them to agreements, plans every row object by object (parents first),
writes Salesforce, then the CLM, and settles the events. Kill it anywhere: events are kept before they are worked on and
settled after, writes are upserts by external ID and patches guarded by revision, so the next run repeats at most what was
not yet remembered.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from clmkit.clients.errors import LoginFailed, Refused, Unreachable, WireError
from clmkit.clients.outcomes import Action
from clmkit.clients.salesforce import ApiUsage, Salesforce
from clmkit.clients.transport import Patience, Sleep, Transport, open_session
from clmkit.connectors import DescribedClm
from clmkit.mapping.evaluate import Evaluator
from clmkit.mapping.loader import load_spec
from clmkit.mapping.model import Spec
from clmkit.sync.apply import Excess, Overuse, StopRun
from clmkit.sync.claims import Claims
from clmkit.sync.config import ConfigError, SyncConfig
from clmkit.sync.editors import ClmRoles, Editors
from clmkit.sync.guards import BlastRadius, Limits, find_overuse, forecast
from clmkit.sync.identity import require_keys
from clmkit.sync.intake import Intake
from clmkit.sync.listening import EventsConfig, Listening, Wire
from clmkit.sync.lockout import Door, end_lockout, find_fix, note_lockout
from clmkit.sync.origin import Ruleset, find_commit, put_in_force, ruleset_of
from clmkit.sync.ports import ClmSystem, Org
from clmkit.sync.references import References
from clmkit.sync.report import RunReport, Tally
from clmkit.sync.round import Round
from clmkit.sync.schedule import Pace
from clmkit.sync.shipping import Way
from clmkit.sync.sole import alone, name_worker, sole_sync
from clmkit.sync.state import State
from clmkit.sync.trouble import UNSAVED, forget_stops

MOST_ROUNDS = 1000
PAUSE = "pause"
"""The cursor that says why a person keeps the sync from working; empty while nobody does."""
HOLD = "hold"
"""The cursor that says why a guard holds the sync until a person allows it to go on."""
LOOKED = "looked"
"""The cursor that says when a worker last began to look at both systems."""


class SpecError(Exception):
    """The mapping spec has errors; `clmkit lint` shows them."""


def utc_now() -> str:
    return datetime.now(tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Engine:
    spec: Spec
    state: State
    org: Org
    clm: ClmSystem
    calls: Sequence[Counter[str]]
    page: int = 500
    batch: int = 1
    """Changes that are worked on together, as far as there are so many: pages are read until it is full."""
    way: Way | None = None
    """The way that rows go to Salesforce; None for the cheapest."""
    patience: Patience = field(default_factory=Patience)
    now: Callable[[], str] = utc_now
    clock: Callable[[], float] = time.monotonic
    sleep: Sleep = asyncio.sleep
    chance: Callable[[], float] = random.random
    tally: Tally = field(default_factory=Tally)
    limits: Limits = field(default_factory=Limits)
    allow: bool = False
    """A person allows the next run to go further than the guards."""
    blast: BlastRadius | None = None
    listening: Listening | None = None
    """Salesforce's event streams, where they are heard."""
    claims: Claims | None = None
    """Where several workers share the state."""
    worker: str = ""
    """What this process is called to others."""
    rules: Ruleset = field(default_factory=lambda: Ruleset("", "", ""))
    """What the audit calls the mapping; made of the spec when it is not given."""
    pace: Pace = field(default_factory=Pace)
    """When fields may go; by default everything at once."""
    clm_roles: ClmRoles = field(default_factory=ClmRoles)
    _looked_at: int = 0
    _first_usage: tuple[float, ApiUsage] | None = None

    def __post_init__(self) -> None:
        if not self.rules.hash:
            self.rules = ruleset_of(self.spec)

    async def look(self, every: float = 0.0) -> int | None:
        """Keep whatever is new in both systems for whoever settles it. Returns how many events came; raises WireError.

        None when nobody was asked: while a person pauses the sync, while another worker looks, or when one has looked less than
        `every` seconds ago.
        """
        if self.state.get_cursor(PAUSE) or self._has_looked(every):
            return None
        if self.claims is not None and not self.claims.may_read():
            return None
        intake = Intake(self.spec, self.state, self.org, self.clm, self.page, self.now, Tally())
        began = self.now()
        try:
            events = await intake.look()
            with self.state.transaction():
                self.state.put_cursor(LOOKED, began)
            return events
        finally:
            await intake.close()
            self._release()

    def _has_looked(self, every: float) -> bool:
        last = self.state.get_cursor(LOOKED) if every else ""
        return bool(last) and 0 <= (_moment(self.now()) - _moment(last)).total_seconds() < every

    async def run(
        self, should_end: Callable[[], bool] = lambda: False, *, looks: bool = True, reads: bool = True
    ) -> RunReport:
        """Rounds until neither system has anything new, or `should_end` between two rounds.

        Without `looks` Salesforce is not asked for what changed there: what a ring asks for, without a query for each. Without
        `reads` nobody is asked: what the inbox holds is settled.
        A stop (guard, budget used up, mapping alarm, nobody answers) is in the report, not raised.
        """
        self.tally = Tally()
        started = self.clock()
        before = self._count_calls()
        held = self.state.get_cursor(PAUSE) or ("" if self.allow else self.state.get_cursor(HOLD)) or self._find_alone()
        if held:
            self.tally.stopped = held
            return self._report(0.0, before)
        self._hold("")
        self.rules = put_in_force(self.state, self.spec, self.rules, self.now())
        self.blast = (
            None
            if self.allow
            else BlastRadius(self.limits, self.state.count_links_of, self.state.count_linked_agreements)
        )
        is_doubtful = bool(self.state.get_cursor(UNSAVED))
        intake = self._make_intake(looks=looks, reads=reads, joins=is_doubtful)
        references, editors = References(self.spec, self.org, self.state), Editors(self.spec, self.org)
        evaluator = Evaluator(self.spec)
        try:
            while self.tally.rounds < MOST_ROUNDS and not should_end():
                known = self.tally.events
                work = await intake.take()
                if self.tally.events == known:
                    break
                self.tally.rounds += 1
                self._require_calls()
                await Round(self, evaluator, references, editors).run(work)
                self._release()
                if paused := self.state.get_cursor(PAUSE):
                    raise StopRun(paused)
            if is_doubtful:
                forget_stops(self.state)
            end_lockout(self.state, Door.LOGIN)
            if looks and self.listening is not None and not should_end():
                self.listening.looked(intake.asks)
        except (StopRun, WireError) as error:
            self.tally.stopped = str(error)
            if isinstance(error, LoginFailed):
                note_lockout(self.state, Door.LOGIN, str(error), find_fix(error), self.now())
            self.tally.is_outage = _is_outage(error)
            self._hold(str(error) if isinstance(error, Excess) else "")
        finally:
            await intake.close()
            self._release()
        self._looked_at = 0 if self.tally.stopped else intake.looked_at
        self.allow = False
        return self._report(self.clock() - started, before)

    def seconds_to_due(self) -> float:
        """How long until the first of what waits by its schedule may go; infinite when nothing waits."""
        due = self.state.schedule.next_due() if self.pace.is_scheduled else ""
        if not due:
            return math.inf
        return max(0.0, (_moment(due) - _moment(self.now())).total_seconds())

    def _make_intake(self, *, looks: bool, reads: bool, joins: bool) -> Intake:
        return Intake(
            self.spec,
            self.state,
            self.org,
            self.clm,
            self.page,
            self.now,
            self.tally,
            self.batch,
            looks,
            reads,
            self.listening,
            self.claims,
            self.pace,
            self._looked_at,
            joins,
        )

    def _find_alone(self) -> str:
        other = self.claims.find_alone() if self.claims is not None else ""
        return f"{other} has to be alone with this state; this one goes on when it has ended." if other else ""

    def _release(self) -> None:
        if self.claims is not None:
            self.claims.release()

    def _hold(self, reason: str) -> None:
        if self.state.get_cursor(HOLD) != reason:
            with self.state.transaction():
                self.state.put_cursor(HOLD, reason)
                self.state.record(self.now(), "held" if reason else "allowed", {"reason": reason})

    def _require_calls(self) -> None:
        overuse = find_overuse(self.org.api_usage, self.limits)
        if overuse:
            raise Overuse(overuse)

    def _forecast(self) -> str:
        """From the first look at the org's usage that this engine took to the last."""
        usage, now = self.org.api_usage, self.clock()
        if usage is None:
            return ""
        if self._first_usage is None:
            self._first_usage = now, usage
        since, first = self._first_usage
        return forecast(first, usage, now - since, self.limits)

    def _count_calls(self) -> Counter[str]:
        return sum(self.calls, Counter())

    def _report(self, seconds: float, before: Counter[str]) -> RunReport:
        tally, usage = self.tally, self.org.api_usage
        settled = sum(tally.outcomes.values())
        return RunReport(
            events=tally.events,
            pushed=tally.outcomes["pushed"],
            unchanged=tally.outcomes["unchanged"],
            conflicts=tally.outcomes["conflict"],
            parked=tally.outcomes["parked"],
            waiting=tally.events - settled,
            scheduled=tally.scheduled,
            echoes=tally.echoes,
            rows_created=tally.rows_created,
            rows_updated=tally.rows_updated,
            patches=tally.patches,
            parked_values=len(self.state.read_parked(kind="value")),
            parked_rows=len(self.state.read_parked(kind="row")),
            rounds=tally.rounds,
            api_calls_by_kind=dict(self._count_calls() - before),
            api_usage=f"{usage.used}/{usage.allowed}" if usage is not None else "",
            seconds=round(seconds, 3),
            explained=list(tally.explained),
            api_forecast=self._forecast(),
            stopped=tally.stopped,
            is_outage=tally.is_outage,
        )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _is_outage(error: StopRun | WireError) -> bool:
    """Whether time alone may heal what ended the run."""
    if isinstance(error, Refused):
        return error.action is Action.RETRY or error.code == "REQUEST_LIMIT_EXCEEDED"
    return isinstance(error, Unreachable | Overuse)


def load_linted(path: Path) -> Spec:
    """The spec of a file. Raises SpecError with its findings."""
    loaded = load_spec(path)
    if loaded.spec is None:
        raise SpecError(f"{path} has errors; run `clmkit lint {path}` to see them. Nothing was changed.")
    return loaded.spec


def require_known_roles(config: SyncConfig, spec: Spec) -> None:
    """Raises ConfigError when people of the CLM are given a role that the spec has not."""
    known = [audience.name for audience in spec.audiences]
    unknown = sorted(config.clm_roles.keys() - set(known))
    if unknown:
        raise ConfigError(
            f"clm.roles names {', '.join(unknown)}; {config.spec} has the audiences {', '.join(known)}. Nothing was changed."
        )


@asynccontextmanager
async def open_engine(config: SyncConfig, work: str = "a sync", *, is_alone: bool = False) -> AsyncIterator[Engine]:
    """An engine on real connections and its state, for work of this name; with `is_alone` no worker runs beside it.

    Raises SpecError, ConfigError, StateError, OSError.
    """
    async with open_alone(config, work) if is_alone else _open_worker(config, work) as engine:
        require_keys(engine.state, engine.spec)
        yield engine


@asynccontextmanager
async def open_alone(config: SyncConfig, work: str) -> AsyncIterator[Engine]:
    """Both systems and the state while no sync works with them. Raises StateError while one does."""
    async with _open_worker(config, work) as engine:
        with alone(engine.state, engine.worker):
            yield engine


@asynccontextmanager
async def _open_worker(config: SyncConfig, work: str) -> AsyncIterator[Engine]:
    worker = name_worker(work)
    with sole_sync(config.state, worker):
        async with open_systems(config, worker) as engine:
            yield engine


@asynccontextmanager
async def open_systems(config: SyncConfig, worker: str = "") -> AsyncIterator[Engine]:
    """An engine to look at both systems and the state with, also beside a running sync; never to run."""
    spec = load_linted(config.spec)
    require_known_roles(config, spec)
    state = State(config.state)
    worker = worker or name_worker("a look")
    claims = Claims(spec, state, worker, time.time) if state.database.is_shared else None
    try:
        async with open_session(config.ca_bundle) as org_session, open_session(None, config.clm_url) as clm_session:
            org_transport, clm_transport = Transport(org_session), Transport(clm_session)
            org = Salesforce(org_transport, config.salesforce_url, config.read_salesforce_login, spec.api_version)
            clm = DescribedClm(clm_transport, config.clm_url, config.read_clm_credentials, config.connector)
            yield Engine(
                spec,
                state,
                org,
                clm,
                (org_transport.calls, clm_transport.calls),
                page=config.page,
                batch=config.batch,
                limits=config.guards,
                claims=claims,
                rules=ruleset_of(spec, find_commit(config.spec)),
                clm_roles=ClmRoles(config.clm_roles),
                worker=worker,
            )
    finally:
        state.close()


def open_listening(engine: Engine, config: SyncConfig, events: EventsConfig, ring: Callable[[], None]) -> Listening:
    """The event streams of the engine's org. Enter `open()` of it, and give it to the engine."""
    if not isinstance(engine.org, Salesforce):
        raise TypeError("only a real org has event streams")
    wire = Wire(engine.org, events.endpoint, config.ca_bundle)
    return Listening(engine.spec, engine.state, wire.listen, events, ring, engine.now, engine.sleep, engine.chance)


def run_once(config: SyncConfig) -> RunReport:
    """Synchronise until both systems are quiet; for callers without an event loop."""

    async def run() -> RunReport:
        async with open_engine(config) as engine:
            return await engine.run()

    return asyncio.run(run())
