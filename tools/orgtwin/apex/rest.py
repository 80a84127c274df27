"""Apex REST: which class and method answer a request, and the answer.

Source: "Exposing Apex Classes as REST Web Services" (Apex Developer Guide). ASSUMED: a pattern without a wildcard goes before one
with, a longer one before a shorter; the texts of 404 and 405 are those of the REST API.
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
from orgtwin.apex.library.json import from_plain, serialize
from orgtwin.apex.library.jsontext import read as read_json
from orgtwin.apex.transaction import Job
from orgtwin.apex.types import VOID
from orgtwin.apex.values import Value
from orgtwin.errors import SalesforceError

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_WITHOUT_BODY = ("GET", "DELETE")
_PATTERN_PART = re.compile(r"\*")


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
        parts = [re.escape(part) for part in _PATTERN_PART.split(self.pattern)]
        return re.fullmatch(".*".join(parts), path) is not None or self.pattern == f"{path}/*"


def resources(engine: Engine) -> Iterator[Resource]:
    """Every class that is exposed."""
    for cls in engine.classes.values():
        annotation = cls.modifiers.find_annotation("restresource") if cls.modifiers is not None else None
        mapping = annotation.arguments.get("urlmapping") if annotation is not None else None
        if mapping is not None:
            yield Resource(cls, "/" + str(mapping).lstrip("/"))


def find_resource(engine: Engine, path: str) -> ApexClass | None:
    """The class whose pattern fits a path best."""
    fitting = [r for r in resources(engine) if r.matches(path)]
    best = min(fitting, key=lambda r: ("*" in r.pattern, -len(r.pattern)), default=None)
    return None if best is None else best.cls


def find_method(cls: ApexClass, verb: str) -> Method | None:
    """The static method annotated @HttpGet, @HttpPost ..."""
    wanted = f"http{verb.lower()}"
    for methods in cls.methods.values():
        for method in methods:
            if method.modifiers is not None and method.modifiers.find_annotation(wanted) is not None:
                return method
    return None


def answer(engine: Engine, call: RestCall, later: Callable[[list[Job]], None]) -> RestAnswer:
    """Run what is called, in a transaction of its own; `later` takes the jobs that it queued.

    Raises SalesforceError for what reaches no method, or throws.
    """
    cls = find_resource(engine, call.path)
    if cls is None:
        raise SalesforceError("NOT_FOUND", "Could not find a match for URL", status=404)
    method = find_method(cls, call.verb)
    if method is None:
        allowed = ", ".join(verb for verb in VERBS if find_method(cls, verb) is not None)
        message = f"HTTP Method '{call.verb}' not allowed. Allowed are {allowed}"
        raise SalesforceError("METHOD_NOT_ALLOWED", message, status=405)
    with engine.new_transaction(kind="rest") as transaction:
        response = new_rest_message("RestResponse")
        transaction.rest["rest:request"] = _request(call)
        transaction.rest["rest:response"] = response
        try:
            arguments = _arguments(method, call)
            result = method.call(*arguments)
        except ApexThrow as error:
            text = f"{error}\n\n{stack_trace(error.value)}".rstrip()
            raise SalesforceError("APEX_ERROR", text, status=500) from error
        found = _answer(method, result, response)
        later(list(transaction.jobs))
    return found


def _request(call: RestCall) -> RestMessage:
    request = new_rest_message("RestRequest")
    request.values["httpmethod"] = call.verb
    request.values["requesturi"] = call.path
    request.values["resourcepath"] = f"/services/apexrest{call.path}"
    request.values["requestbody"] = call.body
    request.values["remoteaddress"] = call.remote_address
    request.values["headers"].items.update(call.headers)
    request.values["params"].items.update(call.params)
    return request


def _arguments(method: Method, call: RestCall) -> list[Value]:
    """The values of the JSON body by the names of the parameters. Raises JSON_PARSER_ERROR (400)."""
    if not method.parameters or call.verb in _WITHOUT_BODY:
        return []
    given = _body_object(call.body)
    known = {name.lower() for name in method.parameter_names}
    unknown = next((name for name in given if name.lower() not in known), None)
    if unknown is not None:
        message = f"Unexpected parameter encountered during deserialization: {unknown}"
        raise SalesforceError("JSON_PARSER_ERROR", message)
    by_name = {name.lower(): value for name, value in given.items()}
    return [
        from_plain(by_name.get(name.lower()), type_, strict=False)
        for name, type_ in zip(method.parameter_names, method.parameters, strict=True)
    ]


def _body_object(body: bytes) -> dict[str, Value]:
    try:
        found = read_json(body.decode("utf-8")) if body.strip() else {}
    except (ApexThrow, UnicodeDecodeError) as error:
        raise SalesforceError("JSON_PARSER_ERROR", str(error)) from error
    if not isinstance(found, dict):
        raise SalesforceError(
            "JSON_PARSER_ERROR", "The request body must be a JSON object with the method's parameters"
        )
    return found


def _answer(method: Method, result: Value, response: RestMessage) -> RestAnswer:
    status = response.values.get("statuscode")
    headers = {str(k): str(v) for k, v in response.values["headers"].items.items()}
    body = response.values.get("responsebody")
    if method.returns is not VOID and result is not None:
        headers.setdefault("Content-Type", "application/json;charset=UTF-8")
        body = serialize(result).encode("utf-8")
    return RestAnswer(int(to_port(status)) if status is not None else 200, body or b"", headers)
