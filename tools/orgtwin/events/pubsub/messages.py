"""Message classes of the Pub/Sub API, from its compiled descriptor.

They live in a pool of their own: a client in the same process may have the same messages from its own copy of the .proto.
`pubsub_api.binpb` is what protoc makes of pubsub_api.proto with --descriptor_set_out.
"""

from __future__ import annotations

from importlib import resources
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

SERVICE = "eventbus.v1.PubSub"
LATEST, EARLIEST, CUSTOM = range(3)
ERROR_PUBLISH, ERROR_COMMIT = 1, 2
_FILE = "pubsub_api.proto"


def _load() -> Any:
    pool = DescriptorPool()
    content = resources.files("orgtwin.events.pubsub").joinpath("pubsub_api.binpb").read_bytes()
    for file in FileDescriptorSet.FromString(content).file:
        pool.Add(file)
    return pool.FindFileByName(_FILE)


_DESCRIPTOR: Any = _load()


def message_class(name: str) -> Any:
    """The class of a message: `message_class("FetchResponse")(events=...)`."""
    return GetMessageClass(_DESCRIPTOR.message_types_by_name[name])


def methods() -> tuple[Any, ...]:
    """The descriptors of the service's methods."""
    return tuple(_DESCRIPTOR.services_by_name["PubSub"].methods)


TopicInfo = message_class("TopicInfo")
SchemaInfo = message_class("SchemaInfo")
ProducerEvent = message_class("ProducerEvent")
ConsumerEvent = message_class("ConsumerEvent")
FetchResponse = message_class("FetchResponse")
PublishResponse = message_class("PublishResponse")
PublishResult = message_class("PublishResult")
Error = message_class("Error")
ManagedFetchResponse = message_class("ManagedFetchResponse")
CommitReplayResponse = message_class("CommitReplayResponse")
