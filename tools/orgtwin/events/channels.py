"""What channel members select, enrich and filter, read from the deployed components.

Source: "PlatformEventChannelMember" (Metadata API Developer Guide), "Subscription Channels" and "Enrich Change Events with Extra
Fields" (Change Data Capture Developer Guide).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orgtwin.events.filters import Filter, compile_filter
from orgtwin.metadata.component import ComponentStore
from orgtwin.metadata.types.events import STANDARD_CHANNEL
from orgtwin.schema.change_events import object_of_change_event
from orgtwin.schema.model import Schema


@dataclass(frozen=True, slots=True)
class Member:
    """One selected entity of one channel. `entity` is the object (Contract) or the platform event (X__e) itself."""

    entity: str
    enriched: tuple[str, ...] = ()
    accepts: Filter | None = None


Members = Mapping[str, Member]


@dataclass(frozen=True, slots=True)
class Channels:
    """All channels with their members by entity. `captured`: objects whose changes somebody asked for."""

    by_name: Mapping[str, Members] = field(default_factory=dict)
    captured: frozenset[str] = frozenset()
    kinds: Mapping[str, str] = field(default_factory=dict)


NONE = Channels()


def read_channels(components: ComponentStore, schema: Schema) -> Channels:
    """The channels as they are deployed; members of objects that are gone do not count."""
    kinds = {c.full_name: c.body.value("channelType") or "data" for c in components.of_type("PlatformEventChannel")}
    channels: dict[str, dict[str, Member]] = {name: {} for name in kinds}
    channels[STANDARD_CHANNEL] = {}
    for component in components.of_type("PlatformEventChannelMember"):
        body = component.body
        found = schema.find_type(object_of_change_event(body.value("selectedEntity") or ""))
        members = channels.get(body.value("eventChannel") or "")
        if found is None or members is None:
            continue
        enriched = tuple(item.value("name") or "" for item in body.all("enrichedFields"))
        expression = body.value("filterExpression")
        members[found.api_name] = Member(found.api_name, enriched, compile_filter(expression) if expression else None)
    captured = frozenset(entity for members in channels.values() for entity in members if not entity.endswith("__e"))
    return Channels(channels, captured, kinds)
