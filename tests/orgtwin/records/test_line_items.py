"""Prices of line items, and what their parents sum up of them. Source: the pages of these objects (Object Reference)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from orgtwin.errors import SaveResult
from orgtwin.org import Org
from orgtwin.records.model import Caller, Value

Save = Callable[..., SaveResult]
Read = Callable[[str, str | None, str], Value]
AMOUNTS = ("Amount", "ExpectedRevenue", "TotalOpportunityQuantity", "HasOpportunityLineItem")


@pytest.fixture
def entry(insert: Save, org: Org) -> str | None:
    """The price book entry of a product at 10."""
    product = insert("Product2", Name="Seat", ProductCode="S-1", IsActive=True).record_id
    book = next(iter(org.table("Pricebook2").live))
    return insert("PricebookEntry", Pricebook2Id=book, Product2Id=product, UnitPrice=10, IsActive=True).record_id


@pytest.fixture
def opportunity(insert: Save) -> str | None:
    values = {"Name": "Acme", "StageName": "Value Proposition", "CloseDate": "2026-11-30"}
    return insert("Opportunity", **values, Amount=7).record_id


@pytest.fixture
def line(insert: Save, opportunity: str | None, entry: str | None) -> str | None:
    values = {"OpportunityId": opportunity, "PricebookEntryId": entry}
    return insert("OpportunityLineItem", **values, Quantity=3, UnitPrice="20.50").record_id


def amounts(read: Read, opportunity: str | None) -> list[Value]:
    return [read("Opportunity", opportunity, name) for name in AMOUNTS]


def test_an_opportunity_expects_its_amount_by_its_probability_and_falls_into_a_quarter(
    read: Read, opportunity: str | None
) -> None:
    assert amounts(read, opportunity) == [7, Decimal("3.50"), None, False]
    assert [read("Opportunity", opportunity, name) for name in ("FiscalYear", "FiscalQuarter", "Fiscal")] == [
        2026,
        4,
        "2026 4",
    ]


def test_a_line_takes_what_its_price_book_entry_says(read: Read, line: str | None) -> None:
    told = {
        name: read("OpportunityLineItem", line, name) for name in ("ListPrice", "ProductCode", "Name", "TotalPrice")
    }
    assert told == {"ListPrice": 10, "ProductCode": "S-1", "Name": "Acme Seat", "TotalPrice": Decimal("61.50")}


def test_a_total_that_is_given_makes_the_unit_price(
    insert: Save, update: Save, read: Read, opportunity: str | None, line: str | None
) -> None:
    whole = insert("OpportunityLineItem", OpportunityId=opportunity, Quantity=4, TotalPrice=10).record_id
    assert read("OpportunityLineItem", whole, "UnitPrice") == Decimal("2.50")
    assert update("OpportunityLineItem", line, TotalPrice=9).success
    assert read("OpportunityLineItem", line, "UnitPrice") == 3


def test_an_opportunity_has_the_amount_of_its_lines_whatever_a_request_says(
    update: Save, read: Read, org: Org, admin: Caller, opportunity: str | None, line: str | None
) -> None:
    assert amounts(read, opportunity) == [Decimal("61.50"), Decimal("30.75"), 3, True]
    assert update("Opportunity", opportunity, Amount=1, Name="Acme Inc").success
    assert amounts(read, opportunity) == [Decimal("61.50"), Decimal("30.75"), 3, True]
    assert update("OpportunityLineItem", line, Quantity=2).success
    assert amounts(read, opportunity) == [41, Decimal("20.50"), 2, True]
    assert org.dml.delete(admin, [str(line)])[0].success
    assert amounts(read, opportunity) == [0, 0, 0, False]
    assert update("Opportunity", opportunity, Amount=8).success
    assert amounts(read, opportunity)[0] == 8


def test_a_quote_counts_discount_tax_and_shipping(
    insert: Save, read: Read, opportunity: str | None, entry: str | None
) -> None:
    quote = insert("Quote", Name="q", OpportunityId=opportunity, Tax=5, ShippingHandling=1).record_id
    insert("QuoteLineItem", QuoteId=quote, PricebookEntryId=entry, Quantity=2, UnitPrice=10, Discount=25)
    totals = [read("Quote", quote, name) for name in ("Subtotal", "TotalPrice", "GrandTotal", "LineItemCount")]
    assert totals == [20, 15, 21, 1]
