"""/query and /queryAll."""

from __future__ import annotations

from orgtwin.errors import Unsupported
from orgtwin.http.message import Request, Response
from orgtwin.http.routing import Route


def run_query(_request: Request, _text: str) -> Response:
    """The first page of a query."""
    raise Unsupported("rest.query", "queries over REST")


ROUTES: tuple[Route, ...] = ()
