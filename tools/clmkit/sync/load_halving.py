"""The rows of a bulk job that Salesforce gives up as a whole, told apart by smaller jobs (`halving`).

One culprit among 100,000 rows costs some 34 jobs more; it is refused alone, and all the others are saved. None of these jobs is
kept in the outbox: after a kill the whole range goes again, which upserts by external ID do not mind.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from clmkit.clients import bulk
from clmkit.clients.errors import WireError
from clmkit.clients.salesforce import RowResult
from clmkit.clients.transport import Content
from clmkit.sync.halving import Told, may_be_of_rows, refuse_all, tell_apart
from clmkit.sync.outbox import Load

ATTEMPTS = 3
_SENT = RowResult("", created=False)
"""A row of a job that came to its end: its own verdict is in the job's results."""

Verdicts = Mapping[str, bulk.Verdict]
"""By key."""


class JobOrg(Protocol):
    async def create_job(self, sobject: str, key_field: str) -> str: ...

    async def upload_job(self, job_id: str, content: bytes | Content) -> None: ...

    async def finish_job(self, job_id: str, rows: int) -> bulk.Job: ...

    async def read_saved(self, job_id: str, key_field: str) -> dict[str, bulk.Verdict]: ...

    async def read_failed(self, job_id: str, key_field: str) -> dict[str, bulk.Verdict]: ...


@dataclass
class Carried:
    """What became of a range of rows. `saved` is empty when nobody asked for record ids."""

    jobs: list[str] = field(default_factory=list)
    refused: int = 0
    saved: dict[str, bulk.Verdict] = field(default_factory=dict)
    failed: dict[str, bulk.Verdict] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Apart:
    """Rows are lines of CSV by key; `needs_ids` says whether anybody has to know what was saved."""

    org: JobOrg
    load: Load
    key_field: str
    needs_ids: bool

    async def carry(self, rows: Sequence[tuple[str, str]], whole: WireError) -> Carried:
        """Each row once. Raises `whole` when it is not due to some of the rows, and WireError."""
        carried = Carried()

        async def send(part: Sequence[tuple[str, str]]) -> Sequence[RowResult]:
            try:
                await self._send(part, carried)
            except WireError as error:
                if not may_be_of_rows(error):
                    raise
                return refuse_all(error, len(part))
            return [_SENT] * len(part)

        together: list[tuple[str, str]] = []
        alone: list[tuple[str, RowResult]] = []
        async for answered in tell_apart(rows, send, len(rows)):
            if answered.told is Told.TOGETHER:
                together += answered.rows
            elif answered.told is Told.ALONE:
                alone += [(key, one) for (key, _), one in zip(answered.rows, answered.results, strict=True)]
        if len(together) == len(rows):
            raise whole
        blamed = [*alone, *zip((key for key, _ in together), refuse_all(whole, len(together)), strict=True)]
        carried.refused += len(blamed)
        carried.failed |= {
            key: bulk.Verdict("", created=False, code=one.code, message=one.message) for key, one in blamed
        }
        return carried

    async def _send(self, part: Sequence[tuple[str, str]], carried: Carried) -> None:
        """A part goes once; a row alone a few times, because it is judged for good."""
        for _ in range(ATTEMPTS if len(part) == 1 else 1):
            job_id = await self.org.create_job(self.load.object, self.key_field)
            carried.jobs.append(job_id)
            await self.org.upload_job(job_id, self._content(part))
            job = await self.org.finish_job(job_id, len(part))
            if job.state == "JobComplete":
                break
        bulk.require_complete(job, f"Salesforce bulk job {job.id} for {self.load.object}")
        carried.refused += job.numberRecordsFailed
        carried.failed |= await self.org.read_failed(job.id, self.key_field) if job.numberRecordsFailed else {}
        carried.saved |= await self.org.read_saved(job.id, self.key_field) if self.needs_ids else {}

    def _content(self, part: Sequence[tuple[str, str]]) -> Content:
        async def content() -> AsyncIterator[bytes]:
            yield self.load.header.encode()
            for _, line in part:
                yield line.encode()

        return content
