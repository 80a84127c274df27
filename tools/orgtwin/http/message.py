"""One HTTP request and its answer, as the surfaces see them.

A surface is a module of handlers `def handler(request: Request) -> Response` and a tuple ROUTES that names them (see routing.py).
Handlers run one at a time on the event loop, each request as one transaction; Apex that runs long is paused in between (turns.py).
A handler that refuses raises SalesforceError; the application renders it in the envelope of the route.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import msgspec

from orgtwin.errors import SalesforceError, Unsupported
from orgtwin.http.multipart import is_multipart, parse_multipart
from orgtwin.http.uploads import Upload
from orgtwin.organization import Organization
from orgtwin.records.model import Caller, Dml

if TYPE_CHECKING:
    from orgtwin.auth.sessions import Session
    from orgtwin.http.routing import Handler
    from orgtwin.http.twin import Twin

JSON = "application/json;charset=UTF-8"
Headers = tuple[tuple[str, str], ...]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_DEEPEST = 5_000
_LEVELS_TAKEN_OFF = 20  # no request of a client has more
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class Response(msgspec.Struct, eq=False):
    """Status, body and headers. `stream` takes the place of `body` where an answer is too long to hold.

    `later` is awaited and gives the answer in place of this one: a long poll, during which other requests go on.
    `afterwards` is work that goes on when the answer is out, step by step; each step yields the seconds until the next.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: Headers = ()
    stream: Iterable[bytes] | None = None
    later: Callable[[], Awaitable[Response]] | None = None
    afterwards: Iterable[float] | None = None


def json_response(value: object, status: int = 200, headers: Headers = ()) -> Response:
    """`value` as JSON."""
    return Response(status, _encode(value), JSON, headers)


def no_content() -> Response:
    """204, as update and delete answer."""
    return Response(204)


class Request(msgspec.Struct, eq=False):
    """What the caller sent. `headers` have lower-case names; `params` are the decoded parts of the path a route names in braces.

    `caller` and `session` are set for every route whose door asks for a session. `api_version` is the NN.0 of the path, or the
    newest version where the path has none. `base_url` is scheme and host as the caller wrote them. `upload` takes the place of
    `body` on routes that spool.
    """

    twin: Twin
    method: str
    path: str
    raw_query: str
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    remote_address: str
    params: Mapping[str, str] = {}
    api_version: float = 0.0
    upload: Upload | None = None
    _caller: Caller | None = None
    _session: Session | None = None
    _query: dict[str, str] | None = None

    @property
    def org(self) -> Organization:
        return self.twin.org

    @property
    def dml(self) -> Dml:
        """Writes of this request, with whatever faults are armed for rows."""
        return self.twin.dml

    @property
    def caller(self) -> Caller:
        """On whose behalf this runs; only behind a door that asks for a session."""
        if self._caller is None:
            raise RuntimeError(f"{self.method} {self.path}: no session was asked for on this route")
        return self._caller

    @property
    def session(self) -> Session:
        if self._session is None:
            raise RuntimeError(f"{self.method} {self.path}: no session was asked for on this route")
        return self._session

    def admit(self, session: Session, caller: Caller) -> None:
        """From here on the request runs for this caller."""
        self._session = session
        self._caller = caller
        self.twin.events.begin_request(caller, self.path)

    @property
    def has_session(self) -> bool:
        return self._session is not None

    @property
    def query(self) -> dict[str, str]:
        """The query string, decoded; the last of a repeated name counts."""
        if self._query is None:
            self._query = dict(parse_qsl(self.raw_query, keep_blank_values=True)) if self.raw_query else {}
        return self._query

    @property
    def form(self) -> dict[str, str]:
        """The body as application/x-www-form-urlencoded."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def data_path(self) -> str:
        """/services/data/vNN.0 of this request."""
        return f"/services/data/v{self.api_version:.1f}"

    def inside(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        instead: Mapping[Handler, Handler] | None = None,
    ) -> Response:
        """Answer another request within this one, for the same caller, as composite resources do.

        `instead`: what runs in the place of some handlers.
        """
        return self.twin.dispatch(self, method, target, body, headers or {}, instead or {})

    def json(self) -> object:
        """The body as JSON. Raises JSON_PARSER_ERROR."""
        return decode_json(self.body)

    def json_object(self) -> dict[str, object]:
        """The body as a JSON object. Raises JSON_PARSER_ERROR; what says that it is XML is refused by name."""
        try:
            return decode_json_object(self.body)
        except SalesforceError as error:
            if "xml" in self.headers.get("content-type", ""):
                raise Unsupported("rest.xml", "bodies in XML") from error
            raise

    def record(self) -> dict[str, object]:
        """The body as field values of one record, without `attributes`; blobs of a multipart body are values too.

        Source: "Insert or Update Blob Data" (REST API Developer Guide). Raises JSON_PARSER_ERROR, INVALID_MULTIPART_REQUEST.
        """
        content_type = self.headers.get("content-type", "")
        if not is_multipart(content_type):
            values = self.json_object()
        else:
            parts = parse_multipart(self.body, content_type)
            description = next((part for part in parts if part.content_type.startswith("application/json")), parts[0])
            values = decode_json_object(description.content)
            for part in parts:
                if part is not description:
                    values[part.name] = b64encode(part.content).decode()
        values.pop("attributes", None)
        return values


def decode_json(text: bytes) -> object:
    """JSON text to values. Raises JSON_PARSER_ERROR."""
    if len(text) > _DEEPEST and text.count(b"[") + text.count(b"{") > _DEEPEST and _is_too_deep(text):
        raise SalesforceError("JSON_PARSER_ERROR", f"values are nested deeper than {_DEEPEST}")  # ASSUMED text
    try:
        return _decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise SalesforceError("JSON_PARSER_ERROR", f"{error}") from error


def _is_too_deep(text: bytes) -> bool:
    """Whether so many brackets stay open that reading them would need more stack than there is; Apex lets Python go that deep."""
    brackets = text.translate(None, _NO_BRACKETS)
    for _level in range(_LEVELS_TAKEN_OFF):
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return brackets.count(b"[") + brackets.count(b"{") > _DEEPEST


def decode_json_object(text: bytes) -> dict[str, object]:
    """JSON text to one object. Raises JSON_PARSER_ERROR."""
    value = decode_json(text)
    if not isinstance(value, dict):
        raise SalesforceError(
            "JSON_PARSER_ERROR",
            "The HTTP entity body was expected to be a JSON object. or request may be missing a required field",
        )
    return value


def encode_json(value: object) -> bytes:
    return _encode(value)
