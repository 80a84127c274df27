"""The Pub/Sub API over gRPC and TLS, driven by a client made from its .proto; REST by simple-salesforce."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any

import grpc
import pytest
import requests
from simple_salesforce.api import Salesforce
from tests.orgtwin.events.pubsub_client import Client, Requests, compiled_proto, fetch, message
from tests.orgtwin.events.stage import V, event, package
from tests.orgtwin.metadata.conftest import package_of

from orgtwin.http.ready import ReadyFile
from orgtwin.metadata.archive import write_archive

EVENT, CHANGES = "/event/Seen__e", "/data/ChangeEvents"
LATEST, EARLIEST, CUSTOM = range(3)


def deploy(ready: ReadyFile, zip_file: bytes) -> None:
    options = {"deployOptions": {"singlePackage": True, "rollbackOnError": True}}
    answer = requests.post(
        f"{ready.http_url}{V}/metadata/deployRequest",
        files=[
            ("json", (None, json.dumps(options).encode(), "application/json")),
            ("file", ("deploy.zip", zip_file, "application/zip")),
        ],
        headers={"Authorization": f"Bearer {ready.access_token}"},
        timeout=30,
    )
    found = requests.get(
        f"{ready.http_url}{V}/metadata/deployRequest/{answer.json()['id']}?includeDetails=true",
        headers={"Authorization": f"Bearer {ready.access_token}"},
        timeout=30,
    ).json()
    assert found["deployResult"]["status"] == "Succeeded", found


def admin(ready: ReadyFile, method: str, path: str, body: object = None) -> None:
    headers = {"Authorization": f"Bearer {ready.admin_token}"}
    answer = requests.request(method, f"{ready.http_url}/twin/admin/{path}", json=body, headers=headers, timeout=30)
    assert answer.ok, answer.text


@pytest.fixture
def ready(org_twin: ReadyFile) -> ReadyFile:
    deploy(org_twin, package())
    return org_twin


@pytest.fixture
def client(ready: ReadyFile) -> Iterator[Client]:
    made = Client(ready)
    yield made
    made.close()


@pytest.fixture
def salesforce(ready: ReadyFile, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ready.ca_bundle)
    made = Salesforce(instance_url=ready.https_url, session_id=ready.access_token, version="66.0")
    yield made
    made.session.close()


def refused(run: Callable[[], Any]) -> tuple[str, str, str]:
    """Status, error code and text of a call that is refused; the rpcId is cut off."""
    with pytest.raises(grpc.RpcError) as caught:
        list(run())
    error: Any = caught.value
    trailers = dict(error.trailing_metadata())
    text, _, rpc_id = error.details().partition(" rpcId: ")
    assert rpc_id == trailers["rpc-id"]
    return error.code().name, trailers["error-code"].removeprefix("sfdc.platform.eventbus.grpc."), text


def test_the_committed_descriptor_is_what_the_proto_compiles_to() -> None:
    committed = resources.files("orgtwin.events.pubsub").joinpath("pubsub_api.binpb").read_bytes()
    assert committed == compiled_proto()


def test_a_topic_tells_its_schema_and_what_the_user_may_do(client: Client, ready: ReadyFile) -> None:
    event_topic, changes = client.topic(EVENT), client.topic("/data/Deal__ChangeEvent")
    assert (event_topic.topic_name, event_topic.tenant_guid) == (EVENT, f"CORE/prod/{ready.org_id}")
    assert (event_topic.can_publish, event_topic.can_subscribe) == (True, True)
    assert (changes.can_publish, changes.can_subscribe) == (False, True)
    assert client.schema(changes.schema_id)["name"] == "com.sforce.eventbus.Deal__ChangeEvent"
    assert client.topic(CHANGES).schema_id == ""


def test_events_come_as_avro_with_ids_of_eight_bytes(client: Client) -> None:
    requests_ = Requests(fetch(EVENT, 2, EARLIEST))
    results = client.publish(EVENT, {"Deal__c": "a", "Size__c": 1.5}, {"Deal__c": "b"})
    response = next(client.call("Subscribe", requests_))
    requests_.end()
    assert [result.correlation_key for result in results] == ["0", "1"]
    assert [e.replay_id for e in response.events] == [result.replay_id for result in results]
    assert {len(e.replay_id) for e in response.events} == {8}
    records = [client.decode(e) for e in response.events]
    assert [(r["Deal__c"], r["Size__c"]) for r in records] == [("a", 1.5), ("b", None)]
    assert (response.latest_replay_id, response.pending_num_requested) == (response.events[-1].replay_id, 0)


def test_a_change_tells_client_name_and_changed_fields_as_bitmaps(client: Client, salesforce: Any) -> None:
    requests_ = Requests(fetch("/data/AccountChangeEvent", 2, EARLIEST))
    values = {"Name": "Acme", "BillingCity": "Bonn", "Phone": "1"}
    record_id = salesforce.Account.create(values, headers={"Sforce-Call-Options": "client=clmkit"})["id"]
    salesforce.Account.update(record_id, {"BillingCity": "Ulm", "Phone": None})
    stream = client.call("Subscribe", requests_)
    created, updated = (client.decode(e) for response in [next(stream)] for e in response.events)
    requests_.end()
    header = updated["ChangeEventHeader"]
    fields = [f["name"] for f in client.schema(client.topic("/data/AccountChangeEvent").schema_id)["fields"]]
    phone, modified = 1 << fields.index("Phone"), 1 << fields.index("LastModifiedDate")
    address = fields.index("BillingAddress")
    assert created["ChangeEventHeader"]["changeOrigin"] == "com/salesforce/api/rest/66.0;client=clmkit"
    assert (created["Name"], created["BillingAddress"]["City"], created["Fax"]) == ("Acme", "Bonn", None)
    assert (header["changeType"], header["recordIds"]) == ("UPDATE", [record_id])
    assert int(header["changedFields"][0], 16) == phone | modified
    assert header["changedFields"][1:] == [f"{address}-0x02"]
    assert header["nulledFields"] == [f"0x{phone:02X}"]
    assert (updated["Name"], updated["BillingAddress"]["City"]) == (None, "Ulm")


def test_a_subscriber_gets_as_many_events_as_it_asked_for(client: Client) -> None:
    client.publish(EVENT, *({"Deal__c": str(n)} for n in range(5)))
    requests_ = Requests(fetch(EVENT, 2, EARLIEST))
    stream = client.call("Subscribe", requests_)
    first = next(stream)
    requests_.put(fetch("", 3))
    second = next(stream)
    requests_.end()
    assert [len(first.events), len(second.events)] == [2, 3]
    assert list(stream) == []


def test_a_subscription_goes_on_after_the_id_it_names(client: Client) -> None:
    first, _ = client.publish(EVENT, {"Deal__c": "a"}, {"Deal__c": "b"})
    requests_ = Requests(fetch(EVENT, 10, CUSTOM, first.replay_id))
    response = next(client.call("Subscribe", requests_))
    requests_.end()
    assert [client.decode(e)["Deal__c"] for e in response.events] == ["b"]


def test_a_silent_subscription_gets_empty_answers(client: Client, ready: ReadyFile) -> None:
    admin(ready, "PUT", "events/keepalive", {"seconds": 0.05})
    requests_ = Requests(fetch(EVENT, 7))
    stream = client.call("Subscribe", requests_)
    silent = next(stream)
    client.publish(EVENT, {"Deal__c": "a"})
    heard = next(response for response in stream if response.events)
    requests_.end()
    assert (len(silent.events), silent.pending_num_requested, len(silent.latest_replay_id)) == (0, 7, 8)
    assert (len(heard.events), heard.pending_num_requested) == (1, 6)


def test_a_publish_stream_answers_every_request(client: Client) -> None:
    again = client.publish_request(EVENT, {"Deal__c": "b"}, {"Deal__c": "c"})
    again.topic_name = ""
    requests_ = Requests(client.publish_request(EVENT, {"Deal__c": "a"}), again)
    requests_.end()
    assert [len(response.results) for response in client.call("PublishStream", requests_)] == [1, 2]


def test_events_that_cannot_be_published_are_refused_one_by_one(client: Client) -> None:
    request = client.publish_request(EVENT, {"Deal__c": "x" * 81}, *({"Deal__c": text} for text in "abc"))
    request.events[1].payload = b"\xff"
    request.events[2].schema_id = "none"
    other = request.events[3].schema_id = client.topic("/data/AccountChangeEvent").schema_id
    results = client.call("Publish", request).results
    assert [result.error.code for result in results] == [1, 1, 1, 1]
    assert [result.replay_id for result in results] == [b"", b"", b"", b""]
    assert results[3].error.msg == f"The schema {other} is not one of Seen__e."
    assert results[0].error.msg == "Deal: data value too large: " + "x" * 81 + " (max length=80)"
    assert results[2].error.msg == "The schema none is not one of Seen__e."


CORRUPTED = "The Replay ID validation failed. Ensure that the Replay ID is valid."
REQUESTED = "The number of requested events must be between 1 and 100, not {}."
REFUSED: dict[str, tuple[Any, tuple[str, str, str]]] = {
    "unknown topic": (
        fetch("/event/No__e"),
        (
            "NOT_FOUND",
            "topic.not.found",
            "The topic information for org CORE/prod/00DTW00000000012AA and topic /event/No__e not found. Ensure the topic "
            "name is correct and that the topic exists.",
        ),
    ),
    "no topic": (fetch(""), ("INVALID_ARGUMENT", "topic.validation.empty", "The topic name is blank.")),
    "bad replay id": (
        fetch(EVENT, 1, CUSTOM, b"\0" * 8),
        ("INVALID_ARGUMENT", "subscription.fetch.replayid.corrupted", CORRUPTED),
    ),
    "no replay id": (
        fetch(EVENT, 1, CUSTOM),
        ("INVALID_ARGUMENT", "subscription.fetch.replayid.validation.failed", CORRUPTED),
    ),
    "none requested": (
        fetch(EVENT, 0),
        ("INVALID_ARGUMENT", "subscription.fetch.requested.events.invalid", REQUESTED.format(0)),
    ),
    "101 requested": (
        fetch(EVENT, 101),
        ("INVALID_ARGUMENT", "subscription.fetch.requested.events.invalid", REQUESTED.format(101)),
    ),
}


@pytest.mark.parametrize(("request_", "error"), REFUSED.values(), ids=list(REFUSED))
def test_a_subscription_that_cannot_be_is_refused(client: Client, request_: Any, error: tuple[str, str, str]) -> None:
    assert refused(lambda: client.call("Subscribe", Requests(request_))) == error


def test_a_stream_keeps_to_its_topic(client: Client) -> None:
    requests_ = Requests(fetch(EVENT, 1), fetch("/event/Signed__e", 1))
    assert refused(lambda: client.call("Subscribe", requests_))[:2] == (
        "INVALID_ARGUMENT",
        "subscription.fetch.topic.mismatch",
    )


_NO_SESSION = (
    "service.auth.error",
    "An authentication exception occurred. Provide valid authentication via metadata headers.",
)
BAD_METADATA = {
    "another token": ("accesstoken", "no", _NO_SESSION),
    "another tenant": ("tenantid", "00D000000000001AAA", _NO_SESSION),
    "no tenant": (
        "tenantid",
        "",
        ("service.auth.headers.invalid", "The metadata header tenantid is blank or not valid."),
    ),
    "no address": (
        "instanceurl",
        "",
        ("service.auth.headers.invalid", "The metadata header instanceurl is blank or not valid."),
    ),
}


@pytest.mark.parametrize(("key", "value", "error"), BAD_METADATA.values(), ids=list(BAD_METADATA))
def test_a_call_needs_token_tenant_and_address(client: Client, key: str, value: str, error: tuple[str, str]) -> None:
    client.metadata[key] = value
    assert refused(lambda: client.topic(EVENT)) == ("UNAUTHENTICATED", *error)


BAD_CALLS: dict[str, tuple[str, Any, tuple[str, str]]] = {
    "a schema without id": ("GetSchema", message("SchemaRequest"), ("INVALID_ARGUMENT", "schema.validation.failed")),
    "an unknown schema": (
        "GetSchema",
        message("SchemaRequest", schema_id="none"),
        ("NOT_FOUND", "schema.meta.permission"),
    ),
    "no events": (
        "Publish",
        message("PublishRequest", topic_name=EVENT),
        ("INVALID_ARGUMENT", "publish.event.count.invalid"),
    ),
    "no topic": ("Publish", message("PublishRequest"), ("INVALID_ARGUMENT", "publish.topic.validation.empty")),
}


@pytest.mark.parametrize(("method", "request_", "error"), BAD_CALLS.values(), ids=list(BAD_CALLS))
def test_a_call_that_cannot_be_answered_is_refused(
    client: Client, method: str, request_: Any, error: tuple[str, str]
) -> None:
    assert refused(lambda: client.call(method, request_))[:2] == error


def test_a_user_without_rights_neither_subscribes_nor_publishes(ready: ReadyFile) -> None:
    answer = requests.post(
        f"{ready.http_url}/services/oauth2/token",
        data={
            "grant_type": "client_credentials",
            "client_id": ready.client_id,
            "client_secret": ready.client_secret,
        },
        timeout=30,
    )
    stranger = Client(ready, answer.json()["access_token"])
    denied = refused(lambda: stranger.call("Subscribe", Requests(fetch(EVENT))))
    unpublished = refused(lambda: stranger.call("Publish", message("PublishRequest", topic_name=EVENT)))
    stranger.close()
    text = "The user doesn't have the permission to use the topic /event/Seen__e."
    assert denied == ("PERMISSION_DENIED", "subscription.topic.cannot.subscribe", text)
    assert unpublished == ("PERMISSION_DENIED", "topic.meta.permission", text)


FAULTS = {
    "invalid_replay_id": ("INVALID_ARGUMENT", "subscription.fetch.replayid.corrupted"),
    "event_delivery_limit": ("RESOURCE_EXHAUSTED", "subscription.limit.exceeded"),
    "event_stream_cut": ("UNAVAILABLE", "service.unavailable"),
}


@pytest.mark.parametrize(("fault", "error"), FAULTS.items(), ids=list(FAULTS))
def test_an_armed_fault_ends_a_subscription_and_loses_nothing(
    client: Client, ready: ReadyFile, fault: str, error: tuple[str, str]
) -> None:
    first, second = client.publish(EVENT, {"Deal__c": "a"}, {"Deal__c": "b"})
    admin(ready, "POST", "faults", {"name": fault})
    request = fetch(EVENT, 1, CUSTOM, first.replay_id)
    broken = refused(lambda: client.call("Subscribe", Requests(request)))
    requests_ = Requests(request)
    response = next(client.call("Subscribe", requests_))
    requests_.end()
    assert broken[:2] == error
    assert [e.replay_id for e in response.events] == [second.replay_id]


MANAGED = """<ManagedEventSubscription><defaultReplay>{replay}</defaultReplay><errorRecoveryReplay>{replay}</errorRecoveryReplay>
    <label>Sync</label><state>{state}</state><topicName>/event/Seen__e</topicName><version>66.0</version>
</ManagedEventSubscription>"""


def managed(ready: ReadyFile, state: str = "RUN") -> None:
    path = "managedEventSubscriptions/Sync.managedEventSubscription"
    body = MANAGED.format(replay="EARLIEST", state=state)
    deploy(ready, write_archive(package_of({path: body}, {"ManagedEventSubscription": ["Sync"]})))


def managed_fetch(number: int = 10, **fields: Any) -> Any:
    return message("ManagedFetchRequest", num_requested=number, **fields)


def test_a_managed_subscription_goes_on_where_the_client_committed(client: Client, ready: ReadyFile) -> None:
    managed(ready)
    client.publish(EVENT, {"Deal__c": "a"}, {"Deal__c": "b"})
    requests_ = Requests(managed_fetch(developer_name="Sync"))
    stream = client.call("ManagedSubscribe", requests_)
    events = next(stream).events
    commit = message("CommitReplayRequest", commit_request_id="c-1", replay_id=events[0].replay_id)
    requests_.put(managed_fetch(0, commit_replay_id_request=commit))
    committed = next(stream).commit_response
    requests_.end()
    again = Requests(managed_fetch(developer_name="Sync"))
    resumed = next(client.call("ManagedSubscribe", again))
    again.end()
    assert [client.decode(e)["Deal__c"] for e in events] == ["a", "b"]
    assert (committed.commit_request_id, committed.replay_id) == ("c-1", events[0].replay_id)
    assert [client.decode(e)["Deal__c"] for e in resumed.events] == ["b"]


def test_a_place_that_was_never_handed_out_cannot_be_committed(client: Client, ready: ReadyFile) -> None:
    managed(ready)
    commit = message("CommitReplayRequest", commit_request_id="c-1", replay_id=b"\1" * 8)
    requests_ = Requests(managed_fetch(developer_name="Sync"), managed_fetch(0, commit_replay_id_request=commit))
    response = next(client.call("ManagedSubscribe", requests_)).commit_response
    requests_.end()
    assert (response.error.code, response.error.msg) == (2, CORRUPTED)


_COMMIT = message("CommitReplayRequest", commit_request_id="c-1", replay_id=b"\1" * 8)
BAD_MANAGED: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "one that is stopped": ({"developer_name": "Sync"}, ("FAILED_PRECONDITION", "config.stopped")),
    "an unknown name": ({"developer_name": "None"}, ("NOT_FOUND", "developer.name.not.found")),
    "an unknown id": ({"subscription_id": "18x000000000001AAA"}, ("NOT_FOUND", "subscription.id.not.found")),
    "an id that is too short": ({"subscription_id": "18x"}, ("INVALID_ARGUMENT", "subscription.id.invalid")),
    "neither": ({}, ("INVALID_ARGUMENT", "id.or.developer.name.empty")),
    "both": (
        {"developer_name": "Sync", "subscription_id": "18x000000000001AAA"},
        ("INVALID_ARGUMENT", "id.or.developer.name.empty"),
    ),
    "a commit at once": (
        {"developer_name": "Sync", "commit_replay_id_request": _COMMIT},
        ("INVALID_ARGUMENT", "fetch.request.commit.request.restricted"),
    ),
}


@pytest.mark.parametrize(("fields", "error"), BAD_MANAGED.values(), ids=list(BAD_MANAGED))
def test_a_managed_subscription_that_cannot_be_is_refused(
    client: Client, ready: ReadyFile, fields: dict[str, Any], error: tuple[str, str]
) -> None:
    managed(ready, "STOP")
    status, code = error
    found = refused(lambda: client.call("ManagedSubscribe", Requests(managed_fetch(**fields))))
    assert found[:2] == (status, f"managed.subscription.{code}")


def test_a_reset_org_has_an_empty_stream(client: Client, ready: ReadyFile) -> None:
    (published,) = client.publish(EVENT, {"Deal__c": "a"})
    admin(ready, "POST", "reset")
    deploy(ready, package())
    request = fetch(EVENT, 1, CUSTOM, published.replay_id)
    assert refused(lambda: client.call("Subscribe", Requests(request)))[1] == "subscription.fetch.replayid.corrupted"


def test_a_schema_changes_with_its_event_and_the_old_one_is_still_told(client: Client, ready: ReadyFile) -> None:
    before = client.topic(EVENT).schema_id
    wider = event("PublishImmediately").replace(
        "<deploymentStatus>",
        "<fields><fullName>More__c</fullName><label>More</label><type>Checkbox</type><defaultValue>false</defaultValue></fields>"
        "<deploymentStatus>",
        1,
    )
    deploy(ready, write_archive(package_of({"objects/Seen__e.object": wider}, {"CustomObject": ["Seen__e"]})))
    after = client.topic(EVENT).schema_id
    names = [[f["name"] for f in client.schema(schema_id)["fields"]] for schema_id in (before, after)]
    assert names == [["CreatedDate", "CreatedById", "Deal__c", "Size__c"], [*names[0], "More__c"]]
