"""Platform events: publishing over REST, when they go out, and their schema."""

from __future__ import annotations

import pytest
from tests.orgtwin.events.stage import Listening, Stage, V
from tests.orgtwin.metadata.conftest import package_of

from orgtwin.http.in_process import InProcess
from orgtwin.metadata.archive import write_archive


def test_a_posted_event_is_enqueued_and_delivered_but_not_stored(stage: Stage) -> None:
    client = Listening(stage.client)
    client.subscribe("/event/Signed__e")
    answer = stage.client.post(f"{V}/sobjects/Signed__e", {"Deal__c": "D-1", "Size__c": 7})
    body = answer.json()
    (message,) = client.poll()
    (enqueued,) = body["errors"]
    assert (answer.status, body["success"], enqueued["statusCode"], enqueued["fields"]) == (
        201,
        True,
        "OPERATION_ENQUEUED",
        [],
    )
    assert message["data"]["event"]["EventUuid"] == enqueued["message"]
    assert message["data"]["payload"] == {
        "CreatedDate": "2026-03-01T12:00:00.000Z",
        "CreatedById": stage.admin_id,
        "Deal__c": "D-1",
        "Size__c": 7.0,
    }
    assert len(stage.twin.org.table("Signed__e")) == 0


BEHAVIOURS = {"Signed__e": 0, "Seen__e": 1}


@pytest.mark.parametrize(("name", "heard"), BEHAVIOURS.items(), ids=list(BEHAVIOURS))
def test_a_rollback_takes_back_only_what_is_published_after_commit(stage: Stage, name: str, heard: int) -> None:
    client = Listening(stage.client)
    client.subscribe(f"/event/{name}")
    rows = [{"attributes": {"type": name}, "Deal__c": "a"}, {"attributes": {"type": name}, "Deal__c": "x" * 81}]
    stage.client.post(f"{V}/composite/sobjects", {"allOrNone": True, "records": rows})
    assert len(client.heard()) == heard


def test_events_come_in_the_order_in_which_they_were_published(stage: Stage) -> None:
    client = Listening(stage.client)
    client.subscribe("/event/Seen__e")
    for name in "abc":
        stage.create("Seen__e", Deal__c=name)
    messages = client.poll()
    ids = [message["data"]["event"]["replayId"] for message in messages]
    assert [message["data"]["payload"]["Deal__c"] for message in messages] == ["a", "b", "c"]
    assert ids == sorted(set(ids))


def test_a_schema_is_found_by_the_id_that_events_carry(stage: Stage) -> None:
    client = Listening(stage.client)
    client.subscribe("/event/Seen__e")
    stage.create("Seen__e", Deal__c="a")
    schema_id = client.poll()[0]["data"]["schema"]
    compact = stage.client.get(f"{V}/event/eventSchema/{schema_id}?payloadFormat=COMPACT").json()
    expanded = stage.client.get(f"{V}/sobjects/Seen__e/eventSchema").json()
    assert compact == {
        "name": "Seen__e",
        "namespace": "com.sforce.eventbus",
        "type": "record",
        "fields": [
            {"name": "CreatedDate", "type": "long", "doc": "CreatedDate:DateTime"},
            {"name": "CreatedById", "type": "string", "doc": "CreatedBy:EntityId"},
            {"name": "Deal__c", "type": ["null", "string"], "doc": "Data:Text", "default": None},
            {"name": "Size__c", "type": ["null", "double"], "doc": "Data:Double", "default": None},
        ],
        "uuid": schema_id,
    }
    assert (expanded["type"], expanded["uuid"], [field["name"] for field in expanded["fields"]]) == (
        "expanded-record",
        schema_id,
        ["data", "channel"],
    )


def test_a_schema_of_an_event_that_the_user_may_not_read_does_not_exist(stage: Stage) -> None:
    schema_id = stage.twin.events.schema("Seen__e").schema_id
    stranger = InProcess(stage.application, stage.limited_user())
    assert stranger.get(f"{V}/event/eventSchema/{schema_id}").status == 404
    assert stranger.get(f"{V}/sobjects/Seen__e/eventSchema").status == 404
    assert stage.client.get(f"{V}/event/eventSchema/none").status == 404


MANAGED = {
    "state": ("PAUSE", "'PAUSE' is not a valid value for state: use RUN or STOP"),
    "defaultReplay": (
        "NEWEST",
        "Error parsing file: 'NEWEST' is not a valid value for the enum 'EventSubscriptionReplayPreset'",
    ),
    "topicName": ("Seen__e", "In field: topicName - Seen__e is no topic"),
    "version": ("", "Required field is missing: version"),
}


@pytest.mark.parametrize(
    ("name", "value", "text"), [(name, *case) for name, case in MANAGED.items()], ids=list(MANAGED)
)
def test_a_managed_subscription_that_cannot_be_is_refused(stage: Stage, name: str, value: str, text: str) -> None:
    good = {
        "defaultReplay": "LATEST",
        "errorRecoveryReplay": "LATEST",
        "label": "Sync",
        "state": "RUN",
        "topicName": "/event/Seen__e",
        "version": "66.0",
    }
    elements = "".join(f"<{key}>{one}</{key}>" for key, one in {**good, name: value}.items() if one)
    path = "managedEventSubscriptions/Sync.managedEventSubscription"
    body = f"<ManagedEventSubscription>{elements}</ManagedEventSubscription>"
    outcome = stage.try_deploy(write_archive(package_of({path: body}, {"ManagedEventSubscription": ["Sync"]})))
    assert [message.problem for message in outcome.failures] == [text]


PUBLISH = "EventBus.publish(new {}(Deal__c = 'a'));"
FROM_APEX = {
    "immediately": (PUBLISH.format("Seen__e"), ["a"]),
    "after the commit": (PUBLISH.format("Signed__e"), ["a"]),
    "immediately, then failed": (PUBLISH.format("Seen__e") + " Integer i = 1 / 0;", ["a"]),
    "after a commit that never comes": (PUBLISH.format("Signed__e") + " Integer i = 1 / 0;", []),
}


@pytest.mark.parametrize(("source", "heard"), FROM_APEX.values(), ids=list(FROM_APEX))
def test_what_apex_publishes_goes_out_by_the_events_behaviour(stage: Stage, source: str, heard: list[str]) -> None:
    client = Listening(stage.client)
    for channel in ("/event/Seen__e", "/event/Signed__e"):
        client.subscribe(channel)
    stage.client.get(f"{V}/tooling/executeAnonymous?anonymousBody={source}")
    assert [payload["Deal__c"] for payload in client.heard()] == heard
