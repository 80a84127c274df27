"""The life of an order: created as a draft, activated with products by an update, back to draft, deleted as a draft.

Source: "Order", "OrderItem" (Object Reference); the texts are those that orgs answer where none is marked ASSUMED.
"""

from __future__ import annotations

from orgtwin.errors import SaveError
from orgtwin.records.context import RecordsContext
from orgtwin.records.law_context import LawContext
from orgtwin.records.line_prices import start_at_zero
from orgtwin.records.model import Caller, Row, Value
from orgtwin.records.saving import Pending, Save
from orgtwin.records.table import ID, RecordTable

ACTIVATED = "Activated"
_LOCKED = "Unable to modify activated or superseded Order:  cannot delete Order, or add or remove Order Products"
_INVALID_STATUS = (
    "Choose a valid order status and save your changes. Ask your admin for details."  # ASSUMED, as a contract's
)
_DRAFT_ONLY = ("AccountId", "ContractId")
_OWN = frozenset(("Id", "Status", "StatusCode", "ActivatedDate", "ActivatedById"))


def apply_order_laws(context: LawContext, save: Save) -> None:
    """StatusCode is the category of Status; what an order may become."""
    table = save.table
    f = table.type.find_field("Status")
    category: dict[Value, str | None] = {value.value: value.group for value in f.picklist} if f is not None else {}
    status_of, code_of = table.reader("Status"), table.reader("StatusCode")
    for row in save.rows:
        table.write(row.content, "StatusCode", category.get(status_of(row.content)))
        start_at_zero(table, row.content, "TotalAmount")
        is_active = code_of(row.content) == ACTIVATED
        if row.before is None:
            if is_active:
                row.refuse("FAILED_ACTIVATION", _INVALID_STATUS, "Status")
        elif is_active and code_of(row.before) != ACTIVATED:
            _activate(context, save, row)
        elif is_active:
            _keep_drafts_fields(table, row)


def _activate(context: LawContext, save: Save, row: Pending) -> None:
    """Only Status may be asked for in the update that activates; what triggers change beside it goes through."""
    table, before = save.table, save.table.widened(row.before or row.content)
    asked = (f for f in table.type.fields if f.api_name not in _OWN and save.names(row, f.api_name))
    if any(table.reader(f.api_name)(row.content) != table.reader(f.api_name)(before) for f in asked):
        row.refuse("FAILED_ACTIVATION", _INVALID_STATUS, "Status")
    elif not context.table("OrderItem").find("OrderId", row.content[ID]):
        row.refuse("FAILED_ACTIVATION", "An order must have at least one product.", "Status")
    table.write(row.content, "ActivatedDate", context.now.replace(microsecond=0))
    table.write(row.content, "ActivatedById", save.caller.user_id)


def _keep_drafts_fields(table: RecordTable, row: Pending) -> None:
    """ASSUMED text: "Only updated when the order's StatusCode value is Draft"."""
    before = table.widened(row.before or row.content)
    for name in _DRAFT_ONLY:
        read = table.reader(name)
        if read(row.content) != read(before):
            row.refuse("FIELD_INTEGRITY_EXCEPTION", f"You can't change {name} of an activated order.", name)


def refuse_locked_lines(context: LawContext, save: Save) -> None:
    """An activated order gets no more lines."""
    orders = context.table("Order")
    for row in save.rows:
        order = orders.get(str(save.table.reader("OrderId")(row.content)))
        if row.before is None and order is not None and _is_active(orders, order):
            row.refuse("ENTITY_IS_LOCKED", _LOCKED)


def refuse_order_delete(_context: RecordsContext, _caller: Caller, table: RecordTable, row: Row) -> SaveError | None:
    return SaveError("DELETE_FAILED", _LOCKED) if _is_active(table, row) else None


def refuse_line_delete(context: RecordsContext, _caller: Caller, table: RecordTable, row: Row) -> SaveError | None:
    """ASSUMED code."""
    orders = context.table("Order")
    order = orders.get(str(table.reader("OrderId")(row)))
    return SaveError("DELETE_FAILED", _LOCKED) if order is not None and _is_active(orders, order) else None


def _is_active(orders: RecordTable, order: Row) -> bool:
    return orders.reader("StatusCode")(order) == ACTIVATED
