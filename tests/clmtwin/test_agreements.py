from typing import Any

import pytest

from clmtwin import agreements, approvals, renewals
from clmtwin.identifiers import counterparty_id, person_id
from clmtwin.lifecycle import Stage
from clmtwin.model import Agreement, Person
from clmtwin.problem import Problem

ANN = Person(person_id("ann@acme.example"), "Ann", "ann@acme.example")


def find_person(wanted: str) -> Person | None:
    return ANN if wanted == ANN.id else None


def create(**fields: Any) -> Agreement:
    return agreements.create(7, {"title": "Supply", **fields}, find_person)


def move_through(agreement: Agreement, *stages: str) -> Agreement:
    for stage in stages:
        agreement = agreements.move(agreement, stage)
    return agreement


def refusal_of(body: dict[str, Any], before: Agreement | None = None) -> tuple[str, str]:
    with pytest.raises(Problem) as refusal:
        agreements.patch(before or create(), body, find_person)
    return refusal.value.code, refusal.value.detail


def test_a_new_agreement_is_a_draft_with_ids_for_everything_that_came_without() -> None:
    made = create(
        counterparty={"name": "ACME"}, lines=[{"product": "Seat", "quantity": "2", "unit_price": "10", "amount": "20"}]
    )
    assert (made.id, made.stage, made.contract_type) == ("AGR-000007", Stage.DRAFT, "Supply")
    assert made.counterparty is not None
    assert made.counterparty.id == counterparty_id("acme")
    assert made.lines[0].id == "LIN-000007-1"


def test_a_new_agreement_cannot_start_in_the_middle_of_its_life() -> None:
    with pytest.raises(Problem) as refusal:
        create(stage="ACTIVE")
    assert refusal.value.detail == "A new agreement starts as INTAKE or DRAFT, not 'ACTIVE'."


@pytest.mark.parametrize(
    ("body", "code", "detail"),
    [
        ({"stage": "ACTIVE"}, "read_only_field", "stage cannot be written: it moves through POST .../transitions."),
        ({"titel": "X"}, "invalid", "Object contains unknown field `titel`."),
        ({"title": 5}, "invalid", "Expected `str`, got `int` - at `$.title`."),
        ({"title": None}, "invalid", "Expected `str`, got `null` - at `$.title`."),
        ({"lines": "none"}, "invalid", "Expected `array`, got `str` - at `$.lines`."),
        (
            {"counterparty": {"name": "A", "contact": {"id": "PER-x"}}},
            "unknown_person",
            "There is no person 'PER-x'; POST /api/v1/people first, or send an e-mail address.",
        ),
    ],
)
def test_a_wrong_patch_is_refused_by_name(body: dict[str, Any], code: str, detail: str) -> None:
    assert refusal_of(body) == (code, detail)


def test_an_amount_that_is_no_decimal_is_refused() -> None:
    code, detail = refusal_of({"value": {"currency": "USD", "total": "12,000"}})
    assert (code, detail.endswith("at `$.value.total`.")) == ("invalid", True)


def test_a_patch_merges_objects_and_null_removes() -> None:
    before = create(value={"currency": "USD", "total": "10"}, business_owner={"email": "a@example.com"})
    after = agreements.patch(before, {"value": {"arr": "5"}, "business_owner": None}, find_person)
    assert after.value is not None
    assert (after.value.total, after.value.arr, after.business_owner) == ("10", "5", None)


def test_a_contact_given_by_id_gets_the_name_that_the_directory_has() -> None:
    before = create(counterparty={"name": "ACME", "contact": {"email": "old@acme.example", "name": "Old"}})
    after = agreements.patch(before, {"counterparty": {"contact": {"id": ANN.id}}}, find_person)
    assert after.counterparty is not None
    assert after.counterparty.contact is not None
    assert (after.counterparty.contact.name, after.counterparty.contact.email) == ("Ann", "ann@acme.example")


def test_another_counterparty_by_name_is_another_counterparty() -> None:
    after = agreements.patch(create(counterparty={"name": "ACME"}), {"counterparty": {"name": "Beta"}}, find_person)
    assert after.counterparty is not None
    assert after.counterparty.id == counterparty_id("Beta")


def test_execution_waits_for_every_approval_that_was_asked() -> None:
    asked = approvals.ask(move_through(create(), "NEGOTIATION", "APPROVAL"), "cfo@example.com")
    with pytest.raises(Problem) as refusal:
        agreements.move(asked, "EXECUTED")
    assert refusal.value.detail == "AGR-000007 waits for the approval of cfo@example.com."
    granted = agreements.decide_approval(asked, "APR-000007-1", "approved", "cfo@example.com")
    assert agreements.move(granted, "EXECUTED").stage is Stage.EXECUTED


def test_a_rejected_approval_sends_the_agreement_back_to_negotiation() -> None:
    asked = approvals.ask(move_through(create(), "NEGOTIATION", "APPROVAL"), "cfo@example.com")
    assert agreements.decide_approval(asked, "APR-000007-1", "rejected", "cfo@example.com").stage is Stage.NEGOTIATION


def test_a_completed_envelope_executes_the_agreement() -> None:
    sent = agreements.send_envelope(move_through(create(), "NEGOTIATION", "APPROVAL"))
    with pytest.raises(Problem) as refusal:
        agreements.move(sent, "EXECUTED")
    assert refusal.value.detail == "ENV-000007-1 is sent, not completed."
    assert agreements.note_envelope(sent, "completed").stage is Stage.EXECUTED


def test_an_envelope_event_that_comes_late_changes_nothing() -> None:
    done = agreements.note_envelope(
        agreements.send_envelope(move_through(create(), "NEGOTIATION", "APPROVAL")), "completed"
    )
    assert agreements.note_envelope(done, "delivered") == done
    assert agreements.note_envelope(done, "declined") == done


def test_an_amendment_is_listed_and_its_changes_apply() -> None:
    active = move_through(create(), "NEGOTIATION", "APPROVAL", "EXECUTED", "ACTIVE")
    amended = agreements.amend(
        active, "More seats", "2026-12-01", {"value": {"currency": "USD", "total": "99"}}, find_person
    )
    assert amended.value is not None
    assert (amended.amendments[0].id, amended.value.total) == ("AMD-000007-1", "99")


def test_a_draft_is_not_amended() -> None:
    with pytest.raises(Problem) as refusal:
        agreements.amend(create(), "x", "2026-12-01", {}, find_person)
    assert refusal.value.detail == "AGR-000007 is DRAFT; only an ACTIVE agreement is amended."


def test_an_expired_agreement_that_is_extended_is_active_again() -> None:
    expired = move_through(create(), "NEGOTIATION", "APPROVAL", "EXECUTED", "ACTIVE", "EXPIRED")
    assert (renewals.extend(expired, "2030-01-01").stage, renewals.extend(expired, "2030-01-01").term.end) == (
        Stage.ACTIVE,
        "2030-01-01",
    )


def test_a_renewal_by_a_new_agreement_is_a_draft_that_names_its_parent() -> None:
    active = move_through(
        create(parties=[{"name": "A", "role": "other"}]), "NEGOTIATION", "APPROVAL", "EXECUTED", "ACTIVE"
    )
    successor = renewals.successor(active, 8, "2027-01-01", "2028-01-01")
    assert (successor.id, successor.renews, successor.stage, successor.parties[0].id) == (
        "AGR-000008",
        "AGR-000007",
        Stage.DRAFT,
        "PTY-000008-1",
    )


def test_a_terminated_agreement_ends_on_the_day_of_its_termination() -> None:
    active = move_through(create(term={"end": "2030-01-01"}), "NEGOTIATION", "APPROVAL", "EXECUTED", "ACTIVE")
    terminated = agreements.terminate(active, "2027-05-05")
    assert (terminated.stage, terminated.term.end) == (Stage.TERMINATED, "2027-05-05")
