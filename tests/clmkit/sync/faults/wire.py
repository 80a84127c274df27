"""What a fault does to one request: it answers in the system's place, cuts the connection, or spoils the answer."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import msgspec
from aiohttp.client_reqrep import ConnectionKey

from clmkit.clients.transport import Content, Reply, Transport

Forward = Callable[[bytes | None], Awaitable[Reply]]
"""Sends the request on, with this body."""
Effect = Callable[[bytes | None, Forward], Awaitable[Reply]]
Meets = Callable[[str, str], bool]
"""Whether a fault strikes a request, by method and path."""


@dataclass
class Strike:
    """An armed fault; `times` None strikes for as long as it is armed."""

    effect: Effect
    meets: Meets
    times: int | None
    struck: int = 0

    def is_due(self, method: str, path: str) -> bool:
        return self.meets(method, path) and self.times != self.struck


@dataclass
class FaultyTransport(Transport):
    """The kit's own transport on real sockets; only what comes back is the fault's."""

    armed: list[Strike] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    """What was sent, faults or not."""

    async def _send_once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | Content | None
    ) -> Reply:
        if isinstance(body, bytes):
            self.bodies.append(body)
        path = "/" + url.split("/", 3)[3]
        strike = next((one for one in self.armed if one.is_due(method, path)), None)

        async def forward(sent: bytes | Content | None) -> Reply:
            return await super(FaultyTransport, self)._send_once(method, url, headers, sent)

        if strike is None:
            return await forward(body)
        strike.struck += 1
        assert body is None or isinstance(body, bytes)
        return await strike.effect(body, forward)


def answer(status: int, body: object = b"", **headers: str) -> Effect:
    """The system refuses before it does anything."""
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)

    async def act(_body: bytes | None, _forward: Forward) -> Reply:
        return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)

    return act


def salesforce(status: int, code: str, message: str) -> Effect:
    return answer(status, [{"errorCode": code, "message": message}])


def clm(status: int, code: str, detail: str = "", **headers: str) -> Effect:
    return answer(status, {"code": code, "detail": detail}, **headers)


async def cut_before(_body: bytes | None, _forward: Forward) -> Reply:
    raise aiohttp.ServerDisconnectedError


async def cut_after(body: bytes | None, forward: Forward) -> Reply:
    await forward(body)
    raise aiohttp.ServerDisconnectedError


async def too_slow(body: bytes | None, forward: Forward) -> Reply:
    """Everything is done, and the answer comes after the client's patience."""
    await forward(body)
    raise TimeoutError


async def refuse_connection(_body: bytes | None, _forward: Forward) -> Reply:
    raise aiohttp.ClientConnectorError(_key(), OSError(111, "Connection refused"))


async def show_bad_certificate(_body: bytes | None, _forward: Forward) -> Reply:
    raise aiohttp.ClientConnectorCertificateError(_key(), ssl.SSLCertVerificationError("certificate has expired"))


async def garble(body: bytes | None, forward: Forward) -> Reply:
    """The answer ends in its middle."""
    reply = await forward(body)
    return Reply(reply.status, reply.headers, reply.body[: len(reply.body) // 2])


def without(member: str) -> Effect:
    """The answer lacks a member that the API promises."""

    async def act(body: bytes | None, forward: Forward) -> Reply:
        reply = await forward(body)
        document = msgspec.json.decode(reply.body)
        del document[member]
        return Reply(reply.status, reply.headers, msgspec.json.encode(document))

    return act


def spoil_events(members: Mapping[str, Any]) -> Effect:
    """The first event of a page is not what the API promises."""

    async def act(body: bytes | None, forward: Forward) -> Reply:
        reply = await forward(body)
        document = msgspec.json.decode(reply.body)
        for event in document["changes"][:1]:
            event |= members
        return Reply(reply.status, reply.headers, msgspec.json.encode(document))

    return act


async def turn_back(body: bytes | None, forward: Forward) -> Reply:
    """Every page says that there is more, and that it comes after the same place."""
    reply = await forward(body)
    document = msgspec.json.decode(reply.body)
    place = {"cursor": "0", "more": True}
    return Reply(reply.status, reply.headers, msgspec.json.encode({**document, **place}))


def poison(status: int, code: str) -> Effect:
    """Every request that carries a title which begins with "Title" is refused as a whole."""

    async def act(body: bytes | None, forward: Forward) -> Reply:
        collection: dict[str, Any] = msgspec.json.decode(body or b"")
        if not any(str(record.get("SUB_Title__c")).startswith("Title") for record in collection["records"]):
            return await forward(body)
        return Reply(status, {}, msgspec.json.encode([{"errorCode": code, "message": "An unexpected error occurred."}]))

    return act


def refuse_row(code: str, message: str) -> Effect:
    """The first row of a collection is refused; the others are saved."""
    refusal = {"success": False, "errors": [{"statusCode": code, "message": message, "fields": []}]}

    async def act(body: bytes | None, forward: Forward) -> Reply:
        collection: dict[str, Any] = msgspec.json.decode(body or b"")
        rest: Sequence[Any] = collection["records"][1:]
        saved: list[Any] = []
        if rest:
            reply = await forward(msgspec.json.encode({**collection, "records": rest}))
            saved = msgspec.json.decode(reply.body)
        return Reply(200, {}, msgspec.json.encode([refusal, *saved]))

    return act


def _key() -> ConnectionKey:
    return cast(ConnectionKey, SimpleNamespace(host="system.example", port=443, is_ssl=True, ssl=True))
