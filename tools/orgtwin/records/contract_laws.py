"""The life of a Contract record as the platform enforces it: one row a law, with its source.

A contract is created in a Draft or In Approval status, activated by an update, and never goes back. Laws marked ASSUMED rest on
answers and forum posts rather than documentation; `settings["Twin.<name>"] = False` switches such a law off.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from orgtwin.errors import SaveError
from orgtwin.records.law_context import LawContext
from orgtwin.records.model import Caller, Row
from orgtwin.records.saving import Operation, Pending, Save
from orgtwin.records.table import RecordTable

_INVALID_STATUS = "Choose a valid contract status and save your changes. Ask your admin for details."


@dataclass(frozen=True, slots=True)
class Law:
    """`source` is a page title; `assumed` laws can be switched off by name."""

    name: str
    source: str
    check: Callable[[LawContext, Save, Pending], None]
    assumed: bool = False

    def apply(self, context: LawContext, save: Save, row: Pending) -> None:
        if self.assumed and context.settings.get(f"Twin.{self.name}") is False:
            return
        self.check(context, save, row)


def end_date(start: date, months: int) -> date:
    """The last day of a term: start plus n months minus one day, clamped to the month (30 November plus 1 is 29 December)."""
    years, month_index = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month_index + 1
    return date(year, month, min(start.day, monthrange(year, month)[1])) - timedelta(days=1)


def _set_status_code(_context: LawContext, save: Save, row: Pending) -> None:
    table = save.table
    table.write(row.content, "StatusCode", _category(table, table.reader("Status")(row.content)))


def _starts_inactive(_context: LawContext, save: Save, row: Pending) -> None:
    if save.operation is Operation.INSERT and _is_active(save.table, row.content):
        row.refuse("FAILED_ACTIVATION", _INVALID_STATUS, "Status")


def _never_goes_back(_context: LawContext, save: Save, row: Pending) -> None:
    if row.before is None:
        return
    if _is_active(save.table, row.before) and not _is_active(save.table, row.content):
        row.refuse("FAILED_ACTIVATION", _INVALID_STATUS, "Status")


def _activates_alone(_context: LawContext, save: Save, row: Pending) -> None:
    """Only Status may change in the update that activates."""
    table = save.table
    if row.before is None or _is_active(table, row.before) or not _is_active(table, row.content):
        return
    padded = table.widened(row.before)
    own = {table.slot(name) for name in ("Status", "StatusCode", "ActivatedDate", "ActivatedById")}
    changed = [slot for slot, value in enumerate(row.content) if slot not in own and padded[slot] != value]
    if changed:
        row.refuse("FAILED_ACTIVATION", _INVALID_STATUS, "Status")


def _account_is_locked(_context: LawContext, save: Save, row: Pending) -> None:
    if row.before is None or not _is_active(save.table, row.before):
        return
    account = save.table.reader("AccountId")
    if account(row.before) != account(row.content):
        message = "You can't change the account of an activated contract."
        row.refuse("FIELD_INTEGRITY_EXCEPTION", message, "AccountId")


def _stamp_activation(context: LawContext, save: Save, row: Pending) -> None:
    table = save.table
    if row.before is None or _is_active(table, row.before) or not _is_active(table, row.content):
        return
    table.write(row.content, "ActivatedDate", context.now.replace(microsecond=0))
    table.write(row.content, "ActivatedById", save.caller.user_id)


def _set_end_date(context: LawContext, save: Save, row: Pending) -> None:
    if context.settings.get("ContractSettings.autoCalculateEndDate", True) is False:
        return
    table = save.table
    start = table.reader("StartDate")(row.content)
    months = table.reader("ContractTerm")(row.content)
    known = isinstance(start, date) and isinstance(months, int)
    table.write(row.content, "EndDate", end_date(start, months) if known else None)  # type: ignore[arg-type]


def _term_is_positive(_context: LawContext, save: Save, row: Pending) -> None:
    months = save.table.reader("ContractTerm")(row.content)
    if isinstance(months, int) and not 1 <= months <= 9999:
        message = f"Contract Term: value outside of valid range on numeric field: {months}"
        row.refuse("NUMBER_OUTSIDE_VALID_RANGE", message, "ContractTerm")


def refuse_contract_delete(context: LawContext, caller: Caller, table: RecordTable, row: Row) -> SaveError | None:
    """ASSUMED text: an activated contract is deleted only with the permission DeleteActivatedContract."""
    if not _is_active(table, row) or context.has_permission(caller, "DeleteActivatedContract"):
        return None
    return SaveError("DELETE_FAILED", "Your attempt to delete this contract failed because it is activated.")


def _is_active(table: RecordTable, content: Row) -> bool:
    return _category(table, table.reader("Status")(content)) == "Activated"


def _category(table: RecordTable, status: object) -> str | None:
    f = table.type.find_field("Status")
    values = f.picklist if f is not None else ()
    return next((value.group for value in values if value.value == status), None)


CONTRACT_LAWS: tuple[Law, ...] = (
    Law("contractStatusCode", "Contract (Object Reference): StatusCode", _set_status_code),
    Law("contractStartsInactive", "Contract (Object Reference): Usage", _starts_inactive),
    Law("contractActivatesAlone", "Contract (Object Reference): Status", _activates_alone),
    Law("contractNeverGoesBack", "Contract (Object Reference): Usage", _never_goes_back),
    Law("contractAccountLocked", "answers of Salesforce support", _account_is_locked, assumed=True),
    Law("contractActivationStamp", "Contract (Object Reference): ActivatedDate", _stamp_activation),
    Law("contractTermRange", "Contract (Object Reference): ContractTerm", _term_is_positive),
    Law("contractEndDate", "Contract (Object Reference): EndDate", _set_end_date),
)
