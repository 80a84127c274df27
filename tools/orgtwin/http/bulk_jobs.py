"""What the twin remembers of bulk jobs, of both APIs.

Source: "Bulk API and Bulk API 2.0 Limits and Allocations" (Salesforce Developer Limits and Allocations Quick Reference).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from orgtwin.allocations import BULK_BATCHES
from orgtwin.errors import SalesforceError
from orgtwin.http.bulk_rows import Outcome
from orgtwin.http.message import Request
from orgtwin.http.uploads import Upload
from orgtwin.ids import find_id18
from orgtwin.organization import Organization
from orgtwin.soql import QueryResult, to_wire

if TYPE_CHECKING:
    from orgtwin.http.bulk1_query import Chunking

Job = TypeVar("Job")
DONE = frozenset({"JobComplete", "Failed", "Aborted"})
_LIVES_FOR = timedelta(days=7)
_LOOKS_AFTER = timedelta(hours=1)


@dataclass(slots=True)
class IngestJob:
    """One Bulk API 2.0 ingest job. The upload stays as it came; `outcomes` has one entry for each of its rows, in order."""

    job_id: str
    operation: str
    object: str
    external_id_field: str | None
    column_delimiter: str
    line_ending: str
    created_by: str
    created_at: datetime
    api_version: float
    state: str = "Open"
    error_message: str | None = None
    upload: Upload | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    failed: int = 0
    modified_at: datetime | None = None
    milliseconds: int = 0

    def note(self, outcomes: Sequence[Outcome]) -> None:
        """What became of the next rows."""
        self.outcomes.extend(outcomes)
        self.failed += sum(1 for outcome in outcomes if outcome.error)


@dataclass(slots=True)
class QueryJob:
    """One Bulk API 2.0 query job with its result."""

    job_id: str
    operation: str
    object: str
    query: str
    column_delimiter: str
    line_ending: str
    created_by: str
    created_at: datetime
    api_version: float
    header: list[str]
    result: QueryResult
    state: str = "UploadComplete"


@dataclass(slots=True)
class Batch:
    """One batch of a Bulk API 1.0 job. `outcomes` is what became of its rows; `records` what its query found."""

    batch_id: str
    job_id: str
    created_at: datetime
    state: str = "Queued"
    state_message: str | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    records: QueryResult | None = None
    result_id: str | None = None
    request: bytes = b""

    @property
    def processed(self) -> int:
        return self.records.total_size if self.records else len(self.outcomes)

    @property
    def failed(self) -> int:
        return sum(1 for outcome in self.outcomes if outcome.error)


@dataclass(slots=True)
class BatchJob:
    """One Bulk API 1.0 job."""

    job_id: str
    operation: str
    object: str
    external_id_field: str | None
    content_type: str
    concurrency_mode: str
    created_by: str
    created_at: datetime
    api_version: float
    chunking: Chunking | None = None
    state: str = "Open"
    batches: dict[str, Batch] = field(default_factory=dict)


def take_batches(request: Request, number: int) -> None:
    """Count batches of the day, which both APIs share. Raises ExceededQuota, in words that the guides of clients quote."""
    if not request.twin.allocations[BULK_BATCHES].take(number):
        raise SalesforceError("ExceededQuota", "ApiBatchItems Limit exceeded.")


class BulkJobs:
    """All bulk jobs of one twin, newest last. A job whose work is over is forgotten after seven days."""

    def __init__(self, org: Organization) -> None:
        self._org = org
        self._looked_at = org.clock()
        self.ingest: dict[str, IngestJob] = {}
        self.query: dict[str, QueryJob] = {}
        self.batch: dict[str, BatchJob] = {}

    def next_job_id(self) -> str:
        return self._org.ids.next_id("750")

    def next_batch_id(self) -> str:
        return self._org.ids.next_id("751")

    def next_result_id(self) -> str:
        return self._org.ids.next_id("752")

    def get_ingest(self, job_id: str) -> IngestJob:
        self.forget_old()
        return _get(self.ingest, job_id)

    def get_query(self, job_id: str) -> QueryJob:
        self.forget_old()
        return _get(self.query, job_id)

    def forget_old(self) -> None:
        """Let jobs of seven days ago go, once an hour."""
        now = self._org.clock()
        if now - self._looked_at < _LOOKS_AFTER:
            return
        self._looked_at, limit = now, now - _LIVES_FOR
        self.ingest = {key: job for key, job in self.ingest.items() if job.created_at > limit or job.state not in DONE}
        self.query = {key: job for key, job in self.query.items() if job.created_at > limit}
        self.batch = {key: job for key, job in self.batch.items() if job.created_at > limit or job.state == "Open"}

    def get_batch_job(self, job_id: str) -> BatchJob:
        self.forget_old()
        found = next((job for key, job in self.batch.items() if key[:15] == job_id[:15]), None)
        if found is None:
            raise SalesforceError("InvalidJob", f"Unable to find object with id: {job_id}")
        return found


def describe_job(job: IngestJob | QueryJob) -> dict[str, object]:
    """What both kinds of Bulk API 2.0 jobs tell of themselves."""
    return {
        "id": job.job_id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.created_by,
        "createdDate": to_wire(job.created_at),
        "systemModstamp": to_wire(job.created_at),
        "state": job.state,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": job.api_version,
        "lineEnding": job.line_ending,
        "columnDelimiter": job.column_delimiter,
    }


def _get(jobs: Mapping[str, Job], job_id: str) -> Job:
    found = jobs.get(find_id18(job_id) or "")
    if found is None:
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)
    return found


def is_listed(request: Request, shown: Mapping[str, object]) -> bool:
    """Whether a job meets the filters of a list. Source: "Get Information About All Jobs" and "... All Query Jobs"."""
    kinds_fit = all(
        request.query.get(name, shown.get(name)) == shown.get(name) for name in ("jobType", "concurrencyMode")
    )
    return kinds_fit and request.query.get("isPkChunkingEnabled", "").lower() != "true"
