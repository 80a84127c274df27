from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.clmkit.sync.world import World

from clmkit.sync.shipping import MEASURES, Way, choose_way, count_calls, plan_shipments

# rows, whether their record ids are asked for, the way, its calls
CHEAPEST = [
    (1, False, Way.COLLECTIONS, 1),
    (200, False, Way.COLLECTIONS, 1),
    (201, False, Way.COMPOSITE, 1),
    (1_000, False, Way.COMPOSITE, 1),
    (1_500, False, Way.COMPOSITE, 2),
    (4_000, False, Way.COMPOSITE, 4),
    (4_001, False, Way.BULK, 4),
    (5_000, True, Way.COMPOSITE, 5),
    (5_001, True, Way.BULK, 5),
    (50_000, True, Way.BULK, 5),
    (50_001, False, Way.BULK, 8),
]


@pytest.mark.parametrize(("rows", "needs_ids", "way", "calls"), CHEAPEST)
def test_the_way_with_the_fewest_calls_is_taken(rows: int, needs_ids: bool, way: Way, calls: int) -> None:
    assert choose_way(rows, needs_ids=needs_ids) is way
    assert count_calls(way, rows, needs_ids=needs_ids) == calls


def test_the_plan_says_why() -> None:
    plan = plan_shipments([{"Name": "a"}] * 1_500)
    assert plan.reason == "1500 rows by composite: the fewest calls (collections 8, composite 2, bulk 5)"
    assert [(one.way, len(one.rows)) for one in plan.shipments] == [(Way.COMPOSITE, 1_000), (Way.COMPOSITE, 500)]


@pytest.mark.parametrize(("way", "text"), [(Way.COMPOSITE, "see @{rows0.id}"), (Way.BULK, "#N/A")])
def test_a_text_that_a_way_would_misread_goes_another_way(way: Way, text: str) -> None:
    plan = plan_shipments([{"Name": "a"}, {"Name": text}, {"Name": "b"}], way)
    assert [(one.way, one.rows) for one in plan.shipments] == [(way, (0, 2)), (Way.COLLECTIONS, (1,))]
    assert plan.reason.endswith("; 1 rows apart by collections, their text would be misread")


@given(
    rows=st.lists(st.sampled_from(["a", "@{x}", "#N/A"]), max_size=30),
    way=st.sampled_from(Way) | st.none(),
    copies=st.integers(1, 500),
)
def test_every_row_goes_exactly_once_and_no_shipment_is_too_large(
    rows: list[str], way: Way | None, copies: int
) -> None:
    plan = plan_shipments([{"Name": text} for text in rows * copies], way)
    assert sorted(place for one in plan.shipments for place in one.rows) == list(range(len(rows) * copies))
    assert all(0 < len(one.rows) <= MEASURES[one.way].rows for one in plan.shipments)


PARTY = {"id": "PTY-000001-1", "name": "ACME", "role": "counterparty"}


def live_through(way: Way | None) -> tuple[World, list[str]]:
    """Creation, activation, edits, a cleared value, a refused row and a lock, all by one way."""
    world = World(way=way)
    world.org.refuse["AGR-000003"] = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Value needs a signature")
    world.org.refuse["AGR-000004"] = ("UNABLE_TO_LOCK_ROW", "busy")
    world.org.after_commit = lambda sobject, records: world.org.refuse.pop("AGR-000004", None) and None
    for number in range(1, 6):
        world.agreement(
            f"AGR-{number:06d}", stage="ACTIVE" if number % 2 else "DRAFT", parties=[PARTY] if number == 1 else []
        )
    world.run()
    world.agreement("AGR-000002", title="Supply and Service", term={"signed": None, "start": "2026-01-01", "end": None})
    world.agreement("AGR-000005", stage="TERMINATED")
    world.run()
    return world, [row.reason for row in world.state.read_parked()]


def content(world: World) -> dict[str, list[dict[str, Any]]]:
    own = ("Contract", "CLM_Party__c")
    return {
        sobject: [
            {k: v for k, v in row.items() if k != "SystemModstamp"} for row in world.org.records[sobject].values()
        ]
        for sobject in own
    }


@pytest.mark.parametrize("way", Way)
def test_every_way_ends_in_the_same_state(way: Way) -> None:
    expected, reasons = live_through(None)
    world, told = live_through(way)
    assert content(world) == content(expected)
    assert (told, world.reconcile().differences) == (reasons, [])
    assert set(world.org.calls) == {"query", way.value}
