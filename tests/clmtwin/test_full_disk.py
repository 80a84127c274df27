"""A store that may not grow: SQLite's own limit on its pages stands for the full disk."""

from collections.abc import Callable
from pathlib import Path

from tests.clmtwin.conftest import Answer, Client, Scene

from clmtwin.delivery import RETRY_WAITS, Dispatcher
from clmtwin.store import Store
from clmtwin.twin import Twin

CONTRACTS = Path(__file__).parents[2] / "datasets/cuad/contracts.csv"
NEW = {"title": "Supply " + "x" * 3900}
SECRET = "whsec_" + "QUJD" * 8
MANY = 200


def fill(store: Store) -> None:
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages + 20}")


def make_room(store: Store) -> None:
    store._db.execute("PRAGMA max_page_count = 1000000")


async def create_until_refused(client: Client) -> tuple[list[str], Answer]:
    created: list[str] = []
    for _ in range(MANY):
        answer = await client.call("POST", "/api/v1/agreements", NEW)
        if answer.status != 201:
            return created, answer
        created.append(answer.body["id"])
    raise AssertionError("the store did not fill up")


def test_a_full_disk_is_told_in_words_and_nothing_that_was_answered_is_lost(
    play: Callable[[Scene[None]], None],
) -> None:
    async def scene(twin: Twin, client: Client) -> None:
        fill(twin.store)
        created, refused = await create_until_refused(client)
        assert (refused.status, refused.body) == (
            507,
            {
                "type": "https://clm.example.com/problems/insufficient_storage",
                "title": "There is no room to keep this",
                "status": 507,
                "detail": "The disk that holds the store is full. Nothing of this request was kept, what was answered before is"
                " safe; make room.",
                "code": "insufficient_storage",
            },
        )
        assert refused.headers["content-type"] == "application/problem+json"
        page = await client.call("GET", "/api/v1/changes?limit=500")
        assert [change["agreement_id"] for change in page.body["changes"]] == created
        make_room(twin.store)
        again = await client.call("POST", "/api/v1/agreements", NEW)
        assert (again.status, again.body["id"]) == (201, f"AGR-{len(created) + 1:06d}")

    play(scene)


def test_an_import_that_finds_no_room_keeps_none_of_its_rows(play: Callable[[Scene[None]], None]) -> None:
    async def scene(twin: Twin, client: Client) -> None:
        fill(twin.store)
        body = CONTRACTS.read_bytes()
        answer = await client.call("POST", "/api/v1/imports/contracts", body, content_type="text/csv")
        assert (answer.status, answer.body["code"]) == (507, "insufficient_storage")
        assert twin.store.last_sequence() == 0

    play(scene)


def test_a_delivery_that_cannot_be_noted_is_made_again_when_there_is_room(play: Callable[[Scene[None]], None]) -> None:
    async def scene(twin: Twin, client: Client) -> None:
        twin.on_change = lambda: None
        twin.store.put_webhook("kit", "http://127.0.0.1:1/", SECRET)
        await client.call("POST", "/api/v1/agreements", NEW)
        received: list[str] = []

        async def post(url: str, body: bytes, headers: dict[str, str]) -> str | None:
            received.append(headers["webhook-id"])
            return "e" * 200_000 if len(received) <= len(RETRY_WAITS) + 1 else None

        async def no_sleep(_seconds: float) -> None:
            return None

        fill(twin.store)
        dispatcher = Dispatcher(twin, post, no_sleep)
        await dispatcher.deliver_waiting("kit")
        make_room(twin.store)
        await dispatcher.deliver_waiting("kit")
        webhook = twin.store.find_webhook("kit")
        assert webhook is not None
        assert (len(received), set(received), webhook.delivered) == (len(RETRY_WAITS) + 2, {received[0]}, 1)

    play(scene)
