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
OTHER_BOOK = "The price book entry is in a different price book than the one assigned to the "
INACTIVE = "The price book entry is inactive. Ask your Salesforce admin for help."
LOCKED = "Unable to modify activated or superseded Order:  cannot delete Order, or add or remove Order Products"
PRICES = ("UnitPrice", "TotalPrice", "Subtotal", "Discount")
AMOUNTS = ("Amount", "ExpectedRevenue", "TotalOpportunityQuantity", "HasOpportunityLineItem")


@pytest.fixture
def entry(insert: Save, org: Org) -> str | None:
    """The price book entry of a product at 10."""
    product = insert("Product2", Name="Seat", ProductCode="S-1", IsActive=True).record_id
    book = next(iter(org.table("Pricebook2").live))
    return insert("PricebookEntry", Pricebook2Id=book, Product2Id=product, UnitPrice=10, IsActive=True).record_id


@pytest.fixture
def other_entry(insert: Save, org: Org, entry: str | None) -> str | None:
    """The same product in a price book of its own, at 8."""
    product = org.table("PricebookEntry").reader("Product2Id")(org.table("PricebookEntry").live[str(entry)])
    book = insert("Pricebook2", Name="Partners", IsActive=True).record_id
    return insert("PricebookEntry", Pricebook2Id=book, Product2Id=product, UnitPrice=8, IsActive=True).record_id


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


PRICED = [  # a line of 3 at 20.50 is updated by what the request names: unit price, total, subtotal, discount
    ({"TotalPrice": 9}, [3, 9, 9, None]),
    ({"Quantity": 2}, [Decimal("30.75"), Decimal("61.50"), Decimal("61.50"), None]),
    ({"Quantity": 2, "UnitPrice": "20.50"}, [Decimal("20.50"), 41, 41, None]),
    ({"Quantity": 2, "UnitPrice": "20.50", "TotalPrice": "61.50"}, [Decimal("20.50"), 41, 41, None]),
    ({"Discount": 50}, [Decimal("20.50"), Decimal("30.75"), Decimal("61.50"), 50]),
    ({"Discount": 50, "TotalPrice": 9}, [6, 9, 18, 50]),
    ({"Discount": 50, "Quantity": 2, "UnitPrice": 20}, [20, 20, 40, 50]),
    ({"Discount": 100, "TotalPrice": 0}, [None, 0, None, 100]),
]


@pytest.mark.parametrize(("told", "prices"), PRICED)
def test_what_an_update_names_decides_which_price_follows(
    update: Save, read: Read, line: str | None, told: dict[str, object], prices: list[Value]
) -> None:
    assert update("OpportunityLineItem", line, **told).success
    assert [read("OpportunityLineItem", line, name) for name in PRICES] == prices


def test_a_line_that_is_inserted_has_the_price_it_tells_or_its_list_price(
    insert: Save, read: Read, opportunity: str | None, entry: str | None
) -> None:
    values = {"OpportunityId": opportunity, "PricebookEntryId": entry, "Quantity": 4}
    whole = insert("OpportunityLineItem", **values, TotalPrice=10).record_id
    listed = insert("OpportunityLineItem", **values).record_id
    assert [read("OpportunityLineItem", one, "UnitPrice") for one in (whole, listed)] == [Decimal("2.50"), 10]


def errors(*results: SaveResult) -> list[tuple[str, str]]:
    return [(error.status_code, error.message) for result in results for error in result.errors]


def test_prices_that_contradict_each_other_are_refused(
    insert: Save, update: Save, opportunity: str | None, entry: str | None, line: str | None
) -> None:
    values = {"OpportunityId": opportunity, "PricebookEntryId": entry}
    assert errors(
        update("OpportunityLineItem", line, UnitPrice=1, TotalPrice=1),
        update("OpportunityLineItem", line, Quantity=1, Discount=1),
        update("OpportunityLineItem", line, UnitPrice=None, TotalPrice=None),
        update("OpportunityLineItem", line, Quantity=0),
        insert("OpportunityLineItem", **values, Quantity=1, UnitPrice=1, TotalPrice=1),
    ) == [
        ("INVALID_FIELD", "Cannot change both 'UnitPrice' and 'TotalPrice' in update call"),
        ("FIELD_INTEGRITY_EXCEPTION", "field integrity exception: unknown (specify UnitPrice or TotalPrice)"),
        ("REQUIRED_FIELD_MISSING", "Required fields are missing: [TotalPrice]"),
        ("FIELD_INTEGRITY_EXCEPTION", "Quantity must be nonzero"),
        (
            "FIELD_INTEGRITY_EXCEPTION",
            "field integrity exception: TotalPrice, UnitPrice (specify one of them)",
        ),
    ]


def test_an_opportunity_has_the_amount_of_its_lines_whatever_a_request_says(
    update: Save, read: Read, org: Org, admin: Caller, opportunity: str | None, line: str | None
) -> None:
    assert amounts(read, opportunity) == [Decimal("61.50"), Decimal("30.75"), 3, True]
    assert update("Opportunity", opportunity, Amount=1, Name="Acme Inc").success
    assert amounts(read, opportunity) == [Decimal("61.50"), Decimal("30.75"), 3, True]
    assert update("OpportunityLineItem", line, Quantity=2, UnitPrice="20.50").success
    assert amounts(read, opportunity) == [41, Decimal("20.50"), 2, True]
    assert org.dml.delete(admin, [str(line)])[0].success
    assert amounts(read, opportunity) == [0, 0, 0, False]
    assert errors(org.dml.undelete(admin, [str(line)])[0]) == [("UNDELETE_FAILED", "Entity is not in the recycle bin")]
    assert update("Opportunity", opportunity, Amount=8).success
    assert amounts(read, opportunity)[0] == 8


def test_the_first_line_sets_the_price_book_of_its_opportunity_and_others_are_of_it(
    insert: Save, update: Save, read: Read, opportunity: str | None, other_entry: str | None, line: str | None
) -> None:
    assert read("Opportunity", opportunity, "Pricebook2Id") is not None
    values = {"OpportunityId": opportunity, "Quantity": 1, "UnitPrice": 1}
    assert errors(
        insert("OpportunityLineItem", **values, PricebookEntryId=other_entry),
        insert("OpportunityLineItem", **values),
        update("Opportunity", opportunity, Pricebook2Id=None),
    ) == [
        (
            "FIELD_INTEGRITY_EXCEPTION",
            "field integrity exception: PricebookEntryId (pricebook entry is in a different pricebook than the one assigned to "
            "the opportunity)",
        ),
        (
            "FIELD_INTEGRITY_EXCEPTION",
            "field integrity exception: PricebookEntryId, unknown (versions 3.0 and higher must specify pricebook entry id; "
            "others must specify product id)",
        ),
        ("FIELD_INTEGRITY_EXCEPTION", "field integrity exception: Pricebook2Id (the opportunity has products)"),
    ]


def test_a_price_book_that_is_not_active_is_not_set(
    insert: Save, update: Save, read: Read, opportunity: str | None, entry: str | None
) -> None:
    values = {"OpportunityId": opportunity, "PricebookEntryId": entry, "Quantity": 1, "UnitPrice": 1}
    book = read("PricebookEntry", entry, "Pricebook2Id")
    assert update("Pricebook2", str(book), IsActive=False).success
    assert [error.fields for error in insert("OpportunityLineItem", **values).errors] == [("PricebookEntryId",)]
    assert update("Opportunity", opportunity, Pricebook2Id=book).success
    assert insert("OpportunityLineItem", **values).success
    assert update("PricebookEntry", entry, IsActive=False).success
    assert errors(insert("OpportunityLineItem", **values)) == [("FIELD_INTEGRITY_EXCEPTION", INACTIVE)]


def test_a_product_has_one_price_in_a_price_book_and_a_standard_price_first(
    insert: Save, update: Save, read: Read, entry: str | None, other_entry: str | None
) -> None:
    books = {name: read("PricebookEntry", name, "Pricebook2Id") for name in (entry, other_entry)}
    product = read("PricebookEntry", entry, "Product2Id")
    new = insert("Product2", Name="Desk", IsActive=True).record_id
    assert errors(
        insert("PricebookEntry", Pricebook2Id=books[entry], Product2Id=product, UnitPrice=1),
        insert("PricebookEntry", Pricebook2Id=books[other_entry], Product2Id=new, UnitPrice=1),
        update("PricebookEntry", other_entry, UseStandardPrice=True),
    ) == [
        ("FIELD_INTEGRITY_EXCEPTION", "This price definition already exists in this price book"),
        ("STANDARD_PRICE_NOT_DEFINED", "Before creating a custom price, create a standard price."),
        ("FIELD_INTEGRITY_EXCEPTION", "field integrity exception"),
    ]
    assert update("PricebookEntry", other_entry, UseStandardPrice=True, UnitPrice=10).success
    assert update("PricebookEntry", entry, UnitPrice=11).success
    told = [read("PricebookEntry", other_entry, name) for name in ("UnitPrice", "Name", "ProductCode")]
    assert told == [11, "Seat", "S-1"]


def test_a_quote_counts_discount_tax_and_shipping(
    insert: Save, read: Read, opportunity: str | None, entry: str | None
) -> None:
    book = read("PricebookEntry", entry, "Pricebook2Id")
    values = {"Name": "q", "OpportunityId": opportunity, "Tax": 5, "ShippingHandling": 1}
    bare, quote = (insert("Quote", **values, Pricebook2Id=one).record_id for one in (None, book))
    line = {"PricebookEntryId": entry, "Quantity": 2, "UnitPrice": 10, "Discount": 25}
    assert errors(insert("QuoteLineItem", QuoteId=bare, **line)) == [
        ("FIELD_INTEGRITY_EXCEPTION", f"{OTHER_BOOK}Quote")
    ]
    assert insert("QuoteLineItem", QuoteId=quote, **line).success
    names = ("Subtotal", "Discount", "TotalPrice", "GrandTotal", "LineItemCount")
    assert [read("Quote", quote, name) for name in names] == [20, 25, 15, 21, 1]
    assert [read("Quote", bare, name) for name in names] == [0, None, 0, 6, 0]


@pytest.fixture
def order(insert: Save, read: Read, entry: str | None) -> str | None:
    book = read("PricebookEntry", entry, "Pricebook2Id")
    account = insert("Account", Name="Acme").record_id
    values = {"AccountId": account, "EffectiveDate": "2026-01-01", "Pricebook2Id": book}
    return insert("Order", **values, Status="Draft").record_id


def test_an_order_is_activated_with_products_by_its_status_alone(
    insert: Save, update: Save, read: Read, order: str | None, entry: str | None
) -> None:
    line = {"OrderId": order, "PricebookEntryId": entry}
    failed = "Choose a valid order status and save your changes. Ask your admin for details."
    assert errors(
        update("Order", order, Status="Activated"),
        insert("OrderItem", **line, Quantity=2),
        insert("OrderItem", **line, Quantity=0, UnitPrice=1),
        insert("OrderItem", **line, Quantity=2, UnitPrice=10),
        update("Order", order, Status="Activated", Description="x"),
        insert("Order", EffectiveDate="2026-01-01", Status="Activated"),
    ) == [
        ("FAILED_ACTIVATION", "An order must have at least one product."),
        ("FIELD_INTEGRITY_EXCEPTION", "Order Products must have a Unit Price."),
        ("FIELD_INTEGRITY_EXCEPTION", "Can't save order products with quantities of zero"),
        ("FAILED_ACTIVATION", failed),
        ("FAILED_ACTIVATION", failed),
    ]
    assert update("Order", order, Status="Activated").success
    told = [read("Order", order, name) for name in ("StatusCode", "TotalAmount", "ActivatedById")]
    assert told == ["Activated", 20, read("Order", order, "LastModifiedById")]


def test_an_activated_order_keeps_its_lines_until_it_is_a_draft_again(
    insert: Save, update: Save, org: Org, admin: Caller, order: str | None, entry: str | None, other_entry: str | None
) -> None:
    values = {"OrderId": order, "Quantity": 2, "UnitPrice": 10}
    line = insert("OrderItem", **values, PricebookEntryId=entry).record_id
    other = insert("OrderItem", **values, PricebookEntryId=other_entry)
    assert update("Order", order, Status="Activated").success
    assert errors(
        other,
        insert("OrderItem", **values, PricebookEntryId=entry),
        *org.dml.delete(admin, [str(line), str(order)]),
        update("Order", order, AccountId=None),
    ) == [
        ("FIELD_INTEGRITY_EXCEPTION", f"{OTHER_BOOK}Order"),
        ("ENTITY_IS_LOCKED", LOCKED),
        ("DELETE_FAILED", LOCKED),
        ("DELETE_FAILED", LOCKED),
        ("FIELD_INTEGRITY_EXCEPTION", "You can't change AccountId of an activated order."),
    ]
    assert update("Order", order, Status="Draft").success
    assert org.dml.delete(admin, [str(line), str(order)])[1].success
