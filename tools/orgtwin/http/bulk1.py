"""Bulk API 1.0: /services/async/NN.0/job.

A batch is saved when it arrives. Clients that see InProgress sleep for ten seconds, so none ever does, unless a latency is set.
Source: "Bulk API" part of "Bulk API 2.0 and Bulk API Developer Guide", with its limits: 10 MB and 10,000 records a batch.
The texts of a batch that is too large are those that its clients have shown; the org counts one more than the records.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from orgtwin.errors import SalesforceError, Unsupported
from orgtwin.http import bulk1_xml as form
from orgtwin.http.bulk1_query import CSV, QUERY_RESULT, chunks_of, read_chunking, require_chunkable, written_down
from orgtwin.http.bulk2_ingest import require_hard_delete
from orgtwin.http.bulk2_query import run_bulk_query
from orgtwin.http.bulk_jobs import BulkJobs, take_batches, take_turn
from orgtwin.http.bulk_model import Batch, BatchJob, Chunking
from orgtwin.http.bulk_query_rules import refuse_in_bulk_1
from orgtwin.http.bulk_rows import OPERATIONS, Outcome, Target, require_columns, require_sizes, save_chunk
from orgtwin.http.csv_rows import CHUNK, RowReader, read_csv, write_csv
from orgtwin.http.message import Request, Response, encode_json, json_response
from orgtwin.http.routing import Door, Envelope, Handler, Route
from orgtwin.http.uploads import Upload
from orgtwin.schema.elsewhere import find_elsewhere
from orgtwin.schema.model import SObjectType
from orgtwin.soql import QueryResult

log = logging.getLogger("orgtwin")

_BATCH_LIMIT = 10_000_000  # bytes, and with them characters
_TOO_LARGE = SalesforceError("ClientInputError", f"Failed to read request. Exceeded max size limit of {_BATCH_LIMIT}")
_MAX_RECORDS = 10_000
_TAKES_BATCHES_FOR = timedelta(hours=24)
_QUERIES = ("query", "queryAll")
_CONTENT_TYPES = ("CSV", "XML", "JSON")


def _jobs(request: Request) -> BulkJobs:
    return request.twin.part(BulkJobs)


def _job(request: Request) -> BatchJob:
    return _jobs(request).get_batch_job(request.params["job_id"])


def _batch(request: Request) -> tuple[BatchJob, Batch]:
    job = _job(request)
    wanted = request.params["batch_id"]
    found = next((batch for key, batch in job.batches.items() if key[:15] == wanted[:15]), None)
    if found is None:
        raise SalesforceError("InvalidBatch", f"Unable to find object with id: {wanted}")
    return job, found


def _as_json(job: BatchJob) -> bool:
    return job.content_type == "JSON"


def create_job(request: Request) -> Response:
    values = form.read_values(request)
    operation = values.get("operation", "")
    if operation not in (*OPERATIONS, *_QUERIES):
        raise SalesforceError("InvalidJob", f"Unable to find operation: {operation}")
    if operation == "hardDelete":
        require_hard_delete(request)
    name = values.get("object", "")
    found = request.org.schema.find_type(name)
    if found is None or not request.org.access.can(request.caller, found.api_name, "read"):
        unsupported = SalesforceError("InvalidEntity", f"Entity '{name}' is not supported by the Bulk API.")
        raise find_elsewhere(name) or unsupported
    content_type = values.get("contentType", "XML")
    if content_type not in _CONTENT_TYPES:
        raise Unsupported("bulk1.content-type", f"Bulk API 1.0 jobs with content type {content_type}")
    if operation == "upsert" and not values.get("externalIdFieldName"):
        raise SalesforceError("InvalidJob", "External ID was blank for upsert.")
    job = BatchJob(
        job_id=_jobs(request).next_job_id(),
        operation=operation,
        object=found.api_name,
        external_id_field=values.get("externalIdFieldName"),
        content_type=content_type,
        concurrency_mode=values.get("concurrencyMode", "Parallel"),
        created_by=request.caller.user_id,
        assignment_rule_id=values.get("assignmentRuleId"),
        created_at=request.org.clock(),
        api_version=request.api_version,
        chunking=read_chunking(request.headers.get("sforce-enable-pkchunking")) if operation in _QUERIES else None,
    )
    _jobs(request).batch[job.job_id] = job
    _jobs(request).keep(job)
    return _described(request, job, 201)


def _described(request: Request, job: BatchJob, status: int = 200) -> Response:
    return form.described(
        "jobInfo", form.job_values(job), as_json=form.is_json(request) or _as_json(job), status=status
    )


def show_job(request: Request) -> Response:
    return _described(request, _job(request))


def change_job(request: Request) -> Response:
    """Closed: no further batches. Aborted: as closed; what is saved stays saved."""
    job = _job(request)
    state = form.read_values(request).get("state", "")
    if state not in ("Closed", "Aborted"):
        raise SalesforceError("InvalidJobState", f"Invalid job state: {state}")
    if job.state != "Open":
        raise SalesforceError("InvalidJobState", f"Closing already {job.state.lower()} job not allowed")
    job.state = state
    _jobs(request).keep(job)
    return _described(request, job)


def add_batch(request: Request) -> Response:
    """Save the rows, or run the query, of one batch."""
    job = _job(request)
    take_batches(request, 1)  # a batch for a closed job counts too ("Bulk API Limits")
    if not request.body:
        raise SalesforceError("ClientInputError", "Unable to find any data to create batch")
    if job.state != "Open":
        raise SalesforceError("InvalidJobState", "Job is not open, cannot add batches")
    if request.org.clock() - job.created_at > _TAKES_BATCHES_FOR:
        raise SalesforceError("InvalidJobState", "Job is older than 24 hours, cannot add batches")  # ASSUMED: the text
    batch = Batch(_jobs(request).next_batch_id(), job.job_id, request.org.clock(), request.caller)
    batch.upload = Upload.of(request.body)
    job.batches[batch.batch_id] = batch
    _jobs(request).keep(batch)
    work = take_to_end(request, job, batch)
    if request.twin.latency.batch == 0:
        for _step in work:
            pass
    answer = form.described("batchInfo", form.batch_values(batch), as_json=_as_json(job), status=201)
    answer.afterwards = work
    return answer


def take_to_end(request: Request, job: BatchJob, batch: Batch) -> Iterator[float]:
    """Save the rows of a batch, or run its query, a chunk a step. `request` has what was posted as its body."""
    jobs = _jobs(request)
    batch.state = "InProgress"
    yield request.twin.latency.of_batches(0, 1)
    try:
        if job.operation in _QUERIES:
            _query(request, job, batch)
        else:
            yield from _save(request, job, batch)
        if batch.state == "InProgress":
            batch.state = "Completed"
    except SalesforceError as error:
        _fail(batch, error)
    except Exception:
        log.exception("batch %s failed", batch.batch_id)
        _fail(batch, SalesforceError("InternalServerError", "An unexpected error occurred in orgtwin; see its log."))
    jobs.keep(batch)


def _fail(batch: Batch, error: SalesforceError) -> None:
    batch.state = "Failed"
    batch.state_message = f"{error.code} : {error.message}"


def _query(request: Request, job: BatchJob, batch: Batch) -> None:
    text = request.body.decode("utf-8", "replace")
    batch.header, found = run_bulk_query(request, text, refuse_in_bulk_1, all_rows=job.operation == "queryAll")
    if job.chunking is not None:
        _cut(request, job, batch, text, found, job.chunking)
        return
    batch.result = written_down(job.content_type, batch.header, found)
    batch.result_id = _jobs(request).next_result_id()


def _cut(request: Request, job: BatchJob, batch: Batch, text: str, found: QueryResult, chunking: Chunking) -> None:
    """A batch for each chunk; the one that asked is NotProcessed, as "PK Chunking" says. All are kept together or none."""
    require_chunkable(text)
    jobs = _jobs(request)
    batch.state = "NotProcessed"
    with request.org.transaction():
        for chunk in chunks_of(request, job.object, chunking, found):
            take_batches(request, 1)
            part = Batch(jobs.next_batch_id(), job.job_id, request.org.clock(), request.caller, "Completed")
            part.header, part.result_id = batch.header, jobs.next_result_id()
            part.result = written_down(job.content_type, batch.header, chunk)
            part.upload = Upload.of(request.body)
            job.batches[part.batch_id] = part
            jobs.keep(part)
        jobs.keep(batch)


def _save(request: Request, job: BatchJob, batch: Batch) -> Iterator[float]:
    """From the first row on that has no outcome yet."""
    rows = _READ[job.content_type](request, job)
    if len(rows) > _MAX_RECORDS:
        most = f"Number of records should be less than or equal to {_MAX_RECORDS + 1}"
        raise SalesforceError("InvalidBatch", f"Exceeded number of records: {len(rows) + 1}. {most}")
    org, jobs = request.org, _jobs(request)
    for start in range(len(batch.outcomes), len(rows), CHUNK):
        if request.org is not org:
            return  # the org was reset: nobody will ask
        take_turn(request)
        caller = replace(request.caller, assignment=job.assignment_rule_id, is_bulk=True)
        target = Target(request.dml, caller, job.operation, job.object, job.external_id_field)
        jobs.save_rows(batch, partial(save_chunk, target, rows[start : start + CHUNK]))
        yield 0.0


def _read_csv(request: Request, job: BatchJob) -> Sequence[Mapping[str, object]]:
    lines = read_csv(request.body)
    header = next(lines, None)
    if header is None:
        raise SalesforceError("InvalidBatch", "The batch is empty")
    require_columns(request, job.operation, job.object, header)
    return RowReader(header).rows(list(lines))


def _read_json(request: Request, job: BatchJob) -> Sequence[Mapping[str, object]]:
    rows = request.json()
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SalesforceError("InvalidBatch", "The batch must be a JSON list of records")
    require_sizes(rows)
    found = request.org.schema.find_type(job.object)
    return [_plain(row, found) for row in rows]


@dataclass(frozen=True, slots=True)
class _Nested:
    """A list or an object in the place of a value, which no field takes."""

    text: str

    def __str__(self) -> str:
        return self.text


def _plain(row: Mapping[str, object], sobject_type: SObjectType | None) -> Mapping[str, object]:
    """Values as fields take or refuse them: only a parent is told by an object."""
    nested = {name: value for name, value in row.items() if isinstance(value, list | dict)}
    if not nested:
        return row
    return {**row, **{name: _nested(name, value, sobject_type) for name, value in nested.items()}}


def _nested(name: str, value: object, sobject_type: SObjectType | None) -> object:
    is_parent = sobject_type is not None and sobject_type.find_relationship(name) is not None
    return _plain(value, None) if isinstance(value, dict) and is_parent else _Nested(encode_json(value).decode())


def _read_xml(request: Request, _job: BatchJob) -> Sequence[Mapping[str, object]]:
    rows = form.read_records(request.body)
    require_sizes(rows)
    return rows


_READ: Mapping[str, Callable[[Request, BatchJob], Sequence[Mapping[str, object]]]] = {
    "CSV": _read_csv,
    "JSON": _read_json,
    "XML": _read_xml,
}


def show_batch(request: Request) -> Response:
    job, batch = _batch(request)
    return form.described("batchInfo", form.batch_values(batch), as_json=_as_json(job))


def list_batches(request: Request) -> Response:
    job = _job(request)
    rows = [form.batch_values(batch) for batch in job.batches.values()]
    return form.described_list("batchInfoList", "batchInfo", rows, as_json=_as_json(job))


def batch_request(request: Request) -> Response:
    """What was posted, as it came."""
    job, batch = _batch(request)
    return Response(200, batch.sent, {"CSV": CSV, "XML": form.XML, "JSON": form.JSON}[job.content_type])


def batch_result(request: Request) -> Response:
    """Outcomes of a save, in the form of the job; for a query, the ids of its results."""
    job, batch = _batch(request)
    if job.operation in _QUERIES:
        return form.result_list([batch.result_id] if batch.result_id else [], as_json=_as_json(job))
    if job.content_type == "CSV":
        rows = [(o.record_id, _word(o.success), _word(o.created), o.error) for o in batch.outcomes]
        return Response(200, b"".join(write_csv([("Id", "Success", "Created", "Error"), *rows])), CSV)
    results = [_result(outcome) for outcome in batch.outcomes]
    if job.content_type == "XML":
        return Response(200, form.results_xml(results), form.XML)
    answer = json_response(results)
    answer.content_type = form.JSON
    return answer


def _word(value: bool) -> str:
    return "true" if value else "false"


def _result(outcome: Outcome) -> dict[str, object]:
    errors = []
    if outcome.error:
        code, _, rest = outcome.error.partition(":")
        message, _, fields = rest.rpartition(":")
        named = [name.strip() for name in fields.removesuffix("--").split(",") if name.strip()]
        errors = [{"statusCode": code, "message": message, "fields": named}]
    return {"success": outcome.success, "created": outcome.created, "id": outcome.record_id or None, "errors": errors}


def query_result(request: Request) -> Response:
    job, batch = _batch(request)
    if batch.result is None or request.params["result_id"] != batch.result_id:
        raise SalesforceError("InvalidBatch", f"Unable to find result: {request.params['result_id']}")
    return QUERY_RESULT[job.content_type](request, batch.header, batch.result)


def _bulk(method: str, path: str, handler: Handler, **limits: Any) -> Route:
    return Route(method, f"/services/async/{{version}}/job{path}", handler, Door.BULK, Envelope.BULK1, **limits)


ROUTES = (
    _bulk("POST", "", create_job),
    _bulk("GET", "/{job_id}", show_job),
    _bulk("POST", "/{job_id}", change_job),
    _bulk("GET", "/{job_id}/batch", list_batches),
    _bulk("POST", "/{job_id}/batch", add_batch, max_body=_BATCH_LIMIT, too_large=_TOO_LARGE),
    _bulk("GET", "/{job_id}/batch/{batch_id}", show_batch),
    _bulk("GET", "/{job_id}/batch/{batch_id}/request", batch_request),
    _bulk("GET", "/{job_id}/batch/{batch_id}/result", batch_result),
    _bulk("GET", "/{job_id}/batch/{batch_id}/result/{result_id}", query_result),
)
