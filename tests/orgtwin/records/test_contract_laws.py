"""The life of a Contract record. Source: Contract (Object Reference); laws marked ASSUMED are listed in contract_laws.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from msgspec import structs

from orgtwin.errors import SaveResult
from orgtwin.org import Org
from orgtwin.records.contract_laws import end_date
from orgtwin.records.model import Caller, Value
from orgtwin.schema.model import PicklistValue

Save = Callable[..., SaveResult]
Read = Callable[[str, str | None, str], Value]

INVALID = (
    "FAILED_ACTIVATION",
    "Choose a valid contract status and save your changes. Ask your admin for details.",
    ("Status",),
)


@pytest.fixture
def account(insert: Save) -> str:
    return insert("Account", Name="Acme").record_id or ""


@pytest.fixture
def draft(insert: Save, account: str) -> str:
    return insert("Contract", AccountId=account, StartDate="2026-02-01", ContractTerm=12).record_id or ""


@pytest.fixture
def active(update: Save, draft: str) -> str:
    assert update("Contract", draft, Status="Activated").success
    return draft


def refusal_of(result: SaveResult) -> tuple[str, str, tuple[str, ...]]:
    (error,) = result.errors
    return error.status_code, error.message, error.fields


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 2, 1), 12, date(2027, 1, 31)),
        (date(2026, 11, 30), 1, date(2026, 12, 29)),
        (date(2026, 12, 1), 1, date(2026, 12, 31)),
        (date(2026, 1, 31), 1, date(2026, 2, 27)),
        (date(2024, 2, 29), 12, date(2025, 2, 27)),
        (date(2024, 1, 31), 1, date(2024, 2, 28)),
        (date(2026, 8, 31), 18, date(2028, 2, 28)),
    ],
)
def test_a_term_ends_the_day_before_its_month_day_clamped_to_the_month(start: date, months: int, end: date) -> None:
    assert end_date(start, months) == end


def test_a_new_contract_is_a_draft_with_a_number_and_its_end_date(draft: str, read: Read) -> None:
    fields = ("Status", "StatusCode", "ContractNumber", "EndDate", "ActivatedDate")
    assert [read("Contract", draft, f) for f in fields] == ["Draft", "Draft", "00000001", date(2027, 1, 31), None]


def test_a_contract_without_start_or_term_has_no_end_date(insert: Save, account: str, read: Read) -> None:
    record_id = insert("Contract", AccountId=account, StartDate="2026-02-01").record_id
    assert read("Contract", record_id, "EndDate") is None


def test_a_contract_needs_its_account(insert: Save) -> None:
    assert refusal_of(insert("Contract", ContractTerm=1)) == (
        "REQUIRED_FIELD_MISSING",
        "Required fields are missing: [AccountId]",
        ("AccountId",),
    )


@pytest.mark.parametrize("months", [0, -3])
def test_a_term_is_at_least_a_month(insert: Save, account: str, months: int) -> None:
    message = f"Contract Term: value outside of valid range on numeric field: {months}"
    assert refusal_of(insert("Contract", AccountId=account, ContractTerm=months)) == (
        "NUMBER_OUTSIDE_VALID_RANGE",
        message,
        ("ContractTerm",),
    )


def test_a_contract_is_never_born_activated(insert: Save, account: str) -> None:
    assert refusal_of(insert("Contract", AccountId=account, Status="Activated")) == INVALID


def test_an_unknown_status_is_a_bad_picklist_value(insert: Save, account: str) -> None:
    assert refusal_of(insert("Contract", AccountId=account, Status="Signed")) == (
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "Status: bad value for restricted picklist field: Signed",
        ("Status",),
    )


def test_activation_is_an_update_and_is_stamped(active: str, read: Read, admin: Caller) -> None:
    stamp = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
    fields = ("StatusCode", "ActivatedDate", "ActivatedById")
    assert [read("Contract", active, f) for f in fields] == ["Activated", stamp, admin.user_id]


def test_only_status_changes_in_the_update_that_activates(update: Save, draft: str, read: Read) -> None:
    assert refusal_of(update("Contract", draft, Status="Activated", Description="signed")) == INVALID
    assert read("Contract", draft, "StatusCode") == "Draft"
    assert update("Contract", draft, Status="In Approval Process", Description="signed").success
    assert update("Contract", draft, Status="Activated", Description="signed").success


def test_activation_goes_one_way_and_repeating_it_changes_nothing(update: Save, active: str, read: Read) -> None:
    assert refusal_of(update("Contract", active, Status="Draft")) == INVALID
    assert refusal_of(update("Contract", active, Status="In Approval Process")) == INVALID
    assert update("Contract", active, Status="Activated").success
    assert read("Contract", active, "StatusCode") == "Activated"


def test_an_activated_contract_may_move_between_activated_statuses(org: Org, update: Save, active: str) -> None:
    contract = org.schema.find_type("Contract")
    assert contract is not None
    more = PicklistValue("Terminated", "Terminated", group="Activated")
    fields = tuple(
        structs.replace(f, picklist=(*f.picklist, more)) if f.api_name == "Status" else f for f in contract.fields
    )
    org.replace_schema(org.schema.with_types([replace(contract, fields=fields)]))
    assert update("Contract", active, Status="Terminated").success


def test_an_activated_contract_keeps_its_account_but_takes_other_changes(
    insert: Save, update: Save, active: str
) -> None:
    other = insert("Account", Name="Other").record_id
    assert refusal_of(update("Contract", active, AccountId=other)) == (
        "FIELD_INTEGRITY_EXCEPTION",
        "You can't change the account of an activated contract.",
        ("AccountId",),
    )
    assert update("Contract", active, Description="amended", ContractTerm=24).success


def test_an_assumed_law_can_be_switched_off(org: Org, insert: Save, update: Save, active: str) -> None:
    org.settings["Twin.contractAccountLocked"] = False
    assert update("Contract", active, AccountId=insert("Account", Name="Other").record_id).success


def test_the_end_date_is_kept_as_given_when_the_org_does_not_calculate_it(
    org: Org, insert: Save, account: str, read: Read
) -> None:
    org.settings["ContractSettings.autoCalculateEndDate"] = False
    contract = org.schema.find_type("Contract")
    assert contract is not None
    fields = tuple(structs.replace(f, createable=True) if f.api_name == "EndDate" else f for f in contract.fields)
    org.replace_schema(org.schema.with_types([replace(contract, fields=fields)]))
    result = insert("Contract", AccountId=account, StartDate="2026-02-01", ContractTerm=12, EndDate="2026-08-30")
    assert result.errors == ()
    assert read("Contract", result.record_id, "EndDate") == date(2026, 8, 30)


def test_the_end_date_is_read_only_while_the_org_calculates_it(insert: Save, account: str) -> None:
    assert (
        refusal_of(insert("Contract", AccountId=account, EndDate="2026-08-30"))[0] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    )


def test_an_activated_contract_is_deleted_only_with_the_permission(org: Org, admin: Caller, active: str) -> None:
    assert org.dml.delete(admin, [active])[0].success
    manager = org.access.rights(admin.user_id)
    assert manager.has("DeleteActivatedContract")
