"""What a line item costs: unit price, quantity and discount make the total; of an opportunity's line, the total may come first.

Source: "OpportunityLineItem" (Object Reference): Discount, Quantity, TotalPrice, UnitPrice; "QuoteLineItem", "OrderItem"; the texts
are those that orgs answer where none is marked ASSUMED. An update that names Quantity and no UnitPrice holds the total and adjusts
the unit price; one that names both makes the total anew, even where the unit price stays. ASSUMED: a line of an opportunity that is
inserted without a price has its list price; Subtotal of an opportunity's line is that of a quote's.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from orgtwin.records.model import Row, Value
from orgtwin.records.saving import Pending, Save
from orgtwin.records.table import RecordTable

HUNDRED = Decimal(100)
_CENT = Decimal("0.01")
_INTEGRITY = "FIELD_INTEGRITY_EXCEPTION"
_BOTH = (
    _INTEGRITY,
    "field integrity exception: TotalPrice, UnitPrice (specify one of them)",
    "TotalPrice",
    "UnitPrice",
)
_BOTH_CHANGED = ("INVALID_FIELD", "Cannot change both 'UnitPrice' and 'TotalPrice' in update call", "UnitPrice")
_NEITHER_TOLD = (_INTEGRITY, "field integrity exception: unknown (specify UnitPrice or TotalPrice)", "unknown")
_NEITHER = ("REQUIRED_FIELD_MISSING", "Required fields are missing: [TotalPrice]", "TotalPrice")
_NO_UNIT_PRICE = (_INTEGRITY, "Order Products must have a Unit Price.", "UnitPrice")
_NOTHING = {"OrderItem": "Can't save order products with quantities of zero"}


def price(save: Save, row: Pending) -> None:
    """Work out what the row does not say, or refuse what it says."""
    table = save.table
    if number_in(table, row.content, "Quantity") == 0:  # ASSUMED codes, and that opportunities say it as quotes do
        row.refuse(_INTEGRITY, _NOTHING.get(table.type.api_name, "Quantity must be nonzero"), "Quantity")
        return
    _PRICED.get(table.type.api_name, _price_by_unit)(save, row)


def _price_order_line(save: Save, row: Pending) -> None:
    """ASSUMED code of the refusal."""
    if number_in(save.table, row.content, "UnitPrice") is None:
        row.refuse(*_NO_UNIT_PRICE)
    _price_by_unit(save, row)


def _price_by_unit(save: Save, row: Pending) -> None:
    table, content = save.table, row.content
    unit, quantity = number_in(table, content, "UnitPrice"), number_in(table, content, "Quantity")
    if unit is None or quantity is None:
        return
    table.write(content, "TotalPrice", rounded(unit * quantity * _share(table, content)))
    _write_subtotal(table, content, unit * quantity)


def _price_by_total(save: Save, row: Pending) -> None:
    """A line that is given away has no unit price."""
    table, content = save.table, row.content
    total, quantity = number_in(table, content, "TotalPrice"), number_in(table, content, "Quantity")
    if total is None or quantity is None:
        return
    share = _share(table, content)
    unit = rounded(total / (quantity * share)) if share else None
    table.write(content, "UnitPrice", unit)
    _write_subtotal(table, content, None if unit is None else unit * quantity)


def _price_opportunity_line(save: Save, row: Pending) -> None:
    unit, total = (number_in(save.table, row.content, name) for name in ("UnitPrice", "TotalPrice"))
    if row.before is None:
        _price_new(save, row, unit, total)
    elif unit is None and total is None:
        row.refuse(*_NEITHER)  # ASSUMED text: "you can't set both TotalPrice and UnitPrice to null"
    elif unit is None:
        _price_by_total(save, row)
    elif total is None:
        _price_by_unit(save, row)
    else:
        _price_changed(save, row, row.before)


def _price_new(save: Save, row: Pending, unit: Decimal | None, total: Decimal | None) -> None:
    if unit is not None and total is not None:
        row.refuse(*_BOTH)  # ASSUMED text: "You can't specify both."
    elif total is not None:
        _price_by_total(save, row)
    else:
        if unit is None:
            save.table.write(row.content, "UnitPrice", save.table.reader("ListPrice")(row.content))
        _price_by_unit(save, row)


def _price_changed(save: Save, row: Pending, before: Row) -> None:
    names = ("UnitPrice", "TotalPrice", "Quantity", "Discount")
    values = {name: (number_in(save.table, row.content, name), number_in(save.table, before, name)) for name in names}
    changed = {name for name, (now, then) in values.items() if now != then}

    def is_told(name: str) -> bool:
        return name in changed or save.names(row, name)

    if {"UnitPrice", "TotalPrice"} <= changed:
        row.refuse(*_BOTH_CHANGED)
    elif {"Quantity", "Discount"} <= changed and not is_told("UnitPrice") and not is_told("TotalPrice"):
        row.refuse(*_NEITHER_TOLD)  # ASSUMED text: "you must also specify either TotalPrice or UnitPrice"
    elif "TotalPrice" in changed or ("Quantity" in changed and not is_told("UnitPrice")):
        _price_by_total(save, row)
    else:
        _price_by_unit(save, row)


def _share(table: RecordTable, content: Row) -> Decimal:
    """What is left of a price after the discount."""
    return (HUNDRED - (number_in(table, content, "Discount") or Decimal(0))) / HUNDRED


def _write_subtotal(table: RecordTable, content: Row, subtotal: Decimal | None) -> None:
    if table.type.find_field("Subtotal") is not None:
        table.write(content, "Subtotal", None if subtotal is None else rounded(subtotal))


def number_in(table: RecordTable, content: Row, field: str) -> Decimal | None:
    value: Value = table.reader(field)(content) if table.type.find_field(field) is not None else None
    return None if value is None else Decimal(str(value))


def start_at_zero(table: RecordTable, content: Row, *fields: str) -> None:
    """What a record sums up is never empty."""
    for field in fields:
        if table.reader(field)(content) is None:
            table.write(content, field, Decimal(0))


def rounded(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP)


_PRICED: dict[str, Callable[[Save, Pending], None]] = {
    "OpportunityLineItem": _price_opportunity_line,
    "OrderItem": _price_order_line,
}
