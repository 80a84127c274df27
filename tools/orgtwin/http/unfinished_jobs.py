"""What a stop or a kill has interrupted goes on when the org is served again: bulk jobs, and deploys that waited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orgtwin.http.bulk1 import take_to_end
from orgtwin.http.bulk2_ingest import RUNNING, complete
from orgtwin.http.bulk2_query import run_again
from orgtwin.http.bulk_jobs import BulkJobs
from orgtwin.http.message import Request
from orgtwin.http.twin import Twin
from orgtwin.metadata.service import MetadataService
from orgtwin.records.model import Caller

_BULK_1, _BULK_2 = "/services/async/{}/job", "/services/data/v{}/jobs"


def unfinished_work(twin: Twin) -> Iterator[Iterable[float]]:
    """Carry out the deploys; answer what is left to do of each job, step by step; each step yields the seconds until the next."""
    twin.part(MetadataService).release()
    jobs = twin.part(BulkJobs)
    for ingest in list(jobs.ingest.values()):
        if ingest.state in RUNNING:
            yield complete(_on_behalf(twin, _BULK_2, ingest.caller), ingest)
    for query in list(jobs.query.values()):
        if query.state in RUNNING:
            yield run_again(_on_behalf(twin, _BULK_2, query.caller), query)
    for job in list(jobs.batch.values()):
        for batch in list(job.batches.values()):
            if batch.state in ("Queued", "InProgress"):
                yield take_to_end(_on_behalf(twin, _BULK_1, batch.caller, batch.sent), job, batch)


def _on_behalf(twin: Twin, path: str, caller: Caller, body: bytes = b"") -> Request:
    """The request that began the work, as far as the work asks for it."""
    return Request(
        twin=twin,
        method="POST",
        path=path.format(f"{caller.api_version:.1f}"),
        raw_query="",
        headers={},
        body=body,
        base_url="",
        remote_address="127.0.0.1",
        api_version=caller.api_version,
        _caller=caller,
    )
