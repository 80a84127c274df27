"""Which handler answers which path.

A template is a path whose segments are literal or `{name}`; a last segment `**` stands for any rest. Literal wins over name, and
both over the rest; there is no other rule. Repeated and trailing slashes do not count, since the clients send both.
`/{host}.salesforce.com/` in front is dropped: simple-salesforce builds its login addresses as
`https://{domain}.salesforce.com/...`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from orgtwin.errors import SalesforceError
from orgtwin.http.message import Request, Response

Handler = Callable[[Request], Response]

_HOST_SEGMENT = re.compile(r"^/[\w.-]*\.?salesforce\.com(?=/)")


class Door(Enum):
    """What a route asks of its caller before the handler runs."""

    OPEN = "nothing"
    SESSION = "a session in Authorization: Bearer or OAuth"
    BULK = "a session in X-SFDC-Session or Authorization"
    ADMIN = "the twin's own admin token"
    SELF = "the handler reads the session out of the body (SOAP)"


class Pace(Enum):
    """How a request goes together with others that are under way; see http/turns.py."""

    FREE = "needs no org"
    READ = "reads"
    WRITE = "writes records or runs Apex"
    ALONE = "changes what others stand on"


class Envelope(Enum):
    """In which form a route says no."""

    JSON = "a JSON list of message and errorCode"
    OAUTH = "a JSON object of error and error_description"
    SOAP = "a SOAP fault"
    PARTNER = "a SOAP fault with an exception of the partner API"
    ENTERPRISE = "a SOAP fault with an exception of the enterprise API"
    BULK1 = "an <error> of the asynchronous API, or its JSON form"


@dataclass(frozen=True, slots=True)
class Route:
    """One row of a surface's table. `max_body` in bytes; None takes the limit of the REST API; `too_large` the words beyond it.

    A route that `spools` finds the body in `request.upload`: it may be too long to hold in memory. `since` is the first API
    version that has the resource; before, it is not there. `pace` is set by surfaces.py.
    """

    method: str
    template: str
    handler: Handler
    door: Door = Door.SESSION
    envelope: Envelope = Envelope.JSON
    max_body: int | None = None
    too_large: SalesforceError | None = None
    spools: bool = False
    since: float = 0.0
    pace: Pace = Pace.ALONE


@dataclass(slots=True)
class _Node:
    literal: dict[str, _Node] = field(default_factory=dict)
    named: tuple[str, _Node] | None = None
    routes: dict[str, Route] = field(default_factory=dict)
    rest: dict[str, Route] = field(default_factory=dict)


class Match(NamedTuple):
    """The routes of a path by method, and the values of its named segments."""

    routes: Mapping[str, Route]
    params: dict[str, str]


class RouteTable:
    """All routes of the twin as one tree of segments."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        self._reached = lru_cache(maxsize=256)(self._reach)
        for route in routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        node = self._root
        segments = _segments(route.template)
        takes_rest = segments[-1] == "**"
        for segment in segments[:-1] if takes_rest else segments:
            if segment.startswith("{"):
                name = segment[1:-1]
                if node.named is None:
                    node.named = (name, _Node())
                elif node.named[0] != name:
                    raise ValueError(f"{route.template}: this place is called {node.named[0]!r} in another route")
                node = node.named[1]
            else:
                node = node.literal.setdefault(segment, _Node())
        routes = node.rest if takes_rest else node.routes
        if route.method in routes:
            raise ValueError(f"two routes for {route.method} {route.template}")
        routes[route.method] = route

    def find(self, raw_path: str) -> Match | None:
        """The routes of a percent-encoded path, or None."""
        place, _, last = raw_path.rpartition("/")
        node, params = self._reached(place)
        if node is not None and last:
            params = params.copy()
            node = _step(node, last, params)
            if node is not None and node.routes:
                return Match(node.routes, params)
        return _walk(self._root, _segments(without_host_segment(raw_path)), 0, {})

    def _reach(self, raw_path: str) -> tuple[_Node | None, dict[str, str]]:
        """Where the first turns lead and what they name; many addresses differ in their last segment alone."""
        node: _Node | None = self._root
        params: dict[str, str] = {}
        for segment in _segments(without_host_segment(raw_path)):
            node = _step(node, segment, params) if node is not None else None
        return node, params


def _step(node: _Node, segment: str, params: dict[str, str]) -> _Node | None:
    child = node.literal.get(segment)
    if child is None and node.named is not None:
        name, child = node.named
        params[name] = unquote(segment) if "%" in segment else segment
    return child


def without_host_segment(raw_path: str) -> str:
    return _HOST_SEGMENT.sub("", raw_path) if "salesforce.com" in raw_path else raw_path


def _segments(path: str) -> list[str]:
    segments = path.strip("/").split("/")
    return segments if "" not in segments else [segment for segment in segments if segment]


def _walk(node: _Node, segments: list[str], at: int, params: dict[str, str]) -> Match | None:
    """With every turn tried: for the few paths on which the first literal is the wrong one, and for `**`."""
    if at == len(segments):
        return Match(node.routes or node.rest, params) if node.routes or node.rest else None
    segment = segments[at]
    literal = node.literal.get(segment)
    found = _walk(literal, segments, at + 1, params) if literal is not None else None
    if found is None and node.named is not None:
        name, child = node.named
        found = _walk(child, segments, at + 1, {**params, name: unquote(segment)})
    if found is None and node.rest:
        return Match(node.rest, params)
    return found
