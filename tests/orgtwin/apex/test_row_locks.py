"""Rows that another transaction holds: who waits, who is refused, and in which words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.orgtwin.apex.live_org import NOON, LiveOrg, messages

from orgtwin.apex.faults import ApexThrow
from orgtwin.records.model import AccessLevel

VISIT = """<CustomObject><label>Visit</label><pluralLabel>Visits</pluralLabel>
<nameField><type>AutoNumber</type><label>Number</label><displayFormat>V-{0000}</displayFormat></nameField>
<deploymentStatus>Deployed</deploymentStatus><sharingModel>ControlledByParent</sharingModel>
<fields><fullName>Account__c</fullName><type>MasterDetail</type><label>Account</label><referenceTo>Account</referenceTo>
<relationshipName>Visits</relationshipName><relationshipLabel>Visits</relationshipLabel></fields>
<fields><fullName>Contact__c</fullName><type>Lookup</type><label>Contact</label><referenceTo>Contact</referenceTo>
<relationshipName>Visits</relationshipName><relationshipLabel>Visits</relationshipLabel></fields></CustomObject>"""
HELD = "unable to obtain exclusive access to this record or 1 records: {}"
UNAVAILABLE = (
    "System.QueryException: Record Currently Unavailable: The record you are attempting to edit, or one of its related records,"
    " is currently being modified by another user. Please try again."
)


@pytest.fixture
def org() -> LiveOrg:
    return LiveOrg()


@pytest.fixture
def account(org: LiveOrg) -> str:
    return str(org.insert("Account", {"Name": "held"})[0].record_id)


def update(org: LiveOrg, *rows: dict[str, object]) -> list[str]:
    return messages(org.org.dml.update(org.caller, "Account", rows))


def test_a_held_row_is_not_updated_and_the_others_of_the_call_are(org: LiveOrg, account: str) -> None:
    other = str(org.insert("Account", {"Name": "free"})[0].record_id)
    org.org.locks.hold([account])
    assert update(org, {"Id": account, "Name": "a"}, {"Id": other, "Name": "b"}) == [HELD.format(account), ""]
    assert org.values("Account", "Name") == ["held", "b"]


def test_a_held_row_is_not_deleted(org: LiveOrg, account: str) -> None:
    org.org.locks.hold([account])
    assert messages(org.delete(account)) == [HELD.format(account)]


def test_the_status_code_is_the_platforms(org: LiveOrg, account: str) -> None:
    org.org.locks.hold([account])
    assert org.delete(account)[0].errors[0].status_code == "UNABLE_TO_LOCK_ROW"


def test_no_trigger_runs_for_a_held_row(org: LiveOrg, account: str) -> None:
    org.load(T="trigger T on Account (before update, before delete) { System.debug('ran'); }")
    org.org.locks.hold([account])
    update(org, {"Id": account, "Name": "a"})
    org.delete(account)
    assert org.debug_log() == []


def test_a_new_row_locks_what_its_lookups_name(org: LiveOrg, account: str) -> None:
    org.org.locks.hold([account])
    made = org.insert("Contact", {"LastName": "Ada", "AccountId": account}, {"LastName": "Eve"})
    assert messages(made) == [HELD.format(account), ""]
    assert org.values("Contact", "LastName") == ["Eve"]


def test_a_row_that_goes_locks_its_master_and_not_its_lookups(org: LiveOrg, account: str) -> None:
    org.deploy({"objects/Visit__c.object": VISIT})
    org.caller = replace(org.caller, access_level=AccessLevel.SYSTEM_MODE)  # nobody is granted the new fields
    contact = org.insert("Contact", {"LastName": "Ada", "AccountId": account})[0].record_id
    visit = org.insert("Visit__c", {"Account__c": account, "Contact__c": contact})[0].record_id
    org.org.locks.hold([account])
    assert messages(org.delete(contact)) == [""]
    assert messages(org.delete(visit)) == [HELD.format(account)]
    assert messages(org.insert("Visit__c", {"Account__c": account})) == [HELD.format(account)]


def test_who_made_or_owns_a_row_is_not_locked_with_it(org: LiveOrg, account: str) -> None:
    org.org.locks.hold([org.caller.user_id])
    assert update(org, {"Id": account, "Name": "a"}) == [""]


@pytest.mark.parametrize(("seconds", "refused"), [(10, False), (11, True)])
def test_a_lock_is_waited_for_ten_seconds(org: LiveOrg, account: str, seconds: int, refused: bool) -> None:
    org.org.locks.hold([account], NOON + timedelta(seconds=seconds))
    assert update(org, {"Id": account, "Name": "a"}) == [HELD.format(account) if refused else ""]


def test_a_lock_ends_with_its_transaction(org: LiveOrg, account: str) -> None:
    first, second = org.org.locks.hold([account]), org.org.locks.hold([account])
    assert org.org.locks.release(first.lock_id) == [first]
    assert update(org, {"Id": account, "Name": "a"}) == [HELD.format(account)]
    assert org.org.locks.release() == [second]
    assert update(org, {"Id": account, "Name": "a"}) == [""]


def test_held_rows_can_be_read_but_not_for_update(org: LiveOrg, account: str) -> None:
    org.org.locks.hold([account])
    assert org.run("System.debug([SELECT Name FROM Account].Name);") == ["held"]
    with pytest.raises(ApexThrow) as thrown:
        org.run("Account a = [SELECT Id FROM Account FOR UPDATE];")
    assert str(thrown.value) == UNAVAILABLE
    query = "Database.query('SELECT Id FROM Account for update');"
    caught = f"try {{ {query} }} catch (QueryException e) {{ System.debug(e.getMessage()); }}"
    assert org.run(caught) == [UNAVAILABLE.partition(": ")[2]]


def test_a_transaction_may_change_what_it_locked_itself(org: LiveOrg, account: str) -> None:
    assert org.run("Account a = [SELECT Id FROM Account FOR UPDATE]; a.Name = 'b'; update a;") == []
    assert org.values("Account", "Name") == ["b"]


def test_apex_gets_a_dml_exception_for_a_held_row(org: LiveOrg, account: str) -> None:
    org.org.locks.hold([account])
    assert org.run(
        f"try {{ update new Account(Id = '{account}', Name = 'b'); }} catch (DmlException e) {{"
        " System.debug(e.getMessage()); System.debug(e.getDmlType(0)); }"
    ) == [
        f"Update failed. First exception on row 0 with id {account}; first error: UNABLE_TO_LOCK_ROW, {HELD.format(account)}: []",
        "UNABLE_TO_LOCK_ROW",
    ]


@pytest.mark.parametrize("clause", ["ORDER BY Name", "GROUP BY Name"])
def test_a_dynamic_query_that_locks_is_not_ordered_or_grouped(org: LiveOrg, clause: str) -> None:
    with pytest.raises(ApexThrow) as thrown:
        org.run(f"Database.query('SELECT Name FROM Account {clause} FOR UPDATE');")
    assert str(thrown.value) == f"System.QueryException: {clause[:8]} is not allowed in a query with FOR UPDATE"
