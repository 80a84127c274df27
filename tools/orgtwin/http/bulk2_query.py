"""Bulk API 2.0, query: /jobs/query; and the flat rows that both bulk APIs answer.

The result is written down when the query runs; a long one while other requests are answered.
Source: "Bulk API 2.0 Query" (Bulk API 2.0 and Bulk API Developer Guide). The end of the results is told by the header
`Sforce-Locator: null`, the word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, islice

from orgtwin.allocations import BULK_QUERIES
from orgtwin.errors import SalesforceError
from orgtwin.http.bulk_jobs import BulkJobs, describe_job, is_listed
from orgtwin.http.bulk_model import DONE, QueryJob
from orgtwin.http.bulk_query_rules import Refuse, refuse_in_bulk_2, require_bulk_query
from orgtwin.http.bulk_results import BulkResult
from orgtwin.http.csv_rows import DELIMITERS, LINE_ENDINGS, cell, csv_lines, in_pieces
from orgtwin.http.message import Request, Response, json_response, no_content
from orgtwin.http.routing import Route
from orgtwin.soql import execute, to_wire
from orgtwin.soql.parser import parse
from orgtwin.soql.rows import Cell, QueryResult, ResultRow
from orgtwin.soql.tree import Fields, Query, Selected

_CSV = "text/csv"
_PAGE = 50_000
# Clients that see InProgress sleep for seconds: a result of so many pieces is written before they look.
_AT_ONCE = 40
_PARALLEL_PAGES = 5


def run_bulk_query(request: Request, text: str, refuse: Refuse, *, all_rows: bool) -> tuple[list[str], QueryResult]:
    """Column names and the result. Raises for what bulk queries do not take."""
    tree = parse(text)
    require_bulk_query(request.org.schema, tree, refuse)
    result = execute(request.org, request.caller, text, all_rows=all_rows)
    return _columns(tree, result), result


def _columns(tree: Query, result: QueryResult) -> list[str]:
    """As the first record names them; as the query does where there is none, or where a parent is missing."""
    first = next(iter(result.slice(0, 1)), None)
    if any(isinstance(item, Fields) for item in tree.select):
        return [name for name, value in first.values.items() if not isinstance(value, dict)] if first else []
    names = []
    for item in tree.select:
        if isinstance(item, Selected):
            written = item.alias or item.expression.text
            names.append(_canonical(first, written.split(".")) if first else written)
    return names


def _canonical(row: ResultRow, path: Sequence[str]) -> str:
    """The path in the schema's own letters, as far as the row leads."""
    found = next((name for name in row.values if name.lower() == path[0].lower()), path[0])
    value = row.values.get(found)
    if len(path) == 1 or not isinstance(value, ResultRow):
        return ".".join((found, *path[1:]))
    return f"{found}.{_canonical(value, path[1:])}"


def _flat_row(row: ResultRow, columns: Sequence[str]) -> list[str]:
    """One record as cells."""
    return [cell(_wire(_find(row, column.split(".")))) for column in columns]


def _find(row: ResultRow, path: Sequence[str]) -> Cell:
    value: Cell = row
    for name in path:
        if not isinstance(value, ResultRow):
            return None
        value = value.values.get(name)
    return value


def _wire(value: Cell) -> object:
    return None if isinstance(value, ResultRow | list | dict) else to_wire(value)


def _jobs(request: Request) -> BulkJobs:
    return request.twin.part(BulkJobs)


def _job(request: Request) -> QueryJob:
    return _jobs(request).get_query(request.params["job_id"])


def create_job(request: Request) -> Response:
    """POST /jobs/query: the query runs at once; the next look says JobComplete."""
    body = request.json_object()
    operation, text = str(body.get("operation", "")), str(body.get("query", ""))
    if operation not in ("query", "queryAll"):
        raise SalesforceError("INVALIDJOB", f"InvalidJob : Unable to find operation: {operation}")
    delimiter, ending = str(body.get("columnDelimiter", "COMMA")), str(body.get("lineEnding", "LF"))
    if delimiter not in DELIMITERS or ending not in LINE_ENDINGS:
        raise SalesforceError(
            "INVALIDJOB", f"InvalidJob : Unknown columnDelimiter or lineEnding: {delimiter}, {ending}"
        )
    header, result = run_bulk_query(request, text, refuse_in_bulk_2, all_rows=operation == "queryAll")
    if not request.twin.allocations[BULK_QUERIES].take():
        raise SalesforceError("EXCEEDEDQUOTA", "ExceededQuota : The day's query jobs are used up.")  # ASSUMED: the text
    found = request.org.schema.find_type(parse(text).sources[0].path[0])
    job = QueryJob(
        job_id=_jobs(request).next_job_id(),
        operation=operation,
        object=found.api_name if found else "",
        query=text,
        column_delimiter=delimiter,
        line_ending=ending,
        caller=request.caller,
        created_at=request.org.clock(),
        api_version=request.api_version,
        header=header,
    )
    _jobs(request).query[job.job_id] = job
    answer = json_response(_shown(job))
    work = _write_down(_jobs(request), job, result)
    for _step in islice(work, _AT_ONCE):
        pass
    answer.afterwards = work
    return answer


def _write_down(jobs: BulkJobs, job: QueryJob, result: QueryResult) -> Iterator[float]:
    """Keep the rows as they are now, a piece a step. The first entry of the job goes with the first step."""
    job.state, job.result = "InProgress", BulkResult()
    jobs.keep(job)
    for _piece in job.result.take(result, partial(_lines, job)):
        yield 0.0
        if job.state != "InProgress":
            return
    job.state = "JobComplete"
    jobs.keep(job)


def _lines(job: QueryJob, rows: Sequence[ResultRow]) -> list[bytes]:
    return lines_of(rows, job.header, DELIMITERS[job.column_delimiter], LINE_ENDINGS[job.line_ending])


def lines_of(
    rows: Sequence[ResultRow], columns: Sequence[str], delimiter: str = ",", ending: str = "\n"
) -> list[bytes]:
    """Rows as lines of CSV."""
    return csv_lines((_flat_row(row, columns) for row in rows), delimiter, ending)


def run_again(request: Request, job: QueryJob) -> Iterator[float]:
    """A job that a restart has interrupted, from the start: nobody has seen a row of it."""
    try:
        run = run_bulk_query(request, job.query, refuse_in_bulk_2, all_rows=job.operation == "queryAll")
    except SalesforceError as error:
        job.state, job.error_message = "Failed", f"{error.code} : {error.message}"
        _jobs(request).keep(job)
        return
    job.header = run[0]
    yield from _write_down(_jobs(request), job, run[1])


def show_job(request: Request) -> Response:
    return json_response(_shown(_job(request)))


def list_jobs(request: Request) -> Response:
    listed = [_shown(job) for job in _jobs(request).query.values()]
    records = [shown for shown in listed if is_listed(request, shown)]
    return json_response({"done": True, "nextRecordsUrl": None, "records": records})


def delete_job(request: Request) -> Response:
    job = _job(request)
    if job.state not in DONE:
        raise SalesforceError("INVALIDJOBSTATE", f"Deleting a job in state {job.state} is not allowed")
    _jobs(request).forget(job)
    return no_content()


def abort_job(request: Request) -> Response:
    job = _job(request)
    if request.json_object().get("state") != "Aborted":
        raise SalesforceError("INVALIDJOBSTATE", "Invalid state. The only valid state is Aborted")
    if job.state in DONE:
        raise SalesforceError("INVALIDJOBSTATE", f"Aborting already {job.state} Job not allowed")
    job.state, job.result = "Aborted", None
    _jobs(request).keep(job)
    return json_response(_shown(job))


def _shown(job: QueryJob) -> dict[str, object]:
    shown = describe_job(job)
    if job.error_message is not None:
        shown["errorMessage"] = job.error_message
    if job.state == "JobComplete" and job.result is not None:
        shown |= {
            "jobType": "V2Query",
            "numberRecordsProcessed": job.result.total_size,
            "retries": 0,
            "totalProcessingTime": 0,
            "isPkChunkingSupported": True,
        }
    return shown


def show_results(request: Request) -> Response:
    """One page of the result as CSV; `locator` is the number of rows already read, as text of our own."""
    job, result = _finished(request)
    size = _number(request, "maxRecords", _PAGE)
    start = _number(request, "locator", 0)
    end = min(start + size, result.total_size)
    locator = str(end) if end < result.total_size else "null"
    first = csv_lines([job.header], DELIMITERS[job.column_delimiter], LINE_ENDINGS[job.line_ending])
    pieces = in_pieces(chain(first, result.slice(start, size)))
    headers = (("Sforce-Locator", locator), ("Sforce-NumberOfRecords", str(max(0, end - start))))
    return Response(200, content_type=_CSV, headers=headers, stream=pieces)


def show_result_pages(request: Request) -> Response:
    """The addresses of up to five pages, which clients read at the same time."""
    job, result = _finished(request)
    root = f"{request.data_path}/jobs/query/{job.job_id}"
    start = _number(request, "locator", 0)
    starts = list(range(start, result.total_size, _PAGE))
    pages = [{"resultUrl": f"{root}/results?locator={at}"} for at in starts[:_PARALLEL_PAGES]]
    rest = starts[_PARALLEL_PAGES:]
    following = f"{root}/resultPages?locator={rest[0]}" if rest else None
    return json_response({"resultPages": pages, "nextRecordsUrl": following, "done": not rest})


def _finished(request: Request) -> tuple[QueryJob, BulkResult]:
    """Results are read in the version that made the job ("Get Results for a Query Job"). ASSUMED: code and text of the 409."""
    job = _job(request)
    if job.api_version != request.api_version:
        text = f"Use the API version with which the query job was created: {job.api_version}"
        raise SalesforceError("API_VERSION_MISMATCH", text, status=409)
    if job.state != "JobComplete" or job.result is None:
        raise SalesforceError(
            "INVALIDJOBSTATE", "Job is not complete. Results are available when it is"
        )  # ASSUMED text
    return job, job.result


def _number(request: Request, name: str, default: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if not text.isdigit() or (name == "maxRecords" and int(text) == 0):
        raise SalesforceError("INVALIDJOB", f"InvalidJob : Invalid {name}: {text}")
    return int(text)


_ROOT = "/services/data/{version}/jobs/query"
_JOB = f"{_ROOT}/{{job_id}}"
ROUTES = (
    Route("POST", _ROOT, create_job, since=47.0),
    Route("GET", _ROOT, list_jobs, since=47.0),
    Route("GET", _JOB, show_job, since=47.0),
    Route("PATCH", _JOB, abort_job, since=47.0),
    Route("DELETE", _JOB, delete_job, since=47.0),
    Route("GET", f"{_JOB}/results", show_results, since=47.0),
    Route("GET", f"{_JOB}/resultPages", show_result_pages, since=58.0),
)
