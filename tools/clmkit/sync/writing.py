"""The rows of a round on their way to Salesforce, object by object, and what is remembered of each answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from clmkit.clients.outcomes import Action
from clmkit.mapping.model import ObjectMapping, Spec
from clmkit.sync.apply import Applier, Keep, Write
from clmkit.sync.cases import Case
from clmkit.sync.memory import Memory, Place, link_of
from clmkit.sync.origin import Ruleset, tell_write
from clmkit.sync.references import References
from clmkit.sync.report import Tally
from clmkit.sync.rows import RowPlan
from clmkit.sync.state import Link, Parked
from clmkit.sync.writes import MissingRecord, build_write, lookups_of, waves


@dataclass(slots=True)
class Writer:
    """`created` are the rows that came into being in this round."""

    spec: Spec
    memory: Memory
    references: References
    tally: Tally
    rules: Ruleset
    make_applier: Callable[[Keep], Applier]
    require_claims: Callable[[], None]
    cases: Mapping[str, Case] = field(default_factory=dict)
    """By agreement; those of this pass."""
    created: set[Place] = field(default_factory=set)
    _counted: set[Place] = field(default_factory=set)

    async def write(self, mapping: ObjectMapping, plans: Sequence[RowPlan]) -> None:
        """Raises StopRun, WireError."""
        for wave in waves(plans):
            await self._write_wave(mapping, wave)

    async def _write_wave(self, mapping: ObjectMapping, plans: Sequence[RowPlan]) -> None:
        self.require_claims()
        await self.references.prepare(lookup for plan in plans for lookup in lookups_of(plan))
        self.memory.keep_agreed(plan for plan in plans if not plan.writes_salesforce)
        writes = [write for plan in plans if plan.writes_salesforce and (write := self._prepare(plan)) is not None]
        for refusal in await self.make_applier(self._keep).write(writes):
            facts = refusal.write.plan.facts
            case = self.cases[facts.agreement_id]
            if refusal.action is Action.REBASE:
                case.again = refusal.reason
                self.memory.forget((facts.mapping.name, facts.row.key))
            else:
                case.park_row(mapping, facts.row.key, mapping.key.name, "", refusal.reason, mapping.key.steward)

    def _prepare(self, plan: RowPlan) -> Write | None:
        """The write of a plan; None when nothing of it can be, or the row has to wait for a record that is missing."""
        write, missing = build_write(plan, self.references)
        self._park_missing(plan, missing)
        if any(lack.blocks for lack in missing) or not (write.fields or write.alone):
            return None
        return write

    def _park_missing(self, plan: RowPlan, missing: Sequence[MissingRecord]) -> None:
        facts = plan.facts
        case = self.cases[facts.agreement_id]
        for lack in missing:
            sobject = lack.field.reference.object if lack.field.reference else ""
            reason = self._explain(case, sobject, lack.key) or lack.reason
            place = (facts.mapping.name, facts.row.key, lack.field.name, case.agreement_id)
            kind = "row" if lack.blocks else "value"
            case.parked.append(Parked(*place, kind, lack.key, reason, lack.field.steward))

    def _explain(self, case: Case, sobject: str, key: str) -> str:
        """Why a parent that this sync writes is not there: it waits itself."""
        parent = self.spec.find_object_of(sobject)
        if parent is None or not case.has_parked_row(parent.name, key):
            return ""
        return f"It waits for {parent.label} {key}, which waits itself."

    def _keep(self, writes: Sequence[Write]) -> None:
        """Remember what Salesforce has just confirmed: links, bases, audit."""
        links: list[Link] = []
        bodies: dict[str, list[dict[str, object]]] = {"created": [], "updated": []}
        for write in writes:
            facts = write.plan.facts
            case, place = self.cases[facts.agreement_id], (facts.mapping.name, facts.row.key)
            if place not in self._counted:
                self._counted.add(place)
                self.tally.wrote(facts.mapping.salesforce, created=write.created)
            if write.created:
                self.created.add(place)
            case.has_written = True
            links.append(link_of(write.plan, write.record_id, write.base, write.lookups))
            told = tell_write(write, case.work.events, self.rules)
            bodies["created" if write.created else "updated"].append(told)
        self.memory.keep(links, {kind: some for kind, some in bodies.items() if some})
