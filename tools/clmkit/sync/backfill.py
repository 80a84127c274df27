"""The first load of a CLM that has been used for years: every agreement into an org that has none of them, by Bulk API 2.0.

    report = await Backfill(engine, loader).run()

In batches: agreements are read page by page and staged (`staging`) with their rows in the outbox; then each object's rows are sent,
parents first, and remembered with their record ids and bases, as if a round had written them. Everything is on the disk before
it is sent: the same call again goes on where a killed one ended. What a bulk upload must not decide is left to the rounds, which
follow at the end: agreements whose contract is in Salesforce already, texts that CSV cannot say, rows that met a lock. What
Salesforce refuses for good is a dead letter.

The change feed is passed over up to the moment of the start, because what it told until then is in the agreements that are read.
So the sync's next run finds nothing to do. Meanwhile the sync is paused; whoever resumes it by hand lets rounds write the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from clmkit.clients import bulk
from clmkit.clients.clm import JsonObject, Unread
from clmkit.clients.errors import ListingBroken
from clmkit.clients.outcomes import Action, outcome_of
from clmkit.clients.silence import silence
from clmkit.mapping.evaluate import Evaluator
from clmkit.mapping.model import ObjectMapping, Spec
from clmkit.sync.audit import digest
from clmkit.sync.cases import Case
from clmkit.sync.discretion import Discretion
from clmkit.sync.engine import Engine
from clmkit.sync.inbox import REDRIVE_SOURCE, InboxEvent
from clmkit.sync.intake import CLM_SOURCE, Work
from clmkit.sync.load import ROWS_PER_CHUNK, Loader, LoadError, why_refused
from clmkit.sync.load import to_lines as to_csv_lines
from clmkit.sync.org_rows import read_ids
from clmkit.sync.origin import Ruleset, put_in_force
from clmkit.sync.outbox import Load
from clmkit.sync.reconcile import pages
from clmkit.sync.references import References
from clmkit.sync.report import RunReport
from clmkit.sync.rows import RowFacts, RowPlan, clm_values, is_whole_agreement, plan_row
from clmkit.sync.staged import StagedRow, Staging
from clmkit.sync.staging import Relations, column_of, header_of, is_written, stage, to_link
from clmkit.sync.state import UNREAD, Link, Parked, State
from clmkit.sync.writes import build_write, lookups_of

PROGRESS = "backfill"
BATCH = 50_000
PAUSED = "a backfill is under way; `clmkit sync backfill` goes on with it"
LOADED, LEFT, WAITS = "loaded", "left to the rounds", "waits"
"""What becomes of an agreement."""


class Progress(msgspec.Struct, frozen=True):
    """Where a backfill is. `existing` are the records of each object that were in Salesforce before it, `feed` is where the change
    feed stood.
    """

    batch: int = 1
    is_sending: bool = False
    existing: dict[str, int] = {}
    started: str = ""
    feed: str = ""


class BackfillReport(msgspec.Struct, frozen=True):
    """agreements = loaded + left + waiting. `refused` rows are dead letters; `rounds` is the run at the end."""

    agreements: int
    loaded: int
    left: int
    waiting: int
    rows: dict[str, int]
    refused: int
    jobs: int
    rounds: RunReport

    @property
    def is_clean(self) -> bool:
        return not (self.waiting or self.refused) and self.rounds.is_clean


@dataclass(slots=True)
class Backfill:
    engine: Engine
    loader: Loader
    tell: Callable[[str], None] = lambda line: None
    batch: int = BATCH
    """Agreements that are sent together: one bulk job for each object."""
    _progress: Progress = field(default_factory=Progress)
    _rows: Counter[str] = field(default_factory=Counter)
    _refused: int = 0
    _jobs: int = 0

    async def run(self) -> BackfillReport:
        """Raises WireError, StateError, LoadError, StopRun of the rounds is in their report."""
        state = self.engine.state
        await self._begin()
        shelf = _Shelf(self.engine, self._progress.existing, self._chunk)
        if self._progress.is_sending:
            await self._send_batch()
        staged = 0
        try:
            async for page in pages(self.engine.clm.read_agreements(), shelf.set_aside):
                staged += await shelf.stage_page(page, self._progress)
                if staged >= self.batch:
                    await self._send_batch()
                    staged = 0
        except ListingBroken as broken:
            self._leave_to_feed(broken)
        await self._send_batch()
        fates = Staging(state.database).count_fates()
        return await self._end(fates)

    @property
    def _chunk(self) -> int:
        """Rows that are kept together; a job takes whole chunks."""
        return min(ROWS_PER_CHUNK, self.loader.rows_per_job)

    async def _begin(self) -> None:
        engine, state = self.engine, self.engine.state
        kept = state.get_cursor(PROGRESS)
        if kept:
            self._progress = msgspec.json.decode(kept, type=Progress)
            self.tell(f"going on with batch {self._progress.batch}")
            return
        existing = {mapping.name: await self._count(mapping) for mapping in _written(engine.spec)}
        feed = position = state.get_cursor(CLM_SOURCE)
        more = True
        while more:
            page = await engine.clm.read_changes(position, engine.page)
            position, more = page.cursor, page.more
        self._progress = Progress(existing=existing, started=engine.now(), feed=feed)
        with state.transaction():
            state.put_cursor(CLM_SOURCE, position)
            self._keep_progress()
        state.pause(engine.now(), PAUSED)

    def _leave_to_feed(self, broken: ListingBroken) -> None:
        """What stands behind the place where the list breaks off comes with the changes that made it: no event is passed over."""
        self.tell(f"{broken} What stands behind it comes through the change feed.")
        with self.engine.state.transaction():
            self.engine.state.put_cursor(CLM_SOURCE, self._progress.feed)

    async def _count(self, mapping: ObjectMapping) -> int:
        """1 when there is any record with a key, which is all that has to be known."""
        soql = f"SELECT Id FROM {mapping.salesforce} WHERE {mapping.key.salesforce} != null LIMIT 1"  # noqa: S608 - of a linted spec
        return len([record async for record in self.engine.org.query(soql)])

    async def _send_batch(self) -> None:
        """Send what is staged, parents first; what was sent before is not sent again."""
        state, number = self.engine.state, self._progress.batch
        self._progress = msgspec.structs.replace(self._progress, is_sending=True)
        with state.transaction():
            self._keep_progress()
        for mapping in _written(self.engine.spec):
            await self._send_object(mapping, number)
        self._progress = msgspec.structs.replace(self._progress, batch=number + 1, is_sending=False)
        with state.transaction():
            Staging(state.database).clear_rows()
            self._keep_progress()

    async def _send_object(self, mapping: ObjectMapping, number: int) -> None:
        state, keeper = self.engine.state, _Keeper(self.engine, mapping)
        first = state.outbox.find_load(_load_name(self._progress, mapping))
        if first is None:
            return
        self._rows[mapping.name] += await self._ship(first, mapping, keeper.keep_new)
        self.tell(f"batch {number}: {first.rows} {mapping.plural_label} sent")
        step = 0
        while waiting := Staging(state.database).read_later(mapping.name):
            column = min({row.later[0].column for row in waiting}, key=lambda name: ("." not in name, name))
            rows = [row for row in waiting if row.later[0].column == column]
            load = self._stage_later(mapping, f"{_load_name(self._progress, mapping)} {column} {step}", column, rows)
            await self._ship(load, mapping, keeper.keep_later)
            step += 1

    async def _ship(self, load: Load, mapping: ObjectMapping, keep: Callable[..., list[Parked]]) -> int:
        loader = replace(self.loader, keep=keep)
        report = await loader.ship(load, mapping.key.salesforce)
        if report.rows != load.rows:
            raise LoadError(
                f"Another worker still sends {load.rows - report.rows} rows of {load.name!r}; wait for its end."
            )
        self._refused += report.refused
        self._jobs += report.jobs
        return report.saved

    def _stage_later(self, mapping: ObjectMapping, name: str, column: str, rows: Sequence[StagedRow]) -> Load:
        key = mapping.key.salesforce
        with self.engine.state.transaction():
            known = self.engine.state.outbox.find_load(name)
            if known is not None:
                return known
            load = Load(name, mapping.salesforce, to_csv_lines([[key, column]]), 0, is_whole=True)
            for start in range(0, len(rows), self._chunk):
                part = rows[start : start + self._chunk]
                lines = to_csv_lines([[row.key, row.later[0].cell] for row in part])
                load = self.engine.state.outbox.append(load, lines, len(part))
            return load

    async def _end(self, fates: Mapping[str, int]) -> BackfillReport:
        """Let the sync go on, and let it settle what was left to it."""
        engine, state = self.engine, self.engine.state
        staging = Staging(state.database)
        with state.transaction():
            body = {"agreements": sum(fates.values()), **{fate.replace(" ", "_"): n for fate, n in fates.items()}}
            state.record(engine.now(), "backfilled", body)
            state.put_cursor(PROGRESS, "")
            staging.clear()
        state.resume(engine.now())
        engine.allow = True
        rounds = await engine.run()
        counts = (sum(fates.values()), fates.get(LOADED, 0), fates.get(LEFT, 0), fates.get(WAITS, 0))
        return BackfillReport(*counts, dict(self._rows), self._refused, self._jobs, rounds)

    def _keep_progress(self) -> None:
        self.engine.state.put_cursor(PROGRESS, msgspec.json.encode(self._progress).decode())


@dataclass(slots=True)
class _Shelf:
    """Takes pages of agreements in: what is to be sent goes to the outbox, the rest to the rounds or to a person."""

    engine: Engine
    existing: Mapping[str, int]
    chunk: int
    rules: Ruleset = field(init=False)
    evaluator: Evaluator = field(init=False)
    references: References = field(init=False)

    def __post_init__(self) -> None:
        engine = self.engine
        self.rules = put_in_force(engine.state, engine.spec, engine.rules, engine.now())
        self.evaluator = Evaluator(engine.spec)
        self.references = References(engine.spec, engine.org, engine.state)

    def set_aside(self, one: Unread) -> None:
        """An agreement that does not read waits for a person, and nothing waits with it. A killed load comes by it again."""
        state = self.engine.state
        if Staging(state.database).find_taken([one.event_id]):
            return
        header = next(mapping for mapping in self.engine.spec.objects if is_whole_agreement(mapping))
        kind = "row" if one.agreement_id else UNREAD
        place = (header.name, one.event_id, header.key.name, one.event_id)
        with state.transaction():
            state.park([Parked(*place, kind, "", one.reason, header.key.steward)], self.engine.now())
            Staging(state.database).put_fates({one.event_id: WAITS})

    async def stage_page(self, page: Sequence[JsonObject], progress: Progress) -> int:
        """How many agreements of the page are staged."""
        state = self.engine.state
        staging = Staging(state.database)
        taken = staging.find_taken(str(one["id"]) for one in page)
        header = next(mapping for mapping in self.engine.spec.objects if is_whole_agreement(mapping))
        taken |= state.find_links(header.name, (str(one["id"]) for one in page)).keys()
        news = [one for one in page if str(one["id"]) not in taken]
        left = await self._find_existing(header, [str(one["id"]) for one in news])
        cases = [Case(Work(str(one["id"])), one, None) for one in news if str(one["id"]).casefold() not in left]
        rows = await self._plan_and_stage(cases)
        unsaid = {row.agreement_id for row in rows if not all(map(_is_sayable, row.cells.values()))}
        rows = [row for row in rows if row.agreement_id not in unsaid]
        fates = {one: LEFT for one in (str(a["id"]) for a in news) if one.casefold() in left or one in unsaid}
        headers = {row.key for row in rows if row.object == header.name}
        fates |= {
            c.agreement_id: LOADED if c.agreement_id in headers else WAITS for c in cases if c.agreement_id not in fates
        }
        self._keep(progress, rows, fates, [parked for case in cases for parked in case.parked])
        return len(headers)

    async def _find_existing(self, header: ObjectMapping, keys: list[str]) -> set[str]:
        """Keys, without case, of records that were there before."""
        if not keys or not self.existing.get(header.name):
            return set()
        return set(await read_ids(self.engine.org, header.salesforce, header.key.salesforce, keys))

    async def _plan_and_stage(self, cases: Sequence[Case]) -> list[StagedRow]:
        spec = self.engine.spec
        blocked: set[tuple[str, str]] = set()
        relations = Relations(spec, self.references, blocked)
        staged: list[StagedRow] = []
        for mapping in _written(spec):
            plans = [(case, plan) for case in cases for plan in self._plans(mapping, case, blocked)]
            plans = await self._only_new(mapping, plans)
            await relations.prepare(lookup for _, plan in plans for lookup in lookups_of(plan))
            for case, plan in plans:
                write, missing = build_write(plan, relations)
                for lack in missing:
                    kind = "row" if lack.blocks else "value"
                    place = (mapping.name, plan.facts.row.key, lack.field.name, case.agreement_id)
                    case.parked.append(Parked(*place, kind, lack.key, lack.reason, lack.field.steward))
                if any(lack.blocks for lack in missing):
                    blocked.add((mapping.name, plan.facts.row.key))
                else:
                    staged.append(stage(spec, write, self.rules))
        return staged

    def _plans(self, mapping: ObjectMapping, case: Case, blocked: set[tuple[str, str]]) -> Iterable[RowPlan]:
        for row in self.evaluator.rows(mapping.name, case.agreement):
            case.park_evaluated(row)
            if row.park is not None:
                blocked.add((mapping.name, row.key))
                continue
            clm = clm_values(self.evaluator, mapping, row, case.agreement)
            place = (mapping, row, clm, case.agreement_id, case.revision)
            yield plan_row(RowFacts(*place, None, None, None, None, clm_is_newer=False), self.engine.spec.lifecycle)

    async def _only_new(
        self, mapping: ObjectMapping, plans: Sequence[tuple[Case, RowPlan]]
    ) -> list[tuple[Case, RowPlan]]:
        """Each row once: not what an earlier page staged or sent, not what Salesforce has of an object that it owns."""
        by_key = {plan.facts.row.key: (case, plan) for case, plan in reversed(plans)}
        known = set(Staging(self.engine.state.database).find(mapping.name, by_key))
        known |= self.engine.state.find_links(mapping.name, by_key).keys()
        if self.existing.get(mapping.name) and not is_whole_agreement(mapping):
            place = (mapping.salesforce, mapping.key.salesforce)
            there = await read_ids(self.engine.org, *place, list(by_key)) if by_key else {}
            known |= {key for key in by_key if key.casefold() in there}
        return [pair for key, pair in by_key.items() if key not in known]

    def _keep(
        self, progress: Progress, rows: Sequence[StagedRow], fates: Mapping[str, str], parked: Sequence[Parked]
    ) -> None:
        engine, state = self.engine, self.engine.state
        left = [one for one, fate in fates.items() if fate == LEFT]
        with state.transaction():
            for mapping in _written(engine.spec):
                self._append(mapping, progress, [row for row in rows if row.object == mapping.name])
            Staging(state.database).put(rows)
            Staging(state.database).put_fates(fates)
            discretion = Discretion(engine.spec)
            state.park([discretion.withhold(row) for row in parked if row.agreement_id not in left], engine.now())
            _leave(state, left, engine.now())

    def _append(self, mapping: ObjectMapping, progress: Progress, rows: Sequence[StagedRow]) -> None:
        if not rows:
            return
        outbox, name, header = (
            self.engine.state.outbox,
            _load_name(progress, mapping),
            header_of(self.engine.spec, mapping),
        )
        load = outbox.find_load(name) or Load(name, mapping.salesforce, to_csv_lines([header]), 0, is_whole=False)
        parents = [column_of(self.engine.spec, mapping, column) for column in mapping.parents]
        by_parent = sorted(rows, key=lambda row: [row.cells.get(name, "") for name in parents])
        for start in range(0, len(rows), self.chunk):
            part = by_parent[start : start + self.chunk]
            load = outbox.append(
                load, to_csv_lines([[row.cells.get(name, "") for name in header] for row in part]), len(part)
            )


@dataclass(frozen=True, slots=True)
class _Keeper:
    """Remembers what Salesforce has taken, and parks what it refused. Called inside the transaction that settles a job."""

    engine: Engine
    mapping: ObjectMapping

    def keep_new(
        self, _load: Load, saved: Mapping[str, bulk.Verdict], failed: Mapping[str, bulk.Verdict]
    ) -> list[Parked]:
        engine, state, staging = self.engine, self.engine.state, Staging(self.engine.state.database)
        rows = staging.find(self.mapping.name, saved)
        own = self._links_of(place for row in rows.values() for place in row.own.values())
        links = {key: to_link(row, saved[key].record_id, own) for key, row in rows.items()}
        state.put_links(links.values())
        state.record(engine.now(), "created", *(_body(rows[key], link) for key, link in links.items()))
        staging.note_saved(self.mapping.name, rows)
        return self._park(staging.find(self.mapping.name, failed), failed, self.mapping.key.name)

    def keep_later(
        self, _load: Load, saved: Mapping[str, bulk.Verdict], failed: Mapping[str, bulk.Verdict]
    ) -> list[Parked]:
        engine, state, staging = self.engine, self.engine.state, Staging(self.engine.state.database)
        rows = staging.find(self.mapping.name, [*saved, *failed])
        links = state.find_links(self.mapping.name, saved)
        own = self._links_of(place for row in rows.values() for place in row.own.values())
        kept, bodies = [], []
        for key, link in links.items():
            one = rows[key].later[0]
            ids = {one.field: own[place].record_id} if (place := rows[key].own.get(one.field)) in own and place else {}
            kept.append(
                msgspec.structs.replace(link, base={**link.base, one.field: one.value}, lookups={**link.lookups, **ids})
            )
            told = digest(str(ids.get(one.field, one.value)))
            bodies.append({**rows[key].body, "fields": {one.field: told}, "rules": {"the record is new": [one.field]}})
        state.put_links(kept)
        state.record(engine.now(), "updated", *bodies)
        staging.put_later(replace(row, later=row.later[1:] if key in saved else ()) for key, row in rows.items())
        return self._park({key: rows[key] for key in failed if key in rows}, failed, "")

    def _links_of(self, places: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Link]:
        by_object: dict[str, list[str]] = {}
        for name, key in places:
            by_object.setdefault(name, []).append(key)
        found = (self.engine.state.find_links(name, keys) for name, keys in by_object.items())
        return {(link.object, link.key): link for links in found for link in links.values()}

    def _park(self, rows: Mapping[str, StagedRow], failed: Mapping[str, bulk.Verdict], field_name: str) -> list[Parked]:
        """Dead letters of what Salesforce refuses for good; what it may take later is left to the rounds."""
        parked, later = [], []
        discretion = Discretion(self.engine.spec)
        for key, row in rows.items():
            verdict = failed[key]
            if outcome_of(verdict.code, verdict.message).action in (Action.RETRY, Action.REBASE):
                later.append(row.agreement_id)
                continue
            name = field_name or self._name_of(row.later[0].field)
            steward = next(column.steward for column in self.mapping.columns if column.name == name)
            place = (self.mapping.name, key, name, row.agreement_id)
            reason = silence(why_refused(verdict), discretion.values_of(self.mapping, row.base))
            parked.append(Parked(*place, "row" if field_name else "value", "", reason, steward))
        _leave(self.engine.state, later, self.engine.now())
        return parked

    def _name_of(self, api_name: str) -> str:
        return next(column.name for column in self.mapping.columns if column.salesforce == api_name)


def _written(spec: Spec) -> list[ObjectMapping]:
    return [mapping for mapping in spec.objects if is_written(spec, mapping)]


def _load_name(progress: Progress, mapping: ObjectMapping) -> str:
    return f"backfill {progress.started} {progress.batch} {mapping.name}"


def _leave(state: State, agreement_ids: Iterable[str], at: str) -> None:
    """Leave agreements to the rounds. Call inside a transaction."""
    events = [InboxEvent(f"backfill:{one}:{at}", REDRIVE_SOURCE, one, 0, "") for one in sorted(set(agreement_ids))]
    state.inbox.add(events, at)


def _body(row: StagedRow, link: Link) -> dict[str, object]:
    """The audit's words for a new row; a reference is told by the record id that it became."""
    fields = dict(msgspec.convert(row.body["fields"], dict[str, str]))
    fields |= {name: digest(link.lookups[name]) for name in row.own if name in link.lookups and name in fields}
    return {**row.body, "fields": fields}


def _is_sayable(cell: str) -> bool:
    return cell != bulk.CLEAR
