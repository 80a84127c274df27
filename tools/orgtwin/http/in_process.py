"""A client without sockets: hands requests to the application in this process and gives back what it wrote.

For tests that need an org's answers by the thousand; whoever needs to see TLS, keep-alive or a cut connection runs `orgtwin serve`.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from orgtwin.http.app import Application
from orgtwin.http.exchange import sent_headers
from orgtwin.http.message import Request, Response

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
        """One request, with all that goes on after its answer. Raises Aborted."""
        response, takes_body = self.send(method, target, json=json, body=body, headers=headers)
        for _pause in response.afterwards or ():
            pass
        return _shown(response, takes_body=takes_body)

    def send(
        self,
        method: str,
        target: str,
        *,
        json: object = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> tuple[Response, bool]:
        """One request; its answer, whose `afterwards` is left to the caller, and whether its body is to be seen.

        Underscores in header names given as keywords stand for hyphens. Raises Aborted.
        """
        sent = {name.replace("_", "-").lower(): value for name, value in (headers or {}).items()}
        if json is not None:
            body = msgspec.json.encode(json)
            sent.setdefault("content-type", "application/json")
        if self.token is not None:
            sent.setdefault("authorization", f"Bearer {self.token}")
        sent.setdefault("host", "localhost")
        return self._exchange(method, target, body, sent)

    def _exchange(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> tuple[Response, bool]:
        path, _, query = target.partition("?")
        exchange = self.application.begin(
            Request(
                twin=self.application.twin,
                method=method,
                path=quote(path, safe=_SAFE),
                raw_query=quote(query, safe=_SAFE),
                headers=headers,
                body=b"",
                base_url=f"https://{headers['host']}",
                remote_address="127.0.0.1",
            )
        )
        exchange.take(body)
        answer = exchange.answer()
        response = answer if isinstance(answer, Response) else asyncio.run(_awaited(answer))
        if response is None:
            raise Aborted(f"{method} {target}")
        return response, exchange.takes_body


async def _awaited(answer: Awaitable[Response | None]) -> Response | None:
    return await answer


def _shown(response: Response, *, takes_body: bool) -> Answer:
    headers = {name.lower(): value for name, value in sent_headers(response)}
    body = response.body if response.stream is None else b"".join(response.stream)
    if headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    return Answer(response.status, headers, body if takes_body else b"")
