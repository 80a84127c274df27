"""Avro schemas of events: one an entity, known by an id that is a hash of it.

Sources: "Event Data Serialization with Apache Avro", "Event Deserialization Considerations" (Pub/Sub API Guide); the shape of
platform events as an org returned it. A change event begins with ChangeEventHeader, position 0; compound fields are records.
ASSUMED: the names of the `doc` of a field, and of the records of compound fields.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orgtwin.events.model import ChangeType
from orgtwin.schema.change_events import captured_fields, change_event_name
from orgtwin.schema.compounds import compound_parts
from orgtwin.schema.model import Field, FieldType, Schema, SObjectType

NAMESPACE = "com.sforce.eventbus"
_AVRO_TYPES = {
    FieldType.BOOLEAN: "boolean",
    FieldType.INT: "int",
    FieldType.DOUBLE: "double",
    FieldType.CURRENCY: "double",
    FieldType.PERCENT: "double",
    FieldType.DATE: "long",
    FieldType.DATETIME: "long",
    FieldType.TIME: "long",
}
_DOCS = {
    FieldType.REFERENCE: "EntityId",
    FieldType.STRING: "Text",
    FieldType.TEXTAREA: "TextArea",
    FieldType.PICKLIST: "DynamicEnum",
    FieldType.MULTIPICKLIST: "MultiEnum",
    FieldType.BOOLEAN: "Boolean",
    FieldType.INT: "Integer",
    FieldType.DOUBLE: "Double",
    FieldType.CURRENCY: "Currency",
    FieldType.PERCENT: "Percent",
    FieldType.DATE: "DateOnly",
    FieldType.DATETIME: "DateTime",
    FieldType.TIME: "TimeOnly",
}
_STRINGS = {"type": "array", "items": "string"}
_HEADER: dict[str, Any] = {
    "name": "ChangeEventHeader",
    "type": {
        "type": "record",
        "name": "ChangeEventHeader",
        "fields": [
            {"name": "entityName", "type": "string"},
            {"name": "recordIds", "type": _STRINGS},
            {
                "name": "changeType",
                "type": {"type": "enum", "name": "ChangeType", "symbols": [c.value for c in ChangeType]},
            },
            {"name": "changeOrigin", "type": "string"},
            {"name": "transactionKey", "type": "string"},
            {"name": "sequenceNumber", "type": "int"},
            {"name": "commitTimestamp", "type": "long"},
            {"name": "commitNumber", "type": "long"},
            {"name": "commitUser", "type": "string"},
            {"name": "nulledFields", "type": _STRINGS},
            {"name": "diffFields", "type": _STRINGS},
            {"name": "changedFields", "type": _STRINGS},
        ],
    },
}
_EVENT_HEADER: tuple[dict[str, Any], ...] = (
    {"name": "CreatedDate", "type": "long", "doc": "CreatedDate:DateTime"},
    {"name": "CreatedById", "type": "string", "doc": "CreatedBy:EntityId"},
)
_EVENT_SYSTEM = frozenset({"ReplayId", "CreatedDate", "CreatedById", "EventUuid", "Id"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field is in the schema: its position, and inside a compound field the position and name there."""

    field: Field
    name: str
    position: int
    part: str | None = None
    part_position: int = 0


@dataclass(frozen=True, eq=False)
class EventSchema:
    """The schema of one entity's events as it stands. `places` are by API name of the object's field."""

    entity: str
    name: str
    schema_id: str
    json: str
    fields: tuple[Mapping[str, Any], ...]
    places: Mapping[str, Place]

    @property
    def is_change_event(self) -> bool:
        return not self.entity.endswith("__e")

    def bitmap(self, names: Iterable[str]) -> list[str]:
        """Fields as ChangeEventHeader tells them: '0x400800' for the record, '4-0x10' for a part of field 4."""
        top = 0
        nested: dict[int, int] = {}
        for name in names:
            place = self.places[name]
            if place.part is None:
                top |= 1 << place.position
            else:
                nested[place.position] = nested.get(place.position, 0) | 1 << place.part_position
        found = [_hex(top)] if top else []
        return found + [f"{position}-{_hex(bits)}" for position, bits in sorted(nested.items())]


def _hex(bits: int) -> str:
    return f"0x{bits.to_bytes((bits.bit_length() + 7) // 8, 'big').hex().upper()}"


class SchemaBook:
    """The schemas of one org: current ones by entity, every one that was ever handed out by id."""

    def __init__(self) -> None:
        self._version = 0
        self._current: dict[str, EventSchema] = {}
        self._by_id: dict[str, EventSchema] = {}

    def of(self, schema: Schema, entity: str) -> EventSchema:
        """The schema of an entity's events in this version of the org. Raises KeyError for an unknown entity."""
        if schema.version != self._version:
            self._current.clear()
            self._version = schema.version
        found = self._current.get(entity)
        if found is None:
            sobject_type = schema.find_type(entity)
            if sobject_type is None:
                raise KeyError(entity)
            made = make_schema(sobject_type)
            found = self._current[entity] = self._by_id.setdefault(made.schema_id, made)
        return found

    def find(self, schema_id: str) -> EventSchema | None:
        return self._by_id.get(schema_id)


def make_schema(sobject_type: SObjectType) -> EventSchema:
    """The Avro schema of an object's change events, or of a platform event."""
    is_event = sobject_type.event
    name = sobject_type.api_name if is_event else change_event_name(sobject_type.api_name)
    leading = list(_EVENT_HEADER) if is_event else [_HEADER]
    chosen = (
        [f for f in sobject_type.fields if f.api_name not in _EVENT_SYSTEM]
        if is_event
        else list(captured_fields(sobject_type))
    )
    fields, places = _fields(sobject_type, leading, chosen)
    document = {"name": name, "namespace": NAMESPACE, "type": "record", "fields": fields}
    text = json.dumps(document, separators=(",", ":"))
    digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    schema_id = urlsafe_b64encode(digest).decode().rstrip("=")
    return EventSchema(sobject_type.api_name, name, schema_id, text, tuple(fields), places)


def _fields(
    sobject_type: SObjectType, leading: Sequence[dict[str, Any]], chosen: Sequence[Field]
) -> tuple[list[dict[str, Any]], dict[str, Place]]:
    fields = list(leading)
    places: dict[str, Place] = {}
    records: set[str] = set()
    for f in chosen:
        compound = f.compound
        if compound is None:
            places[f.api_name] = Place(f, f.api_name, len(fields))
            fields.append(_field(f.api_name, f))
            continue
        if any(place.name == compound for place in places.values()):
            continue
        parts = _parts(sobject_type, compound, chosen)
        for at, (part, name) in enumerate(parts):
            places[part.api_name] = Place(part, compound, len(fields), name, at)
        fields.append(_record(compound, parts, records))
    return fields, places


def _parts(sobject_type: SObjectType, compound: str, chosen: Sequence[Field]) -> list[tuple[Field, str]]:
    field = sobject_type.find_field(compound)
    wire = {part.api_name: name for name, part in compound_parts(sobject_type, field)} if field else {}
    found = []
    for part in chosen:
        if part.compound == compound:
            name = wire.get(part.api_name)
            found.append((part, name[0].upper() + name[1:] if name else part.api_name))
    return found


def _record(compound: str, parts: Sequence[tuple[Field, str]], records: set[str]) -> dict[str, Any]:
    """Records of the same parts are one named type, written out where it comes first."""
    name = "Switchable_PersonName" if compound == "Name" else "Address" if compound.endswith("Address") else compound
    if name in records and name != "Address":
        name = compound
    shape: Any = name
    if name not in records:
        records.add(name)
        shape = {"type": "record", "name": name, "fields": [_field(part_name, part) for part, part_name in parts]}
    return {"name": compound, "type": ["null", shape], "doc": f"Data:{name}", "default": None}


def _field(name: str, f: Field) -> dict[str, Any]:
    avro = _AVRO_TYPES.get(f.type, "string")
    return {"name": name, "type": ["null", avro], "doc": f"Data:{_DOCS.get(f.type, 'Text')}", "default": None}


def expanded(schema: EventSchema) -> dict[str, Any]:
    """The schema of the whole JSON message. Source: "Platform Event Schema by Schema ID" (REST API Developer Guide)."""
    event = [{"name": "replayId", "type": "long"}]
    if not schema.is_change_event:
        event.append({"name": "EventUuid", "type": "string"})
    payload = {"type": "record", "name": "Payload", "doc": "", "fields": list(schema.fields)}
    data = {
        "type": "record",
        "name": "Data",
        "namespace": "",
        "fields": [
            {"name": "schema", "type": "string"},
            {"name": "payload", "type": payload},
            {"name": "event", "type": {"type": "record", "name": "Event", "fields": event}},
        ],
    }
    return {
        "name": schema.name,
        "namespace": NAMESPACE,
        "type": "expanded-record",
        "fields": [{"name": "data", "type": data}, {"name": "channel", "type": "string"}],
        "uuid": schema.schema_id,
    }


def compact(schema: EventSchema) -> dict[str, Any]:
    """The schema of the payload alone."""
    document: dict[str, Any] = json.loads(schema.json)
    return {**document, "uuid": schema.schema_id}
