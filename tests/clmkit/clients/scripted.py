"""A server on a real socket that answers from a script and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass(frozen=True)
class Answer:
    """`body` is sent as JSON; `cut` closes the connection without an answer."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Script:
    """Answers in order; the last one is repeated. Requests for a token are answered aside, each with a new one."""

    answers: list[Answer]
    asked: list[Asked] = field(default_factory=list)
    tokens: int = 0
    url: str = ""

    async def respond(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/token"):
            self.tokens += 1
            return web.json_response(
                {"access_token": f"T{self.tokens}", "instance_url": self.url, "token_type": "Bearer"}
            )
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append(Asked(request.method, request.path_qs, headers, await request.text()))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer.cut:
            assert request.transport is not None
            request.transport.abort()
        return web.Response(
            status=answer.status,
            body=b"" if answer.body is None else json.dumps(answer.body).encode(),
            headers=answer.headers,
            content_type="application/json",
        )


@asynccontextmanager
async def serving(*answers: Answer) -> AsyncIterator[Script]:
    script = Script(list(answers))
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", script.respond)
    server = TestServer(application)
    await server.start_server()
    script.url = str(server.make_url("")).rstrip("/")
    try:
        yield script
    finally:
        await server.close()
