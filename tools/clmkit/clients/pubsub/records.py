"""Avro payloads -> what happened: a change of records, or a published event.

Source: "Event Deserialization Considerations" (Pub/Sub API Guide): the bitmaps of ChangeEventHeader name fields by their position
in the schema; `4-0x10` names parts of the compound field at position 4. "ChangeEventHeader Fields", "Gap Events", "Overflow
Events" (Change Data Capture Developer Guide).
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import fastavro
import msgspec

HEADER = "ChangeEventHeader"
_GAP = "GAP_"
_OVERFLOW = "GAP_OVERFLOW"
_WILDCARD = "*"
"""What a conversion of a field tells in the place of ids."""
_MOST_REMEMBERED = 4096


class Change(msgspec.Struct, frozen=True, gc=False):
    """One change event. `changed` and `nulled` are field names, parts of compound fields with a dot.

    `values` are of Avro: dates and times are milliseconds. In an update only what `changed` names counts: the rest is null or
    enriched.
    """

    entity: str
    change_type: str
    record_ids: tuple[str, ...]
    origin: str
    user_id: str
    transaction_key: str
    sequence: int
    committed_at: int  # milliseconds
    changed: tuple[str, ...]
    nulled: tuple[str, ...]
    values: Mapping[str, Any]
    event_id: str = ""

    @property
    def needs_reread(self) -> bool:
        """The event does not tell the values: a gap, an overflow, a conversion of all records of an object."""
        return self.change_type.startswith(_GAP) or _WILDCARD in "".join(self.record_ids)

    @property
    def knows_records(self) -> bool:
        """Whether `record_ids` are records; otherwise all of the object are to be read again."""
        return self.change_type != _OVERFLOW and _WILDCARD not in "".join(self.record_ids)

    def is_echo_of(self, client: str) -> bool:
        """Whether the change came over an API from the client of that name ("changeOrigin")."""
        return self.origin.rstrip("/").endswith(f";client={client}")


class Published(msgspec.Struct, frozen=True, gc=False):
    """One platform event."""

    name: str
    values: Mapping[str, Any]
    event_id: str = ""


class Unread(msgspec.Struct, frozen=True):
    """An event that cannot be decoded: something changed, and the event does not tell what."""

    event_id: str
    reason: str


class Decoder:
    """The payloads of one schema. Which fields a bitmap names is worked out once: the same ones come again and again."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema
        self._parsed = fastavro.parse_schema(schema)
        self._name = str(schema["name"]).rpartition(".")[2]
        self._named: dict[tuple[str, ...], tuple[str, ...]] = {}

    def decode(self, payload: bytes, event_id: str) -> Change | Published:
        """What a payload says. Raises ValueError for one with bytes left over: it was written by another schema."""
        source = io.BytesIO(payload)
        values: Any = fastavro.schemaless_reader(source, self._parsed, None)
        if source.tell() != len(payload):
            raise ValueError(f"the event ends at byte {source.tell()} of {len(payload)}")
        header = values.pop(HEADER, None)
        if header is None:
            return Published(self._name, values, event_id)
        return Change(
            header["entityName"],
            header["changeType"],
            tuple(header["recordIds"]),
            header["changeOrigin"],
            header["commitUser"],
            header["transactionKey"],
            header["sequenceNumber"],
            header["commitTimestamp"],
            self._names(header["changedFields"]),
            self._names(header["nulledFields"]),
            values,
            event_id,
        )

    def _names(self, bitmaps: Sequence[str]) -> tuple[str, ...]:
        bits = tuple(bitmaps)
        found = self._named.get(bits)
        if found is None:
            if len(self._named) >= _MOST_REMEMBERED:
                self._named.clear()
            found = self._named[bits] = field_names(self._schema, bits)
        return found


def field_names(schema: Mapping[str, Any], bitmaps: Sequence[str]) -> tuple[str, ...]:
    """The fields that bitmaps name."""
    found: list[str] = []
    for bitmap in bitmaps:
        position, dash, bits = bitmap.rpartition("-")
        if not dash:
            found += [field["name"] for field in _chosen(schema["fields"], bits)]
            continue
        parent = schema["fields"][int(position)]
        found += [f"{parent['name']}.{part['name']}" for part in _chosen(_parts(schema, parent), bits)]
    return tuple(found)


def _chosen(fields: Sequence[Mapping[str, Any]], bits: str) -> list[Mapping[str, Any]]:
    number, found = int(bits, 16), []
    while number:
        lowest = number & -number
        found.append(fields[lowest.bit_length() - 1])
        number ^= lowest
    return found


def _parts(schema: Mapping[str, Any], parent: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The fields of a compound field's record; it may be written out at an earlier field and only named here."""
    for shape in parent["type"]:
        if isinstance(shape, Mapping):
            fields: Sequence[Mapping[str, Any]] = shape["fields"]
            return fields
        if shape != "null" and shape not in ("string", "boolean", "int", "long", "double"):
            return _named(schema, shape)
    raise ValueError(f"{parent['name']} is no compound field of {schema['name']}")


def _named(schema: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    for field in schema["fields"]:
        shapes = field["type"] if isinstance(field["type"], list) else [field["type"]]
        for shape in shapes:
            if isinstance(shape, Mapping) and shape.get("name") == name:
                fields: Sequence[Mapping[str, Any]] = shape["fields"]
                return fields
    raise ValueError(f"{schema['name']} names no record {name}")
