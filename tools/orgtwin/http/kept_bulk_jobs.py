"""Bulk jobs of an org that is kept in a directory: an entry for each job and batch, and files for what may be long.

    <id>.upload      what the client sent
    <id>.outcomes    what became of its rows: pieces of MessagePack, each after its length in four bytes
    <id>.rows        what a query found

The entry says how much of the outcomes counts. It is written in the frame of the rows' own commit: after a kill the job goes on
behind the last row that is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Generic, TypeVar

import msgspec

from orgtwin.http.bulk_model import Batch, BatchJob, IngestJob, QueryJob
from orgtwin.http.bulk_results import BulkResult
from orgtwin.http.bulk_rows import Outcome
from orgtwin.http.uploads import Upload
from orgtwin.records.kept_jobs import KeptJobs

AnyJob = IngestJob | QueryJob | BatchJob | Batch
T = TypeVar("T")
WithRows = TypeVar("WithRows", IngestJob, Batch)
_INGEST, _QUERY, _JOB, _BATCH = "ingest", "query", "batch-job", "batch"
_KINDS: dict[type[AnyJob], str] = {IngestJob: _INGEST, QueryJob: _QUERY, BatchJob: _JOB, Batch: _BATCH}
_LENGTH = 4

_encode = msgspec.msgpack.Encoder().encode
_decode_outcomes = msgspec.msgpack.Decoder(list[Outcome]).decode


class _Entry(msgspec.Struct, Generic[T], frozen=True):
    """A job without what its files hold. `result` is None, or where its pieces end and how many rows they have."""

    job: T
    outcomes: int = 0
    has_upload: bool = False
    result: tuple[list[int], int] | None = None


class KeptBulkJobs:
    """Between BulkJobs and the directory."""

    def __init__(self, kept: KeptJobs) -> None:
        self._kept = kept
        self._sizes: dict[str, int] = {}  # of the outcomes that count
        self._next_sizes: dict[str, int] = {}

    # ---- writing

    def put(self, job: AnyJob, outcomes: Sequence[Outcome] = ()) -> None:
        """Keep a job as it is, with the outcomes of further rows; `settle` once they are committed."""
        if not self._kept.is_kept:
            return
        size = self._sizes.get(job.key, 0)
        if outcomes:
            piece = _encode(outcomes)
            self._kept.write_at(f"{job.key}.outcomes", size, len(piece).to_bytes(_LENGTH, "big") + piece)
            size = self._next_sizes[job.key] = size + _LENGTH + len(piece)
        self._kept.put(_KINDS[type(job)], job.key, self._entry(job, size))

    def settle(self, job: IngestJob | Batch) -> None:
        """The rows of the last `put` are there."""
        if job.key in self._next_sizes:
            self._sizes[job.key] = self._next_sizes.pop(job.key)

    def drop(self, job: IngestJob | QueryJob | BatchJob) -> None:
        for batch in job.batches.values() if isinstance(job, BatchJob) else ():
            self._kept.drop(_BATCH, batch.key)
        self._kept.drop(_KINDS[type(job)], job.key)

    def _entry(self, job: AnyJob, outcomes: int) -> object:
        if isinstance(job, BatchJob):
            return _Entry(replace(job, batches={}))
        result = None if isinstance(job, IngestJob) else self._kept_result(job)
        if isinstance(job, QueryJob):
            return _Entry(replace(job, result=None), result=result)
        if job.upload is not None and not job.upload.is_kept:
            job.upload = job.upload.kept_at(self._kept.folder / f"{job.key}.upload")
        slim = replace(job, upload=None, outcomes=[], failed=0)
        if isinstance(slim, Batch):
            slim = replace(slim, result=None)
        return _Entry(slim, outcomes, job.upload is not None, result)

    def _kept_result(self, job: QueryJob | Batch) -> tuple[list[int], int] | None:
        """None while the query runs: it is run again after a restart."""
        if job.result is None or job.state not in ("JobComplete", "Completed"):
            return None
        if not job.result.spool.is_kept:
            job.result.spool = job.result.spool.kept_at(self._kept.folder / f"{job.key}.rows")
        return job.result.ends, job.result.total_size

    # ---- reading

    def ingest_jobs(self) -> dict[str, IngestJob]:
        entries = self._kept.of_kind(_INGEST, _Entry[IngestJob])
        return {key: self._with_rows(key, entry, entry.job) for key, entry in entries.items()}

    def query_jobs(self) -> dict[str, QueryJob]:
        entries = self._kept.of_kind(_QUERY, _Entry[QueryJob])
        return {key: replace(entry.job, result=self._result(key, entry.result)) for key, entry in entries.items()}

    def batch_jobs(self) -> dict[str, BatchJob]:
        jobs = {key: entry.job for key, entry in self._kept.of_kind(_JOB, _Entry[BatchJob]).items()}
        for key, entry in self._kept.of_kind(_BATCH, _Entry[Batch]).items():
            batch = self._with_rows(key, entry, replace(entry.job, result=self._result(key, entry.result)))
            jobs[batch.job_id].batches[key] = batch
        return jobs

    def _with_rows(self, key: str, entry: _Entry[WithRows], job: WithRows) -> WithRows:
        job.upload = Upload.at(self._kept.folder / f"{key}.upload") if entry.has_upload else None
        self._sizes[key] = entry.outcomes
        content = self._kept.read_file(f"{key}.outcomes")[: entry.outcomes] if entry.outcomes else b""
        start = 0
        while start < len(content):
            end = start + _LENGTH + int.from_bytes(content[start : start + _LENGTH], "big")
            job.note(_decode_outcomes(content[start + _LENGTH : end]))
            start = end
        return job

    def _result(self, key: str, shape: tuple[list[int], int] | None) -> BulkResult | None:
        return None if shape is None else BulkResult(Upload.at(self._kept.folder / f"{key}.rows"), *shape)
