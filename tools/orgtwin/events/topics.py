"""Topics: their names, what they carry, and who may listen.

    /event/X__e             one platform event
    /event/X__chn           the platform events that are members of a channel
    /data/XChangeEvent      the changes of one object that is a member of any channel
    /data/ChangeEvents      the standard channel
    /data/X__chn            a channel of change events

Names are case-sensitive. Sources: "Subscription Channels", "Required Permissions for Change Event Subscribers" (Change Data Capture
Developer Guide): on channels the permissions are asked for every event, on single objects at the beginning, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from orgtwin.access.access import OrgAccess
from orgtwin.events.channels import Channels, Member, Members
from orgtwin.metadata.types.events import STANDARD_CHANNEL
from orgtwin.records.model import Caller
from orgtwin.schema.change_events import change_event_name
from orgtwin.schema.model import Schema


@dataclass(frozen=True, slots=True)
class Topic:
    """`entity` is set for a topic of one entity; `members` says what a topic of many carries."""

    name: str
    entity: str | None = None
    members: Members = field(default_factory=dict)

    def member(self, entity: str) -> Member | None:
        """How this topic carries events of an entity; None when it does not."""
        if self.entity is not None:
            return _PLAIN if entity == self.entity else None
        return self.members.get(entity)


_PLAIN = Member("")
Finder = Callable[[Schema, Channels, str], Topic | None]


def find_topic(schema: Schema, channels: Channels, name: str) -> Topic | None:
    """The topic of that name, or None when there is none in this org."""
    _, _, rest = name.partition("/")
    kind, _, last = rest.partition("/")
    finder = _FINDERS.get(kind)
    return finder(schema, channels, last) if finder and name.startswith("/") and last and "/" not in last else None


def _event_topic(schema: Schema, channels: Channels, last: str) -> Topic | None:
    if channels.kinds.get(last) == "event":
        return Topic(f"/event/{last}", members=channels.by_name[last])
    found = schema.find_type(last)
    if found is None or not found.event or found.api_name != last:
        return None
    return Topic(f"/event/{last}", last)


def _data_topic(_schema: Schema, channels: Channels, last: str) -> Topic | None:
    if last == STANDARD_CHANNEL or channels.kinds.get(last) == "data":
        return Topic(f"/data/{last}", members=channels.by_name.get(last, {}))
    entity = next((entity for entity in channels.captured if change_event_name(entity) == last), None)
    return None if entity is None else Topic(f"/data/{last}", entity)


_FINDERS: Mapping[str, Finder] = {"event": _event_topic, "data": _data_topic}


def may_hear(access: OrgAccess, caller: Caller, entity: str) -> bool:
    """Whether a user receives events of an entity: read on a platform event, View All on an object, View All Users on User."""
    grant = access.grant(caller, entity)
    if entity.endswith("__e"):
        return grant.read
    if entity == "User":
        return access.has_permission(caller, "ViewAllUsers") or access.has_permission(caller, "ManageUsers")
    return grant.view_all


def may_subscribe(access: OrgAccess, caller: Caller, topic: Topic) -> bool:
    return topic.entity is None or may_hear(access, caller, topic.entity)


def may_publish(access: OrgAccess, caller: Caller, topic: Topic) -> bool:
    """Only platform events are published by clients."""
    return topic.entity is not None and topic.entity.endswith("__e") and access.grant(caller, topic.entity).create
