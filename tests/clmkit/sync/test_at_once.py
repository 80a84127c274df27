"""Actions side by side: the first failure ends the others."""

import asyncio

import pytest

from clmkit.sync.at_once import AT_ONCE, both, several


async def double(number: int) -> int:
    return 2 * number


def test_both_run_at_the_same_time_and_give_their_answers_in_order() -> None:
    async def meet() -> tuple[str, int]:
        met = asyncio.Event()

        async def wait() -> str:
            await met.wait()
            return "met"

        async def arrive() -> int:
            met.set()
            return 2

        return await both(wait(), arrive())

    assert asyncio.run(meet()) == ("met", 2)


@pytest.mark.parametrize("is_first", [True, False])
def test_of_two_the_failure_of_one_ends_the_other(is_first: bool) -> None:
    ended: list[str] = []

    async def fail() -> None:
        raise ValueError("refused")

    async def go_on() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("the other")

    async def run() -> None:
        await (both(fail(), go_on()) if is_first else both(go_on(), fail()))

    with pytest.raises(ValueError, match="refused"):
        asyncio.run(run())
    assert ended == ["the other"]


def test_several_give_every_answer_in_order() -> None:
    numbers = range(3 * AT_ONCE)
    assert asyncio.run(several(double, numbers)) == [2 * number for number in numbers]
