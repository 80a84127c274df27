"""What an org has and the twin has not: refused by name (501, TWIN_UNSUPPORTED, ledger key) instead of guessed at.

Resources that are in no table of the twin do not exist at all: 404.
"""

from __future__ import annotations

from orgtwin.errors import Unsupported
from orgtwin.http.message import Request, Response
from orgtwin.http.routing import Handler, Route

# resource under /services/data/vNN.0 -> what it is, for the reader of the message
RESOURCES = {
    "analytics": "reports and dashboards",
    "appMenu": "the app menu",
    "async-queries": "asynchronous SOQL",
    "connect": "Connect REST API",
    "parameterizedSearch": "search",
    "process": "process rules and approvals over REST",
    "quickActions": "quick actions",
    "recent": "recently viewed items",
    "search": "search (SOSL)",
    "support": "knowledge support",
    "tabs": "tabs",
    "theme": "themes",
    "ui-api": "User Interface API",
    "wave": "CRM Analytics",
}
_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


def _refuse(name: str, what: str) -> Handler:
    def handler(_request: Request) -> Response:
        raise Unsupported(f"rest.{name.lower()}", what)

    return handler


ROUTES = tuple(
    Route(method, f"/services/data/{{version}}/{name}/**", _refuse(name, what))
    for name, what in RESOURCES.items()
    for method in _METHODS
)
