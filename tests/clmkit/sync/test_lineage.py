"""Where a value in Salesforce comes from, told from the chain and the inbox alone."""

import pytest
from tests.clmkit.sync.world import World

from clmkit.sync.audit import digest, find_break
from clmkit.sync.lineage import LineageError, find_lineage
from clmkit.sync.origin import approve, ruleset_of


def edited_twice() -> World:
    world = World()
    world.agreement(title="Supply")
    world.run()
    rules = ruleset_of(world.spec)
    approve(world.state, rules, "Ann Lee, Legal operations", "CHG-4711", "2026-11-22T00:00:00.000Z")
    world.agreement(title="Supply and services")
    world.run()
    return world


def test_the_newest_write_comes_first_with_its_event_rule_transform_mapping_approver_and_hash() -> None:
    world = edited_twice()
    found = find_lineage(world.state, "AGR-000001", "CLM_Title__c")
    assert (found.object, found.record_id, found.is_current) == ("Contract", world.contract()["Id"], True)
    newest, first = found.steps
    assert (newest.kind, newest.rule, newest.clm, newest.transform) == (
        "updated", "the CLM changed it", "title", "one_line",
    )  # fmt: skip
    assert [(one.event_id, one.source, one.actor, one.revision) for one in newest.events] == [
        ("EVT-3", "clm", "user", 3)
    ]
    rules = ruleset_of(world.spec)
    assert (newest.mapping, newest.mapping_hash) == (rules.label, rules.hash)
    assert (newest.approver, first.approver) == ("Ann Lee, Legal operations", "")
    assert newest.digest == digest("Supply and services")
    assert newest.hash == next(one.hash for one in world.state.read_audit() if one.sequence == newest.entry)
    assert (first.kind, first.rule) == ("created", "the record is new")
    assert find_break(world.state.read_audit()) is None


def test_a_record_is_found_by_its_id_of_18_or_15_characters() -> None:
    world = World()
    world.agreement()
    world.run()
    record_id = world.contract()["Id"]
    assert find_lineage(world.state, record_id, "Status").key == "AGR-000001"


def test_a_status_that_took_two_steps_is_told_in_two_steps() -> None:
    world = World()
    world.agreement(stage="ACTIVE")
    world.run()
    steps = find_lineage(world.state, "AGR-000001", "Status").steps
    assert [one.digest for one in steps] == [digest("Activated"), digest("Intake")]


def test_a_value_that_a_person_gave_in_salesforce_is_told_by_its_event() -> None:
    world = World()
    world.agreement()
    world.run()
    world.org.edit("Contract", "AGR-000001", OwnerId="005BEA")
    world.run()
    found = find_lineage(world.state, "AGR-000001", "OwnerId")
    (newest, *_) = found.steps
    assert (newest.kind, newest.rule, newest.owner) == ("patched", "Salesforce changed it", "salesforce")
    assert [one.source for one in newest.events] == ["salesforce:contract"]


def test_a_value_that_no_longer_is_what_was_written_is_said_to_be() -> None:
    world = edited_twice()
    world.state.remove_link("contract", "AGR-000001")
    assert find_lineage(world.state, "AGR-000001", "CLM_Title__c").is_current is False


@pytest.mark.parametrize(
    ("record", "field", "words"),
    [
        ("AGR-9", "Status", "The audit chain has no write of AGR-9: it was never synchronised, or its entries were erased."),
        ("AGR-000001", "Nope__c", "The sync never wrote Nope__c of AGR-000001. It wrote AccountId, CLM_Contract_Type__c,"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_said(record: str, field: str, words: str) -> None:
    with pytest.raises(LineageError) as error:
        find_lineage(edited_twice().state, record, field)
    assert str(error.value).startswith(words)


def test_no_value_is_in_the_chain() -> None:
    world = World()
    world.agreement(title="CANARY-TITLE")
    world.run()
    assert "CANARY" not in "".join(entry.body or "" for entry in world.state.read_audit())
