"""Change data capture: what is told of a committed transaction, and what is not. Read through CometD."""

from __future__ import annotations

from typing import Any

import pytest
from tests.orgtwin.events.stage import Listening, Stage, V
from tests.orgtwin.metadata.conftest import package_of

from orgtwin.http.in_process import InProcess
from orgtwin.metadata.archive import write_archive
from orgtwin.metadata.deploy_model import TestLevel

NOW = "2026-03-01T12:00:00.000Z"
MILLISECONDS = 1_772_366_400_000


def kinds(payloads: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    headers = [payload["ChangeEventHeader"] for payload in payloads]
    return [(header["entityName"], header["changeType"], len(header["recordIds"])) for header in headers]


def test_a_created_record_is_told_with_its_values_and_who_made_it(stage: Stage, listening: Listening) -> None:
    record_id = stage.create("Account", client="clmkit", Name="Acme", BillingCity="Bonn")
    (payload,) = listening.heard()
    header = payload.pop("ChangeEventHeader")
    key = header.pop("transactionKey")
    assert len(key) == 36
    assert header == {
        "entityName": "Account",
        "recordIds": [record_id],
        "changeType": "CREATE",
        "changeOrigin": "com/salesforce/api/rest/66.0;client=clmkit",
        "sequenceNumber": 1,
        "commitTimestamp": MILLISECONDS,
        "commitNumber": 1,
        "commitUser": stage.admin_id,
        "changedFields": [],
    }
    assert payload == {
        "Name": "Acme",
        "BillingAddress": {"City": "Bonn"},
        "OwnerId": stage.admin_id,
        "CreatedDate": NOW,
        "CreatedById": stage.admin_id,
        "LastModifiedDate": NOW,
        "LastModifiedById": stage.admin_id,
    }


def test_an_update_tells_what_changed_and_what_was_cleared(stage: Stage, listening: Listening) -> None:
    record_id = stage.create("Account", Name="Acme", Phone="1", BillingCity="Bonn")
    listening.heard()
    stage.later(seconds=1)
    stage.update("Account", record_id, Phone=None, BillingCity="Ulm", Name="Acme")
    (payload,) = listening.heard()
    header = payload.pop("ChangeEventHeader")
    assert header["changeType"] == "UPDATE"
    assert sorted(header["changedFields"]) == ["BillingAddress.City", "LastModifiedDate", "Phone"]
    assert payload == {
        "Phone": None,
        "BillingAddress": {"City": "Ulm"},
        "LastModifiedDate": "2026-03-01T12:00:01.000Z",
    }


def test_deletes_and_undeletes_are_told(stage: Stage, listening: Listening) -> None:
    record_id = stage.create("Account", Name="Acme")
    stage.client.delete(f"{V}/sobjects/Account/{record_id}")
    deleted = listening.heard()[1]
    org = stage.twin.org
    org.dml.undelete(org.system_caller(), [record_id])
    restored = listening.heard()[0]
    assert deleted.pop("ChangeEventHeader")["changeType"] == "DELETE"
    assert deleted == {}
    assert restored["ChangeEventHeader"]["changeType"] == "UNDELETE"
    assert restored["Name"] == "Acme"


def test_the_same_change_of_many_records_is_one_event(stage: Stage, listening: Listening) -> None:
    ids = [stage.create("Account", Name=name) for name in "abc"]
    listening.heard()
    rows = [{"attributes": {"type": "Account"}, "id": i, "Phone": "7" if i != ids[2] else "8"} for i in ids]
    stage.client.patch(f"{V}/composite/sobjects", {"records": rows})
    heard = listening.heard()
    assert kinds(heard) == [("Account", "UPDATE", 2), ("Account", "UPDATE", 1)]
    assert heard[0]["ChangeEventHeader"]["recordIds"] == ids[:2]
    assert [payload["ChangeEventHeader"]["sequenceNumber"] for payload in heard] == [1, 2]
    assert len({payload["ChangeEventHeader"]["transactionKey"] for payload in heard}) == 1


def test_what_is_rolled_back_is_never_told(stage: Stage, listening: Listening) -> None:
    rows = [{"attributes": {"type": "Account"}, "Name": "a"}, {"attributes": {"type": "Account"}}]
    stage.client.post(f"{V}/composite/sobjects", {"allOrNone": True, "records": rows})
    assert listening.heard() == []


def test_nothing_is_told_before_the_commit(stage: Stage, listening: Listening) -> None:
    org = stage.twin.org
    with org.transaction():
        org.dml.insert(org.system_caller(), "Account", [{"Name": "a"}])
        during = listening.heard()
    assert (during, len(listening.heard())) == ([], 1)


def test_a_save_of_a_record_that_comes_and_goes_in_one_transaction_is_not_told(
    stage: Stage, listening: Listening
) -> None:
    org = stage.twin.org
    with org.transaction():
        (result,) = org.dml.insert(org.system_caller(), "Account", [{"Name": "a"}])
        org.dml.delete(org.system_caller(), [result.record_id or ""])
    assert listening.heard() == []


def test_what_no_channel_selects_is_not_captured(stage: Stage, listening: Listening) -> None:
    stage.create("Lead", LastName="a", Company="b")
    assert listening.heard() == []
    assert stage.admin.get("/twin/admin/events").json() == {"kept": 0, "captured": ["Account", "Contact", "Deal__c"]}


def test_a_custom_objects_own_channel_carries_its_changes_only(stage: Stage) -> None:
    client = Listening(stage.client)
    client.subscribe("/data/Deal__ChangeEvent")
    stage.create("Account", Name="a")
    stage.create("Deal__c", Name="d")
    assert kinds(client.heard()) == [("Deal__c", "CREATE", 1)]


def test_a_person_is_told_with_the_name_as_one_field(stage: Stage, listening: Listening) -> None:
    stage.create("Contact", FirstName="Ada", LastName="Byron")
    assert listening.heard()[0]["Name"] == {"FirstName": "Ada", "LastName": "Byron"}


def test_a_member_enriches_and_filters_its_channel(stage: Stage) -> None:
    client = Listening(stage.client)
    client.subscribe("/data/Clm__chn")
    kept = stage.create("Account", Name="a", AccountNumber="K1")
    other = stage.create("Account", Name="b", AccountNumber="X1")
    for record_id in (kept, other):
        stage.update("Account", record_id, Phone="1")
    created, updated = client.heard()
    assert created["ChangeEventHeader"]["recordIds"] == updated["ChangeEventHeader"]["recordIds"] == [kept]
    assert updated["AccountNumber"] == "K1"
    assert "AccountNumber" not in updated["ChangeEventHeader"]["changedFields"]


def test_on_channels_a_user_hears_of_objects_with_view_all(stage: Stage) -> None:
    token = stage.limited_user(("Account", True), ("Deal__c", False))
    client = Listening(InProcess(stage.application, token))
    subscribed = client.subscribe("/data/ChangeEvents")
    stage.create("Deal__c", Name="d")
    stage.create("Account", Name="a")
    assert subscribed["successful"]
    assert kinds(client.heard()) == [("Account", "CREATE", 1)]


def test_fields_that_the_subscriber_may_not_read_are_not_there(stage: Stage) -> None:
    client = Listening(InProcess(stage.application, stage.limited_user(("Deal__c", True))))
    client.subscribe("/data/Deal__ChangeEvent")
    stage.see_field("Deal__c.Secret__c")
    record_id = stage.create("Deal__c", Name="d", Secret__c="s")
    stage.update("Deal__c", record_id, Secret__c="t")
    created, updated = client.heard()
    assert "Secret__c" not in created
    assert (updated.get("Secret__c"), updated["ChangeEventHeader"]["changedFields"]) == (None, [])


def test_a_transaction_over_the_threshold_ends_in_an_overflow_event(stage: Stage, listening: Listening) -> None:
    stage.admin.request("PUT", "/twin/admin/events/overflow-threshold", json={"changes": 2})
    rows = [{"attributes": {"type": "Account"}, "Name": name} for name in "abcd"]
    stage.client.post(f"{V}/composite/sobjects", {"records": rows})
    heard = listening.heard()
    assert kinds(heard) == [("Account", "CREATE", 1)] * 2 + [("Account", "GAP_OVERFLOW", 1)]
    assert heard[2]["ChangeEventHeader"]["recordIds"] == ["000000000000000AAA"]


GAPS = {"event_gap": "GAP_CREATE", "event_overflow": "GAP_OVERFLOW"}


@pytest.mark.parametrize(("fault", "change_type"), GAPS.items(), ids=list(GAPS))
def test_an_armed_fault_takes_the_fields_away(stage: Stage, listening: Listening, fault: str, change_type: str) -> None:
    stage.admin.post("/twin/admin/faults", {"name": fault, "object": "Account"})
    stage.create("Account", Name="a")
    stage.create("Account", Name="b")
    first, second = listening.heard()
    assert kinds([first, second]) == [("Account", change_type, 1), ("Account", "CREATE", 1)]
    assert set(first) == {"ChangeEventHeader"}


def test_changes_in_the_database_itself_are_gaps_without_origin(stage: Stage, listening: Listening) -> None:
    answer = stage.admin.post("/twin/admin/events/gap", {"entity": "Account", "recordIds": ["001*"]})
    (payload,) = listening.heard()
    header = payload["ChangeEventHeader"]
    assert answer.status == 204
    assert (header["changeType"], header["recordIds"], header["changeOrigin"]) == ("GAP_UPDATE", ["001*"], "")


def test_a_gap_that_nobody_would_hear_is_refused(stage: Stage) -> None:
    answer = stage.admin.post("/twin/admin/events/gap", {"entity": "Lead", "recordIds": ["00Q*"]})
    assert answer.json()[0]["message"] == "no channel has 'Lead' as a member: nobody would hear of a gap"


TESTED = """@isTest private class Writes {
    @isTest static void publishesAndSaves() {
        EventBus.publish(new Seen__e(Deal__c = 'a'));
        insert new Account(Name = 'a');
        System.assertEquals(1, [SELECT COUNT() FROM Account]);
    }
}"""


def test_what_apex_tests_publish_and_save_is_never_told(stage: Stage, listening: Listening) -> None:
    meta = "<ApexClass><apiVersion>66.0</apiVersion><status>Active</status></ApexClass>"
    files: dict[str, str | bytes] = {"classes/Writes.cls": TESTED.encode(), "classes/Writes.cls-meta.xml": meta}
    zip_file = write_archive(package_of(files, {"ApexClass": ["Writes"]}))
    outcome = stage.try_deploy(zip_file, test_level=TestLevel.RUN_LOCAL_TESTS)
    ran = stage.client.get(f"{V}/tooling/runTestsSynchronous/?classnames=Writes").json()
    assert (outcome.tests.run, outcome.tests.failures, ran["numTestsRun"], ran["failures"]) == (1, (), 1, [])
    assert (listening.heard(), len(stage.twin.events.bus)) == ([], 0)


def test_a_restored_org_begins_a_new_stream(stage: Stage, listening: Listening) -> None:
    stage.admin.request("PUT", "/twin/admin/snapshots/before")
    stage.create("Account", Name="a")
    assert len(listening.heard()) == 1
    stage.admin.post("/twin/admin/snapshots/before/restore")
    again = Listening(stage.client)
    again.subscribe("/data/ChangeEvents", -2)
    stage.create("Account", Name="b")
    assert [payload["Name"] for payload in again.heard()] == ["b"]
