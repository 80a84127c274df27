"""Which rows it is due to when a request fails as a whole: halves go, and halves of halves, until the culprit stands alone.

One culprit among n rows costs at most 2 * log2(n) requests, each sent once. Nobody looks further after MOST_REQUESTS, nor when two
rows alone were refused and nothing was taken yet: then it is not due to some of the rows.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from clmkit.clients.errors import Refused, Unexpected, Unfinished, Unreachable, WireError
from clmkit.clients.outcomes import Action
from clmkit.clients.salesforce import RowResult

MOST_REQUESTS = 64
AWAY = frozenset({429, 502, 503})
"""What the org answers when it takes nothing of anybody."""

T = TypeVar("T")


class Told(enum.Enum):
    """What is known of rows that were sent: each was judged for itself, one was refused alone, or nobody told them apart."""

    APART = "apart"
    ALONE = "alone"
    TOGETHER = "together"


@dataclass(frozen=True, slots=True)
class Answered(Generic[T]):
    rows: Sequence[T]
    results: Sequence[RowResult]
    told: Told


def may_be_of_rows(error: WireError) -> bool:
    """Whether a request may have failed because of what one of its rows holds."""
    if isinstance(error, Refused):
        return error.action is not Action.STOP and error.status not in AWAY
    return isinstance(error, Unexpected) and not isinstance(error, Unfinished)


def refuse_all(error: WireError, count: int) -> list[RowResult]:
    """The verdict on every row of a request that failed as a whole."""
    if isinstance(error, Refused):
        return [RowResult("", created=False, code=error.code, message=error.message, of_request=True)] * count
    code = "NO_ANSWER" if isinstance(error, Unreachable) else "UNREADABLE_ANSWER"
    return [RowResult("", created=False, code=code, message=str(error), of_request=True)] * count


async def tell_apart(
    rows: Sequence[T], send: Callable[[Sequence[T]], Awaitable[Sequence[RowResult]]], most_together: int
) -> AsyncIterator[Answered[T]]:
    """Send the rows of a request that failed, in smaller ones. Every row comes once; raises what `send` raises.

    `most_together` is how many rows `send` takes at once.
    """
    waiting, asked, is_one_taken = list(reversed(_parts(rows, most_together))), 0, False
    alone: list[Answered[T]] = []
    while waiting and asked < MOST_REQUESTS and (is_one_taken or len(alone) < 2):
        part = waiting.pop()
        asked += 1
        results = await send(part)
        if _is_together(results):
            if len(part) > 1:
                waiting += reversed(_parts(part, most_together))
            else:
                alone.append(Answered(part, results, Told.ALONE))
            continue
        is_one_taken = True
        judged, again = _sorted_out(part, results)
        yield judged
        waiting += [again] if again else []
    for one in alone:
        yield one if is_one_taken or len(rows) == 1 else replace(one, told=Told.TOGETHER)
    for part in reversed(waiting):
        yield Answered(part, (), Told.TOGETHER)


def _parts(rows: Sequence[T], most: int) -> list[Sequence[T]]:
    """Halves, or as many parts as it takes."""
    size = min(most, -(-len(rows) // 2))
    return [rows[at : at + size] for at in range(0, len(rows), size)]


def _is_together(results: Sequence[RowResult]) -> bool:
    """Whether what was refused may be due to other rows of the request: all of it, and for no row by name."""
    return all(_may_be_others(result) for result in results)


def _may_be_others(result: RowResult) -> bool:
    return not result.is_success and (
        (result.of_request and result.outcome.action is not Action.STOP) or result.outcome.action is Action.RETRY
    )


def _sorted_out(part: Sequence[T], results: Sequence[RowResult]) -> tuple[Answered[T], Sequence[T]]:
    """What is judged, and what has to go again in smaller company."""
    pairs = list(zip(part, results, strict=True))
    judged = [(row, result) for row, result in pairs if not _may_be_others(result)]
    again = [row for row, result in pairs if _may_be_others(result)]
    return Answered([row for row, _ in judged], [result for _, result in judged], Told.APART), again
