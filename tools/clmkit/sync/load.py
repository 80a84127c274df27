"""Load rows at volume: a CSV of one object's rows goes into Salesforce, durable at every step, in memory that does not grow.

    report = await Loader(state, org, ...).run("history", "Contract", "CLM_Id__c", Path("contracts.csv"))

Rows are first kept (`outbox`), then leased in ranges of 100,000, each sent as one Bulk API 2.0 job and settled by what the job
says; what Salesforce refuses becomes a dead letter with its reason, and so does a row that makes Salesforce give up every job that
it is in (`load_halving`). The same call again goes on where a killed one ended: what is
kept is not read again, a job that was made is asked for its end, and only a job that never got its rows is made anew. So what is
sent twice is at most what was on its way, and rows are upserts by external ID, which does no harm.

The header names fields by API name; a lookup goes by the other record's external ID, `Account.CLM_Party_Id__c` ("Relationship
Fields in a Header Row", Bulk API 2.0 and Bulk API Developer Guide), so that no record id has to be known.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Protocol

import msgspec

from clmkit.clients import bulk
from clmkit.clients.errors import Refused, WireError
from clmkit.clients.outcomes import Action, outcome_of
from clmkit.clients.transport import Content
from clmkit.sync.halving import may_be_of_rows
from clmkit.sync.load_halving import ATTEMPTS, Apart, Carried, JobOrg, Verdicts
from clmkit.sync.outbox import Lease, Load
from clmkit.sync.state import Parked, State

ROWS_PER_CHUNK = 1_000
ROWS_PER_JOB = 100_000
LEASE_SECONDS = 300.0
JOBS_AT_ONCE = 2


class LoadError(Exception):
    """The rows cannot be loaded; the message says where, what and what to do."""


class BulkOrg(JobOrg, Protocol):
    async def abort_job(self, job_id: str) -> None: ...

    async def get_job(self, job_id: str) -> bulk.Job: ...


Keep = Callable[[Load, Verdicts, Verdicts], Sequence[Parked]]
"""Called with what one job saved and what it refused, in the transaction that settles it: what of it waits for a person."""


class LoadReport(msgspec.Struct, frozen=True):
    """rows = saved + refused; the refused ones are dead letters."""

    rows: int
    saved: int
    refused: int
    jobs: int


@dataclass(slots=True)
class Loader:
    state: State
    org: BulkOrg
    now: Callable[[], str]
    clock: Callable[[], float]
    """Seconds since 1970, for leases."""
    worker: str
    steward: str = ""
    rows_per_job: int = ROWS_PER_JOB
    keep: Keep | None = None
    """Who has to know of every row; without it refusals become dead letters and nobody asks for record ids."""
    _jobs: int = 0
    _ready: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def run(self, name: str, sobject: str, key_field: str, source: Path) -> LoadReport:
        """Load the file. `name` is what a later call goes on with. Raises LoadError, WireError, StateError, OSError."""
        self.state.database.sign_on(self.worker)
        with source.open(encoding="utf-8", newline="") as text:
            rows = csv.reader(text)
            header = next(rows, [])
            load = self.open(name, sobject, key_field, header)
            await _together(self._feed(load, rows), *(self._ship(load, key_field) for _ in range(JOBS_AT_ONCE)))
        return self._report(name)

    async def ship(self, load: Load, key_field: str) -> LoadReport:
        """Send a load whose rows are all kept already. Raises WireError, StateError."""
        if not load.is_whole:
            with self.state.transaction():
                self.state.outbox.put_load(Load(load.name, load.object, load.header, load.rows, is_whole=True))
        await _together(*(self._ship(load, key_field) for _ in range(JOBS_AT_ONCE)))
        return self._report(load.name)

    def _report(self, name: str) -> LoadReport:
        shipped, refused = self.state.outbox.count(name)
        return LoadReport(shipped, shipped - refused, refused, self._jobs)

    def open(self, name: str, sobject: str, key_field: str, header: list[str]) -> Load:
        """The load of this name, begun now or by an earlier run. Raises LoadError when it was begun otherwise."""
        if key_field not in header:
            raise LoadError(f"The file has no column {key_field}; without it no row can be told from another.")
        line = to_lines([header])
        known = self.state.outbox.find_load(name)
        if known is None:
            known = Load(name, sobject, line, 0, is_whole=False)
            with self.state.transaction():
                self.state.outbox.put_load(known)
        if (known.object, known.header) != (sobject, line):
            raise LoadError(
                f"The load {name!r} was begun with other columns or for {known.object}; give this one another name."
            )
        return known

    # ---- into the outbox

    async def _feed(self, load: Load, rows: Iterator[list[str]]) -> None:
        """Keep what is not kept yet, a job's worth ahead of what is sent."""
        width = load.header.count(",") + 1
        for _ in islice(rows, load.rows):
            pass
        while chunk := list(islice(rows, ROWS_PER_CHUNK)):
            if bad := next((row for row in chunk if len(row) != width), None):
                raise LoadError(f"Row {load.rows + chunk.index(bad) + 1} has {len(bad)} cells, the header has {width}.")
            with self.state.transaction():
                load = self.state.outbox.append(load, to_lines(chunk), len(chunk))
            if load.rows % self.rows_per_job < ROWS_PER_CHUNK:
                await self._await_room(load)
        with self.state.transaction():
            self.state.outbox.put_load(Load(load.name, load.object, load.header, load.rows, is_whole=True))
        await self._tell()

    async def _await_room(self, load: Load) -> None:
        """Back-pressure: at most the jobs that are under way, and one more, wait on the disk."""
        most = self.rows_per_job * (JOBS_AT_ONCE + 1)
        await self._tell()
        async with self._ready:
            await self._ready.wait_for(lambda: load.rows - self.state.outbox.count(load.name)[0] < most)

    async def _tell(self) -> None:
        async with self._ready:
            self._ready.notify_all()

    # ---- out of the outbox

    async def _ship(self, load: Load, key_field: str) -> None:
        while (lease := await self._next_lease(load.name)) is not None:
            try:
                carried = await self._carry_out(load, lease, key_field)
            except WireError as error:
                if not may_be_of_rows(error):
                    raise
                carried = await self._tell_apart(load, lease, key_field, error)
            self._settle(load, lease, carried)
            await self._tell()

    async def _next_lease(self, name: str) -> Lease | None:
        """The next rows to send, as soon as there are enough; None when all are sent or on their way."""
        leases: list[Lease | None] = []

        def is_decided() -> bool:
            leases.append(self._try_lease(name))
            load = self.state.outbox.find_load(name)
            return leases[-1] is not None or (load is not None and load.is_whole)

        async with self._ready:
            await self._ready.wait_for(is_decided)
        return leases[-1]

    def _try_lease(self, name: str) -> Lease | None:
        now = self.clock()
        with self.state.transaction():
            return self.state.outbox.lease(name, self.rows_per_job, self.worker, now + LEASE_SECONDS, now)

    async def _carry_out(self, load: Load, lease: Lease, key_field: str) -> Carried:
        """What the lease's job did. A job that Salesforce gave up is made anew, a few times."""
        for _ in range(ATTEMPTS):
            lease = await self._start(load, lease, key_field)
            job = await self.org.finish_job(lease.job, lease.rows)
            if job.state == "JobComplete":
                failed = await self.org.read_failed(job.id, key_field) if job.numberRecordsFailed else {}
                saved = await self.org.read_saved(job.id, key_field) if self.keep is not None else {}
                return Carried([job.id], job.numberRecordsFailed, saved, failed)
            with self.state.transaction():
                lease = self.state.outbox.note_job(lease, "")
        bulk.require_complete(job, f"Salesforce bulk job {job.id} for {load.object}")
        raise AssertionError("a job that is over and not complete is refused")

    async def _tell_apart(self, load: Load, lease: Lease, key_field: str, whole: WireError) -> Carried:
        at = next(csv.reader([load.header])).index(key_field)
        text = io.StringIO("".join(self.state.outbox.read_lines(lease)), newline="")
        rows = [(row[at], to_lines([row])) for row in csv.reader(text)]
        carried = await Apart(self.org, load, key_field, self.keep is not None).carry(rows, whole)
        self._jobs += len(carried.jobs)
        return carried

    async def _start(self, load: Load, lease: Lease, key_field: str) -> Lease:
        """The lease with a job that has its rows; one that an earlier worker left is taken over, or ended if it never got them."""
        if lease.job:
            job = await self._find_job(lease.job)
            if job is not None and job.state not in ("Open", "Failed", "Aborted"):
                return lease
            if job is not None and job.state == "Open":
                await self.org.abort_job(lease.job)
        job_id = await self.org.create_job(load.object, key_field)
        with self.state.transaction():
            lease = self.state.outbox.note_job(lease, job_id)
        self._jobs += 1
        await self.org.upload_job(job_id, self._content(load, lease))
        return lease

    async def _find_job(self, job_id: str) -> bulk.Job | None:
        try:
            return await self.org.get_job(job_id)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def _content(self, load: Load, lease: Lease) -> Content:
        async def content() -> AsyncIterator[bytes]:
            yield load.header.encode()
            for lines in self.state.outbox.read_lines(lease):
                yield lines.encode()

        return content

    def _settle(self, load: Load, lease: Lease, carried: Carried) -> None:
        with self.state.transaction():
            self.state.outbox.settle(lease, carried.refused)
            parked = (self.keep or self._bury)(load, carried.saved, carried.failed)
            self.state.park(parked, self.now())
            body = {
                "load": load.name,
                "object": load.object,
                "first": lease.first,
                "last": lease.last,
                "job": " ".join(carried.jobs),
                "refused": carried.refused,
            }
            self.state.record(self.now(), "loaded", body)

    def _bury(self, load: Load, _saved: Verdicts, failed: Verdicts) -> list[Parked]:
        return [
            Parked(load.object, key, load.name, key, "row", "", why_refused(verdict), self.steward)
            for key, verdict in failed.items()
        ]


async def _together(*works: Coroutine[None, None, None]) -> None:
    """All of it at once; the first failure ends the rest and is raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def why_refused(verdict: bulk.Verdict) -> str:
    outcome = outcome_of(verdict.code, verdict.message)
    again = " Load it again." if outcome.action in (Action.RETRY, Action.REBASE) else ""
    return f"{outcome.reason} ({verdict.code}: {verdict.message}){again}"


def to_lines(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
