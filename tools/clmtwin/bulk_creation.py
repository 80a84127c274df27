"""Agreements by the ten thousand, for loads and measurements: from a seed, so that two twins hold the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import msgspec
from faker import Faker

from clmtwin import agreements
from clmtwin.lifecycle import Stage
from clmtwin.model import Agreement

MOST = 50_000
MOST_COUNTERPARTIES = 10_000
FIRST_DAY = date(2018, 1, 1)
DAYS = 2_500
TITLES = (
    "Services Agreement",
    "Supply Agreement",
    "License Agreement",
    "Distributor Agreement",
    "Consulting Agreement",
)
LAWS = ("New York", "Delaware", "California", "England", "Colorado")
STAGES = (Stage.DRAFT, Stage.NEGOTIATION, Stage.ACTIVE, Stage.ACTIVE, Stage.ACTIVE, Stage.EXPIRED)
PRODUCTS = ("Platform", "Support", "Training", "Storage")


class BulkOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`lines` is the most lines that an agreement gets; `counterparties` how many names they share."""

    count: int
    seed: int = 0
    counterparties: int = 100
    lines: int = 0


def make_agreements(order: BulkOrder, first_number: int) -> Iterator[Agreement]:
    """The agreements of an order, not yet stamped."""
    faker = Faker("en_US")
    faker.seed_instance(order.seed)
    draw = random.Random(order.seed)  # noqa: S311 - test data
    names = [f"{faker.company()} {place}" for place in range(1, order.counterparties + 1)]
    owners = [f"owner{place}@contracts.example" for place in range(1, 21)]
    for number in range(first_number, first_number + order.count):
        yield _make(number, draw, draw.choice(names), draw.choice(owners), order.lines)


def _make(number: int, draw: random.Random, counterparty: str, owner: str, most_lines: int) -> Agreement:
    title = draw.choice(TITLES)
    start = FIRST_DAY + timedelta(draw.randrange(DAYS))
    total = Decimal(draw.randrange(10_000, 50_000_000)) / 100
    stage = draw.choice(STAGES)
    body = {
        "title": f"{title} {number}",
        "contract_type": title,
        "counterparty": {"name": counterparty},
        "business_owner": {"email": owner},
        "term": {
            "signed": start.isoformat(),
            "start": start.isoformat(),
            "end": (start + timedelta(365 * draw.randrange(1, 6))).isoformat(),
        },
        "value": {"total": f"{total:.2f}", "currency": "USD"},
        "governing_law": draw.choice(LAWS),
        "parties": [{"name": counterparty, "role": "counterparty"}],
        "lines": [_line(draw) for _ in range(draw.randrange(most_lines + 1))],
    }
    made = agreements.create(number, body, lambda _: None)
    return msgspec.structs.replace(made, stage=stage)


def _line(draw: random.Random) -> dict[str, str]:
    quantity, price = draw.randrange(1, 100), Decimal(draw.randrange(100, 100_000)) / 100
    return {
        "product": draw.choice(PRODUCTS),
        "quantity": str(quantity),
        "unit_price": f"{price:.2f}",
        "amount": f"{quantity * price:.2f}",
    }
