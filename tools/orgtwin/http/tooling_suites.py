"""Test suites as records of the Tooling API: made by their name, filled by memberships.

Source: "ApexTestSuite", "TestSuiteMembership" (Tooling API Developer Guide). Each change is a deploy of its own, as by
createMetadata. ASSUMED: the texts of refusals.
"""

from __future__ import annotations

from orgtwin.errors import SalesforceError
from orgtwin.http.message import Request, Response, json_response, no_content
from orgtwin.http.routing import Route
from orgtwin.metadata import crud
from orgtwin.metadata.component import Component
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.test_suites import TYPE, membership_rows
from orgtwin.metadata.xml import XSI_TYPE, Node, leaf


def create_suite(request: Request) -> Response:
    """POST {"TestSuiteName"}."""
    name = _required(request, "TestSuiteName")
    _save(request, crud.Call.CREATE, name, [])
    made = _service(request).find(TYPE, name)
    return _created(made.id if made is not None else None)


def delete_suite(request: Request) -> Response:
    """With its memberships."""
    crud.require_success(crud.delete(_service(request), request.caller, TYPE, [_suite(request).full_name]))
    return no_content()


def create_membership(request: Request) -> Response:
    """POST {"ApexTestSuiteId", "ApexClassId"}; a class that is in the suite stays there once."""
    suite, class_id = _suite(request, _required(request, "ApexTestSuiteId")), _required(request, "ApexClassId")
    table = request.org.table("ApexClass")
    row = table.get(class_id)
    if row is None:
        raise SalesforceError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=("ApexClassId",))
    name, classes = str(table.reader("Name")(row)), suite.body.values("testClassName")
    if name not in classes:
        _save(request, crud.Call.UPDATE, suite.full_name, [*classes, name])
    made = [
        m
        for m in membership_rows(_service(request))
        if (m["ApexTestSuiteId"], str(m["ApexClassId"])[:15]) == (suite.id, class_id[:15])
    ]
    return _created(str(made[0]["Id"]))


def delete_membership(request: Request) -> Response:
    """The class leaves the suite."""
    wanted = request.params["record_id"][:15]
    for row in membership_rows(_service(request)):
        if str(row["Id"])[:15] == wanted:
            suite, table = _suite(request, str(row["ApexTestSuiteId"])), request.org.table("ApexClass")
            found = table.get(str(row["ApexClassId"]))
            name = table.reader("Name")(found) if found is not None else None
            _save(
                request, crud.Call.UPDATE, suite.full_name, [c for c in suite.body.values("testClassName") if c != name]
            )
            return no_content()
    raise _not_found()


def _save(request: Request, call: crud.Call, name: str, classes: list[str]) -> None:
    children = (leaf("fullName", name), *(leaf("testClassName", each) for each in classes))
    node = Node("metadata", children=children, attributes={XSI_TYPE: TYPE})
    crud.require_success(crud.save(_service(request), request.caller, call, [node]))


def _suite(request: Request, suite_id: str = "") -> Component:
    wanted = (suite_id or request.params["record_id"])[:15]
    for suite in _service(request).components.of_type(TYPE):
        if suite.id is not None and suite.id[:15] == wanted:
            return suite
    raise _not_found()


def _required(request: Request, field: str) -> str:
    value = request.json_object().get(field)
    if not isinstance(value, str) or not value:
        raise SalesforceError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{field}]", fields=(field,))
    return value


def _created(record_id: str | None) -> Response:
    return json_response({"id": record_id, "success": True, "errors": [], "warnings": [], "infos": []}, status=201)


def _not_found() -> SalesforceError:
    return SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)


def _service(request: Request) -> MetadataService:
    return request.twin.part(MetadataService)


_ROOT = "/services/data/{version}/tooling/sobjects"
ROUTES: tuple[Route, ...] = (
    Route("POST", f"{_ROOT}/{TYPE}", create_suite),
    Route("DELETE", f"{_ROOT}/{TYPE}/{{record_id}}", delete_suite),
    Route("POST", f"{_ROOT}/TestSuiteMembership", create_membership),
    Route("DELETE", f"{_ROOT}/TestSuiteMembership/{{record_id}}", delete_membership),
)
