"""/composite, /composite/batch and /composite/graph: several requests in one call.

Source: "Composite", "Composite Batch", "Composite Graph" (REST API Developer Guide): 25 subrequests in a composite or batch; 75
graphs, 500 nodes in all graphs together. A composite and a graph may be all or nothing; a batch never is.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from orgtwin.errors import SalesforceError
from orgtwin.http.envelopes import error_row
from orgtwin.http.message import Request, Response, decode_json, encode_json, json_response
from orgtwin.http.references import resolve, resolve_text
from orgtwin.http.routing import Route

_MAX_SUBREQUESTS = 25
_MAX_GRAPHS = 75
_MAX_NODES = 500
_ROLLED_BACK = "The transaction was rolled back since another operation in the same transaction failed."
# What an address may hold unencoded here: clients send queries with raw spaces inside composite bodies.
_SAFE = "/?&=%+,'()*:!@$~.;<>\"{}[]"

Subrequest = Mapping[str, object]


def _subrequests(body: Mapping[str, object], name: str, most: int) -> list[Subrequest]:
    rows = body.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SalesforceError("JSON_PARSER_ERROR", f"Missing required field: {name}")
    if len(rows) > most:
        raise SalesforceError("LIMIT_EXCEEDED", f"Cannot have more than {most} subrequests in a single operation.")
    return rows


def _text(row: Subrequest, name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise SalesforceError("JSON_PARSER_ERROR", f"Missing required field: {name}")
    return value


def composite(request: Request) -> Response:
    """POST /composite."""
    body = request.json_object()
    rows = _subrequests(body, "compositeRequest", _MAX_SUBREQUESTS)
    _require_distinct_references(rows)
    return json_response({"compositeResponse": _run_all(request, rows, all_or_none=body.get("allOrNone") is True)})


def _require_distinct_references(rows: list[Subrequest]) -> None:
    seen: set[str] = set()
    for row in rows:
        name = _text(row, "referenceId")
        if name in seen:
            raise SalesforceError("INVALID_INPUT", f"Duplicate referenceId found: {name}")
        seen.add(name)


def _run_all(request: Request, rows: list[Subrequest], *, all_or_none: bool) -> list[dict[str, object]]:
    """Run in order; later ones see the answers of earlier ones."""
    if not all_or_none:
        return _run_each(request, rows, None)
    with request.org.transaction():
        return _run_each(request, rows, request.org.savepoint())


def _run_each(request: Request, rows: list[Subrequest], mark: object | None) -> list[dict[str, object]]:
    """With a mark the first refusal takes everything back."""
    answers: dict[str, object] = {}
    shown: list[dict[str, object]] = []
    for row in rows:
        response = _run_one(request, row, answers)
        content = _content(response)
        if response.status < 400:
            answers[_text(row, "referenceId")] = content
        shown.append(_shown(row, response.status, content, dict(response.headers)))
        if response.status >= 400 and mark is not None:
            request.org.rollback(mark)
            return _halted(rows, len(shown) - 1, shown[-1])
    return shown


def _halted(rows: list[Subrequest], failed: int, answer: dict[str, object]) -> list[dict[str, object]]:
    """All or nothing: the failed one tells why, the others that they were undone or never ran."""
    undone = [{"errorCode": "PROCESSING_HALTED", "message": _ROLLED_BACK}]
    return [answer if at == failed else _shown(row, 400, undone, {}) for at, row in enumerate(rows)]


def _shown(row: Subrequest, status: int, content: object, headers: Mapping[str, str]) -> dict[str, object]:
    return {
        "body": content,
        "httpHeaders": dict(headers),
        "httpStatusCode": status,
        "referenceId": _text(row, "referenceId"),
    }


def _run_one(request: Request, row: Subrequest, answers: Mapping[str, object]) -> Response:
    headers = row.get("httpHeaders")
    try:
        target = quote(resolve_text(_text(row, "url"), answers), safe=_SAFE)
        content = encode_json(resolve(row["body"], answers)) if "body" in row else b""
        sent = {str(name): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
        return request.inside(_text(row, "method"), target, content, sent)
    except SalesforceError as error:
        return json_response([error_row(error)], error.status)


def _content(response: Response) -> object:
    return decode_json(response.body) if response.body else None


def batch(request: Request) -> Response:
    """POST /composite/batch: independent requests; haltOnError leaves out what follows the first refusal."""
    body = request.json_object()
    rows = _subrequests(body, "batchRequests", _MAX_SUBREQUESTS)
    halt = body.get("haltOnError") is True
    results: list[dict[str, object]] = []
    failed = False
    for row in rows:
        if failed and halt:
            skipped = [{"errorCode": "BATCH_PROCESSING_HALTED", "message": "Batch processing halted per request"}]
            results.append({"statusCode": 412, "result": skipped})
            continue
        target = "/services/data/" + _text(row, "url").removeprefix("/services/data/").lstrip("/")
        content = encode_json(row["richInput"]) if "richInput" in row else b""
        response = request.inside(_text(row, "method"), quote(target, safe=_SAFE), content)
        failed = failed or response.status >= 400
        results.append({"statusCode": response.status, "result": _content(response)})
    return json_response({"hasErrors": failed, "results": results})


def graph(request: Request) -> Response:
    """POST /composite/graph: each graph is all or nothing on its own."""
    body = request.json_object()
    graphs = _subrequests(body, "graphs", _MAX_GRAPHS)
    listed = [(_text(g, "graphId"), _subrequests(g, "compositeRequest", _MAX_NODES)) for g in graphs]
    if sum(len(rows) for _, rows in listed) > _MAX_NODES:
        raise SalesforceError("LIMIT_EXCEEDED", f"Cannot have more than {_MAX_NODES} nodes in a single operation.")
    shown = []
    for graph_id, rows in listed:
        _require_distinct_references(rows)
        answers = _run_all(request, rows, all_or_none=True)
        good = all(_status(answer) < 400 for answer in answers)
        shown.append({"graphId": graph_id, "graphResponse": {"compositeResponse": answers}, "isSuccessful": good})
    return json_response({"graphs": shown})


def _status(answer: Mapping[str, object]) -> int:
    status = answer["httpStatusCode"]
    return status if isinstance(status, int) else 500


ROUTES = (
    Route("POST", "/services/data/{version}/composite", composite, since=38.0),
    Route("POST", "/services/data/{version}/composite/batch", batch, since=34.0),
    Route("POST", "/services/data/{version}/composite/graph", graph, since=50.0),
)
