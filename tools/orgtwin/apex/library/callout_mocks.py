"""StaticResourceCalloutMock and MultiStaticResourceCalloutMock: answers whose bodies are static resources.

Source: "Testing HTTP Callouts Using Static Resources" (Apex Developer Guide). ASSUMED: what a missing resource
throws.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from orgtwin.apex import context
from orgtwin.apex.classes import ApexClass
from orgtwin.apex.faults import throw
from orgtwin.apex.library.http import HttpMessage
from orgtwin.apex.library.interfaces import HTTP_CALLOUT_MOCK
from orgtwin.apex.library.signatures import declare, system_class
from orgtwin.apex.types import Type
from orgtwin.apex.values import Value


@dataclass(slots=True, eq=False)
class ResourceMock:
    """`resources`: the name of a static resource by endpoint; None stands for any endpoint."""

    kind: str
    resources: dict[str | None, str] = field(default_factory=dict)
    headers: dict[str, tuple[str, str]] = field(default_factory=dict)
    status: str | None = None
    status_code: int = 0

    @property
    def cls(self) -> ApexClass:
        return declare(self.kind)

    @property
    def apex_type(self) -> Type:
        return self.cls.type


def _set_resource(this: ResourceMock, *names: str) -> None:
    """(resource) or (endpoint, resource)."""
    this.resources[names[0] if len(names) > 1 else None] = names[-1]


def _set_header(this: ResourceMock, name: str, value: str) -> None:
    this.headers[name.lower()] = (name, value)


def _set_status(this: ResourceMock, status: str) -> None:
    this.status = status


def _set_status_code(this: ResourceMock, code: int) -> None:
    this.status_code = code


def respond(this: ResourceMock, request: HttpMessage) -> HttpMessage:
    name = this.resources.get(request.endpoint, this.resources.get(None))
    body = None if name is None else context.engine().port.find_static_resource(name)
    if body is None:
        raise throw("CalloutException", f"Static resource not found: {name or request.endpoint}")
    return HttpMessage(
        "HttpResponse", dict(this.headers), body, status=this.status, status_code=this.status_code or 200
    )


for _kind, _resource in (("StaticResourceCalloutMock", "String"), ("MultiStaticResourceCalloutMock", "String,String")):

    def _new(kind: str = _kind) -> Value:
        return ResourceMock(kind)

    _cls = system_class(
        _kind,
        {
            f"void setStaticResource({_resource})": _set_resource,
            "void setHeader(String,String)": _set_header,
            "void setStatus(String)": _set_status,
            "void setStatusCode(Integer)": _set_status_code,
            "HttpResponse respond(HttpRequest)": respond,
        },
        constructors={"()": _new},
    )
    _cls.interfaces.append(HTTP_CALLOUT_MOCK.type)
