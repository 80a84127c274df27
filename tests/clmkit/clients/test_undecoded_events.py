"""Events of Salesforce that cannot be decoded: each is told as such, and the stream goes on after it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import fastavro
import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.clmkit.clients.scripted import Answer, serving

from clmkit.clients import cometd
from clmkit.clients.pubsub import Batch, Change, Identity, PositionLost, Published, Subscriber, Unread
from clmkit.clients.salesforce import Session
from clmkit.clients.transport import open_session

TOPIC = "/event/Seen__e"
SCHEMA = {
    "type": "record",
    "name": "Seen__e",
    "fields": [
        {"name": "CreatedDate", "type": "long"},
        {"name": "Deal__c", "type": ["null", "string"]},
        {"name": "Marks", "type": {"type": "array", "items": "double"}},
        {"name": "Kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}},
    ],
}
GOOD = b"\x02\x02\x02x\x00\x00"


class Channel:
    """A Pub/Sub API that gives one batch of payloads and knows some schemas."""

    def __init__(self, payloads: list[tuple[str, bytes]], schemas: dict[str, str], status: grpc.StatusCode) -> None:
        events = [
            SimpleNamespace(event=SimpleNamespace(schema_id=schema, payload=payload, id=f"E{number}"))
            for number, (schema, payload) in enumerate(payloads)
        ]
        self._response = SimpleNamespace(events=events, latest_replay_id=b"\x09", pending_num_requested=1)
        self._schemas, self._status = schemas, status

    def stream_stream(self, *_: object, **__: object) -> Callable[..., Any]:
        return lambda *_, **__: self

    def unary_unary(self, *_: object, **__: object) -> Callable[..., Any]:
        async def ask(request: Any, **_: object) -> Any:
            if request.schema_id not in self._schemas:
                none = grpc.aio.Metadata()
                raise grpc.aio.AioRpcError(self._status, none, none, f"no schema {request.schema_id}")
            return SimpleNamespace(schema_json=self._schemas[request.schema_id])

        return ask

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._give()

    async def _give(self) -> AsyncIterator[Any]:
        yield self._response

    def cancel(self) -> None:
        """Nothing is under way."""


def hear(
    payloads: list[tuple[str, bytes]], schemas: dict[str, str], status: grpc.StatusCode = grpc.StatusCode.NOT_FOUND
) -> Batch:
    async def scene() -> Batch:
        subscriber = Subscriber(Channel(payloads, schemas, status), "pubsub", Identity("T", "https://org", "00D"))
        return await anext(subscriber.listen(TOPIC))

    return asyncio.run(scene())


KNOWN = {"S": json.dumps(SCHEMA)}
UNREAD: dict[str, tuple[str, bytes, dict[str, str], str]] = {
    "the schema is gone": ("GONE", GOOD, KNOWN, "schema GONE: LookupError no schema GONE"),
    "the schema is no JSON": ("S", GOOD, {"S": "<"}, "schema S: JSONDecodeError Expecting value: line 1 column 1 (char 0)"),
    "the schema is no Avro": ("S", GOOD, {"S": "[]"}, "schema S: TypeError list indices must be integers or slices, not str"),
    "the schema names no type": ("S", GOOD, {"S": '{"name": "X", "type": "y"}'},
        "schema S: UnknownType {'name': 'X', 'type': 'y'}"),
    "no payload": ("S", b"", KNOWN, "schema S: EOFError"),
    "the payload breaks off": ("S", GOOD[:3], KNOWN, "schema S: EOFError Expected 1 bytes, read 0"),
    "a symbol that the schema does not have": ("S", GOOD[:-1] + b"\x20", KNOWN,
        "schema S: IndexError list index out of range"),
    "more than the schema tells": ("S", GOOD + b"\x00\x00", KNOWN, "schema S: ValueError the event ends at byte 6 of 8"),
    "no text where text is told": ("S", b"\x02\x02\x02\xff\x00\x00", KNOWN,
        "schema S: UnicodeDecodeError 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
}  # fmt: skip


@pytest.mark.parametrize(("schema", "payload", "schemas", "reason"), UNREAD.values(), ids=UNREAD)
def test_an_event_that_cannot_be_decoded_is_told_as_such_and_the_position_goes_on(
    schema: str, payload: bytes, schemas: dict[str, str], reason: str
) -> None:
    batch = hear([(schema, payload)], schemas)
    assert (batch.records, batch.position) == ((Unread("E0", reason),), b"\x09")


def test_the_events_beside_it_are_heard() -> None:
    batch = hear([("S", GOOD), ("GONE", b""), ("S", GOOD)], KNOWN)
    assert [type(record) for record in batch.records] == [Published, Unread, Published]


def test_a_schema_that_cannot_be_asked_for_now_ends_the_stream_and_is_asked_for_again() -> None:
    with pytest.raises(Exception, match="no schema S"):
        hear([("S", GOOD)], {}, grpc.StatusCode.UNAVAILABLE)


@given(st.binary(max_size=40))
def test_whatever_the_bytes_the_stream_goes_on(payload: bytes) -> None:
    (record,) = hear([("S", payload)], KNOWN).records
    assert isinstance(record, Published | Unread)


def test_the_good_payload_is_one() -> None:
    (record,) = hear([("S", GOOD)], KNOWN).records
    values = {"CreatedDate": 1, "Deal__c": "x", "Marks": [], "Kind": "A"}
    assert record == Published("Seen__e", values, "E0")
    assert fastavro.parse_schema(SCHEMA)


# ---- over CometD


def hear_json(*events: Any) -> Batch:
    connected = {"channel": "/meta/connect", "successful": True}
    told = [{"channel": TOPIC, "data": event} for event in events]

    async def scene() -> Batch:
        handshake = {"channel": "/meta/handshake", "successful": True, "clientId": "C"}
        subscribed = {"channel": "/meta/subscribe", "successful": True}
        answers = [Answer(body=[handshake]), Answer(body=[subscribed]), Answer(body=[connected, *told])]
        async with serving(*answers) as script, open_session(None) as http:
            return await anext(cometd.listen(http, Session("T", script.url, "00D"), TOPIC))

    return asyncio.run(scene())


HEADER = {
    "entityName": "Contract", "changeType": "UPDATE", "recordIds": ["800x"], "changeOrigin": "", "commitUser": "005",
    "transactionKey": "t", "sequenceNumber": 1, "commitTimestamp": 1, "changedFields": ["Name"],
}  # fmt: skip
SPOILT: dict[str, Any] = {
    "no payload": {"event": {"replayId": 7}},
    "a payload that is a list": {"event": {"replayId": 7}, "payload": []},
    "a header that is a text": {"event": {"replayId": 7}, "payload": {"ChangeEventHeader": "x"}},
    **{
        f"a header without {name}": {
            "event": {"replayId": 7},
            "payload": {"ChangeEventHeader": {one: value for one, value in HEADER.items() if one != name}},
        }
        for name in HEADER
    },
}


@pytest.mark.parametrize("event", SPOILT.values(), ids=SPOILT)
def test_an_event_of_json_that_says_too_little_is_told_as_such(event: Any) -> None:
    good = {"event": {"replayId": 6}, "payload": {"ChangeEventHeader": HEADER, "Name": "A"}}
    batch = hear_json(good, event)
    assert [type(record) for record in batch.records] == [Change, Unread]
    assert batch.position == b"7"


def test_an_event_without_a_position_is_passed_with_the_one_before_it() -> None:
    batch = hear_json({"event": {"replayId": 6}, "payload": {"Deal__c": "a"}}, "senseless")
    assert ([type(record) for record in batch.records], batch.position) == ([Published, Unread], b"6")


@pytest.mark.parametrize("event", [None, "senseless", {}, {"event": 5}, {"payload": {"Deal__c": "a"}}])
def test_events_without_any_position_lose_the_streams_place(event: Any) -> None:
    with pytest.raises(PositionLost, match=r"^/event/Seen__e: events came without a replay id\.$"):
        hear_json(event)
