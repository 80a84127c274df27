"""Prices of line items and what an opportunity or a quote makes of its amounts.

Source: "OpportunityLineItem", "QuoteLineItem", "OrderItem", "Opportunity", "Quote" (Object Reference). A line takes product, list
price, product code and name from its price book entry, and its total from unit price, quantity and discount; of an opportunity's
line the unit price follows a total that is given instead. The sums over the lines are roll-ups (`line_totals`). ASSUMED: a new
quantity changes the total and not the unit price, as it does where a request tells the unit price too; an opportunity that loses
its last line has the amount 0; the fiscal year is the calendar's. Not done: price books are not compared, and none is set by the
first line.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from orgtwin.records.law_context import LawContext
from orgtwin.records.model import Row, Value
from orgtwin.records.saving import Pending, Save
from orgtwin.records.table import RecordTable

_CENT = Decimal("0.01")
_HUNDRED = Decimal(100)


def price_lines(context: LawContext, save: Save) -> None:
    """A line item takes what its price book entry says, and its total."""
    for row in save.rows:
        _take_from_entry(context, save.table, row.content)
        _price(save.table, row)


def _take_from_entry(context: LawContext, table: RecordTable, content: Row) -> None:
    entries, products = context.table("PricebookEntry"), context.table("Product2")
    entry = entries.get(str(table.reader("PricebookEntryId")(content)))
    if entry is None:
        return
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


def _price(table: RecordTable, row: Pending) -> None:
    quantity, unit = _number(table, row.content, "Quantity"), _number(table, row.content, "UnitPrice")
    total = _number(table, row.content, "TotalPrice")
    if total is not None and _follows_total(table, row, unit, total) and quantity:
        unit = (total / quantity).quantize(_CENT, ROUND_HALF_UP)
        table.write(row.content, "UnitPrice", unit)
        return
    if unit is None or quantity is None:
        return
    subtotal = unit * quantity
    discount = _number(table, row.content, "Discount") or Decimal(0)
    table.write(row.content, "TotalPrice", _rounded(subtotal * (_HUNDRED - discount) / _HUNDRED))
    if table.type.find_field("Subtotal") is not None:
        table.write(row.content, "Subtotal", _rounded(subtotal))


def _follows_total(table: RecordTable, row: Pending, unit: Decimal | None, total: Decimal) -> bool:
    """Was the total given, and not the unit price?"""
    if table.type.api_name != "OpportunityLineItem":
        return False
    if row.before is None:
        return unit is None
    return total != _number(table, row.before, "TotalPrice") and unit == _number(table, row.before, "UnitPrice")


def follow_amount(context: LawContext, save: Save) -> None:
    """An opportunity's amount is that of its lines, where it has some; what it expects, and its place in the fiscal year."""
    table = save.table
    for row in save.rows:
        context.rollups.hold_totals(table, row.content)
        amount, probability = _number(table, row.content, "Amount"), _number(table, row.content, "Probability")
        expected = None if amount is None else _rounded(amount * (probability or Decimal(0)) / _HUNDRED)
        table.write(row.content, "ExpectedRevenue", expected)
        closes = table.reader("CloseDate")(row.content)
        if isinstance(closes, date):
            quarter = (closes.month + 2) // 3
            table.write(row.content, "FiscalYear", closes.year)
            table.write(row.content, "FiscalQuarter", quarter)
            table.write(row.content, "Fiscal", f"{closes.year} {quarter}")


def total_quote(_context: LawContext, save: Save) -> None:
    """GrandTotal is the price with tax and shipping."""
    for row in save.rows:
        parts = (_number(save.table, row.content, name) for name in ("TotalPrice", "Tax", "ShippingHandling"))
        save.table.write(row.content, "GrandTotal", sum((part for part in parts if part is not None), Decimal(0)))


def _number(table: RecordTable, content: Row, field: str) -> Decimal | None:
    value: Value = table.reader(field)(content) if table.type.find_field(field) is not None else None
    return None if value is None else Decimal(str(value))


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP)
