"""One request, one response, and the few readings of them that every handler shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from clmtwin.problem import Problem

T = TypeVar("T")
_encode = msgspec.json.Encoder().encode
_ACTORS = ("x-clm-client", "x-clm-user", "x-as-user-email", "x-as-user-id")


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def actor(self) -> str:
        """Who makes the change: an integration by X-CLM-Client, a person by X-CLM-User, over Ironclad's API the user whom a client
        acts as ("Client Credentials Grant": x-as-user-email, x-as-user-id), else somebody ("user").
        """
        return next((named for one in _ACTORS if (named := self.headers.get(one))), "user")


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes = b""
    media_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


def json_response(value: object, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    return Response(status, _encode(value), headers=headers)


def problem_response(problem: Problem) -> Response:
    return Response(problem.status, _encode(problem.document()), "application/problem+json", problem.headers)


def read_object(request: Request) -> dict[str, Any]:
    return read_as(request, dict[str, Any])


def read_as(request: Request, kind: type[T]) -> T:
    """The JSON body as `kind`. Raises Problem `malformed_json` or `invalid` with the path of the wrong member."""
    try:
        return msgspec.json.decode(request.body, type=kind)
    except msgspec.ValidationError as error:
        raise Problem("invalid", f"{error}.") from error
    except msgspec.DecodeError as error:
        raise Problem("malformed_json", f"{error}.") from error
    except UnicodeDecodeError as error:
        raise Problem("malformed_json", f"The body is not UTF-8: {error}.") from error
    except RecursionError as error:
        raise Problem("malformed_json", "The body nests lists and objects without end.") from error


def read_limit(request: Request, *, default: int, most: int) -> int:
    text = request.query.get("limit", str(default))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most):
        raise Problem("invalid_limit", f"limit is {text!r}; it goes from 1 to {most}.")
    return int(text)


def read_number_cursor(request: Request) -> int:
    """Cursors are opaque to clients; here they are the number of the last row of the page before."""
    text = request.query.get("after", "")
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise Problem("invalid_cursor", f"after is {text!r}; pass on the cursor of the page before, or leave it out.")
    return int(text)
