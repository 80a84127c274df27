"""/composite, /composite/batch and /composite/graph: several requests in one call.

Source: "Composite", "allOrNone Parameters in Composite and Collections Requests", "Composite Batch", "Composite Graph" (REST API
Developer Guide). A composite and a graph may be all or nothing; a batch never is. What its parts may be
is in subrequests.py, which of them are saved together in collation.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from urllib.parse import quote

from orgtwin.errors import SalesforceError
from orgtwin.http.collation import group, save_together
from orgtwin.http.envelopes import error_row
from orgtwin.http.message import Request, Response, decode_json, encode_json, json_response
from orgtwin.http.references import resolve, resolve_text
from orgtwin.http.routing import Handler, Route
from orgtwin.http.subrequests import (
    MOST_FAILED_GRAPHS,
    Subrequest,
    read_batch,
    read_composite,
    read_graphs,
    require_text,
)
from orgtwin.records.dml import ROLLED_BACK

_ROLLED_BACK = "The transaction was rolled back since another operation in the same transaction failed."
_HALTED = "Too many graphs of this request failed."  # ASSUMED text
# What an address may hold unencoded here: clients send queries with raw spaces inside composite bodies.
_SAFE = "/?&=%+,'()*:!@$~.;<>\"{}[]"


def composite(request: Request) -> Response:
    """POST /composite."""
    body = request.json_object()
    groups = group(body, request.api_version, read_composite(body))
    return json_response({"compositeResponse": _run_all(request, groups, all_or_none=body.get("allOrNone") is True)})


def _run_all(request: Request, groups: list[list[Subrequest]], *, all_or_none: bool) -> list[dict[str, object]]:
    """Run in order; later ones see the answers of earlier ones."""
    if not all_or_none:
        return _run_each(request, groups, None)
    with request.org.transaction():
        return _run_each(request, groups, request.org.savepoint())


def _run_each(request: Request, groups: list[list[Subrequest]], mark: object | None) -> list[dict[str, object]]:
    """With a mark the first refusal takes everything back."""
    answers: dict[str, object] = {}
    shown: list[dict[str, object]] = []
    run = partial(_run_one, request, answers)
    for rows in groups:
        together = len(rows) > 1
        responses = save_together(rows, run, all_or_none=mark is not None) if together else [run(rows[0], {})]
        for row, response in zip(rows, responses, strict=True):
            content = _content(response)
            if response.status < 400:
                answers[require_text(row, "referenceId")] = content
            shown.append(_shown(row, response.status, content, dict(response.headers)))
        failed = _first_failed(shown, len(shown) - len(rows))
        if mark is not None and failed is not None:
            request.org.rollback(mark)
            return _halted([row for some in groups for row in some], failed, shown[failed])
    return shown


def _first_failed(shown: list[dict[str, object]], start: int) -> int | None:
    """The first from there on that was refused, by itself and not by another's refusal."""
    return next((at for at, one in enumerate(shown[start:], start) if _has_failed(one)), None)


def _has_failed(answer: dict[str, object]) -> bool:
    content = answer["body"]
    first = content[0] if isinstance(content, list) and content else None
    if isinstance(first, dict) and first.get("errorCode") == ROLLED_BACK.status_code:
        return False
    return _status(answer) >= 400 or _has_refused_row(content)


def _has_refused_row(content: object) -> bool:
    """Whether a collection saved some rows and not others: under an outer allOrNone that is a failure, too."""
    return isinstance(content, list) and any(isinstance(row, dict) and row.get("success") is False for row in content)


def _halted(rows: list[Subrequest], failed: int, answer: dict[str, object]) -> list[dict[str, object]]:
    """All or nothing: the failed one tells why, the others that they were undone or never ran."""
    undone = [{"errorCode": "PROCESSING_HALTED", "message": _ROLLED_BACK}]
    return [answer if at == failed else _shown(row, 400, undone, {}) for at, row in enumerate(rows)]


def _shown(row: Subrequest, status: int, content: object, headers: Mapping[str, str]) -> dict[str, object]:
    return {
        "body": content,
        "httpHeaders": dict(headers),
        "httpStatusCode": status,
        "referenceId": require_text(row, "referenceId"),
    }


def _run_one(
    request: Request, answers: Mapping[str, object], row: Subrequest, instead: Mapping[Handler, Handler]
) -> Response:
    headers = row.get("httpHeaders")
    try:
        target = quote(resolve_text(require_text(row, "url"), answers), safe=_SAFE)
        content = encode_json(resolve(row["body"], answers)) if "body" in row else b""
        sent = {str(name): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
        return request.inside(require_text(row, "method"), target, content, sent, instead)
    except SalesforceError as error:
        return json_response([error_row(error)], error.status)


def _content(response: Response) -> object:
    return decode_json(response.body) if response.body else None


def batch(request: Request) -> Response:
    """POST /composite/batch: independent requests; haltOnError leaves out what follows the first refusal."""
    body = request.json_object()
    rows = read_batch(body, request.api_version)
    for _ in rows[1:]:  # "Each subrequest counts against rate limits"; the first is the call itself
        request.twin.usage.count(request.session.last_used)
    halt = body.get("haltOnError") is True
    results: list[dict[str, object]] = []
    failed = False
    for row in rows:
        if failed and halt:
            skipped = [{"errorCode": "BATCH_PROCESSING_HALTED", "message": "Batch processing halted per request"}]
            results.append({"statusCode": 412, "result": skipped})
            continue
        target = "/services/data/" + require_text(row, "url").removeprefix("/services/data/").lstrip("/")
        content = encode_json(row["richInput"]) if "richInput" in row else b""
        response = request.inside(require_text(row, "method"), quote(target, safe=_SAFE), content)
        failed = failed or response.status >= 400
        results.append({"statusCode": response.status, "result": _content(response)})
    return json_response({"hasErrors": failed, "results": results})


def graph(request: Request) -> Response:
    """POST /composite/graph: each graph is all or nothing on its own; after too many failures the others are left alone."""
    shown: list[dict[str, object]] = []
    failed = 0
    for graph_id, rows in read_graphs(request.json_object()):
        if failed > MOST_FAILED_GRAPHS:
            answers = [_shown(row, 400, [{"errorCode": "PROCESSING_HALTED", "message": _HALTED}], {}) for row in rows]
        else:
            answers = _run_all(request, [[row] for row in rows], all_or_none=True)
        good = all(_status(answer) < 400 for answer in answers)
        failed += not good
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
