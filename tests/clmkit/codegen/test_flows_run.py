"""What was generated works on an org: reminders and escalations come and end, sharing shares, a duplicate rule finds duplicates."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import pytest
from tests.clmkit.codegen.cumulus import Door
from tests.clmkit.codegen.specs import spec_of
from tests.clmkit.codegen.test_round_trip import VERSION, running_org

from clmkit.codegen.flow_elements import REMINDER
from clmkit.codegen.flows import ENDS, ESCALATION, RENEWS
from clmkit.codegen.mdapi import Component, convert_source, render_manifest
from clmkit.codegen.notice_flow import NOTICE
from clmkit.codegen.project import plan_project
from clmkit.release.org_access import open_org, read_access

pytestmark = pytest.mark.e2e

END = "2030-06-11"  # ten days' notice: the last day for notice is 2030-06-01
BEFORE_FIRST, AFTER_FIRST = "2030-03-02T12:00:00+00:00", "2030-03-04T12:00:00+00:00"  # 90 days before it
AFTER_SECOND = "2030-05-03T12:00:00+00:00"  # 30 days before it
BEFORE_ESCALATION, AFTER_ESCALATION = "2030-05-15T12:00:00+00:00", "2030-05-17T12:00:00+00:00"  # 16 days before it

NUMBERS = count(1)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """An org with the widest spec, whose administrator writes for the CLM."""
    ready = tmp_path_factory.mktemp("flows") / "ready.json"
    package = convert_source(plan_project(spec_of("everything")).render(), VERSION)
    with running_org(ready) as access:

        async def deploy() -> str:
            async with open_org(access, VERSION) as clients:
                started = await clients.metadata.start_deploy(package.files, check_only=False)
                return (await clients.metadata.wait_for_deploy(started)).status

        assert asyncio.run(deploy()) == "Succeeded"
        opened = Door(ready, VERSION)
        opened.assign("ACME_Service", "ACME_Linking")
        yield opened


def agreement(door: Door, state: str = "Running", end: str = END, renews: str | None = None) -> str:
    """A new agreement with ten days' notice; its record's id."""
    values = {
        "ACME_Key__c": f"AGR-{next(NUMBERS)}",
        "ACME_Revision__c": 1,
        "ACME_State__c": state,
        "End__c": end,
        "Notice__c": 10,
        "Notice_Unit__c": "Days",
        "Renews__c": renews,
    }
    return door.create("ACME_Folder__c", values)


def tasks(door: Door, record: str) -> list[dict[str, Any]]:
    fields = "Id, Subject, Description, Owner.Name, ActivityDate, Status"
    query = f"SELECT {fields} FROM Task WHERE WhatId = '{record}' ORDER BY CreatedDate, Id"
    return [dict(row) for row in door.find(query)]


def subjects(door: Door, record: str) -> list[str]:
    return [str(task["Subject"]) for task in tasks(door, record)]


def test_reminders_come_on_their_days_and_go_to_the_stewards_queue(door: Door) -> None:
    record = agreement(door)
    door.pass_time(BEFORE_FIRST)
    assert subjects(door, record) == []
    door.pass_time(AFTER_FIRST)
    (task,) = tasks(door, record)
    assert (task["Subject"], task["ActivityDate"], task["Owner"]["Name"]) == (REMINDER, "2030-06-01", "People's law")
    door.pass_time(AFTER_FIRST)
    assert subjects(door, record) == [REMINDER]
    door.pass_time(AFTER_SECOND)
    assert subjects(door, record) == [REMINDER, REMINDER]


def test_a_reminder_that_stays_open_is_escalated_once(door: Door) -> None:
    record = agreement(door)
    door.pass_time(BEFORE_ESCALATION)
    assert ESCALATION not in subjects(door, record)
    door.pass_time(AFTER_ESCALATION)
    door.pass_time(AFTER_ESCALATION)
    assert subjects(door, record).count(ESCALATION) == 1


def test_a_reminder_that_was_decided_is_not_escalated(door: Door) -> None:
    record = agreement(door)
    door.pass_time(BEFORE_ESCALATION)
    for task in tasks(door, record):
        door.change("Task", str(task["Id"]), {"Status": "Completed"})
    door.pass_time(AFTER_ESCALATION)
    assert subjects(door, record) == [REMINDER, REMINDER]


def test_an_end_that_moves_takes_the_reminders_along(door: Door) -> None:
    record = agreement(door)
    door.change("ACME_Folder__c", record, {"End__c": "2031-06-11", "ACME_Revision__c": 2})
    door.pass_time(AFTER_ESCALATION)
    assert subjects(door, record) == []
    door.pass_time("2031-03-04T12:00:00+00:00")
    assert [task["ActivityDate"] for task in tasks(door, record)] == ["2031-06-01"]


@pytest.mark.parametrize("state", ["Draft", "Ended"])
def test_an_agreement_that_is_not_in_force_reminds_nobody(door: Door, state: str) -> None:
    record = agreement(door, state)
    door.pass_time(AFTER_ESCALATION)
    assert subjects(door, record) == []


def test_an_agreement_that_is_over_before_its_day_reminds_nobody(door: Door) -> None:
    record = agreement(door)
    door.change("ACME_Folder__c", record, {"ACME_State__c": "Ended", "ACME_Revision__c": 2})
    door.pass_time(AFTER_ESCALATION)
    assert subjects(door, record) == []


@pytest.mark.parametrize(("renews", "consequence"), [("Automatic", RENEWS), ("None", ENDS), (None, ENDS)])
def test_a_reminder_says_what_happens_when_nobody_decides(door: Door, renews: str | None, consequence: str) -> None:
    record = agreement(door, renews=renews)
    door.pass_time(AFTER_FIRST)
    (task,) = tasks(door, record)
    assert task["Description"] == f"{REMINDER}. {consequence} Decided by: People's law."


def give_notice(door: Door, record: str, size: str = "Large") -> None:
    """A notice of a size that the roll-up counts, unless said otherwise."""
    door.create("ACME_Told__c", {"ACME_Key__c": f"NOT-{next(NUMBERS)}", "Folder__c": record, "Size__c": size})


def test_notice_is_told_at_once_completes_the_open_reminder_and_ends_the_others(door: Door) -> None:
    record = agreement(door)
    door.pass_time(AFTER_FIRST)
    give_notice(door, record)
    told = [(task["Subject"], task["Status"], task["Owner"]["Name"]) for task in tasks(door, record)]
    assert sorted(told) == [(REMINDER, "Completed", "People's law"), (NOTICE, "Not Started", "People's law")]
    door.pass_time(AFTER_ESCALATION)
    assert sorted(subjects(door, record)) == [REMINDER, NOTICE]


def test_a_notice_that_does_not_count_ends_nothing(door: Door) -> None:
    record = agreement(door)
    give_notice(door, record, "Small")
    door.pass_time(AFTER_SECOND)
    assert subjects(door, record) == [REMINDER, REMINDER]


PERSON = {
    "Username": "reader@effects.example", "LastName": "Reader", "Email": "reader@effects.example", "Alias": "reader",
    "TimeZoneSidKey": "GMT", "LocaleSidKey": "en_US", "EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US",
}  # fmt: skip


def test_a_sharing_rule_shows_a_private_record_to_its_group_while_its_condition_holds(door: Door) -> None:
    (profile,) = door.find("SELECT Id FROM Profile WHERE Name = 'Standard User'")
    reader = door.create("User", {**PERSON, "ProfileId": profile["Id"]})
    (staff,) = door.find("SELECT Id FROM PermissionSet WHERE Name = 'ACME_Staff'")
    door.create("PermissionSetAssignment", {"AssigneeId": reader, "PermissionSetId": staff["Id"]})
    running, draft = agreement(door), agreement(door, "Draft")
    mine = door.as_user(PERSON["Username"])
    seen = f"SELECT Id FROM ACME_Folder__c WHERE Id IN ('{running}', '{draft}')"
    assert mine.find(seen) == []
    (group,) = door.find("SELECT Id FROM Group WHERE DeveloperName = 'ACME_Readers'")
    door.create("GroupMember", {"GroupId": group["Id"], "UserOrGroupId": reader})
    assert [row["Id"] for row in mine.find(seen)] == [running]
    assert mine.refused("ACME_Folder__c", running, {"Note__c": "mine"}) == "INSUFFICIENT_ACCESS_OR_READONLY"
    door.change("ACME_Folder__c", draft, {"ACME_State__c": "Running", "ACME_Revision__c": 2})
    assert {row["Id"] for row in mine.find(seen)} == {running, draft}


RULES = ("matchingRules/Account.matchingRule", "duplicateRules/Account.CLM_Same_Name.duplicateRule")
TURNED_ON = {b"<ruleStatus>Inactive": b"<ruleStatus>Active", b"<isActive>false": b"<isActive>true"}
BLOCKING = {
    **TURNED_ON,
    b"<actionOnInsert>Allow": b"<actionOnInsert>Block",
    b"<operationsOnInsert>Report</operationsOnInsert>": b"",
}


def switch_on(door: Door, changes: Mapping[bytes, bytes]) -> str:
    """Deploy the shipped mapping's matching and duplicate rule as a steward leaves them."""
    whole = convert_source(plan_project(spec_of("shipped")).render(), VERSION).files
    files = {path: whole[path] for path in RULES}
    for path, old, new in ((path, *change) for path in RULES for change in changes.items()):
        files[path] = files[path].replace(old, new)
    members = (("MatchingRule", "Account.CLM_Same_Name"), ("DuplicateRule", "Account.CLM_Same_Name"))
    files["package.xml"] = render_manifest([Component(*member) for member in members], VERSION).encode()

    async def deploy() -> str:
        async with open_org(read_access(door.ready), VERSION) as clients:
            started = await clients.metadata.start_deploy(files, check_only=False)
            done = await clients.metadata.wait_for_deploy(started)
            return done.status if not done.failures else str(done.failures)

    return asyncio.run(deploy())


def test_a_duplicate_rule_that_is_turned_on_reports_and_lets_the_sync_write_and_blocks_where_a_steward_says_so(
    door: Door,
) -> None:
    assert switch_on(door, TURNED_ON) == "Succeeded"
    assert door.create("Account", {"Name": "Acme GmbH"}) != door.create("Account", {"Name": "Acme GmbH"})
    assert switch_on(door, BLOCKING) == "Succeeded"
    assert door.refuse_new("Account", {"Name": "Acme GmbH"}) == "DUPLICATES_DETECTED"
    assert door.create("Account", {"Name": "Acme Inc."})
