"""What price books ask of their entries.

Source: "PricebookEntry", "Pricebook2" (Object Reference); the texts are those that orgs answer. A product has one price in a price
book, and a standard price before any other; an entry that uses the standard price has that price. ASSUMED: a standard price counts
from its own batch on, active or not.
"""

from __future__ import annotations

from orgtwin.records.context import RecordsContext
from orgtwin.records.law_context import LawContext
from orgtwin.records.model import Row, Value
from orgtwin.records.own_rows import change_own_row
from orgtwin.records.saving import Operation, Pending, Save
from orgtwin.records.table import ID, RecordTable

_EXISTS = ("FIELD_INTEGRITY_EXCEPTION", "This price definition already exists in this price book")
_NO_STANDARD_PRICE = ("STANDARD_PRICE_NOT_DEFINED", "Before creating a custom price, create a standard price.")
_OTHER_PRICE = ("FIELD_INTEGRITY_EXCEPTION", "field integrity exception")


def check_entries(context: LawContext, save: Save) -> None:
    """An entry takes its name and code from its product; the price book may refuse it."""
    table, products = save.table, context.table("Product2")
    book_of, product_of = table.reader("Pricebook2Id"), table.reader("Product2Id")
    standard = _standard_book(context)
    coming: dict[tuple[Value, Value], Row] = {}
    for row in save.rows:
        book, product_id = book_of(row.content), product_of(row.content)
        product = products.get(str(product_id))
        if product is not None:
            table.write(row.content, "Name", products.reader("Name")(product))
            table.write(row.content, "ProductCode", products.reader("ProductCode")(product))
        if save.operation is Operation.INSERT:
            _check_new(table, row, book, product_id, standard, coming)
        if book != standard and table.reader("UseStandardPrice")(row.content):
            _check_standard_price(table, row, _find_entry(table, standard, product_id, coming))


def _check_new(
    table: RecordTable,
    row: Pending,
    book: Value,
    product_id: Value,
    standard: Value,
    coming: dict[tuple[Value, Value], Row],
) -> None:
    if _find_entry(table, book, product_id, coming) is not None:
        row.refuse(*_EXISTS)
    elif book != standard and _find_entry(table, standard, product_id, coming) is None:
        row.refuse(*_NO_STANDARD_PRICE)
    else:
        coming[book, product_id] = row.content


def _check_standard_price(table: RecordTable, row: Pending, standard: Row | None) -> None:
    price_of = table.reader("UnitPrice")
    price = price_of(row.content)
    if standard is not None and price is not None and price != price_of(standard):
        row.refuse(*_OTHER_PRICE)


def _find_entry(
    table: RecordTable, book: Value, product_id: Value, coming: dict[tuple[Value, Value], Row]
) -> Row | None:
    book_of = table.reader("Pricebook2Id")
    stored = (row for row in table.find("Product2Id", product_id) if book_of(row) == book)
    return next(stored, None) or coming.get((book, product_id))


def _standard_book(context: LawContext) -> Value:
    books = context.table("Pricebook2")
    is_standard = books.reader("IsStandard")
    return next((row[ID] for row in books.live.values() if is_standard(row)), None)


def follow_standard_price(context: RecordsContext, save: Save) -> None:
    """Runs when entries are stored: those that use the standard price of a product have the one that it has now."""
    table = save.table
    price_of, product_of, uses = (table.reader(name) for name in ("UnitPrice", "Product2Id", "UseStandardPrice"))
    standard = _standard_book(context)
    for row in save.rows:
        price = price_of(row.content)
        if table.reader("Pricebook2Id")(row.content) != standard or price is None:
            continue
        for other in list(table.find("Product2Id", product_of(row.content))):
            if other[ID] != row.content[ID] and uses(other) and price_of(other) != price:
                change_own_row(context, table.type.api_name, str(other[ID]), {"UnitPrice": price})
