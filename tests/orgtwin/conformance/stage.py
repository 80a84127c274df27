"""Where a case plays: an org in this process, or a running twin over TLS. The clients are the same unmodified ones at both.

In this process every session of `requests`, whoever made it, hands its https requests to the application; over TLS it opens
connections. gRPC has no call without a connection, so what is asked by it is asked of the running twin alone.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from tests.orgtwin.events.pubsub_client import Client as PubSub

from orgtwin.http.in_process import InProcess
from orgtwin.http.ready import ReadyFile

_SECONDS = 60


class IntoThisProcess(BaseAdapter):
    """Requests of a session become calls of the application."""

    def __init__(self, client: InProcess) -> None:
        super().__init__()
        self._client = client

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        address = urlsplit(str(request.url))
        body = _whole(request.body)
        target = f"{address.path}?{address.query}" if address.query else address.path
        sent = {**request.headers, "Host": address.netloc}
        answer = self._client.request(str(request.method), target, body=body, headers=sent)
        response = requests.Response()
        response.status_code, response.request, response.url = answer.status, request, str(request.url)
        response.headers.update(answer.headers)
        response.raw = io.BytesIO(answer.body)
        return response

    def close(self) -> None:
        """There is no connection."""


def _whole(body: Any) -> bytes:
    """A body as one: clients send text, bytes, or bytes in parts."""
    if isinstance(body, str):
        return body.encode()
    return body if isinstance(body, bytes) else b"".join(body or ())


@dataclass
class Stage:
    """A new org, who may enter it, and the names that steps write with a dollar sign."""

    ready: ReadyFile
    names: dict[str, str] = field(default_factory=dict)
    clients: dict[object, Any] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)
    _listeners: list[PubSub] = field(default_factory=list)

    def __post_init__(self) -> None:
        now = datetime.now(UTC)
        self.names |= {
            "url": self.ready.https_url,
            "place": self.ready.https_url.removeprefix("https://"),
            "org": self.ready.org_id,
            "token": self.ready.access_token,
            "admin": self.ready.user_id,
            "integration": self.ready.integration_user_id,
            "robot": self.ready.integration_username,
            "client": self.ready.client_id,
            "secret": self.ready.client_secret,
            "hour_ago": (now - timedelta(hours=1)).isoformat(timespec="seconds"),
            "hour_on": (now + timedelta(hours=1)).isoformat(timespec="seconds"),
        }

    def token_of(self, username: str | None) -> str:
        """A session of this user; of the administrator when none is named; a session itself when that is named."""
        if username is None:
            return self.ready.access_token
        if "!" in username:
            return username
        if username not in self._tokens:
            self._tokens[username] = self.admin("POST", "sessions", {"username": username})["access_token"]
        return self._tokens[username]

    def admin(self, method: str, path: str, body: object = None) -> Any:
        """The twin's own addresses, at which faults are armed."""
        headers = {"Authorization": f"Bearer {self.ready.admin_token}"}
        answer = self.ask(method, f"/twin/admin/{path}", headers, body)
        return answer.json() if answer.content else None

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: object = None) -> requests.Response:
        """One plain request: `body` is bytes as they are or what becomes JSON."""
        sent = {"data": body} if isinstance(body, bytes) else {"json": body}
        with requests.Session() as session:
            return session.request(
                method, self.ready.https_url + target, headers=headers, timeout=_SECONDS, allow_redirects=False, **sent
            )

    def listen(self, token: str) -> PubSub:
        self._listeners.append(PubSub(self.ready, token))
        return self._listeners[-1]

    def close(self) -> None:
        for listener in self._listeners:
            listener.close()
