"""Jobs of both bulk APIs as the twin remembers them.

What a client sent (`upload`) and what a query found (`result`) may be long: they are spooled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from orgtwin.http.bulk_results import BulkResult
from orgtwin.http.bulk_rows import Outcome
from orgtwin.http.uploads import Upload
from orgtwin.records.model import Caller

DONE = frozenset({"JobComplete", "Failed", "Aborted"})


@dataclass(frozen=True, slots=True)
class Chunking:
    """How the header of a Bulk API 1.0 job asks for chunks: so many record ids each, from `start_row` on."""

    size: int
    start_row: str = ""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of rows, one entry for each, in their order."""

    outcomes: list[Outcome] = field(default_factory=list)
    failed: int = 0

    def note(self, outcomes: Sequence[Outcome]) -> None:
        """What became of the next rows."""
        self.outcomes.extend(outcomes)
        self.failed += sum(1 for outcome in outcomes if outcome.error)


@dataclass(slots=True)
class IngestJob(Tally):
    """One Bulk API 2.0 ingest job. The upload stays as it came; `outcomes` has one entry for each of its rows."""

    job_id: str
    operation: str
    object: str
    external_id_field: str | None
    column_delimiter: str
    line_ending: str
    caller: Caller
    created_at: datetime
    api_version: float
    state: str = "Open"
    error_message: str | None = None
    upload: Upload | None = None
    modified_at: datetime | None = None
    milliseconds: int = 0

    @property
    def key(self) -> str:
        return self.job_id


@dataclass(slots=True)
class QueryJob:
    """One Bulk API 2.0 query job; its result is whole once the state is JobComplete."""

    job_id: str
    operation: str
    object: str
    query: str
    column_delimiter: str
    line_ending: str
    caller: Caller
    created_at: datetime
    api_version: float
    header: list[str] = field(default_factory=list)
    result: BulkResult | None = None
    state: str = "UploadComplete"
    error_message: str | None = None

    @property
    def key(self) -> str:
        return self.job_id


@dataclass(slots=True)
class Batch(Tally):
    """One batch of a Bulk API 1.0 job. `outcomes` is what became of its rows; `result` what its query found."""

    batch_id: str
    job_id: str
    created_at: datetime
    caller: Caller
    state: str = "Queued"
    state_message: str | None = None
    upload: Upload | None = None
    header: list[str] = field(default_factory=list)
    result: BulkResult | None = None
    result_id: str | None = None

    @property
    def key(self) -> str:
        return self.batch_id

    @property
    def processed(self) -> int:
        return self.result.total_size if self.result else len(self.outcomes)

    @property
    def sent(self) -> bytes:
        """What was posted, as it came."""
        return self.upload.reader().read() if self.upload else b""


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
    assignment_rule_id: str | None = None
    batches: dict[str, Batch] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.job_id
