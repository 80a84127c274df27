"""An action on many things, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any, TypeVar

AT_ONCE = 8

A = TypeVar("A")
B = TypeVar("B")


async def several(action: Callable[[A], Awaitable[B]], items: Iterable[A]) -> list[B]:
    """The action on every item, a few at a time. The first failure ends the others and is raised."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def act(item: A) -> B:
        async with gate:
            return await action(item)

    return await _all([asyncio.create_task(act(item)) for item in items])


async def both(one: Coroutine[Any, Any, A], other: Coroutine[Any, Any, B]) -> tuple[A, B]:
    """Two actions side by side. The first failure ends the other and is raised."""
    first, second = asyncio.create_task(one), asyncio.create_task(other)
    await _all([first, second])
    return first.result(), second.result()


async def _all(tasks: Sequence[asyncio.Task[A]]) -> list[A]:
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
