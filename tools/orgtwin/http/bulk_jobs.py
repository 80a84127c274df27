"""What the twin remembers of bulk jobs, of both APIs.

Source: "Bulk API and Bulk API 2.0 Limits and Allocations" (Salesforce Developer Limits and Allocations Quick Reference).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TypeVar

from orgtwin.allocations import BULK_BATCHES
from orgtwin.errors import SalesforceError
from orgtwin.http.bulk_model import DONE, Batch, BatchJob, IngestJob, QueryJob
from orgtwin.http.bulk_rows import Outcome
from orgtwin.http.kept_bulk_jobs import AnyJob, KeptBulkJobs
from orgtwin.http.message import Request
from orgtwin.ids import find_id18
from orgtwin.organization import Organization
from orgtwin.soql import to_wire

Job = TypeVar("Job")
_LIVES_FOR = timedelta(days=7)
_LOOKS_AFTER = timedelta(hours=1)


def take_batches(request: Request, number: int) -> None:
    """Count batches of the day, which both APIs share. Raises ExceededQuota, in words that the guides of clients quote."""
    if not request.twin.allocations[BULK_BATCHES].take(number):
        raise SalesforceError("ExceededQuota", "ApiBatchItems Limit exceeded.")


def take_turn(request: Request) -> None:
    """Go on for the job's caller: others had their turn."""
    request.twin.events.begin_request(request.caller, request.path)


class BulkJobs:
    """All bulk jobs of one twin, oldest first. A job whose work is over is forgotten after seven days.

    Whoever makes a job or changes it calls `keep`: an org in a directory finds it there after a restart.
    """

    def __init__(self, org: Organization) -> None:
        self._org = org
        self._looked_at = org.clock()
        self._kept = KeptBulkJobs(org.kept_jobs)
        self.ingest = self._kept.ingest_jobs()
        self.query = self._kept.query_jobs()
        self.batch = self._kept.batch_jobs()

    def next_job_id(self) -> str:
        return self._org.ids.next_id("750")

    def next_batch_id(self) -> str:
        return self._org.ids.next_id("751")

    def next_result_id(self) -> str:
        return self._org.ids.next_id("752")

    def keep(self, job: AnyJob) -> None:
        """The job is as it should be found again."""
        self._kept.put(job)

    def save_rows(self, job: IngestJob | Batch, save: Callable[[], list[Outcome]]) -> None:
        """Save the next rows of a job and keep what became of them: both, or neither."""
        with self._org.transaction():
            outcomes = save()
            self._kept.put(job, outcomes)
        job.note(outcomes)
        self._kept.settle(job)

    def forget(self, job: IngestJob | QueryJob | BatchJob) -> None:
        """Let a job go, with all that belongs to it."""
        for jobs in (self.ingest, self.query, self.batch):
            jobs.pop(job.job_id, None)
        self._kept.drop(job)

    def get_ingest(self, job_id: str) -> IngestJob:
        self._forget_old()
        return _get(self.ingest, job_id)

    def get_query(self, job_id: str) -> QueryJob:
        self._forget_old()
        return _get(self.query, job_id)

    def get_batch_job(self, job_id: str) -> BatchJob:
        self._forget_old()
        found = next((job for key, job in self.batch.items() if key[:15] == job_id[:15]), None)
        if found is None:
            raise SalesforceError("InvalidJob", f"Unable to find object with id: {job_id}")
        return found

    def _forget_old(self) -> None:
        """Let jobs of seven days ago go, once an hour."""
        now = self._org.clock()
        if now - self._looked_at < _LOOKS_AFTER:
            return
        self._looked_at, limit = now, now - _LIVES_FOR
        done: list[IngestJob | QueryJob | BatchJob] = [job for job in self.ingest.values() if job.state in DONE]
        done += [*self.query.values(), *(job for job in self.batch.values() if job.state != "Open")]
        for job in done:
            if job.created_at <= limit:
                self.forget(job)


def describe_job(job: IngestJob | QueryJob) -> dict[str, object]:
    """What both kinds of Bulk API 2.0 jobs tell of themselves."""
    return {
        "id": job.job_id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.caller.user_id,
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
