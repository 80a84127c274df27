"""What opportunities, orders and quotes sum up of their line items. Source: the pages of these objects (Object Reference)."""

from __future__ import annotations

from typing import NamedTuple


class LineTotal(NamedTuple):
    """A field of a parent that sums up its line items; "sum of some": a request may set it where there are none."""

    parent: str
    field: str
    child: str
    foreign_key: str
    operation: str
    child_field: str | None = None


_LINE, _ORDER, _QUOTE = ("OpportunityLineItem", "OpportunityId"), ("OrderItem", "OrderId"), ("QuoteLineItem", "QuoteId")
TOTALS = (
    LineTotal("Opportunity", "Amount", *_LINE, "sum of some", "TotalPrice"),
    LineTotal("Opportunity", "TotalOpportunityQuantity", *_LINE, "sum of some", "Quantity"),
    LineTotal("Opportunity", "HasOpportunityLineItem", *_LINE, "any"),
    LineTotal("Order", "TotalAmount", *_ORDER, "sum", "TotalPrice"),
    LineTotal("Quote", "Subtotal", *_QUOTE, "sum", "Subtotal"),
    LineTotal("Quote", "TotalPrice", *_QUOTE, "sum", "TotalPrice"),
    LineTotal("Quote", "LineItemCount", *_QUOTE, "count"),
)
