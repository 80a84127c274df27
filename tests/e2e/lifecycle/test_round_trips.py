"""What one system does, the other shows; what must not happen does not. Runs against the systems of a running demo, too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from simple_salesforce.exceptions import SalesforceMalformedRequest

from clmkit.robotlib import Lifecycle
from clmkit.robotlib.people import Refused
from clmkit.sync.config import load_config
from clmkit.sync.reconcile import reconcile_once
from clmkit.sync.state import State

pytestmark = pytest.mark.e2e

CANARY = "CANARY clause text stays in the CLM"


def contract_of(lifecycle: Lifecycle, agreement: str) -> dict[str, object]:
    return lifecycle.find_contract(agreement)


def reason_of_waiting(run_folder: Path, agreement: str) -> str:
    state = State(load_config(run_folder / "sync.yml").state)
    try:
        return next(row.reason for row in state.read_parked(agreement_id=agreement, kind="row") if row.key == agreement)
    finally:
        state.close()


@pytest.fixture
def active_agreement(lifecycle: Lifecycle) -> str:
    """An agreement in effect, in both systems."""
    agreement = lifecycle.create_agreement("Supply Agreement")
    lifecycle.move_agreement(agreement, "NEGOTIATION")
    lifecycle.move_agreement(agreement, "APPROVAL")
    lifecycle.approve_agreement(agreement)
    lifecycle.sign_agreement(agreement)
    lifecycle.move_agreement(agreement, "ACTIVE")
    lifecycle.sync()
    return agreement


def test_five_moves_between_two_syncs_arrive_as_one_state(lifecycle: Lifecycle, active_agreement: str) -> None:
    contract = contract_of(lifecycle, active_agreement)
    assert (contract["Status"], contract["StatusCode"]) == ("Activated", "Activated")
    assert contract["EndDate"] == "2027-11-30"


def test_a_repeated_delivery_changes_nothing(lifecycle: Lifecycle, run_folder: Path, active_agreement: str) -> None:
    before = contract_of(lifecycle, active_agreement)
    state = State(load_config(run_folder / "sync.yml").state)
    with state.transaction():
        state.put_cursor("clm", "")
    state.close()
    report = lifecycle.sync()
    assert (report.events, report.pushed, report.rows_created, report.rows_updated) == (0, 0, {}, {})
    assert contract_of(lifecycle, active_agreement) == before


OWNED = "CLM_OWNED: Contract End Date comes from the CLM. Change it there, or ask Legal operations."
NO_ACCESS = (
    "Unable to create/update fields: CLM_Total_Value__c. Please check the security settings of this field and verify that it"
    " is read/write for your profile or permission set."
)


@pytest.mark.parametrize(
    ("field", "value", "code", "message"),
    [
        ("CLM_Total_Value__c", 1, "INVALID_FIELD_FOR_INSERT_UPDATE", NO_ACCESS),
        ("EndDate", "2031-01-01", "FIELD_CUSTOM_VALIDATION_EXCEPTION", OWNED),
    ],
    ids=["refused by field-level security", "refused by the generated trigger"],
)
def test_a_person_cannot_edit_a_field_that_the_clm_owns(
    lifecycle: Lifecycle, active_agreement: str, field: str, value: object, code: str, message: str
) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refusal:
        lifecycle.change_contract(active_agreement, field, value)
    assert refused_with(refusal.value) == [{"errorCode": code, "message": message, "fields": [field]}]


def refused_with(refusal: SalesforceMalformedRequest) -> Any:
    return refusal.content


@pytest.fixture
def automation_off(lifecycle: Lifecycle) -> Iterator[None]:
    """The kill switch for the administrator: the generated triggers let everything pass."""
    (user,) = lifecycle.salesforce.find("SELECT Id FROM User WHERE Alias = 'admin'")
    switch = lifecycle.salesforce.create("CLM_Automation__c", {"SetupOwnerId": user["Id"], "Is_Off__c": True})
    yield
    lifecycle.salesforce.delete("CLM_Automation__c", switch)


@pytest.mark.usefixtures("automation_off")
def test_an_edit_that_gets_past_the_trigger_does_not_last(lifecycle: Lifecycle, active_agreement: str) -> None:
    lifecycle.change_contract(active_agreement, "EndDate", "2031-01-01")
    lifecycle.contract_field_should_be(active_agreement, "EndDate", "2031-01-01")
    lifecycle.sync()
    lifecycle.contract_field_should_be(active_agreement, "EndDate", "2027-11-30")
    lifecycle.agreement_field_should_be(active_agreement, "term.end", "2027-11-30")
    lifecycle.sync_should_change_nothing()
    assert lifecycle.find_contract(active_agreement)["Status"] == "Activated"


def test_an_amendment_is_a_record_of_its_own_and_changes_the_contract(
    lifecycle: Lifecycle, active_agreement: str
) -> None:
    lifecycle.amend_agreement(active_agreement, "More seats", "150000.00")
    lifecycle.sync()
    lifecycle.contract_field_should_be(active_agreement, "CLM_Total_Value__c", "150000.00")
    amendments = lifecycle.salesforce.find(
        f"SELECT Summary__c, Effective_Date__c FROM CLM_Amendment__c WHERE Contract__r.CLM_Id__c = '{active_agreement}'"
    )
    assert amendments == [{"Summary__c": "More seats", "Effective_Date__c": "2027-01-01"}]


def test_an_agreement_with_a_counterparty_that_salesforce_does_not_know_waits_with_words_for_its_steward(
    lifecycle: Lifecycle, run_folder: Path
) -> None:
    stranger = {"id": "PTY-nobody", "name": "Nobody & Sons"}
    agreement = lifecycle.create_agreement("Lease", counterparty=stranger)
    report = lifecycle.sync()
    assert report.parked == 1
    assert lifecycle.salesforce.find(f"SELECT Id FROM Contract WHERE CLM_Id__c = '{agreement}'") == []
    assert reason_of_waiting(run_folder, agreement) == (
        "Salesforce has no Account with CLM_Party_Id__c 'PTY-nobody'. Create it there, then redrive."
    )
    lifecycle.clm.change(agreement, {"counterparty": {"id": lifecycle.find_account()["CLM_Party_Id__c"]}})
    assert lifecycle.sync().parked == 0
    lifecycle.contract_field_should_be(agreement, "Status", "Draft")


def test_the_clm_refuses_to_execute_what_is_not_signed(lifecycle: Lifecycle) -> None:
    agreement = lifecycle.create_agreement("Licence")
    lifecycle.move_agreement(agreement, "NEGOTIATION")
    lifecycle.move_agreement(agreement, "APPROVAL")
    lifecycle.approve_agreement(agreement)
    lifecycle.clm.act(agreement, "envelopes")
    with pytest.raises(Refused, match=r"^signature_pending: "):
        lifecycle.move_agreement(agreement, "EXECUTED")


def test_clause_text_never_reaches_salesforce(lifecycle: Lifecycle, active_agreement: str) -> None:
    assert lifecycle.clm.get(active_agreement)["clauses"][0]["deviation"] == CANARY
    (record,) = lifecycle.salesforce.find(
        f"SELECT FIELDS(ALL) FROM Contract WHERE CLM_Id__c = '{active_agreement}' LIMIT 1"
    )
    assert CANARY not in str(record)


def test_both_systems_agree_field_by_field(lifecycle: Lifecycle, run_folder: Path, active_agreement: str) -> None:
    lifecycle.sync()
    report = reconcile_once(load_config(run_folder / "sync.yml"))
    assert report.differences == []
    assert report.fields_compared > 20
