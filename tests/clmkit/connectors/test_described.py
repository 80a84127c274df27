"""One contract, every shipped description, each against the twin over a socket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from clmkit.clients.clm import ClmCredentials, Unread, whole
from clmkit.clients.errors import LoginFailed, Refused
from clmkit.clients.outcomes import Action
from clmkit.clients.transport import Patience, Transport, open_session
from clmkit.connectors import DescribedClm, load_description
from clmkit.connectors.signatures import is_genuine
from clmtwin import agreements
from clmtwin.clock import Clock
from clmtwin.http import ironclad as ironclad_http
from clmtwin.ironclad.records import to_record
from clmtwin.problem import PROBLEMS, Problem
from clmtwin.server import bind, serving
from clmtwin.twin import Twin, open_twin

KINDS = ("clm", "ironclad")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Use = Callable[[Any, Twin], Awaitable[Any]]
Speak = Callable[[Use], Any]


@dataclass
class Stage:
    folder: Path
    kind: str
    secret: str | None = None

    def __call__(self, use: Use) -> Any:
        return asyncio.run(self._scene(use))

    async def _scene(self, use: Use) -> Any:
        twin = open_twin(self.folder, seed=0, client_id="kit", public_url="https://clm", requests_per_second=1e6)
        try:
            async with serving(twin, bind("127.0.0.1", 0)) as url, open_session(None) as session:
                credentials = ClmCredentials("kit", self.secret or twin.credentials.client_secret, "eve@us.example")
                transport, described = Transport(session, Patience(attempts=2)), load_description(self.kind, Path())
                clock = lambda: twin.clock.now().timestamp()  # noqa: E731
                return await use(DescribedClm(transport, url, credentials, described, clock), twin)
        finally:
            twin.store.close()


@pytest.fixture(params=KINDS)
def speak(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    return Stage(tmp_path, request.param)


@pytest.fixture
def ironclad(tmp_path: Path) -> Stage:
    return Stage(tmp_path, "ironclad")


def add(twin: Twin, **fields: Any) -> str:
    body = {"title": "Supply", "contract_type": "Supply Agreement", **fields}
    made = agreements.create(twin.store.next_agreement_number(), body, twin.store.find_person)
    return twin.commit(None, made, "agreement.created", "user").id


def touch(twin: Twin, agreement_id: str, title: str) -> None:
    before = twin.get_agreement(agreement_id)
    twin.commit(before, agreements.patch(before, {"title": title}, twin.store.find_person), "agreement.updated", "user")


def stand_still(twin: Twin, second: int) -> None:
    twin.clock.set(Clock().now().replace(year=2027, minute=0, second=second, microsecond=0), frozen=True)


async def read_feed(clm: Any, cursor: str = "", limit: int = 2) -> tuple[list[str], str]:
    """The agreements of the feed behind the cursor, each event once, and the cursor there."""
    seen: dict[str, str] = {}
    more = True
    while more:
        page = await clm.read_changes(cursor, limit)
        cursor, more = page.cursor, page.more
        seen |= {change.event_id: change.agreement_id for change in page.changes}
    return list(seen.values()), cursor


def test_the_feed_tells_every_change_and_goes_on_at_its_cursor(speak: Speak) -> None:
    async def use(clm: Any, twin: Twin) -> None:
        for second in range(5):
            stand_still(twin, second * 2)
            add(twin)
        first, cursor = await read_feed(clm)
        assert first == [f"AGR-00000{number}" for number in range(1, 6)]
        stand_still(twin, 20)
        touch(twin, "AGR-000002", "Other")
        news, _ = await read_feed(clm, cursor)
        assert "AGR-000002" in news
        assert set(news) <= {"AGR-000002", "AGR-000005"}

    speak(use)


def test_many_changes_of_one_moment_are_all_told(speak: Speak) -> None:
    async def use(clm: Any, twin: Twin) -> list[str]:
        stand_still(twin, 0)
        for _ in range(7):
            add(twin)
        return sorted((await read_feed(clm))[0])

    assert speak(use) == [f"AGR-00000{number}" for number in range(1, 8)]


def test_a_record_with_a_moment_to_come_does_not_move_the_cursor_there(ironclad: Stage) -> None:
    async def use(clm: Any, twin: Twin) -> None:
        stand_still(twin, 0)
        add(twin)
        twin.clock.set(Clock().now().replace(year=9998), frozen=True)
        add(twin)
        stand_still(twin, 20)
        first, cursor = await read_feed(clm)
        assert first == ["AGR-000001", "AGR-000002"]
        stand_still(twin, 30)
        touch(twin, "AGR-000001", "Later")
        page = await clm.read_changes(cursor)
        assert {change.agreement_id for change in page.changes} == {"AGR-000001", "AGR-000002"}

    ironclad(use)


def test_a_record_that_changes_while_pages_are_read_hides_no_other(ironclad: Stage) -> None:
    async def use(clm: Any, twin: Twin) -> None:
        for number in range(6):
            stand_still(twin, number * 2)
            add(twin)
        page = await clm.read_changes("", 2)
        stand_still(twin, 30)
        touch(twin, "AGR-000001", "Moved to the end")
        rest, _ = await read_feed(clm, page.cursor)
        assert {change.agreement_id for change in page.changes} | set(rest) == {f"AGR-00000{n}" for n in range(1, 7)}
        assert "AGR-000001" in rest

    ironclad(use)


def test_every_agreement_is_read_once(speak: Speak) -> None:
    async def use(clm: Any, twin: Twin) -> list[str]:
        for second in range(5):
            stand_still(twin, second * 2)
            add(twin)
        return [str(one["id"]) async for one in whole(clm.read_agreements(limit=2))]

    assert speak(use) == [f"AGR-00000{number}" for number in range(1, 6)]


def test_a_patch_on_what_was_read_is_taken_and_on_anything_older_refused(speak: Speak) -> None:
    async def use(clm: Any, twin: Twin) -> None:
        stand_still(twin, 0)
        agreement_id = add(twin, governing_law="New York")
        read = await clm.get_agreement(agreement_id)
        stand_still(twin, 5)
        change = {"properties": {"governingLaw": "Delaware"}} if "properties" in read else {"governing_law": "Delaware"}
        patched = await clm.patch_agreement(agreement_id, read["revision"], change)
        assert twin.get_agreement(agreement_id).governing_law == "Delaware"
        assert patched["revision"] > read["revision"]
        with pytest.raises(Refused) as refused:
            await clm.patch_agreement(agreement_id, read["revision"], change)
        assert (refused.value.code, refused.value.action) == ("revision_mismatch", Action.REBASE)

    speak(use)


def spoil(monkeypatch: pytest.MonkeyPatch, *ids: str) -> None:
    """Have the twin fail over these records wherever they stand, as a service does that cannot put one into words."""

    def to_record_or_fail(agreement: Any) -> dict[str, Any]:
        if agreement.id in ids:
            raise Problem("server_error", "Something went wrong.")
        return to_record(agreement)

    monkeypatch.setitem(PROBLEMS, "server_error", (500, "Internal error"))
    monkeypatch.setattr(ironclad_http, "to_record", to_record_or_fail)


def test_a_record_that_spoils_every_page_is_left_out_by_its_place_and_the_rest_goes_on(
    ironclad: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(monkeypatch, "AGR-000003", "AGR-000004")

    async def use(clm: Any, twin: Twin) -> tuple[list[str], list[str]]:
        stand_still(twin, 0)
        for _ in range(7):
            add(twin)
        read = [one async for one in clm.read_agreements(limit=7)]
        whole_ones = [one["id"] for one in read if not isinstance(one, Unread)]
        return whole_ones, [one.reason for one in read if isinstance(one, Unread)]

    ids, reasons = ironclad(use)
    assert ids == [f"AGR-00000{number}" for number in (1, 2, 5, 6, 7)]
    begin = "of the CLM's list /public/api/v1/records, lastUpdated"
    end = (
        "cannot be had, not even alone: CLM GET /public/api/v1/records answered 500 SERVER_ERROR: Something went wrong."
    )
    assert [(words.split()[1], begin in words, words.endswith(end)) for words in reasons] == [
        ("3", True, True), ("4", True, True),
    ]  # fmt: skip


def test_a_list_that_fails_over_record_after_record_is_the_systems_trouble(
    ironclad: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(monkeypatch, *(f"AGR-{number:06d}" for number in range(2, 9)))

    async def use(clm: Any, twin: Twin) -> None:
        for number in range(9):
            stand_still(twin, number * 3)
            add(twin)
        with pytest.raises(Refused, match="answered 500 SERVER_ERROR: Something went wrong"):
            await read_feed(clm)

    ironclad(use)


def test_wrapped_properties_are_read_plain_and_written_with_their_type(ironclad: Stage) -> None:
    fields = {
        "counterparty": {"name": "ACME"}, "term": {"start": "2026-11-01", "end": "perpetual"},
        "value": {"currency": "USD", "total": "1200.50"},
    }  # fmt: skip

    async def use(clm: Any, twin: Twin) -> None:
        agreement_id = add(twin, **fields)
        read = await clm.get_agreement(agreement_id)
        assert read["properties"] == {
            "counterpartyName": "ACME",
            "effectiveDate": "2026-11-01T00:00:00Z",
            "expirationDate": "perpetual",
            "contractValue": {"amount": 1200.5, "currency": "USD"},
            "stage": "DRAFT",
        }
        change = {"contractValue": {"amount": 99, "currency": "EUR"}, "effectiveDate": None}
        await clm.patch_agreement(agreement_id, read["revision"], {"properties": change})
        after = twin.get_agreement(agreement_id)
        assert after.value is not None
        assert (after.value.total, after.value.currency, after.term.start) == ("99.00", "EUR", None)

    ironclad(use)


def test_a_refusal_keeps_the_systems_code_and_words(speak: Speak) -> None:
    async def use(clm: Any, twin: Twin) -> tuple[int, str, str]:
        with pytest.raises(Refused) as refused:
            await clm.get_agreement("AGR-000404")
        return refused.value.status, refused.value.code.lower(), refused.value.message

    assert speak(use) == (404, "not_found", "There is no agreement AGR-000404.")


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_credentials_are_told_without_showing_them(tmp_path: Path, kind: str) -> None:
    async def use(clm: Any, twin: Twin) -> None:
        await clm.get_agreement("AGR-000001")

    with pytest.raises(LoginFailed) as failed:
        Stage(tmp_path, kind, "hunter2")(use)
    assert "refuses the client 'kit'" in str(failed.value)
    assert "hunter2" not in str(failed.value)


def test_a_token_that_expired_is_renewed_once(speak: Speak) -> None:
    async def use(clm: Any, twin: Twin) -> list[str]:
        agreement_id = add(twin)
        await clm.get_agreement(agreement_id)
        twin._tokens.clear()
        return [(await clm.get_agreement(agreement_id))["id"], str(clm.calls["clm_token"])]

    assert speak(use) == ["AGR-000001", "2"]


def test_requests_that_find_the_token_expired_together_log_in_once(speak: Speak) -> None:
    async def use(clm: Any, twin: Twin) -> int:
        ids = [add(twin) for _ in range(5)]
        for _ in range(2):
            await asyncio.gather(*(clm.get_agreement(one) for one in ids))
            twin._tokens.clear()
        return int(clm.calls["clm_token"])

    assert speak(use) == 2


@dataclass
class Receiver:
    """What the CLM called, in order."""

    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def respond(self, request: web.Request) -> web.Response:
        self.calls.append((dict(request.headers), await request.read()))
        self.arrived.set()
        return web.Response(status=204)


@contextlib.asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_post("/", receiver.respond)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


@pytest.mark.parametrize("kind", ["clm", "ironclad"])
def test_a_webhook_is_registered_once_and_its_calls_are_genuine(tmp_path: Path, kind: str) -> None:
    async def use(clm: DescribedClm, twin: Twin) -> None:
        receiver = Receiver()
        async with receiving(receiver) as url:
            await clm.put_webhook("kit", url, SECRET)
            await clm.put_webhook("kit", url, SECRET)
            assert len(twin.store.read_webhooks()) == 1
            agreement_id = add(twin)
            for stage in ("NEGOTIATION", "APPROVAL", "EXECUTED"):
                before = twin.get_agreement(agreement_id)
                twin.commit(before, agreements.move(before, stage), "agreement.moved", "user")
            await asyncio.wait_for(receiver.arrived.wait(), 20)
            keys = (await clm.read_webhook_key() or SECRET,)
        signature = {"clm": "standard", "ironclad": "ironclad"}[kind]
        headers, body = receiver.calls[0]
        assert is_genuine(signature, keys, headers, body)
        assert not is_genuine(signature, keys, headers, body + b" ")
        assert not is_genuine(signature, keys, {}, body)

    Stage(tmp_path, kind)(use)


def test_chosen_agreements_are_read_together_where_the_system_can(tmp_path: Path) -> None:
    async def choose(clm: Any, twin: Twin) -> tuple[list[str], int]:
        ids = [add(twin, title=f"Supply {number}") for number in range(3)]
        found = await clm.find_agreements([ids[2], "AGR-999999", ids[0]])
        assert found == {one: await clm.get_agreement(one) for one in found}
        return sorted(found), clm.calls["clm_selection"]

    assert Stage(tmp_path, "clm")(choose) == (["AGR-000001", "AGR-000003"], 1)


def test_a_system_that_gives_one_agreement_an_answer_is_asked_for_none_together(ironclad: Stage) -> None:
    async def choose(clm: Any, twin: Twin) -> tuple[dict[str, Any], int]:
        return await clm.find_agreements([add(twin), add(twin)]), sum(clm.calls.values())

    assert ironclad(choose) == ({}, 0)
