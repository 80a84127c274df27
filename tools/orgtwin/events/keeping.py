"""Events, committed places and the beginning of the stream as plain values, for the journal, and back.

["floor", replay id]                              the place before the oldest event
["place", subscription, replay id]                how far a managed subscription has come
["change", replay id, time, ...]                  a change event, field by field of Change and its Transaction
["message", replay id, time, ...]                 a platform event
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orgtwin.events.model import Change, ChangeType, Event, Message, Transaction
from orgtwin.records.kept_events import Images
from orgtwin.records.model import Value
from orgtwin.records.stored_values import dump_values

_FLOOR, _PLACE, _CHANGE, _MESSAGE = "floor", "place", "change", "message"


@dataclass(slots=True)
class Kept:
    """What the images say, read in their order. `floor` is None when there are none."""

    floor: int | None = None
    places: dict[str, int] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    commit_number: int = 0


def floor_image(replay_id: int) -> object:
    return [_FLOOR, replay_id]


def place_image(subscription: str, replay_id: int) -> object:
    return [_PLACE, subscription, replay_id]


def event_image(event: Event) -> object:
    body = event.body
    if isinstance(body, Message):
        return [_MESSAGE, event.replay_id, event.published_at, body.entity, body.uuid, _dumped(body.values)]
    t = body.transaction
    told = [t.key, t.committed_at, t.commit_number, t.user_id, t.origin]
    change = [
        body.entity,
        body.change_type.value,
        body.record_ids,
        told,
        body.sequence,
        _dumped(body.values),
        body.changed,
    ]
    return [_CHANGE, event.replay_id, event.published_at, *change]


def images_of(floor: int, events: Sequence[Event], places: Mapping[str, int]) -> Images:
    """All that there is."""
    told = [event_image(event) for event in events]
    return [floor_image(floor), *(place_image(*place) for place in places.items()), *told]


def read_images(images: Iterable[object]) -> Kept:
    kept = Kept()
    rows: Iterable[Any] = images
    for kind, *values in rows:
        if kind == _FLOOR:
            kept.floor = values[0]
            kept.events = [event for event in kept.events if event.replay_id > values[0]]
        elif kind == _PLACE:
            kept.places[values[0]] = values[1]
        else:
            kept.events.append(_event(kind, *values))
    changes = (event.body for event in kept.events if isinstance(event.body, Change))
    kept.commit_number = max((change.transaction.commit_number for change in changes), default=0)
    return kept


def _dumped(values: Mapping[str, Value]) -> dict[str, object]:
    return dict(zip(values, dump_values(values.values()), strict=True))


def _event(kind: str, replay_id: int, published_at: Any, entity: str, *rest: Any) -> Event:
    if kind == _MESSAGE:
        uuid, values = rest
        return Event(replay_id, published_at, Message(entity, uuid, values))
    change_type, record_ids, told, sequence, values, changed = rest
    transaction = Transaction(*told)
    change = Change(entity, ChangeType(change_type), tuple(record_ids), transaction, sequence, values, tuple(changed))
    return Event(replay_id, published_at, change)
