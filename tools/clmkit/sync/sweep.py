"""Find what is wrong in Salesforce among a million rows in few calls: the hash tree (`tree`), and what a person has to know of it.

    report = await Sweep(spec, state, org, now).run()

Salesforce is compared with what both systems agreed on last; what the CLM changed since is in its feed and not settled yet. A range
that Salesforce says was not written since it was found equal is not read. When many ranges are unknown, as the first time, all
rows are read by one Bulk API 2.0 query; else each range that was written since by one query.

wrong       a field holds another value than both systems agreed on       stale   the same, and the row carries an older version
missing     a row that was written is not there                           orphan  the CLM knows nothing of the row
duplicate   another record stands where ours was

`open_cases` makes them cases of their stewards; wrong, stale and missing rows are put back to work with it, orphans and duplicates
wait until somebody deletes or merges them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from clmkit.clients.salesforce import Record, quote_soql
from clmkit.mapping.evaluate import is_owned_by_salesforce
from clmkit.mapping.model import FieldMapping, ObjectMapping, Role, Spec
from clmkit.sync.decide import ABSENT, is_same_value
from clmkit.sync.org_rows import MODSTAMP, OrgRow, select, to_org_row
from clmkit.sync.state import Link, Parked, State
from clmkit.sync.tree import (
    Leaf,
    Signature,
    Span,
    Tree,
    add,
    cut,
    ranges,
    root_of,
    row_hash,
    signature_of,
    to_signature,
)

BULK_FROM = 20
"""Unknown leaves from which one bulk query costs fewer calls than a query for each."""
SETTLING = timedelta(seconds=60)
"""SystemModstamp counts whole seconds and is set before a transaction ends: what is younger is read again the next time."""
PAGE = 2_000
NEVER = "1970-01-01T00:00:00Z"
NOT_OURS = 1
"""In place of the hash of a row that should not be there, or not so."""
MOST_LISTED = 10_000


class TreeOrg(Protocol):
    def query(self, soql: str, *, with_deleted: bool = False) -> AsyncIterator[Record]: ...

    async def query_together(self, soqls: Sequence[str]) -> list[list[Record]]: ...

    def query_bulk(self, soql: str) -> AsyncIterator[Record]: ...


class Finding(msgspec.Struct, frozen=True):
    """`fields` are API names. `record_id` is empty when there is no record."""

    kind: str
    object: str
    key: str
    agreement_id: str
    record_id: str
    fields: list[str]
    steward: str


class Swept(msgspec.Struct, frozen=True):
    """`root` is the hash of all rows; empty while any leaf differs."""

    rows: int
    leaves: int
    leaves_read: int
    root: str


class SweepReport(msgspec.Struct, frozen=True):
    objects: dict[str, Swept]
    findings: list[Finding]
    waiting: int
    """Changes that were taken in and not settled: what they will write is not judged."""

    @property
    def is_clean(self) -> bool:
        return not self.findings


@dataclass(slots=True)
class _Sum:
    """Of a leaf's rows, on one side."""

    rows: int = 0
    total: int = 0
    modstamp: str = ""

    def add(self, hashed: int, modstamp: str = "") -> None:
        self.rows, self.total, self.modstamp = self.rows + 1, add(self.total, hashed), max(self.modstamp, modstamp)


@dataclass(slots=True)
class Sweep:
    spec: Spec
    state: State
    org: TreeOrg
    now: Callable[[], str]
    findings: list[Finding] = field(default_factory=list)

    async def run(self) -> SweepReport:
        """Reads only, but for the tree itself. Raises WireError, StateError."""
        objects = {
            mapping.name: await _ObjectSweep(self, mapping).run()
            for mapping in self.spec.objects
            if not is_owned_by_salesforce(mapping)
        }
        waiting = self.state.inbox.count_outcomes().get("waiting", 0)
        return SweepReport(objects, self.findings[:MOST_LISTED], waiting)


@dataclass(slots=True)
class _ObjectSweep:
    sweep: Sweep
    mapping: ObjectMapping
    _read: int = 0

    @property
    def _tree(self) -> Tree:
        return Tree(self.sweep.state.database, self.mapping.name)

    @property
    def _columns(self) -> dict[str, FieldMapping]:
        return {c.salesforce: c for c in self.mapping.columns if c.role not in (Role.KEY, Role.VERSION)}

    async def run(self) -> Swept:
        leaves = self._tree.read()
        rows = self.sweep.state.count_links_of(self.mapping.name)
        if not leaves or rows > 2 * sum(leaf.signature.rows for leaf in leaves if leaf.signature) > 0:
            leaves = cut(link.key for link in self._links("", ""))
            with self.sweep.state.transaction():
                self._tree.forget()
                self._tree.put(leaves)
        written = await self._find_written(leaves)
        if len(written) > BULK_FROM:
            written = await self._read_all(leaves, written)
        for place in written:
            leaves[place] = await self._read_leaf(leaves, place)
        with self.sweep.state.transaction():
            self._tree.put(leaves[place] for place in written)
        return Swept(rows, len(leaves), self._read, root_of(leaves))

    # ---- which leaves were written since they were found equal

    async def _find_written(self, leaves: Sequence[Leaf]) -> list[int]:
        """The places of leaves of which Salesforce no longer says what it said, and of those never asked for."""
        unknown = [place for place, leaf in enumerate(leaves) if leaf.signature is None]
        if len(unknown) > BULK_FROM:
            return list(range(len(leaves)))
        found, whole = set(unknown), Span(0, len(leaves))
        (now,), before = await self._ask(leaves, [whole]), signature_of(leaves, whole)
        if before is not None and now != before:
            written = await self._read_written(before)
            if written is not None and now.rows == before.rows:
                firsts = [leaf.first for leaf in leaves]
                return sorted({bisect_right(firsts, key) - 1 for key in written})
        level = whole.split() if now != before and len(leaves) > 1 else []
        found |= {0} if now != before and len(leaves) == 1 else set()
        while level:
            told = await self._ask(leaves, level)
            moved = [span for span, one in zip(level, told, strict=True) if one != signature_of(leaves, span)]
            found |= {span.start for span in moved if span.end - span.start == 1}
            level = [part for span in moved if span.end - span.start > 1 for part in span.split()]
        return sorted(found)

    async def _read_written(self, before: Signature) -> list[str] | None:
        """The keys of rows that were written since all were equal; None when they are too many to be worth a query."""
        since = before.modstamp.replace("+00:00", "Z") or NEVER
        key, condition = self.mapping.key.salesforce, f"{self._condition('', '')} AND {MODSTAMP} > {since}"
        soql = f"SELECT Id, {key} FROM {self.mapping.salesforce} WHERE {condition} LIMIT {PAGE + 1}"  # noqa: S608 - of a linted spec
        keys = [str(record[key]) async for record in self.sweep.org.query(soql)]
        return keys if len(keys) <= PAGE else None

    async def _ask(self, leaves: Sequence[Leaf], spans: Sequence[Span]) -> list[Signature]:
        soqls = [self._signature_query(leaves, span) for span in spans]
        answers = await self.sweep.org.query_together(soqls)
        return [to_signature(int(rows[0]["n"]), str(rows[0]["newest"] or "")) for rows in answers]

    def _signature_query(self, leaves: Sequence[Leaf], span: Span) -> str:
        condition = self._condition(*next(ranges(leaves, span)))
        return f"SELECT COUNT(Id) n, MAX({MODSTAMP}) newest FROM {self.mapping.salesforce} WHERE {condition}"  # noqa: S608 - of a linted spec

    def _condition(self, first: str, end: str) -> str:
        """ASSUMED that an org orders keys as text is ordered here; where it does not, a leaf is read that need not be."""
        key = self.mapping.key.salesforce
        bounds = [f"{key} >= {quote_soql(first)}"] if first else []
        bounds += [f"{key} < {quote_soql(end)}"] if end else []
        return " AND ".join([f"{key} != null", *bounds])

    # ---- reading

    async def _read_all(self, leaves: list[Leaf], asked: Sequence[int]) -> list[int]:
        """The places of leaves that differ; those that are equal are remembered."""
        at, firsts, columns = self.sweep.now(), [leaf.first for leaf in leaves], self._columns
        ours, theirs = [_Sum() for _ in leaves], [_Sum() for _ in leaves]
        for link in self._links("", ""):
            ours[bisect_right(firsts, link.key) - 1].add(row_hash(link.key, columns, link.base, link.base))
        page: dict[str, OrgRow] = {}
        async for record in self.sweep.org.query_bulk(select(self.mapping, self._condition("", ""))):
            row = to_org_row(self.mapping, record)
            page[row.key] = row
            if len(page) == PAGE:
                self._add_page(page, firsts, theirs)
                page = {}
        self._add_page(page, firsts, theirs)
        self._read = len(leaves)
        differing = []
        for place, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            if (one.rows, one.total) == (other.rows, other.total):
                leaves[place] = _equal(leaves[place], other, at)
            else:
                differing.append(place)
        with self.sweep.state.transaction():
            self._tree.put(leaves[place] for place in asked)
        return differing

    def _add_page(self, page: Mapping[str, OrgRow], firsts: Sequence[str], sums: Sequence[_Sum]) -> None:
        links, columns = self.sweep.state.find_links(self.mapping.name, page), self._columns
        for key, row in page.items():
            link = links.get(key)
            is_ours = link is not None and link.record_id == row.record_id
            hashed = row_hash(key, columns, link.base, row.values) if link is not None and is_ours else NOT_OURS
            sums[bisect_right(firsts, key) - 1].add(hashed, row.modstamp)

    async def _read_leaf(self, leaves: Sequence[Leaf], place: int) -> Leaf:
        """The leaf as it is found now; what is wrong in it is noted."""
        at = self.sweep.now()
        first, end = next(ranges(leaves, Span(place, place + 1)))
        soql, found = select(self.mapping, self._condition(first, end)), _Sum()
        expected = {link.key: link for link in self._links(first, end)}
        before, total = len(self.sweep.findings), _Sum()
        async for record in self.sweep.org.query(soql):
            row = to_org_row(self.mapping, record)
            found.add(0, row.modstamp)
            link = expected.pop(row.key, None) or self.sweep.state.find_link(self.mapping.name, row.key)
            self._judge(row, link)
        for link in expected.values():
            self._note("missing", link.key, link.agreement_id, "", ())
        self._read += 1
        if len(self.sweep.findings) > before:
            return Leaf(leaves[place].first)
        for link in self._links(first, end):
            total.add(row_hash(link.key, self._columns, link.base, link.base))
        return _equal(leaves[place], replace(found, total=total.total), at)

    def _judge(self, row: OrgRow, link: Link | None) -> None:
        if link is None:
            self._note("orphan", row.key, "", row.record_id, ())
        elif link.record_id != row.record_id:
            self._note("duplicate", row.key, link.agreement_id, row.record_id, ())
        elif wrong := [name for name, column in self._columns.items() if not _is_agreed(column, link, row)]:
            kind = "stale" if self._is_older(row, link) else "wrong"
            self._note(kind, row.key, link.agreement_id, row.record_id, wrong)

    def _is_older(self, row: OrgRow, link: Link) -> bool:
        """Whether the row carries an older version than was applied: it was put back, from a backup perhaps."""
        version = self.mapping.version
        held = row.values.get(version.salesforce) if version is not None else None
        return isinstance(held, str | int | float) and float(held) < link.revision

    def _note(self, kind: str, key: str, agreement_id: str, record_id: str, fields: Iterable[str]) -> None:
        steward = self.mapping.key.steward
        self.sweep.findings.append(
            Finding(kind, self.mapping.name, key, agreement_id, record_id, list(fields), steward)
        )

    def _links(self, first: str, end: str) -> Iterator[Link]:
        """In the order of keys."""
        after, sql = first, "SELECT key FROM link WHERE object = ? AND key >= ? ORDER BY key LIMIT ?"
        while keys := [str(one) for (one,) in self.sweep.state.database.execute(sql, (self.mapping.name, after, PAGE))]:
            chosen = [key for key in keys if not end or key < end]
            found = self.sweep.state.find_links(self.mapping.name, chosen)
            yield from (found[key] for key in chosen if key in found)
            if len(chosen) < PAGE:
                return
            after = keys[-1] + "\x00"


def _is_agreed(column: FieldMapping, link: Link, row: OrgRow) -> bool:
    name = column.salesforce
    if name not in link.base:
        return True
    held = row.values[name]
    return held is not ABSENT and is_same_value(column, link.base[name], held)


def _equal(leaf: Leaf, found: _Sum, at: str) -> Leaf:
    """The leaf, found equal; what was written a moment ago is not relied on."""
    is_settled = not found.modstamp or _moment(found.modstamp) < _moment(at) - SETTLING
    signature = to_signature(found.rows, found.modstamp) if is_settled else None
    return Leaf(leaf.first, signature, f"{found.total:064x}")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


REASONS = {
    "wrong": "Salesforce holds other values than both systems agreed on: {fields}.",
    "stale": "Salesforce holds an older version of the row, with other values: {fields}.",
    "missing": "The row was written and is no longer in Salesforce.",
    "orphan": "Salesforce has this row and the CLM knows nothing of it. Delete it there, or give it to the CLM.",
    "duplicate": "Another record stands in Salesforce in the place of the one that was written. Merge them.",
}
MENDED = ("wrong", "stale", "missing")
"""What the sync puts right by itself once it is put back to work."""


def open_cases(state: State, report: SweepReport, at: str) -> int:
    """Make findings cases of their stewards, and put to work what the sync can mend. Returns how many agreements that are."""
    parked = []
    for one in report.findings:
        reason = f"Reconciliation: {REASONS[one.kind].format(fields=', '.join(one.fields))}"
        kind = "row" if one.kind in MENDED else "gone"
        parked.append(Parked(one.object, one.key, one.kind, one.agreement_id or one.key, kind, "", reason, one.steward))
    mended = sorted({one.agreement_id for one in report.findings if one.kind in MENDED})
    with state.transaction():
        state.park(parked, at)
        state.record(
            at, "reconciled", *({"object": one.object, "key": one.key, "finding": one.kind} for one in report.findings)
        )
        state.inbox.redrive(mended, at)
    return len(mended)
