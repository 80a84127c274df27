"""Apex REST: which class and method answer a request, and the answer.

    find_resource    the class whose pattern fits a path: the same text, or the longest with a wildcard
    answer           one request: its arguments, the method, what it gave, in the formats that rest_bodies.py knows

Sources: "Apex REST Methods", "RestResource Annotation" (Apex Developer Guide); "RestRequest Properties", "RestResponse Properties"
(Apex Reference Guide). ASSUMED: the texts of 404, 405 and 406; the guide has their statuses alone. An exception class of the org's
own is what the guide calls a user exception.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from orgtwin.apex.classes import ApexClass, Method
from orgtwin.apex.database import to_port
from orgtwin.apex.engine import Engine
from orgtwin.apex.faults import ApexThrow, stack_trace
from orgtwin.apex.library.http import RestMessage, new_rest_message
from orgtwin.apex.rest_bodies import FORMATS, BodyFormat, form_fields, read_arguments
from orgtwin.apex.transaction import Job
from orgtwin.apex.types import VOID
from orgtwin.apex.values import Value
from orgtwin.errors import SalesforceError

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_WITHOUT_BODY = ("GET", "DELETE")
_STATUS_CODES = frozenset(
    (
        200,
        201,
        202,
        204,
        206,
        300,
        301,
        302,
        304,
        400,
        401,
        403,
        404,
        405,
        406,
        409,
        410,
        412,
        413,
        414,
        415,
        417,
        500,
        503,
    )
)
"""Those that Apex may set."""
MOST_BYTES = 6_000_000
"""Of a request: "Introduction to Apex REST", Governor Limits."""


@dataclass(frozen=True, slots=True)
class RestCall:
    """A request as Apex sees it. `path` is what follows /services/apexrest; `uri` what RestRequest.requestURI gives."""

    verb: str
    path: str
    headers: Mapping[str, str]
    params: Mapping[str, str]
    body: bytes
    remote_address: str


@dataclass(frozen=True, slots=True)
class RestAnswer:
    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Resource:
    """A class with @RestResource."""

    cls: ApexClass
    pattern: str

    def matches(self, path: str) -> bool:
        parts = [re.escape(part) for part in self.pattern.split("*")]
        return re.fullmatch(".*".join(parts), path) is not None

    def is_exactly(self, path: str) -> bool:
        """`/echo` and `/echo/*` both are `/echo`."""
        return self.pattern.removesuffix("*").rstrip("/") == path.rstrip("/")


def resources(engine: Engine) -> Iterator[Resource]:
    """Every class that is exposed."""
    for cls in engine.classes.values():
        annotation = cls.modifiers.find_annotation("restresource") if cls.modifiers is not None else None
        mapping = annotation.arguments.get("urlmapping") if annotation is not None else None
        if mapping is not None:
            yield Resource(cls, "/" + str(mapping).lstrip("/"))


def find_resource(engine: Engine, path: str) -> Resource | None:
    """The class that answers a path: of two that are exactly it the one saved first."""
    found = list(resources(engine))
    exact = next((r for r in found if r.is_exactly(path)), None)
    fitting = (r for r in found if "*" in r.pattern and r.matches(path))
    return exact or max(fitting, key=lambda r: len(r.pattern), default=None)


def find_method(cls: ApexClass, verb: str) -> Method | None:
    """The static method annotated @HttpGet, @HttpPost ..."""
    wanted = f"http{verb.lower()}"
    for methods in cls.methods.values():
        for method in methods:
            if method.modifiers is not None and method.modifiers.find_annotation(wanted) is not None:
                return method
    return None


def answer(
    engine: Engine,
    call: RestCall,
    later: Callable[[list[Job]], None],
    may_call: Callable[[str], bool] = lambda name: True,
) -> RestAnswer:
    """Run what is called, in a transaction of its own; `later` takes the jobs that it queued, `may_call` knows who may use a class.

    Raises SalesforceError for what reaches no method, or throws.
    """
    if len(call.body) > MOST_BYTES:  # ASSUMED: the text, that of the limit
        text = f"System.LimitException: Apex heap size too large: {len(call.body)}"
        raise SalesforceError("APEX_ERROR", text, status=500)
    path, extension = _split(call.path)
    resource, method = _find(engine, call, path, may_call)
    written = _answer_format(method, extension or _header(call, "accept"))
    with engine.new_transaction(kind="rest") as transaction:
        response = new_rest_message("RestResponse")
        transaction.rest["rest:request"] = _request(call, resource, method)
        transaction.rest["rest:response"] = response
        takes_body = bool(method.parameters) and call.verb not in _WITHOUT_BODY
        arguments = read_arguments(method, call.body, _content_type(call)) if takes_body else []
        try:
            with (
                engine.unit(engine.source_id(resource.cls), f"{resource.cls.name}.{method.name}()"),
                engine.told_fatal(),
            ):
                result = method.call(*arguments)
            found = _answer(call, method, result, response, written)
        except ApexThrow as error:
            text = f"{error}\n\n{stack_trace(error.value)}".rstrip()
            status = 500 if error.value.cls.namespace else 400
            raise SalesforceError("APEX_ERROR", text, status=status) from error
        later(list(transaction.jobs))
    return found


def _split(path: str) -> tuple[str, str]:
    """A path without the extension that asks for a format, and the media type of that; a slash behind it keeps a dot.

    Raises NOT_FOUND for an extension that is no format.
    """
    stem, dot, extension = path.rpartition(".")
    if not dot or "/" in extension:
        return path, ""
    if f"application/{extension}" not in FORMATS:
        raise _not_found(path)
    return stem, f"application/{extension}"


def _not_found(path: str) -> SalesforceError:
    return SalesforceError("NOT_FOUND", f"Could not find a match for URL {path}", status=404)


def _find(engine: Engine, call: RestCall, path: str, may_call: Callable[[str], bool]) -> tuple[Resource, Method]:
    resource = find_resource(engine, path)
    if resource is None:
        raise _not_found(call.path)
    cls = resource.cls
    if not may_call(cls.name):
        raise SalesforceError("FORBIDDEN", f"You do not have access to the Apex class named: {cls.name}", status=403)
    method = find_method(cls, call.verb)
    if method is None:
        allowed = ", ".join(verb for verb in VERBS if find_method(cls, verb) is not None)
        message = f"HTTP Method '{call.verb}' not allowed. Allowed are {allowed}"
        raise SalesforceError("METHOD_NOT_ALLOWED", message, status=405)
    return resource, method


def _header(call: RestCall, name: str) -> str:
    return next((text for key, text in call.headers.items() if key.lower() == name), "")


def _content_type(call: RestCall) -> str:
    return _header(call, "content-type").partition(";")[0].strip().lower()


def _answer_format(method: Method, accept: str) -> BodyFormat | None:
    """The first that is accepted; JSON when that leaves the choice. Raises NOT_ACCEPTABLE for what cannot be written."""
    if method.returns is VOID:
        return None
    accepted = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    for media_type in accepted:
        written = FORMATS.get("application/json" if media_type in ("", "*/*", "application/*") else media_type)
        if written is not None and written.takes(method.returns):
            return written
    message = f"The resource cannot be represented as {', '.join(accepted)}"
    raise SalesforceError("NOT_ACCEPTABLE", message, status=406)


def _request(call: RestCall, resource: Resource, method: Method) -> RestMessage:
    request = new_rest_message("RestRequest")
    request.values["httpmethod"] = call.verb
    request.values["requesturi"] = call.path
    request.values["resourcepath"] = f"/services/apexrest{resource.pattern}"
    request.values["requestbody"] = None if method.parameters else call.body
    request.values["remoteaddress"] = call.remote_address
    request.values["headers"].items.update(call.headers)
    request.values["params"].items.update(call.params)
    if _content_type(call) == "application/x-www-form-urlencoded":
        request.values["params"].items.update(form_fields(call.body))
    return request


def _answer(
    call: RestCall, method: Method, result: Value, response: RestMessage, written: BodyFormat | None
) -> RestAnswer:
    headers = {str(k): str(v) for k, v in response.values["headers"].items.items()}
    status = response.values.get("statuscode")
    body = response.values.get("responsebody")
    if status is None:  # ASSUMED: a void method that writes an answer of its own has content
        status = 204 if written is None and call.verb == "PATCH" and not body else 200
    status = int(to_port(status))
    if status not in _STATUS_CODES:
        raise SalesforceError("APEX_ERROR", f"Invalid status code for HTTP response: {status}", status=500)
    if written is not None and result is not None:
        headers.setdefault("Content-Type", written.media_type)
        body = _written(written, result)
    return RestAnswer(status, body or b"", headers)


def _written(written: BodyFormat, result: Value) -> bytes:
    try:
        return written.write(result)
    except ApexThrow as error:  # objects that hold each other
        raise SalesforceError("APEX_ERROR", str(error)) from error
