"""What is left of a person in the state after a request to erase: a tombstone, and not one byte of the person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clmkit.sync.audit import LegalHold, digest, find_break
from clmkit.sync.database import Target
from clmkit.sync.erasure import KEPT, Erased, StillThere, erase
from clmkit.sync.inbox import InboxEvent, Settled
from clmkit.sync.offers import Offer
from clmkit.sync.state import Link, Parked, State

AT = "2026-11-22T10:00:00.000Z"
CANARY = "kingfisher"
PERSON = f"{CANARY}@example.com"
RECORD = "800000000000001AAA"


@pytest.fixture
def state(target: Target) -> Iterator[State]:
    """AGR-1 with a party PTY-9, and AGR-2; whatever there can be of both in a state."""
    kept = State(target)
    for agreement, party, person in (("AGR-1", "PTY-9", PERSON), ("AGR-2", "PTY-8", "bob@example.com")):
        with kept.transaction():
            kept.put_links([
                Link("contract", agreement, agreement, RECORD, 1, AT, {"Owner__c": person}),
                Link("party", party, agreement, RECORD, 1, AT, {"Name": person}, {"ContactId": person}),
            ])  # fmt: skip
            kept.inbox.add([InboxEvent(f"E-{agreement}", "clm", agreement, 1, person)], AT)
            reason = f"The CLM does not take this value. ({person} is nobody here)"
            kept.inbox.settle([Settled(kept.inbox.last_sequence(), "parked", reason)])
            kept.park([Parked("party", party, "name", agreement, "value", person, reason, "legal_ops")], AT)
            kept.offers.put(Offer(agreement, {"Owner__c": person}, {"key": agreement, "fields": {}}))
            kept.record(AT, "created", {"key": party, "agreement": agreement, "note": person})
    yield kept
    kept.close()


def tell_all(state: State) -> str:
    return "".join(str(state.database.execute(f"SELECT * FROM {table}")) for table in KEPT)


def test_of_an_erased_agreement_and_its_rows_stays_a_tombstone_and_the_other_one_stays_whole(state: State) -> None:
    before, outcomes = tell_all(state), state.inbox.count_outcomes()
    assert CANARY in before
    assert erase(state, ["AGR-1"], "request 17", AT, unlink=True) == Erased(1, 1, 1, 2)
    assert CANARY not in tell_all(state)
    assert find_break(state.read_audit()) is None
    assert [entry.kind for entry in state.read_audit()] == ["created", "created", "erased"]
    assert (state.inbox.find_known(["E-AGR-1"]), state.inbox.count_outcomes()) == ({"E-AGR-1"}, outcomes)
    assert [one.key for one in state.read_parked()] == ["PTY-8"]
    assert (state.count_links(), list(state.offers.find(["AGR-2"]))) == ({"contract": 1, "party": 1}, ["AGR-2"])
    assert tell_all(state).count("bob@example.com") == before.count("bob@example.com") == 9


def test_nothing_is_left_in_the_files_of_the_state(tmp_path: Path) -> None:
    state = State(tmp_path / "sync.sqlite")
    for number in range(50):
        with state.transaction():
            state.put_links(
                [Link("contract", "AGR-1", "AGR-1", RECORD, number, AT, {"Owner__c": f"{PERSON} {number}" * 99})]
            )
    before = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    erase(state, ["AGR-1"], "request 17", AT, unlink=True)
    after = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    state.close()
    assert (CANARY.encode() in before, CANARY.encode() in after) == (True, False)


def test_what_is_linked_stays_unless_that_is_asked_for(state: State) -> None:
    with pytest.raises(StillThere) as refused:
        erase(state, ["AGR-1"], "request 17", AT, unlink=False)
    assert str(refused.value) == "AGR-1, PTY-9 still runs between the systems; delete it there first."
    assert CANARY in tell_all(state)


@pytest.mark.parametrize(("held", "asked"), [("AGR-1", "AGR-1"), ("AGR-1", "PTY-9"), ("PTY-9", "AGR-1")])
def test_a_legal_hold_keeps_every_body_that_names_it_whoever_is_to_be_erased(
    state: State, held: str, asked: str
) -> None:
    with state.transaction():
        state.audit.hold(AT, held, "case 7")
    before = tell_all(state)
    with pytest.raises(LegalHold) as refused:
        erase(state, [asked], "request 17", AT, unlink=True)
    words = f"Nothing was erased: a legal hold keeps {held} since {AT} (case 7). `clmkit audit release` ends it."
    assert (str(refused.value), tell_all(state)) == (words, before)


def test_rows_on_their_way_to_salesforce_are_let_arrive_first(state: State) -> None:
    sql = "INSERT INTO outbox (load, first, last, lines, bytes) VALUES ('backfill', 1, 1, ?, 9)"
    state.database.change(sql, (f"AGR-1,{digest(PERSON)}",))
    with pytest.raises(StillThere, match=r"^a first load is under way; let it end first\.$"):
        erase(state, ["AGR-1"], "request 17", AT, unlink=True)
