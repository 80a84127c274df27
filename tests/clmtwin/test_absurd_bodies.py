"""Whatever is sent to a door of the twin is answered in its own words: never a traceback, and what was there stays."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.clmtwin.conftest import Client

from clmtwin.http.routes import ROUTES
from clmtwin.twin import Twin

Play = Callable[[Callable[[Twin, Client], Awaitable[Any]]], Any]
NAMES = {"{id}": "AGR-000001", "{name}": "w", "{approval}": "A", "{obligation}": "O", "{milestone}": "M"}
DEEP = 100_000
BODIES = {
    "nothing": b"",
    "half a list": b"[",
    "100,000 open lists": b"[" * DEEP,
    "100,000 lists": b"[" * DEEP + b"]" * DEEP,
    "100,000 objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "100,000 lists in a title": b'{"title":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "300 lists in a title": b'{"title":' + b"[" * 300 + b"]" * 300 + b"}",
    "not a number": b'{"title": NaN}',
    "beyond every number": b'{"title": 1e400}',
    "half a letter": rb'{"title": "\ud800"}',
    "no UTF-8": b'{"title": "\xff"}',
    "null": b"null",
    "a list": b"[null]",
    "900 kB": b'{"title": "' + b"x" * 900_000 + b'"}',
}
ANYWHERE = {story: BODIES[story] for story in ("100,000 lists", "no UTF-8", "a list")}
READ_WHOLE = ("/api/v1/agreements", "/public/api/v1/records/{id}", "/oauth/token")
"""Doors that stand for the others: they share the reading of bodies."""
PATCHES = (
    b'{"addProperties": -1}', b'{"addProperties": [null]}', b'{"removeProperties": -1}', b'{"removeProperties": [[]]}',
    b'{"addProperties": {"contractValue": {"type": "monetary_amount", "value": {"amount": "x", "currency": "EUR"}}}}',
    b'{"addProperties": {"contractValue": {"type": "monetary_amount", "value": {"amount": null, "currency": "EUR"}}}}',
    b'{"addProperties": {"contractValue": {"type": "monetary_amount", "value": [1]}}}',
)  # fmt: skip


def test_no_body_is_answered_with_a_traceback(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> dict[str, int]:
        await client.call("POST", "/api/v1/agreements", {"title": "Supply"})
        wrong = {}
        for route in (
            one for one in ROUTES if one.method in ("POST", "PUT", "PATCH") and one.pattern != "/admin/reset"
        ):
            path = route.pattern
            for name, value in NAMES.items():
                path = path.replace(name, value)
            for story, body in (BODIES if route.pattern in READ_WHOLE else ANYWHERE).items():
                answer = await client.call(route.method, path, body, x_as_user_email="eve@us.example")
                if answer.status >= 500 and answer.body.get("code") != "TWIN_UNSUPPORTED":
                    wrong[f"{route.method} {path} {story}"] = answer.status
        kept = await client.call("GET", "/api/v1/agreements/AGR-000001")
        assert kept.body["title"] == "Supply"
        return wrong

    assert play(scene) == {}


@pytest.mark.parametrize("body", PATCHES)
def test_a_records_patch_that_makes_no_sense_is_refused_by_its_member(play: Play, body: bytes) -> None:
    async def scene(twin: Twin, client: Client) -> tuple[int, str]:
        await client.call("POST", "/api/v1/agreements", {"title": "Supply"})
        answer = await client.call("PATCH", "/public/api/v1/records/AGR-000001", body, x_as_user_email="eve@us.example")
        return answer.status, answer.body["code"]

    assert play(scene) == (422, "INVALID")


def test_a_moment_without_a_zone_is_taken_as_utc(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> int:
        path = "/public/api/v1/records?lastUpdated=2026-01-01"
        return (await client.call("GET", path, x_as_user_email="eve@us.example")).status

    assert play(scene) == 200


def test_a_record_is_given_to_nobody_who_does_not_say_for_whom(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> tuple[int, object]:
        answer = await client.call("GET", "/public/api/v1/records")
        return answer.status, answer.body

    words = "A client credentials token needs x-as-user-email or x-as-user-id with a valid user."
    assert play(scene) == (403, {"code": "ACTING_USER_NEEDED", "message": words})


@pytest.mark.parametrize("header", ["x-clm-user", "x-as-user-email"])
def test_a_change_names_who_made_it_in_the_feed_and_in_the_agreement(play: Play, header: str) -> None:
    async def scene(twin: Twin, client: Client) -> tuple[str, str]:
        await client.call("POST", "/api/v1/agreements", {"title": "Supply"})
        sent = {"x_as_user_id": "USR-1", header.replace("-", "_"): "ann@example.com"}
        path, body = "/public/api/v1/records/AGR-000001", {"name": "Other"}
        await client.call("PATCH", path, body, **sent)
        feed = await client.call("GET", "/api/v1/changes")
        one = await client.call("GET", "/api/v1/agreements/AGR-000001")
        return feed.body["changes"][-1]["actor"], one.body["updated_by"]

    assert play(scene) == ("ann@example.com", "ann@example.com")
