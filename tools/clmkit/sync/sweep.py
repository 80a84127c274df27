"""Find what is wrong in Salesforce among a million rows in few calls: the hash tree (`tree`), and what a person has to know of it.

    report = await Sweep(spec, state, org, now).run()

Salesforce is compared with what both systems agreed on last; what the CLM changed since is in its feed and not settled yet. A range
that Salesforce says was not written since it was found equal is not read. One call tells whether anything was written, and gives
the rows that were while they are few. When many ranges are unknown, as the first time, all rows are read by one Bulk API 2.0 query;
else each range that was written since by one query.

wrong       a field holds another value than both systems agreed on       stale   the same, and the row carries an older version
missing     a row that was written is not there                           orphan  the CLM knows nothing of the row
duplicate   another record stands where ours was

Beside a running sync what was found is looked at again (`second_look`). `open_cases` makes cases for their stewards of it; wrong,
stale and missing rows are put back to work with that, orphans and duplicates wait until somebody deletes or merges them.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from clmkit.clients.salesforce import Record, quote_soql
from clmkit.clients.transport import Sleep
from clmkit.mapping.evaluate import is_owned_by_salesforce
from clmkit.mapping.model import FieldMapping, ObjectMapping, Role, Spec
from clmkit.sync.decide import ABSENT, Absent, Value, is_same_value
from clmkit.sync.org_rows import MODSTAMP, OrgRow, read_records, select, to_org_row
from clmkit.sync.second_look import look_again, moment_of
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
MOST_NEWS = 200
"""Rows that come along with the first call: no page of an answer is smaller ("Change the Batch Size in Queries", SOQL and SOSL)."""
NEVER = "1970-01-01T00:00:00Z"
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
    undecided: int = 0
    """Rows that a sync was at work on all the time: whether they are wrong cannot be said."""

    @property
    def is_clean(self) -> bool:
        return not (self.findings or self.undecided)


@dataclass(slots=True)
class _Sum:
    """Of a leaf's rows: `total` is of those that are as they should be."""

    rows: int = 0
    agreed: int = 0
    total: int = 0
    modstamp: str = ""

    def add(self, modstamp: str) -> None:
        self.rows, self.modstamp = self.rows + 1, max(self.modstamp, modstamp)

    def agree(self, link: Link) -> None:
        self.agreed, self.total = self.agreed + 1, add(self.total, row_hash(link.key, link.base))


@dataclass(slots=True)
class Sweep:
    spec: Spec
    state: State
    org: TreeOrg
    now: Callable[[], str]
    is_busy: Callable[[], bool] = lambda: False
    """Whether a sync is at work on the state."""
    sleep: Sleep = asyncio.sleep
    findings: list[Finding] = field(default_factory=list)

    async def run(self) -> SweepReport:
        """Reads only, but for the tree itself. Raises WireError, StateError."""
        began = moment_of(self.state, is_busy=self.is_busy())
        objects = {
            mapping.name: await _ObjectSweep(self, mapping).run()
            for mapping in self.spec.objects
            if not is_owned_by_salesforce(mapping)
        }
        found, undecided = self.findings[:MOST_LISTED], 0
        if found and not began.is_same(moment_of(self.state, is_busy=self.is_busy())):
            found, undecided = await look_again(self.state, found, self._judge_again, self.is_busy, self.sleep)
        waiting = self.state.inbox.count_outcomes().get("waiting", 0)
        return SweepReport(objects, found, waiting, undecided)

    async def _judge_again(self, name: str, keys: list[str]) -> list[Finding]:
        self.findings = []
        await _ObjectSweep(self, self.spec.get_object(name)).judge_keys(keys)
        return self.findings


@dataclass(slots=True)
class _ObjectSweep:
    sweep: Sweep
    mapping: ObjectMapping
    _read: int = 0
    _columns: dict[str, FieldMapping] = field(init=False)

    def __post_init__(self) -> None:
        self._columns = {c.salesforce: c for c in self.mapping.columns if c.role not in (Role.KEY, Role.VERSION)}

    @property
    def _tree(self) -> Tree:
        return Tree(self.sweep.state.database, self.mapping.name)

    async def run(self) -> Swept:
        leaves = self._tree.read()
        rows = self.sweep.state.count_links_of(self.mapping.name)
        if not leaves or rows > 2 * sum(leaf.signature.rows for leaf in leaves if leaf.signature) > 0:
            leaves = cut(key for page in self._pages_of_keys("", "") for key in page)
            with self.sweep.state.transaction():
                self._tree.forget()
                self._tree.put(leaves)
        before = len(self.sweep.findings)
        written = await self._find_written(leaves)
        if len(written) > BULK_FROM:
            written = await self._read_all(leaves, written)
        for place in written:
            leaves[place] = await self._read_leaf(leaves, place)
        with self.sweep.state.transaction():
            self._tree.put(leaves[place] for place in written)
        root = root_of(leaves) if len(self.sweep.findings) == before else ""
        return Swept(rows, len(leaves), self._read, root)

    # ---- which leaves were written since they were found equal

    async def _find_written(self, leaves: list[Leaf]) -> list[int]:
        """The places of leaves of which Salesforce no longer says what it said, and of those never asked for."""
        unknown = [place for place, leaf in enumerate(leaves) if leaf.signature is None]
        if len(unknown) > BULK_FROM:
            return list(range(len(leaves)))
        found, whole = set(unknown), Span(0, len(leaves))
        before = signature_of(leaves, whole)
        now, news = await self._ask_news(leaves, whole, before)
        if before is not None and now != before and now.rows == self.sweep.state.count_links_of(self.mapping.name):
            if self._judge_news(leaves, news):
                return []
            written = await self._read_written(before) if len(news) == MOST_NEWS else {}
            if self._are_ours(written):
                firsts = [leaf.first for leaf in leaves]
                return sorted({bisect_right(firsts, key) - 1 for key in written.values()})
        level = whole.split() if now != before and len(leaves) > 1 else []
        found |= {0} if now != before and len(leaves) == 1 else set()
        while level:
            told = await self._ask(leaves, level)
            moved = [span for span, one in zip(level, told, strict=True) if one != signature_of(leaves, span)]
            found |= {span.start for span in moved if span.end - span.start == 1}
            level = [part for span in moved if span.end - span.start > 1 for part in span.split()]
        return sorted(found)

    async def _ask_news(
        self, leaves: Sequence[Leaf], whole: Span, before: Signature | None
    ) -> tuple[Signature, list[OrgRow]]:
        """In one call: what Salesforce says of all rows, and the first of those that were written since all were equal."""
        soqls = [self._signature_query(leaves, whole)]
        if before is not None:
            soqls.append(select(self.mapping, self._since(before), f" LIMIT {MOST_NEWS}"))
        (told,), *rows = await self.sweep.org.query_together(soqls)
        return _to_signature(told), [to_org_row(self.mapping, record) for some in rows for record in some]

    def _judge_news(self, leaves: list[Leaf], news: Sequence[OrgRow]) -> bool:
        """Judge the rows that were written. False when there may be more to it: too many, or one that is not ours."""
        if len(news) == MOST_NEWS or not self._are_ours({row.record_id: row.key for row in news}):
            return False
        links = self.sweep.state.find_links(self.mapping.name, [row.key for row in news])
        before = len(self.sweep.findings)
        for row in news:
            self._judge(row, links[row.key])
        touched = self._newest_by_leaf(leaves, news)
        self._read += len(touched)
        if len(self.sweep.findings) == before:
            self._move_on(leaves, touched)
        return True

    def _newest_by_leaf(self, leaves: Sequence[Leaf], news: Sequence[OrgRow]) -> dict[int, str]:
        """The place of each leaf that was written, with its newest SystemModstamp that is relied on; empty for none."""
        at, firsts, newest = self.sweep.now(), [leaf.first for leaf in leaves], dict[int, str]()
        for row in news:
            place = bisect_right(firsts, row.key) - 1
            stamp = row.modstamp if _is_relied_on(row.modstamp, at) else ""
            newest[place] = max(newest.get(place, ""), stamp)
        return newest

    def _move_on(self, leaves: list[Leaf], newest: Mapping[int, str]) -> None:
        """Remember that these leaves were found equal as they are now."""
        moved = [place for place, stamp in newest.items() if stamp]
        for place in moved:
            total = _Sum()
            for link in self._links(*next(ranges(leaves, Span(place, place + 1)))):
                total.agree(link)
            known = leaves[place].signature
            stamp = max(to_signature(0, newest[place]).modstamp, known.modstamp if known is not None else "")
            leaves[place] = Leaf(leaves[place].first, Signature(total.agreed, stamp), f"{total.total:064x}")
        with self.sweep.state.transaction():
            self._tree.put(leaves[place] for place in moved)

    def _since(self, before: Signature) -> str:
        since = before.modstamp.replace("+00:00", "Z") or NEVER
        return f"{self._condition('', '')} AND {MODSTAMP} > {since}"

    def _are_ours(self, written: Mapping[str, str]) -> bool:
        """Whether some rows were written, and each, key by record id, is one that is linked. Then as many rows as there are links
        means that none is missing; a row that is not ours may stand for one that is.
        """
        links = self.sweep.state.find_links(self.mapping.name, written.values())
        return bool(written) and all(key in links and links[key].record_id == one for one, key in written.items())

    async def _read_written(self, before: Signature) -> dict[str, str]:
        """The keys, by record id, of the rows that were written since all were equal; none when that is not worth a query."""
        key, condition = self.mapping.key.salesforce, self._since(before)
        soql = f"SELECT Id, {key} FROM {self.mapping.salesforce} WHERE {condition} LIMIT {PAGE + 1}"  # noqa: S608 - of a linted spec
        keys = {str(record["Id"]): str(record[key]) async for record in self.sweep.org.query(soql)}
        return keys if len(keys) <= PAGE else {}

    async def _ask(self, leaves: Sequence[Leaf], spans: Sequence[Span]) -> list[Signature]:
        soqls = [self._signature_query(leaves, span) for span in spans]
        answers = await self.sweep.org.query_together(soqls)
        return [_to_signature(told) for (told,) in answers]

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
        at, firsts = self.sweep.now(), [leaf.first for leaf in leaves]
        expected, theirs = self._count_links(firsts), [_Sum() for _ in leaves]
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
        for place, (rows, found) in enumerate(zip(expected, theirs, strict=True)):
            if rows == found.rows == found.agreed:
                leaves[place] = _equal(leaves[place], found, at)
            else:
                differing.append(place)
        with self.sweep.state.transaction():
            self._tree.put(leaves[place] for place in asked)
        return differing

    def _add_page(self, page: Mapping[str, OrgRow], firsts: Sequence[str], sums: Sequence[_Sum]) -> None:
        links = self.sweep.state.find_links(self.mapping.name, page)
        for key, row in page.items():
            link, found = links.get(key), sums[bisect_right(firsts, key) - 1]
            found.add(row.modstamp)
            if link is not None and link.record_id == row.record_id and not self._find_wrong(link, row):
                found.agree(link)

    def _count_links(self, firsts: Sequence[str]) -> list[int]:
        """By leaf."""
        counts = [0] * len(firsts)
        for page in self._pages_of_keys("", ""):
            for key in page:
                counts[bisect_right(firsts, key) - 1] += 1
        return counts

    async def _read_leaf(self, leaves: Sequence[Leaf], place: int) -> Leaf:
        """The leaf as it is found now; what is wrong in it is noted."""
        at = self.sweep.now()
        first, end = next(ranges(leaves, Span(place, place + 1)))
        soql, found = select(self.mapping, self._condition(first, end)), _Sum()
        expected = {link.key: link for link in self._links(first, end)}
        before = len(self.sweep.findings)
        async for record in self.sweep.org.query(soql):
            row = to_org_row(self.mapping, record)
            found.add(row.modstamp)
            link = expected.pop(row.key, None) or self.sweep.state.find_link(self.mapping.name, row.key)
            self._judge(row, link)
        for link in expected.values():
            self._note("missing", link.key, link.agreement_id, "", ())
        self._read += 1
        if len(self.sweep.findings) > before:
            return Leaf(leaves[place].first)
        for link in self._links(first, end):
            found.agree(link)
        return _equal(leaves[place], found, at)

    async def judge_keys(self, keys: list[str]) -> None:
        """Look at the rows of these keys alone."""
        records = read_records(self.sweep.org, self.mapping, keys)
        rows = [to_org_row(self.mapping, record) async for record in records]
        links = self.sweep.state.find_links(self.mapping.name, keys)
        for row in rows:
            self._judge(row, links.get(row.key))
        there = {row.key for row in rows}
        for link in (links[key] for key in keys if key in links and key not in there):
            self._note("missing", link.key, link.agreement_id, "", ())

    def _judge(self, row: OrgRow, link: Link | None) -> None:
        if link is None:
            self._note("orphan", row.key, "", row.record_id, ())
        elif link.record_id != row.record_id:
            self._note("duplicate", row.key, link.agreement_id, row.record_id, ())
        elif wrong := self._find_wrong(link, row):
            kind = "stale" if self._is_older(row, link) else "wrong"
            self._note(kind, row.key, link.agreement_id, row.record_id, wrong)

    def _find_wrong(self, link: Link, row: OrgRow) -> list[str]:
        """The fields that hold another value than both systems agreed on."""
        held, base = row.values, link.base
        unlike = [name for name in self._columns if name in base and held[name] != base[name]]
        return [name for name in unlike if not _is_agreed(self._columns[name], base[name], held[name])]

    def _is_older(self, row: OrgRow, link: Link) -> bool:
        """Whether the row carries an older version than was applied: it was put back, from a backup perhaps."""
        version = self.mapping.version
        held = row.values.get(version.salesforce) if version is not None else None
        try:
            return isinstance(held, str | int | float) and float(held) < link.revision
        except (ValueError, OverflowError):
            return False

    def _note(self, kind: str, key: str, agreement_id: str, record_id: str, fields: Iterable[str]) -> None:
        steward = self.mapping.key.steward
        self.sweep.findings.append(
            Finding(kind, self.mapping.name, key, agreement_id, record_id, list(fields), steward)
        )

    def _links(self, first: str, end: str) -> Iterator[Link]:
        """In the order of keys."""
        for keys in self._pages_of_keys(first, end):
            found = self.sweep.state.find_links(self.mapping.name, keys)
            yield from (found[key] for key in keys if key in found)

    def _pages_of_keys(self, first: str, end: str) -> Iterator[list[str]]:
        """The keys of linked rows, in order."""
        after, sql = first, "SELECT key FROM link WHERE object = ? AND key >= ? ORDER BY key LIMIT ?"
        while keys := [str(one) for (one,) in self.sweep.state.database.execute(sql, (self.mapping.name, after, PAGE))]:
            chosen = [key for key in keys if not end or key < end]
            yield chosen
            if len(chosen) < PAGE:
                return
            after = keys[-1] + "\x00"


def _to_signature(told: Record) -> Signature:
    return to_signature(int(told["n"]), str(told["newest"] or ""))


def _is_agreed(column: FieldMapping, agreed: Value, held: Value | Absent) -> bool:
    return held is not ABSENT and is_same_value(column, agreed, held)


def _equal(leaf: Leaf, found: _Sum, at: str) -> Leaf:
    """The leaf, found equal; what was written a moment ago is not relied on."""
    is_settled = not found.modstamp or _is_relied_on(found.modstamp, at)
    signature = to_signature(found.rows, found.modstamp) if is_settled else None
    return Leaf(leaf.first, signature, f"{found.total:064x}")


def _is_relied_on(modstamp: str, at: str) -> bool:
    return _moment(modstamp) < _moment(at) - SETTLING


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
