"""/sobjects/X: create, read, update, delete, by record id or by external id.

Source: "sObject Basic Information", "sObject Rows", "sObject Rows by External ID" (REST API Developer Guide).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import NamedTuple

from orgtwin.access.grants import Grant
from orgtwin.errors import SalesforceError, SaveResult
from orgtwin.http.conditions import already_has, etag_of, require_match, require_unmodified, unchanged_since
from orgtwin.http.message import Headers, Request, Response, encode_json, json_response, no_content
from orgtwin.http.records import (
    chosen_fields,
    is_visible,
    open_type,
    readable_fields,
    record_json,
    require_type,
    row_of,
)
from orgtwin.http.related import delete_related, read_related, update_related
from orgtwin.http.results import refused
from orgtwin.http.routing import Route
from orgtwin.ids import find_id18
from orgtwin.records.model import Row, Value
from orgtwin.schema.model import Field, FieldType, SObjectType

# From version 46.0 an upsert that updates answers 200 with a body; before, 204.
_UPSERT_ANSWERS_SINCE = 46.0
_TRUE = frozenset({"true", "1"})
_ID_LENGTHS = (15, 18)
_TAGGED = "Account"
_CONDITIONS = frozenset({"if-unmodified-since", "if-match", "if-none-match"})
_NUMBERS = frozenset({FieldType.INT, FieldType.DOUBLE, FieldType.CURRENCY, FieldType.PERCENT})


Rows = Sequence[Mapping[str, object]]


class RowSave(NamedTuple):
    """How one method saves a record: what is read of a request, how rows of several requests are saved, what one is answered."""

    handler: Callable[[Request], Response]
    read: Callable[[Request], Mapping[str, object]]
    save: Callable[[Request, str, Rows, bool], list[SaveResult]]
    answer: Callable[[Request, SaveResult], Response]

    def run(self, request: Request) -> Response:
        row = self.read(request)
        result = self.save(request, require_type(request, request.params["sobject_type"]).api_name, [row], False)[0]
        return self.answer(request, result)


def create(request: Request) -> Response:
    """POST /sobjects/X."""
    return ROW_SAVES["POST"].run(request)


def _new_row(request: Request) -> Mapping[str, object]:
    require_type(request, request.params["sobject_type"])
    return request.record()


def _insert(request: Request, sobject_type: str, rows: Rows, all_or_none: bool) -> list[SaveResult]:
    return request.dml.insert(request.caller, sobject_type, rows, all_or_none=all_or_none)


def _created(request: Request, result: SaveResult) -> Response:
    if not result.success:
        return refused(request, result)
    sobject_type = require_type(request, request.params["sobject_type"])
    location = f"{request.data_path}/sobjects/{sobject_type.api_name}/{result.record_id}"
    answer = {"id": result.record_id, "success": True, "errors": _enqueued(request, sobject_type, result)}
    return json_response(answer, 201, (("Location", location),))


def _enqueued(request: Request, sobject_type: SObjectType, result: SaveResult) -> list[dict[str, object]]:
    """What a published platform event is told as. Source: "Publish Event Messages with Salesforce APIs"."""
    if not sobject_type.event:
        return []
    uuid = request.twin.events.uuid_of(result.record_id or "")
    return [{"statusCode": "OPERATION_ENQUEUED", "message": uuid, "fields": []}]


def read(request: Request) -> Response:
    """GET /sobjects/X/id, with ?fields= and the conditional headers."""
    sobject_type = require_type(request, request.params["sobject_type"])
    row = row_of(request, sobject_type, request.params["record_id"])
    modified = _modified(request, sobject_type, row)
    tag = _tag(request, sobject_type, row)
    if (modified and unchanged_since(request, modified)) or (tag and already_has(request, tag)):
        return Response(304, headers=_tagged(tag))
    if modified:
        require_unmodified(request, modified)
    if tag:
        require_match(request, tag)
    return json_response(
        record_json(request, sobject_type, row, chosen_fields(request, sobject_type)), headers=_tagged(tag)
    )


def _tag(request: Request, sobject_type: SObjectType, row: Row) -> str | None:
    """The ETag of an account, of all that the caller may read of it; None for other records."""
    if sobject_type.api_name != _TAGGED:
        return None
    return etag_of(
        request, encode_json(record_json(request, sobject_type, row, readable_fields(request, sobject_type)))
    )


def _tagged(tag: str | None) -> Headers:
    return (("ETag", tag),) if tag else ()


def _modified(request: Request, sobject_type: SObjectType, row: Row) -> datetime | None:
    name = "LastModifiedDate" if sobject_type.find_field("LastModifiedDate") else "SystemModstamp"
    if sobject_type.find_field(name) is None:
        return None
    value = request.org.table(sobject_type.api_name).reader(name)(row)
    return value.astimezone(UTC) if isinstance(value, datetime) else None


def update(request: Request) -> Response:
    """PATCH /sobjects/X/id."""
    return ROW_SAVES["PATCH"].run(request)


def _changed_row(request: Request) -> Mapping[str, object]:
    sobject_type = require_type(request, request.params["sobject_type"])
    record_id = request.params["record_id"]
    if not _CONDITIONS.isdisjoint(request.headers):
        _require_conditions(request, sobject_type, row_of(request, sobject_type, record_id))
    values = request.record()
    if any(name.lower() == "id" for name in values):
        raise SalesforceError(
            "INVALID_FIELD", "The Id field should not be specified in the sobject data.", fields=("Id",)
        )
    return {**values, "Id": record_id}


def _update(request: Request, sobject_type: str, rows: Rows, all_or_none: bool) -> list[SaveResult]:
    return request.dml.update(request.caller, sobject_type, rows, all_or_none=all_or_none)


def _updated(request: Request, result: SaveResult) -> Response:
    if not result.success:
        return refused(request, result)
    sobject_type = require_type(request, request.params["sobject_type"])
    row = request.org.table(sobject_type.api_name).get(result.record_id or "")
    return Response(204, headers=_tagged(_tag(request, sobject_type, row) if row is not None else None))


def _require_conditions(request: Request, sobject_type: SObjectType, row: Row) -> None:
    modified, tag = _modified(request, sobject_type, row), _tag(request, sobject_type, row)
    if modified:
        require_unmodified(request, modified)
    if tag:
        require_match(request, tag)


def delete(request: Request) -> Response:
    """DELETE /sobjects/X/id."""
    return ROW_SAVES["DELETE"].run(request)


def _deleted_row(request: Request) -> Mapping[str, object]:
    record_id = request.params["record_id"]
    _require_id_of(require_type(request, request.params["sobject_type"]), record_id)
    return {"Id": record_id}


def _delete(request: Request, _sobject_type: str, rows: Rows, all_or_none: bool) -> list[SaveResult]:
    return request.dml.delete(request.caller, [str(row["Id"]) for row in rows], all_or_none=all_or_none)


def _deleted(request: Request, result: SaveResult) -> Response:
    return no_content() if result.success else refused(request, result)


def _require_id_of(sobject_type: SObjectType, text: str) -> None:
    if text[:3] != sobject_type.key_prefix or find_id18(text) is None:
        raise SalesforceError(
            "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {text}", status=404
        )


def _external_field(request: Request, sobject_type: SObjectType, grant: Grant) -> Field:
    """The field a path names as key. Raises NOT_FOUND (404) unless it is an external id, an id lookup, or Id."""
    name = request.params["record_id"]
    field = sobject_type.find_field(name)
    usable = field is not None and field.api_name.lower() in grant.readable and (field.external_id or field.id_lookup)
    if field is None or not (usable or field.type is FieldType.ID):
        raise SalesforceError(
            "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {name}", status=404
        )
    return field


def _matches(request: Request, sobject_type: SObjectType, field: Field) -> Sequence[Row]:
    """The live rows this caller can see whose external id is the value in the path."""
    table = request.org.table(sobject_type.api_name)
    wanted = request.params["child"]
    if field.type is FieldType.ID:
        row = table.get(find_id18(wanted) or "")
        found: Sequence[Row] = [row] if row is not None else []
    else:
        found = table.find(field.api_name, _key_value(field, wanted))
    return [row for row in found if is_visible(request, sobject_type, row)]


def _key_value(field: Field, text: str) -> Value:
    """The text of a path as the field's own type."""
    if field.type not in _NUMBERS:
        return text
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise SalesforceError("MALFORMED_ID", f"{field.label}: id value of incorrect type: {text}") from error


def _multiple_choices(request: Request, sobject_type: SObjectType, rows: Sequence[Row]) -> Response:
    """300: the records among which the caller must choose, by address."""
    read_id = request.org.table(sobject_type.api_name).reader("Id")
    root = f"{request.data_path}/sobjects/{sobject_type.api_name}"
    return json_response([f"{root}/{read_id(row)!s}" for row in rows], 300)


def read_child(request: Request) -> Response:
    """GET /sobjects/X/a/b: a record by external id, a blob, or what a relationship leads to."""
    sobject_type, grant = open_type(request, request.params["sobject_type"])
    if _starts_from_record(request, sobject_type):
        return read_related(request)
    return _read_by_external_id(request, sobject_type, grant)


def _starts_from_record(request: Request, sobject_type: SObjectType) -> bool:
    """Whether a path of two parts begins with a record's id, not with a field's name."""
    first = request.params["record_id"]
    return len(first) in _ID_LENGTHS and sobject_type.find_field(first) is None


def _read_by_external_id(request: Request, sobject_type: SObjectType, grant: Grant) -> Response:
    rows = _matches(request, sobject_type, _external_field(request, sobject_type, grant))
    if not rows:
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)
    if len(rows) > 1:
        return _multiple_choices(request, sobject_type, rows)
    return json_response(record_json(request, sobject_type, rows[0], chosen_fields(request, sobject_type)))


@lru_cache
def _lower(names: tuple[str, ...]) -> frozenset[str]:
    """A client sends the same names again and again."""
    return frozenset(name.lower() for name in names)


def upsert(request: Request) -> Response:
    """PATCH /sobjects/X/Field__c/value: 201 created, 200 (204 before v46.0) updated, 300 when several records match."""
    sobject_type, grant = open_type(request, request.params["sobject_type"])
    if _starts_from_record(request, sobject_type):
        return update_related(request)
    field = _external_field(request, sobject_type, grant)
    values = request.record()
    if not _lower(tuple(values)).isdisjoint((field.api_name.lower(), "id")):
        raise SalesforceError(
            "INVALID_FIELD",
            f"The {field.api_name} field should not be specified in the sobject data.",
            fields=(field.api_name,),
        )
    if not field.unique and field.type is not FieldType.ID:
        rows = _matches(request, sobject_type, field)
        if len(rows) > 1:
            return _multiple_choices(request, sobject_type, rows)
    result = request.dml.upsert(
        request.caller,
        sobject_type.api_name,
        field.api_name,
        [{**values, field.api_name: request.params["child"]}],
        update_only=bool(request.raw_query) and request.query.get("updateOnly", "").lower() in _TRUE,
    )[0]
    return _upserted(request, result)


def _upserted(request: Request, result: SaveResult) -> Response:
    if not result.success:
        return refused(request, result)
    if not result.created and request.api_version < _UPSERT_ANSWERS_SINCE:
        return no_content()
    answer: dict[str, object] = {"id": result.record_id, "success": True, "errors": []}
    if request.api_version >= _UPSERT_ANSWERS_SINCE:
        answer["created"] = result.created
    return json_response(answer, 201 if result.created else 200)


def delete_by_external_id(request: Request) -> Response:
    """DELETE /sobjects/X/Field__c/value."""
    sobject_type, grant = open_type(request, request.params["sobject_type"])
    if _starts_from_record(request, sobject_type):
        return delete_related(request)
    rows = _matches(request, sobject_type, _external_field(request, sobject_type, grant))
    if not rows:
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)
    if len(rows) > 1:
        return _multiple_choices(request, sobject_type, rows)
    record_id = str(request.org.table(sobject_type.api_name).reader("Id")(rows[0]))
    result = request.dml.delete(request.caller, [record_id])[0]
    return no_content() if result.success else refused(request, result)


ROW_SAVES: Mapping[str, RowSave] = {
    "POST": RowSave(create, _new_row, _insert, _created),
    "PATCH": RowSave(update, _changed_row, _update, _updated),
    "DELETE": RowSave(delete, _deleted_row, _delete, _deleted),
}
_X = "/services/data/{version}/sobjects/{sobject_type}"
ROUTES = (
    Route("POST", _X, create),
    Route("GET", f"{_X}/{{record_id}}", read),
    Route("PATCH", f"{_X}/{{record_id}}", update),
    Route("DELETE", f"{_X}/{{record_id}}", delete),
    Route("GET", f"{_X}/{{record_id}}/{{child}}", read_child),
    Route("PATCH", f"{_X}/{{record_id}}/{{child}}", upsert),
    Route("DELETE", f"{_X}/{{record_id}}/{{child}}", delete_by_external_id),
)
