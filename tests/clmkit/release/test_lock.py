"""Of two releases of one org the second is told whose the first is; one that was killed is gone on with from its folder alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.clmkit.release.conftest import Org

from clmkit.release.lock import LOCK_NAME, LOCK_TYPE, LockRefused, Run, holding_lock
from clmkit.release.org_access import OrgClients

pytestmark = pytest.mark.e2e

FIRST, SECOND = Run("clmkit apply aaaa", "build-1", "one"), Run("clmkit apply bbbb", "build-2", "two")
ADVICE = (
    "nothing was deployed; wait until it is done. If it was killed, run the same command again where it ran: it goes on from "
    f"there. If it will never come back, delete the custom permission {LOCK_NAME} in Setup"
)


async def take(org: OrgClients, run: Run, folder: Path, work: Callable[[], Awaitable[object]] | None = None) -> str:
    """Hold the lock while the work is done; why not, when it is refused."""
    try:
        async with holding_lock(org.metadata, run, folder):
            if work is not None:
                await work()
    except LockRefused as refused:
        return str(refused)
    return ""


async def leave_behind(org: OrgClients, run: Run, folder: Path) -> None:
    """What a run leaves that was killed while it held the lock."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lock.tokens").write_text(f"{run.token}\n")
    assert await org.metadata.create(LOCK_TYPE, LOCK_NAME, {"description": run.describe(), "label": "x"}) is None


def test_an_apply_is_refused_while_another_release_changes_the_org(org: Org, tmp_path: Path) -> None:
    org.rewrite("type: {text: 80}", "type: {text: 120}")
    plan_hash = org.plan()[1]["hash"]

    async def held(clients: OrgClients) -> tuple[int, str]:
        async with holding_lock(clients.metadata, FIRST, tmp_path):
            (row,) = [row for row in await clients.metadata.list_components([LOCK_TYPE]) if row.full_name == LOCK_NAME]
            code, output = await asyncio.to_thread(org.release, "apply", plan_hash)
            assert output == (
                f"refused: clmkit apply aaaa on build-1 is changing this org, started by {row.changed_by} on {row.changed_at}\n"
                f"{ADVICE}\n"
            )
            return code, row.changed_by

    assert org.ask(held) == (1, "Ada Administrator")
    assert org.release("apply", plan_hash)[0] == 0


def test_of_two_that_ask_at_once_one_gets_the_lock(org: Org, tmp_path: Path) -> None:
    async def both(clients: OrgClients) -> list[str]:
        asked, done = asyncio.Event(), []

        async def one(run: Run) -> None:
            done.append(await take(clients, run, tmp_path / run.token, asked.wait))
            asked.set()

        await asyncio.gather(one(FIRST), one(SECOND))
        return sorted(done)

    won, lost = org.ask(both)
    assert won == ""
    assert lost.endswith(ADVICE)


def test_a_run_that_was_killed_is_gone_on_with_from_its_folder_alone(org: Org, tmp_path: Path) -> None:
    async def work(clients: OrgClients) -> list[str]:
        await leave_behind(clients, FIRST, tmp_path / "first")
        told = [await take(clients, SECOND, tmp_path / "second")]
        again = Run(FIRST.what, FIRST.host, "three")
        told += [await take(clients, again, tmp_path / "first"), await take(clients, SECOND, tmp_path / "second")]
        return told

    refused, resumed, free = org.ask(work)
    assert refused.startswith("clmkit apply aaaa on build-1 is changing this org, started by Ada Administrator on ")
    assert (resumed, free) == ("", "")


def test_a_lock_that_does_not_say_whose_it_is_is_respected(org: Org, tmp_path: Path) -> None:
    async def work(clients: OrgClients) -> str:
        await clients.metadata.create(LOCK_TYPE, LOCK_NAME, {"label": "somebody"})
        async with AsyncExitStack() as stack:
            stack.push_async_callback(clients.metadata.delete, LOCK_TYPE, LOCK_NAME)
            return await take(clients, FIRST, tmp_path)

    assert org.ask(work).startswith("another release is changing this org, started by Ada Administrator on ")


def test_one_folder_is_worked_on_by_one_run_of_a_machine(org: Org, tmp_path: Path) -> None:
    async def work(clients: OrgClients) -> str:
        async with holding_lock(clients.metadata, FIRST, tmp_path):
            return await take(clients, SECOND, tmp_path)

    told = org.ask(work)
    assert told.startswith("process ")
    assert told.endswith(" (clmkit apply aaaa) works on this; wait until it is done")
