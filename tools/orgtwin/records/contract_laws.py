"""The life of a Contract record as the platform enforces it: one row a law, with its source.

A contract is created in a Draft or In Approval status, activated by an update, and never goes back. Laws marked ASSUMED rest on
answers and forum posts rather than documentation; `settings["Twin.<name>"] = False` switches such a law off.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from orgtwin.errors import SaveError
from orgtwin.records.law_context import LawContext
from orgtwin.records.model import Caller, Row, Value
from orgtwin.records.saving import Operation, Pending, Save
from orgtwin.records.table import RecordTable

ACTIVATED = "Activated"
_FIELDS = (
    "Status",
    "StatusCode",
    "AccountId",
    "StartDate",
    "ContractTerm",
    "EndDate",
    "ActivatedDate",
    "ActivatedById",
)
_INVALID_STATUS = "Choose a valid contract status and save your changes. Ask your admin for details."


class Columns(NamedTuple):
    """Where a Contract row has the fields that the laws speak of, and the category of each status."""

    category: dict[Value, str | None]
    status: int
    status_code: int
    account: int
    start: int
    term: int
    end: int
    activated_date: int
    activated_by: int

    def is_active(self, content: Row) -> bool:
        return self.category.get(content[self.status]) == ACTIVATED


def columns(table: RecordTable) -> Columns:
    f = table.type.find_field("Status")
    category: dict[Value, str | None] = {value.value: value.group for value in f.picklist} if f is not None else {}
    return Columns(category, *[table.slot(name) for name in _FIELDS])


@dataclass(frozen=True, slots=True)
class Law:
    """`source` is a page title; only `assumed` laws can be switched off by name. `check` sees rows as wide as the table."""

    name: str
    source: str
    check: Callable[[Columns, LawContext, Save], None]
    operation: Operation | None = None  # None: inserts and updates
    assumed: bool = False

    def is_off(self, context: LawContext) -> bool:
        return context.settings.get(f"Twin.{self.name}") is False


def apply_contract_laws(context: LawContext, save: Save) -> None:
    """All laws, in the order of the table."""
    at = save.table.compiled(columns)
    for check, switch in _LAWS_OF[save.operation]:
        if switch is None or not switch.is_off(context):
            check(at, context, save)


@lru_cache(maxsize=8192)
def end_date(start: date, months: int) -> date:
    """The last day of a term: start plus n months minus one day, clamped to the month (30 November plus 1 is 29 December)."""
    years, month_index = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month_index + 1
    return date(year, month, min(start.day, monthrange(year, month)[1])) - timedelta(days=1)


def _set_status_code(at: Columns, _context: LawContext, save: Save) -> None:
    category, status, status_code = at.category, at.status, at.status_code
    for row in save.rows:
        row.content[status_code] = category.get(row.content[status])


def _starts_inactive(at: Columns, _context: LawContext, save: Save) -> None:
    for row in save.rows:
        if row.content[at.status_code] == ACTIVATED:
            row.refuse("FAILED_ACTIVATION", _INVALID_STATUS, "Status")


def _never_goes_back(at: Columns, _context: LawContext, save: Save) -> None:
    for row in save.rows:
        if row.before is not None and row.content[at.status_code] != ACTIVATED and at.is_active(row.before):
            row.refuse("FAILED_ACTIVATION", _INVALID_STATUS, "Status")


def _activates_alone(at: Columns, _context: LawContext, save: Save) -> None:
    """Only Status may change in the update that activates."""
    own = {at.status, at.status_code, at.activated_date, at.activated_by}
    for row in _activations(at, save):
        before = save.table.widened(row.before or row.content)
        if any(value != before[slot] for slot, value in enumerate(row.content) if slot not in own):
            row.refuse("FAILED_ACTIVATION", _INVALID_STATUS, "Status")


def _account_is_locked(at: Columns, _context: LawContext, save: Save) -> None:
    """ASSUMED text: the account of an activated contract cannot be changed."""
    for row in save.rows:
        before = row.before
        if before is not None and before[at.account] != row.content[at.account] and at.is_active(before):
            message = "You can't change the account of an activated contract."
            row.refuse("FIELD_INTEGRITY_EXCEPTION", message, "AccountId")


def _stamp_activation(at: Columns, context: LawContext, save: Save) -> None:
    for row in _activations(at, save):
        row.content[at.activated_date] = context.now.replace(microsecond=0)
        row.content[at.activated_by] = save.caller.user_id


def _term_is_positive(at: Columns, _context: LawContext, save: Save) -> None:
    for row in save.rows:
        months = row.content[at.term]
        if isinstance(months, int) and not 1 <= months <= 9999:
            message = f"Contract Term: value outside of valid range on numeric field: {months}"
            row.refuse("NUMBER_OUTSIDE_VALID_RANGE", message, "ContractTerm")


def _set_end_date(at: Columns, context: LawContext, save: Save) -> None:
    """Only while the org calculates end dates: Contract Settings, "Auto-calculate Contract End Date"."""
    if context.settings.get("ContractSettings.autoCalculateEndDate", True) is False:
        return
    for row in save.rows:
        start, months = row.content[at.start], row.content[at.term]
        is_known = isinstance(start, date) and isinstance(months, int) and months > 0
        row.content[at.end] = end_date(start, months) if is_known else None


def _activations(at: Columns, save: Save) -> list[Pending]:
    """The rows that this save takes from a Draft or In Approval status to an Activated one."""
    return [
        row
        for row in save.rows
        if row.content[at.status_code] == ACTIVATED and row.before is not None and not at.is_active(row.before)
    ]


def refuse_contract_delete(context: LawContext, caller: Caller, table: RecordTable, row: Row) -> SaveError | None:
    """ASSUMED text: an activated contract is deleted only with the permission DeleteActivatedContract."""
    if not table.compiled(columns).is_active(row) or context.has_permission(caller, "DeleteActivatedContract"):
        return None
    return SaveError("DELETE_FAILED", "Your attempt to delete this contract failed because it is activated.")


CONTRACT_LAWS: tuple[Law, ...] = (
    Law("contractStatusCode", "Contract (Object Reference): StatusCode", _set_status_code),
    Law("contractStartsInactive", "Contract (Object Reference): Usage", _starts_inactive, Operation.INSERT),
    Law("contractActivatesAlone", "Contract (Object Reference): Status", _activates_alone, Operation.UPDATE),
    Law("contractNeverGoesBack", "Contract (Object Reference): Usage", _never_goes_back, Operation.UPDATE),
    Law("contractAccountLocked", "answers of Salesforce support", _account_is_locked, Operation.UPDATE, assumed=True),
    Law("contractActivationStamp", "Contract (Object Reference): ActivatedDate", _stamp_activation, Operation.UPDATE),
    Law("contractTermRange", "Contract (Object Reference): ContractTerm", _term_is_positive),
    Law("contractEndDate", "Contract (Object Reference): EndDate", _set_end_date),
)
_LAWS_OF = {
    operation: tuple(
        (law.check, law if law.assumed else None) for law in CONTRACT_LAWS if law.operation in (None, operation)
    )
    for operation in (Operation.INSERT, Operation.UPDATE)
}
