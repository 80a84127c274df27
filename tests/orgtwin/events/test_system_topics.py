"""/systemTopic: who traces a user hears of each log that is stored, and who runs tests of the run, while listening."""

from __future__ import annotations

from urllib.parse import quote

from tests.orgtwin.events.stage import Listening, Stage, V, next_heard

from orgtwin.apex.service import service_of
from orgtwin.http.in_process import InProcess

LOGGING = "/systemTopic/Logging"
TOOLING = f"{V}/tooling"


def trace(stage: Stage, user_id: str) -> None:
    level = stage.client.post(f"{TOOLING}/sobjects/DebugLevel", {"DeveloperName": "Fine", "MasterLabel": "Fine"})
    flag = {
        "TracedEntityId": user_id,
        "LogType": "DEVELOPER_LOG",
        "DebugLevelId": level.json()["id"],
    }
    made = stage.client.post(f"{TOOLING}/sobjects/TraceFlag", flag)
    assert made.status == 201, made.text


def run(stage: Stage, source: str = "System.debug(1);") -> None:
    assert stage.client.get(f"{TOOLING}/executeAnonymous?anonymousBody={quote(source)}").json()["success"]


def log_ids(stage: Stage) -> list[str]:
    found = stage.client.get(f"{TOOLING}/query?q=SELECT Id FROM ApexLog ORDER BY Id").json()
    return [row["Id"] for row in found["records"]]


def test_each_log_of_the_listener_is_told_once_by_its_id(stage: Stage) -> None:
    trace(stage, stage.admin_id)
    run(stage)
    (before,) = log_ids(stage)
    client = Listening(stage.client)
    reply = client.subscribe(LOGGING)
    assert (reply["successful"], client.poll()) == (True, [])

    run(stage)
    run(stage)

    first, second = (log_id for log_id in log_ids(stage) if log_id != before)
    event = {"createdDate": "2026-03-01T12:00:00.000Z", "type": "created"}
    assert client.poll() == [
        {"channel": LOGGING, "data": {"event": event, "sobject": {"Id": log_id}}} for log_id in (first, second)
    ]
    assert client.poll() == []


def test_a_run_of_tests_is_told_by_its_id(stage: Stage) -> None:
    source = "@IsTest class AdderTest { @IsTest static void adds() { Assert.areEqual(2, 1 + 1); } }"
    made = stage.client.post(f"{TOOLING}/sobjects/ApexClass", {"Body": source})
    client = Listening(stage.client)
    assert (made.status, client.subscribe("/systemTopic/TestResult")["successful"]) == (201, True)
    run_id = stage.client.post(f"{TOOLING}/runTestsAsynchronous", {"testLevel": "RunLocalTests"}).json()
    event = {"createdDate": "2026-03-01T12:00:00.000Z", "type": "updated"}
    told = {"channel": "/systemTopic/TestResult", "data": {"event": event, "sobject": {"Id": run_id}}}
    assert (client.poll(), client.poll()) == ([told], [])


def test_one_client_hears_of_changes_and_of_logs(stage: Stage) -> None:
    trace(stage, stage.admin_id)
    client = Listening(stage.client)
    client.subscribe(LOGGING)
    client.subscribe("/data/AccountChangeEvent")
    run(stage, "insert new Account(Name = 'x');")
    assert [message["channel"] for message in client.poll()] == ["/data/AccountChangeEvent", LOGGING]


def test_other_users_who_is_not_traced_and_who_went_away_hear_nothing(stage: Stage) -> None:
    other = Listening(InProcess(stage.application, stage.limited_user()))
    gone, mine = Listening(stage.client), Listening(stage.client)
    for client in (other, gone, mine):
        assert client.subscribe(LOGGING)["successful"]
    run(stage)
    assert mine.poll() == []

    trace(stage, stage.admin_id)
    gone.send(channel="/meta/unsubscribe", clientId=gone.client_id, subscription=LOGGING)
    run(stage)
    assert (other.poll(), gone.poll(), len(mine.poll())) == ([], [], 1)


def test_a_connect_that_waits_is_answered_when_a_log_is_stored(stage: Stage) -> None:
    trace(stage, stage.admin_id)
    apex = service_of(stage.twin.org)
    told, reply = next_heard(stage, LOGGING, lambda: apex.run_anonymous("System.debug(1);", stage.admin_id))
    assert ([told["data"]["sobject"]["Id"]], reply["successful"]) == (log_ids(stage), True)


def test_no_other_system_topic_can_be_listened_to(stage: Stage) -> None:
    reply = Listening(stage.client).subscribe("/systemTopic/Other")
    assert reply["error"] == "400::The channel you requested to subscribe to doesn't exist {/systemTopic/Other}"
