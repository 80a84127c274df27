"""A list whose pages are counted by number, read on past a record that spoils every page with it. Pure but for `ask`.

    stretch = await read_on(ask, 0, 100)             # 100 records, or as many as the service gives
    stretch = await read_on(ask, stretch.following, 100)

A place in the list is the number of records before it, so that pages of any size go on at it: a page begins there when its size
divides the place. Where a page cannot be had, smaller ones are asked for, down to the one record at fault; that is left out, and
said, as soon as a record behind it answers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from clmkit.clients.errors import Refused, Unexpected, WireError

INTERNAL_ERROR = 500
MOST_LEFT_OUT = 5
"""Records in a row that a system in order may fail to give; beyond that it is the system that fails."""

Ask = Callable[[int, int], Awaitable[list[Any]]]
"""The documents of the page with this number, counted from 0, and this size. Raises WireError."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record that cannot be had, by its place in the list."""

    place: int
    error: WireError


@dataclass(frozen=True, slots=True)
class Stretch:
    """`following` is the place behind the stretch; `is_last` says that nothing stands there."""

    documents: list[Any]
    following: int
    is_last: bool
    left_out: tuple[LeftOut, ...] = ()


async def read_on(ask: Ask, place: int, most: int) -> Stretch:
    """The documents from a place on. Raises WireError when the service, and not a record, is at fault."""
    left_out: list[LeftOut] = []
    while True:
        try:
            stretch = await _read_narrowing(ask, place, most)
        except WireError as error:
            if not spoils_page(error) or len(left_out) == MOST_LEFT_OUT:
                raise
            left_out.append(LeftOut(place, error))
            place, most = place + 1, 1
            continue
        return Stretch(stretch.documents, stretch.following, stretch.is_last, tuple(left_out))


async def _read_narrowing(ask: Ask, place: int, most: int) -> Stretch:
    """The largest page from the place on that can be had. Raises WireError of the record at the place."""
    size = fitting(place, most)
    while True:
        try:
            documents = await ask(place // size, size)
        except WireError as error:
            if size == 1 or not spoils_page(error):
                raise
            size = fitting(place, size // 2)
            continue
        return Stretch(documents, place + size, len(documents) < size)


def fitting(place: int, most: int) -> int:
    """The largest size up to `most` of which a page begins at the place."""
    return next(size for size in range(most, 0, -1) if place % size == 0)


def spoils_page(error: WireError) -> bool:
    """Whether one document of a page may be the reason why there is no page."""
    return isinstance(error, Unexpected) or (isinstance(error, Refused) and error.status == INTERNAL_ERROR)
