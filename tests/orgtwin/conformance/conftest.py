"""An org behind a door: the application in this process, or a running twin over TLS. Either is asked through plain HTTP only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import pytest
import requests

from orgtwin.http.in_process import InProcess
from orgtwin.http.ready import ReadyFile
from orgtwin.pytest_plugin import org_twin, org_twin_client, org_twin_process

__all__ = ["org_twin", "org_twin_client", "org_twin_process"]

_SECONDS = 60


@dataclass(frozen=True)
class Said:
    """An answer: status, headers by lower-case name, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Door(Protocol):
    token: str

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Said: ...


class InThisProcess:
    def __init__(self, client: InProcess) -> None:
        self._client = client
        self.token = client.token or ""

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Said:
        answer = self._client.request(method, target, body=body, headers=headers)
        return Said(answer.status, answer.headers, answer.body)


class OverTls:
    def __init__(self, ready: ReadyFile, session: requests.Session) -> None:
        self._url = ready.https_url
        self._session = session
        self.token = ready.access_token

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Said:
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        answer = self._session.request(
            method, self._url + target, headers=sent, data=body, timeout=_SECONDS, allow_redirects=False
        )
        return Said(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.content)


@pytest.fixture(params=["in process", "over TLS"])
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    if request.param == "in process":
        yield InThisProcess(request.getfixturevalue("org_twin_client"))
        return
    ready: ReadyFile = request.getfixturevalue("org_twin")
    with requests.Session() as session:
        session.verify = ready.ca_bundle
        session.trust_env = False
        yield OverTls(ready, session)
