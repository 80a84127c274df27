"""One request from its head to its answer, whatever carries the bytes: asgi.py behind a server, in_process.py without any."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import lru_cache
from typing import TYPE_CHECKING

from orgtwin.errors import SalesforceError
from orgtwin.http.encoding import TooLarge, too_large, unpack
from orgtwin.http.message import Headers, Request, Response
from orgtwin.http.uploads import Upload

if TYPE_CHECKING:
    from orgtwin.http.app import Application

# "REST API Request Limits": a body of 50 MB.
REST_BODY_LIMIT = 50 * 1024 * 1024

Answer = Response | Awaitable[Response | None]
"""At hand, or to be waited for. None: nobody is to be answered, the connection is to be cut."""


_NO_LENGTH = (204, 304)


def sent_headers(response: Response) -> Headers:
    """All headers of an answer: its own, and those that tell of its body."""
    if response.stream is not None:
        return (*response.headers, ("content-type", response.content_type), ("transfer-encoding", "chunked"))
    if response.status in _NO_LENGTH:
        return response.headers
    length = ("content-length", str(len(response.body)))
    return (
        (*response.headers, ("content-type", response.content_type), length)
        if response.body
        else (*response.headers, length)
    )


@lru_cache(maxsize=1024)
def _framing(encoding: str | None, length: str | None) -> tuple[str, int]:
    """How a body comes, and its bytes as far as the head tells."""
    return (encoding or "").lower(), int(length) if length is not None and length.isdigit() else 0


class Exchange:
    """The head is there when this is made; the body comes in parts; then there is an answer."""

    __slots__ = (
        "_app",
        "_encoding",
        "_limit",
        "_parts",
        "_refusal",
        "_route",
        "_size",
        "_spooled",
        "request",
        "takes_body",
    )

    def __init__(self, app: Application, request: Request) -> None:
        self.takes_body = request.method != "HEAD"  # HEAD is answered as GET is, and shows the head alone
        if not self.takes_body:
            request.method = "GET"
        self.request = request
        self._app = app
        self._route, self._refusal = app.find_route(request)
        self._limit = self._route.max_body or REST_BODY_LIMIT
        self._parts: list[bytes] = []
        encoding, declared = _framing(request.headers.get("content-encoding"), request.headers.get("content-length"))
        self._encoding = encoding
        if self._route.spools:
            request.upload = Upload()
        self._spooled = request.upload if encoding in ("", "identity") else None
        self._size = 0
        if declared > self._limit:
            self._refuse(self._route.too_large or too_large(self._limit))

    def take(self, part: bytes) -> None:
        """A part of the body; what is refused already is read and forgotten, so that the client hears why."""
        if self._refusal is not None:
            return
        self._size += len(part)
        if self._size > self._limit:
            self._refuse(self._route.too_large or too_large(self._limit))
        elif self._spooled is not None:
            self._spooled.write(part)
        else:
            self._parts.append(part)

    def answer(self) -> Answer:
        """What the org says, once the body is whole."""
        if self._refusal is None and self._parts:
            self._unpack()
        if self._refusal is not None:
            return self._app.finish(self.request, self._refusal)
        return self._app.answer(self._route, self.request)

    def _unpack(self) -> None:
        parts, self._parts = self._parts, []
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        try:
            self._hand_over(unpack(body, self._encoding, self._limit) if self._encoding else body)
        except TooLarge as error:
            self._refuse(self._route.too_large or error)
        except SalesforceError as error:
            self._refuse(error)

    def _hand_over(self, body: bytes) -> None:
        if self.request.upload is not None:
            self.request.upload.write(body)
        else:
            self.request.body = body

    def _refuse(self, error: SalesforceError) -> None:
        self._parts = []
        self._refusal = self._app.refusal(error, self._route, self.request)
