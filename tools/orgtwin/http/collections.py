"""/composite/sobjects: up to 200 records in one call, a result for each, in order.

Source: "sObject Collections" (REST API Developer Guide): 200 rows; create, update and delete may mix object types in at most ten
runs; upsert takes one type; HTTP 200 even when rows are refused; allOrNone is false unless asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from orgtwin.errors import SalesforceError, SaveError, SaveResult
from orgtwin.http import test_queue
from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.records import choose_fields, is_visible, record_json, require_type
from orgtwin.http.results import result_row
from orgtwin.http.routing import Route
from orgtwin.ids import find_id18

MAX_ROWS = 200
_MAX_READ = 2_000
_MAX_CHUNKS = 10
_TRUE = frozenset({"true", "1"})
_ROLLED_BACK = SaveError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)

Values = Mapping[str, object]
SaveRun = Callable[[str, list[Values]], list[SaveResult]]


@dataclass(frozen=True, slots=True)
class Collection:
    """The body of a collections call: typed rows in order."""

    all_or_none: bool
    rows: tuple[tuple[str, Values], ...]


def read_collection(request: Request) -> Collection:
    """Raises for a body that is no list of typed records, is empty, or is longer than 200."""
    body = request.json_object()
    records = body.get("records")
    if not isinstance(records, list):
        raise SalesforceError("JSON_PARSER_ERROR", "Invalid parameter value: records is required and must be a list")
    if len(records) > MAX_ROWS:
        raise _too_many(MAX_ROWS)
    return Collection(body.get("allOrNone") is True, tuple(_typed(record) for record in records))


def _too_many(limit: int) -> SalesforceError:
    return SalesforceError(
        "EXCEEDED_MAX_SIZE_REQUEST", f"record limit reached. cannot submit more than {limit} records into this call"
    )


def _typed(record: object) -> tuple[str, Values]:
    if not isinstance(record, dict):
        raise SalesforceError("JSON_PARSER_ERROR", "Invalid record: each entry of records must be an object")
    attributes = record.pop("attributes", None)
    name = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(name, str):
        raise SalesforceError("INVALID_INPUT", "Include an entity type with each record")
    return name, record


def save_runs(request: Request, collection: Collection, save: SaveRun) -> list[SaveResult]:
    """Save neighbours of one type together; with allOrNone one refusal undoes every run."""
    runs = [(name, [values for _, values in rows]) for name, rows in groupby(collection.rows, lambda row: row[0])]
    if len(runs) > _MAX_CHUNKS:
        raise SalesforceError(
            "LIMIT_EXCEEDED",
            f"Cannot have more than {_MAX_CHUNKS} chunks in a single operation. Please rearrange the data to reduce chunking.",
        )
    if not collection.all_or_none or len(runs) == 1:
        return [result for name, rows in runs for result in _save_run(save, name, rows)]
    with request.org.transaction():
        mark = request.org.savepoint()
        results = [result for name, rows in runs for result in _save_run(save, name, rows)]
        if all(result.success for result in results):
            return results
        request.org.rollback(mark)
        return [SaveResult(None, False, errors=result.errors or (_ROLLED_BACK,)) for result in results]


def _save_run(save: SaveRun, name: str, rows: list[Values]) -> list[SaveResult]:
    """A refusal of the whole run (unknown object or field) is a refusal of each of its rows."""
    try:
        return save(name, rows)
    except SalesforceError as error:
        if error.status != 400:
            raise
        refusal = SaveError(error.code, error.message, error.fields)
        return [SaveResult(None, False, errors=(refusal,)) for _ in rows]


def create_many(request: Request) -> Response:
    collection = read_collection(request)

    def save(name: str, rows: list[Values]) -> list[SaveResult]:
        if name == test_queue.TYPE:
            return test_queue.create_items(request, rows)
        return request.dml.insert(request.caller, name, rows, all_or_none=collection.all_or_none)

    return json_response([result_row(result) for result in save_runs(request, collection, save)])


def update_many(request: Request) -> Response:
    collection = read_collection(request)

    def save(name: str, rows: list[Values]) -> list[SaveResult]:
        return request.dml.update(
            request.caller, name, [_with_canonical_id(row) for row in rows], all_or_none=collection.all_or_none
        )

    return json_response([result_row(result) for result in save_runs(request, collection, save)])


def _with_canonical_id(row: Values) -> Values:
    """Clients send id and Id alike."""
    if "Id" in row:
        return row
    return {("Id" if name.lower() == "id" else name): value for name, value in row.items()}


def upsert_many(request: Request) -> Response:
    """PATCH /composite/sobjects/X/Field__c. The record id itself is not allowed as key."""
    collection = read_collection(request)
    sobject_type = require_type(request, request.params["sobject_type"])
    field = sobject_type.find_field(request.params["record_id"])
    if field is None or not (field.external_id or field.id_lookup or field.api_name == "Id"):
        raise SalesforceError(
            "NOT_FOUND",
            f"Provided external ID field does not exist or is not accessible: {request.params['record_id']}",
            status=404,
        )
    names = {name for name, _values in collection.rows}
    if any(name.lower() != sobject_type.api_name.lower() for name in names):
        raise SalesforceError("INVALID_INPUT", f"All records must be of type {sobject_type.api_name}")
    results = request.dml.upsert(
        request.caller,
        sobject_type.api_name,
        field.api_name,
        [values for _, values in collection.rows],
        all_or_none=collection.all_or_none,
    )
    return json_response([result_row(result, upsert=True) for result in results])


def delete_many(request: Request) -> Response:
    """DELETE /composite/sobjects?ids=a,b."""
    ids = [text.strip() for text in request.query.get("ids", "").split(",") if text.strip()]
    if not ids:
        raise SalesforceError("INVALID_INPUT", "The ids parameter is required")
    if len(ids) > MAX_ROWS:
        raise _too_many(MAX_ROWS)
    all_or_none = request.query.get("allOrNone", "").lower() in _TRUE
    results = request.dml.delete(request.caller, ids, all_or_none=all_or_none)
    return json_response([result_row(result) for result in results])


def read_many(request: Request) -> Response:
    """GET or POST /composite/sobjects/X with ids and fields: null in the place of a record that cannot be read."""
    ids, names = _asked(request)
    sobject_type = require_type(request, request.params["sobject_type"])
    fields = choose_fields(request, sobject_type, names)
    table = request.org.table(sobject_type.api_name)
    shown: list[object] = []
    for text in ids:
        row = table.get(find_id18(text) or "")
        visible = row is not None and is_visible(request, sobject_type, row)
        shown.append(record_json(request, sobject_type, row, fields) if row is not None and visible else None)
    return json_response(shown)


def _asked(request: Request) -> tuple[Sequence[str], Sequence[str]]:
    if request.method == "POST":
        body = request.json_object()
        ids, names = body.get("ids"), body.get("fields")
    else:
        ids = request.query.get("ids", "").split(",")
        names = request.query.get("fields", "").split(",")
    if not isinstance(ids, list) or not isinstance(names, list) or not ids or not names:
        raise SalesforceError("INVALID_INPUT", "ids and fields are required")
    if len(ids) > _MAX_READ:
        raise _too_many(_MAX_READ)
    return [str(text) for text in ids], [str(name) for name in names]


_ROOT = "/services/data/{version}/composite/sobjects"
ROUTES = (
    Route("POST", _ROOT, create_many, since=42.0),
    Route("PATCH", _ROOT, update_many, since=42.0),
    Route("DELETE", _ROOT, delete_many, since=42.0),
    Route("GET", f"{_ROOT}/{{sobject_type}}", read_many, since=42.0),
    Route("POST", f"{_ROOT}/{{sobject_type}}", read_many, since=42.0),
    Route("PATCH", f"{_ROOT}/{{sobject_type}}/{{record_id}}", upsert_many, since=46.0),
)
