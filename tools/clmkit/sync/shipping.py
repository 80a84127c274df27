"""Which way rows go to Salesforce: the way that costs the fewest API calls. Pure.

collections   200 rows a call
composite     five collections in one call, which counts as one ("Composite", REST API Developer Guide)
bulk          one Bulk API 2.0 job: four calls whatever the number of rows, five when their record ids are not known yet

A text that one of the ways would misread goes another way: composite replaces `@{...}`, Bulk 2.0 takes `#N/A` for empty.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from clmkit.clients.bulk import is_representable
from clmkit.clients.salesforce import COLLECTIONS_PER_COMPOSITE, MOST_PER_COLLECTION


class Way(enum.Enum):
    COLLECTIONS = "collections"
    COMPOSITE = "composite"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class Measure:
    """How many rows go in one shipment, and what each shipment costs."""

    rows: int
    calls: int


MEASURES: Mapping[Way, Measure] = {
    Way.COLLECTIONS: Measure(MOST_PER_COLLECTION, 1),
    Way.COMPOSITE: Measure(MOST_PER_COLLECTION * COLLECTIONS_PER_COMPOSITE, 1),
    Way.BULK: Measure(50_000, 4),
}
CALLS_FOR_IDS = {Way.COLLECTIONS: 0, Way.COMPOSITE: 0, Way.BULK: 1}


@dataclass(frozen=True, slots=True)
class Shipment:
    """Rows that go together, by their place in what was to be planned."""

    way: Way
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ShippingPlan:
    shipments: tuple[Shipment, ...]
    reason: str


def count_calls(way: Way, rows: int, *, needs_ids: bool) -> int:
    calls = MEASURES[way].calls + (CALLS_FOR_IDS[way] if needs_ids else 0)
    return -(-rows // MEASURES[way].rows) * calls


def choose_way(rows: int, *, needs_ids: bool) -> Way:
    """The way with the fewest calls; of equal ones the simplest, which answers at once."""
    return min(Way, key=lambda way: count_calls(way, rows, needs_ids=needs_ids))


def plan_shipments(
    records: Sequence[Mapping[str, object]], forced: Way | None = None, *, needs_ids: bool = True
) -> ShippingPlan:
    """Every record exactly once, in the order given; `forced` takes one way for all that can go it."""
    way = forced or choose_way(len(records), needs_ids=needs_ids)
    fit = [place for place, record in enumerate(records) if _can_go(way, record)]
    rest = [place for place, record in enumerate(records) if not _can_go(way, record)]
    shipments = (*_split(way, fit), *_split(Way.COLLECTIONS, rest))
    return ShippingPlan(shipments, _explain(len(records), way, forced, len(rest), needs_ids))


def _can_go(way: Way, record: Mapping[str, object]) -> bool:
    match way:
        case Way.COLLECTIONS:
            return True
        case Way.COMPOSITE:
            return not any(isinstance(value, str) and "@{" in value for value in record.values())
        case Way.BULK:
            return is_representable(record)


def _split(way: Way, places: Sequence[int]) -> Iterator[Shipment]:
    most = MEASURES[way].rows
    for start in range(0, len(places), most):
        yield Shipment(way, tuple(places[start : start + most]))


def _explain(rows: int, way: Way, forced: Way | None, rest: int, needs_ids: bool) -> str:
    costs = ", ".join(f"{one.value} {count_calls(one, rows, needs_ids=needs_ids)}" for one in Way)
    why = "as ordered" if forced else "the fewest calls"
    apart = f"; {rest} rows apart by collections, their text would be misread" if rest else ""
    return f"{rows} rows by {way.value}: {why} ({costs}){apart}"
