"""Apex that runs long is paused: others read and write meanwhile, and nobody sees what it has not committed.

Nothing here waits for a clock: each question of a running transaction is a pause, and what is answered at once is a Response.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from orgtwin.apex import share
from orgtwin.apex.limits import LIMITS
from orgtwin.http import turns
from orgtwin.http.exchange import Answer
from orgtwin.http.in_process import InProcess
from orgtwin.http.message import Request, Response
from orgtwin.metadata.deploy_model import DeployOptions, DeployStatus
from orgtwin.metadata.service import MetadataService
from orgtwin.seed import administrator

V = "/services/data/v66.0"
LOOP = "while (true) { Integer i = 1; }"
LONG = "for (Integer i = 0; i < 3000; i++) { Math.mod(i, 7); }"


class Client:
    """The administrator, who does not wait: what is not answered at once is an awaitable."""

    def __init__(self, inner: InProcess) -> None:
        self._inner = inner
        self.twin = inner.application.twin

    def send(self, method: str, target: str, content: object = None) -> Answer:
        token = self.twin.admin_token if target.startswith("/twin/admin") else self._inner.token
        headers = {"authorization": f"Bearer {token}", "host": "localhost", "content-type": "application/json"}
        path, _, query = target.partition("?")
        exchange = self._inner.application.begin(
            Request(self.twin, method, path, query.replace(" ", "+"), headers, b"", "https://localhost", "127.0.0.1")
        )
        exchange.take(b"" if content is None else msgspec.json.encode(content))
        return exchange.answer()

    def run(self, source: str) -> Answer:
        return self.send("POST", f"{V}/tooling/executeAnonymous", {"anonymousBody": source})

    def create(self, name: str) -> Answer:
        return self.send("POST", f"{V}/sobjects/Account", {"Name": name})

    def names(self) -> list[str]:
        """What is read, at once."""
        found = read(self.send("GET", f"{V}/query?q=SELECT Name FROM Account ORDER BY Name"))
        return [row["Name"] for row in found["records"]]


def read(answer: Answer | Response | None) -> Any:
    assert isinstance(answer, Response), "not answered at once"
    return msgspec.json.decode(answer.body) if answer.body else None


async def later(answer: Answer) -> Any:
    """The answer of what was not answered at once."""
    assert not isinstance(answer, Response), "answered at once"
    return read(await answer)


@pytest.fixture
def client(org_twin_client: InProcess, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setitem(LIMITS, "CpuTime", replace(LIMITS["CpuTime"], synchronous=200, asynchronous=200))
    monkeypatch.setattr(share, "REAL_TIMES", 1_000)
    monkeypatch.setattr(turns, "SLICE_SECONDS", 0.0)
    return Client(org_twin_client)


Play = Callable[[Client], Coroutine[Any, Any, None]]


def deploy(client: Client, files: dict[str, bytes]) -> None:
    service = client.twin.part(MetadataService)
    options = DeployOptions(single_package=True)
    job = service.deploy_files(administrator(client.twin.org), files, options)
    assert job.status is DeployStatus.SUCCEEDED


def unit(kind: str, name: str, source: str) -> dict[str, bytes]:
    folder, end = ("triggers", "trigger") if kind == "ApexTrigger" else ("classes", "cls")
    meta = (
        f'<{kind} xmlns="http://soap.sforce.com/2006/04/metadata"><apiVersion>66.0</apiVersion>'
        f"<status>Active</status></{kind}>"
    )
    manifest = (
        '<Package xmlns="http://soap.sforce.com/2006/04/metadata">'
        f"<types><members>{name}</members><name>{kind}</name></types><version>66.0</version></Package>"
    )
    path = f"{folder}/{name}.{end}"
    return {"package.xml": manifest.encode(), path: source.encode(), f"{path}-meta.xml": meta.encode()}


async def others_read_and_write(client: Client) -> None:
    hostile = client.run(LOOP)
    assert read(client.create("a"))["success"]
    assert client.names() == ["a"]
    assert "Apex CPU time limit exceeded" in (await later(hostile))["exceptionMessage"]
    assert client.names() == ["a"]


async def two_loops_take_turns(client: Client) -> None:
    hostile = [client.run(LOOP), client.run(LOOP)]
    assert read(client.create("a"))["success"]
    for answer in hostile:
        assert "Apex CPU time limit exceeded" in (await later(answer))["exceptionMessage"]


async def what_is_not_committed_is_not_seen(client: Client) -> None:
    read(client.create("changed"))
    read(client.create("deleted"))
    long = client.run(
        "Account c = [SELECT Id FROM Account WHERE Name = 'changed']; c.Name = 'new'; update c;"
        f" delete [SELECT Id FROM Account WHERE Name = 'deleted']; insert new Account(Name = 'added'); {LONG}"
        " System.assertEquals(2, [SELECT COUNT() FROM Account]);"
    )
    assert client.names() == ["changed", "deleted"]
    assert (await later(long))["success"]
    assert client.names() == ["added", "new"]


async def a_write_waits_for_one_that_has_written(client: Client) -> None:
    hostile = client.run(f"insert new Account(Name = 'never'); {LOOP}")
    waits = client.create("a")
    assert client.names() == []
    assert (await later(waits))["success"]
    assert not (await later(hostile))["success"]
    assert client.names() == ["a"]


async def what_others_commit_is_seen(client: Client) -> None:
    long = client.run(
        f"Savepoint s = Database.setSavepoint(); {LONG} System.assertEquals(1, [SELECT COUNT() FROM Account]);"
        " insert new Account(Name = 'gone'); Database.rollback(s); insert new Account(Name = 'b');"
    )
    read(client.create("a"))
    assert (await later(long))["exceptionMessage"] is None
    assert client.names() == ["a", "b"]


async def a_write_waits_for_a_trigger_that_runs(client: Client) -> None:
    deploy(client, unit("ApexTrigger", "T", f"trigger T on Contact (before insert) {{ {LOOP} }}"))
    hostile = client.send("POST", f"{V}/sobjects/Contact", {"LastName": "x"})
    waits = client.create("a")
    assert client.names() == []
    [refused] = await later(hostile)
    assert refused["message"] == "T: System.LimitException: Apex CPU time limit exceeded"
    assert (await later(waits))["success"]


async def triggers_of_others_run_in_an_engine_of_their_own(client: Client) -> None:
    deploy(client, unit("ApexTrigger", "T", "trigger T on Account (before insert) { Trigger.new[0].Site = 'seen'; }"))
    long = client.run(f"{LONG} insert new Account(Name = 'b');")
    other = client.create("a")
    assert (other if isinstance(other, Response) else await other).status == 201  # type: ignore[union-attr]
    assert (await later(long))["success"]
    found = read(client.send("GET", f"{V}/query?q=SELECT Site FROM Account"))
    assert [row["Site"] for row in found["records"]] == ["seen", "seen"]


async def a_test_run_hides_neither_its_data_nor_the_orgs(client: Client) -> None:
    body = f"System.assertEquals(0, [SELECT COUNT() FROM Account]); insert new Account(Name = 'test'); {LOOP}"
    deploy(client, unit("ApexClass", "Bad", f"@IsTest private class Bad {{ @IsTest static void a() {{ {body} }} }}"))
    read(client.create("a"))
    running = client.send("POST", f"{V}/tooling/runTestsSynchronous", {"classNames": "Bad"})
    assert client.names() == ["a"]
    [failure] = (await later(running))["failures"]
    assert failure["message"] == "System.LimitException: Apex CPU time limit exceeded"
    assert client.names() == ["a"]


async def what_changes_the_org_waits_until_nobody_is_paused(client: Client) -> None:
    hostile = client.run(LOOP)
    reset = client.send("POST", "/twin/admin/reset")
    after = client.create("a")
    assert not (await later(hostile))["success"]
    assert await later(reset) is None
    assert (await later(after))["success"]


async def the_versions_are_told_whatever_runs(client: Client) -> None:
    hostile = client.run(f"insert new Account(Name = 'never'); {LOOP}")
    assert read(client.send("GET", "/services/data"))[0]["version"] == "31.0"
    await later(hostile)


async def the_end_of_the_server_ends_what_runs(client: Client) -> None:
    hostile = client.run(f"insert new Account(Name = 'never'); {LOOP}")
    waits = client.create("never")
    client.twin.turns.close()
    for answer in (hostile, waits):
        assert (await later(answer))[0]["errorCode"] == "SERVER_UNAVAILABLE"
    assert not len(client.twin.org.table("Account"))
    assert not client.twin.org.log.is_open


PLAYS: tuple[Play, ...] = (
    others_read_and_write,
    two_loops_take_turns,
    what_is_not_committed_is_not_seen,
    a_write_waits_for_one_that_has_written,
    what_others_commit_is_seen,
    a_write_waits_for_a_trigger_that_runs,
    triggers_of_others_run_in_an_engine_of_their_own,
    a_test_run_hides_neither_its_data_nor_the_orgs,
    what_changes_the_org_waits_until_nobody_is_paused,
    the_versions_are_told_whatever_runs,
    the_end_of_the_server_ends_what_runs,
)


@pytest.mark.parametrize("play", PLAYS, ids=[play.__name__ for play in PLAYS])
def test_while_apex_runs(client: Client, play: Play) -> None:
    asyncio.run(play(client))


def test_a_transaction_ends_by_the_processors_time_where_the_model_knows_less(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(share, "REAL_TIMES", 0)

    async def play() -> Any:
        return read(client.run("Integer n = 0; for (Integer i = 0; i < 3000; i++) { n = Math.mod(i, 7); }"))

    assert asyncio.run(play())["exceptionMessage"] == "System.LimitException: Apex CPU time limit exceeded"
