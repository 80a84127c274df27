import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.clmtwin.conftest import Client

from clmtwin.twin import Twin, load_credentials

Play = Callable[[Callable[[Twin, Client], Awaitable[Any]]], Any]
ONE = "/api/v1/agreements/AGR-000001"
CSV = (Path(__file__).parents[2] / "datasets/cuad/contracts.csv").read_bytes()


async def create(client: Client, **fields: Any) -> Any:
    return (await client.call("POST", "/api/v1/agreements", {"title": "Supply", **fields})).body


def test_without_a_token_nothing_is_told(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> None:
        answer = await client.call("GET", "/api/v1/agreements", authorization="Bearer wrong")
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        assert answer.body["detail"] == "The access token is missing, unknown or expired; get one at POST /oauth/token."

    play(scene)


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        (b"grant_type=client_credentials&client_id=kit&client_secret=wrong", 401, "invalid_client"),
        (b"grant_type=client_credentials&client_id=kit", 401, "invalid_client"),
        (b"grant_type=password&username=a&password=b", 400, "unsupported_grant_type"),
        (b"", 400, "unsupported_grant_type"),
    ],
)
def test_a_token_is_given_for_client_credentials_alone(play: Play, form: bytes, status: int, error: str) -> None:
    async def scene(twin: Twin, client: Client) -> tuple[int, str]:
        answer = await client.call("POST", "/oauth/token", form)
        return answer.status, answer.body["error"]

    assert play(scene) == (status, error)


def test_a_replaced_secret_counts_until_the_next_and_over_a_restart(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> None:
        given = [twin.credentials.client_secret]
        for _ in range(2):
            given.append((await client.call("POST", "/admin/client-secret")).body["client_secret"])
        forms = [
            f"grant_type=client_credentials&client_id={twin.credentials.client_id}&client_secret={one}" for one in given
        ]
        answers = [(await client.call("POST", "/oauth/token", one.encode())).status for one in forms]
        assert (answers, len(set(given))) == ([401, 200, 200], 3)
        assert load_credentials(twin.store, twin.credentials.client_id) == twin.credentials

    play(scene)


def test_a_token_expires_with_the_clock(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> list[int]:
        before = await client.call("GET", "/api/v1/agreements")
        await client.call("PUT", "/admin/clock", {"advance_seconds": 7201})
        return [before.status, (await client.call("GET", "/api/v1/agreements")).status]

    assert play(scene) == [200, 401]


def test_a_patch_on_an_old_revision_is_refused_and_tells_the_new_one(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> None:
        await create(client)
        await client.call("PATCH", ONE, {"title": "Other"}, if_match='"1"')
        answer = await client.call("PATCH", ONE, {"title": "Mine"}, if_match='"1"')
        assert (answer.status, answer.headers["ETag"]) == (412, '"2"')
        assert answer.body["detail"] == 'AGR-000001 is at revision 2, If-Match says "1". Read it again and judge anew.'

    play(scene)


def test_a_patch_that_changes_nothing_makes_no_revision_and_no_event(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> tuple[str, int]:
        await create(client)
        answer = await client.call("PATCH", ONE, {"title": "Supply"})
        feed = await client.call("GET", "/api/v1/changes")
        return answer.headers["ETag"], len(feed.body["changes"])

    assert play(scene) == ('"1"', 1)


def test_a_change_carries_who_made_it_and_the_agreement_after_it(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> None:
        await create(client)
        await client.call("PATCH", ONE, {"title": "Other"}, x_clm_client="clmkit")
        change = (await client.call("GET", "/api/v1/changes?after=1")).body["changes"][0]
        assert (change["actor"], change["type"], change["revision"]) == ("clmkit", "agreement.updated", 2)
        assert change["agreement"]["title"] == "Other"
        assert change["agreement"] == (await client.call("GET", ONE)).body

    play(scene)


def test_pages_hold_every_agreement_once(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> None:
        report = await client.call("POST", "/api/v1/imports/contracts", CSV, content_type="text/csv")
        assert report.body == {"read": 200, "created": 200, "already_present": 0, "rejected": []}
        ids: list[str] = []
        cursor, more = "", True
        while more:
            page = (await client.call("GET", f"/api/v1/agreements?limit=77&after={cursor}")).body
            ids += [one["id"] for one in page["agreements"]]
            cursor, more = page["cursor"], page["more"]
        assert ids == [f"AGR-{number:06d}" for number in range(1, 201)]

    play(scene)


def test_chosen_agreements_come_in_one_answer_without_those_that_are_not_there(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> None:
        await client.call("POST", "/api/v1/imports/contracts", CSV, content_type="text/csv")
        chosen = (await client.call("GET", "/api/v1/agreements?ids=AGR-000003,AGR-999999,AGR-000001")).body[
            "agreements"
        ]
        assert [one["id"] for one in chosen] == ["AGR-000001", "AGR-000003"]
        assert chosen[0] == (await client.call("GET", ONE)).body

    play(scene)


def test_a_second_import_of_the_same_file_adds_nothing(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> Any:
        await client.call("POST", "/api/v1/imports/contracts", CSV, content_type="text/csv")
        return (await client.call("POST", "/api/v1/imports/contracts", CSV, content_type="text/csv")).body

    assert play(scene) == {"read": 200, "created": 0, "already_present": 200, "rejected": []}


def test_a_document_is_the_bytes_that_its_hash_promises(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> None:
        await client.call("POST", "/api/v1/imports/contracts", CSV, content_type="text/csv")
        document = (await client.call("GET", ONE)).body["document"]
        content = (await client.call("GET", f"/api/v1/documents/{document['id']}/content")).body
        assert hashlib.sha256(content).hexdigest() == document["sha256"]

    play(scene)


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        ("GET", "/api/v1/agreement", 404, "Nothing is served at /api/v1/agreement."),
        ("GET", "/api/v1/agreements/AGR-9", 404, "There is no agreement AGR-9."),
        ("DELETE", ONE, 405, f"{ONE} knows GET, PATCH, not DELETE."),
        ("GET", "/api/v1/agreements?limit=0", 400, "limit is '0'; it goes from 1 to 500."),
        (
            "GET",
            "/api/v1/changes?after=x",
            400,
            "after is 'x'; pass on the cursor of the page before, or leave it out.",
        ),
        (
            "GET",
            "/api/v1/agreements?ids=" + ",".join(["AGR-1"] * 201),
            422,
            "ids names 201 agreements; at most 200 are read at once.",
        ),
        ("GET", "/api/v1/changes?after=7", 400, "after is 7; the feed ends at 0. It was reset since."),
        ("PUT", "/api/v1/webhooks/w", 400, "Input data was truncated."),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(play: Play, method: str, path: str, status: int, detail: str) -> None:
    async def scene(twin: Twin, client: Client) -> tuple[int, str]:
        answer = await client.call(method, path)
        return answer.status, answer.body["detail"]

    assert play(scene) == (status, detail)


def test_the_clock_expires_what_is_due_as_a_change_of_its_own(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> None:
        await create(client, term={"end": "2026-12-31"})
        for stage in ("NEGOTIATION", "APPROVAL", "EXECUTED", "ACTIVE"):
            await client.call("POST", f"{ONE}/transitions", {"to": stage})
        answer = await client.call("PUT", "/admin/clock", {"now": "2027-06-01T00:00:00Z", "frozen": True})
        told = {"now": "2027-06-01T00:00:00.000Z", "frozen": True}
        assert answer.body == {**told, "renewed": 0, "expired": 1, "terminated": 0, "overdue": 0}
        await client.log_in(twin)
        change = (await client.call("GET", "/api/v1/changes?after=5")).body["changes"][0]
        assert (change["type"], change["actor"], change["agreement"]["stage"]) == (
            "agreement.expired",
            "clock",
            "EXPIRED",
        )

    play(scene)


@pytest.mark.parametrize(
    ("order", "status", "detail"),
    [
        ({"name": "rain"}, 422, None),
        ({"name": "http_503", "times": 0}, 409, "times is 0: http_503 would never strike."),
        ({"name": "slow"}, 409, "slow needs delay_ms above 0."),
        ({"name": "http_503", "delay_ms": 5}, 409, "http_503 takes no delay_ms."),
        ({"name": "http_503", "path": "/api/v2"}, 409, "No route starts with '/api/v2'."),
        ({"name": "webhook_lost"}, 409, "webhook_lost strikes deliveries and no webhook is registered."),
    ],
)
def test_a_fault_that_would_never_strike_is_refused(
    play: Play, order: dict[str, Any], status: int, detail: str | None
) -> None:
    async def scene(twin: Twin, client: Client) -> tuple[int, str]:
        answer = await client.call("POST", "/admin/faults", order)
        return answer.status, answer.body["detail"]

    answer = play(scene)
    assert answer[0] == status
    assert detail in (None, answer[1])


@pytest.mark.parametrize(("name", "status"), [("http_503", 503), ("http_429", 429), ("http_401", 401)])
def test_an_armed_refusal_strikes_once_and_is_counted(play: Play, name: str, status: int) -> None:
    async def scene(twin: Twin, client: Client) -> list[int]:
        await client.call("POST", "/admin/faults", {"name": name, "path": "/api/v1/changes"})
        answers = [(await client.call("GET", "/api/v1/changes")).status for _ in range(2)]
        listed = (await client.call("DELETE", "/admin/faults")).body["disarmed"]
        return [*answers, listed[0]["struck"]]

    assert play(scene) == [status, 200, 1]


@pytest.mark.parametrize(
    ("name", "stage"), [("dropped_before_commit", "DRAFT"), ("dropped_after_commit", "NEGOTIATION")]
)
def test_a_cut_connection_leaves_the_twin_on_the_promised_side_of_the_commit(play: Play, name: str, stage: str) -> None:
    async def scene(twin: Twin, client: Client) -> str:
        await create(client)
        await client.call("POST", "/admin/faults", {"name": name, "method": "POST", "path": ONE})
        with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
            await client.call("POST", f"{ONE}/transitions", {"to": "NEGOTIATION"})
        return str((await client.call("GET", ONE)).body["stage"])

    assert play(scene) == stage


def test_a_slow_answer_is_still_the_answer(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> int:
        await client.call("POST", "/admin/faults", {"name": "slow", "delay_ms": 1})
        return (await client.call("GET", "/api/v1/changes")).status

    assert play(scene) == 200


def test_more_requests_than_the_budget_are_refused_with_a_wait(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> None:
        twin.budget.per_second = twin.budget.left = 0.5
        answers = [await client.call("GET", "/api/v1/changes") for _ in range(3)]
        refused = [answer for answer in answers if answer.status == 429]
        assert refused[0].headers["Retry-After"] == "1"

    play(scene)


def test_a_body_that_is_too_large_is_refused(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clmtwin.http.app.LARGEST_BODY", 1000)

    async def scene(twin: Twin, client: Client) -> tuple[int, str]:
        answer = await client.call("POST", "/api/v1/imports/contracts", b"x" * 1001, content_type="text/csv")
        return answer.status, answer.body["detail"]

    assert play(scene) == (413, "At most 1000 bytes are read; send the file in parts.")


def test_a_reset_leaves_an_empty_clm(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> Any:
        await create(client)
        await client.call("POST", "/admin/reset")
        await asyncio.sleep(0)
        return (await client.call("GET", "/api/v1/changes")).body

    assert play(scene) == {"changes": [], "cursor": "", "more": False}


async def walk(client: Client, *stages: str) -> None:
    for stage in stages:
        answer = await client.call("POST", f"{ONE}/transitions", {"to": stage})
        assert answer.status == 200, answer.body


def test_the_matrix_asks_when_an_agreement_comes_to_approval(play: Play) -> None:
    row = {"name": "legal", "approver": "law@example.com"}

    async def scene(twin: Twin, client: Client) -> None:
        stored = await client.call("PUT", "/api/v1/approval-matrix", {"rows": [row]})
        assert (await client.call("GET", "/api/v1/approval-matrix")).body == stored.body
        await create(client)
        await walk(client, "NEGOTIATION", "APPROVAL")
        (approval,) = (await client.call("GET", ONE)).body["approvals"]
        assert (approval["approver"], approval["rule"], approval["decision"]) == ("law@example.com", "legal", "pending")
        path = f"{ONE}/approvals/{approval['id']}"
        decided = await client.call("POST", path, {"decision": "approved"}, x_clm_user="law@example.com")
        assert decided.body["approvals"][0]["decided_by"] == "law@example.com"
        again = await client.call("POST", path, {"decision": "rejected"})
        assert (again.status, again.body["code"]) == (409, "approval_closed")

    play(scene)


def test_days_that_pass_renew_end_and_remind_as_changes_of_their_own(play: Play) -> None:
    duty = {"title": "Report", "responsible": "our_side", "due": "2026-12-01"}

    async def scene(twin: Twin, client: Client) -> None:
        await client.call("PUT", "/admin/clock", {"now": "2026-11-01T00:00:00Z", "frozen": True})
        await create(
            client, term={"end": "2026-12-31"}, obligations=[duty],
            renewal={"type": "auto", "term": "1 year", "notice": "60 days"},
        )  # fmt: skip
        await walk(client, "NEGOTIATION", "APPROVAL", "EXECUTED", "ACTIVE")
        told = await client.call("PUT", "/admin/clock", {"now": "2027-01-01T00:00:00Z", "frozen": True})
        assert (told.body["renewed"], told.body["overdue"]) == (1, 1)
        await client.log_in(twin)
        notice = {"kind": "non_renewal", "by": "counterparty"}
        assert (await client.call("POST", f"{ONE}/notices", notice)).status == 201
        told = await client.call("PUT", "/admin/clock", {"now": "2028-01-01T00:00:00Z", "frozen": True})
        assert (told.body["expired"], told.body["renewed"]) == (1, 0)
        await client.log_in(twin)
        feed = (await client.call("GET", "/api/v1/changes?after=5")).body["changes"]
        assert [(change["type"], change["actor"]) for change in feed] == [
            ("obligation.overdue", "clock"),
            ("agreement.renewed", "clock"),
            ("agreement.notice_given", "user"),
            ("agreement.expired", "clock"),
        ]

    play(scene)


def test_a_renewal_takes_its_end_from_another_agreement(play: Play) -> None:
    async def scene(twin: Twin, client: Client) -> None:
        for number, end in ((1, "2027-01-31"), (2, "2029-06-30")):
            await create(client, counterparty={"name": "ACME"}, term={"end": end})
            for stage in ("NEGOTIATION", "APPROVAL", "EXECUTED", "ACTIVE"):
                path = f"/api/v1/agreements/AGR-00000{number}/transitions"
                await client.call("POST", path, {"to": stage})
        renewed = await client.call("POST", f"{ONE}/renewals", {"co_term_with": "AGR-000002"})
        assert renewed.body["term"]["end"] == "2029-06-30"
        unclear = await client.call("POST", f"{ONE}/renewals", {"co_term_with": "AGR-000002", "end": "2030-01-01"})
        assert unclear.body["detail"] == "A renewal names either end or co_term_with."

    play(scene)


def test_an_obligation_is_added_and_settled_over_http(play: Play) -> None:
    order = {"title": "Audit", "responsible": "counterparty", "due": "2030-01-01", "recurs": "yearly"}

    async def scene(twin: Twin, client: Client) -> None:
        await create(client)
        await walk(client, "NEGOTIATION", "APPROVAL", "EXECUTED")
        added = await client.call("POST", f"{ONE}/obligations", order)
        assert (added.status, added.body["obligations"][0]["status"]) == (201, "open")
        settled = await client.call("POST", f"{ONE}/obligations/OBL-000001-1", {"status": "fulfilled"})
        assert [(row["status"], row["due"]) for row in settled.body["obligations"]] == [
            ("fulfilled", "2030-01-01"),
            ("open", "2031-01-01"),
        ]

    play(scene)
