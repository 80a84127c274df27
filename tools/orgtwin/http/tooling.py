"""/tooling: what is neither query (query.py) nor metadata. Test runs are refused by name.

Source: "REST Resources" (Tooling API Developer Guide).
"""

from __future__ import annotations

from orgtwin.errors import Unsupported
from orgtwin.http.message import Request, Response
from orgtwin.http.routing import Handler, Route


def _refuse(ledger_key: str, what: str) -> Handler:
    def handler(_request: Request) -> Response:
        raise Unsupported(ledger_key, what)

    return handler


_ROOT = "/services/data/{version}/tooling"
_REFUSED = (
    ("POST", "runTestsAsynchronous", "apex.tests", "Apex test runs"),
    ("POST", "runTestsSynchronous", "apex.tests", "Apex test runs"),
    ("GET", "runTestsSynchronous", "apex.tests", "Apex test runs"),
)
ROUTES = tuple(Route(method, f"{_ROOT}/{name}", _refuse(key, what)) for method, name, key, what in _REFUSED)
