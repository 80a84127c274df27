import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.clmkit.sync.fake_org import OWNER
from tests.clmkit.sync.world import ACME, BETA, World

from clmkit.clients.errors import Refused
from clmkit.sync.audit import find_break
from clmkit.sync.database import StateError
from clmkit.sync.sole import sole_sync

PARTY = {"id": "PTY-000001-1", "name": "ACME", "role": "counterparty"}
SIGNED = {"envelope_id": "ENV-1", "status": "completed"}


def settled(**fields: Any) -> World:
    """One agreement that both systems agree on."""
    world = World()
    world.agreement(**fields)
    world.run()
    assert world.run().events == 0
    return world


def test_a_new_agreement_becomes_a_contract_below_its_account() -> None:
    contract = settled(parties=[PARTY]).contract()
    assert (contract["Status"], contract["StartDate"], contract["EndDate"]) == ("Draft", "2026-01-01", "2026-12-31")
    assert contract["AccountId"] == "ACCOU000001"
    assert contract["CLM_Version__c"] == 1


def test_children_are_written_below_their_contract() -> None:
    world = settled(parties=[PARTY])
    assert world.org.get("CLM_Party__c", PARTY["id"])["Contract__c"] == world.contract()["Id"]


def test_an_active_agreement_is_created_as_a_draft_and_activated_by_status_alone() -> None:
    world = World()
    written: list[dict[str, Any]] = []
    world.org.after_commit = lambda sobject, records: written.extend(dict(one) for one in records)
    world.agreement(stage="EXPIRED")
    world.run()
    assert [one.get("Status") for one in written] == ["Intake", "Activated", "Expired"]
    assert set(written[1]) == set(written[2]) == {"CLM_Id__c", "Status"}


def test_what_is_for_the_clm_alone_never_leaves_it() -> None:
    world = World()
    sent: list[str] = []
    world.org.before_commit = lambda sobject, records: sent.extend(str(one) for one in records)
    world.agreement(parties=[PARTY])
    world.run()
    stored = [
        row
        for table in ("link", "parked", "audit", "event", "settlement")
        for row in world.state.database.execute(f"SELECT * FROM {table}")
    ]
    assert sent
    assert "CANARY" not in f"{sent}{stored}{world.org.records}"


def test_a_further_run_writes_nothing() -> None:
    world = settled(parties=[PARTY])
    world.org.calls.clear()
    report = world.run()
    assert (report.events, world.org.calls) == (0, ["query"])


def test_only_what_changed_is_written() -> None:
    world = settled(parties=[PARTY])
    sent: list[dict[str, Any]] = []
    world.org.before_commit = lambda sobject, records: sent.extend(dict(one) for one in records)
    world.agreement(title="Supply and Service")
    world.run()
    assert sent == [{"CLM_Id__c": "AGR-000001", "CLM_Title__c": "Supply and Service", "CLM_Version__c": 3}]


def test_a_change_of_what_is_not_mapped_writes_nothing() -> None:
    world = settled()
    world.agreement(clauses=[])
    report = world.run()
    assert (report.pushed, report.unchanged, report.rows_updated) == (0, 1, {})


def test_a_burst_of_changes_is_one_write() -> None:
    world = settled()
    for title in ("one", "two", "three"):
        world.agreement(title=title)
    world.org.calls.clear()
    report = world.run()
    assert (report.rows_updated, world.contract()["CLM_Title__c"], world.org.calls.count("collections")) == (
        {"Contract": 1},
        "three",
        1,
    )


def test_a_repeated_delivery_changes_nothing() -> None:
    world = settled()
    world.clm.changes += world.clm.changes[-2:]
    assert world.run().events == 0


def test_an_older_revision_never_overwrites_a_newer_one() -> None:
    world = settled()
    world.agreement(title="new")
    old = world.clm.changes[0]
    world.run()
    world.clm.changes.append(
        type(old)("EVT-late", 99, old.type, old.agreement_id, old.revision, old.occurred_at, "user", old.agreement)
    )
    report = world.run()
    assert (report.unchanged, world.contract()["CLM_Title__c"]) == (1, "new")


def test_an_owner_that_was_changed_in_salesforce_reaches_the_clm() -> None:
    world = settled()
    world.org.edit("Contract", "AGR-000001", OwnerId="005BEA")
    report = world.run()
    assert report.patches == 1
    assert world.clm.agreements["AGR-000001"]["business_owner"] == {"email": "bea@example.com"}


def test_an_own_patch_that_comes_back_ends_there() -> None:
    world = settled()
    world.org.edit("Contract", "AGR-000001", OwnerId="005BEA")
    report = world.run()
    assert (report.events, report.pushed, report.unchanged, report.echoes, report.rounds) == (2, 1, 1, 1, 2)


def test_an_own_write_that_comes_back_ends_there() -> None:
    world = settled()
    world.agreement(title="new")
    report = world.run()
    assert (report.events, report.pushed, report.unchanged, report.echoes, report.rounds) == (2, 1, 1, 1, 2)


def test_a_foreign_edit_of_a_field_that_the_clm_owns_is_put_back() -> None:
    world = settled()
    world.org.edit("Contract", "AGR-000001", CLM_Title__c="hacked")
    report = world.run()
    assert (report.pushed, world.contract()["CLM_Title__c"]) == (1, "Supply")


def test_an_edit_in_the_clm_of_a_field_that_salesforce_owns_is_put_back() -> None:
    world = settled()
    world.agreement(business_owner={"email": "someone@example.com"})
    world.run()
    assert world.clm.agreements["AGR-000001"]["business_owner"] == {"email": "integration@example.com"}


def contact(person: str) -> dict[str, Any]:
    return {"id": ACME, "name": "ACME", "contact": {"id": person, "name": None, "email": None}}


def test_a_shared_field_that_salesforce_holds_goes_to_the_clm_and_an_edit_there_is_put_back() -> None:
    world = settled(counterparty=contact("PER-ann"))
    world.org.edit("Contract", "AGR-000001", CustomerSignedId=world.contact_id("PER-bob"))
    world.run()
    assert world.clm.agreements["AGR-000001"]["counterparty"]["contact"]["id"] == "PER-bob"
    world.agreement(counterparty=contact("PER-ann"))
    world.run()
    assert world.clm.agreements["AGR-000001"]["counterparty"]["contact"]["id"] == "PER-bob"
    assert world.contract()["CustomerSignedId"] == world.contact_id("PER-bob")


def test_a_shared_field_that_the_clm_holds_goes_to_salesforce_and_an_edit_there_is_put_back() -> None:
    world = settled(counterparty=contact("PER-ann"), stage="ACTIVE")
    world.agreement(counterparty=contact("PER-bob"))
    world.run()
    assert world.contract()["CustomerSignedId"] == world.contact_id("PER-bob")
    world.org.edit("Contract", "AGR-000001", CustomerSignedId=world.contact_id("PER-ann"))
    world.run()
    assert world.contract()["CustomerSignedId"] == world.contact_id("PER-bob")


def test_an_edit_that_was_allowed_before_the_agreement_moved_on_is_not_lost() -> None:
    world = settled(counterparty=contact("PER-ann"))
    world.agreement(stage="ACTIVE")
    world.org.edit("Contract", "AGR-000001", CustomerSignedId=world.contact_id("PER-bob"))
    asyncio.run(world.engine().run(looks=False))
    assert world.clm.agreements["AGR-000001"]["counterparty"]["contact"]["id"] == "PER-bob"
    assert world.run().conflicts == 0
    assert (world.contract()["Status"], world.contract()["CustomerSignedId"]) == (
        "Activated",
        world.contact_id("PER-bob"),
    )


def conflicting() -> World:
    world = settled(counterparty=contact("PER-ann"))
    world.org.add("Contact", CLM_Person_Id__c="PER-eve", Email="eve@example.com")
    world.org.edit("Contract", "AGR-000001", CustomerSignedId=world.contact_id("PER-bob"))
    world.agreement(counterparty=contact("PER-eve"))
    return world


def test_two_edits_of_a_shared_field_wait_for_a_steward_and_nothing_is_written() -> None:
    world = conflicting()
    report = world.run()
    assert (report.events, report.conflicts) == (2, 2)
    assert world.contract()["CustomerSignedId"] == world.contact_id("PER-bob")
    assert world.clm.agreements["AGR-000001"]["counterparty"]["contact"]["id"] == "PER-eve"
    (waiting,) = world.state.read_parked(kind="conflict")
    assert (waiting.field, waiting.steward) == ("primary_contact", "sales_ops")
    assert waiting.reason.endswith(": both sides changed it. Make both equal, or change the rule, then redrive.")


def test_a_conflict_is_over_when_both_sides_are_equal() -> None:
    world = conflicting()
    world.run()
    world.org.edit("Contract", "AGR-000001", CustomerSignedId=world.contact_id("PER-eve"))
    world.run()
    assert world.state.read_parked(kind="conflict") == []
    assert world.reconcile().is_clean


def test_a_contract_waits_for_its_account_and_says_so() -> None:
    world = World()
    world.agreement(counterparty={"id": "PTY-new", "name": "New", "contact": None}, parties=[PARTY])
    report = world.run()
    assert (report.parked, report.rows_created) == (1, {})
    reasons = {(row.object, row.reason) for row in world.state.read_parked(kind="row")}
    assert reasons == {
        ("contract", "Salesforce has no Account with CLM_Party_Id__c 'PTY-new'. Create it there, then redrive."),
        ("party", "It waits for Contract AGR-000001, which waits itself."),
    }


def test_a_redriven_row_goes_through_once_its_account_is_there() -> None:
    world = World()
    world.agreement(counterparty={"id": "PTY-new", "name": "New", "contact": None}, parties=[PARTY])
    world.run()
    world.org.add("Account", CLM_Party_Id__c="PTY-new", Name="New")
    assert (
        world.state.inbox.redrive(
            [row.agreement_id for row in world.state.read_parked(kind="row")], "2026-11-21T00:00:00Z"
        )
        == 1
    )
    report = world.run()
    assert report.rows_created == {"Contract": 1, "CLM_Party__c": 1}
    assert world.state.read_parked() == []


def test_two_accounts_with_one_key_are_told_apart_by_a_person() -> None:
    world = World()
    world.org.add("Account", CLM_Party_Id__c=ACME, Name="ACME again")
    world.agreement()
    world.run()
    (waiting,) = world.state.read_parked(kind="row")
    assert waiting.reason == f"2 Account records have CLM_Party_Id__c '{ACME}'; it must be one. Merge them."


def test_a_value_that_cannot_be_mapped_waits_and_the_row_goes_on_without_it() -> None:
    world = World()
    world.agreement(term={"signed": None, "start": "2026-01-01", "end": "[]/[]/2030"})
    report = world.run()
    assert (report.rows_created, report.parked_values, report.parked) == ({"Contract": 1}, 1, 0)
    assert "EndDate" not in world.contract()


def test_a_parked_value_that_becomes_readable_is_written_and_no_longer_waits() -> None:
    world = World()
    world.agreement(term={"signed": None, "start": "2026-01-01", "end": "[]/[]/2030"})
    world.run()
    world.agreement(term={"signed": None, "start": "2026-01-01", "end": "2030-06-30"})
    world.run()
    assert (world.contract()["EndDate"], world.state.read_parked()) == ("2030-06-30", [])


def test_a_refused_row_is_parked_with_salesforces_words_and_the_others_go_on() -> None:
    world = World()
    world.org.refuse["AGR-000001"] = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Value needs a signature")
    world.agreement()
    world.agreement("AGR-000002")
    report = world.run()
    assert (report.parked, report.rows_created) == (1, {"Contract": 1})
    (waiting,) = world.state.read_parked(kind="row")
    assert waiting.reason == (
        "A validation rule of the org refuses the contract. (FIELD_CUSTOM_VALIDATION_EXCEPTION: Value needs a signature)"
    )


def test_a_revision_that_the_org_refuses_as_older_is_read_anew() -> None:
    world = World()
    world.org.refuse["AGR-000001"] = (
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "CLM_STALE: revision 1 is older than revision 2.",
    )
    world.org.after_commit = lambda sobject, records: world.org.refuse.clear()
    world.agreement()
    report = world.run()
    assert (report.rows_created, report.parked) == ({"Contract": 1}, 0)


def test_a_sync_that_the_org_takes_for_a_person_stops_and_says_so() -> None:
    world = World()
    world.org.refuse["AGR-000001"] = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "CLM_OWNED: Title comes from the CLM.")
    world.agreement()
    report = world.run()
    assert (report.waiting, report.parked) == (1, 0)
    assert report.stopped == (
        "Contract AGR-000001: The org takes the sync for a person: the trigger guards refuse what only the integration user"
        " may write. Assign its permission set. (FIELD_CUSTOM_VALIDATION_EXCEPTION: CLM_OWNED: Title comes from the CLM.)"
    )


def test_a_state_file_without_room_ends_the_run_in_words_and_the_next_run_goes_on() -> None:
    world = World()
    for number in range(1, 40):
        world.agreement(f"AGR-{number:06d}", title="x" * 200)
    pages = world.state.database.execute("PRAGMA page_count")[0][0]
    world.state.database.execute(f"PRAGMA max_page_count = {int(str(pages)) + 3}")
    with pytest.raises(
        StateError, match=r"^the state file: the disk is full. Nothing was lost; make room and run again.$"
    ):
        world.run()
    world.state.database.execute("PRAGMA max_page_count = 100000")
    world.run()
    assert world.org.count("Contract") == 39
    assert world.reconcile().is_clean


def test_a_locked_row_is_tried_again_and_then_given_up_in_words() -> None:
    world = World()
    world.org.refuse["AGR-000001"] = ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access")
    world.agreement()
    world.run()
    assert world.org.calls.count("collections") == 5
    (waiting,) = world.state.read_parked(kind="row")
    assert waiting.reason.endswith("(UNABLE_TO_LOCK_ROW: unable to obtain exclusive access) Given up after 5 attempts.")


def test_a_lock_that_goes_away_costs_one_more_call() -> None:
    world = World()
    world.org.refuse["AGR-000001"] = ("UNABLE_TO_LOCK_ROW", "busy")
    world.org.after_commit = lambda sobject, records: world.org.refuse.clear()
    world.agreement()
    report = world.run()
    assert (report.rows_created, world.org.calls.count("collections")) == ({"Contract": 1}, 2)


def test_what_would_befall_every_row_stops_the_run_and_nothing_is_lost() -> None:
    world = World()
    world.org.refuse["AGR-000001"] = ("INVALID_FIELD", "No such column 'CLM_Title__c' on sobject of type Contract")
    world.agreement()
    report = world.run()
    assert (report.waiting, report.parked) == (1, 0)
    assert report.stopped == (
        "Contract AGR-000001: A mapped field is not in the org. Deploy the generated metadata, or correct the spec."
        " (INVALID_FIELD: No such column 'CLM_Title__c' on sobject of type Contract)"
    )
    world.org.refuse.clear()
    assert world.run().rows_created == {"Contract": 1}


def test_a_record_that_was_deleted_in_salesforce_is_made_again_whole() -> None:
    world = settled(parties=[PARTY])
    world.org.records["Contract"].clear()
    world.org.records["CLM_Party__c"].clear()
    world.agreement(title="again")
    world.run()
    assert (world.contract()["CLM_Title__c"], world.contract()["AccountId"]) == ("again", "ACCOU000001")


def test_a_record_that_was_deleted_in_salesforce_is_made_again_with_its_children_by_the_next_run() -> None:
    world = settled(parties=[PARTY])
    world.org.delete("Contract", "AGR-000001")
    report = world.run()
    assert report.rows_created == {"Contract": 1, "CLM_Party__c": 1}
    assert world.org.get("CLM_Party__c", PARTY["id"])["Contract__c"] == world.contract()["Id"]
    assert "deleted in Salesforce" in [entry.kind for entry in world.state.read_audit()]
    world.run()
    assert world.run().events == 0
    assert world.reconcile().is_clean


def test_a_record_that_was_deleted_together_with_its_agreement_is_not_made_again() -> None:
    world = settled()
    world.org.delete("Contract", "AGR-000001")
    del world.clm.agreements["AGR-000001"]
    assert world.run().rows_created == {}
    assert world.org.count("Contract") == 0


def test_a_record_in_the_recycle_bin_that_was_never_linked_is_nobodys_business() -> None:
    world = World()
    world.org.add("Contract", CLM_Id__c="AGR-000009")
    world.org.delete("Contract", "AGR-000009")
    assert world.run().events == 0


def test_a_party_that_left_the_agreement_is_marked_and_not_deleted() -> None:
    world = settled(parties=[PARTY])
    world.agreement(parties=[])
    world.run()
    assert world.org.count("CLM_Party__c") == 1
    (gone,) = world.state.read_parked(kind="gone")
    assert (
        gone.reason
        == "The CLM no longer has this Contract Party; Salesforce still does. Delete it there if that is right."
    )


def test_an_agreement_that_renews_another_new_one_is_written_after_it() -> None:
    world = World()
    world.agreement("AGR-000001", renews="AGR-000002")
    world.agreement("AGR-000002", renews="AGR-000003")
    world.agreement("AGR-000003")
    world.run()
    assert world.contract("AGR-000001")["CLM_Renews__c"] == world.contract("AGR-000002")["Id"]
    assert world.contract("AGR-000002")["CLM_Renews__c"] == world.contract("AGR-000003")["Id"]


def test_agreements_that_wait_are_read_together(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_of_leftovers()
    monkeypatch.setattr(world.clm, "get_agreement", None)
    assert world.run().rows_created == {"Contract": 3}
    assert world.reconcile().is_clean


def test_agreements_that_are_refused_together_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(_ids: object) -> None:
        raise Refused("CLM GET", 500, "broken", "one of them does not read")

    world = world_of_leftovers()
    monkeypatch.setattr(world.clm, "find_agreements", refuse)
    assert world.run().rows_created == {"Contract": 3}
    assert world.reconcile().is_clean


def world_of_leftovers() -> World:
    """Three agreements whose events were taken in and not worked on."""
    world = World()
    for number in range(1, 4):
        world.agreement(f"AGR-{number:06d}")
    assert asyncio.run(world.engine().look()) == 3
    return world


def test_an_agreement_that_the_clm_lost_waits_for_a_person() -> None:
    world = settled()
    world.org.edit("Contract", "AGR-000001", OwnerId="005BEA")
    del world.clm.agreements["AGR-000001"]
    report = world.run()
    assert report.parked == 1
    assert world.state.read_parked(kind="row")[0].reason == "The CLM does not have this agreement any more."


def test_a_patch_that_meets_a_newer_revision_is_decided_anew() -> None:
    world = settled()
    world.org.edit("Contract", "AGR-000001", OwnerId="005BEA")

    def edit_in_between() -> None:
        world.clm.before_commit = lambda: None
        world.agreement(title="meanwhile")

    world.clm.before_commit = edit_in_between
    world.run()
    agreement = world.clm.agreements["AGR-000001"]
    assert (agreement["title"], agreement["business_owner"]) == ("meanwhile", {"email": "bea@example.com"})
    assert world.contract()["CLM_Title__c"] == "meanwhile"


def test_an_agreement_that_does_not_hold_still_is_parked_and_settled_once_it_does() -> None:
    world = settled()
    world.org.edit("Contract", "AGR-000001", OwnerId="005BEA")
    titles = iter(range(4))

    def edit_in_between() -> None:
        title = next(titles, None)
        if title is not None:
            world.agreement(title=f"title {title}")

    world.clm.before_commit = edit_in_between
    report = world.run()
    assert report.parked == 1
    assert world.contract()["CLM_Title__c"] == "title 3"
    assert world.clm.agreements["AGR-000001"]["business_owner"] == {"email": "bea@example.com"}
    assert world.state.read_parked() == []


def test_a_flow_that_rewrites_a_synced_value_settles_in_two_hops() -> None:
    world = settled()

    def shout(sobject: str, records: Any) -> None:
        for record in records:
            if "CLM_Title__c" in record:
                world.org.edit("Contract", record["CLM_Id__c"], CLM_Title__c=record["CLM_Title__c"].upper())
                world.org.after_commit = lambda sobject, records: None

    world.org.after_commit = shout
    world.agreement(title="quiet")
    report = world.run()
    assert (world.contract()["CLM_Title__c"], report.rounds) == ("quiet", 3)


def test_every_write_is_in_the_audit_chain() -> None:
    world = settled(parties=[PARTY])
    entries = list(world.state.read_audit())
    assert [entry.kind for entry in entries] == ["mapping in force", "created", "created", "patched"]
    assert find_break(entries) is None


def test_a_state_file_is_for_one_sync_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "sync.sqlite"
    words = "first works with this state; end it or wait for its end, or give this one another state file"
    with sole_sync(path, "first"), pytest.raises(StateError, match=words), sole_sync(path, "second"):
        pass
    with sole_sync(path, "third"):
        assert path.with_name("sync.sqlite.lock").read_text() == "third"
    assert path.with_name("sync.sqlite.lock").read_text() == ""


def test_both_systems_reconcile_after_the_run() -> None:
    world = settled(parties=[PARTY], stage="ACTIVE", counterparty=contact("PER-ann"), signature=SIGNED)
    report = world.reconcile()
    assert (report.differing, report.rows_compared, report.agreements) == (0, 3, 1)
    assert report.fields_compared > 20


def test_reconcile_finds_one_wrong_field_and_one_missing_row() -> None:
    world = settled(parties=[PARTY])
    world.contract()["CLM_Title__c"] = "wrong"
    world.org.records["CLM_Party__c"].clear()
    report = world.reconcile()
    assert [(one.object, one.key, one.field, one.clm, one.salesforce, one.owner) for one in report.differences] == [
        ("contract", "AGR-000001", "CLM_Title__c", "Supply", "wrong", "clm"),
        ("party", "PTY-000001-1", "", "there", "not there", "clm"),
    ]


def test_reconcile_lists_what_waits_beside_the_differences() -> None:
    world = World()
    world.agreement(term={"signed": "[]/[]/2020", "start": None, "end": None})
    world.agreement("AGR-000002", counterparty=None)
    world.run()
    report = world.reconcile()
    assert report.is_clean
    assert [(one.kind, one.key, one.field) for one in report.parked] == [
        ("value", "AGR-000001", "signed_date"),
        ("row", "AGR-000002", "account"),
    ]


def test_a_new_owner_default_reaches_the_clm_once() -> None:
    world = World()
    world.agreement()
    report = world.run()
    assert (report.patches, world.contract()["OwnerId"]) == (1, OWNER)
    assert world.clm.agreements["AGR-000001"]["business_owner"] == {"email": "integration@example.com"}


def test_another_counterparty_moves_the_contract_to_its_account() -> None:
    world = settled()
    world.agreement(counterparty={"id": BETA, "name": "Beta", "contact": None})
    world.run()
    assert world.contract()["AccountId"] == "ACCOU000002"


def test_many_changes_in_salesforce_are_read_by_one_query_and_judged_afresh_page_by_page() -> None:
    world = World(page=3)
    names = [f"AGR-{number:06d}" for number in range(1, 10)]
    for name in names:
        world.agreement(name)
    world.run()
    for name in names:
        world.org.edit("Contract", name, OwnerId="005BEA")
    world.org.calls.clear()
    report = world.run()
    owners = {world.clm.agreements[name]["business_owner"]["email"] for name in names}
    assert (report.patches, owners) == (9, {"bea@example.com"})
    assert world.org.calls == ["query"] * 4, (
        "one for the changes, one for each further page, one that finds nothing more"
    )


def test_a_lookup_whose_record_is_missing_waits_and_costs_no_further_write() -> None:
    world = World()
    world.agreement(renews="AGR-000099")
    world.run()
    world.org.edit("Contract", "AGR-000001", Description="seen")
    report = world.run()
    assert (report.events, report.rows_updated) == (1, {})
    assert [(row.field, row.kind) for row in world.state.read_parked()] == [("renews", "value")]
