"""Message classes of the Pub/Sub API from its compiled descriptor, in a pool of their own.

`pubsub_api.binpb` is what protoc makes of pubsub_api.proto with --descriptor_set_out; a test compares the two.
"""

from __future__ import annotations

from importlib import resources
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

_FILE = "pubsub_api.proto"
LATEST, EARLIEST, CUSTOM = range(3)


def _load() -> Any:
    pool = DescriptorPool()
    content = resources.files("clmkit.clients.pubsub").joinpath("pubsub_api.binpb").read_bytes()
    for file in FileDescriptorSet.FromString(content).file:
        pool.Add(file)
    return pool.FindFileByName(_FILE)


_TYPES: Any = _load().message_types_by_name
FetchRequest: Any = GetMessageClass(_TYPES["FetchRequest"])
FetchResponse: Any = GetMessageClass(_TYPES["FetchResponse"])
ManagedFetchRequest: Any = GetMessageClass(_TYPES["ManagedFetchRequest"])
ManagedFetchResponse: Any = GetMessageClass(_TYPES["ManagedFetchResponse"])
CommitReplayRequest: Any = GetMessageClass(_TYPES["CommitReplayRequest"])
SchemaRequest: Any = GetMessageClass(_TYPES["SchemaRequest"])
SchemaInfo: Any = GetMessageClass(_TYPES["SchemaInfo"])
TopicRequest: Any = GetMessageClass(_TYPES["TopicRequest"])
TopicInfo: Any = GetMessageClass(_TYPES["TopicInfo"])
