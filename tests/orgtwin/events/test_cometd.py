"""CometD: handshake, subscriptions, replay, and the refusals of the Streaming API."""

from __future__ import annotations

from typing import Any

import pytest
from tests.orgtwin.events.stage import Listening, Stage, next_heard

from orgtwin.http.in_process import InProcess

CHANNEL = "/event/Seen__e"


def test_a_handshake_gives_a_client_id_and_the_extensions(stage: Stage) -> None:
    reply = Listening(stage.client).handshake
    client_id = reply.pop("clientId")
    assert len(client_id) == 32
    assert reply == {
        "channel": "/meta/handshake",
        "id": "1",
        "ext": {"replay": True, "payload.format": True},
        "minimumVersion": "1.0",
        "supportedConnectionTypes": ["long-polling"],
        "version": "1.0",
        "successful": True,
        "reestablish": False,
    }


TOKENS = {"00DTW!wrong": "401::Authentication invalid", None: "401::Request requires authentication"}


@pytest.mark.parametrize(("token", "reason"), TOKENS.items(), ids=["wrong", "none"])
def test_a_handshake_without_a_session_is_denied(stage: Stage, token: str | None, reason: str) -> None:
    assert Listening(InProcess(stage.application, token)).handshake == {
        "channel": "/meta/handshake",
        "id": "1",
        "ext": {"replay": True, "payload.format": True, "sfdc": {"failureReason": reason}},
        "advice": {"reconnect": "none"},
        "successful": False,
        "error": "403::Handshake denied",
    }


def test_a_subscription_begins_with_new_events_all_events_or_after_an_id(stage: Stage) -> None:
    first = Listening(stage.client)
    first.subscribe(CHANNEL)
    for name in "abc":
        stage.create("Seen__e", Deal__c=name)
    middle = first.poll()[1]["data"]["event"]["replayId"]
    heard = {}
    for replay in (-1, "-2", middle):
        client = Listening(stage.client)
        client.subscribe(CHANNEL, replay)
        heard[replay] = [payload["Deal__c"] for payload in client.heard()]
    assert heard == {-1: [], "-2": ["a", "b", "c"], middle: ["c"]}


def test_an_event_is_delivered_once(stage: Stage) -> None:
    client = Listening(stage.client)
    client.subscribe(CHANNEL)
    stage.create("Seen__e", Deal__c="a")
    assert (len(client.heard()), client.heard()) == (1, [])


def invalid(replay: object) -> str:
    return (
        f"400::The replayId {{{replay}}} you provided was invalid. Please provide a valid ID, -2 to replay all events, "
        "or -1 to replay only new events."
    )


REFUSED: dict[str, tuple[object, object, str]] = {
    "no channel": ("", -1, "400::Channel name not specified"),
    "no slash": ("event/Seen__e", -1, "400::Channel subscriptions must start with a leading '/'"),
    "unknown": ("/event/No__e", -1, "400::The channel you requested to subscribe to doesn't exist {/event/No__e}"),
    "not captured": (
        "/data/LeadChangeEvent",
        -1,
        "400::The channel you requested to subscribe to doesn't exist {/data/LeadChangeEvent}",
    ),
    "other case": (
        "/event/seen__e",
        -1,
        "400::The channel you requested to subscribe to doesn't exist {/event/seen__e}",
    ),
    "computed id": (CHANNEL, 17, invalid(17)),
    "no number": (CHANNEL, "x", invalid("x")),
}


@pytest.mark.parametrize(("channel", "replay", "error"), REFUSED.values(), ids=list(REFUSED))
def test_a_subscription_that_cannot_be_is_refused(stage: Stage, channel: Any, replay: object, error: str) -> None:
    client = Listening(stage.client)
    reply = client.subscribe(channel, replay)
    assert reply == {
        "channel": "/meta/subscribe",
        "id": "1",
        "subscription": channel,
        "clientId": client.client_id,
        "successful": False,
        "error": error,
    }


def test_an_object_without_view_all_is_refused(stage: Stage) -> None:
    client = Listening(InProcess(stage.application, stage.limited_user(("Account", False))))
    assert client.subscribe("/data/AccountChangeEvent")["error"] == (
        "403::User not allowed to subscribe CDC without View All Data permissions"
    )
    assert client.subscribe(CHANNEL)["error"] == "403::Restricted channel"


def test_events_are_kept_for_72_hours_and_their_ids_are_refused_afterwards(stage: Stage) -> None:
    stage.create("Seen__e", Deal__c="old")
    old = stage.twin.events.bus.last_id
    stage.later(hours=71)
    stage.create("Seen__e", Deal__c="young")
    kept = Listening(stage.client)
    kept.subscribe(CHANNEL, -2)
    assert [payload["Deal__c"] for payload in kept.heard()] == ["old", "young"]
    stage.later(hours=1.1)
    late = Listening(stage.client)
    late.subscribe(CHANNEL, -2)
    assert [payload["Deal__c"] for payload in late.heard()] == ["young"]
    stage.later(hours=72)
    assert late.subscribe(CHANNEL, old)["error"] == "401::Authentication invalid"
    assert Listening(stage.client).subscribe(CHANNEL, old)["error"] == invalid(old)


def test_an_administrator_can_let_all_events_expire(stage: Stage) -> None:
    stage.create("Seen__e", Deal__c="a")
    last = stage.twin.events.bus.last_id
    assert stage.admin.post("/twin/admin/events/expire").json() == {"expired": 1}
    assert Listening(stage.client).subscribe(CHANNEL, last)["error"] == invalid(last)


def test_an_armed_fault_makes_a_good_replay_id_invalid(stage: Stage) -> None:
    stage.create("Seen__e", Deal__c="a")
    last = stage.twin.events.bus.last_id
    stage.admin.post("/twin/admin/faults", {"name": "invalid_replay_id"})
    client = Listening(stage.client)
    assert client.subscribe(CHANNEL, last)["error"] == invalid(last)
    assert client.subscribe(CHANNEL, last)["successful"]


def test_when_the_days_deliveries_are_used_up_a_connect_is_refused(stage: Stage) -> None:
    client = Listening(stage.client)
    client.subscribe(CHANNEL)
    stage.create("Seen__e", Deal__c="a")
    stage.admin.post("/twin/admin/faults", {"name": "event_delivery_limit"})
    message = {"channel": "/meta/connect", "clientId": client.client_id, "connectionType": "long-polling"}
    assert client.send(**message)[0]["error"] == "403::Organization total events daily limit exceeded"


def test_who_unsubscribes_hears_no_more_and_who_disconnects_is_unknown(stage: Stage) -> None:
    client = Listening(stage.client)
    client.subscribe(CHANNEL)
    client.send(channel="/meta/unsubscribe", clientId=client.client_id, subscription=CHANNEL)
    stage.create("Seen__e", Deal__c="a")
    unheard = client.heard()
    gone = client.send(channel="/meta/disconnect", clientId=client.client_id)[0]["successful"]
    reply = client.send(channel="/meta/connect", clientId=client.client_id)[0]
    assert (unheard, gone, reply["error"], reply["advice"]) == (
        [],
        True,
        "403::Unknown client",
        {"interval": 0, "reconnect": "handshake"},
    )


def test_a_client_cannot_publish_over_cometd(stage: Stage) -> None:
    client = Listening(stage.client)
    reply = client.send(channel=CHANNEL, clientId=client.client_id, data={"Deal__c": "a"})[0]
    assert reply["error"] == "403::Restricted channel"


def test_a_connect_waits_for_the_next_event(stage: Stage) -> None:
    event, reply = next_heard(stage, CHANNEL, lambda: stage.create_now("Seen__e", Deal__c="a"))
    assert (event["data"]["payload"]["Deal__c"], reply["successful"]) == ("a", True)


def test_the_address_needs_a_version(stage: Stage) -> None:
    answer = stage.client.post("/cometd/new", [])
    assert answer.json()[0]["message"] == "API version in the URI is mandatory. URI format: '/cometd/68.0'"
