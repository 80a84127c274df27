"""A list by numbered pages with records in it that spoil every page they are on."""

from __future__ import annotations

import asyncio

import pytest

from clmkit.clients.errors import Refused, Unexpected, Unreachable, WireError
from clmkit.connectors.numbered import fitting, read_on


class Spoilt:
    """A list of so many numbers; a page with one of `bad` on it fails."""

    def __init__(self, length: int, *bad: int, error: WireError | None = None) -> None:
        self.length, self.bad, self.calls = length, bad, 0
        self.error = error or Refused("CLM", 500, "INTERNAL", "no")

    async def ask(self, number: int, size: int) -> list[int]:
        self.calls += 1
        page = range(number * size, min(self.length, (number + 1) * size))
        if any(one in page for one in self.bad):
            raise self.error
        return list(page)

    def read(self, most: int) -> tuple[list[int], list[int]]:
        """The records and the places that were left out, from the first to the last page."""
        place, found, left_out, is_last = 0, list[int](), list[int](), False
        while not is_last:
            stretch = asyncio.run(read_on(self.ask, place, most))
            found += stretch.documents
            left_out += [one.place for one in stretch.left_out]
            place, is_last = stretch.following, stretch.is_last
        return found, left_out


@pytest.mark.parametrize("bad", [(), (0,), (37,), (99,), (100,), (249,), (3, 4, 5), (0, 50, 101, 200)])
@pytest.mark.parametrize("most", [1, 7, 100])
def test_every_record_but_those_at_fault_is_read_once_and_in_order(bad: tuple[int, ...], most: int) -> None:
    found, left_out = Spoilt(250, *bad).read(most)
    assert (found, left_out) == ([one for one in range(250) if one not in bad], list(bad))


def test_a_sound_list_takes_full_pages_and_one_at_fault_some_more() -> None:
    sound, spoilt = Spoilt(250), Spoilt(250, 37)
    sound.read(100), spoilt.read(100)
    assert (sound.calls, spoilt.calls) == (3, 21)


@pytest.mark.parametrize(
    ("most", "error"),
    [(10, Refused("CLM", 500, "INTERNAL", "no")), (1, Unexpected("no list"))],
)
def test_more_than_five_in_a_row_are_the_services_trouble(most: int, error: WireError) -> None:
    assert Spoilt(20, *range(5, 10), error=error).read(most)[1] == list(range(5, 10))
    with pytest.raises(type(error)):
        Spoilt(20, *range(5, 11), error=error).read(most)


@pytest.mark.parametrize("error", [Refused("CLM", 403, "no", "no"), Unreachable("https://clm", "no")])
def test_what_says_nothing_of_a_record_is_told_at_once(error: WireError) -> None:
    spoilt = Spoilt(20, 3, error=error)
    with pytest.raises(type(error)):
        spoilt.read(10)
    assert spoilt.calls == 1


def test_a_page_begins_wherever_its_size_divides_the_place() -> None:
    assert [fitting(place, 100) for place in (0, 100, 38, 76, 101, 150)] == [100, 100, 38, 76, 1, 75]
