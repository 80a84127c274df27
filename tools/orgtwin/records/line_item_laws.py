"""Price book and product of line items, and what an opportunity or a quote makes of its lines.

Source: "OpportunityLineItem", "QuoteLineItem", "OrderItem", "Opportunity", "Quote" (Object Reference); the texts are those orgs
answer. A line takes product, list price, product code and name from its price book entry, which is active and in the price book of
its parent; the first line of an opportunity without one sets it. What lines cost: line_prices.py; what parents sum up:
line_totals.py. ASSUMED: the texts for an order are those for a quote; so is that of an inactive entry; a price book that is not
active is refused as another one is; the fiscal year is the calendar's.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from orgtwin.records.context import RecordsContext
from orgtwin.records.law_context import LawContext
from orgtwin.records.line_prices import HUNDRED, number_in, price, rounded, start_at_zero
from orgtwin.records.model import Row, Value
from orgtwin.records.own_rows import change_own_row
from orgtwin.records.saving import Pending, Save
from orgtwin.records.table import ID, RecordTable

_INTEGRITY = "FIELD_INTEGRITY_EXCEPTION"
_INACTIVE = (_INTEGRITY, "The price book entry is inactive. Ask your Salesforce admin for help.")
_NO_ENTRY = (
    "field integrity exception: PricebookEntryId, unknown (versions 3.0 and higher must specify pricebook entry id; "
    "others must specify product id)"
)


class LineParent(NamedTuple):
    """Which object a line item belongs to, and how the parent refuses an entry of another price book."""

    sobject_type: str
    foreign_key: str
    other_book: tuple[str, ...]


_OTHER_BOOK = "The price book entry is in a different price book than the one assigned to the "
PARENTS = {
    "OpportunityLineItem": LineParent(
        "Opportunity",
        "OpportunityId",
        (
            "field integrity exception: PricebookEntryId (pricebook entry is in a different pricebook than the one assigned to "
            "the opportunity)",
            "PricebookEntryId",
        ),
    ),
    "QuoteLineItem": LineParent("Quote", "QuoteId", (f"{_OTHER_BOOK}Quote",)),
    "OrderItem": LineParent("Order", "OrderId", (f"{_OTHER_BOOK}Order",)),
}


def price_lines(context: LawContext, save: Save) -> None:
    """A line item takes what its price book entry says, and its total."""
    entries, parent = context.table("PricebookEntry"), PARENTS[save.table.type.api_name]
    entry_of = save.table.reader("PricebookEntryId")
    books: dict[str, Value] = {}
    for row in save.rows:
        entry = entries.get(str(entry_of(row.content)))
        if entry is not None:
            _check_book(context, save.table, row, entry, parent, books)
            _take_from_entry(context, save.table, row.content, entry)
        elif parent.sobject_type == "Opportunity":
            row.refuse(_INTEGRITY, _NO_ENTRY, "PricebookEntryId", "unknown")
        price(save, row)


def _check_book(
    context: LawContext, table: RecordTable, row: Pending, entry: Row, parent: LineParent, books: dict[str, Value]
) -> None:
    """`books`: those that lines of this batch set."""
    entries, parents = context.table("PricebookEntry"), context.table(parent.sobject_type)
    parent_id = str(table.reader(parent.foreign_key)(row.content))
    owner = parents.get(parent_id)
    book = entries.reader("Pricebook2Id")(entry)
    if owner is None:
        return
    assigned = parents.reader("Pricebook2Id")(owner) or books.get(parent_id)
    if assigned is None and parent.sobject_type == "Opportunity" and _is_active(context.table("Pricebook2"), book):
        assigned = books[parent_id] = book
    if book != assigned:
        row.refuse(_INTEGRITY, *parent.other_book)
    elif row.before is None and not entries.reader("IsActive")(entry):
        row.refuse(*_INACTIVE)


def _is_active(books: RecordTable, book_id: Value) -> bool:
    book = books.get(str(book_id))
    return book is not None and bool(books.reader("IsActive")(book))


def _take_from_entry(context: LawContext, table: RecordTable, content: Row, entry: Row) -> None:
    entries, products = context.table("PricebookEntry"), context.table("Product2")
    product_id = entries.reader("Product2Id")(entry)
    product = products.get(str(product_id))
    table.write(content, "Product2Id", product_id)
    table.write(content, "ListPrice", entries.reader("UnitPrice")(entry))
    if product is None or table.type.find_field("ProductCode") is None:
        return
    opportunities = context.table("Opportunity")
    opportunity = opportunities.get(str(table.reader("OpportunityId")(content)))
    names = [products.reader("Name")(product)]
    if opportunity is not None:
        names.insert(0, opportunities.reader("Name")(opportunity))
    table.write(content, "ProductCode", products.reader("ProductCode")(product))
    table.write(content, "Name", " ".join(map(str, names)))


def set_price_books(context: RecordsContext, save: Save) -> None:
    """Runs when lines are stored: an opportunity without a price book has theirs. ASSUMED: no trigger sees that alone."""
    lines, entries, opportunities = save.table, context.table("PricebookEntry"), context.table("Opportunity")
    for row in save.rows:
        opportunity = opportunities.get(str(lines.reader("OpportunityId")(row.content)))
        entry = entries.get(str(lines.reader("PricebookEntryId")(row.content)))
        if opportunity is None or entry is None or opportunities.reader("Pricebook2Id")(opportunity) is not None:
            continue
        book = entries.reader("Pricebook2Id")(entry)
        change_own_row(context, "Opportunity", str(opportunity[ID]), {"Pricebook2Id": book})


def keep_price_book(context: LawContext, save: Save) -> None:
    """The price book of a parent stays while it has lines. ASSUMED text; of a quote no source says it."""
    table = save.table
    line = next(name for name, parent in PARENTS.items() if parent.sobject_type == table.type.api_name)
    book_of, foreign_key = table.reader("Pricebook2Id"), PARENTS[line].foreign_key
    for row in save.rows:
        if row.before is None or book_of(row.before) == book_of(row.content):
            continue
        if context.table(line).find(foreign_key, row.content[ID]):
            what = f"field integrity exception: Pricebook2Id (the {table.type.label.lower()} has products)"
            row.refuse(_INTEGRITY, what, "Pricebook2Id")


def follow_amount(context: LawContext, save: Save) -> None:
    """An opportunity's amount is that of its lines, where it has some; what it expects, and its place in the fiscal year."""
    table = save.table
    for row in save.rows:
        context.rollups.hold_totals(table, row.content)
        amount, probability = number_in(table, row.content, "Amount"), number_in(table, row.content, "Probability")
        expected = None if amount is None else rounded(amount * (probability or Decimal(0)) / HUNDRED)
        table.write(row.content, "ExpectedRevenue", expected)
        closes = table.reader("CloseDate")(row.content)
        if isinstance(closes, date):
            quarter = (closes.month + 2) // 3
            table.write(row.content, "FiscalYear", closes.year)
            table.write(row.content, "FiscalQuarter", quarter)
            table.write(row.content, "Fiscal", f"{closes.year} {quarter}")


def total_quote(_context: LawContext, save: Save) -> None:
    """GrandTotal is the price with tax and shipping, Discount what the lines give away of their subtotal."""
    table = save.table
    for row in save.rows:
        start_at_zero(table, row.content, "Subtotal", "TotalPrice", "LineItemCount")
        parts = (number_in(table, row.content, name) for name in ("TotalPrice", "Tax", "ShippingHandling"))
        table.write(row.content, "GrandTotal", sum((part for part in parts if part is not None), Decimal(0)))
        subtotal, total = (number_in(table, row.content, name) or Decimal(0) for name in ("Subtotal", "TotalPrice"))
        given = rounded((subtotal - total) * HUNDRED / subtotal) if subtotal else None
        table.write(row.content, "Discount", given)
