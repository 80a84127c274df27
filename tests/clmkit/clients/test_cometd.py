"""CometD against the twin: the same records as the Pub/Sub API gives, positions, refusals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.clmkit.clients.deals import deals
from tests.orgtwin.events.stage import V, package
from tests.orgtwin.events.test_pubsub import deploy

from clmkit.clients import cometd
from clmkit.clients.errors import LoginFailed, Refused, Unreachable
from clmkit.clients.pubsub import Batch, Change, PositionLost, Published
from clmkit.clients.salesforce import Session
from clmkit.clients.transport import open_session
from orgtwin.http.ready import ReadyFile
from orgtwin.pytest_plugin import org_twin, org_twin_process

__all__ = ["org_twin", "org_twin_process"]
EVENT, ACCOUNTS = "/event/Seen__e", "/data/AccountChangeEvent"
SECONDS = 60


@pytest.fixture
def ready(org_twin: ReadyFile) -> ReadyFile:
    deploy(org_twin, package())
    return org_twin


def post(ready: ReadyFile, path: str, method: str = "POST", **values: object) -> str:
    headers = {"Authorization": f"Bearer {ready.access_token}", "Sforce-Call-Options": "client=clmkit"}
    answer = requests.request(
        method, f"{ready.http_url}{V}/sobjects/{path}", json=values, headers=headers, timeout=SECONDS
    )
    assert answer.ok, answer.text
    return str(answer.json()["id"]) if answer.content else ""


def read(ready: ReadyFile, topic: str, count: int, position: bytes | None = None, token: str = "") -> list[Batch]:
    """Batches from the earliest event, or after a position, until `count` records have come."""

    async def run() -> list[Batch]:
        session = Session(token or ready.access_token, ready.https_url, ready.org_id)
        found: list[Batch] = []
        async with open_session(Path(ready.ca_bundle)) as http, asyncio.timeout(SECONDS):
            async for batch in cometd.listen(http, session, topic, position, earliest=True):
                found.append(batch)
                if sum(len(one.records) for one in found) >= count:
                    break
        return found

    return asyncio.run(run())


def test_events_come_with_the_position_after_which_the_next_stream_begins(ready: ReadyFile) -> None:
    for name in "abc":
        post(ready, "Seen__e", Deal__c=name)
    batches = read(ready, EVENT, 3)
    names = [name for batch in batches for name in deals(batch.records)]
    assert names == ["a", "b", "c"]
    post(ready, "Seen__e", Deal__c="d")
    later = read(ready, EVENT, 1, batches[-1].position)
    assert [name for batch in later for name in deals(batch.records)] == ["d"]
    assert all(isinstance(record, Published) and record.name == "Seen__e" for record in later[-1].records)


def test_a_change_tells_the_same_as_over_the_pub_sub_api(ready: ReadyFile) -> None:
    account = post(ready, "Account", Name="ACME", Phone="1")
    post(ready, f"Account/{account}", "PATCH", Phone=None, AccountNumber="A-1")
    records = [record for batch in read(ready, ACCOUNTS, 2) for record in batch.records]
    update = records[1]
    assert isinstance(update, Change)
    assert (update.change_type, update.record_ids, set(update.changed) >= {"Phone", "AccountNumber"}) == (
        "UPDATE",
        (account,),
        True,
    )
    assert update.nulled == ("Phone",)
    assert update.values["AccountNumber"] == "A-1"
    assert update.is_echo_of("clmkit")


Use = Callable[[ReadyFile], Any]

# what is asked, what it ends in, how the words begin
REFUSALS: list[tuple[str, Use, type[Exception], str]] = [
    (
        "a dead session",
        lambda ready: read(ready, EVENT, 1, token="00D!dead"),
        LoginFailed,
        "401::Authentication invalid",
    ),
    (
        "no such topic",
        lambda ready: read(ready, "/event/No__e", 1),
        Refused,
        "The channel you requested to subscribe to",
    ),
    (
        "a position that never was",
        lambda ready: read(ready, EVENT, 1, b"99999999"),
        PositionLost,
        "The replayId {99999999}",
    ),
]


@pytest.mark.parametrize(("use", "error", "words"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_a_refusal_is_the_kits_error_with_the_orgs_words(
    ready: ReadyFile, use: Use, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words.replace("{", r"\{")):
        use(ready)


def test_an_org_that_is_not_there_is_unreachable() -> None:
    async def run() -> None:
        async with open_session(None) as http:
            async for _ in cometd.listen(http, Session("t", "http://127.0.0.1:9", "00D"), EVENT):
                raise AssertionError("nobody answers there")

    with pytest.raises(Unreachable, match=r"^http://127\.0\.0\.1:9/cometd/66\.0 does not answer"):
        asyncio.run(run())
