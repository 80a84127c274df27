"""The templates, one row each. `<file>.yml` beside this module is the mapping; the rest says what its agreements are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty after signing, due so many days after the start."""

    title: str
    responsible: str  # our_side, counterparty
    after_days: int


@dataclass(frozen=True, slots=True)
class Template:
    """A mapping and the trade behind it. `products` are names with the price of one."""

    name: str
    file: str
    summary: str
    us: str
    currency: str
    contract_types: tuple[str, ...]
    governing_laws: tuple[str, ...]
    renewals: tuple[str, ...]
    products: Mapping[str, Decimal]
    most_units: int
    duties: tuple[Duty, ...]

    def read_mapping(self) -> str:
        return resources.files(__package__).joinpath(self.file).read_text(encoding="utf-8")


_ROWS = (
    Template(
        name="saas",
        file="saas.yml",
        summary="SaaS subscriptions: recurring revenue, renewal, requests from won opportunities",
        us="Northstar Software Inc.",
        currency="USD",
        contract_types=("Subscription Agreement", "Order Form", "Master Services Agreement"),
        governing_laws=("New York", "California", "Delaware"),
        renewals=("auto", "auto", "manual", "none"),
        products={
            "Platform, per seat": Decimal("480.00"),
            "Analytics, per seat": Decimal("144.00"),
            "Premium support": Decimal("12000.00"),
        },
        most_units=250,
        duties=(
            Duty("Security questionnaire", "our_side", 30),
            Duty("Name an administrator", "counterparty", 14),
        ),
    ),
    Template(
        name="procurement",
        file="procurement.yml",
        summary="Procurement: supplier agreements with record types, duties, approvals and spend",
        us="Nordwerk Maschinenbau GmbH",
        currency="EUR",
        contract_types=("Supply Agreement", "Framework Agreement", "Services Agreement"),
        governing_laws=("Germany", "Federal Republic of Germany", "Austria", "Poland"),
        renewals=("manual", "auto", "none"),
        products={
            "Bearing 6204": Decimal("3.85"),
            "Servo drive 2 kW": Decimal("1240.00"),
            "Maintenance, per day": Decimal("980.00"),
        },
        most_units=400,
        duties=(Duty("Certificate of insurance", "counterparty", 30), Duty("Yearly price review", "our_side", 330)),
    ),
    Template(
        name="public-sector",
        file="public_sector.yml",
        summary="Public sector: awards with decisions, published documents and strict retention",
        us="City of Northbridge",
        currency="EUR",
        contract_types=("Works Contract", "Service Contract", "Supply Contract"),
        governing_laws=("Belgium", "Ireland"),
        renewals=("none",),
        products={
            "Road works, per metre": Decimal("415.00"),
            "Cleaning, per month": Decimal("5600.00"),
            "School furniture, per room": Decimal("2950.00"),
        },
        most_units=120,
        duties=(
            Duty("Publish the award notice", "our_side", 30),
            Duty("Performance bond", "counterparty", 21),
        ),
    ),
    Template(
        name="licensing",
        file="licensing.yml",
        summary="Licensing: titles, territories, sublicensees, duties and guarantees",
        us="Silverline Pictures LLC",
        currency="USD",
        contract_types=("License Agreement", "Distribution Agreement", "Franchise Agreement"),
        governing_laws=("New York", "California", "England", "Japan"),
        renewals=("manual", "evergreen", "none"),
        products={
            "The Long Harbour, season 1": Decimal("45000.00"),
            "Atlas of Rivers": Decimal("18000.00"),
            "Tin Soldiers, merchandise": Decimal("7500.00"),
        },
        most_units=6,
        duties=(
            Duty("Royalty report", "counterparty", 90),
            Duty("Deliver masters", "our_side", 20),
        ),
    ),
)

TEMPLATES = {row.name: row for row in _ROWS}
