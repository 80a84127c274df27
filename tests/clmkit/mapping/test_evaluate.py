"""The shipped mapping over agreements: what is written, what is parked, and what goes back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from clmkit.mapping.evaluate import Evaluator, Link, ParkedRow, ParkedValue, Row
from clmkit.mapping.model import Missing, Spec

AGREEMENT: dict[str, Any] = {
    "id": "AGR-000001",
    "revision": 3,
    "stage": "ACTIVE",
    "title": "Services Agreement",
    "contract_type": "Services Agreement",
    "counterparty": {
        "id": "PTY-1",
        "name": "Telcostar",
        "contact": {"id": "PER-1", "name": "Ana", "email": "ana@example.com"},
    },
    "business_owner": {"email": "owner@example.com", "name": "Owner"},
    "term": {"signed": "10/1/2019", "start": "11/1/2019", "end": "perpetual"},
    "renewal": {"type": "auto", "term": "successive 1 year", "notice": "6 months", "date": None},
    "value": {"total": "120000.00", "arr": "60000", "currency": "USD"},
    "governing_law": "England; Wales",
    "signature": {"envelope_id": "ENV-1", "status": "completed"},
    "document": {"id": "DOC-1", "file_name": "a.pdf", "url": "https://clm.example.com/d/1", "sha256": "0f" * 32},
    "clauses": [{"type": "Non-Compete", "present": True, "deviation": "secret words"}],
    "parties": [
        {"id": "PTY-1-1", "name": "Telcostar", "role": "counterparty"},
        {"id": "PTY-1-2", "name": "Us", "role": "our_side"},
    ],
    "lines": [{"id": "LIN-1", "product": "Support", "quantity": "1.5", "unit_price": "10.00", "amount": "15.00"}],
    "documents": [
        {
            "id": "DOC-1",
            "file_name": "a.pdf",
            "url": "https://clm.example.com/d/1",
            "sha256": "0f" * 32,
            "kind": "executed",
        }
    ],
    "amends": None,
    "renews": "AGR-000000",
    "amendments": [{"id": "AMD-1", "summary": "More seats", "effective": "2020-01-01"}],
}


@pytest.fixture(scope="module")
def evaluator(shipped: Spec) -> Evaluator:
    return Evaluator(shipped)


def contract(evaluator: Evaluator, **changes: Any) -> Row:
    (row,) = evaluator.rows("contract", AGREEMENT | changes)
    return row


def test_a_clean_agreement_fills_every_field(evaluator: Evaluator) -> None:
    row = contract(evaluator)
    assert (row.salesforce, row.key, row.version, row.parked, row.park) == ("Contract", "AGR-000001", 3, (), None)
    assert row.values == {
        "CLM_Version__c": Decimal(3),
        "CLM_Title__c": "Services Agreement",
        "CLM_Contract_Type__c": "Services Agreement",
        "Status": "Activated",
        "CLM_Signed_Date__c": "2019-10-01",
        "StartDate": "2019-11-01",
        "EndDate": None,
        "CLM_Is_Perpetual__c": True,
        "CLM_Renewal_Date__c": None,
        "CLM_Total_Value__c": Decimal("120000.00"),
        "CLM_ARR__c": Decimal("60000.00"),
        "CLM_Renewal_Type__c": "Automatic",
        "CLM_Renewal_Months__c": Decimal(12),
        "CLM_Renewal_Times__c": None,
        "CLM_Renews_Without_Limit__c": True,
        "CLM_Notice_Period__c": Decimal(6),
        "CLM_Notice_Unit__c": "Months",
        "CLM_Governing_Law__c": "England and Wales",
        "CLM_Envelope_Id__c": "ENV-1",
        "CLM_Envelope_Status__c": "Completed",
        "CLM_Document_Url__c": "https://clm.example.com/d/1",
        "CLM_Document_SHA256__c": "0f" * 32,
    }


def test_references_are_keys_of_other_records(evaluator: Evaluator) -> None:
    references = contract(evaluator).references
    account = references["AccountId"]
    assert isinstance(account, Link)
    assert (account.reference.object, account.reference.field, account.reference.relationship) == (
        "Account",
        "CLM_Party_Id__c",
        "Account",
    )
    assert (account.key, account.missing) == ("PTY-1", Missing.PARK_ROW)
    assert references["CLM_Amends__c"] is None
    contact = references["CustomerSignedId"]
    assert isinstance(contact, Link)
    assert (contact.reference.relationship, contact.key) == ("CustomerSigned", "PER-1")


def test_what_salesforce_owns_is_written_when_the_record_is_created_and_never_again(evaluator: Evaluator) -> None:
    row = contract(evaluator)
    assert "OwnerId" not in row.values
    assert "OwnerId" not in row.references
    assert {name: (link.reference.object, link.key) for name, link in row.seed_references.items()} == {
        "OwnerId": ("User", "owner@example.com")
    }


def test_nothing_of_a_clm_only_field_is_in_any_row(evaluator: Evaluator, shipped: Spec) -> None:
    rows = [row for mapping in shipped.objects for row in evaluator.rows(mapping.name, AGREEMENT)]
    assert len(rows) == 9
    assert "secret words" not in repr(rows)


def test_a_row_inside_an_agreement_finds_its_parent_through_the_root(evaluator: Evaluator) -> None:
    rows = evaluator.rows("party", AGREEMENT)
    assert [(row.key, row.values) for row in rows] == [
        ("PTY-1-1", {"Party_Name__c": "Telcostar", "Role__c": "Counterparty"}),
        ("PTY-1-2", {"Party_Name__c": "Us", "Role__c": "Our side"}),
    ]
    links = [row.references["Contract__c"] for row in rows]
    assert {(link.reference.relationship, link.key) for link in links if link} == {("Contract__r", "AGR-000001")}


def test_money_of_a_line_has_the_currency_of_the_agreement(evaluator: Evaluator) -> None:
    (row,) = evaluator.rows("line", AGREEMENT)
    assert row.values["Amount__c"] == Decimal("15.00")
    (foreign,) = evaluator.rows("line", AGREEMENT | {"value": {"total": None, "arr": None, "currency": "EUR"}})
    assert [parked.reason for parked in foreign.parked] == [
        'The amount "10.00" is in EUR; this org keeps USD only.',
        'The amount "15.00" is in EUR; this org keeps USD only.',
    ]


def test_a_value_that_cannot_be_mapped_is_parked_and_the_rest_of_the_row_is_written(evaluator: Evaluator) -> None:
    row = contract(evaluator, term={"signed": None, "start": "[]/[]/2020", "end": "12/31/2025"})
    assert row.parked == (
        ParkedValue(
            object="contract",
            key="AGR-000001",
            field="start_date",
            salesforce="StartDate",
            clm="term.start",
            value="[]/[]/2020",
            reason='"[]/[]/2020" leaves the month and the day blank; Salesforce needs day, month and year.',
            steward="legal_ops",
        ),
    )
    assert row.park is None
    assert "StartDate" not in row.values
    assert (row.values["EndDate"], row.values["CLM_Is_Perpetual__c"]) == ("2025-12-31", False)


def test_a_parked_value_leaves_its_flag_alone(evaluator: Evaluator) -> None:
    row = contract(evaluator, term={"signed": None, "start": None, "end": "09/05/2019; perpetual"})
    assert "EndDate" not in row.values
    assert "CLM_Is_Perpetual__c" not in row.values


def test_an_agreement_without_a_counterparty_waits_as_a_whole(evaluator: Evaluator) -> None:
    row = contract(evaluator, counterparty=None)
    reason = "Account Name is missing: counterparty.id is empty in the CLM. Salesforce cannot do without it."
    assert row.park == ParkedRow("contract", "AGR-000001", "account", "", reason, "legal_ops")


def test_an_unknown_stage_parks_the_row(evaluator: Evaluator) -> None:
    row = contract(evaluator, stage="ARCHIVED")
    assert row.park is not None
    assert row.park.reason == '"ARCHIVED" is not in the value map lifecycle; add it there or correct it in the CLM.'


def test_a_row_without_its_id_has_no_identity(evaluator: Evaluator) -> None:
    row = contract(evaluator, id=" ")
    assert row.park == ParkedRow(
        "contract", "", "key", "", "The CLM gives no id; without it the row has no identity.", "legal_ops"
    )


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"term": "2020"}, "start_date", 'The CLM sends "2020" where term.start needs a group of values.'),
        ({"title": ["a", "b"]}, "title", "The CLM sends a list of 2 where a single text is expected."),
        (
            {"renewal": {"type": "auto", "term": {"years": 1}}},
            "renewal_months",
            "The CLM sends a group of values where a single text is expected.",
        ),
    ],
)
def test_a_misshapen_agreement_is_parked_in_words(
    evaluator: Evaluator, change: dict[str, Any], field: str, reason: str
) -> None:
    parked = {value.field: value.reason for value in contract(evaluator, **change).parked}
    assert parked[field] == reason


def test_a_cleared_value_is_cleared_and_a_checkbox_becomes_false(evaluator: Evaluator) -> None:
    row = contract(evaluator, renewal=None, governing_law=None)
    assert row.values["CLM_Governing_Law__c"] is None
    assert row.values["CLM_Renews_Without_Limit__c"] is False
    assert row.parked == ()


def test_an_empty_list_has_no_rows(evaluator: Evaluator) -> None:
    assert evaluator.rows("party", AGREEMENT | {"parties": []}) == ()
    assert evaluator.rows("account", AGREEMENT | {"counterparty": None}) == ()


def test_two_rows_with_one_id_are_not_written_over_each_other(evaluator: Evaluator) -> None:
    party = {"id": "PTY-1", "name": "A", "role": "other"}
    first, second = evaluator.rows("party", AGREEMENT | {"parties": [party, party | {"name": "B"}]})
    assert first.park is None
    assert second.park == ParkedRow(
        "party",
        "PTY-1",
        "key",
        "PTY-1",
        '"PTY-1" stands twice in agreements.parties; an id names one row.',
        "legal_ops",
    )


@pytest.mark.parametrize(
    ("change", "name", "reason"),
    [
        ({"parties": "Telcostar"}, "party", 'The CLM sends "Telcostar" where id needs a group of values.'),
        (
            {"counterparty": "Telcostar"},
            "contact",
            'The CLM sends "Telcostar" where counterparty.contact needs a group of values.',
        ),
        ({"parties": [None]}, "party", "The CLM gives no id; without it the row has no identity."),
    ],
)
def test_rows_of_the_wrong_shape_are_parked_and_not_left_out(
    evaluator: Evaluator, change: dict[str, Any], name: str, reason: str
) -> None:
    (row,) = evaluator.rows(name, AGREEMENT | change)
    assert row.park == ParkedRow(name, "", "key", "", reason, "legal_ops")


def test_owner_and_contact_go_back_to_the_clm(evaluator: Evaluator) -> None:
    back = evaluator.feed_back(
        "contract",
        {"OwnerId": "new@example.com", "CustomerSignedId": "PER-2", "Status": "Expired", "StartDate": "2020-01-01"},
    )
    assert back.values == {"business_owner.email": "new@example.com", "counterparty.contact.id": "PER-2"}
    assert back.parked == ()


def test_evaluating_twice_gives_the_same_rows(evaluator: Evaluator) -> None:
    assert evaluator.rows("contract", AGREEMENT) == evaluator.rows("contract", AGREEMENT)
