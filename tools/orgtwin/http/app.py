"""The application: finds the route of a request, opens its door, runs its handler, renders the answer.

Nothing here knows a surface; surfaces.py lists them.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from orgtwin.errors import SalesforceError
from orgtwin.faults.table import Plan
from orgtwin.http.doors import carried_session, open_door
from orgtwin.http.encoding import pack, pretty, worth_packing
from orgtwin.http.envelopes import render_error
from orgtwin.http.exchange import Answer, Exchange
from orgtwin.http.message import JSON, Request, Response
from orgtwin.http.retired_versions import OLDEST_EVER, RETIRED, refusal_of_version
from orgtwin.http.routing import Door, Handler, Match, Pace, Route, RouteTable
from orgtwin.http.twin import Twin
from orgtwin.http.versions import NEWEST, OLDEST

log = logging.getLogger("orgtwin")

# "REST API Request Limits": an address with headers of 16,384 bytes.
_ADDRESS_LIMIT = 16_384
_VERSION = re.compile(r"v?(\d{1,3})\.0")


def _not_found(_request: Request) -> Response:
    raise SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)


_BUG = SalesforceError("UNKNOWN_EXCEPTION", "An unexpected error occurred in orgtwin; see its log.", status=500)
_NO_ROUTE = Route("*", "*", _not_found)
_NO_ROUTE_OPEN = Route("*", "*", _not_found, Door.OPEN)


class Application:
    """One event loop, one org, any number of listeners."""

    def __init__(self, twin: Twin, routes: Iterable[Route]) -> None:
        self.twin = twin
        self._table = RouteTable(routes)
        self._going_on: set[asyncio.Task[None]] = set()
        twin.dispatch = self.inside

    def begin(self, request: Request) -> Exchange:
        """The head of a request is there; its body is to come."""
        return Exchange(self, request)

    def answer(self, route: Route, request: Request) -> Answer:
        """What the org says to a whole request: now, unless a fault, a latency or the handler itself takes its time."""
        if self.twin.is_prompt or route.door is Door.ADMIN:
            response = self._in_turn(route, request)
            if isinstance(response, Response) and response.later is None:
                return self.finish(request, response)
            return self._settle(route, request, response)
        return self._answer_late(route, request)

    def _in_turn(self, route: Route, request: Request) -> Response | Awaitable[Response]:
        """The handler's answer, at once unless others are under way or it takes long."""
        try:
            return self.twin.turns.take(route.pace, lambda: self._run(route, request))
        except SalesforceError as error:
            return self.refusal(error, route, request)

    async def _settle(self, route: Route, request: Request, answer: Response | Awaitable[Response]) -> Response:
        try:
            response = answer if isinstance(answer, Response) else await answer
            while response.later is not None:
                response = await response.later()
        except SalesforceError as error:
            response = self.refusal(error, route, request)
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            response = self.refusal(_BUG, route, request)
        return self.finish(request, response)

    async def _answer_late(self, route: Route, request: Request) -> Response | None:
        """As `answer`, among the requests that take their time; None when a fault cuts the connection."""
        try:
            with self.twin.in_flight.one_more():
                return await self._answer_in_time(route, request)
        except SalesforceError as error:
            return self.finish(request, self.refusal(error, route, request))

    async def _answer_in_time(self, route: Route, request: Request) -> Response | None:
        """With the faults that are armed and the latency that is set."""
        plan = self.twin.faults.plan(request.method, request.path, request.params.get("sobject_type"))
        if plan.wait_seconds:
            await asyncio.sleep(plan.wait_seconds)
        if plan.cut_before:
            return None
        dml = self.twin.org.dml
        saved = dml.rows_taken
        response = await self._run_faulty(plan, route, request)
        await asyncio.sleep(self.twin.latency.of_call(dml.rows_taken - saved))
        response = await self._settle(route, request, response)
        return None if plan.cut_after else response

    def go_on(self, response: Response) -> None:
        """Start what an answered request left to do; other requests have their turn between two steps of it."""
        if response.afterwards is not None:
            task = asyncio.get_running_loop().create_task(self._work(iter(response.afterwards)))
            self._going_on.add(task)
            task.add_done_callback(self._going_on.discard)

    async def _work(self, steps: Iterator[float]) -> None:
        while True:
            step = self.twin.turns.take(Pace.WRITE, lambda: next(steps, None))
            pause = await step if isinstance(step, Awaitable) else step
            if pause is None:
                return
            await asyncio.sleep(pause)

    async def _run_faulty(self, plan: Plan, route: Route, request: Request) -> Response:
        if plan.expire_session:
            self.twin.sessions.revoke(carried_session(request) or "")
        if plan.refusal is not None:
            return self.refusal(plan.refusal, route, request)
        response = self._in_turn(route, request)
        return response if isinstance(response, Response) else await response

    def find_route(self, request: Request) -> tuple[Route, Response | None]:
        """The route of a request, and the refusal when it may not be taken."""
        match = self._table.find(request.path)
        if match is None:
            inside = request.path.startswith("/services/data/")
            return (_NO_ROUTE if inside else _NO_ROUTE_OPEN), None
        request.params = match.params
        try:
            request.api_version = _api_version(match)
            if len(request.path) + len(request.raw_query) > _ADDRESS_LIMIT:
                raise SalesforceError("URI_TOO_LONG", f"The address exceeds {_ADDRESS_LIMIT} bytes.", status=414)
            return _by_method(match, request), None
        except SalesforceError as error:
            envelope = next(iter(match.routes.values())).envelope
            return _NO_ROUTE, render_error(refusal_of_version(error, envelope), envelope)

    def refusal(self, error: SalesforceError, route: Route, request: Request) -> Response:
        """An error in the words of the surface on which it happened."""
        return render_error(error, route.envelope, request.headers.get("content-type", ""))

    def _run(self, route: Route, request: Request) -> Response:
        """The handler's answer, or its refusal, or 500 for a bug of ours, whose traceback goes to the twin's own log only."""
        try:
            open_door(route.door, request)
            return route.handler(request)
        except SalesforceError as error:
            return self.refusal(error, route, request)
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return self.refusal(_BUG, route, request)

    def inside(
        self,
        parent: Request,
        method: str,
        target: str,
        body: bytes,
        headers: Mapping[str, str],
        instead: Mapping[Handler, Handler],
    ) -> Response:
        """Answer a request within `parent`: same caller, no further call counted. Only what a session opens is there."""
        raw_path, _, raw_query = target.partition("?")
        request = Request(
            twin=self.twin,
            method=method.upper(),
            path=raw_path,
            raw_query=raw_query,
            headers={**_inherited(parent.headers), **{name.lower(): value for name, value in headers.items()}},
            body=body,
            base_url=parent.base_url,
            remote_address=parent.remote_address,
        )
        route, response = self.find_route(request)
        if response is not None:
            return response
        if route.door is not Door.SESSION:
            route = _NO_ROUTE
        request.admit(parent.session, replace(parent.caller, api_version=request.api_version))
        handler = instead.get(route.handler, route.handler)
        return self._run(replace(route, door=Door.OPEN, handler=handler), request)

    def finish(self, request: Request, response: Response) -> Response:
        """The answer as it goes out: with the calls used so far, printed nicely and compressed for those who ask."""
        if request.path.startswith("/services/data"):
            response.headers = (*response.headers, ("sforce-limit-info", self.twin.usage.header()))
        if not response.body:
            return response
        if response.content_type == JSON and request.headers.get("x-prettyprint", "0") not in ("0", "false"):
            response.body = pretty(response.body)
        accepted = request.headers.get("accept-encoding")
        if accepted and worth_packing(response.body, accepted):
            response.body = pack(response.body)
            response.headers = (*response.headers, ("content-encoding", "gzip"))
        return response


def _inherited(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.startswith("sforce-")}


@lru_cache(maxsize=256)
def _version_of(text: str) -> float:
    found = _VERSION.fullmatch(text)
    number = int(found.group(1)) if found else 0
    if OLDEST_EVER <= number < OLDEST:
        raise RETIRED
    if not OLDEST <= number <= NEWEST:
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)
    return float(number)


def _api_version(match: Match) -> float:
    text = match.params.get("version")
    return float(NEWEST) if text is None else _version_of(text)


def _by_method(match: Match, request: Request) -> Route:
    """The route of the request's method. Clients that cannot send PATCH name it: "_HttpMethod=PATCH" (REST API Developer Guide)."""
    if request.method == "POST" and "_HttpMethod" in request.raw_query:
        request.method = request.query["_HttpMethod"].upper()
    route = match.routes.get(request.method)
    if route is not None and route.since > request.api_version:
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)
    if route is None:
        allowed = ",".join(sorted(match.routes))
        raise SalesforceError(
            "METHOD_NOT_ALLOWED", f"HTTP Method '{request.method}' not allowed. Allowed are {allowed}", status=405
        )
    return route
