"""A gRPC client made from the published .proto at test time, as any subscriber would make one, and its Avro decoding."""

from __future__ import annotations

import io
import json
import queue
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fastavro
import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_tools import protoc

import orgtwin
from orgtwin.http.ready import ReadyFile

PROTO = Path(str(orgtwin.__file__)).parent / "events" / "pubsub" / "pubsub_api.proto"
SECONDS = 20


def compiled_proto() -> bytes:
    """What protoc makes of the .proto now."""
    with TemporaryDirectory() as folder:
        target = Path(folder) / "pubsub_api.binpb"
        assert protoc.main(["", f"-I{PROTO.parent}", f"--descriptor_set_out={target}", PROTO.name]) == 0
        return target.read_bytes()


@cache
def _descriptor() -> Any:
    pool = DescriptorPool()
    for file in FileDescriptorSet.FromString(compiled_proto()).file:
        pool.Add(file)
    return pool.FindFileByName(PROTO.name)


def message(name: str, **fields: Any) -> Any:
    return GetMessageClass(_descriptor().message_types_by_name[name])(**fields)


class Requests:
    """The client's side of a stream: what is put in goes out, until the end is put in."""

    def __init__(self, *first: Any) -> None:
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for request in first:
            self.put(request)

    def put(self, request: Any) -> None:
        self._queue.put(request)

    def end(self) -> None:
        self._queue.put(None)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._queue.get, None)


class Client:
    """One user's connection. `metadata` may be changed to see what becomes of it."""

    def __init__(self, ready: ReadyFile, token: str | None = None) -> None:
        credentials = grpc.ssl_channel_credentials(Path(ready.ca_bundle).read_bytes())
        self._channel = grpc.secure_channel(ready.pubsub_endpoint, credentials)
        self.metadata = {
            "accesstoken": token or ready.access_token,
            "instanceurl": ready.https_url,
            "tenantid": ready.org_id,
        }
        self._schemas: dict[str, Any] = {}

    def close(self) -> None:
        self._channel.close()

    def call(self, method: str, request: Any) -> Any:
        """One call; for streams an iterator of the answers."""
        described = next(m for m in _descriptor().services_by_name["PubSub"].methods if m.name == method)
        answer = GetMessageClass(described.output_type).FromString
        make: Callable[..., Any] = (
            self._channel.stream_stream if described.client_streaming else self._channel.unary_unary
        )
        run = make(
            f"/eventbus.v1.PubSub/{method}",
            request_serializer=lambda sent: sent.SerializeToString(),
            response_deserializer=answer,
        )
        return run(
            iter(request) if described.client_streaming else request,
            metadata=tuple(self.metadata.items()),
            timeout=SECONDS,
        )

    def topic(self, name: str) -> Any:
        return self.call("GetTopic", message("TopicRequest", topic_name=name))

    def schema(self, schema_id: str) -> Any:
        """The parsed Avro schema of an id."""
        if schema_id not in self._schemas:
            info = self.call("GetSchema", message("SchemaRequest", schema_id=schema_id))
            self._schemas[schema_id] = fastavro.parse_schema(json.loads(info.schema_json))
        return self._schemas[schema_id]

    def decode(self, event: Any) -> dict[str, Any]:
        """The record of a ConsumerEvent."""
        payload = io.BytesIO(event.event.payload)
        record = fastavro.schemaless_reader(payload, self.schema(event.event.schema_id), None)
        assert isinstance(record, dict)
        return record

    def encode(self, schema_id: str, record: dict[str, Any]) -> bytes:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, self.schema(schema_id), record)
        return out.getvalue()

    def publish(self, topic: str, *records: dict[str, Any]) -> Any:
        """Publish records on a topic; the results."""
        return self.call("Publish", self.publish_request(topic, *records)).results

    def publish_request(self, topic: str, *records: dict[str, Any]) -> Any:
        schema_id = self.topic(topic).schema_id
        system = {"CreatedDate": 0, "CreatedById": "005000000000000AAA"}
        events = [
            message(
                "ProducerEvent", id=str(number), schema_id=schema_id, payload=self.encode(schema_id, {**system, **r})
            )
            for number, r in enumerate(records)
        ]
        return message("PublishRequest", topic_name=topic, events=events)


def fetch(topic: str, number: int = 100, preset: int = 0, replay_id: bytes = b"") -> Any:
    """A FetchRequest; preset 0 LATEST, 1 EARLIEST, 2 CUSTOM."""
    return message("FetchRequest", topic_name=topic, num_requested=number, replay_preset=preset, replay_id=replay_id)
