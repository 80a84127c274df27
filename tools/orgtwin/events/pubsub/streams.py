"""Subscriptions: the client asks for a number of events, the server sends as many as there are, and waits for more.

Source: "Subscribe RPC Method", "Managed Subscriptions" (Pub/Sub API Guide) and the comments of the published .proto.
ASSUMED: a client that ends its side gets the events that it has asked for, as far as there are any.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from orgtwin.events.payloads import avro_payload
from orgtwin.events.pubsub import messages
from orgtwin.events.pubsub.publishing import replay_bytes
from orgtwin.events.pubsub.refusals import Refusal, Refused, refuse
from orgtwin.events.service import Batch, EventService
from orgtwin.events.topics import Topic
from orgtwin.records.model import Caller

MOST_REQUESTED = 100
_MOST_BYTES = 3_000_000
_REPLAY_BYTES = 8


def _is_managed(request: Any) -> bool:
    return "commit_replay_id_request" in request.DESCRIPTOR.fields_by_name


def commits(request: Any) -> bool:
    """Whether a request of a managed subscription commits a place."""
    return _is_managed(request) and bool(request.HasField("commit_replay_id_request"))


@dataclass(slots=True)
class Demand:
    """What a client has asked for and not got yet, and how its side of the stream stands."""

    pending: int = 0
    is_over: bool = False
    refused: Refused | None = None
    commits: list[Any] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, requests: AsyncIterator[Any], check: Callable[[Any], None]) -> None:
        """Take the further requests of a stream until it ends."""
        try:
            async for request in requests:
                check(request)
                self.take(request)
        except Refused as refused:
            self.refused = refused
        finally:
            self.is_over = True
            self.news.set()

    def take(self, request: Any) -> None:
        """Count a request in. Raises Refused."""
        if commits(request):
            self.commits.append(request.commit_replay_id_request)
        least = 0 if _is_managed(request) else 1
        if not least <= request.num_requested <= MOST_REQUESTED:
            kind = Refusal.MANAGED_REQUESTED_EVENTS if _is_managed(request) else Refusal.REQUESTED_EVENTS
            raise refuse(kind, number=request.num_requested)
        self.pending += request.num_requested
        self.news.set()


@dataclass(slots=True)
class Subscription:
    """One stream of one client."""

    events: EventService
    caller: Caller
    topic: Topic
    position: int
    demand: Demand
    rpc_id: str
    commits_to: str = ""  # the managed subscription whose place in the stream the client commits

    async def responses(self, make: Callable[..., Any]) -> AsyncIterator[Any]:
        """FetchResponses, or whatever `make` makes of their fields, until the client is done."""
        quiet_since = asyncio.get_running_loop().time()
        while True:
            while self.demand.commits:
                yield self._response(make, commit_response=self._commit(self.demand.commits.pop(0)))
            batch = self._next_batch()
            now = asyncio.get_running_loop().time()
            if batch.views:
                quiet_since = now
                yield self._response(make, events=[self._consumer_event(seen) for seen in batch.views])
                continue
            if self.demand.refused is not None:
                raise self.demand.refused
            if self.demand.is_over:
                return
            left = quiet_since + self.events.keepalive_seconds - now
            if self.demand.pending and left <= 0:
                quiet_since = now
                yield self._response(make)
                continue
            await self._wait(left if self.demand.pending else None)

    def _next_batch(self) -> Batch:
        if not self.demand.pending:
            return Batch((), self.position)
        batch = self.events.read(self.topic, self.caller, self.position, min(self.demand.pending, MOST_REQUESTED))
        if batch.views:
            if self.events.is_due("event_stream_cut"):
                raise refuse(Refusal.UNAVAILABLE)
            if not self.events.may_deliver(len(batch.views)):
                raise refuse(Refusal.DELIVERY_LIMIT)
        self.position = batch.position
        self.demand.pending -= len(batch.views)
        return batch

    async def _wait(self, seconds: float | None) -> None:
        """Until there is an event, a request, or the keep-alive is due. Without demand only a request counts."""
        self.demand.news.clear()
        asked = asyncio.ensure_future(self.demand.news.wait())
        waits = {asked}
        if seconds is not None:
            waits.add(asyncio.ensure_future(self.events.bus.wait_beyond(self.position, seconds)))  # type: ignore[arg-type]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _response(self, make: Callable[..., Any], **more: Any) -> Any:
        return make(
            latest_replay_id=replay_bytes(self.position),
            rpc_id=self.rpc_id,
            pending_num_requested=self.demand.pending,
            **more,
        )

    def _consumer_event(self, seen: Any) -> Any:
        schema = self.events.schema(seen.entity)
        uuid = getattr(seen.event.body, "uuid", "") or f"{seen.event.body.transaction.key}-{seen.event.body.sequence}"
        produced = messages.ProducerEvent(id=uuid, schema_id=schema.schema_id, payload=avro_payload(schema, seen))
        return messages.ConsumerEvent(event=produced, replay_id=replay_bytes(seen.event.replay_id))

    def _commit(self, request: Any) -> Any:
        response = messages.CommitReplayResponse(
            commit_request_id=request.commit_request_id,
            replay_id=request.replay_id,
            process_time=int(self.events.org.clock().timestamp() * 1000),
        )
        replay_id = int.from_bytes(request.replay_id, "big")
        if len(request.replay_id) != _REPLAY_BYTES or not self.events.bus.is_issued(replay_id):
            response.error.code = messages.ERROR_COMMIT
            response.error.msg = "The Replay ID validation failed. Ensure that the Replay ID is valid."
        else:
            self.events.commit_place(self.commits_to, replay_id)
        return response


def start_position(events: EventService, preset: int, replay_id: bytes) -> int:
    """Where a subscription begins. Raises Refused."""
    bus = events.bus
    if preset == messages.LATEST:
        return bus.last_id
    if preset == messages.EARLIEST:
        return bus.earliest
    if not replay_id:
        raise refuse(Refusal.REPLAY_ID_MISSING)
    number = int.from_bytes(replay_id, "big")
    if len(replay_id) != _REPLAY_BYTES or not bus.is_issued(number) or events.is_due("invalid_replay_id"):
        raise refuse(Refusal.REPLAY_ID_CORRUPTED)
    return number
