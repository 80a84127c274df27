"""Http, HttpRequest, HttpResponse, RestContext. Callouts of a test go to its mock; others to loopback addresses (callouts.py).

Sources: "HttpRequest Class", "HttpResponse Class", "Testing HTTP Callouts", "Named Credentials as
Callout Endpoints" (Apex Reference and Developer Guides).
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from orgtwin.apex import context
from orgtwin.apex.callouts import CalloutFailed, Outgoing, call_out
from orgtwin.apex.classes import Method, Variable
from orgtwin.apex.faults import throw
from orgtwin.apex.library.jobs import call_method
from orgtwin.apex.library.signatures import declare, system_class, type_of
from orgtwin.apex.limits import MAX_CALLOUT_MILLISECONDS
from orgtwin.apex.text import to_text
from orgtwin.apex.types import VOID, Type
from orgtwin.apex.values import ApexList, ApexMap, Value
from orgtwin.metadata.credentials import CalloutRefused

_STRINGS = type_of("List<String>")
_STRING_MAP = type_of("Map<String,String>")


@dataclass(slots=True, eq=False)
class HttpMessage:
    """What requests and responses share: headers (in any case) and a body."""

    kind: str
    headers: dict[str, tuple[str, str]] = field(default_factory=dict)
    body: bytes | None = None
    method: str | None = None
    endpoint: str | None = None
    timeout: int = 10_000
    compressed: bool = False
    status: str | None = None
    status_code: int = 0

    @property
    def apex_type(self) -> Type:
        return declare(self.kind).type

    def __str__(self) -> str:
        if self.kind == "HttpRequest":
            return f"System.HttpRequest[Endpoint={self.endpoint or 'null'}, Method={self.method or 'null'}]"
        return f"System.HttpResponse[Status={to_text(self.status)}, StatusCode={self.status_code}]"


def _set_header(this: HttpMessage, name: str, value: str) -> None:
    this.headers[name.lower()] = (name, value)


def _get_header(this: HttpMessage, name: str) -> str | None:
    found = this.headers.get(name.lower())
    return found[1] if found is not None else None


def _set_body(this: HttpMessage, text: str | None) -> None:
    this.body = text.encode("utf-8") if text is not None else None


def _get_body(this: HttpMessage) -> str | None:
    if this.body is None:
        return "" if this.kind == "HttpRequest" else None
    return this.body.decode("utf-8", "replace")


def _set(name: str) -> Callable[[HttpMessage, Value], None]:
    def run(this: HttpMessage, value: Value) -> None:
        setattr(this, name, value)

    return run


_MESSAGE: dict[str, Callable[..., Value]] = {
    "void setHeader(String,String)": _set_header,
    "String getHeader(String)": _get_header,
    "void setBody(String)": _set_body,
    "void setBodyAsBlob(Blob)": _set("body"),
    "String getBody()": _get_body,
    "Blob getBodyAsBlob()": lambda this: this.body,
    "String toString()": str,
}
system_class(
    "HttpRequest",
    {
        **_MESSAGE,
        "void setEndpoint(String)": _set("endpoint"),
        "String getEndpoint()": lambda this: this.endpoint,
        "void setMethod(String)": _set("method"),
        "String getMethod()": lambda this: this.method,
        "void setTimeout(Integer)": _set("timeout"),
        "void setCompressed(Boolean)": _set("compressed"),
        "Boolean getCompressed()": lambda this: this.compressed,
        "void setClientCertificateName(String)": lambda this, name: None,
    },
    constructors={"()": lambda: HttpMessage("HttpRequest")},
)
system_class(
    "HttpResponse",
    {
        **_MESSAGE,
        "void setStatus(String)": _set("status"),
        "String getStatus()": lambda this: this.status,
        "void setStatusCode(Integer)": _set("status_code"),
        "Integer getStatusCode()": lambda this: this.status_code,
        "List<String> getHeaderKeys()": lambda this: ApexList(_STRINGS, [name for name, _ in this.headers.values()]),
    },
    constructors={"()": lambda: HttpMessage("HttpResponse")},
)


class Http:
    """new Http()."""

    @property
    def apex_type(self) -> Type:
        return declare("Http").type


def _send(this: Http, request: HttpMessage) -> Value:
    engine = context.engine()
    transaction = engine.transaction
    transaction.usage.charge("Callouts")
    if engine.trigger_context:
        raise throw("CalloutException", "Callout from triggers are currently not supported.")
    if transaction.dml_since_callout and not engine.test_state.get("started"):
        raise throw(
            "CalloutException", "You have uncommitted work pending. Please commit or rollback before calling out"
        )
    if transaction.savepoints and not engine.test_state.get("started"):
        raise throw("CalloutException", "All active Savepoints must be released before making callouts.")
    mock = engine.test_state.get("mock:system.httpcalloutmock") or engine.test_state.get("mock:httpcalloutmock")
    if mock is None and engine.is_testing:
        raise throw("TypeException", "Methods defined as TestMethod do not support Web service callouts")
    engine.note("CALLOUT_REQUEST", f"[{engine.line()}]", to_text(request) if engine.log is not None else "")
    response = _send_for_real(request) if mock is None else call_method(mock, "respond", request)
    engine.note("CALLOUT_RESPONSE", f"[{engine.line()}]", to_text(response) if engine.log is not None else "")
    return response


def _timeout(request: HttpMessage) -> int:
    """Its own, or what is left of the time that all callouts of a transaction have. ASSUMED: the text for a bad timeout."""
    if not 1 <= request.timeout <= MAX_CALLOUT_MILLISECONDS:
        raise CalloutFailed(f"The timeout must be between 1 and {MAX_CALLOUT_MILLISECONDS} milliseconds")
    left = MAX_CALLOUT_MILLISECONDS - context.transaction().callout_milliseconds
    if left <= 0:
        raise CalloutFailed(f"Exceeded maximum time allotted for callout ({MAX_CALLOUT_MILLISECONDS} ms)")
    return min(request.timeout, left)


def _send_for_real(request: HttpMessage) -> HttpMessage:
    engine = context.engine()
    try:
        callout = engine.port.resolve_callout(request.endpoint or "")
        headers, body = {**dict(callout.headers), **dict(request.headers.values())}, request.body
        if request.compressed and body is not None:
            headers["Content-Encoding"], body = "gzip", gzip.compress(body, mtime=0)
        outgoing = Outgoing(request.method or "", callout.url, headers, body, _timeout(request))
        started = time.monotonic()
        try:
            answer = call_out(outgoing, engine.transaction.usage.limit("HeapSize"))
        finally:
            engine.transaction.callout_milliseconds += round((time.monotonic() - started) * 1000)
    except (CalloutRefused, CalloutFailed) as error:
        raise throw("CalloutException", str(error)) from error
    response = HttpMessage("HttpResponse", body=answer.body, status=answer.reason, status_code=answer.status)
    for name, value in answer.headers:
        _set_header(response, name, value)
    return response


system_class(
    "Http",
    {"HttpResponse send(HttpRequest)": _send, "String toString()": lambda this: "System.Http[]"},
    constructors={"()": Http},
)


# Apex REST


@dataclass(slots=True, eq=False)
class RestMessage:
    """RestRequest or RestResponse."""

    kind: str
    values: dict[str, Value]

    @property
    def apex_type(self) -> Type:
        return declare(self.kind).type


def new_rest_message(kind: str) -> RestMessage:
    """An empty RestRequest or RestResponse."""
    names = ("headers", "params") if kind == "RestRequest" else ("headers",)
    return RestMessage(kind, {name: ApexMap(_STRING_MAP) for name in names})


def _rest_class(kind: str, fields: dict[str, str]) -> None:
    cls = system_class(kind, {}, constructors={"()": lambda: new_rest_message(kind)})
    for name, type_name in fields.items():
        type_ = type_of(type_name)
        getter = Method(cls, f"get:{name}", (), type_, _reader(name.lower()))
        setter = Method(cls, f"set:{name}", (type_,), VOID, _writer(name.lower()))
        cls.declare_variable(Variable(cls, name, type_, False, -1, getter=getter, setter=setter, is_property=True))


def _reader(key: str) -> Callable[[RestMessage], Value]:
    return lambda this: this.values.get(key)


def _writer(key: str) -> Callable[[RestMessage, Value], None]:
    def run(this: RestMessage, value: Value) -> None:
        this.values[key] = value

    return run


_rest_class(
    "RestRequest",
    {
        "headers": "Map<String,String>",
        "httpMethod": "String",
        "params": "Map<String,String>",
        "remoteAddress": "String",
        "requestBody": "Blob",
        "requestURI": "String",
        "resourcePath": "String",
    },
)
_rest_class("RestResponse", {"headers": "Map<String,String>", "responseBody": "Blob", "statusCode": "Integer"})


def _add_header(this: RestMessage, name: str, value: str) -> None:
    this.values["headers"].items[name] = value


def _add_parameter(this: RestMessage, name: str, value: str) -> None:
    this.values["params"].items[name] = value


system_class(
    "RestRequest", {"void addHeader(String,String)": _add_header, "void addParameter(String,String)": _add_parameter}
)
system_class("RestResponse", {"void addHeader(String,String)": _add_header})


def _context_property(name: str, type_name: str) -> None:
    cls = declare("RestContext")
    type_ = type_of(type_name)
    key = f"rest:{name}"

    def read() -> Value:
        return context.transaction().rest.get(key)

    def write(value: Value) -> None:
        context.transaction().rest[key] = value

    getter = Method(cls, f"get:{name}", (), type_, read, static=True)
    setter = Method(cls, f"set:{name}", (type_,), VOID, write, static=True)
    cls.declare_variable(Variable(cls, name, type_, True, -1, getter=getter, setter=setter, is_property=True))


_context_property("request", "RestRequest")
_context_property("response", "RestResponse")
