"""CometD clients: Bayeux messages in, replies and events out.

A subscription is a place in the event stream, and what a client gets is read from there. Only the notices of a system topic, which
are in no stream, wait for the client that listened when they were made.
Sources: "Streaming API Error Codes", "Message Durability" (Streaming API Developer Guide), the Bayeux protocol 1.0.
ASSUMED: the times of `advice`; that an answer brings at most 100 events a channel.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from orgtwin.auth.sessions import RandomText
from orgtwin.events.payloads import json_data
from orgtwin.events.service import EventService, NoSuchTopic
from orgtwin.events.system_topics import LOGGING, SYSTEM_TOPICS, stored_logs
from orgtwin.events.topics import Topic, may_subscribe
from orgtwin.records.model import Caller
from orgtwin.records.transactions import Entry

Message = dict[str, Any]
CONNECT_MILLISECONDS = 110_000
_FORGOTTEN_AFTER = timedelta(seconds=150)
_EVENTS_AT_ONCE = 100
_CLIENT_ID_LENGTH = 32
_NEW_EVENTS, _ALL_EVENTS = -1, -2
_EXTENSIONS = {"replay": True, "payload.format": True}


class Refused(Exception):
    """A message is answered with `successful: false`; the text is `code::reason`."""


@dataclass(slots=True)
class Listener:
    """One subscription of one client."""

    topic: Topic
    position: int


@dataclass(slots=True)
class Client:
    client_id: str
    caller: Caller
    last_seen: datetime
    listeners: dict[str, Listener] = field(default_factory=dict)
    notices: dict[str, list[Message]] = field(default_factory=dict)  # that wait, by system topic it listens to
    has_connected: bool = False


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who sends a request: a caller, or the reason why there is none (`401::Authentication invalid`)."""

    caller: Caller | None
    failure: str = ""


class CometdServer:
    """All CometD clients of one org."""

    def __init__(self, events: EventService, random: RandomText) -> None:
        self._events = events
        self._random = random
        self._clients: dict[str, Client] = {}
        events.org.log.on_commit(self._tell_stored_logs)

    async def answer(self, visitor: Visitor, messages: Sequence[Message]) -> list[Message]:
        """The replies to the messages of one request, events before the reply to the connect that brings them."""
        replies: list[Message] = []
        for message in messages:
            channel = str(message.get("channel", ""))
            reply: Message = {"channel": channel}
            if "id" in message:
                reply["id"] = message["id"]
            try:
                if channel == "/meta/connect":
                    replies += await self._connect(visitor, message, reply)
                else:
                    _VERBS.get(channel, CometdServer._refuse_publish)(self, visitor, message, reply)
            except Refused as refusal:
                reply |= {"successful": False, "error": str(refusal)}
            replies.append(reply)
        return replies

    # ---- meta channels

    def _handshake(self, visitor: Visitor, message: Message, reply: Message) -> None:
        reply["ext"] = dict(_EXTENSIONS)
        if visitor.caller is None:
            reply["ext"]["sfdc"] = {"failureReason": visitor.failure}
            reply["advice"] = {"reconnect": "none"}
            raise Refused("403::Handshake denied")
        types = message.get("supportedConnectionTypes")
        if isinstance(types, list) and types and "long-polling" not in types:
            raise Refused(f"400::Invalid connection type {types[0]}")
        self._forget_idle()
        client = Client(self._random(_CLIENT_ID_LENGTH).lower(), visitor.caller, self._now())
        self._clients[client.client_id] = client
        reply |= {
            "minimumVersion": "1.0",
            "clientId": client.client_id,
            "supportedConnectionTypes": ["long-polling"],
            "version": "1.0",
            "successful": True,
            "reestablish": False,
        }

    async def _connect(self, visitor: Visitor, message: Message, reply: Message) -> list[Message]:
        client = self._client(visitor, message, reply)
        kind = message.get("connectionType", "long-polling")
        if kind != "long-polling":
            raise Refused(f"400::Invalid connection type {kind}")
        seconds = _seconds(message) if client.has_connected else 0.0
        client.has_connected = True
        found = self._collect(client)
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        while not found and (client.listeners or client.notices) and client.client_id in self._clients:
            left = deadline - clock()
            if left <= 0:
                break
            bus = self._events.bus
            await bus.wait_beyond(min((at.position for at in client.listeners.values()), default=bus.last_id), left)
            found = self._collect(client)
        client.last_seen = self._now()
        reply |= {"clientId": client.client_id, "successful": True}
        reply["advice"] = {"interval": 0, "timeout": CONNECT_MILLISECONDS, "reconnect": "retry"}
        return found

    def _subscribe(self, visitor: Visitor, message: Message, reply: Message) -> None:
        client = self._client(visitor, message, reply)
        channel = message.get("subscription")
        reply["subscription"] = channel
        reply["clientId"] = client.client_id
        if not isinstance(channel, str) or not channel:
            raise Refused("400::Channel name not specified")
        if not channel.startswith("/"):
            raise Refused("400::Channel subscriptions must start with a leading '/'")
        if channel in SYSTEM_TOPICS:
            client.notices.setdefault(channel, [])
        else:
            topic = self._topic(client, channel)
            client.listeners[channel] = Listener(topic, self._position(channel, _replay_of(message, channel)))
        reply["successful"] = True

    def _unsubscribe(self, visitor: Visitor, message: Message, reply: Message) -> None:
        client = self._client(visitor, message, reply)
        channel = message.get("subscription")
        client.listeners.pop(str(channel), None)
        client.notices.pop(str(channel), None)
        reply |= {"clientId": client.client_id, "subscription": channel, "successful": True}

    def _disconnect(self, visitor: Visitor, message: Message, reply: Message) -> None:
        client = self._client(visitor, message, reply)
        del self._clients[client.client_id]
        reply |= {"clientId": client.client_id, "successful": True}

    def _refuse_publish(self, visitor: Visitor, message: Message, reply: Message) -> None:
        self._client(visitor, message, reply)
        raise Refused("403::Restricted channel")

    # ---- parts

    def _client(self, visitor: Visitor, message: Message, reply: Message) -> Client:
        if visitor.caller is None:
            reply["advice"] = {"reconnect": "none"}
            raise Refused(visitor.failure)
        client = self._clients.get(str(message.get("clientId")))
        if client is None or self._now() - client.last_seen > _FORGOTTEN_AFTER:
            reply["advice"] = {"interval": 0, "reconnect": "handshake"}
            raise Refused("403::Unknown client")
        if client.caller.user_id != visitor.caller.user_id:
            raise Refused("400::Authenticated user id does not match the session's user id")
        client.last_seen = self._now()
        return client

    def _topic(self, client: Client, channel: str) -> Topic:
        try:
            topic = self._events.require_topic(channel)
        except NoSuchTopic:
            raise Refused(f"400::The channel you requested to subscribe to doesn't exist {{{channel}}}") from None
        if may_subscribe(self._events.org.access, client.caller, topic):
            return topic
        if channel.startswith("/data/"):
            raise Refused("403::User not allowed to subscribe CDC without View All Data permissions")
        raise Refused("403::Restricted channel")

    def _position(self, channel: str, replay: int) -> int:
        bus = self._events.bus
        if replay == _NEW_EVENTS:
            return bus.last_id
        if replay == _ALL_EVENTS:
            return bus.earliest
        if not bus.is_issued(replay) or self._events.is_due("invalid_replay_id"):
            raise Refused(
                f"400::The replayId {{{replay}}} you provided was invalid. Please provide a valid ID, -2 to replay all "
                "events, or -1 to replay only new events."
            )
        return replay

    def _collect(self, client: Client) -> list[Message]:
        """What there is for a client. Events that the day's deliveries do not reach for stay where they are."""
        found: list[Message] = []
        positions: dict[str, int] = {}
        for channel, listener in client.listeners.items():
            batch = self._events.read(listener.topic, client.caller, listener.position, _EVENTS_AT_ONCE)
            positions[channel] = batch.position
            for seen in batch.views:
                found.append({"channel": channel, "data": json_data(self._events.schema(seen.entity), seen)})
        if found and not self._events.may_deliver(len(found)):
            raise Refused("403::Organization total events daily limit exceeded")
        for channel, position in positions.items():
            client.listeners[channel].position = position
        for channel, waiting in client.notices.items():
            found += waiting
            client.notices[channel] = []
        return found

    def tell(self, channel: str, user_id: str, data: Mapping[str, Any]) -> None:
        """A notice of a system topic, to the user's listening clients. Of one that stays away too long, nothing is kept."""
        limit = self._now() - _FORGOTTEN_AFTER
        for client in self._clients.values():
            if channel in client.notices and client.caller.user_id == user_id and client.last_seen >= limit:
                client.notices[channel].append({"channel": channel, "data": data})
                self._events.bus.wake()

    def _tell_stored_logs(self, entries: list[Entry]) -> None:
        if self._clients and any(LOGGING in client.notices for client in self._clients.values()):
            for user_id, data in stored_logs(entries):
                self.tell(LOGGING, user_id, data)

    def _now(self) -> datetime:
        return self._events.org.clock()

    def _forget_idle(self) -> None:
        limit = self._now() - _FORGOTTEN_AFTER
        self._clients = {key: client for key, client in self._clients.items() if client.last_seen >= limit}


Verb = Callable[[CometdServer, Visitor, Message, Message], None]
_VERBS: Mapping[str, Verb] = {
    "/meta/handshake": CometdServer._handshake,
    "/meta/subscribe": CometdServer._subscribe,
    "/meta/unsubscribe": CometdServer._unsubscribe,
    "/meta/disconnect": CometdServer._disconnect,
}


def _seconds(message: Message) -> float:
    """How long a connect waits: as long as the client's advice says, and never longer than the server's."""
    advice = message.get("advice")
    wanted = advice.get("timeout") if isinstance(advice, dict) else None
    return min(wanted if isinstance(wanted, int) and wanted >= 0 else CONNECT_MILLISECONDS, CONNECT_MILLISECONDS) / 1000


def _replay_of(message: Message, channel: str) -> int:
    """-1 new events, -2 all that are kept, or the id after which to go on; clients send numbers and texts."""
    extension = message.get("ext")
    replay = extension.get("replay") if isinstance(extension, dict) else None
    value = replay.get(channel, _NEW_EVENTS) if isinstance(replay, dict) else _NEW_EVENTS
    try:
        return int(value)
    except (TypeError, ValueError):
        raise Refused(
            f"400::The replayId {{{value}}} you provided was invalid. Please provide a valid ID, -2 to replay all events, "
            "or -1 to replay only new events."
        ) from None
