"""Requests with patience: attempts with exponential backoff and jitter, TLS verified, calls counted by kind.

Everything sent through `send` may be sent twice: reads, upserts by external ID, patches guarded by If-Match. That is what makes a
retry after a lost answer harmless.
"""

from __future__ import annotations

import asyncio
import functools
import random
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from clmkit.clients.errors import Unreachable, Untrusted

TOO_MANY, SERVER_ERRORS = 429, 500
RETRY_STATUS = frozenset({TOO_MANY, 502, 503, 504})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

Sleep = Callable[[float], Awaitable[None]]
Content = Callable[[], AsyncIterator[bytes]]
"""A body that is sent as it comes; called once for every attempt."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long: the wait before attempt n+1 is a random part of `first * 2**n`, at most `longest` seconds.

    What the service tells (`Retry-After`) takes its place; nobody waits here for longer than `longest`.
    """

    attempts: int = 6
    first: float = 0.05
    longest: float = 20.0
    timeout: float = 120.0

    def wait(self, attempt: int, chance: float) -> float:
        """Full jitter: many clients that failed together do not come back together."""
        return chance * min(self.longest, self.first * 2.0**attempt)


@dataclass(slots=True)
class Transport:
    session: aiohttp.ClientSession
    patience: Patience = Patience()
    sleep: Sleep = asyncio.sleep
    chance: Callable[[], float] = random.random
    calls: Counter[str] = field(default_factory=Counter)
    """Requests sent, by kind, attempts included: what the service counts."""

    async def send(
        self,
        kind: str,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | Content | None = None,
        attempts: int | None = None,
    ) -> Reply:
        """The answer, whatever its status; 429 and 5xx only after all attempts, by default those of patience.

        Raises Unreachable.
        """
        last, most = "", attempts or self.patience.attempts
        told: float | None = None
        for attempt in range(most):
            if attempt:
                await self.pause(attempt, told)
            told = None
            self.calls[kind] += 1
            try:
                reply = await self._send_once(method, url, headers, body)
            except aiohttp.ClientConnectorCertificateError as error:
                why = error.certificate_error
                raise Untrusted(url.split("?")[0], getattr(why, "verify_message", str(why))) from error
            except (aiohttp.ClientError, TimeoutError) as error:
                last = f"{type(error).__name__} {error}".strip()
                if attempt == 0 and isinstance(error, aiohttp.ServerDisconnectedError):
                    told = 0.0  # it ended a connection that was kept, which says nothing of how it is now
                continue
            told = _told_wait(reply)
            is_long = told is not None and told > self.patience.longest
            if reply.status not in RETRY_STATUS or attempt + 1 == most or is_long:
                return reply
        raise Unreachable(url.split("?")[0], last)

    async def pause(self, attempt: int, told: float | None = None) -> None:
        """Wait before attempt number `attempt`, counted from 1: as long as the service told, and a moment of our own on top."""
        if told is None:
            await self.sleep(self.patience.wait(attempt - 1, self.chance()))
        else:
            await self.sleep(told + self.patience.wait(0, self.chance()) * (told > 0))

    async def _send_once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | Content | None
    ) -> Reply:
        timeout = aiohttp.ClientTimeout(total=self.patience.timeout)
        async with self.session.request(
            method,
            url,
            headers=headers,
            data=body() if callable(body) else body,
            timeout=timeout,
            allow_redirects=False,
        ) as response:
            return Reply(
                response.status,
                {name.lower(): value for name, value in response.headers.items()},
                await response.read(),
            )


def _told_wait(reply: Reply) -> float | None:
    """Seconds that the service asks to wait (RFC 9110, "Retry-After"); None where it does not tell, or tells a date."""
    told = reply.headers.get("retry-after", "").strip()
    return float(told) if told.isascii() and told.isdigit() else None


def open_session(ca_bundle: Path | None, address: str = "") -> aiohttp.ClientSession:
    """A session that verifies certificates, against `ca_bundle` when given, and speaks TLS 1.2 or newer. Raises OSError.

    Reading the system's authorities takes longer than a start's first requests: done once, and not for a plain http `address`.
    """
    if urlsplit(address).scheme == "http":
        verify: bool | ssl.SSLContext = True
    else:
        verify = _verify_by(ca_bundle) if ca_bundle else _verify_by_system()
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=verify, limit=8))


@functools.cache
def _verify_by_system() -> ssl.SSLContext:
    return _verify_by(None)


def _verify_by(ca_bundle: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(ca_bundle) if ca_bundle else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def require_served(url: str, reply: Reply) -> None:
    """Raises Unreachable when a service says that it cannot answer now: nothing is wrong with what was asked."""
    if reply.status == TOO_MANY or reply.status >= SERVER_ERRORS:
        raise Unreachable(url, f"HTTP {reply.status}")


def require_private(url: str) -> str:
    """The URL without a final slash. Raises ValueError for plain http to another machine: tokens would be readable on the way."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is not an http or https address")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError(f"{url} is plain http; only addresses of this machine may be used without TLS")
    return url.rstrip("/")
