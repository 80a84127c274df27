from collections.abc import Callable
from typing import Any

import pytest
from tests.clmtwin.conftest import Client, Scene

from clmtwin.bulk_creation import BulkOrder, make_agreements
from clmtwin.twin import Twin


def test_a_seed_makes_the_same_agreements_again() -> None:
    order = BulkOrder(count=50, seed=7, counterparties=5, lines=3)
    assert list(make_agreements(order, 1)) == list(make_agreements(order, 1))
    assert list(make_agreements(order, 1)) != list(make_agreements(BulkOrder(count=50, seed=8, counterparties=5), 1))


def test_an_administrator_creates_many_agreements_at_once(play: Callable[[Scene[None]], None]) -> None:
    async def scene(twin: Twin, client: Client) -> None:
        await client.call("POST", "/api/v1/agreements", {"title": "First"})
        answer = await client.call("POST", "/admin/agreements", {"count": 300, "seed": 1, "counterparties": 10})
        assert (answer.status, answer.body) == (201, {"created": 300, "first": 2})
        page = await client.call("GET", "/api/v1/changes?limit=500")
        assert [change["type"] for change in page.body["changes"]] == ["agreement.created"] * 301
        parties = await client.call("GET", "/api/v1/counterparties")
        assert len(parties.body["counterparties"]) == 10

    play(scene)


@pytest.mark.parametrize(
    "order", [{"count": 0}, {"count": 50_001}, {"count": 1, "counterparties": 0}, {"count": 1, "lines": 21}]
)
def test_an_order_out_of_range_is_refused_and_creates_nothing(
    play: Callable[[Scene[None]], None], order: dict[str, Any]
) -> None:
    async def scene(twin: Twin, client: Client) -> None:
        answer = await client.call("POST", "/admin/agreements", order)
        assert (answer.status, answer.body["detail"]) == (
            422,
            "count goes from 1 to 50000, counterparties from 1 to 10000, lines from 0 to 20.",
        )
        assert twin.store.last_sequence() == 0

    play(scene)
