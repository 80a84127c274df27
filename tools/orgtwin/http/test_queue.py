"""ApexTestQueueItem as a record: creating some runs their classes, as one run for those that one call creates.

Source: "ApexTestQueueItem" (Tooling API Developer Guide, Object Reference): ApexClassId, ShouldSkipCodeCoverage; Status Aborted
takes a class out of the queue. A run is over before the call is answered, so that nothing waits that could be aborted: ASSUMED, an
item whose tests are over stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orgtwin.errors import SalesforceError, SaveError, SaveResult
from orgtwin.events.system_topics import TEST_RESULT, notice
from orgtwin.http.message import Request, Response, json_response, no_content
from orgtwin.http.results import refused, result_row
from orgtwin.http.routing import Route
from orgtwin.http.tooling import carry_out, runs_of
from orgtwin.ids import find_id18

TYPE = "ApexTestQueueItem"


def create_items(request: Request, rows: Sequence[Mapping[str, object]]) -> list[SaveResult]:
    """One run of the classes of all rows; a result for each row. Raises as a run by name does."""
    table = request.org.table("ApexClass")
    read_name = table.reader("Name")
    given = [find_id18(str(row.get("ApexClassId") or "")) or "" for row in rows]
    found = {class_id: row for class_id in given if (row := table.get(class_id)) is not None}
    items: dict[str, str] = {}
    if found:
        names = [str(read_name(row)) for row in found.values()]
        skips = all(row.get("ShouldSkipCodeCoverage") is True for row in rows)
        run = carry_out(request, names, keeps_coverage=not skips)
        items = {item.class_id: item.id for item in run.items}
        told = notice(run.id, request.org.clock(), "updated")
        request.twin.cometd.tell(TEST_RESULT, request.caller.user_id, told)
    return [_result(items.get(class_id)) for class_id in given]


def _result(item_id: str | None) -> SaveResult:
    if item_id is not None:
        return SaveResult(item_id, True, created=True)
    refusal = SaveError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ("ApexClassId",))
    return SaveResult(None, False, errors=(refusal,))


def create_item(request: Request) -> Response:
    """POST {"ApexClassId"}."""
    result = create_items(request, [request.json_object()])[0]
    return json_response(result_row(result), status=201) if result.success else refused(request, result)


def abort_item(request: Request) -> Response:
    """PATCH {"Status": "Aborted"}. Raises NOT_FOUND, and INVALID_FIELD_FOR_INSERT_UPDATE for anything else that is to be set."""
    wanted = request.params["record_id"][:15]
    if not any(item.id[:15] == wanted for kept in runs_of(request.twin).runs.values() for item in kept.items):
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)
    if request.json_object() != {"Status": "Aborted"}:
        text = "Only Status can be set, to Aborted"  # ASSUMED text
        raise SalesforceError("INVALID_FIELD_FOR_INSERT_UPDATE", text, fields=("Status",))
    return no_content()


_ROOTS = ("/services/data/{version}/tooling/sobjects", "/services/data/{version}/sobjects")
ROUTES: tuple[Route, ...] = tuple(
    route
    for root in _ROOTS
    for route in (
        Route("POST", f"{root}/{TYPE}", create_item),
        Route("PATCH", f"{root}/{TYPE}/{{record_id}}", abort_item),
    )
)
