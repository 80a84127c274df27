"""Bulk API 2.0, ingest: /jobs/ingest.

The rows of a job are saved once its upload is declared complete, a chunk of 200 at a time; other requests are answered in between.
Source: "Bulk API 2.0 Ingest" (Bulk API
2.0 and Bulk API Developer Guide), with its limits: 150 MB an upload; one upload a job; 100,000 characters in a multipart job.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from time import perf_counter

from orgtwin.errors import SalesforceError
from orgtwin.http.bulk_jobs import BulkJobs, describe_job, is_listed, take_batches, take_turn
from orgtwin.http.bulk_model import DONE, IngestJob
from orgtwin.http.bulk_rows import OPERATIONS, Target, require_columns, save_chunk
from orgtwin.http.csv_rows import (
    DELIMITERS,
    LINE_ENDINGS,
    RowReader,
    in_chunks,
    read_csv,
    write_csv,
)
from orgtwin.http.latency import ROWS_OF_A_BATCH
from orgtwin.http.message import Request, Response, decode_json_object, json_response, no_content
from orgtwin.http.multipart import get_part, is_multipart, parse_multipart
from orgtwin.http.routing import Route
from orgtwin.http.uploads import Upload
from orgtwin.schema.elsewhere import find_elsewhere
from orgtwin.soql import to_wire

log = logging.getLogger("orgtwin")

UPLOAD_LIMIT = 150 * 1024 * 1024
# Clients that see InProgress sleep for seconds: a job of so many chunks, which takes a moment, is done before they look.
_AT_ONCE = 10
_MULTIPART_LIMIT = 100_000
_CSV = "text/csv"
RUNNING = frozenset({"UploadComplete", "InProgress"})


def _jobs(request: Request) -> BulkJobs:
    return request.twin.part(BulkJobs)


def _job(request: Request) -> IngestJob:
    return _jobs(request).get_ingest(request.params["job_id"])


def create_job(request: Request) -> Response:
    """POST /jobs/ingest, with the data in the same request when it is multipart."""
    content_type = request.headers.get("content-type", "")
    if is_multipart(content_type):
        parts = parse_multipart(request.body, content_type)
        body = decode_json_object(get_part(parts, "job").content)
        job = _new_job(request, body)
        content = get_part(parts, "content").content
        if len(content) > _MULTIPART_LIMIT:
            raise _invalid(f"The data of a multipart job is limited to {_MULTIPART_LIMIT} characters")
        job.upload = Upload.of(content)
        _jobs(request).ingest[job.job_id] = job
        return _run(request, job)
    job = _new_job(request, request.json_object())
    _jobs(request).ingest[job.job_id] = job
    _jobs(request).keep(job)
    return json_response(_shown(job))


def _invalid(text: str) -> SalesforceError:
    return SalesforceError("INVALIDJOB", f"InvalidJob : {text}")


def _new_job(request: Request, body: Mapping[str, object]) -> IngestJob:
    operation = str(body.get("operation", ""))
    if operation not in OPERATIONS:
        raise _invalid(f"Unable to find operation: {operation}")
    name = str(body.get("object", ""))
    found = request.org.schema.find_type(name)
    if found is None or not request.org.access.can(request.caller, found.api_name, "read"):
        raise find_elsewhere(name) or _invalid(f"Unable to find object: {name}")
    delimiter = str(body.get("columnDelimiter", "COMMA"))
    ending = str(body.get("lineEnding", "LF"))
    if delimiter not in DELIMITERS or ending not in LINE_ENDINGS:
        raise _invalid(f"Unknown columnDelimiter or lineEnding: {delimiter}, {ending}")
    if str(body.get("contentType", "CSV")) != "CSV":
        raise _invalid(f"Unsupported contentType: {body['contentType']}")
    if operation == "hardDelete":
        require_hard_delete(request)
    return IngestJob(
        job_id=_jobs(request).next_job_id(),
        operation=operation,
        object=found.api_name,
        external_id_field=_external_id(request, body, operation, found.api_name),
        column_delimiter=delimiter,
        line_ending=ending,
        caller=replace(request.caller, assignment=assignment_rule(body)),
        created_at=request.org.clock(),
        api_version=request.api_version,
    )


def assignment_rule(values: Mapping[str, object]) -> str | None:
    """The assignment rule of a job; none by itself. Source: "Create a Job" (Bulk API 2.0 and Bulk API Developer Guide)."""
    found = values.get("assignmentRuleId")
    return str(found) if found else None


def _external_id(request: Request, body: Mapping[str, object], operation: str, object_name: str) -> str | None:
    name = body.get("externalIdFieldName")
    if operation != "upsert":
        return None
    if not isinstance(name, str) or not name:
        raise _invalid("External ID field name must be specified for upsert job")
    found = request.org.schema.find_type(object_name)
    field = found.find_field(name) if found else None
    if field is None or not (field.external_id or field.id_lookup or field.api_name == "Id"):
        raise _invalid(
            f"Field name provided, {name} does not match an External ID, Salesforce Id, or indexed field for {object_name}"
        )
    return field.api_name


def require_hard_delete(request: Request) -> None:
    if not request.org.access.has_permission(request.caller, "BulkApiHardDelete"):
        raise SalesforceError(
            "FEATURENOTENABLED",
            "FeatureNotEnabled : hardDelete operation requires special user profile permission, "
            "please contact your system administrator",
        )


def upload(request: Request) -> Response:
    """PUT /jobs/ingest/{id}/batches: the data, once."""
    job = _job(request)
    if job.state != "Open":
        raise SalesforceError("INVALIDJOBSTATE", "Job state must be Open to upload data")
    if job.upload is not None:
        raise SalesforceError(
            "INVALIDJOB",
            f"Found multiple contents for job: <{job.job_id}>, please 'Close' / 'Abort' / 'Delete' the current Job then "
            "create a new Job and make sure you only do 'PUT' once on a given Job.",
        )
    job.upload = request.upload
    _jobs(request).keep(job)
    return Response(201)


def change_state(request: Request) -> Response:
    """PATCH /jobs/ingest/{id}: UploadComplete runs the job, Aborted ends it."""
    job = _job(request)
    state = request.json_object().get("state")
    if state not in ("UploadComplete", "Aborted"):
        raise SalesforceError("INVALIDJOBSTATE", f"Invalid state: {state}. Valid states are UploadComplete and Aborted")
    may_abort = state == "Aborted" and job.state in RUNNING
    if job.state != "Open" and not may_abort:
        raise SalesforceError("INVALIDJOBSTATE", f"Closing already {job.state} Job not allowed")
    if state == "Aborted":
        job.state = "Aborted"
        _jobs(request).keep(job)
        return json_response(_shown(job))
    return _run(request, job)


def _run(request: Request, job: IngestJob) -> Response:
    """Answers that the upload is complete; a short job is done by then."""
    job.state = "UploadComplete"
    _jobs(request).keep(job)
    answer = json_response(_shown(job))
    work = complete(request, job)
    if request.twin.latency.batch == 0:
        for _step in islice(work, _AT_ONCE):
            pass
    answer.afterwards = work
    return answer


def complete(request: Request, job: IngestJob) -> Iterator[float]:
    """Save every row that has no outcome yet, a chunk a step.

    What is wrong with the upload as a whole fails the job; rows already saved stay saved.
    """
    started, jobs = perf_counter(), _jobs(request)
    job.state = "InProgress"
    try:
        yield from _save_all(request, job)
        if job.state == "InProgress":
            job.state = "JobComplete"
    except SalesforceError as error:
        _fail(job, error)
    except Exception:
        log.exception("bulk job %s failed", job.job_id)
        _fail(job, SalesforceError("InternalServerError", "An unexpected error occurred in orgtwin; see its log."))
    job.modified_at = request.org.clock()
    job.milliseconds = round((perf_counter() - started) * 1_000)
    jobs.keep(job)


def _fail(job: IngestJob, error: SalesforceError) -> None:
    job.state = "Failed"
    job.error_message = f"{error.code} : {error.message}"


def _save_all(request: Request, job: IngestJob) -> Iterator[float]:
    lines = read_csv(_data(job), DELIMITERS[job.column_delimiter])
    header = next(lines, None)
    if header is None:
        raise SalesforceError("InvalidBatch", "The upload is empty")
    _require_line_ending(job)
    require_columns(request, job.operation, job.object, header)
    reader = RowReader(header)
    org, jobs = request.org, _jobs(request)
    for chunk in in_chunks(islice(lines, len(job.outcomes), None)):
        if job.state != "InProgress" or request.org is not org:
            return  # aborted, or the org was reset: nobody will ask
        take_turn(request)
        caller = replace(request.caller, assignment=job.caller.assignment, is_bulk=True)
        target = Target(request.dml, caller, job.operation, job.object, job.external_id_field)
        before = len(job.outcomes)
        if before % ROWS_OF_A_BATCH == 0:
            take_batches(request, 1)
        jobs.save_rows(job, partial(save_chunk, target, reader.rows(chunk)))
        yield request.twin.latency.of_batches(before, len(job.outcomes))


def _require_line_ending(job: IngestJob) -> None:
    first = _data(job).readline()
    is_crlf = first.endswith(b"\r\n")
    if first.endswith(b"\n") and is_crlf != (job.line_ending == "CRLF"):
        raise SalesforceError(
            "ClientInputError", f"LineEnding is invalid on user data. Current LineEnding setting is {job.line_ending}"
        )


def show_job(request: Request) -> Response:
    return json_response(_shown(_job(request)))


def list_jobs(request: Request) -> Response:
    """Oldest first; the twin answers them all on one page."""
    listed = [_shown(job) for job in _jobs(request).ingest.values()]
    records = [shown for shown in listed if is_listed(request, shown)]
    return json_response({"done": True, "nextRecordsUrl": None, "records": records})


def delete_job(request: Request) -> Response:
    job = _job(request)
    if job.state not in DONE:
        raise SalesforceError("INVALIDJOBSTATE", f"Deleting a job in state {job.state} is not allowed")
    _jobs(request).forget(job)
    return no_content()


def _shown(job: IngestJob) -> dict[str, object]:
    shown = describe_job(job) | {"systemModstamp": to_wire(job.modified_at or job.created_at), "jobType": "V2Ingest"}
    if job.state == "Open":
        shown["contentUrl"] = f"services/data/v{job.api_version:.1f}/jobs/ingest/{job.job_id}/batches"
    if job.external_id_field is not None:
        shown["externalIdFieldName"] = job.external_id_field
    if job.state in DONE or job.state == "InProgress":
        shown |= {
            "numberRecordsProcessed": len(job.outcomes),
            "numberRecordsFailed": job.failed,
            "retries": 0,
            "totalProcessingTime": job.milliseconds,
            "apiActiveProcessingTime": job.milliseconds,
            "apexProcessingTime": 0,
        }
    if job.error_message is not None:
        shown["errorMessage"] = job.error_message
    return shown


def _result(job: IngestJob, first: Sequence[str], rows: Iterator[Sequence[object]]) -> Response:
    lines = _readable(job)
    header = [*first, *next(lines, [])]
    pieces = write_csv(_chain(header, rows), DELIMITERS[job.column_delimiter], LINE_ENDINGS[job.line_ending])
    return Response(200, content_type=_CSV, stream=pieces)


def _chain(header: Sequence[object], rows: Iterator[Sequence[object]]) -> Iterator[Sequence[object]]:
    yield header
    yield from rows


def _uploaded(job: IngestJob) -> Iterator[list[str]]:
    """The rows of the upload, without its header."""
    lines = _readable(job)
    next(lines, None)
    return lines


def _readable(job: IngestJob) -> Iterator[list[str]]:
    """The upload as far as it is CSV: where it is none, the job has failed and its message says so."""
    try:
        yield from read_csv(_data(job), DELIMITERS[job.column_delimiter])
    except SalesforceError:
        return


def _data(job: IngestJob) -> io.BufferedReader:
    return (job.upload or Upload()).reader()


def _require_done(job: IngestJob) -> None:
    if job.state not in DONE:
        raise SalesforceError("INVALIDJOBSTATE", "Job is not complete. Results are available when it is")


def successful_results(request: Request) -> Response:
    job = _job(request)
    _require_done(job)
    saved = (
        (outcome.record_id, "true" if outcome.created else "false", *cells)
        for outcome, cells in zip(job.outcomes, _uploaded(job), strict=False)
        if outcome.success
    )
    return _result(job, ("sf__Id", "sf__Created"), saved)


def failed_results(request: Request) -> Response:
    job = _job(request)
    _require_done(job)
    refused = (
        (outcome.record_id, outcome.error, *cells)
        for outcome, cells in zip(job.outcomes, _uploaded(job), strict=False)
        if not outcome.success
    )
    return _result(job, ("sf__Id", "sf__Error"), refused)


def unprocessed_records(request: Request) -> Response:
    """Rows of a failed or aborted job that were never tried."""
    job = _job(request)
    _require_done(job)
    left = (cells for at, cells in enumerate(_uploaded(job)) if at >= len(job.outcomes))
    return _result(job, (), left)


_ROOT = "/services/data/{version}/jobs/ingest"
_JOB = f"{_ROOT}/{{job_id}}"
ROUTES = (
    Route("POST", _ROOT, create_job, since=41.0),
    Route("GET", _ROOT, list_jobs, since=41.0),
    Route("GET", _JOB, show_job, since=41.0),
    Route("PATCH", _JOB, change_state, since=41.0),
    Route("DELETE", _JOB, delete_job, since=41.0),
    Route("PUT", f"{_JOB}/batches", upload, max_body=UPLOAD_LIMIT, spools=True, since=41.0),
    Route("GET", f"{_JOB}/successfulResults", successful_results, since=41.0),
    Route("GET", f"{_JOB}/failedResults", failed_results, since=41.0),
    Route("GET", f"{_JOB}/unprocessedrecords", unprocessed_records, since=41.0),
    Route("GET", f"{_JOB}/unprocessedRecords", unprocessed_records, since=41.0),
)
