"""Managed subscriptions: the org keeps the client's place in the stream.

Source: "ManagedEventSubscription" (Metadata API Developer Guide), "Managed Subscriptions" (Pub/Sub API Guide). A place that is no
longer kept is replaced as errorRecoveryReplay says. Committed places are kept with the stream.
"""

from __future__ import annotations

from dataclasses import dataclass

from orgtwin.events.pubsub.refusals import Refusal, refuse
from orgtwin.events.service import EventService
from orgtwin.http.twin import Twin
from orgtwin.ids import find_id18
from orgtwin.metadata.component import Component
from orgtwin.metadata.service import MetadataService

_RUNNING = "RUN"
_EARLIEST = "EARLIEST"
_ID_LENGTHS = (15, 18)


@dataclass(frozen=True, slots=True)
class ManagedSubscription:
    """One deployed ManagedEventSubscription."""

    name: str
    subscription_id: str
    topic_name: str
    default_replay: str
    recovery_replay: str


def find_subscription(twin: Twin, subscription_id: str, developer_name: str) -> ManagedSubscription:
    """By id or by developer name, one of them. Raises Refused."""
    if bool(subscription_id) == bool(developer_name):
        raise refuse(Refusal.MANAGED_BOTH)
    if subscription_id and len(subscription_id) not in _ID_LENGTHS:
        raise refuse(Refusal.MANAGED_ID_INVALID, subscription=subscription_id)
    wanted = find_id18(subscription_id)
    for component in twin.part(MetadataService).components.of_type("ManagedEventSubscription"):
        if component.full_name == developer_name or (wanted is not None and find_id18(component.id) == wanted):
            if component.body.value("state") != _RUNNING:
                raise refuse(Refusal.MANAGED_STOPPED, subscription=component.full_name)
            return _read(component)
    missing = Refusal.MANAGED_ID_NOT_FOUND if subscription_id else Refusal.MANAGED_NAME_NOT_FOUND
    raise refuse(missing, subscription=subscription_id or developer_name)


def _read(component: Component) -> ManagedSubscription:
    body = component.body
    return ManagedSubscription(
        component.full_name,
        component.id,
        body.value("topicName") or "",
        body.value("defaultReplay") or "",
        body.value("errorRecoveryReplay") or "",
    )


def managed_position(events: EventService, managed: ManagedSubscription) -> int:
    """After the committed place; where there is none, as the subscription says."""
    committed = events.committed_replays.get(managed.name)
    if committed is not None and events.bus.is_issued(committed):
        return committed
    preset = managed.default_replay if committed is None else managed.recovery_replay
    return events.bus.earliest if preset == _EARLIEST else events.bus.last_id
