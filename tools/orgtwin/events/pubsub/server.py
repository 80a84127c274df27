"""The six methods of the Pub/Sub API, on the event loop that serves everything else: the org is never used by two at once.

Source: "RPC Methods", "Authentication" (Pub/Sub API Guide).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

import grpc
import grpc.aio

from orgtwin.events.pubsub import messages
from orgtwin.events.pubsub.managed import ManagedSubscription, find_subscription, managed_position
from orgtwin.events.pubsub.publishing import publish
from orgtwin.events.pubsub.refusals import Refusal, Refused, refuse, trailers_of
from orgtwin.events.pubsub.streams import Demand, Subscription, commits, start_position
from orgtwin.events.service import EventService, NoSuchTopic
from orgtwin.events.topics import Topic, may_hear, may_publish, may_subscribe
from orgtwin.http.routing import Pace
from orgtwin.http.twin import Twin
from orgtwin.ids import find_id18
from orgtwin.records.model import Caller

_API_VERSION = 66.0
_PUBLISH_IDLE_SECONDS = 70
"""A client that publishes nothing for so long loses its stream. Source: the comments of the published .proto."""


class PubSub:
    """One per listener. Every call asks the twin anew, so that a reset or restored org is served at once."""

    def __init__(self, twin: Twin, publish_idle_seconds: float = _PUBLISH_IDLE_SECONDS) -> None:
        self._twin = twin
        self._publish_idle_seconds = publish_idle_seconds

    @property
    def _events(self) -> EventService:
        return self._twin.events

    # ---- who calls, and what about

    def require_caller(self, context: Any) -> Caller:
        """The user of the call's metadata: accesstoken, instanceurl, tenantid. Raises Refused."""
        metadata = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
        _require_headers(metadata)
        session = self._twin.sessions.find(metadata["accesstoken"])
        org = self._twin.org
        tenant = find_id18(metadata["tenantid"].rpartition("/")[2])
        is_known = session is not None and org.access.rights(session.user_id).is_active and tenant == org.org_id
        if session is None or not is_known:
            raise refuse(Refusal.AUTH)
        caller = Caller(session.user_id, api_version=_API_VERSION)
        if not org.access.has_permission(caller, "ApiEnabled"):
            raise refuse(Refusal.AUTH)
        return caller

    def _topic(self, name: str) -> Topic:
        if not name:
            raise refuse(Refusal.TOPIC_EMPTY)
        try:
            return self._events.require_topic(name)
        except NoSuchTopic:
            raise refuse(Refusal.TOPIC_NOT_FOUND, org=f"CORE/prod/{self._twin.org.org_id}", topic=name) from None

    def _subscribable(self, caller: Caller, name: str) -> Topic:
        topic = self._topic(name)
        if not may_subscribe(self._twin.org.access, caller, topic):
            raise refuse(Refusal.SUBSCRIBING_DENIED, topic=name)
        return topic

    def _publishable(self, caller: Caller, name: str) -> Topic:
        if not name:
            raise refuse(Refusal.PUBLISH_TOPIC_EMPTY)
        topic = self._topic(name)
        if not may_publish(self._twin.org.access, caller, topic):
            raise refuse(Refusal.PUBLISHING_DENIED, topic=name)
        return topic

    # ---- methods with one answer

    async def get_topic(self, request: Any, caller: Caller, rpc_id: str) -> Any:
        topic = self._topic(request.topic_name)
        access = self._twin.org.access
        return messages.TopicInfo(
            topic_name=topic.name,
            tenant_guid=f"CORE/prod/{self._twin.org.org_id}",
            can_publish=may_publish(access, caller, topic),
            can_subscribe=may_subscribe(access, caller, topic),
            schema_id=self._events.schema(topic.entity).schema_id if topic.entity else "",
            rpc_id=rpc_id,
        )

    async def get_schema(self, request: Any, caller: Caller, rpc_id: str) -> Any:
        if not request.schema_id:
            raise refuse(Refusal.SCHEMA_EMPTY)
        schema = self._events.schemas.find(request.schema_id)
        if schema is None or not may_hear(self._twin.org.access, caller, schema.entity):
            raise refuse(Refusal.SCHEMA_NOT_FOUND, schema=request.schema_id)
        return messages.SchemaInfo(schema_json=schema.json, schema_id=schema.schema_id, rpc_id=rpc_id)

    async def publish(self, request: Any, caller: Caller, rpc_id: str) -> Any:
        topic = self._publishable(caller, request.topic_name)
        return await self._published(topic, request, caller, rpc_id)

    async def _published(self, topic: Topic, request: Any, caller: Caller, rpc_id: str) -> Any:
        if not request.events:
            raise refuse(Refusal.NO_EVENTS)
        answer = self._twin.turns.take(Pace.WRITE, lambda: publish(self._events, caller, topic, request.events))
        results = await answer if isinstance(answer, Awaitable) else answer
        schema_id = self._events.schema(topic.entity or "").schema_id
        return messages.PublishResponse(results=results, schema_id=schema_id, rpc_id=rpc_id)

    # ---- streams

    async def publish_stream(self, requests: AsyncIterator[Any], caller: Caller, rpc_id: str) -> AsyncIterator[Any]:
        topic: Topic | None = None
        while True:
            try:
                request = await asyncio.wait_for(anext(requests), self._publish_idle_seconds)
            except (StopAsyncIteration, TimeoutError):
                return
            if topic is None:
                topic = self._publishable(caller, request.topic_name)
            elif request.topic_name not in ("", topic.name):
                raise refuse(Refusal.PUBLISH_TOPIC_CHANGED, topic=request.topic_name)
            yield await self._published(topic, request, caller, rpc_id)

    async def subscribe(self, requests: AsyncIterator[Any], caller: Caller, rpc_id: str) -> AsyncIterator[Any]:
        first = await _first(requests)
        if first is None:
            return
        topic = self._subscribable(caller, first.topic_name)

        def check(request: Any) -> None:
            if request.topic_name not in ("", topic.name):
                raise refuse(Refusal.FETCH_TOPIC_CHANGED, topic=request.topic_name)

        position = start_position(self._events, first.replay_preset, first.replay_id)
        subscription = Subscription(self._events, caller, topic, position, Demand(), rpc_id)
        async for response in _run(subscription, first, requests, check, messages.FetchResponse):
            yield response

    async def managed_subscribe(self, requests: AsyncIterator[Any], caller: Caller, rpc_id: str) -> AsyncIterator[Any]:
        first = await _first(requests)
        if first is None:
            return
        if commits(first):
            raise refuse(Refusal.MANAGED_FIRST_COMMIT)
        managed = find_subscription(self._twin, first.subscription_id, first.developer_name)
        topic = self._subscribable(caller, managed.topic_name)

        def check(request: Any) -> None:
            if not _names(request, managed):
                raise refuse(Refusal.MANAGED_ID_NOT_FOUND, subscription=request.subscription_id)

        position = managed_position(self._events, managed)
        subscription = Subscription(self._events, caller, topic, position, Demand(), rpc_id, managed.name)
        async for response in _run(subscription, first, requests, check, messages.ManagedFetchResponse):
            yield response


def _require_headers(metadata: Mapping[str, str]) -> None:
    for name in ("accesstoken", "instanceurl", "tenantid"):
        is_address = name != "instanceurl" or metadata.get(name, "").startswith("http")
        if not metadata.get(name) or not is_address:
            raise refuse(Refusal.HEADERS, header=name)


def _names(request: Any, managed: ManagedSubscription) -> bool:
    return request.subscription_id in ("", managed.subscription_id) and request.developer_name in ("", managed.name)


async def _first(requests: AsyncIterator[Any]) -> Any:
    try:
        return await anext(requests)
    except StopAsyncIteration:
        return None


async def _run(
    subscription: Subscription,
    first: Any,
    requests: AsyncIterator[Any],
    check: Callable[[Any], None],
    make: Callable[..., Any],
) -> AsyncIterator[Any]:
    subscription.demand.take(first)
    listening = asyncio.create_task(subscription.demand.listen(requests, check))
    try:
        async for response in subscription.responses(make):
            yield response
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening


_METHODS = {
    "Subscribe": PubSub.subscribe,
    "GetSchema": PubSub.get_schema,
    "GetTopic": PubSub.get_topic,
    "Publish": PubSub.publish,
    "PublishStream": PubSub.publish_stream,
    "ManagedSubscribe": PubSub.managed_subscribe,
}


def handlers(service: PubSub) -> Any:
    """The service as gRPC wants it, made from the descriptor."""
    found = {method.name: _handler(service, method) for method in messages.methods()}
    return grpc.method_handlers_generic_handler(messages.SERVICE, found)


def _handler(service: PubSub, method: Any) -> Any:
    run: Any = _METHODS[method.name]
    request = messages.message_class(method.input_type.name)
    response = messages.message_class(method.output_type.name)

    async def answer(asked: Any, context: Any) -> Any:
        rpc_id = str(uuid4())
        try:
            return await run(service, asked, service.require_caller(context), rpc_id)
        except Refused as refused:
            await context.abort(*trailers_of(refused, rpc_id))

    async def stream(asked: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        rpc_id = str(uuid4())
        try:
            async for part in run(service, asked, service.require_caller(context), rpc_id):
                yield part
        except Refused as refused:
            await context.abort(*trailers_of(refused, rpc_id))

    make = grpc.stream_stream_rpc_method_handler if method.client_streaming else grpc.unary_unary_rpc_method_handler
    chosen = stream if method.client_streaming else answer
    return make(chosen, request_deserializer=request.FromString, response_serializer=response.SerializeToString)


async def start_server(twin: Twin, address: str, key: bytes, certificate: bytes) -> grpc.aio.Server:
    """Serve at an address (`unix:/path`), over TLS."""
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((handlers(PubSub(twin)),))
    server.add_secure_port(address, grpc.ssl_server_credentials([(key, certificate)]))
    await server.start()
    return server
