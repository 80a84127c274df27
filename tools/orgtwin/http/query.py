"""/query, /queryAll and their next pages; the same for the Tooling API, which has tables of its own.

Source: "Query", "QueryAll", "Query More" and "Query Performance Feedback" (REST API Developer Guide), Sforce-Query-Options.
"""

from __future__ import annotations

import re

from orgtwin.errors import SalesforceError
from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.open_cursors import OpenCursors
from orgtwin.http.recent_items import note_views
from orgtwin.http.routing import Route
from orgtwin.soql import (
    Cursor,
    QueryResult,
    VirtualTables,
    batch_size_of,
    column_metadata,
    execute,
    explain,
    plan_for,
    to_json,
)

_BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)
_SYMBOLS = re.compile(r"\bSymbolTable\b", re.IGNORECASE)


def _batch_size(request: Request) -> int:
    found = _BATCH_SIZE.search(request.headers.get("sforce-query-options", ""))
    return batch_size_of(int(found.group(1)) if found else None)


def run_query(request: Request, text: str, *, all_rows: bool = False, tooling: VirtualTables | None = None) -> Response:
    """The first batch of a query."""
    tables = tooling or request.twin.data_tables
    result = execute(request.org, request.caller, text, all_rows=all_rows, virtual=tables)
    size = _batch_size(request)
    if result.for_modes:
        seen = (row.record_id for row in result.slice(0, size))
        note_views(request, [record_id for record_id in seen if record_id], result.for_modes)
    locator = ""
    if len(result.selected) > size:
        cursors = request.twin.part(OpenCursors)
        locator = cursors.open_for(request, result, size, all_rows=all_rows, is_tooling=tooling is not None)
    return _batch(request, result, locator, 0, size, tooling=tooling is not None)


def _batch(request: Request, result: QueryResult, locator: str, start: int, size: int, *, tooling: bool) -> Response:
    area = f"{request.data_path}/tooling" if tooling else request.data_path
    body = to_json(result, area, start=start, size=size, next_records_url=lambda row: f"{area}/query/{locator}-{row}")
    if not tooling:
        return json_response(body)
    first = result.slice(start, 1) if result.selected else []
    # The Tooling API's answers carry three more members; CumulusCI reads `size`.
    extra = {
        "size": len(result.selected[start : start + size]),
        "queryLocator": None,
        "entityTypeName": first[0].sobject_type if first else None,
    }
    return json_response({**extra, **body})


def _text(request: Request) -> str:
    text = request.query.get("q")
    if text is None:
        raise SalesforceError("MALFORMED_QUERY", "A query string has to be specified")
    return text


def _answer(request: Request, *, all_rows: bool, tooling: VirtualTables | None) -> Response:
    """What the parameters ask for: a plan, the description of the columns, or the rows."""
    tables = tooling or request.twin.data_tables
    if "explain" in request.query:
        return json_response(explain(request.org, request.caller, request.query["explain"], tables))
    text = _text(request)
    if request.query.get("columns", "").lower() == "true":
        return json_response(column_metadata(plan_for(request.org, request.caller, text, tables)))
    return run_query(request, text, all_rows=all_rows, tooling=tooling)


def query(request: Request) -> Response:
    return _answer(request, all_rows=False, tooling=None)


def query_all(request: Request) -> Response:
    return _answer(request, all_rows=True, tooling=None)


def tooling_query(request: Request) -> Response:
    """Those who ask for symbols read classes and triggers from tables that have them."""
    tables = request.twin.tooling_tables
    if _SYMBOLS.search(request.query.get("q", "")):
        from orgtwin.apex.symbol_tables import SymbolTables

        tables = request.twin.part(SymbolTables).over(tables)
    return _answer(request, all_rows=False, tooling=tables)


def _cursor(request: Request) -> tuple[str, Cursor, int]:
    cursors, locator = request.twin.part(OpenCursors), request.params["locator"]
    cursors.wake(request, locator.partition("-")[0])
    return cursors.get(request.caller.user_id, locator)


def query_more(request: Request) -> Response:
    cursor_id, cursor, start = _cursor(request)
    return _batch(request, cursor.result, cursor_id, start, cursor.batch_size, tooling=False)


def tooling_query_more(request: Request) -> Response:
    cursor_id, cursor, start = _cursor(request)
    return _batch(request, cursor.result, cursor_id, start, cursor.batch_size, tooling=True)


_ROOT = "/services/data/{version}"
ROUTES = (
    Route("GET", f"{_ROOT}/query", query),
    Route("GET", f"{_ROOT}/query/{{locator}}", query_more),
    Route("GET", f"{_ROOT}/queryAll", query_all),
    Route("GET", f"{_ROOT}/queryAll/{{locator}}", query_more),
    Route("GET", f"{_ROOT}/tooling/query", tooling_query),
    Route("GET", f"{_ROOT}/tooling/query/{{locator}}", tooling_query_more),
)
