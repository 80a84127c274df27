"""A view as the two protocols carry it: Avro for the Pub/Sub API, JSON for CometD.

Source: "Change Event Body Fields", "Differences Between Change Events Received with Streaming API vs. Pub/Sub API": Avro has every
field, null where it did not change; JSON leaves out what is empty, unless an update cleared it, and two fields of the header.
"""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

from orgtwin.events.model import Change
from orgtwin.events.schemas import EventSchema
from orgtwin.events.views import View, header_values
from orgtwin.records.model import Value

_DAY_MILLISECONDS = 86_400_000
_EPOCH = date(1970, 1, 1)


def avro_payload(schema: EventSchema, view: View) -> bytes:
    """The payload of a ConsumerEvent."""
    import fastavro

    record = _nested(schema, view, _avro_value)
    body = view.event.body
    if isinstance(body, Change):
        nulled, changed = schema.bitmap(view.nulled), schema.bitmap(view.changed)
        record["ChangeEventHeader"] = {
            **header_values(body),
            "nulledFields": nulled,
            "diffFields": [],
            "changedFields": changed,
        }
    out = io.BytesIO()
    fastavro.schemaless_writer(out, parsed(schema.json), record)
    return out.getvalue()


@lru_cache(maxsize=256)
def parsed(schema_json: str) -> Any:
    """An Avro schema, ready for fastavro, which is imported when the first event is written or read."""
    import fastavro

    return fastavro.parse_schema(json.loads(schema_json))


def json_data(schema: EventSchema, view: View) -> dict[str, Any]:
    """The `data` of a CometD message."""
    body = view.event.body
    kept = {name: value for name, value in view.values.items() if value is not None or name in view.nulled}
    payload = _nested(schema, View(view.event, kept), _json_value)
    event: dict[str, Any] = {"replayId": view.event.replay_id}
    if isinstance(body, Change):
        header = header_values(body)
        header["changedFields"] = list(dict.fromkeys(_dotted(schema, name) for name in view.changed))
        payload = {"ChangeEventHeader": header, **payload}
    else:
        event["EventUuid"] = body.uuid
    return {"schema": schema.schema_id, "payload": payload, "event": event}


def _dotted(schema: EventSchema, name: str) -> str:
    place = schema.places[name]
    return place.name if place.part is None else f"{place.name}.{place.part}"


def _nested(schema: EventSchema, view: View, convert: Any) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for name, value in view.values.items():
        place = schema.places.get(name)
        if place is None:
            record[name] = convert(value)
        elif place.part is None:
            record[place.name] = convert(value)
        else:
            record.setdefault(place.name, {})[place.part] = convert(value)
    return record


def _avro_value(value: Value) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, date):
        return (value - _EPOCH).days * _DAY_MILLISECONDS
    if isinstance(value, time):
        return ((value.hour * 60 + value.minute) * 60 + value.second) * 1000 + value.microsecond // 1000
    return value


def _json_value(value: Value) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat(timespec="milliseconds")[:12] + "Z"
    return value
