"""What is published and delivered is counted against the org's allocations, and refused beyond them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.orgtwin.events.stage import Listening, Stage, V

CHANNEL = "/event/Seen__e"


def set_limit(stage: Stage, name: str, maximum: int) -> None:
    assert stage.admin.request("PUT", "/twin/admin/limits", json={name: maximum}).status == 204


def used(stage: Stage, name: str) -> int:
    row: dict[str, Any] = stage.client.get(f"{V}/limits").json()[name]
    return int(row["Max"]) - int(row["Remaining"])


def test_deliveries_are_counted_for_each_client(stage: Stage) -> None:
    first, second = Listening(stage.client), Listening(stage.client)
    for client in (first, second):
        client.subscribe(CHANNEL)
    stage.create("Seen__e", Deal__c="a")
    assert (len(first.heard()), len(second.heard())) == (1, 1)
    assert used(stage, "DailyDeliveredPlatformEvents") == 2


def test_what_the_days_deliveries_do_not_reach_for_stays_in_the_stream(stage: Stage) -> None:
    set_limit(stage, "DailyDeliveredPlatformEvents", 1)
    client = Listening(stage.client)
    client.subscribe(CHANNEL)
    stage.create("Seen__e", Deal__c="a")
    stage.create("Seen__e", Deal__c="b")
    message = {"channel": "/meta/connect", "clientId": client.client_id, "connectionType": "long-polling"}

    refused = client.send(**message)
    set_limit(stage, "DailyDeliveredPlatformEvents", 10)

    assert refused[0]["error"] == "403::Organization total events daily limit exceeded"
    assert [payload["Deal__c"] for payload in client.heard()] == ["a", "b"]


def test_the_event_after_the_last_of_the_hour_is_refused(stage: Stage) -> None:
    set_limit(stage, "HourlyPublishedPlatformEvents", 1)
    stage.create("Seen__e", Deal__c="a")
    refused = stage.client.post(f"{V}/sobjects/Seen__e", {"Deal__c": "b"})
    assert (refused.status, refused.json()) == (
        400,
        [
            {
                "message": "The number of published platform event messages exceeded the hourly publishing limit",
                "errorCode": "LIMIT_EXCEEDED",
                "fields": [],
            }
        ],
    )
    stage.later(hours=1, minutes=1)
    stage.create("Seen__e", Deal__c="c")


def test_change_events_are_published_without_counting(stage: Stage) -> None:
    stage.create("Account", Name="a")
    assert used(stage, "HourlyPublishedPlatformEvents") == 0


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"Nothing": 1}, "the twin does not count 'Nothing'; known: "),
        ({"DailyApiRequests": -1}, "DailyApiRequests: -1 is not a whole number of at least 0"),
    ],
)
def test_a_limit_that_cannot_be_is_refused(stage: Stage, body: dict[str, int], text: str) -> None:
    answer = stage.admin.request("PUT", "/twin/admin/limits", json=body)
    assert answer.status == 400
    assert answer.json()[0]["message"].startswith(text)
