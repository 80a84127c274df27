"""Avro events in, one result each out. Events of the Pub/Sub API go out at once, whatever their publish behaviour says.

Source: "Publish RPC Method" (Pub/Sub API Guide), "Publish Behavior" (Platform Events Developer Guide).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from orgtwin.events.payloads import parsed
from orgtwin.events.pubsub import messages
from orgtwin.events.schemas import EventSchema
from orgtwin.events.service import EventService, Published
from orgtwin.events.topics import Topic
from orgtwin.records.model import Caller
from orgtwin.schema.model import FieldType

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def publish(events: EventService, caller: Caller, topic: Topic, produced: Iterable[Any]) -> list[Any]:
    """A PublishResult for each ProducerEvent, in order."""
    entity = topic.entity or ""
    decoded = [_decode(events, entity, event) for event in produced]
    rows = [values for values in decoded if not isinstance(values, str)]
    saved = iter(events.publish(caller, topic, rows))
    return [
        _result(event, problem_or_values, saved) for event, problem_or_values in zip(produced, decoded, strict=True)
    ]


def _result(event: Any, decoded: Mapping[str, object] | str, saved: Any) -> Any:
    if isinstance(decoded, str):
        return _failed(event, decoded)
    published: Published = next(saved)
    if published.replay_id is None:
        return _failed(event, published.message)
    return messages.PublishResult(replay_id=replay_bytes(published.replay_id), correlation_key=event.id)


def _failed(event: Any, message: str) -> Any:
    error = messages.Error(code=messages.ERROR_PUBLISH, msg=message)
    return messages.PublishResult(error=error, correlation_key=event.id)


def _decode(events: EventService, entity: str, event: Any) -> dict[str, object] | str:
    """The field values of an event, or why there are none."""
    import fastavro

    schema = events.schemas.find(event.schema_id)
    if schema is None or schema.entity != entity:
        return f"The schema {event.schema_id} is not one of {entity}."
    try:
        record = fastavro.schemaless_reader(io.BytesIO(event.payload), parsed(schema.json), None)
    except (EOFError, ValueError, IndexError, UnicodeDecodeError, OverflowError, StopIteration) as error:
        return f"The payload does not follow the schema {event.schema_id}: {error or type(error).__name__}"
    return _values(schema, record) if isinstance(record, dict) else "The payload is no record."


def _values(schema: EventSchema, record: Mapping[str, Any]) -> dict[str, object]:
    found = {name: record.get(place.name) for name, place in schema.places.items()}
    return {name: _wire(schema.places[name].field.type, value) for name, value in found.items() if value is not None}


def _wire(kind: FieldType, value: Any) -> object:
    """Milliseconds of dates and times as the text that a save takes."""
    if kind not in (FieldType.DATE, FieldType.DATETIME, FieldType.TIME):
        return value
    moment = _EPOCH + timedelta(milliseconds=value)
    if kind is FieldType.DATE:
        return moment.date().isoformat()
    return (
        moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if kind is FieldType.DATETIME
        else str(moment.time())
    )


def replay_bytes(replay_id: int) -> bytes:
    """A replay id on the wire: eight bytes that nobody may read anything into."""
    return replay_id.to_bytes(8, "big")
