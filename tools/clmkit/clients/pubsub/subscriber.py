"""One stream of events: asked for in bounded numbers, decoded, and handed on with the position to store.

A batch is asked for only when the one before has been taken, so that a slow taker holds at most one request in memory. A position
that the org no longer keeps is an error of its own: what happened since has to be read from the records.
Source: "Subscribe RPC Method", "Handle Errors", "Event Message Durability" (Pub/Sub API Guide).
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from fastavro.schema import SchemaParseException, UnknownType

from clmkit.clients.errors import LoginFailed, Refused, Unreachable, WireError
from clmkit.clients.pubsub import messages
from clmkit.clients.pubsub.records import Change, Decoder, Published, Unread

MOST_REQUESTED = 100
_SERVICE = "/eventbus.v1.PubSub"
_CODES = "sfdc.platform.eventbus.grpc."
_LOST = ("subscription.fetch.replayid.corrupted", "subscription.fetch.replayid.validation.failed")

_GONE = frozenset({grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION})
"""What the org says when it is asked for a schema that it does not have."""
_UNREADABLE = (
    ValueError, LookupError, TypeError, AttributeError, ArithmeticError, EOFError, MemoryError, RecursionError, struct.error,
    SchemaParseException, UnknownType,
)  # fmt: skip
"""What decoding raises for bytes that are no Avro of the schema, and for a schema that is none."""


class PositionLost(WireError):
    """The stored position is not kept any more: events are missing. Reconcile, then listen from the earliest event."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who listens: an access token, the org's address and its id."""

    access_token: str = field(repr=False)
    instance_url: str
    org_id: str

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return (("accesstoken", self.access_token), ("instanceurl", self.instance_url), ("tenantid", self.org_id))


@dataclass(frozen=True, slots=True)
class Batch:
    """What came at once. `records` is empty for a keep-alive, whose position counts, too.

    `commit` tells the org that everything up to here is kept; only a managed subscription has it.
    """

    records: tuple[Change | Published | Unread, ...]
    position: bytes
    commit: Callable[[], None] | None = None


@asynccontextmanager
async def open_subscriber(
    endpoint: str, identity: Identity, ca_bundle: Path | None = None
) -> AsyncIterator[Subscriber]:
    """A TLS connection to host:port of the Pub/Sub API; `ca_bundle` takes the place of the system's authorities."""
    roots = ca_bundle.read_bytes() if ca_bundle else None
    async with grpc.aio.secure_channel(endpoint, grpc.ssl_channel_credentials(roots)) as channel:
        yield Subscriber(channel, endpoint, identity)


class Subscriber:
    """One connection; schemas are asked for once."""

    def __init__(self, channel: Any, endpoint: str, identity: Identity) -> None:
        self._channel = channel
        self._endpoint = endpoint
        self._identity = identity
        self._decoders: dict[str, Decoder] = {}

    async def listen(
        self, topic: str, position: bytes | None = None, *, earliest: bool = False, at_once: int = MOST_REQUESTED
    ) -> AsyncIterator[Batch]:
        """Batches from a topic, after a position; without one new events, or all that are kept.

        Raises PositionLost, LoginFailed, Refused, Unreachable; the stream is over then.
        """
        demand: asyncio.Queue[int] = asyncio.Queue()
        demand.put_nowait(at_once)
        call = self._channel.stream_stream(
            f"{_SERVICE}/Subscribe",
            request_serializer=messages.FetchRequest.SerializeToString,
            response_deserializer=messages.FetchResponse.FromString,
        )(_requests(topic, position, demand, earliest=earliest), metadata=self._identity.metadata)
        try:
            async for response in call:
                yield Batch(await self._records(response.events), response.latest_replay_id)
                if response.pending_num_requested == 0:
                    demand.put_nowait(at_once)
        except grpc.RpcError as error:
            if _is_write_after_end(error):
                await self._ask_topic(topic)
                raise Unreachable(self._endpoint, "the stream ended before the request was written") from error
            raise self._refusal(error) from error
        finally:
            call.cancel()
        raise Unreachable(self._endpoint, "the stream ended")

    async def listen_managed(self, subscription: str, *, at_once: int = MOST_REQUESTED) -> AsyncIterator[Batch]:
        """Batches of a managed subscription, by its developer name, after the place that was committed last.

        Nothing is committed before the taker says so; what was not comes again. Raises LoginFailed, Refused, Unreachable. Source:
        "Managed Subscriptions" (Pub/Sub API Guide).
        """
        requests: asyncio.Queue[Any] = asyncio.Queue()
        ask = partial(messages.ManagedFetchRequest, developer_name=subscription)
        requests.put_nowait(ask(num_requested=at_once))
        call = self._channel.stream_stream(
            f"{_SERVICE}/ManagedSubscribe",
            request_serializer=messages.ManagedFetchRequest.SerializeToString,
            response_deserializer=messages.ManagedFetchResponse.FromString,
        )(_from_queue(requests), metadata=self._identity.metadata)

        def commit(position: bytes) -> None:
            place = messages.CommitReplayRequest(commit_request_id=position.hex(), replay_id=position)
            requests.put_nowait(ask(commit_replay_id_request=place))

        pending = at_once
        try:
            async for response in call:
                self._require_committed(response)
                if response.events or not response.HasField("commit_response"):
                    position = response.latest_replay_id
                    yield Batch(await self._records(response.events), position, partial(commit, position))
                pending -= len(response.events)
                if pending <= 0:
                    pending = at_once
                    requests.put_nowait(ask(num_requested=at_once))
        except grpc.RpcError as error:
            if _is_write_after_end(error):
                raise Unreachable(self._endpoint, "the stream ended before the request was written") from error
            raise self._refusal(error) from error
        finally:
            call.cancel()
        raise Unreachable(self._endpoint, "the stream ended")

    def _require_committed(self, response: Any) -> None:
        """Raises Refused when the org did not take a place."""
        answer = response.commit_response
        if response.HasField("commit_response") and answer.HasField("error"):
            raise Refused(self._endpoint, int(answer.error.code), "commit refused", str(answer.error.msg))

    async def _ask_topic(self, topic: str) -> None:
        """Raises what the org has against this topic or this session; a unary call keeps the org's status."""
        ask = self._channel.unary_unary(
            f"{_SERVICE}/GetTopic",
            request_serializer=messages.TopicRequest.SerializeToString,
            response_deserializer=messages.TopicInfo.FromString,
        )
        try:
            await ask(messages.TopicRequest(topic_name=topic), metadata=self._identity.metadata)
        except grpc.RpcError as error:
            raise self._refusal(error) from error

    async def _records(self, events: Any) -> tuple[Change | Published | Unread, ...]:
        found: list[Change | Published | Unread] = []
        for consumed in events:
            event = consumed.event
            try:
                decoder = await self._decoder(event.schema_id)
                found.append(decoder.decode(event.payload, event.id))
            except _UNREADABLE as error:
                words = f"schema {event.schema_id}: {type(error).__name__} {error}".strip()
                found.append(Unread(event.id, words))
        return tuple(found)

    async def _decoder(self, schema_id: str) -> Decoder:
        """Raises LookupError for a schema that the org does not have any more."""
        known = self._decoders.get(schema_id)
        if known is None:
            ask = self._channel.unary_unary(
                f"{_SERVICE}/GetSchema",
                request_serializer=messages.SchemaRequest.SerializeToString,
                response_deserializer=messages.SchemaInfo.FromString,
            )
            try:
                info = await ask(messages.SchemaRequest(schema_id=schema_id), metadata=self._identity.metadata)
            except grpc.RpcError as error:
                if error.code() in _GONE:
                    raise LookupError(str(error.details())) from error
                raise
            known = self._decoders[schema_id] = Decoder(json.loads(info.schema_json))
        return known

    def _refusal(self, error: Any) -> WireError:
        """The error of the kit for an error of gRPC: the code in the trailer decides, not the text."""
        trailers = dict(error.trailing_metadata() or ())
        code = str(trailers.get("error-code", "")).removeprefix(_CODES)
        if code in _LOST:
            return PositionLost(f"{self._endpoint}: {error.details()} Reconcile, then listen from the earliest event.")
        if error.code() is grpc.StatusCode.UNAUTHENTICATED:
            return LoginFailed(f"{self._endpoint}: {error.details()}")
        if error.code() is grpc.StatusCode.UNAVAILABLE:
            return Unreachable(self._endpoint, str(error.details()))
        return Refused(self._endpoint, error.code().value[0], code or error.code().name, str(error.details()))


def _is_write_after_end(error: Any) -> bool:
    """Whether the org ended the stream while the first request was on its way.

    grpc.aio then puts a status of its own, INTERNAL, in the place of the org's.
    """
    return error.code() is grpc.StatusCode.INTERNAL and "SendMessageOperation" in str(error.debug_error_string())


async def _from_queue(requests: asyncio.Queue[Any]) -> AsyncIterator[Any]:
    while True:
        yield await requests.get()


async def _requests(
    topic: str, position: bytes | None, demand: asyncio.Queue[int], *, earliest: bool
) -> AsyncIterator[Any]:
    """Where to begin, then one request for every number in the queue."""
    preset = messages.CUSTOM if position else messages.EARLIEST if earliest else messages.LATEST
    number = await demand.get()
    yield messages.FetchRequest(topic_name=topic, replay_preset=preset, replay_id=position or b"", num_requested=number)
    while True:
        yield messages.FetchRequest(topic_name=topic, num_requested=await demand.get())
