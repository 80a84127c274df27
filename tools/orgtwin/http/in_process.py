"""A client without sockets: hands requests to the application in this process and gives back what it wrote.

For tests that need an org's answers by the thousand; whoever needs to see TLS, keep-alive or a cut connection runs `orgtwin serve`.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from orgtwin.http.app import Application

_SAFE = "/?&=%+,'()*:!@$~.;-_"


class Aborted(Exception):
    """A fault cut the connection: there is no answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (lower-case names) and body, decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


class _Transport:
    def __init__(self) -> None:
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True


class InProcess:
    """Sends requests as one caller; `token` None sends no Authorization."""

    def __init__(self, application: Application, token: str | None = None) -> None:
        self.application = application
        self.token = token

    def as_caller(self, token: str | None) -> InProcess:
        return InProcess(self.application, token)

    def get(self, target: str, **headers: str) -> Answer:
        return self.request("GET", target, headers=headers)

    def post(self, target: str, json: object = None, **headers: str) -> Answer:
        return self.request("POST", target, json=json, headers=headers)

    def patch(self, target: str, json: object = None, **headers: str) -> Answer:
        return self.request("PATCH", target, json=json, headers=headers)

    def delete(self, target: str, **headers: str) -> Answer:
        return self.request("DELETE", target, headers=headers)

    def request(
        self,
        method: str,
        target: str,
        *,
        json: object = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; underscores in header names given as keywords stand for hyphens. Raises Aborted."""
        sent = {name.replace("_", "-").lower(): value for name, value in (headers or {}).items()}
        if json is not None:
            body = msgspec.json.encode(json)
            sent.setdefault("content-type", "application/json")
        if self.token is not None:
            sent.setdefault("authorization", f"Bearer {self.token}")
        sent.setdefault("host", "localhost")
        return asyncio.run(self._exchange(method, target, body, sent))

    async def _exchange(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        path, _, query = target.partition("?")
        transport = _Transport()
        scope = {
            "type": "http",
            "method": method,
            "scheme": "https",
            "raw_path": quote(path, safe=_SAFE).encode(),
            "query_string": quote(query, safe=_SAFE).encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
            "client": ("127.0.0.1", 0),
            "orgtwin.transport": transport,
        }
        messages: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            messages.append(message)

        await self.application(scope, receive, send)
        if transport.aborted:
            raise Aborted(f"{method} {target}")
        return _answer(messages)


def _answer(messages: list[dict[str, Any]]) -> Answer:
    head, *parts = messages
    headers = {name.decode(): value.decode("latin-1") for name, value in head["headers"]}
    body = b"".join(part.get("body", b"") for part in parts)
    if headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    return Answer(head["status"], headers, body)
