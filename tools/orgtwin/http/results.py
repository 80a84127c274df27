"""What became of saved rows, in the two forms REST has: one answer for one row, a list of results for many.

Source: "SaveResult" and the error lists in "Status Codes and Error Responses" (REST API Developer Guide). The member
`duplicateResut` is spelled as orgs spell it.
"""

from __future__ import annotations

from collections.abc import Sequence

from orgtwin.errors import SaveError, SaveResult
from orgtwin.http.duplicates import duplicate_result
from orgtwin.http.message import Request, Response, json_response
from orgtwin.records.duplicates import DuplicatesDetected

# Refusals of the row itself that are not 400. An id that is no record of this org is one only where no field is blamed.
_STATUS = {"ENTITY_IS_DELETED": 404, "NOT_FOUND": 404, "INSUFFICIENT_ACCESS": 403}


def status_of(error: SaveError) -> int:
    if error.status_code == "INVALID_CROSS_REFERENCE_KEY" and not error.fields:
        return 404
    return _STATUS.get(error.status_code, 400)


def refused(request: Request, result: SaveResult) -> Response:
    """The answer to one refused row: its errors as the REST error list, whose `fields` is there even when empty."""
    return json_response([_refusal(request, error) for error in result.errors], status_of(result.errors[0]))


def _refusal(request: Request, error: SaveError) -> dict[str, object]:
    if isinstance(error, DuplicatesDetected):
        found = duplicate_result(request, error)
        return {"duplicateResut": found, "errorCode": error.status_code, "message": error.message}
    return {"message": error.message, "errorCode": error.status_code, "fields": list(error.fields)}


def error_rows(errors: Sequence[SaveError]) -> list[dict[str, object]]:
    """Errors as they stand inside a result."""
    return [{"statusCode": e.status_code, "message": e.message, "fields": list(e.fields)} for e in errors]


def result_row(result: SaveResult, *, upsert: bool = False) -> dict[str, object]:
    """One row of a list of results; `id` only where there is one, `created` only for upsert."""
    if not result.success:
        return {"success": False, "errors": error_rows(result.errors)}
    row: dict[str, object] = {} if result.record_id is None else {"id": result.record_id}
    row |= {"success": True, "errors": []}
    if upsert:
        row["created"] = result.created
    return row
