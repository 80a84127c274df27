"""The kit's subscriber against a running org twin."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc
import grpc.aio
import pytest
import requests
from grpc_tools import protoc
from tests.clmkit.clients.deals import deals
from tests.orgtwin.events.stage import V, package
from tests.orgtwin.events.test_pubsub import admin, deploy
from tests.orgtwin.metadata.conftest import package_of

from clmkit.clients.errors import LoginFailed, Refused, Unreachable
from clmkit.clients.pubsub import Batch, Change, Identity, PositionLost, Published, Subscriber, open_subscriber
from clmkit.clients.pubsub.records import field_names
from orgtwin.http.ready import ReadyFile
from orgtwin.metadata.archive import write_archive
from orgtwin.pytest_plugin import org_twin, org_twin_process

__all__ = ["org_twin", "org_twin_process"]
EVENT, ACCOUNTS = "/event/Seen__e", "/data/AccountChangeEvent"
SECONDS = 20


@pytest.fixture
def ready(org_twin: ReadyFile) -> ReadyFile:
    deploy(org_twin, package())
    return org_twin


def save(ready: ReadyFile, method: str, path: str, client: str = "", **values: object) -> str:
    headers = {"Authorization": f"Bearer {ready.access_token}"}
    if client:
        headers["Sforce-Call-Options"] = f"client={client}"
    url = f"{ready.http_url}{V}/sobjects/{path}"
    answer = requests.request(method, url, json=values, headers=headers, timeout=SECONDS)
    assert answer.ok, answer.text
    return str(answer.json()["id"]) if answer.content else ""


def publish(ready: ReadyFile, *names: str) -> None:
    for name in names:
        save(ready, "POST", "Seen__e", Deal__c=name)


def listening(ready: ReadyFile, use: Callable[[Subscriber], Awaitable[Any]], token: str = "") -> Any:
    """What `use` gives of a subscriber of this twin."""

    async def run() -> Any:
        identity = Identity(token or ready.access_token, ready.https_url, ready.org_id)
        async with open_subscriber(ready.pubsub_endpoint, identity, Path(ready.ca_bundle)) as subscriber:
            return await asyncio.wait_for(use(subscriber), SECONDS)

    return asyncio.run(run())


def first(ready: ReadyFile, topic: str, count: int, position: bytes | None = None, at_once: int = 100) -> list[Batch]:
    """Batches from the earliest event, or after a position, until `count` records have come."""

    async def use(subscriber: Subscriber) -> list[Batch]:
        found: list[Batch] = []
        async for batch in subscriber.listen(topic, position, earliest=True, at_once=at_once):
            found.append(batch)
            if sum(len(one.records) for one in found) >= count:
                break
        return found

    batches: list[Batch] = listening(ready, use)
    return batches


def test_the_committed_descriptor_is_what_the_proto_compiles_to() -> None:
    package_files = resources.files("clmkit.clients.pubsub")
    with TemporaryDirectory() as folder, resources.as_file(package_files) as source:
        target = Path(folder) / "out"
        assert protoc.main(["", f"-I{source}", f"--descriptor_set_out={target}", "pubsub_api.proto"]) == 0
        assert target.read_bytes() == package_files.joinpath("pubsub_api.binpb").read_bytes()


def test_events_are_read_in_bounded_numbers_and_the_stream_goes_on(ready: ReadyFile) -> None:
    publish(ready, "a", "b", "c")
    batches = first(ready, EVENT, 3, at_once=2)
    assert [len(batch.records) for batch in batches] == [2, 1]
    records = [record for batch in batches for record in batch.records]
    assert all(isinstance(record, Published) and record.name == "Seen__e" for record in records)
    assert deals(records) == ["a", "b", "c"]


def test_a_stored_position_is_where_the_next_stream_begins(ready: ReadyFile) -> None:
    publish(ready, "a")
    (before,) = first(ready, EVENT, 1)
    publish(ready, "b")
    (after,) = first(ready, EVENT, 1, before.position)
    assert deals(after.records) == ["b"]


def test_a_change_tells_fields_by_name_and_whose_it_was(ready: ReadyFile) -> None:
    record_id = save(ready, "POST", "Account", "clmkit", Name="Acme", ShippingCity="Bonn", Phone="1")
    save(ready, "PATCH", f"Account/{record_id}", ShippingCity="Ulm", Phone=None)
    created, updated = (record for batch in first(ready, ACCOUNTS, 2) for record in batch.records)
    assert isinstance(created, Change)
    assert isinstance(updated, Change)
    assert (created.change_type, created.record_ids, created.is_echo_of("clmkit")) == ("CREATE", (record_id,), True)
    assert (updated.is_echo_of("clmkit"), updated.needs_reread, updated.knows_records) == (False, False, True)
    assert set(updated.changed) == {"Phone", "LastModifiedDate", "ShippingAddress.City"}
    assert (updated.nulled, updated.values["ShippingAddress"]["City"]) == (("Phone",), "Ulm")


MANAGED = """<ManagedEventSubscription><defaultReplay>EARLIEST</defaultReplay><errorRecoveryReplay>EARLIEST</errorRecoveryReplay>
    <label>Sync</label><state>RUN</state><topicName>/event/Seen__e</topicName><version>66.0</version>
</ManagedEventSubscription>"""


def subscribe_managed(ready: ReadyFile) -> None:
    path = "managedEventSubscriptions/Sync.managedEventSubscription"
    deploy(ready, write_archive(package_of({path: MANAGED}, {"ManagedEventSubscription": ["Sync"]})))


def managed(ready: ReadyFile, batches: int, committed: int, at_once: int = 1) -> list[str]:
    """What the next batches of the managed subscription tell; the first `committed` of them are committed, and answered."""

    async def use(subscriber: Subscriber) -> list[str]:
        found: list[Batch] = []
        async for batch in subscriber.listen_managed("Sync", at_once=at_once):
            found.append(batch)
            if len(found) <= committed and batch.commit is not None:
                batch.commit()
            if len(found) == batches:
                return [str(name) for one in found for name in deals(one.records)]
        raise AssertionError("the stream ended")

    told: list[str] = listening(ready, use)
    return told


def test_a_managed_subscription_goes_on_after_what_was_committed(ready: ReadyFile) -> None:
    subscribe_managed(ready)
    publish(ready, "a", "b", "c")
    assert managed(ready, batches=3, committed=1) == ["a", "b", "c"]
    assert managed(ready, batches=2, committed=0) == ["b", "c"]
    assert managed(ready, batches=2, committed=0) == ["b", "c"]


def test_a_managed_subscription_that_is_unknown_is_refused(ready: ReadyFile) -> None:
    async def use(subscriber: Subscriber) -> Batch:
        return await anext(subscriber.listen_managed("None"))

    with pytest.raises(Refused) as refused:
        listening(ready, use)
    assert refused.value.code == "managed.subscription.developer.name.not.found"


def test_a_place_that_the_org_does_not_take_is_told(ready: ReadyFile) -> None:
    subscribe_managed(ready)
    publish(ready, "a")

    async def use(subscriber: Subscriber) -> None:
        async for batch in subscriber.listen_managed("Sync"):
            assert batch.commit is not None
            partial(batch.commit.func, b"\1" * 8)()  # type: ignore[attr-defined]

    with pytest.raises(Refused, match="commit refused"):
        listening(ready, use)


GAPS = {
    "gap": ("GAP_UPDATE", ["001000000000001AAA"], True),
    "overflow": ("GAP_OVERFLOW", ["000000000000000AAA"], False),
    "wildcard": ("UPDATE", ["001*"], False),
}


@pytest.mark.parametrize(("change_type", "ids", "knows_records"), GAPS.values(), ids=list(GAPS))
def test_a_change_without_values_asks_for_a_reread(
    ready: ReadyFile, change_type: str, ids: list[str], knows_records: bool
) -> None:
    admin(ready, "POST", "events/gap", {"entity": "Account", "changeType": change_type, "recordIds": ids})
    (change,) = first(ready, ACCOUNTS, 1)[0].records
    assert isinstance(change, Change)
    assert (change.needs_reread, change.knows_records) == (True, knows_records)


def test_a_silent_stream_still_moves_the_position(ready: ReadyFile) -> None:
    admin(ready, "PUT", "events/keepalive", {"seconds": 0.05})

    async def use(subscriber: Subscriber) -> Batch:
        return await anext(subscriber.listen(EVENT))

    batch = listening(ready, use)
    assert (batch.records, len(batch.position)) == ((), 8)


def test_a_position_that_is_not_kept_any_more_is_an_error_of_its_own(ready: ReadyFile) -> None:
    publish(ready, "a")
    (batch,) = first(ready, EVENT, 1)
    admin(ready, "POST", "events/expire")
    with pytest.raises(PositionLost, match="Reconcile, then listen from the earliest event"):
        first(ready, EVENT, 1, batch.position)


FAULTS: dict[str, type[Exception]] = {"event_delivery_limit": Refused, "event_stream_cut": Unreachable}


@pytest.mark.parametrize(("fault", "error"), FAULTS.items(), ids=list(FAULTS))
def test_a_broken_stream_is_the_kits_error_and_nothing_is_lost(
    ready: ReadyFile, fault: str, error: type[Exception]
) -> None:
    publish(ready, "a")
    admin(ready, "POST", "faults", {"name": fault})
    with pytest.raises(error):
        first(ready, EVENT, 1)
    assert len(first(ready, EVENT, 1)[0].records) == 1


def test_an_unknown_topic_and_a_dead_session_are_told_apart(ready: ReadyFile) -> None:
    async def use(subscriber: Subscriber) -> Batch:
        return await anext(subscriber.listen("/event/None__e"))

    with pytest.raises(Refused) as refused:
        listening(ready, use)
    with pytest.raises(LoginFailed):
        listening(ready, use, "dead")
    assert (refused.value.status, refused.value.code) == (5, "topic.not.found")


def ended_while_writing() -> Exception:
    """What grpc.aio raises when the server has ended the stream before the first request was written."""
    none = grpc.aio.Metadata()
    debug = 'Failed "execute_batch": (<grpc._cython.cygrpc.SendMessageOperation object>,)'
    error: Exception = grpc.aio.AioRpcError(grpc.StatusCode.INTERNAL, none, none, "Internal error from Core", debug)
    return error


class EndsWhileWriting:
    """A channel whose streams end so; every other call is the real one."""

    def __init__(self, channel: Any) -> None:
        self.unary_unary = channel.unary_unary

    def stream_stream(self, *_: object, **__: object) -> Callable[..., Any]:
        return self._call

    def _call(self, *_: object, **__: object) -> Any:
        return self

    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> Any:
        raise ended_while_writing()

    def cancel(self) -> None:
        """Nothing is under way."""


ENDS: dict[str, tuple[str, str, type[Exception], str]] = {
    "dead session": (EVENT, "dead", LoginFailed, "authentication exception"),
    "unknown topic": ("/event/None__e", "", Refused, "topic.not.found"),
    "nothing wrong": (EVENT, "", Unreachable, "the stream ended before the request was written"),
}


@pytest.mark.parametrize(("topic", "token", "error", "says"), ENDS.values(), ids=list(ENDS))
def test_a_stream_that_ends_while_writing_is_asked_for_its_reason(
    ready: ReadyFile, topic: str, token: str, error: type[Exception], says: str
) -> None:
    async def use(subscriber: Subscriber) -> Batch:
        subscriber._channel = EndsWhileWriting(subscriber._channel)
        return await anext(subscriber.listen(topic))

    with pytest.raises(error, match=says):
        listening(ready, use, token)


def test_a_bitmap_of_a_field_that_has_no_parts_is_refused() -> None:
    schema = {"name": "X", "fields": [{"name": "A", "type": ["null", "string"]}]}
    with pytest.raises(ValueError, match="A is no compound field of X"):
        field_names(schema, ["0-0x01"])
