"""Salesforce's events over HTTP long polling, where gRPC is blocked: the same batches as `pubsub`, from the Streaming API.

    async for batch in listen(session, identity, "/event/X__e", position):
        ...                      # batch.records, then store batch.position

Source: "Streaming API Error Codes", "Message Durability", "CometD" (Streaming API Developer Guide), the Bayeux protocol 1.0. A
position here is the number of an event; it means nothing to the Pub/Sub API.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec

from clmkit.clients.errors import UNREADABLE, LoginFailed, Refused, Unexpected, Unreachable
from clmkit.clients.pubsub import Batch, Change, PositionLost, Published, Unread
from clmkit.clients.salesforce import Session

API_VERSION = "66.0"
LONGEST_CONNECT = 150.0
"""Seconds: the server answers a connect after 110 at the latest, with or without events."""
NEW_EVENTS, ALL_EVENTS = -1, -2

Message = dict[str, Any]


@dataclass(slots=True)
class _Client:
    http: aiohttp.ClientSession
    session: Session
    client_id: str = ""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def ask(self, channel: str, **more: object) -> list[Message]:
        """The messages of the answer. Raises Unreachable, and what the reply to this message refuses."""
        url = f"{self.session.instance_url}/cometd/{API_VERSION}"
        message = {"channel": channel, "id": str(next(self._numbers)), **more}
        if self.client_id:
            message["clientId"] = self.client_id
        headers = {"authorization": f"Bearer {self.session.access_token}", "content-type": "application/json"}
        timeout = aiohttp.ClientTimeout(total=LONGEST_CONNECT)
        try:
            async with self.http.post(
                url, data=msgspec.json.encode([message]), headers=headers, timeout=timeout
            ) as response:
                content = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unreachable(url, f"{type(error).__name__} {error}".strip()) from error
        try:
            answer: list[Message] = msgspec.json.decode(content, type=list[Message])
        except UNREADABLE as error:
            raise Unexpected(f"{url} answered {response.status} with a body that does not read: {error}") from error
        reply = next((one for one in answer if one.get("channel") == channel), {})
        if not reply.get("successful"):
            raise _refusal(url, reply)
        self.client_id = reply.get("clientId", self.client_id)
        return [one for one in answer if one is not reply]


async def listen(
    http: aiohttp.ClientSession, session: Session, topic: str, position: bytes | None = None, *, earliest: bool = False
) -> AsyncIterator[Batch]:
    """Batches from a topic, after a position; without one new events, or all that are kept. One batch for each answer.

    Raises PositionLost, LoginFailed, Refused, Unreachable; the stream is over then.
    """
    client = _Client(http, session)
    await client.ask("/meta/handshake", version="1.0", supportedConnectionTypes=["long-polling"])
    replay = int(position) if position else ALL_EVENTS if earliest else NEW_EVENTS
    await client.ask("/meta/subscribe", subscription=topic, ext={"replay": {topic: replay}})
    while True:
        messages = await client.ask("/meta/connect", connectionType="long-polling")
        events = [message.get("data") for message in messages if message.get("channel") == topic]
        if events:
            position = _position_of(topic, events)
        yield Batch(tuple(_try_record(topic, event) for event in events), position or b"")


def _position_of(topic: str, events: Sequence[Any]) -> bytes:
    """The position after the last of the events that tells its own. Raises PositionLost when none does."""
    for event in reversed(events):
        told = event.get("event") if isinstance(event, Mapping) else None
        if isinstance(told, Mapping) and "replayId" in told:
            return str(told["replayId"]).encode()
    raise PositionLost(f"{topic}: events came without a replay id.")


def _try_record(topic: str, event: Any) -> Change | Published | Unread:
    try:
        return _to_record(topic, event)
    except (LookupError, TypeError, AttributeError) as error:
        return Unread("", f"{type(error).__name__} {error}")


def _to_record(topic: str, event: Mapping[str, Any]) -> Change | Published:
    """JSON events name what changed where Avro has bitmaps ("Differences Between Change Events Received ...")."""
    payload = event["payload"]
    header = payload.get("ChangeEventHeader")
    values = {name: value for name, value in payload.items() if name != "ChangeEventHeader"}
    event_id = str(event["event"].get("EventUuid") or event["event"]["replayId"])
    if header is None:
        return Published(topic.rpartition("/")[2], values, event_id)
    return Change(
        header["entityName"],
        header["changeType"],
        tuple(header["recordIds"]),
        header["changeOrigin"],
        header["commitUser"],
        header["transactionKey"],
        header["sequenceNumber"],
        header["commitTimestamp"],
        tuple(header["changedFields"]),
        tuple(name for name in header["changedFields"] if values.get(name) is None),
        values,
        f"{header['transactionKey']}:{header['sequenceNumber']}",
    )


def _refusal(url: str, reply: Mapping[str, Any]) -> LoginFailed | PositionLost | Refused | Unreachable:
    """`error` is `code::reason`; a denied handshake tells the reason in an extension."""
    words = str(reply.get("error", "no reason"))
    failure = str(reply.get("ext", {}).get("sfdc", {}).get("failureReason", ""))
    code, _, reason = words.partition("::")
    if failure.startswith("401") or code == "401":
        return LoginFailed(f"{url}: {failure or words}")
    if "replayId" in reason:
        return PositionLost(f"{url}: {reason}")
    if reason == "Unknown client":
        return Unreachable(url, reason)
    return Refused(url, 200, f"COMETD_{code}", reason)
