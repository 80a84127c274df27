"""Callouts that leave the twin: to loopback addresses only, without redirects or proxies.

Sources: "HttpRequest Class" (Apex Reference Guide), "Callout Limits and Limitations" (Apex Developer Guide); texts as pasted by
users of orgs. ASSUMED: the texts of a refused connection and of a broken answer. The timeout is that of the connection and of
each read.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

from orgtwin.metadata.credentials import CalloutRefused

METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "TRACE"})
_CONNECTIONS = {"http": HTTPConnection, "https": HTTPSConnection}


class CalloutFailed(Exception):
    """The call went out, or would have, and brought no answer; the text is that of Apex's CalloutException."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request under its real address. `timeout` is in milliseconds."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    timeout: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def call_out(request: Outgoing, most_bytes: int) -> Answer:
    """Send a request. Raises CalloutRefused for an address beyond this machine, CalloutFailed when no answer comes."""
    if request.method not in METHODS:
        raise CalloutFailed(f"Invalid HTTP method: {request.method}")
    if len(request.body or b"") > most_bytes:
        raise CalloutFailed(f"Exceeded max size limit of {most_bytes}")
    url = _require_loopback(request.url)
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    try:
        connection = _CONNECTIONS[url.scheme](url.hostname or "", url.port, timeout=request.timeout / 1000)
        try:
            connection.request(request.method, target, request.body, dict(request.headers))
            response = connection.getresponse()
            body = response.read(most_bytes + 1)
        finally:
            connection.close()
    except TimeoutError as error:
        raise CalloutFailed("Read timed out") from error
    except ConnectionRefusedError as error:
        raise CalloutFailed("Connection refused") from error
    except (OSError, HTTPException, ValueError) as error:
        raise CalloutFailed(str(error) or type(error).__name__) from error
    if len(body) > most_bytes:
        raise CalloutFailed(f"Exceeded max size limit of {most_bytes}")
    return Answer(response.status, response.reason, tuple(response.getheaders()), body)


def _require_loopback(address: str) -> SplitResult:
    refused = CalloutRefused(
        f"Unauthorized endpoint, please check Setup->Security->Remote site settings. endpoint = {address}"
    )
    try:
        url = urlsplit(address)
        is_here = url.hostname == "localhost" or ipaddress.ip_address(url.hostname or "").is_loopback
    except ValueError as error:
        raise refused from error
    if not is_here or url.scheme not in _CONNECTIONS:
        raise refused
    return url
