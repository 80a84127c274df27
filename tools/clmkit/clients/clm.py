"""The CLM over REST: the change feed, agreements, and patches that name the revision they were decided on.

A patch carries `If-Match` (a lost update is refused with 412) and `X-CLM-Client` (our own change is told by its actor).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from clmkit.clients.errors import LoginFailed, Refused, Unexpected
from clmkit.clients.transport import Reply, Transport, require_private

CLIENT_NAME = "clmkit"

JsonObject = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ClmCredentials:
    client_id: str
    client_secret: str = field(repr=False)


def current(credentials: ClmCredentials | Callable[[], ClmCredentials]) -> ClmCredentials:
    return credentials() if callable(credentials) else credentials


class Change(msgspec.Struct, frozen=True):
    """One event of the feed. `agreement` is the agreement as it was after the change."""

    event_id: str
    sequence: int
    type: str
    agreement_id: str
    revision: int
    occurred_at: str
    actor: str
    agreement: JsonObject


class ChangePage(msgspec.Struct, frozen=True):
    changes: list[Change]
    cursor: str
    more: bool


class _AgreementPage(msgspec.Struct, frozen=True):
    agreements: list[JsonObject]
    cursor: str
    more: bool


class _Token(msgspec.Struct, frozen=True):
    access_token: str


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""
    detail: str = ""


class Clm:
    def __init__(
        self, transport: Transport, url: str, credentials: ClmCredentials | Callable[[], ClmCredentials]
    ) -> None:
        """`credentials` may be read anew for each login, so that a secret is replaced while the sync runs."""
        self._transport = transport
        self._url = require_private(url)
        self._credentials = credentials
        self._token: str | None = None

    @property
    def calls(self) -> Mapping[str, int]:
        return self._transport.calls

    async def read_changes(self, after: str, limit: int = 500) -> ChangePage:
        query = urlencode({"after": after, "limit": limit})
        return _read(await self._send("changes", "GET", f"/api/v1/changes?{query}"), ChangePage)

    async def read_agreements(self, limit: int = 200) -> AsyncIterator[JsonObject]:
        """Every agreement, page after page."""
        after = ""
        while True:
            query = urlencode({"after": after, "limit": limit})
            page = _read(await self._send("agreements", "GET", f"/api/v1/agreements?{query}"), _AgreementPage)
            for agreement in page.agreements:
                yield agreement
            if not page.more:
                return
            after = page.cursor

    async def get_agreement(self, agreement_id: str) -> JsonObject:
        """The agreement now. Raises Refused `not_found`."""
        return _read(await self._send("agreement", "GET", _path(agreement_id)), JsonObject)

    async def patch_agreement(self, agreement_id: str, revision: int, change: JsonObject) -> JsonObject:
        """Merge `change` into the agreement if it is still at `revision`. Raises Refused `revision_mismatch` when it is not."""
        headers = {"if-match": f'"{revision}"', "x-clm-client": CLIENT_NAME}
        return _read(await self._send("patch", "PATCH", _path(agreement_id), change, headers), JsonObject)

    async def put_webhook(self, name: str, url: str, secret: str) -> None:
        """Have the CLM call `url` on every change, signed with `secret` (Standard Webhooks)."""
        await self._send("webhook", "PUT", f"/api/v1/webhooks/{quote(name, safe='')}", {"url": url, "secret": secret})

    async def read_webhook_key(self) -> str:
        """Nothing: both sides share a secret."""
        return ""

    async def _send(
        self, kind: str, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        token = self._token or await self._renew()
        reply = await self._send_once(kind, method, path, body, headers or {}, token)
        if reply.status == 401:
            reply = await self._send_once(kind, method, path, body, headers or {}, await self._renew())
        if reply.status >= 300:
            raise _refusal(f"CLM {method} {path.split('?')[0]}", reply)
        return reply

    async def _send_once(
        self, kind: str, method: str, path: str, body: object, extra: Mapping[str, str], token: str
    ) -> Reply:
        headers = {"authorization": f"Bearer {token}", "accept": "application/json", **extra}
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = msgspec.json.encode(body)
        return await self._transport.send(f"clm_{kind}", method, self._url + path, headers=headers, body=content)

    async def _renew(self) -> str:
        known = current(self._credentials)
        form = {
            "grant_type": "client_credentials",
            "client_id": known.client_id,
            "client_secret": known.client_secret,
        }
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        reply = await self._transport.send(
            "clm_token", "POST", f"{self._url}/oauth/token", headers=headers, body=urlencode(form).encode()
        )
        if reply.status != 200:
            words = reply.body[:300].decode("utf-8", "replace")
            raise LoginFailed(f"The CLM at {self._url} refuses the client {known.client_id!r}: {words}")
        self._token = _read(reply, _Token).access_token
        return self._token


def _path(agreement_id: str) -> str:
    return f"/api/v1/agreements/{quote(agreement_id, safe='')}"


def _refusal(where: str, reply: Reply) -> Refused:
    try:
        problem = msgspec.json.decode(reply.body, type=_Problem)
    except msgspec.DecodeError:
        problem = _Problem(detail=reply.body[:200].decode("utf-8", "replace"))
    code = problem.code or ("unavailable" if reply.status >= 500 else f"HTTP_{reply.status}")
    return Refused(where, reply.status, code, problem.detail)


def _read(reply: Reply, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(reply.body, type=kind)
    except msgspec.DecodeError as error:
        raise Unexpected(f"The CLM answered {reply.status} with a body that does not read: {error}") from error
