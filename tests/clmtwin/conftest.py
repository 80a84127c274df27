"""A twin on a real socket of this process, and a client that speaks to it as any integration would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import pytest

from clmtwin.server import bind, serving
from clmtwin.twin import Twin, open_twin

T = TypeVar("T")


@dataclass
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass
class Client:
    session: aiohttp.ClientSession
    url: str
    token: str = ""

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("authorization", f"Bearer {self.token}")
        content: dict[str, Any] = {"data": body} if isinstance(body, bytes) else {} if body is None else {"json": body}
        async with self.session.request(method, self.url + path, headers=sent, **content) as response:
            read = await response.read()
            is_json = "json" in response.headers.get("content-type", "")
            return Answer(
                response.status, await response.json(content_type=None) if is_json else read, response.headers
            )

    async def log_in(self, twin: Twin) -> None:
        known = twin.credentials
        form = f"grant_type=client_credentials&client_id={known.client_id}&client_secret={known.client_secret}"
        answer = await self.call("POST", "/oauth/token", form.encode())
        self.token = answer.body["access_token"]


Scene = Callable[[Twin, Client], Awaitable[T]]


@asynccontextmanager
async def connected(twin: Twin) -> AsyncIterator[Client]:
    async with serving(twin, bind("127.0.0.1", 0)) as url, aiohttp.ClientSession() as session:
        client = Client(session, url)
        await client.log_in(twin)
        yield client


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Scene[T]], T]:
    """Run a scene against a fresh twin that serves on loopback."""

    def run(scene: Scene[T]) -> T:
        async def on_stage() -> T:
            twin = open_twin(tmp_path, seed=1, client_id="kit", public_url="https://clm", requests_per_second=1e6)
            try:
                async with connected(twin) as client:
                    return await scene(twin, client)
            finally:
                twin.store.close()

        return asyncio.run(on_stage())

    return run
