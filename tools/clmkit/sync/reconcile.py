"""Compare both systems field by field: what the spec says Salesforce should hold with what it holds.

Independent of what the sync believes: the CLM is read page by page and evaluated afresh, Salesforce is read by key. Values
and rows that wait for a person are listed beside the differences, not among them: nobody claims that they are the same. So are
agreements that do not read: one of them ends nothing. Where it spoils the CLM's list those behind it are asked for one by one,
as far as the sync knows them.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from clmkit.clients.clm import JsonObject, Unread
from clmkit.clients.errors import ListingBroken, WireError
from clmkit.clients.silence import WITHHELD
from clmkit.mapping.evaluate import Evaluator, Row, is_owned_by_salesforce
from clmkit.mapping.model import FieldMapping, ObjectMapping, Role, Spec
from clmkit.sync.config import SyncConfig
from clmkit.sync.decide import ABSENT, Absent, Value, is_same_value
from clmkit.sync.discretion import Discretion
from clmkit.sync.engine import open_systems
from clmkit.sync.org_rows import OrgRow, read_by_key
from clmkit.sync.ports import ClmSystem, Org
from clmkit.sync.rows import clm_values
from clmkit.sync.state import Parked, State
from clmkit.sync.trouble import find_reason

PAGE = 200
MOST_LISTED = 10_000


class Difference(msgspec.Struct, frozen=True):
    """`field` is an API name; empty when the whole row is on one side only."""

    object: str
    key: str
    field: str
    clm: str
    salesforce: str
    owner: str


class ParkedItem(msgspec.Struct, frozen=True):
    object: str
    key: str
    field: str
    kind: str
    value: str
    reason: str
    steward: str


class UnreadItem(msgspec.Struct, frozen=True):
    """An agreement that was not compared; `agreement` is empty where it does not even tell its id."""

    agreement: str
    reason: str


class ObjectCount(msgspec.Struct, frozen=True):
    rows: int
    fields: int
    differences: int


class ReconcileReport(msgspec.Struct, frozen=True):
    """`fields_compared` = equal + different. Not compared: what is parked, what is never sent (class clm_only), and `unread`.

    `data_hash` is the same for the same compared values, in whatever order they were read.
    """

    agreements: int
    rows_compared: int
    fields_compared: int
    differing: int
    objects: dict[str, ObjectCount]
    differences: list[Difference]
    parked: list[ParkedItem]
    data_hash: str
    unread: list[UnreadItem] = []

    @property
    def is_clean(self) -> bool:
        return self.differing == 0 and not self.unread


@dataclass(slots=True)
class _Count:
    rows: int = 0
    fields: int = 0
    differences: int = 0


@dataclass(slots=True)
class Comparison:
    spec: Spec
    org: Org
    clm: ClmSystem
    state: State
    counts: dict[str, _Count] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    agreements: int = 0
    unread: list[UnreadItem] = field(default_factory=list)
    _sum: int = 0
    """Of the hashes of all compared values, modulo 2**256: the order does not matter, and memory stays flat."""
    _waiting: set[tuple[str, str, str]] = field(default_factory=set)
    _waiting_rows: set[tuple[str, str]] = field(default_factory=set)
    _discretion: Discretion = field(init=False)

    def __post_init__(self) -> None:
        self._discretion = Discretion(self.spec)

    async def run(self) -> ReconcileReport:
        parked = [self._discretion.withhold(row) for row in self.state.read_parked()]
        self._waiting = {(row.object, row.key, row.field) for row in parked}
        self._waiting_rows = {(row.object, row.key) for row in parked if row.kind == "row"}
        evaluator = Evaluator(self.spec)
        compared = [mapping for mapping in self.spec.objects if not is_owned_by_salesforce(mapping)]
        self.counts = {mapping.name: _Count() for mapping in compared}
        async for page in pages(self._read_agreements(), self._note_unread):
            self.agreements += len(page)
            for mapping in compared:
                await self._compare_page(evaluator, mapping, page)
        for row in parked:
            if row.kind == "gone":
                self._note(row.object, Difference(row.object, row.key, "", "not there", "there", "clm"))
        return self._report(parked)

    async def _read_agreements(self) -> AsyncIterator[JsonObject | Unread]:
        """Those of the CLM's list; where that breaks off, those that the sync knows and the list did not come to."""
        try:
            async for one in self.clm.read_agreements():
                yield one
        except ListingBroken as broken:
            listed = await self._find_listed()
            if not listed and not self.state.read_agreement_ids():
                raise
            yield Unread("", "", f"{broken} What stands behind it is compared as far as the sync knows it.")
            async for one in self._read_known(listed):
                yield one

    async def _find_listed(self) -> set[str]:
        """Which agreements the broken list comes to: read again, because their ids are kept for nobody else."""
        listed: set[str] = set()
        with suppress(ListingBroken):
            async for one in self.clm.read_agreements():
                listed.add(one.agreement_id if isinstance(one, Unread) else str(one["id"]))
        return listed

    async def _read_known(self, but: set[str]) -> AsyncIterator[JsonObject | Unread]:
        for agreement_id in self.state.read_agreement_ids():
            if agreement_id in but:
                continue
            try:
                yield await self.clm.get_agreement(agreement_id)
            except WireError as error:
                yield Unread(agreement_id, agreement_id, await find_reason(self.clm, self.state, agreement_id, error))

    def _note_unread(self, one: Unread) -> None:
        if len(self.unread) < MOST_LISTED:
            self.unread.append(UnreadItem(one.agreement_id, one.reason))

    async def _compare_page(self, evaluator: Evaluator, mapping: ObjectMapping, page: Sequence[JsonObject]) -> None:
        rows = [(row, agreement) for agreement in page for row in evaluator.rows(mapping.name, agreement)]
        judged = {row.key: (row, clm_values(evaluator, mapping, row, one)) for row, one in rows if self._is_judged(row)}
        found = await read_by_key(self.org, mapping, judged)
        for key, (row, clm) in judged.items():
            org = found.get(key)
            self.counts[mapping.name].rows += 1
            if org is None:
                self._note(mapping.name, Difference(mapping.name, key, "", "there", "not there", "clm"))
            else:
                self._compare_row(mapping, row, clm, org)

    def _is_judged(self, row: Row) -> bool:
        return row.park is None and (row.object, row.key) not in self._waiting_rows

    def _compare_row(self, mapping: ObjectMapping, row: Row, clm: Mapping[str, Value], org: OrgRow) -> None:
        for column in mapping.columns:
            if not self._is_compared(mapping, row, column, clm):
                continue
            self.counts[mapping.name].fields += 1
            ours, theirs = clm[column.salesforce], org.values[column.salesforce]
            self._add_to_sum(mapping.name, row.key, column.salesforce, _show(ours))
            if theirs is ABSENT or not is_same_value(column, ours, theirs):
                is_hidden = self._discretion.hides(mapping.name, column.name)
                sides = (WITHHELD, WITHHELD) if is_hidden else (_show(ours), _show(theirs))
                difference = Difference(mapping.name, row.key, column.salesforce, *sides, column.owner.value)
                self._note(mapping.name, difference)

    def _is_compared(self, mapping: ObjectMapping, row: Row, column: FieldMapping, clm: Mapping[str, Value]) -> bool:
        is_mapped = column.role not in (Role.KEY, Role.VERSION) and column.salesforce in clm
        return is_mapped and (mapping.name, row.key, column.name) not in self._waiting

    def _add_to_sum(self, *facts: str) -> None:
        hashed = hashlib.sha256(msgspec.json.encode(facts)).digest()
        self._sum = (self._sum + int.from_bytes(hashed, "big")) % 2**256

    def _note(self, mapping_name: str, difference: Difference) -> None:
        self.counts[mapping_name].differences += 1
        if len(self.differences) < MOST_LISTED:
            self.differences.append(difference)

    def _report(self, parked: Iterable[Parked]) -> ReconcileReport:
        items = [ParkedItem(p.object, p.key, p.field, p.kind, p.value, p.reason, p.steward) for p in parked]
        counts = self.counts.values()
        return ReconcileReport(
            agreements=self.agreements,
            rows_compared=sum(count.rows for count in counts),
            fields_compared=sum(count.fields for count in counts),
            differing=sum(count.differences for count in counts),
            objects={
                name: ObjectCount(count.rows, count.fields, count.differences) for name, count in self.counts.items()
            },
            differences=self.differences,
            parked=items,
            data_hash=f"{self._sum:064x}",
            unread=self.unread,
        )


def reconcile_once(config: SyncConfig) -> ReconcileReport:
    """Compare everything once; for callers without an event loop. Raises what `open_engine` raises, WireError."""

    async def run() -> ReconcileReport:
        async with open_systems(config) as engine:
            return await Comparison(engine.spec, engine.org, engine.clm, engine.state).run()

    return asyncio.run(run())


async def pages(
    agreements: AsyncIterator[JsonObject | Unread], note: Callable[[Unread], None]
) -> AsyncIterator[list[JsonObject]]:
    """PAGE agreements at a time; those that do not read are noted."""
    page: list[JsonObject] = []
    async for agreement in agreements:
        if isinstance(agreement, Unread):
            note(agreement)
            continue
        page.append(agreement)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


def _show(value: Value | Absent) -> str:
    return "a record without match value" if value is ABSENT else "" if value is None else str(value)
