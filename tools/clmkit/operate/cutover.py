"""The cutover to the sync, step by step: freeze, backfill, compare, switch; and the way back. Each step timed, kept, and done once.

    report = await Cutover(engine, loader, admin, before, rehearses=True).run()

freeze      the sync rests, and what Salesforce holds of the keys so far is kept in a file: the picture before
backfill    every agreement goes into Salesforce (`clmkit.sync.backfill`), ending with rounds, so that both systems run side by side
compare     every mapped value of both systems (`reconcile`) and the hash tree (`sweep`); any difference ends the cutover here
switch      one more run, which must find nothing to do; from now on the sync follows
fall back   rows that the cutover made are deleted, children first, rows that it changed get the values of the picture back, and
            the sync forgets them and rests; in a rehearsal always, else on demand

A killed cutover goes on with the step it was in. What the rounds gave the CLM of Salesforce's own fields stays there: it is true
with and without the sync. The way back needs somebody who may delete and edit what is frozen; the sync's own user may not.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from clmkit.clients.salesforce import Record, RowResult
from clmkit.mapping.model import ObjectMapping, Role
from clmkit.sync.backfill import Backfill
from clmkit.sync.engine import Engine
from clmkit.sync.intake import CLM_SOURCE
from clmkit.sync.load import Loader
from clmkit.sync.reconcile import Comparison
from clmkit.sync.staging import is_written
from clmkit.sync.state import Link
from clmkit.sync.sweep import Sweep, TreeOrg

JOURNAL, POSITION = "cutover", "cutover: CLM position before"
STEPS = ("freeze", "backfill", "compare", "switch")
FALL_BACK = "fall back"
PER_CALL = 200
FROZEN = "a cutover is under way; `clmkit sync cutover` goes on with it"
FELL_BACK = "the cutover fell back; `clmkit sync cutover` begins a new one"


class CutoverRefused(Exception):
    """A step found that the cutover must not go on; the message says what, and what to do."""


class Admin(Protocol):
    """Somebody who may delete records and edit frozen ones."""

    async def delete_collection(self, record_ids: Sequence[str]) -> list[RowResult]: ...

    async def upsert_collection(self, sobject: str, key_field: str, records: Sequence[Record]) -> list[RowResult]: ...


class Step(msgspec.Struct, frozen=True):
    """A step that is done. `facts` are counts by name."""

    name: str
    at: str
    seconds: float
    facts: dict[str, int]


class CutoverReport(msgspec.Struct, frozen=True):
    steps: list[Step]

    @property
    def seconds(self) -> float:
        return round(sum(step.seconds for step in self.steps), 3)


@dataclass(slots=True)
class Cutover:
    engine: Engine
    loader: Loader
    org: TreeOrg
    admin: Admin | None
    before: Path
    """Where the picture before is kept; it holds values."""
    rehearses: bool = False
    falls_back: bool = False
    tell: Callable[[str], None] = lambda line: None
    clock: Callable[[], float] = time.monotonic

    async def run(self) -> CutoverReport:
        """Raises CutoverRefused, WireError, StateError, OSError."""
        works: dict[str, Callable[[], Awaitable[dict[str, int]]]] = {
            "freeze": self._freeze,
            "backfill": self._backfill,
            "compare": self._compare,
            "switch": self._switch,
            FALL_BACK: self._fall_back,
        }
        if self.rehearses or self.falls_back:
            self._require_admin()
        names = (FALL_BACK,) if self.falls_back else (*STEPS, FALL_BACK) if self.rehearses else STEPS
        done = self._read_journal()
        if FALL_BACK in {step.name for step in done}:
            done = []
        for name in names:
            if name in {step.name for step in done}:
                self.tell(f"{name}: done before")
                continue
            started = self.clock()
            facts = await works[name]()
            done.append(Step(name, self.engine.now(), round(self.clock() - started, 3), facts))
            self._keep_journal(done)
            self.tell(f"{name}: {done[-1].seconds:.1f} s; " + ", ".join(f"{n} {what}" for what, n in facts.items()))
        return CutoverReport(done)

    async def _freeze(self) -> dict[str, int]:
        engine, state = self.engine, self.engine.state
        if state.count_linked_agreements():
            words = "The sync knows rows already: a cutover is for a new state. Fall back first, or name another state file."
            raise CutoverRefused(words)
        state.pause(engine.now(), FROZEN)
        with state.transaction():
            state.put_cursor(POSITION, state.get_cursor(CLM_SOURCE))
        rows = 0
        self.before.parent.mkdir(parents=True, exist_ok=True)
        self.before.touch(mode=0o600)
        with self.before.open("wb") as file:
            for mapping in self._written():
                async for record in self.org.query(_picture(mapping)):
                    file.write(msgspec.json.encode({"object": mapping.name, "record": record}) + b"\n")
                    rows += 1
        return {"rows in the picture before": rows}

    async def _backfill(self) -> dict[str, int]:
        self.engine.state.resume(self.engine.now())
        report = await Backfill(self.engine, self.loader, self.tell).run()
        if report.rounds.stopped:
            raise CutoverRefused(f"The rounds stopped: {report.rounds.stopped} Mend it and run the cutover again.")
        return {
            "agreements": report.agreements,
            "loaded": report.loaded,
            "waiting": report.waiting,
            "jobs": report.jobs,
        }

    async def _compare(self) -> dict[str, int]:
        engine = self.engine
        report = await Comparison(engine.spec, engine.org, engine.clm, engine.state).run()
        swept = await Sweep(engine.spec, engine.state, self.org, engine.now).run()
        if not report.is_clean or not swept.is_clean:
            words = f"{report.differing} values differ and {len(swept.findings)} rows are wrong; nothing was switched."
            raise CutoverRefused(f"{words} `clmkit reconcile` lists them; run the cutover again when they are gone.")
        return {"values equal": report.fields_compared, "rows": report.rows_compared, "waiting": len(report.parked)}

    async def _switch(self) -> dict[str, int]:
        self.engine.allow = True
        report = await self.engine.run()
        written = sum(report.rows_created.values()) + sum(report.rows_updated.values()) + report.patches
        if report.stopped or written:
            raise CutoverRefused(
                report.stopped
                or f"The run still wrote {written} rows: the CLM goes on changing. Freeze it, then run again."
            )
        return {"events": report.events, "written": written}

    # ---- the way back

    async def _fall_back(self) -> dict[str, int]:
        state = self.engine.state
        state.pause(self.engine.now(), FELL_BACK)
        picture = self._read_picture()
        deleted = restored = 0
        for mapping in reversed(self._written()):
            before = {str(record[mapping.key.salesforce]): record for record in picture.get(mapping.name, [])}
            links = self._links(mapping)
            deleted += await self._delete([link.record_id for link in links if link.key not in before])
            restored += await self._restore(mapping, [before[link.key] for link in links if link.key in before])
            with state.transaction():
                for link in links:
                    state.remove_link(link.object, link.key)
        with state.transaction():
            state.put_cursor(CLM_SOURCE, state.get_cursor(POSITION))
            state.resolve_parked({row.agreement_id for row in state.read_parked()}, (), self.engine.now())
            state.record(self.engine.now(), "cutover taken back", {"deleted": deleted, "restored": restored})
        return {"rows deleted": deleted, "rows as before": restored}

    async def _delete(self, record_ids: Sequence[str]) -> int:
        admin = self._require_admin()
        for at in range(0, len(record_ids), PER_CALL):
            results = await admin.delete_collection(record_ids[at : at + PER_CALL])
            refused = [one for one in results if not one.is_success and one.code != "ENTITY_IS_DELETED"]
            if refused:
                raise CutoverRefused(
                    f"Salesforce does not delete {len(refused)} rows: {refused[0].code}: {refused[0].message}"
                )
        return len(record_ids)

    async def _restore(self, mapping: ObjectMapping, records: Sequence[Record]) -> int:
        """The values of the picture; a status that was activated cannot go back, and is told by Salesforce's refusal."""
        admin = self._require_admin()
        writable = [
            one.salesforce for one in mapping.columns if one.to_salesforce or one.role in (Role.KEY, Role.VERSION)
        ]
        rows = [{name: record.get(name) for name in writable} for record in records]
        for at in range(0, len(rows), PER_CALL):
            part = rows[at : at + PER_CALL]
            results = await admin.upsert_collection(mapping.salesforce, mapping.key.salesforce, part)
            refused = [one for one in results if not one.is_success]
            if refused:
                raise CutoverRefused(
                    f"Salesforce does not take {len(refused)} rows back: {refused[0].code}: {refused[0].message}"
                )
        return len(rows)

    def _require_admin(self) -> Admin:
        if self.admin is None:
            raise CutoverRefused("The way back needs somebody who may delete records: give --org.")
        return self.admin

    # ----

    def _written(self) -> list[ObjectMapping]:
        return [mapping for mapping in self.engine.spec.objects if is_written(self.engine.spec, mapping)]

    def _links(self, mapping: ObjectMapping) -> list[Link]:
        sql = "SELECT key FROM link WHERE object = ? ORDER BY key"
        keys = [str(one) for (one,) in self.engine.state.database.execute(sql, (mapping.name,))]
        return list(self.engine.state.find_links(mapping.name, keys).values())

    def _read_picture(self) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = {}
        for line in self.before.read_bytes().splitlines():
            row = msgspec.json.decode(line)
            found.setdefault(row["object"], []).append(row["record"])
        return found

    def _read_journal(self) -> list[Step]:
        kept = self.engine.state.get_cursor(JOURNAL)
        return msgspec.json.decode(kept, type=list[Step]) if kept else []

    def _keep_journal(self, steps: Sequence[Step]) -> None:
        with self.engine.state.transaction():
            self.engine.state.put_cursor(JOURNAL, msgspec.json.encode(steps).decode())
            self.engine.state.record(self.engine.now(), f"cutover: {steps[-1].name}", dict(steps[-1].facts))


def _picture(mapping: ObjectMapping) -> str:
    """Every record that has a key, as it is: ids of lookups, no match values."""
    names = ", ".join(dict.fromkeys(["Id", *(column.salesforce for column in mapping.columns)]))
    return f"SELECT {names} FROM {mapping.salesforce} WHERE {mapping.key.salesforce} != null"  # noqa: S608 - of a linted spec
