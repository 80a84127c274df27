"""One release at a time on an org: a lock that every machine sees, and that says who holds it.

The lock is a custom permission that grants nothing. Salesforce creates a component of one name once ("createMetadata()", Metadata
API Developer Guide), so of two that ask at the same moment one gets it. It needs no package in the org, and the user who deploys
may create it. Its description says which run holds it; the org itself says who made it and when.

A run that was killed leaves the lock behind. The same plan, run again from its folder, takes it over: each run writes its token
there before it asks. That the first is not still at work is known by a lock of the kernel on that folder. Any other run is refused,
and told what to do.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from clmkit.clients.errors import WireError
from clmkit.clients.metadata_api import Listed, MetadataApi
from clmkit.release.apply import ApplyRefused
from clmkit.release.disk import naming

LOCK_TYPE, LOCK_NAME = "CustomPermission", "clmkit_Release_Lock"
LABEL = "clmkit release lock"
TOKENS, PLACE = "lock.tokens", "lock.process"
HOLDER = re.compile(r"Held by (?P<what>.*) on (?P<host>\S+), run (?P<token>\w+)\.")


class LockRefused(ApplyRefused):
    """Somebody else's release is on its way; `str()` says whose, since when, and what to do."""


class LockKept(WireError):
    """The work is done, and the lock could not be given back; `str()` says what to do."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command that changes an org. `token` is this run's alone."""

    what: str
    host: str
    token: str

    def describe(self) -> str:
        return f"Held by {self.what} on {self.host}, run {self.token}. Grants nothing. Delete it when that run is dead."


@asynccontextmanager
async def holding_lock(metadata: MetadataApi, run: Run, folder: Path) -> AsyncIterator[None]:
    """Hold the org's lock inside the block. `folder` is where a run that goes on looks. Raises LockRefused, WireError."""
    with _sole_run(folder, run):
        earlier = read_tokens(folder)
        with naming(folder / TOKENS), (folder / TOKENS).open("a", encoding="utf-8") as file:
            file.write(f"{run.token}\n")
        await _take(metadata, run, earlier | {run.token})
        try:
            yield
        except BaseException:
            with suppress(WireError):  # why the run ended is told, not that the lock stays; the next run takes it over
                await metadata.delete(LOCK_TYPE, LOCK_NAME)
            raise
        await _give_back(metadata)


async def _take(metadata: MetadataApi, run: Run, own: frozenset[str]) -> None:
    """`own` holds this run's token too: its request may have been repeated because the answer to the first was lost."""
    refusal = await metadata.create(LOCK_TYPE, LOCK_NAME, {"description": run.describe(), "label": LABEL})
    if refusal is None:
        return
    held = HOLDER.match((await metadata.read(LOCK_TYPE, LOCK_NAME)).get("description", ""))
    if held is None and not await _find_listed(metadata):
        raise LockRefused(f"the org does not give its lock: {refusal.code}: {refusal.message}")
    if held is None or held["token"] not in own:
        raise LockRefused(_tell(held, await _find_listed(metadata)))


async def _give_back(metadata: MetadataApi) -> None:
    try:
        await metadata.delete(LOCK_TYPE, LOCK_NAME)
    except WireError as error:
        raise LockKept(
            f"{error}\neverything is done, but the org still holds the lock of this run; run the same command again, or delete the "
            f"custom permission {LOCK_NAME} in Setup"
        ) from error


async def _find_listed(metadata: MetadataApi) -> Listed | None:
    return next((row for row in await metadata.list_components([LOCK_TYPE]) if row.full_name == LOCK_NAME), None)


def _tell(held: re.Match[str] | None, listed: Listed | None) -> str:
    what = f"{held['what']} on {held['host']}" if held else "another release"
    by = f", started by {listed.changed_by} on {listed.changed_at}" if listed else ""
    return (
        f"{what} is changing this org{by}\n"
        "nothing was deployed; wait until it is done. If it was killed, run the same command again where it ran: it goes on from "
        f"there. If it will never come back, delete the custom permission {LOCK_NAME} in Setup"
    )


def read_tokens(folder: Path) -> frozenset[str]:
    """The runs that were started from a folder."""
    with suppress(FileNotFoundError):
        return frozenset((folder / TOKENS).read_text(encoding="utf-8").split())
    return frozenset()


@contextmanager
def _sole_run(folder: Path, run: Run) -> Iterator[None]:
    """The kernel's lock on a folder, released however the process ends. Raises LockRefused."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / PLACE).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise LockRefused(f"{file.read().strip()} works on this; wait until it is done") from error
        with naming(folder / PLACE):
            file.truncate(0)
            file.write(f"process {os.getpid()} ({run.what})")
            file.flush()
        yield
