"""The org in memory with Bulk API 2.0: jobs that upsert rows as CSV, references by external ID in the header row."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.clmkit.sync.fake_org import FakeOrg

from clmkit.clients import bulk
from clmkit.clients.salesforce import Record
from clmkit.clients.transport import Content

RELATED = {"Contract__r": ("Contract", "Contract__c"), "Account": ("Account", "AccountId"),
           "CLM_Amends__r": ("Contract", "CLM_Amends__c"), "CLM_Renews__r": ("Contract", "CLM_Renews__c")}  # fmt: skip


@dataclass
class Job:
    sobject: str
    key_field: str
    state: str = "Open"
    rows: list[dict[str, str]] = field(default_factory=list)
    verdicts: dict[str, bulk.Verdict] | None = None


@dataclass
class BulkOrg(FakeOrg):
    """`strike` is called with the name of each request before it is carried out and after."""

    jobs: dict[str, Job] = field(default_factory=dict)
    strike: Callable[[str], None] = lambda name: None

    async def create_job(self, sobject: str, key_field: str) -> str:
        self.strike("before create")
        job_id = f"750{len(self.jobs):03d}"
        self.jobs[job_id] = Job(sobject, key_field)
        self.calls.append(f"bulk {sobject}")
        self.strike("after create")
        return job_id

    async def upload_job(self, job_id: str, content: bytes | Content) -> None:
        self.strike("before upload")
        assert not isinstance(content, bytes)
        text = b"".join([part async for part in content()]).decode()
        job = self.jobs[job_id]
        job.rows = list(csv.DictReader(io.StringIO(text, newline="")))
        job.state = "UploadComplete"
        self.strike("after upload")

    async def abort_job(self, job_id: str) -> None:
        self.jobs[job_id].state = "Aborted"

    async def get_job(self, job_id: str) -> bulk.Job:
        return bulk.Job(job_id, self.jobs[job_id].state)

    async def finish_job(self, job_id: str, rows: int) -> bulk.Job:
        self.strike("before finish")
        job = self.jobs[job_id]
        assert len(job.rows) == rows
        if job.verdicts is None:
            job.verdicts = {row[job.key_field]: self._take(job, row) for row in job.rows}
        self.strike("after finish")
        return bulk.Job(job_id, "JobComplete", sum(bool(one.code) for one in job.verdicts.values()), rows)

    async def read_saved(self, job_id: str, key_field: str) -> dict[str, bulk.Verdict]:
        self.strike("before results")
        return {key: one for key, one in (self.jobs[job_id].verdicts or {}).items() if not one.code}

    async def read_failed(self, job_id: str, key_field: str) -> dict[str, bulk.Verdict]:
        return {key: one for key, one in (self.jobs[job_id].verdicts or {}).items() if one.code}

    def _take(self, job: Job, row: dict[str, str]) -> bulk.Verdict:
        record: Record = {}
        for name, cell in row.items():
            relationship, _, match = name.partition(".")
            if cell == "":
                continue
            if not match:
                record[name] = {"true": True, "false": False}.get(cell, cell)
                continue
            sobject, lookup = RELATED[relationship]
            found = next((one["Id"] for one in self.records.get(sobject, {}).values() if one.get(match) == cell), None)
            if found is None:
                words = f"Foreign key external ID: {cell.lower()} not found for field {match} in entity {sobject}"
                return bulk.Verdict("", created=False, code="INVALID_FIELD", message=words)
            record[lookup] = found
        result = self._upsert(job.sobject, job.key_field, record)
        return bulk.Verdict(result.record_id, result.created, result.code, result.message)
