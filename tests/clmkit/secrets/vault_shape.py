"""A server that answers as HashiCorp Vault is documented to: key/value engine version 2, tokens that end and are renewed.

Sources: "KV secrets engine - version 2 (API)", "Token auth method (API)" (developer.hashicorp.com/vault).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, cast

DENIED = {"errors": ["1 error occurred:\n\t* permission denied\n\n"]}


@dataclass
class Lease:
    """Until when a token counts, by the server's clock; None for ever. A renewal gives it `seconds` again."""

    seconds: int = 0
    renewable: bool = True
    until: float | None = None


@dataclass
class Vault:
    secrets: dict[str, Any]
    leases: dict[str, Lease]
    namespace: str = ""
    clock: Callable[[], float] = time.monotonic
    renewals: int = 0
    url: str = ""
    asked: list[str] = field(default_factory=list)

    def lend(self, token: str, seconds: int, *, renewable: bool = True) -> None:
        self.leases[token] = Lease(seconds, renewable, self.clock() + seconds)

    def answer(self, method: str, path: str, token: str, namespace: str) -> tuple[int, Any]:
        self.asked.append(path)
        lease = self.leases.get(token)
        if lease is None or namespace != self.namespace or (lease.until is not None and lease.until <= self.clock()):
            return 403, DENIED
        left = 0 if lease.until is None else max(1, int(lease.until - self.clock()))
        if path == "/v1/auth/token/lookup-self":
            return 200, {"data": {"ttl": left, "renewable": lease.renewable, "id": token}}
        if (method, path) == ("POST", "/v1/auth/token/renew-self"):
            self.renewals += 1
            lease.until = self.clock() + lease.seconds
            return 200, {"auth": {"client_token": token, "lease_duration": lease.seconds, "renewable": True}}
        if path == "/v1/secret/data/html":
            return 200, b"<html>"
        if path not in self.secrets:
            return 404, {"errors": []}
        values = self.secrets[path]
        version = {"data": values, "metadata": {"version": 3, "destroyed": False}}
        return (200 if values else 404), {"request_id": "r", "data": version, "warnings": None}


class _Server(ThreadingHTTPServer):
    def __init__(self, vault: Vault) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.vault = vault


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        vault, headers = cast("_Server", self.server).vault, self.headers
        token, namespace = headers["X-Vault-Token"], headers.get("X-Vault-Namespace", "")
        status, body = vault.answer(self.command, self.path, token, namespace)
        content = json.dumps(body).encode() if not isinstance(body, bytes) else body
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@contextmanager
def serving(vault: Vault) -> Iterator[Vault]:
    server = _Server(vault)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    vault.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield vault
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
