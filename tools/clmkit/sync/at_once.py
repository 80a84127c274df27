"""An action on many things, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

AT_ONCE = 8

A = TypeVar("A")
B = TypeVar("B")


async def several(action: Callable[[A], Awaitable[B]], items: Iterable[A]) -> list[B]:
    """The action on every item, a few at a time. The first failure ends the others and is raised."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def act(item: A) -> B:
        async with gate:
            return await action(item)

    tasks = [asyncio.create_task(act(item)) for item in items]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
