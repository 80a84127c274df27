"""A subscriber of the Pub/Sub API.

async with open_subscriber(endpoint, identity) as subscriber:
    async for batch in subscriber.listen("/data/ChangeEvents", position):
        ...                      # batch.records, then store batch.position: the stream goes on after it

messages    message classes of the kit's own copy of the published .proto
records     Avro payloads -> Change, Published; Unread when they cannot be decoded
subscriber  the stream, its flow control and its refusals
"""

from clmkit.clients.pubsub.records import Change, Published, Unread
from clmkit.clients.pubsub.subscriber import Batch, Identity, PositionLost, Subscriber, open_subscriber

__all__ = ["Batch", "Change", "Identity", "PositionLost", "Published", "Subscriber", "Unread", "open_subscriber"]
