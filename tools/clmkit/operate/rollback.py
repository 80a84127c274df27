"""Take the data of a release back: the fields that it touched get the values of a point before it, on both sides.

    plan = await Rollback(engine, path).run()                              # what would be written; writes nothing
    report = await Rollback(engine, path, proof, applies=True).run()

The mapping of before is in force again when this is called. Which fields the release touched the audit chain tells: each mapping
that came into force says by a digest how it decides each field. Of those a value is put back when the sync wrote it after the point
and it is still what the sync wrote; what somebody edited since stays, and is told. Then these agreements go back to work, so that
the mapping of before carries over what changed in the meantime.

Killed at any moment, the same call goes on: what is as before is not written again, and the sync rests until the end. The proof is
a line for each value, from reading both systems again: digests, never values.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TextIO

import msgspec

from clmkit.clients.clm import CLIENT_NAME, JsonObject
from clmkit.clients.errors import Refused
from clmkit.clients.salesforce import Record, RowResult
from clmkit.mapping.evaluate import find_value
from clmkit.mapping.model import FieldMapping, ObjectMapping
from clmkit.operate.point import Head, KeptAgreement, KeptRow, read_kept, read_point, require_own, told_by_clm
from clmkit.operate.release_facts import OPEN, Judged, ReleaseFacts, Verdict, read_facts
from clmkit.sync.audit import digest
from clmkit.sync.engine import PAUSE, Engine
from clmkit.sync.feed_back import to_patch
from clmkit.sync.org_rows import read_records
from clmkit.sync.origin import Ruleset, rules_of, ruleset_of
from clmkit.sync.rows import is_whole_agreement
from clmkit.sync.state import Link

UNDER_WAY = "a rollback is under way; `clmkit sync rollback --apply` goes on with it"
TAKEN_BACK = "release taken back"
SALESFORCE, CLM = "Salesforce", "CLM"

Tell = Callable[[str, str, str, Judged], None]
"""Side, object mapping, key, value."""


class RollbackRefused(Exception):
    """Nothing is taken back; the message says why, and what to do."""


class Counted(msgspec.Struct, frozen=True):
    """Values of one field on one side, by what becomes of them."""

    side: str
    field: str
    verdict: str
    values: int


class RollbackReport(msgspec.Struct, frozen=True):
    """`applied` is False for a plan. `made` are rows that came since, which the mapping of before decides anew. `unknown` are
    agreements that came since and were given values by the release: the point has nothing to put back there.

    `proven` values were found as before when they were read again, `wrong` ones were not.
    """

    applied: bool
    mapping: str
    counts: list[Counted]
    made: int
    unknown: list[str]
    proven: int = 0
    wrong: int = 0

    @property
    def is_clean(self) -> bool:
        return not (self.wrong or self.unknown) and not any(Verdict(one.verdict) in OPEN for one in self.counts)


class Writer(Protocol):
    """Who writes Salesforce: the sync's user, or one who may edit what the mapping of before leaves to people."""

    async def upsert_collection(self, sobject: str, key_field: str, records: Sequence[Record]) -> list[RowResult]: ...


@dataclass(slots=True)
class Rollback:
    engine: Engine
    path: Path
    proof: Path | None = None
    applies: bool = False
    writer: Writer | None = None

    async def run(self) -> RollbackReport:
        """Raises RollbackRefused, PointError, WireError, StateError, OSError."""
        head, _ = read_point(self.path)
        require_own(self.engine.state, self.path, head)
        rules = ruleset_of(self.engine.spec)
        if rules.hash != head.hash:
            words = f"The point was kept under {head.mapping}, the configuration names {rules.label}."
            raise RollbackRefused(
                f"{words} Put the mapping of before back, and its metadata by `clmkit apply --rollback`, then run this again."
            )
        facts = read_facts(rules_of(self.engine.spec), self.engine.state.audit.read_after(head.entry))
        kept: set[str] = set()
        planned = await self._go_through(facts, applies=self.applies, tell=lambda *told: kept.add(told[2]))
        unknown = sorted(facts.given_touched(self.engine.spec) - kept)
        report = RollbackReport(self.applies, head.mapping, _to_counted(planned), len(facts.made), unknown)
        return await self._prove(head, facts, report) if self.applies else report

    async def _go_through(
        self, facts: ReleaseFacts, *, applies: bool, tell: Tell | None = None
    ) -> Counter[tuple[str, str, Verdict]]:
        """Everything that was kept, judged; put back where it `applies`."""
        counts: Counter[tuple[str, str, Verdict]] = Counter()

        def count(side: str, name: str, key: str, judged: Sequence[Judged]) -> None:
            for one in judged:
                counts[side, f"{name}.{one.field.name}", one.verdict] += 1
                if tell is not None:
                    tell(side, name, key, one)

        state = self.engine.state
        if applies and not state.get_cursor(PAUSE):
            state.pause(self.engine.now(), UNDER_WAY)
        rows, agreements = _Rows(self.engine, facts, self.writer), _Agreements(self.engine, facts)
        for kept in read_kept(self.path):
            if isinstance(kept[0], KeptRow):
                of_rows = [one for one in kept if isinstance(one, KeptRow)]
                for key, judged in (await rows.take_back(of_rows, applies=applies)).items():
                    count(SALESFORCE, kept[0].object, key, judged)
            else:
                for one in kept:
                    if isinstance(one, KeptAgreement):
                        count(CLM, agreements.whole.name, one.id, await agreements.take_back(one, applies=applies))
        return counts

    async def _prove(self, head: Head, facts: ReleaseFacts, report: RollbackReport) -> RollbackReport:
        """Read both systems again, write the proof, and let the sync go on when nothing is wrong."""
        proof = self.proof or Path(os.devnull)
        proof.parent.mkdir(parents=True, exist_ok=True)
        with proof.open("w", encoding="utf-8") as file:
            counts = await self._go_through(facts, applies=False, tell=lambda *told: _write_line(file, *told))
        proven = sum(count for (_, _, verdict), count in counts.items() if verdict is Verdict.SAME)
        refused = sum(one.values for one in report.counts if one.verdict == Verdict.REFUSED.value)
        wrong = sum(count for (_, _, verdict), count in counts.items() if verdict is Verdict.RESTORE) - refused
        report = msgspec.structs.replace(report, proven=proven, wrong=wrong)
        if not wrong:
            self._finish(head, facts, report)
        return report

    def _finish(self, head: Head, facts: ReleaseFacts, report: RollbackReport) -> None:
        engine, now = self.engine, self.engine.now()
        made = [
            link
            for mapping in engine.spec.objects
            for link in engine.state.find_links(mapping.name, facts.made).values()
        ]
        put_back = sum(one.values for one in report.counts if one.verdict == Verdict.RESTORE.value)
        with engine.state.transaction():
            engine.state.inbox.redrive(sorted({link.agreement_id for link in made}), now)
            body = {"to": head.mapping, "put back": put_back, "proven": report.proven}
            engine.state.record(now, TAKEN_BACK, body)
        if UNDER_WAY in engine.state.get_cursor(PAUSE):
            engine.state.resume(now)


@dataclass(slots=True)
class _Rows:
    """The rows of Salesforce."""

    engine: Engine
    facts: ReleaseFacts
    writer: Writer | None

    async def take_back(self, kept: Sequence[KeptRow], *, applies: bool) -> dict[str, list[Judged]]:
        """Rows of one object, by key."""
        mapping = next((one for one in self.engine.spec.objects if one.name == kept[0].object), None)
        columns = [] if mapping is None else [one for one in mapping.columns if self.facts.is_touched(mapping, one)]
        if mapping is None or not columns:
            return {}
        keys = [one.key for one in kept]
        links = self.engine.state.find_links(mapping.name, keys)
        held = {str(one[mapping.key.salesforce]): one async for one in read_records(self.engine.org, mapping, keys)}
        judged = {
            one.key: [
                self.facts.judge(mapping, column, one, links.get(one.key), held.get(one.key)) for column in columns
            ]
            for one in kept
        }
        if applies:
            judged = await self._write(mapping, judged)
            known = [(links[one.key], one) for one in kept if one.key in links]
            again = [(link, self.facts.as_before(mapping, link, one, judged[one.key])) for link, one in known]
            self._keep(mapping, [news for link, news in again if news != link], judged)
        return judged

    async def _write(self, mapping: ObjectMapping, judged: dict[str, list[Judged]]) -> dict[str, list[Judged]]:
        """Put values back; a status goes alone and last, as the law of activation has it (`clmkit.sync.activation`)."""
        key_field, writer = mapping.key.salesforce, self.writer or self.engine.org
        for is_status in (False, True):
            values = {
                key: {one.field.salesforce: one.before for one in cells if one.goes(is_status=is_status)}
                for key, cells in judged.items()
            }
            records = [{key_field: key, **some} for key, some in values.items() if some]
            results = await writer.upsert_collection(mapping.salesforce, key_field, records) if records else []
            refused = {str(r[key_field]) for r, result in zip(records, results, strict=True) if not result.is_success}
            for key in refused:
                judged[key] = [
                    replace(one, verdict=Verdict.REFUSED) if one.goes(is_status=is_status) else one
                    for one in judged[key]
                ]
        return judged

    def _keep(self, mapping: ObjectMapping, links: Sequence[Link], judged: Mapping[str, Sequence[Judged]]) -> None:
        """What both systems agree on again, and the agreements put back to work."""
        state, now = self.engine.state, self.engine.now()
        if links:
            told = [_to_entry(mapping, link, judged[link.key], self.engine.rules) for link in links]
            with state.transaction():
                state.put_links(links)
                state.record(now, "updated", *told)
                state.inbox.redrive(sorted({link.agreement_id for link in links}), now)


@dataclass(slots=True)
class _Agreements:
    """What Salesforce had given the CLM."""

    engine: Engine
    facts: ReleaseFacts

    @property
    def whole(self) -> ObjectMapping:
        return next(one for one in self.engine.spec.objects if is_whole_agreement(one))

    async def take_back(self, kept: KeptAgreement, *, applies: bool) -> list[Judged]:
        columns = [one for one in told_by_clm(self.engine.spec) if self.facts.is_touched(self.whole, one)]
        if not any((kept.id, column.salesforce) in self.facts.given for column in columns):
            return []
        clm, state = self.engine.clm, self.engine.state
        try:
            agreement = await clm.get_agreement(kept.id)
        except Refused:
            return [Judged(column, Verdict.GONE) for column in columns]
        judged = [self._judge(kept, column, agreement) for column in columns]
        back = {one.field.clm: one.before for one in judged if one.verdict is Verdict.RESTORE}
        if not applies or not back:
            return judged
        try:
            await clm.patch_agreement(kept.id, int(agreement["revision"]), to_patch(back))
        except Refused:
            return [replace(one, verdict=Verdict.REFUSED) if one.field.clm in back else one for one in judged]
        with state.transaction():
            state.inbox.redrive([kept.id], self.engine.now())
        return judged

    def _judge(self, kept: KeptAgreement, column: FieldMapping, agreement: JsonObject) -> Judged:
        before, now = kept.values.get(column.clm), find_value(column.clm, agreement, agreement)
        entry = self.facts.given.get((kept.id, column.salesforce))
        if now == before or entry is None:
            return Judged(column, Verdict.SAME if now == before else Verdict.UNWRITTEN, before, now)
        sql = "SELECT count(*) FROM event WHERE source = 'clm' AND agreement_id = ? AND actor <> ? AND received_at > ?"
        others = self.engine.state.database.execute(sql, (kept.id, CLIENT_NAME, entry.at))[0][0]
        return Judged(column, Verdict.EDITED if others else Verdict.RESTORE, before, now)


def _to_entry(mapping: ObjectMapping, link: Link, judged: Sequence[Judged], rules: Ruleset) -> dict[str, object]:
    names = [one.field.salesforce for one in judged if one.verdict in (Verdict.RESTORE, Verdict.SAME)]
    agreed = {name: digest(str(link.lookups.get(name, link.base[name]))) for name in names if name in link.base}
    row = {"object": mapping.salesforce, "key": link.key, "revision": link.revision, "events": []}
    return {**row, "fields": agreed, "rules": {TAKEN_BACK: list(agreed)}, **rules.told}


def _to_counted(counts: Counter[tuple[str, str, Verdict]]) -> list[Counted]:
    ordered = sorted(counts.items(), key=lambda one: (one[0][0] != SALESFORCE, one[0][1], one[0][2].value))
    return [Counted(side, name, verdict.value, count) for (side, name, verdict), count in ordered]


def _write_line(proof: TextIO, side: str, name: str, key: str, one: Judged) -> None:
    told = {"side": side, "object": name, "key": key, "field": one.field.name, "verdict": one.verdict.value}
    proof.write(json.dumps({**told, "before": digest(one.before), "now": digest(one.now)}) + "\n")
