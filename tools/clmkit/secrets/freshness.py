"""Secrets that are replaced while a process runs: look again and again, and go on with what is known when that fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

AFTER_TROUBLE_SECONDS = 10.0

Refresh = Callable[[], Awaitable[float]]
"""Looks once; the answer is after how many seconds to look again."""


@asynccontextmanager
async def kept_fresh(
    refresh: Refresh,
    troubles: tuple[type[Exception], ...],
    tell: Callable[[str], None],
    after_trouble: float = AFTER_TROUBLE_SECONDS,
    note: Callable[[Exception | None], None] = lambda trouble: None,
) -> AsyncIterator[None]:
    """Refresh inside the block. A trouble is told once as long as it stays the same, and noted each time; None notes that there is
    none. What is no trouble is raised at the end.
    """
    task = asyncio.create_task(_keep(refresh, troubles, tell, after_trouble, note))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _keep(
    refresh: Refresh,
    troubles: tuple[type[Exception], ...],
    tell: Callable[[str], None],
    after_trouble: float,
    note: Callable[[Exception | None], None],
) -> None:
    told = ""
    while True:
        try:
            wait = await refresh()
            told = ""
            note(None)
        except troubles as trouble:
            note(trouble)
            wait = after_trouble
            if str(trouble) != told:
                told = str(trouble)
                tell(told)
        await asyncio.sleep(wait)
