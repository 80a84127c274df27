"""One round: the work of one intake, from agreements to settled events.

Objects go parents first; of each object every agreement's rows are planned and written together. What has moved under our feet
(`Action.REBASE`) is read again and planned anew, a few times; then it waits for a person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from clmkit.clients.errors import Refused
from clmkit.clients.outcomes import Action
from clmkit.mapping.evaluate import Evaluator, Row, is_owned_by_salesforce
from clmkit.mapping.model import Missing, ObjectMapping
from clmkit.sync.apply import Applier, Excess, StopRun, Write
from clmkit.sync.audit import digest
from clmkit.sync.cases import Case
from clmkit.sync.decide import is_same_value, is_stale
from clmkit.sync.feed_back import to_patch
from clmkit.sync.guards import overwrites_clm
from clmkit.sync.inbox import Settled
from clmkit.sync.intake import Work
from clmkit.sync.org_rows import OrgRow, read_by_key
from clmkit.sync.origin import tell_causes, tell_write
from clmkit.sync.references import References
from clmkit.sync.rows import (
    Agreement,
    RowFacts,
    RowPlan,
    clm_values,
    is_whole_agreement,
    needs_reading,
    plan_row,
    state_in_salesforce,
    to_salesforce_value,
    to_scalar,
)
from clmkit.sync.state import Link, Parked
from clmkit.sync.writes import build_write, lookups_of, waves

if TYPE_CHECKING:
    from clmkit.sync.engine import Engine

MOST_PASSES = 4
AT_ONCE = 8

A = TypeVar("A")
B = TypeVar("B")

Place = tuple[str, str]


class Round:
    def __init__(self, engine: Engine, evaluator: Evaluator, references: References) -> None:
        self._engine = engine
        self._state = engine.state
        self._spec = engine.spec
        self._evaluator = evaluator
        self._references = references
        self._created: set[Place] = set()
        self._counted: set[Place] = set()
        self._cases: dict[str, Case] = {}
        self._links: dict[Place, Link] = {}
        """What is remembered of the rows of this round: read once, kept up to date with every answer."""

    async def run(self, work: Mapping[str, Work]) -> None:
        """Settle every event of the work. Raises StopRun, WireError: what is not settled then waits for the next run."""
        for _ in range(MOST_PASSES):
            again = await self._pass(work.values())
            if not again:
                return
            work = {
                case.agreement_id: Work(
                    case.agreement_id, case.work.events, reread=True, is_redriven=case.work.is_redriven
                )
                for case in again
            }
        for case in again:
            mapping = self._whole
            reason = f"It was changed again and again while the sync worked on it. {case.again}"
            case.park_row(mapping, case.agreement_id, mapping.key.name, "", reason, mapping.key.steward)
        self._settle(again)

    async def _pass(self, work: Iterable[Work]) -> list[Case]:
        items = list(work)
        deleted = [item.agreement_id for item in items if item.was_deleted]
        if deleted and self._engine.blast is not None:
            self._require_modest(self._engine.blast.find_excess_of_deletions(deleted))
        self._remember_links(self._whole, [item.agreement_id for item in items])
        opened = await _several(self._open, items)
        cases = [case for case in opened if case is not None]
        self._cases = {case.agreement_id: case for case in cases}
        for mapping in self._spec.objects:
            if not is_owned_by_salesforce(mapping) or self._is_created_on_demand(mapping):
                await self._write_object(mapping, cases)
        overwritten = [case.agreement_id for case in cases if case.overwrites_clm and not case.again]
        if overwritten and self._engine.blast is not None:
            self._require_modest(self._engine.blast.find_excess_of_patches(overwritten))
        self._require_claims()
        await _several(self._feed_back, [case for case in cases if not case.again])
        self._settle([case for case in cases if not case.again])
        return [case for case in cases if case.again]

    def _require_claims(self) -> None:
        if self._engine.claims is not None and not self._engine.claims.renew():
            raise StopRun("Another worker took over what this one was too slow for; it goes on with it.")

    def _require_modest(self, excess: str) -> None:
        if excess:
            raise Excess(excess)

    async def _open(self, item: Work) -> Case | None:
        """The case of an agreement; None when it is settled already: gone, or older than what was applied.

        An old snapshot that comes along with a change in Salesforce is only replaced: the change must not be settled with it.
        """
        link = self._links.get((self._whole.name, item.agreement_id))
        known = link.revision if link is not None else None
        agreement: Agreement | None = item.agreement
        if agreement is not None and is_stale(_revision(agreement), known):
            if not item.org_rows and not item.reread:
                reason = f"revision {_revision(agreement)} is older than {known}, which was applied before"
                self._settle_events(item, "unchanged", reason)
                return None
            agreement = None
        if agreement is None:
            try:
                agreement = await self._engine.clm.get_agreement(item.agreement_id)
            except Refused as refused:
                if refused.action is not Action.PARK:
                    raise
                self._park_agreement(item, refused.outcome.reason)
                return None
        if is_stale(_revision(agreement), known):
            reason = f"The CLM is at revision {_revision(agreement)}, {known} was applied before. Was the CLM reset or restored?"
            self._park_agreement(item, reason)
            return None
        return Case(item, agreement, self._state_of(agreement))

    @property
    def _whole(self) -> ObjectMapping:
        """The mapping whose rows are the agreements themselves."""
        return next(mapping for mapping in self._spec.objects if is_whole_agreement(mapping))

    def _remember_links(self, mapping: ObjectMapping, keys: Iterable[str]) -> None:
        wanted = set(keys)
        for key in wanted:
            self._links.pop((mapping.name, key), None)
        for link in self._state.find_links(mapping.name, wanted).values():
            self._links[link.object, link.key] = link

    async def _write_object(self, mapping: ObjectMapping, cases: Sequence[Case]) -> None:
        """Plan and write every row of one object. Raises StopRun, WireError."""
        rows = self._evaluate(mapping, cases)
        self._remember_links(mapping, [row.key for _, row, _ in rows])
        org_rows = await self._read_org(mapping, rows)
        plans = [self._plan(mapping, case, row, clm, org_rows) for case, row, clm in rows]
        self._require_modest(self._engine.blast.find_excess(plans) if self._engine.blast is not None else "")
        for wave in waves(plans):
            await self._write_wave(mapping, wave)

    async def _write_wave(self, mapping: ObjectMapping, plans: Sequence[RowPlan]) -> None:
        self._require_claims()
        await self._references.prepare(lookup for plan in plans for lookup in lookups_of(plan))
        writes = [write for plan in plans if (write := self._prepare(plan)) is not None]
        engine = self._engine
        applier = Applier(
            engine.org,
            engine.sleep,
            lambda attempt: engine.patience.wait(attempt, engine.chance()),
            self._keep,
            engine.way,
            engine.tally.explain,
        )
        for refusal in await applier.write(writes):
            facts = refusal.write.plan.facts
            case = self._cases[facts.agreement_id]
            if refusal.action is Action.REBASE:
                case.again = refusal.reason
                self._forget(facts.mapping, facts.row.key)
            else:
                case.park_row(mapping, facts.row.key, mapping.key.name, "", refusal.reason, mapping.key.steward)

    def _evaluate(self, mapping: ObjectMapping, cases: Sequence[Case]) -> list[tuple[Case, Row, dict[str, object]]]:
        """The rows of an object, each key once; rows that wait are parked here."""
        rows: dict[str, tuple[Case, Row, dict[str, object]]] = {}
        for case in cases:
            if case.again:
                continue
            for row in self._evaluator.rows(mapping.name, case.agreement):
                case.keys.add((mapping.name, row.key))
                if row.key in rows:
                    continue
                case.park_evaluated(row)
                if row.park is None:
                    rows[row.key] = (case, row, clm_values(self._evaluator, mapping, row, case.agreement))
        return list(rows.values())

    async def _read_org(
        self, mapping: ObjectMapping, rows: Sequence[tuple[Case, Row, dict[str, object]]]
    ) -> dict[str, OrgRow | None]:
        """What Salesforce holds, for the rows that have to be known; None where it was asked and has nothing."""
        at_hand: dict[str, OrgRow | None] = {
            row.key: case.work.org_rows[mapping.name] for case, row, _ in rows if self._is_at_hand(mapping, case, row)
        }
        at_hand |= {row.key: None for _, row, _ in rows if row.key not in at_hand and self._is_below_new(row)}
        unknown = [
            row.key
            for case, row, clm in rows
            if row.key not in at_hand
            and (self._is_reread(mapping, case) or self._needs_reading(mapping, case, row.key, clm))
        ]
        found = await read_by_key(self._engine.org, mapping, unknown) if unknown else {}
        return at_hand | {key: found.get(key) for key in unknown}

    def _needs_reading(self, mapping: ObjectMapping, case: Case, key: str, clm: Mapping[str, object]) -> bool:
        link = self._links.get((mapping.name, key))
        return needs_reading(mapping, clm, link, case.state, self._spec.lifecycle)

    def _is_reread(self, mapping: ObjectMapping, case: Case) -> bool:
        return case.work.reread or mapping.name in case.work.reread_of

    def _is_at_hand(self, mapping: ObjectMapping, case: Case, row: Row) -> bool:
        known = case.work.org_rows.get(mapping.name)
        return known is not None and known.key == row.key

    def _is_below_new(self, row: Row) -> bool:
        """Whether the row's master was created a moment ago: then the row cannot be in Salesforce yet."""
        mapping = self._spec.get_object(row.object)
        for column in mapping.parents:
            lookup = row.references.get(column.salesforce)
            parent = self._spec.find_object_of(lookup.reference.object) if lookup is not None else None
            if lookup is not None and parent is not None and (parent.name, lookup.key) in self._created:
                return True
        return False

    def _plan(
        self,
        mapping: ObjectMapping,
        case: Case,
        row: Row,
        clm: dict[str, object],
        org_rows: Mapping[str, OrgRow | None],
    ) -> RowPlan:
        org = org_rows.get(row.key)
        is_absent = row.key in org_rows and org is None
        link = None if is_absent else self._links.get((mapping.name, row.key))
        if link is not None and link.hops:
            link = replace(link, hops=self._hops(mapping, case, link))
        newer = org is not None and _instant(case.updated_at) > _instant(org.modstamp)
        lifecycle = self._spec.lifecycle
        salesforce_state = state_in_salesforce(mapping, link, org, lifecycle)
        facts = RowFacts(
            mapping, row, clm, case.agreement_id, case.revision, link, org, case.state, salesforce_state, newer
        )
        plan = plan_row(facts, lifecycle)
        for decision in plan.conflicts:
            case.park_conflict(mapping, row.key, decision)
        case.overwrites_clm |= overwrites_clm(plan)
        case.pulls += [(mapping, row.key, decision) for decision in plan.pull.values()]
        return plan

    def _hops(self, mapping: ObjectMapping, case: Case, link: Link) -> Mapping[str, int]:
        """What is remembered of values that were put back, without what the CLM has confirmed or a person wants tried again."""
        if case.work.is_redriven:
            return {}
        if case.work.own is None or not is_whole_agreement(mapping):
            return link.hops
        row = self._evaluator.rows(mapping.name, case.work.own)[0]
        held = clm_values(self._evaluator, mapping, row, case.work.own)
        columns = {column.salesforce: column for column in mapping.columns}
        return {
            name: hop
            for name, hop in link.hops.items()
            if hop > 0 or not is_same_value(columns[name], link.base.get(name), held.get(name))
        }

    def _prepare(self, plan: RowPlan) -> Write | None:
        """The write of a plan; None when nothing is to be written, or the row has to wait for a record that is missing."""
        facts = plan.facts
        case = self._cases[facts.agreement_id]
        if not plan.writes_salesforce:
            self._remember(plan)
            return None
        write, missing = build_write(plan, self._references)
        for lack in missing:
            reason = (
                self._explain(case, lack.field.reference.object if lack.field.reference else "", lack.key)
                or lack.reason
            )
            kind = "row" if lack.blocks else "value"
            case.parked.append(
                Parked(
                    facts.mapping.name,
                    facts.row.key,
                    lack.field.name,
                    case.agreement_id,
                    kind,
                    lack.key,
                    reason,
                    lack.field.steward,
                )
            )
        if any(lack.blocks for lack in missing):
            return None
        if not write.fields and not write.alone:
            return None
        return write

    def _explain(self, case: Case, sobject: str, key: str) -> str:
        """Why a parent that this sync writes is not there: it waits itself."""
        parent = self._spec.find_object_of(sobject)
        if parent is None or not case.has_parked_row(parent.name, key):
            return ""
        return f"It waits for {parent.label} {key}, which waits itself."

    def _keep(self, writes: Sequence[Write]) -> None:
        """Remember what Salesforce has just confirmed: links, bases, audit."""
        links, bodies = [], {"created": [], "updated": []}  # type: tuple[list[Link], dict[str, list[dict[str, object]]]]
        for write in writes:
            facts = write.plan.facts
            place = (facts.mapping.name, facts.row.key)
            if place not in self._counted:
                self._counted.add(place)
                self._engine.tally.wrote(facts.mapping.salesforce, created=write.created)
            if write.created:
                self._created.add(place)
            self._cases[facts.agreement_id].has_written = True
            links.append(_link(write.plan, write.record_id, write.base, write.lookups))
            events = self._cases[facts.agreement_id].work.events
            bodies["created" if write.created else "updated"].append(tell_write(write, events, self._engine.rules))
        self._put_links(links, {kind: some for kind, some in bodies.items() if some})

    def _put_links(self, links: Sequence[Link], bodies: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
        with self._state.transaction():
            self._state.put_links(links)
            for kind, some in bodies.items():
                self._state.record(self._engine.now(), kind, *some)
        self._links.update({(link.object, link.key): link for link in links})

    def _remember(self, plan: RowPlan) -> None:
        """Keep what both sides turned out to agree on, when that is news."""
        facts = plan.facts
        record_id = (
            facts.org.record_id if facts.org is not None else facts.link.record_id if facts.link is not None else ""
        )
        link = _link(plan, record_id, plan.base, {})
        known = facts.link
        if record_id and (
            known is None or (known.base, known.revision) != (link.base, link.revision) or self._has_hops(link)
        ):
            self._put_links([link], {})

    def _has_hops(self, link: Link) -> bool:
        """Whether what is remembered of values that were put back is news."""
        known = self._links.get((link.object, link.key))
        return known is not None and known.hops != link.hops

    def _forget(self, mapping: ObjectMapping, key: str) -> None:
        with self._state.transaction():
            self._state.remove_link(mapping.name, key)
        self._links.pop((mapping.name, key), None)

    async def _feed_back(self, case: Case) -> None:
        """Give the CLM what Salesforce owns. A refusal parks the fields; a moved agreement is planned anew."""
        values: dict[str, object] = {}
        for mapping, key, decision in case.pulls:
            record = {decision.field.salesforce: to_salesforce_value(decision.value), mapping.key.salesforce: key}
            answer = self._evaluator.feed_back(mapping.name, record)
            values |= answer.values
            for parked in answer.parked:
                case.park_value(parked)
        if not values:
            return
        try:
            saved = await self._engine.clm.patch_agreement(case.agreement_id, case.revision, to_patch(values))
        except Refused as refused:
            self._note_refused(case, refused)
            return
        case.has_written = True
        self._engine.tally.patches += 1
        self._agree_on_pulls(case, values)
        if not self._holds(case, saved):
            case.again = "The CLM answered with another value than it was given."

    def _holds(self, case: Case, saved: Agreement) -> bool:
        """Whether the agreement, as the CLM saved it, has the values that Salesforce gave."""
        for mapping, _, decision in case.pulls:
            row = self._evaluator.rows(mapping.name, saved)[0]
            value = clm_values(self._evaluator, mapping, row, saved).get(decision.field.salesforce, decision.value)
            if not is_same_value(decision.field, value, decision.value):
                return False
        return True

    def _note_refused(self, case: Case, refused: Refused) -> None:
        if refused.action is Action.STOP:
            raise StopRun(f"{refused.outcome.reason} ({refused})") from refused
        if refused.action is not Action.PARK:
            case.again = f"{refused.outcome.reason} ({refused.message})"
            return
        reason = f"{refused.outcome.reason} ({refused.code}: {refused.message})"
        for mapping, key, decision in case.pulls:
            case.park_row(mapping, key, decision.field.name, str(decision.value or ""), reason, decision.field.steward)

    def _agree_on_pulls(self, case: Case, values: Mapping[str, object]) -> None:
        changed: dict[Place, Link] = {}
        for mapping, key, decision in case.pulls:
            place = (mapping.name, key)
            link = changed.get(place) or self._links.get(place)
            if link is not None and decision.field.clm in values:
                base = {**link.base, decision.field.salesforce: to_scalar(decision.value)}
                changed[place] = replace(link, base=base)
        names = {decision.field.salesforce: digest(str(decision.value)) for _, _, decision in case.pulls}
        causes = tell_causes((decision for _, _, decision in case.pulls), case.work.events, self._engine.rules)
        row = {"object": self._whole.salesforce, "agreement": case.agreement_id, "revision": case.revision}
        body = {**row, "fields": names, **causes}
        self._put_links(list(changed.values()), {"patched": [body]})

    def _settle(self, cases: Sequence[Case]) -> None:
        """Say of every event of these agreements what became of it, and keep what waits for a person."""
        at = self._engine.now()
        linked: dict[str, list[Link]] = {}
        for link in self._state.find_links_of_agreements(case.agreement_id for case in cases):
            linked.setdefault(link.agreement_id, []).append(link)
        parked = [
            row for case in cases for row in (*case.parked, *self._find_gone(case, linked.get(case.agreement_id, ())))
        ]
        settled = [Settled(one, case.outcome, case.reason) for case in cases for one in case.work.events]
        with self._state.transaction():
            self._state.resolve_parked([case.agreement_id for case in cases], parked, at)
            self._state.park(parked, at)
            self._state.inbox.settle(settled)
        for case in cases:
            self._engine.tally.settle(case.outcome, len(case.work.events))
            if case.outcome == "unchanged":
                self._engine.tally.echoes += case.work.echoes

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
        self._engine.tally.settle(outcome, len(item.events))

    def _is_created_on_demand(self, mapping: ObjectMapping) -> bool:
        references = [column.reference for other in self._spec.objects for column in other.columns if column.reference]
        return any(
            reference.object == mapping.salesforce and reference.missing is Missing.CREATE for reference in references
        )

    def _state_of(self, agreement: Agreement) -> str | None:
        lifecycle = self._spec.lifecycle
        if lifecycle is None:
            return None
        stage = agreement.get(lifecycle.clm)
        return next((state.name for state in lifecycle.states if state.clm == stage), None)


def _link(
    plan: RowPlan, record_id: str, base: Mapping[str, str | bool | int | None], lookups: Mapping[str, str]
) -> Link:
    facts, known = plan.facts, plan.facts.link
    modstamp = facts.org.modstamp if facts.org is not None else known.modstamp if known is not None else ""
    ids = {**(known.lookups if known is not None else {}), **lookups}
    return Link(
        facts.mapping.name, facts.row.key, facts.agreement_id, record_id, facts.revision, modstamp, base, ids, plan.hops
    )


async def _several(action: Callable[[A], Awaitable[B]], items: Iterable[A]) -> list[B]:
    """The action on every item, a few at a time. The first failure ends the others and is raised."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def act(item: A) -> B:
        async with gate:
            return await action(item)

    tasks = [asyncio.create_task(act(item)) for item in items]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


def _revision(agreement: Agreement) -> int:
    return int(str(agreement["revision"]))


def _instant(text: str) -> str:
    """Both systems write UTC; the first 19 characters (whole seconds) are what both of them keep."""
    return text[:19]
