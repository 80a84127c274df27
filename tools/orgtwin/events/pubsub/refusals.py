"""How the Pub/Sub API says no: a gRPC status, a text that ends in the rpcId, and the error code in the trailer `error-code`.

Source: "Handle Errors" (Pub/Sub API Guide). The text of a missing topic is one that an org returned. ASSUMED where a row says so.
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
    TOPIC_NOT_FOUND = (
        grpc.StatusCode.NOT_FOUND,
        "topic.notfound",  # ASSUMED code
        "The topic information for org {org} and topic {topic} not found. Ensure the topic name is correct and that the topic "
        "exists.",
    )
    TOPIC_DENIED = (  # ASSUMED code and text
        grpc.StatusCode.PERMISSION_DENIED,
        "topic.unauthorized",
        "The user doesn't have the permission to use the topic {topic}.",
    )
    TOPIC_CHANGED = (  # ASSUMED code and text
        grpc.StatusCode.INVALID_ARGUMENT,
        "topic.invalid",
        "The topic {topic} isn't the one that the first request of this stream named.",
    )
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
        "The number of requested events must be between 1 and 100, not {number}.",  # ASSUMED text
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
    SCHEMA_NOT_FOUND = (  # ASSUMED code and text
        grpc.StatusCode.NOT_FOUND,
        "schema.notfound",
        "The schema {schema} not found.",
    )
    SUBSCRIPTION_NOT_FOUND = (  # ASSUMED code and text
        grpc.StatusCode.NOT_FOUND,
        "managed.subscription.notfound",
        "The managed subscription {subscription} not found or not running.",
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
