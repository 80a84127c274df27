"""Agreements of a template's trade, as the CLM takes them: made up by Faker, the same for the same seed.

Amounts are exact: lines sum to the total. Companies repeat, because customers do.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from faker import Faker

from clmkit.templates.catalogue import Template

Agreement = dict[str, Any]

FIRST_DAY = datetime.date(2026, 1, 1)
TERMS = (12, 24, 36)
OWNERS = 4
"""Owners are owner0@contracts.example and so on: the users that `datasets/recipe.yml` makes."""


def make_agreements(template: Template, count: int, seed: int) -> list[Agreement]:
    """`count` new agreements, ready for POST /api/v1/agreements."""
    fake = Faker("en_US")
    fake.seed_instance(f"{template.name} {seed}")
    companies = [_company(fake) for _ in range(max(1, count // 2))]
    return [_agreement(template, fake, companies, number) for number in range(count)]


def _company(fake: Faker) -> Agreement:
    name = fake.company()
    person = fake.name()
    address = person.lower().replace(" ", ".").replace("'", "")
    return {"name": name, "contact": {"name": person, "email": f"{address}@customer.example"}}


def _agreement(template: Template, fake: Faker, companies: list[Agreement], number: int) -> Agreement:
    company = companies[number % len(companies)]
    kind = template.contract_types[number % len(template.contract_types)]
    start = FIRST_DAY + datetime.timedelta(days=fake.random_int(0, 364))
    months = fake.random_element(TERMS)
    lines = _lines(template, fake)
    total = sum((Decimal(line["amount"]) for line in lines), Decimal(0))
    return {
        "title": f"{kind} {company['name']}",
        "contract_type": kind,
        "counterparty": company,
        "business_owner": {"email": f"owner{number % OWNERS}@contracts.example", "name": fake.name()},
        "term": {"signed": start.isoformat(), "start": start.isoformat(), "end": _end(start, months).isoformat()},
        "renewal": {"type": fake.random_element(template.renewals), "notice": "60 days"},
        "value": {
            "total": f"{total:.2f}",
            "arr": f"{(total * 12 / months).quantize(Decimal('0.01')):.2f}",
            "currency": template.currency,
        },
        "governing_law": fake.random_element(template.governing_laws),
        "clauses": [{"type": "Liability cap", "present": True, "deviation": "CANARY clause text stays in the CLM"}],
        "parties": [
            {"name": template.us, "role": "our_side"},
            {"name": company["name"], "role": "counterparty"},
        ],
        "lines": lines,
        "obligations": [
            {
                "title": duty.title,
                "responsible": duty.responsible,
                "due": (start + datetime.timedelta(days=duty.after_days)).isoformat(),
            }
            for duty in template.duties
        ],
    }


def _lines(template: Template, fake: Faker) -> list[Agreement]:
    count = fake.random_int(1, len(template.products))
    names = fake.random_elements(tuple(template.products), length=count, unique=True)
    lines = []
    for name in names:
        units, price = fake.random_int(1, template.most_units), template.products[name]
        lines.append(
            {
                "product": name,
                "quantity": str(units),
                "unit_price": f"{price:.2f}",
                "amount": f"{units * price:.2f}",
            }
        )
    return lines


def _end(start: datetime.date, months: int) -> datetime.date:
    """Salesforce's own rule: start + n months - 1 day. FIRST_DAY plus a year never meets a shorter month's end by the clamp."""
    years, month = divmod(start.month - 1 + months, 12)
    return datetime.date(start.year + years, month + 1, min(start.day, 28)) - datetime.timedelta(days=1)
