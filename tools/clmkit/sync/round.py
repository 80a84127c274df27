"""One round: the work of one intake, from agreements to settled events.

Objects go parents first; of each object every agreement's rows are planned (`planning`) and written (`writing`) together, then the
CLM is given what is Salesforce's (`feed_back`). What has moved under our feet (`Action.REBASE`) is read again and planned anew, a
few times; then it waits for a person. What is not due by its latency class waits with its events (`schedule`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from clmkit.clients.errors import WireError
from clmkit.mapping.evaluate import Evaluator, find_state, is_owned_by_salesforce
from clmkit.mapping.model import Missing, ObjectMapping
from clmkit.sync.apply import Applier, Excess, Keep, StopRun
from clmkit.sync.at_once import both, several
from clmkit.sync.carrier import Carrier
from clmkit.sync.cases import Case
from clmkit.sync.decide import is_stale
from clmkit.sync.discretion import Discretion
from clmkit.sync.editors import Editors
from clmkit.sync.feed_back import FeedBack
from clmkit.sync.inbox import Settled
from clmkit.sync.intake import Work
from clmkit.sync.memory import Memory
from clmkit.sync.offers import Offer
from clmkit.sync.org_rows import read_by_key
from clmkit.sync.planning import Planner, day_of
from clmkit.sync.references import References
from clmkit.sync.report import DECIDE, SEND
from clmkit.sync.rows import Agreement, is_whole_agreement
from clmkit.sync.state import Link, Parked
from clmkit.sync.trouble import find_reason, is_hopeless, may_pass
from clmkit.sync.writing import Writer

if TYPE_CHECKING:
    from clmkit.sync.engine import Engine

MOST_PASSES = 4
READINGS = 2


class Round:
    def __init__(self, engine: Engine, evaluator: Evaluator, references: References, editors: Editors) -> None:
        self._engine = engine
        self._state = engine.state
        self._spec = engine.spec
        self._memory = Memory(engine.state, engine.now)
        facts = (self._memory, editors, engine.pace, day_of(engine.spec, engine.now()), engine.clm_roles)
        self._planner = Planner(engine.spec, evaluator, engine.org, *facts)
        answers = (engine.tally, engine.rules)
        self._discretion = Discretion(engine.spec)
        self._writer = Writer(engine.spec, self._memory, references, *answers, self._make_applier, self._require_claims)
        self._offers: Mapping[str, Offer] = {}
        self._fresh: Mapping[str, Agreement] = {}
        self._feed_back = FeedBack(engine.clm, evaluator, self._memory, *answers, self._discretion)

    async def run(self, work: Mapping[str, Work]) -> None:
        """Settle every event of the work. Raises StopRun, WireError: what is not settled then waits for the next run."""
        for _ in range(MOST_PASSES):
            again = await self._pass(work.values())
            if not again:
                return
            work = {case.agreement_id: case.work.again() for case in again}
        for case in again:
            mapping = self._whole
            reason = f"It was read and planned {MOST_PASSES} times, and each time it had to be done anew. {case.again}"
            case.park_row(mapping, case.agreement_id, mapping.key.name, "", reason, mapping.key.steward)
        self._settle(again)

    async def _pass(self, work: Iterable[Work]) -> list[Case]:
        items = list(work)
        deleted = [item.agreement_id for item in items if item.was_deleted]
        if deleted and self._engine.blast is not None:
            _require_modest(self._engine.blast.find_excess_of_deletions(deleted))
        self._memory.recall(self._whole, [item.agreement_id for item in items])
        self._offers = self._state.offers.find(item.agreement_id for item in items)
        opened, _ = await both(self._open_all(items), self._read_ahead(items))
        cases = [case for case in opened if case is not None]
        self._writer.cases = {case.agreement_id: case for case in cases}
        for mapping in self._spec.objects:
            if not is_owned_by_salesforce(mapping) or self._is_created_on_demand(mapping):
                await self._write_object(mapping, cases)
        overwritten = [case.agreement_id for case in cases if case.overwrites_clm and not case.again]
        if overwritten and self._engine.blast is not None:
            _require_modest(self._engine.blast.find_excess_of_patches(overwritten))
        self._require_claims()
        await several(self._feed_back.give, [case for case in cases if not case.again])
        self._settle([case for case in cases if not case.again and case.untaken is None])
        untaken = [case for case in cases if case.untaken is not None]
        self._feed_back.give_up(untaken)
        self._settle(untaken)
        return [case for case in cases if case.again]

    async def _write_object(self, mapping: ObjectMapping, cases: Sequence[Case]) -> None:
        """Plan and write every row of one object. Raises StopRun, WireError."""
        started = self._engine.now()
        plans = await self._planner.plan(mapping, cases, self._writer.created)
        planned = self._engine.now()
        if self._engine.blast is not None:
            _require_modest(self._engine.blast.find_excess(plans))
        await self._writer.write(mapping, plans)
        writing = {plan.facts.agreement_id for plan in plans if plan.writes_salesforce}
        works = [(case.agreement_id, case.work.events) for case in cases if case.agreement_id in writing]
        self._engine.tally.mark(DECIDE, works, started, planned)
        self._engine.tally.mark(SEND, works, planned, self._engine.now())

    def _make_applier(self, keep: Keep) -> Applier:
        engine = self._engine
        tally = engine.tally
        carrier = Carrier(
            engine.org,
            tally.explain,
            lambda: bool(tally.rows_created or tally.rows_updated),
            lambda: is_hopeless(engine.state),
        )
        return Applier(
            carrier,
            engine.sleep,
            lambda attempt: engine.patience.wait(attempt, engine.chance()),
            keep,
            engine.way,
            tally.explain,
            self._discretion,
        )

    def _require_claims(self) -> None:
        if self._engine.claims is not None and not self._engine.claims.renew():
            raise StopRun("Another worker took over what this one was too slow for; it goes on with it.")

    async def _read_together(self, items: Sequence[Work]) -> Mapping[str, Agreement]:
        """The agreements that have to be read, as far as the CLM gives many at once; it is asked for each of the others.

        What is wrong with one of them may refuse them all; asked for alone, the others are not held up by it.
        """
        wanted = [item.agreement_id for item in items if self._must_be_read(item)]
        try:
            return await self._engine.clm.find_agreements(wanted) if len(wanted) > 1 else {}
        except WireError:
            return {}

    async def _open_all(self, items: Sequence[Work]) -> list[Case | None]:
        self._fresh = await self._read_together(items)
        return await several(self._open, items)

    async def _read_ahead(self, items: Sequence[Work]) -> None:
        """The records that Salesforce's events name, read while the CLM is asked for their agreements."""
        named = [item for item in items if self._whole.name in item.reread_of and not item.reread]
        if not named:
            return
        rows = await read_by_key(self._engine.org, self._whole, [item.agreement_id for item in named])
        for item in named:
            if item.agreement_id in rows:
                item.org_rows[self._whole.name] = rows[item.agreement_id]

    def _must_be_read(self, item: Work) -> bool:
        return item.agreement is None or item.agreement_id in self._offers

    async def _open(self, item: Work) -> Case | None:
        """The case of an agreement; None when it is settled already: gone, or older than what was applied.

        An old snapshot that comes along with a change in Salesforce is only replaced: the change must not be settled with it. After
        a patch whose answer was not heard only the CLM itself knows what it holds.
        """
        link = self._memory.find((self._whole.name, item.agreement_id))
        known = link.revision if link is not None else None
        offer = self._offers.get(item.agreement_id)
        agreement = self._fresh.get(item.agreement_id)
        if agreement is None and item.agreement is not None and offer is None:
            if not is_stale(_revision(item.agreement), known):
                agreement = item.agreement
            elif not (item.org_rows or item.reread or item.reread_of or item.has_held):
                reason = f"revision {_revision(item.agreement)} is older than {known}, which was applied before"
                self._settle_events(item, "unchanged", reason)
                return None
        if agreement is None:
            agreement = await self._read(item)
            if agreement is None:
                return None
        if is_stale(_revision(agreement), known):
            reason = f"The CLM is at revision {_revision(agreement)}, {known} was applied before. Was the CLM reset or restored?"
            self._park_agreement(item, reason)
            return None
        if offer is not None:
            self._feed_back.find_out(self._whole, agreement, offer)
        return Case(item, agreement, find_state(self._spec.lifecycle, agreement))

    async def _read(self, item: Work) -> Agreement | None:
        """The agreement as the CLM holds it; None when it is parked, because the CLM refuses it, and twice, and not the others."""
        for _ in range(READINGS):
            try:
                return await self._engine.clm.get_agreement(item.agreement_id)
            except WireError as error:
                reason = await find_reason(self._engine.clm, self._state, item.agreement_id, error)
                if not may_pass(error):
                    break
        self._park_agreement(item, reason)
        return None

    @property
    def _whole(self) -> ObjectMapping:
        """The mapping whose rows are the agreements themselves."""
        return next(mapping for mapping in self._spec.objects if is_whole_agreement(mapping))

    def _settle(self, cases: Sequence[Case]) -> None:
        """Say of every event of these agreements what became of it, and keep what waits: for a person, or for its time."""
        at = self._engine.now()
        for case in cases:
            case.parked = [self._discretion.withhold(row) for row in case.parked]
        linked: dict[str, list[Link]] = {}
        for link in self._state.find_links_of_agreements(case.agreement_id for case in cases):
            linked.setdefault(link.agreement_id, []).append(link)
        parked = [
            row for case in cases for row in (*case.parked, *self._find_gone(case, linked.get(case.agreement_id, ())))
        ]
        done = [case for case in cases if not case.is_held]
        held = [case for case in cases if case.is_held]
        with self._state.transaction():
            self._state.resolve_parked([case.agreement_id for case in cases], parked, at)
            self._state.park(parked, at)
            self._state.inbox.settle(
                Settled(one, case.outcome, case.reason) for case in done for one in case.work.events
            )
            self._state.schedule.release(case.agreement_id for case in done)
            for case in held:
                self._state.schedule.hold(case.agreement_id, case.waits, case.work.events, self._engine.pace, at)
        self._tell(done, held)

    def _tell(self, done: Sequence[Case], held: Sequence[Case]) -> None:
        tally = self._engine.tally
        for case in done:
            tally.settle(case.outcome, len(case.work.events))
            if case.outcome == "unchanged":
                tally.echoes += case.work.echoes
        tally.scheduled += sum(len(case.work.events) for case in held)

    def _find_gone(self, case: Case, linked: Sequence[Link]) -> list[Parked]:
        """Rows that the CLM no longer has and Salesforce still does: marked for a steward, never deleted."""
        gone: list[Parked] = []
        for link in linked:
            mapping = self._spec.get_object(link.object)
            if (link.object, link.key) not in case.keys and not is_owned_by_salesforce(mapping):
                reason = f"The CLM no longer has this {mapping.label}; Salesforce still does. Delete it there if that is right."
                place = (link.object, link.key, mapping.key.name)
                gone.append(Parked(*place, case.agreement_id, "gone", "", reason, mapping.key.steward))
        return gone

    def _park_agreement(self, item: Work, reason: str) -> None:
        mapping = self._whole
        key, steward = item.agreement_id, mapping.key.steward
        with self._state.transaction():
            self._state.park(
                [Parked(mapping.name, key, mapping.key.name, key, "row", "", reason, steward)], self._engine.now()
            )
        self._settle_events(item, "parked", reason)

    def _settle_events(self, item: Work, outcome: str, reason: str) -> None:
        with self._state.transaction():
            self._state.inbox.settle([Settled(one, outcome, reason) for one in item.events])
            self._state.schedule.release([item.agreement_id])
        self._engine.tally.settle(outcome, len(item.events))

    def _is_created_on_demand(self, mapping: ObjectMapping) -> bool:
        references = [column.reference for other in self._spec.objects for column in other.columns if column.reference]
        return any(
            reference.object == mapping.salesforce and reference.missing is Missing.CREATE for reference in references
        )


def _require_modest(excess: str) -> None:
    if excess:
        raise Excess(excess)


def _revision(agreement: Agreement) -> int:
    return int(str(agreement["revision"]))
