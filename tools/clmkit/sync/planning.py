"""From the agreements of a round to what is to be done with each row of one object.

Salesforce is read where it must be; nothing is written.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from zoneinfo import ZoneInfo

import msgspec

from clmkit.mapping.evaluate import Evaluator, Row
from clmkit.mapping.model import FieldMapping, ObjectMapping, Spec
from clmkit.sync.cases import Case
from clmkit.sync.decide import ABSENT, has_moved, is_same_value
from clmkit.sync.editors import ClmRoles, Editors, asks_for_editors
from clmkit.sync.guards import overwrites_clm
from clmkit.sync.memory import Memory, Place
from clmkit.sync.org_rows import OrgRow, read_by_key
from clmkit.sync.ports import Org
from clmkit.sync.rows import (
    Edited,
    RowFacts,
    RowPlan,
    always,
    clm_values,
    is_whole_agreement,
    needs_reading,
    plan_row,
    state_in_salesforce,
)
from clmkit.sync.schedule import Pace
from clmkit.sync.state import Link

OrgRows = Mapping[str, OrgRow | None]
"""What Salesforce holds by key; None where it was asked and has nothing."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A row of the CLM that is to be compared with Salesforce's."""

    case: Case
    row: Row
    clm: dict[str, object]


@dataclass(slots=True)
class Planner:
    spec: Spec
    evaluator: Evaluator
    org: Org
    memory: Memory
    editors: Editors
    pace: Pace
    today: datetime.date
    clm_roles: ClmRoles = field(default_factory=ClmRoles)

    async def plan(self, mapping: ObjectMapping, cases: Sequence[Case], created: set[Place]) -> list[RowPlan]:
        """The plans of every row; conflicts and what waits are noted in the cases. `created` are rows of this round.

        Raises WireError.
        """
        rows = self._evaluate(mapping, cases)
        self.memory.recall(mapping, [one.row.key for one in rows])
        found = await self._read_org(mapping, rows, created)
        edited = await self._ask_editors(mapping, rows, found) if asks_for_editors(mapping) else {}
        persons = await self._find_persons(mapping, rows, found)
        return [
            self._plan(mapping, one, found, edited.get(one.row.key, {}), by_person=one.row.key in persons)
            for one in rows
        ]

    def _evaluate(self, mapping: ObjectMapping, cases: Sequence[Case]) -> list[_Candidate]:
        """The rows of an object, each key once; rows that wait are parked here."""
        rows: dict[str, _Candidate] = {}
        for case in cases:
            if case.again:
                continue
            for row in self.evaluator.rows(mapping.name, case.agreement):
                case.keys.add((mapping.name, row.key))
                if row.key in rows:
                    continue
                case.park_evaluated(row)
                if row.park is None:
                    rows[row.key] = _Candidate(case, row, clm_values(self.evaluator, mapping, row, case.agreement))
        return list(rows.values())

    # ---- what Salesforce holds

    async def _read_org(self, mapping: ObjectMapping, rows: Sequence[_Candidate], created: set[Place]) -> OrgRows:
        at_hand: dict[str, OrgRow | None] = {
            one.row.key: one.case.work.org_rows[mapping.name] for one in rows if _is_at_hand(mapping, one)
        }
        at_hand |= {
            one.row.key: None for one in rows if one.row.key not in at_hand and self._is_below_new(one.row, created)
        }
        unknown = [one.row.key for one in rows if one.row.key not in at_hand and self._must_read(mapping, one)]
        found = await read_by_key(self.org, mapping, unknown) if unknown else {}
        return at_hand | {key: found.get(key) for key in unknown}

    def _must_read(self, mapping: ObjectMapping, one: _Candidate) -> bool:
        if one.case.work.reread or mapping.name in one.case.work.reread_of:
            return True
        link = self.memory.find((mapping.name, one.row.key))
        return needs_reading(mapping, one.clm, link, one.case.state, self.spec.lifecycle, self.today)

    def _is_below_new(self, row: Row, created: set[Place]) -> bool:
        """Whether the row's master was created a moment ago: then the row cannot be in Salesforce yet."""
        mapping = self.spec.get_object(row.object)
        for column in mapping.parents:
            lookup = row.references.get(column.salesforce)
            parent = self.spec.find_object_of(lookup.reference.object) if lookup is not None else None
            if lookup is not None and parent is not None and (parent.name, lookup.key) in created:
                return True
        return False

    async def _ask_editors(
        self, mapping: ObjectMapping, rows: Sequence[_Candidate], found: OrgRows
    ) -> dict[str, dict[str, Edited]]:
        """By key and field: who edited the fields whose holder depends on that, of rows that were edited in Salesforce."""
        asked: dict[str, tuple[list[FieldMapping], list[str]]] = {}
        for one in rows:
            org, link = found.get(one.row.key), self.memory.find((mapping.name, one.row.key))
            moved = [] if org is None or link is None else [c for c in mapping.columns if _was_edited(c, org, link)]
            if org is not None and moved:
                users = one.case.work.editors or {org.modified_by}
                asked[one.row.key] = moved, sorted(user for user in users if user)
        await self.editors.prepare(user for _, users in asked.values() for user in users)
        return {
            key: {column.name: self.editors.judge(column, users) for column in moved}
            for key, (moved, users) in asked.items()
        }

    async def _find_persons(self, mapping: ObjectMapping, rows: Sequence[_Candidate], found: OrgRows) -> set[str]:
        """The keys of rows that a person saved after a value was put back in Salesforce. Of the CLM its feed tells it (`_hops`)."""
        persons: set[str] = set()
        for one in rows:
            link, org = self.memory.find((mapping.name, one.row.key)), found.get(one.row.key)
            if link is None or org is None or not any(hop > 0 for hop in link.hops.values()):
                continue
            if await self.editors.is_person(one.case.work.editors or {org.modified_by}):
                persons.add(one.row.key)
        return persons

    # ---- plans

    def _plan(
        self,
        mapping: ObjectMapping,
        one: _Candidate,
        found: OrgRows,
        edits: Mapping[str, Edited],
        *,
        by_person: bool,
    ) -> RowPlan:
        case, row = one.case, one.row
        org = found.get(row.key)
        is_absent = row.key in found and org is None
        link = None if is_absent else self.memory.find((mapping.name, row.key))
        if link is not None and link.hops:
            link = msgspec.structs.replace(link, hops=self._hops(mapping, case, link))
        facts = RowFacts(
            mapping,
            row,
            one.clm,
            case.agreement_id,
            case.revision,
            link,
            org,
            case.state,
            state_in_salesforce(mapping, link, org, self.spec.lifecycle),
            clm_is_newer=org is not None and _instant(case.updated_at) > _instant(org.modstamp),
            today=self.today,
            edits=edits,
            clm_edited=self.clm_roles.judge(case.actors),
            by_person=by_person,
            is_due=always if case.work.is_redriven else partial(self.pace.is_due, case.work.due),
        )
        plan = plan_row(facts, self.spec.lifecycle)
        for decision in plan.conflicts:
            case.park_conflict(mapping, row.key, decision)
        for decision in plan.waiting:
            case.waits.setdefault(decision.field.latency, set()).add(f"{mapping.name}.{decision.field.name}")
        case.overwrites_clm |= overwrites_clm(plan)
        case.pulls += [(mapping, row.key, decision) for decision in plan.pull.values()]
        return plan

    def _hops(self, mapping: ObjectMapping, case: Case, link: Link) -> Mapping[str, int]:
        """What is remembered of values that were put back, without what the CLM has confirmed or a person wants tried again.

        The event of a patch whose values nobody kept confirms all of it.
        """
        if case.work.is_redriven:
            return {}
        if not case.work.echoes or not is_whole_agreement(mapping):
            return link.hops
        if case.work.own is None:
            return {name: hop for name, hop in link.hops.items() if hop > 0}
        row = self.evaluator.rows(mapping.name, case.work.own)[0]
        held = clm_values(self.evaluator, mapping, row, case.work.own)
        columns = {column.salesforce: column for column in mapping.columns}
        return {
            name: hop
            for name, hop in link.hops.items()
            if hop > 0 or not is_same_value(columns[name], link.base.get(name), held.get(name))
        }


def day_of(spec: Spec, now: str) -> datetime.date:
    """The org's day at an instant (ISO 8601, UTC): what windows count from."""
    return datetime.datetime.fromisoformat(now).astimezone(ZoneInfo(spec.zone)).date()


def _is_at_hand(mapping: ObjectMapping, one: _Candidate) -> bool:
    known = one.case.work.org_rows.get(mapping.name)
    return known is not None and known.key == one.row.key


def _was_edited(column: FieldMapping, org: OrgRow, link: Link) -> bool:
    """Whether a field for whose holder it matters who edits was edited in Salesforce since both sides agreed."""
    value = org.values.get(column.salesforce, ABSENT)
    asks = any(row.roles for row in column.precedence)
    return asks and value is not ABSENT and has_moved(column, link.base.get(column.salesforce, ABSENT), value)


def _instant(text: str) -> str:
    """Both systems write UTC; the first 19 characters (whole seconds) are what both of them keep."""
    return text[:19]
