"""Every kind of login, paging and signature that a description may name, against a CLM of a few lines over a socket."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import encode_basic_auth, web

from clmkit.clients.clm import ClmCredentials, JsonObject, Unread
from clmkit.clients.errors import LoginFailed, Unexpected, WireError
from clmkit.clients.transport import Patience, Transport, open_session
from clmkit.connectors import DescribedClm, DescriptionError, load_description
from clmkit.connectors.described import find_next
from clmkit.connectors.description import Hmac
from clmkit.connectors.signatures import TOLERANCE, is_genuine

COUNT, SIZE = 7, 3
SECRET = "s3cret"
DESCRIPTION = """\
name: mine
login: {login}
agreements: &all
  path: /v2/agreements
  items: {items}
  pages: {pages}
agreement: /v2/agreements/{{id}}
document: {{id: id, changed_at: changed}}
feed: {{kind: changed, since: since, listing: *all}}
patch: {{path: "/v2/agreements/{{id}}", body: {{kind: merge}}, guard: reread}}
errors: {{code: code, detail: detail}}
"""
OAUTH = "{token_path: /token}"
LOGINS = {
    "oauth": (OAUTH, "authorization", "Bearer T-1"),
    "basic": ("{kind: basic}", "authorization", encode_basic_auth("kit", SECRET)),
    "a key": ("{kind: key, header: X-Api-Key}", "x-api-key", SECRET),
    "a key with a prefix": ('{kind: key, header: Authorization, prefix: "Token "}', "authorization", f"Token {SECRET}"),
}
PAGES = {
    "cursor": ("{kind: cursor, parameter: after, cursor: next, more: more, size: limit, most: 3}", "found"),
    "number": ("{kind: number, parameter: page, size: per, most: 3, first: 1}", "found"),
    "offset": ("{kind: offset, parameter: offset, size: limit, most: 3}", "found"),
    "link": ("{kind: link, size: per_page, most: 3}", '""'),
}


def agreement(number: int) -> dict[str, str]:
    return {"id": f"A-{number}", "changed": f"2026-11-2{number}T00:00:00Z"}


@dataclass
class Mine:
    """A CLM with seven agreements. `elsewhere` is where its links lead, `key` what it asks for."""

    header: str
    key: str
    elsewhere: str = ""
    asked: list[str] = field(default_factory=list)

    async def token(self, _request: web.Request) -> web.Response:
        return web.json_response({"access_token": "T-1"})

    async def give(self, request: web.Request) -> web.Response:
        self.asked.append(str(request.rel_url))
        if request.headers.get(self.header) != self.key:
            return web.json_response({"code": "unauthorized", "detail": "who are you"}, status=401)
        query, rows = request.query, [agreement(number) for number in range(1, COUNT + 1)]
        rows = [row for row in rows if row["changed"] >= query.get("since", "")[:10]]
        if "per_page" in query:
            return self._link(request, rows, int(query.get("at", 0)))
        if "per" in query:
            at, size = (int(query["page"]) - 1) * int(query["per"]), int(query["per"])
            return web.json_response({"found": rows[at : at + size]})
        at, size = int(query.get("after") or query.get("offset") or 0), int(query["limit"])
        body = {"found": rows[at : at + size], "next": str(at + size), "more": at + size < len(rows)}
        return web.json_response(body)

    def _link(self, request: web.Request, rows: list[dict[str, str]], at: int) -> web.Response:
        following = request.rel_url.update_query(at=at + SIZE)
        links = f'<{request.rel_url}>; rel="self", <{self.elsewhere}{following}>; title="more"; rel="next"'
        headers = {"Link": links} if at + SIZE < len(rows) else {}
        return web.json_response(rows[at : at + SIZE], headers=headers)


@contextlib.asynccontextmanager
async def serving(clm: Mine) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_post("/token", clm.token)
    application.router.add_get("/v2/agreements", clm.give)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield "http://{}:{}".format(*runner.addresses[0][:2])
    finally:
        await runner.cleanup()


def describe(folder: Path, login: str, pages: str = "link") -> Any:
    kind, items = PAGES[pages]
    (folder / "mine.yml").write_text(DESCRIPTION.format(login=login, pages=kind, items=items))
    return load_description("mine.yml", folder)


def use(description: Any, clm: Mine, act: Callable[[DescribedClm], Awaitable[Any]], secret: str = SECRET) -> Any:
    async def scene() -> Any:
        async with serving(clm) as url, open_session(None) as session:
            transport = Transport(session, Patience(attempts=1))
            return await act(DescribedClm(transport, url, ClmCredentials("kit", secret), description))

    return asyncio.run(scene())


async def read_all(clm: DescribedClm) -> list[str]:
    return [str(one["id"]) async for one in clm.read_agreements(SIZE) if not isinstance(one, Unread)]


async def read_feed(clm: DescribedClm) -> list[JsonObject]:
    cursor, more, seen = "", True, dict[str, JsonObject]()
    while more:
        page = await clm.read_changes(cursor, SIZE)
        cursor, more = page.cursor, page.more
        seen |= {change.event_id: change.agreement for change in page.changes}
    return list(seen.values())


@pytest.mark.parametrize(("login", "header", "key"), LOGINS.values(), ids=list(LOGINS))
def test_each_kind_of_login_lets_the_sync_in(tmp_path: Path, login: str, header: str, key: str) -> None:
    description = describe(tmp_path, login)
    assert len(use(description, Mine(header, key), read_all)) == COUNT
    with pytest.raises(WireError) as refused:
        use(description, Mine(header, "another"), read_all)
    assert SECRET not in str(refused.value)
    assert isinstance(refused.value, LoginFailed) is (login != OAUTH)


@pytest.mark.parametrize("pages", PAGES)
def test_each_kind_of_pages_gives_every_agreement_once_and_every_change(tmp_path: Path, pages: str) -> None:
    description, clm = describe(tmp_path, "{kind: basic}", pages), Mine("authorization", LOGINS["basic"][2])
    assert use(description, clm, read_all) == [f"A-{number}" for number in range(1, COUNT + 1)]
    assert [one["id"] for one in use(description, clm, read_feed)] == [f"A-{number}" for number in range(1, COUNT + 1)]
    assert len(clm.asked) > 4


def test_a_link_to_another_host_is_not_followed(tmp_path: Path) -> None:
    description = describe(tmp_path, "{kind: basic}")
    with pytest.raises(Unexpected, match=r"The CLM's answer to /v2/agreements leads to http://elsewhere.example/v2"):
        use(description, Mine("authorization", LOGINS["basic"][2], "http://elsewhere.example"), read_all)


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("", ""),
        ("<a?p=1>; rel=prev", ""),
        ('<a?p=1>; rel="prev", <a?p=3,4>; rel="last next"', "a?p=3,4"),
        ("<a?p=2>;REL=Next", "a?p=2"),
        ("nonsense; rel=next", ""),
    ],
)
def test_the_next_page_is_found_in_a_link_header(header: str, address: str) -> None:
    assert find_next(header) == address


WRONG = {
    "no token path": ("{kind: oauth}", "a login of kind oauth has a token_path, no other has one"),
    "a token path too many": ("{kind: basic, token_path: /t}", "a login of kind oauth has a token_path, no other has one"),
    "no header": ("{kind: key}", "a login of kind key has a header, no other has one"),
}  # fmt: skip


@pytest.mark.parametrize(("login", "words"), WRONG.values(), ids=list(WRONG))
def test_a_login_that_says_too_little_or_too_much_is_refused(tmp_path: Path, login: str, words: str) -> None:
    with pytest.raises(DescriptionError, match=words):
        describe(tmp_path, login)


BODY, AT = b'{"id": "A-1"}', 1_800_000_000
PLAIN = Hmac(header="X-Signature")
SIGNATURES = {
    "sha256 in hex": (PLAIN, BODY),
    "sha1 in hex with a prefix": (Hmac(header="X-Hub-Signature", algorithm="sha1", prefix="sha1="), BODY),
    "sha256 in base64": (Hmac(header="X-Signature-1", encoding="base64"), BODY),
    "sha512 with a moment": (
        Hmac(header="X-Sig", algorithm="sha512", timestamp="X-At", signed="v0:{timestamp}:{body}"),
        f"v0:{AT}:".encode() + BODY,
    ),
}


@pytest.mark.parametrize(("how", "signed"), SIGNATURES.values(), ids=list(SIGNATURES))
def test_each_way_to_sign_is_known_with_the_key_in_force_or_the_one_before_and_nothing_else_is(
    how: Hmac, signed: bytes
) -> None:
    made = hmac.new(SECRET.encode(), signed, getattr(hashlib, how.algorithm)).digest()
    text = how.prefix + (base64.b64encode(made).decode() if how.encoding == "base64" else made.hex())

    def heard(
        body: bytes = BODY,
        keys: tuple[str, ...] = ("newer", SECRET),
        at: float = AT,
        signature: str = text,
        told: str = str(AT),
    ) -> bool:
        return is_genuine(how, keys, {how.header.upper(): signature, "x-at": told}, body, lambda: at)

    assert heard()
    assert not heard(body=BODY + b" ")
    assert not heard(keys=("newer",))
    assert [heard(signature=one) for one in ("", text[:-4], "zz", "ü", how.prefix + "é")] == [False] * 5
    assert heard(at=AT + TOLERANCE + 1) is (how.timestamp == "")
    assert heard(told="yesterday") is (how.timestamp == "")


@pytest.mark.parametrize("wrong", [{"signed": "{timestamp}{body}"}, {"timestamp": "X-At"}, {"signed": "all"}])
def test_what_is_signed_names_the_body_and_the_moment(wrong: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"signed contains \{body\} once"):
        msgspec.convert({"header": "X-Signature", **wrong}, Hmac)
