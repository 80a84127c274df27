"""What standard objects do by themselves when a record is saved or deleted, by object: one row a law.

A law sees a batch before it is stored: it may fill fields in `content` or refuse a row.
"""

from __future__ import annotations

from collections.abc import Callable

from orgtwin.errors import SaveError
from orgtwin.records.context import RecordsContext
from orgtwin.records.contract_laws import apply_contract_laws, columns, refuse_contract_delete
from orgtwin.records.document_laws import fill_document, measure_body
from orgtwin.records.event_laws import follow_times
from orgtwin.records.law_context import LawContext
from orgtwin.records.line_item_laws import follow_amount, keep_price_book, price_lines, total_quote
from orgtwin.records.model import Caller, Row
from orgtwin.records.name_laws import join_names
from orgtwin.records.order_laws import apply_order_laws, refuse_line_delete, refuse_locked_lines, refuse_order_delete
from orgtwin.records.price_laws import check_entries
from orgtwin.records.profile_assignments import refuse_profile_set_delete
from orgtwin.records.saving import Save
from orgtwin.records.status_laws import follow_case_status, follow_dates, follow_stage, follow_task_status
from orgtwin.records.table import RecordTable
from orgtwin.records.trace_flag_laws import refuse_trace_flags

Law = Callable[[LawContext, Save], None]
DeleteLaw = Callable[[RecordsContext, Caller, RecordTable, Row], SaveError | None]

LAWS: dict[str, tuple[Law, ...]] = {
    "Attachment": (measure_body,),
    "Contract": (apply_contract_laws,),
    "Contact": (join_names,),
    "Event": (follow_times,),
    "Entitlement": (follow_dates,),
    "Document": (fill_document, measure_body),
    "Lead": (join_names,),
    "User": (join_names,),
    "Case": (follow_case_status,),
    "Task": (follow_task_status,),
    "Opportunity": (follow_stage, keep_price_book, follow_amount),
    "OpportunityLineItem": (price_lines,),
    "Order": (apply_order_laws, keep_price_book),
    "OrderItem": (refuse_locked_lines, price_lines),
    "PricebookEntry": (check_entries,),
    "Quote": (keep_price_book, total_quote),
    "QuoteLineItem": (price_lines,),
    "TraceFlag": (refuse_trace_flags,),
}

LAW_COLUMNS: dict[str, Callable[[RecordTable], object]] = {"Contract": columns}


def make_room(table: RecordTable) -> None:
    """Give the fields that the laws of an object speak of a place in every row made from now on."""
    make_columns = LAW_COLUMNS.get(table.type.api_name)
    if make_columns is not None:
        table.compiled(make_columns)


DELETE_LAWS: dict[str, DeleteLaw] = {
    "Contract": refuse_contract_delete,
    "Order": refuse_order_delete,
    "OrderItem": refuse_line_delete,
    "PermissionSetAssignment": refuse_profile_set_delete,
}
