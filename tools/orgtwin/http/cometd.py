"""/cometd/NN.0: the Streaming API for clients that poll. The messages are those of events/cometd.py.

Source: "Streaming API Error Codes" (Streaming API Developer Guide). Refusals are inside the answer, whose status is 200 (ASSUMED).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from orgtwin.errors import SalesforceError
from orgtwin.events.cometd import Message, Visitor
from orgtwin.http.doors import find_caller, session_token
from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.routing import Door, Route
from orgtwin.http.versions import NEWEST

_MAX_BODY = 32_768
_VERSION = re.compile(r"v?(\d{2,3})\.0")


def exchange(request: Request) -> Response:
    """POST: one message or a list of them; the answer may take as long as a connect waits."""
    version = _require_version(request.params["release"])
    messages = _messages(request)
    visitor, server = _visitor(request, version), request.twin.cometd

    async def later() -> Response:
        replies = await server.answer(visitor, messages)
        cookie = f"BAYEUX_BROWSER={request.twin.org.org_id.lower()}; Path=/cometd/; HttpOnly"
        shakes = any(message.get("channel") == "/meta/handshake" for message in messages)
        return json_response(replies, headers=(("Set-Cookie", cookie),) if shakes else ())

    return Response(later=later)


def _require_version(text: str) -> float:
    """Any version counts: the sf CLI asks for 36.0, although the documentation begins at 37.0."""
    found = _VERSION.fullmatch(text)
    if found is None:
        message = f"API version in the URI is mandatory. URI format: '/cometd/{NEWEST}.0'"
        raise SalesforceError("UNSUPPORTED_API_VERSION", message)
    return float(found[1])


def _messages(request: Request) -> Sequence[Message]:
    content = request.json()
    found = content if isinstance(content, list) else [content]
    messages = [message for message in found if isinstance(message, dict)]
    if len(messages) < len(found):
        raise SalesforceError("JSON_PARSER_ERROR", "a Bayeux request is a message or a list of messages")
    return messages


def _visitor(request: Request, version: float) -> Visitor:
    token = session_token(request)
    if token is None:
        return Visitor(None, "401::Request requires authentication")
    caller = find_caller(request, token)
    return Visitor(replace(caller, api_version=version)) if caller else Visitor(None, "401::Authentication invalid")


ROUTES = (
    Route("POST", "/cometd/{release}", exchange, Door.OPEN, max_body=_MAX_BODY),
    Route("POST", "/cometd/{release}/{verb}", exchange, Door.OPEN, max_body=_MAX_BODY),
)
