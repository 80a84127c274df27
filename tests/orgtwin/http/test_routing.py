"""Paths and the routes they lead to."""

from __future__ import annotations

import pytest

from orgtwin.http.message import Request, Response
from orgtwin.http.routing import Route, RouteTable


def answer(_request: Request) -> Response:
    return Response()


TABLE = RouteTable(
    [
        Route("GET", "/services/data", answer),
        Route("GET", "/services/data/{version}/sobjects/{sobject_type}", answer),
        Route("GET", "/services/data/{version}/sobjects/{sobject_type}/describe", answer),
        Route("GET", "/services/data/{version}/sobjects/{sobject_type}/{record_id}", answer),
        Route("GET", "/services/data/{version}/search/**", answer),
    ]
)

FOUND = {
    "a literal path": ("/services/data", {}),
    "a trailing slash does not count": ("/services/data/", {}),
    "repeated slashes do not count": ("//services//data", {}),
    "named segments are given": ("/services/data/v66.0/sobjects/A", {"version": "v66.0", "sobject_type": "A"}),
    "a literal wins over a name": (
        "/services/data/v66.0/sobjects/A/describe",
        {"version": "v66.0", "sobject_type": "A"},
    ),
    "a named segment is decoded after the path is cut": (
        "/services/data/v66.0/sobjects/A/a%2Fb%20c",
        {"version": "v66.0", "sobject_type": "A", "record_id": "a/b c"},
    ),
    "the rest of a path may be anything": ("/services/data/v66.0/search/a/b/c", {"version": "v66.0"}),
    "the rest of a path may be nothing": ("/services/data/v66.0/search", {"version": "v66.0"}),
    "a salesforce.com segment in front is dropped": ("/login.salesforce.com/services/data", {}),
    "a bare salesforce.com segment is dropped": ("/.salesforce.com/services/data", {}),
}


@pytest.mark.parametrize(("path", "params"), FOUND.values(), ids=FOUND.keys())
def test_a_path_leads_to_its_route(path: str, params: dict[str, str]) -> None:
    found = TABLE.find(path)
    assert found is not None
    assert found.params == params


@pytest.mark.parametrize(
    "path", ["/", "/services", "/services/data/v66.0/sobjects", "/services/data/v66.0/sobjects/A/b/c"]
)
def test_a_path_without_a_route_is_not_found(path: str) -> None:
    assert TABLE.find(path) is None


def test_two_routes_for_one_path_and_method_are_refused() -> None:
    row = Route("GET", "/a/{b}", answer)
    with pytest.raises(ValueError, match=r"^two routes for GET /a/\{b\}$"):
        RouteTable([row, row])


def test_one_place_has_one_name() -> None:
    rows = [Route("GET", "/a/{b}", answer), Route("POST", "/a/{c}", answer)]
    with pytest.raises(ValueError, match=r"^/a/\{c\}: this place is called 'b' in another route$"):
        RouteTable(rows)
