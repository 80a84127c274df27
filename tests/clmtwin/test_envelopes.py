"""Signature envelopes: what a signatory's event does, and that the order of arrival does not matter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clmtwin import agreements
from clmtwin.envelopes import SignatoryOrder
from clmtwin.lifecycle import Stage
from clmtwin.model import Agreement
from clmtwin.problem import Problem

ANN, BOB = "ann@us.example", "bob@them.example"


def sent() -> Agreement:
    draft = agreements.create(7, {"title": "Supply"}, lambda _: None)
    ready = agreements.move(agreements.move(draft, "NEGOTIATION"), "APPROVAL")
    return agreements.send_envelope(ready, (SignatoryOrder(BOB, "Bob", 2), SignatoryOrder(ANN, "Ann", 1)))


def states(agreement: Agreement) -> tuple[str, dict[str, str]]:
    assert agreement.signature is not None
    return agreement.signature.status, {one.email: one.status for one in agreement.signature.signatories}


def test_signatories_stand_in_their_routing_order() -> None:
    assert states(sent()) == ("sent", {ANN: "sent", BOB: "sent"})


def test_the_last_signature_completes_the_envelope_and_executes_the_agreement() -> None:
    one = agreements.note_envelope(sent(), "completed", ANN)
    assert (one.stage, states(one)) == (Stage.APPROVAL, ("delivered", {ANN: "completed", BOB: "sent"}))
    both = agreements.note_envelope(one, "completed", BOB)
    assert (both.stage, states(both)[0]) == (Stage.EXECUTED, "completed")


def test_one_who_declines_sends_the_agreement_back() -> None:
    declined = agreements.note_envelope(sent(), "declined", BOB)
    assert (declined.stage, states(declined)[0]) == (Stage.NEGOTIATION, "declined")


EVENTS = [("delivered", ANN), ("completed", ANN), ("delivered", BOB), ("completed", BOB), ("delivered", None)]


@given(st.permutations(EVENTS), st.lists(st.sampled_from(EVENTS), max_size=4))
def test_events_in_any_order_and_doubled_end_the_same(
    order: list[tuple[str, str]], doubled: list[tuple[str, str]]
) -> None:
    agreement = sent()
    for status, signatory in [*order, *doubled]:
        agreement = agreements.note_envelope(agreement, status, signatory)
    assert (agreement.stage, states(agreement)) == (Stage.EXECUTED, ("completed", {ANN: "completed", BOB: "completed"}))


def test_a_signature_that_is_told_after_the_completed_envelope_is_noted() -> None:
    done = agreements.note_envelope(sent(), "completed")
    late = agreements.note_envelope(done, "completed", ANN)
    assert (late.stage, states(late)) == (Stage.EXECUTED, ("completed", {ANN: "completed", BOB: "sent"}))


def test_going_back_voids_what_was_sent_and_the_next_envelope_is_another() -> None:
    back = agreements.move(sent(), "NEGOTIATION")
    assert states(back)[0] == "voided"
    again = agreements.send_envelope(agreements.move(back, "APPROVAL"))
    assert again.signature is not None
    assert again.signature.envelope_id == "ENV-000007-2"


REFUSED = {
    "a stranger": ("completed", "eve@example.com", "ENV-000007-1 has no signatory eve@example.com."),
    "one of two": ("voided", ANN, "An envelope is voided as a whole; leave the signatory out."),
    "no status": ("signed", None, "An envelope is sent, delivered, declined, completed, voided, not 'signed'."),
}


@pytest.mark.parametrize(("status", "signatory", "says"), REFUSED.values(), ids=list(REFUSED))
def test_an_event_that_cannot_be_is_refused(status: str, signatory: str | None, says: str) -> None:
    with pytest.raises(Problem) as refusal:
        agreements.note_envelope(sent(), status, signatory)
    assert refusal.value.detail == says


def test_a_second_envelope_is_not_sent_over_one_that_is_under_way() -> None:
    with pytest.raises(Problem, match="ENV-000007-1 is sent; void it before another is sent"):
        agreements.send_envelope(sent())


def test_a_signatory_is_named_once() -> None:
    ready = agreements.move(sent(), "NEGOTIATION")
    ready = agreements.move(ready, "APPROVAL")
    with pytest.raises(Problem, match=f"A signatory is named twice among {ANN}, {ANN}"):
        agreements.send_envelope(ready, (SignatoryOrder(ANN), SignatoryOrder(ANN)))
