"""How the Pub/Sub API says no: a gRPC status, a text that ends in the rpcId, and the error code in the trailer `error-code`.

Source: "Handle Errors" (Pub/Sub API Guide) for the error codes. The text of a missing topic is one that an org returned. ASSUMED:
the statuses of codes that no client has shown, and the texts of blank, changed and unknown names and of counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import grpc

_PREFIX = "sfdc.platform.eventbus.grpc."


class Refusal(Enum):
    """gRPC status, error code, text."""

    AUTH = (
        grpc.StatusCode.UNAUTHENTICATED,
        "service.auth.error",
        "An authentication exception occurred. Provide valid authentication via metadata headers.",
    )
    HEADERS = (
        grpc.StatusCode.UNAUTHENTICATED,
        "service.auth.headers.invalid",
        "The metadata header {header} is blank or not valid.",
    )
    TOPIC_NOT_FOUND = (
        grpc.StatusCode.NOT_FOUND,
        "topic.not.found",
        "The topic information for org {org} and topic {topic} not found. Ensure the topic name is correct and that the topic "
        "exists.",
    )
    TOPIC_EMPTY = (grpc.StatusCode.INVALID_ARGUMENT, "topic.validation.empty", "The topic name is blank.")
    SUBSCRIBING_DENIED = (
        grpc.StatusCode.PERMISSION_DENIED,
        "subscription.topic.cannot.subscribe",
        "The user doesn't have the permission to use the topic {topic}.",
    )
    PUBLISHING_DENIED = (  # ASSUMED code: the guide has none of its own for publishing
        grpc.StatusCode.PERMISSION_DENIED,
        "topic.meta.permission",
        "The user doesn't have the permission to use the topic {topic}.",
    )
    FETCH_TOPIC_CHANGED = (
        grpc.StatusCode.INVALID_ARGUMENT,
        "subscription.fetch.topic.mismatch",
        "The topic {topic} isn't the one that the first request of this stream named.",
    )
    PUBLISH_TOPIC_CHANGED = (
        grpc.StatusCode.INVALID_ARGUMENT,
        "publish.topic.mismatch",
        "The topic {topic} isn't the one that the first request of this stream named.",
    )
    PUBLISH_TOPIC_EMPTY = (
        grpc.StatusCode.INVALID_ARGUMENT,
        "publish.topic.validation.empty",
        "The topic name is blank.",
    )
    NO_EVENTS = (grpc.StatusCode.INVALID_ARGUMENT, "publish.event.count.invalid", "The request has no events.")
    REPLAY_ID_CORRUPTED = (
        grpc.StatusCode.INVALID_ARGUMENT,
        "subscription.fetch.replayid.corrupted",
        "The Replay ID validation failed. Ensure that the Replay ID is valid.",
    )
    REPLAY_ID_MISSING = (
        grpc.StatusCode.INVALID_ARGUMENT,
        "subscription.fetch.replayid.validation.failed",
        "The Replay ID validation failed. Ensure that the Replay ID is valid.",
    )
    REQUESTED_EVENTS = (
        grpc.StatusCode.INVALID_ARGUMENT,
        "subscription.fetch.requested.events.invalid",
        "The number of requested events must be between 1 and 100, not {number}.",
    )
    DELIVERY_LIMIT = (
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "subscription.limit.exceeded",
        "You have exceeded the event delivery limit for your org.",
    )
    UNAVAILABLE = (
        grpc.StatusCode.UNAVAILABLE,
        "service.unavailable",
        "The Pub/Sub API service is unavailable.",
    )
    SCHEMA_EMPTY = (grpc.StatusCode.INVALID_ARGUMENT, "schema.validation.failed", "The schema ID is blank.")
    SCHEMA_NOT_FOUND = (grpc.StatusCode.NOT_FOUND, "schema.meta.permission", "The schema {schema} not found.")
    MANAGED_STOPPED = (
        grpc.StatusCode.FAILED_PRECONDITION,
        "managed.subscription.config.stopped",
        "The managed subscription {subscription} is in the state STOP.",
    )
    MANAGED_NAME_NOT_FOUND = (
        grpc.StatusCode.NOT_FOUND,
        "managed.subscription.developer.name.not.found",
        "The managed subscription {subscription} not found.",
    )
    MANAGED_ID_NOT_FOUND = (
        grpc.StatusCode.NOT_FOUND,
        "managed.subscription.subscription.id.not.found",
        "The managed subscription {subscription} not found.",
    )
    MANAGED_ID_INVALID = (
        grpc.StatusCode.INVALID_ARGUMENT,
        "managed.subscription.subscription.id.invalid",
        "The subscription ID {subscription} doesn't have 15 or 18 characters.",
    )
    MANAGED_BOTH = (
        grpc.StatusCode.INVALID_ARGUMENT,
        "managed.subscription.id.or.developer.name.empty",
        "Name the managed subscription by its ID or by its developer name.",
    )
    MANAGED_REQUESTED_EVENTS = (
        grpc.StatusCode.INVALID_ARGUMENT,
        "managed.subscription.fetch.request.events.invalid",
        "The number of requested events must be between 0 and 100, not {number}.",
    )
    MANAGED_FIRST_COMMIT = (
        grpc.StatusCode.INVALID_ARGUMENT,
        "managed.subscription.fetch.request.commit.request.restricted",
        "The first request of a stream cannot commit a Replay ID.",
    )


@dataclass(slots=True)
class Refused(Exception):
    """Ends a call. `values` fill the gaps of the text."""

    refusal: Refusal
    values: dict[str, object]


def refuse(refusal: Refusal, **values: object) -> Refused:
    return Refused(refusal, values)


def trailers_of(refused: Refused, rpc_id: str) -> tuple[grpc.StatusCode, str, tuple[tuple[str, str], ...]]:
    """Status, text and trailing metadata of a refused call."""
    status, code, text = refused.refusal.value
    details = f"{text.format(**refused.values)} rpcId: {rpc_id}"
    return status, details, (("error-code", _PREFIX + code), ("rpc-id", rpc_id))
