"""Payloads of one schema -> values. A run of fields that are null is one step, and nearly every field of a change event is null.

Salesforce writes its events in few shapes: records of strings, numbers, booleans, arrays and nested records, each of them perhaps
`["null", shape]`. Schemas of those alone are read here, in less than half of fastavro's time for an event of 29 fields; any other
schema is fastavro's, which tests compare this with. Bytes that are left over are refused: they were written by another schema.
Source: "Binary Encoding" (Apache Avro 1.12 Specification); "Event Deserialization Considerations" (Pub/Sub API Guide).
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import fastavro

Shape: TypeAlias = Any
Read: TypeAlias = Callable[[bytes, int], tuple[Any, int]]
"""(payload, place) -> a value and the place after it."""

_NULLS = re.compile(rb"\0*")
_SECOND_BRANCH = 2
"""How the index 1 of a union is written."""
_LONG = 0x81
"""The bits of a length's first byte that say that it is longer than 63, or less than nothing."""


class Payload:
    """What the payloads of one schema say. Raises what fastavro raises for a schema that is none."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._parsed = fastavro.parse_schema(schema)
        try:
            self._read: Read | None = _Shapes().of(schema)
        except _OtherShape:
            self._read = None

    def read(self, payload: bytes) -> dict[str, Any]:
        """Raises ValueError, IndexError or struct.error, and what fastavro raises, for bytes that are no such record."""
        if self._read is None:
            found: Any = fastavro.schemaless_reader(io.BytesIO(payload), self._parsed, None)
            return dict(found)
        values, end = self._read(payload, 0)
        if end != len(payload):
            raise ValueError(f"the record ends at byte {end} of {len(payload)}")
        return dict(values)


class _OtherShape(Exception):
    """A shape that is left to fastavro."""


class _Shapes:
    """The reader of a shape; a record that has a name is written out once and only named from then on."""

    def __init__(self) -> None:
        self._named: dict[str, Read] = {}

    def of(self, shape: Shape) -> Read:
        if isinstance(shape, str):
            found = _PRIMITIVES.get(shape) or self._named.get(shape)
            if found is None:
                raise _OtherShape
            return found
        if not isinstance(shape, Mapping) or "logicalType" in shape:
            raise _OtherShape
        match shape["type"]:
            case "record":
                read = _Record([self._field(one) for one in shape["fields"]]).read
                self._named[str(shape["name"])] = read
                return read
            case "array":
                return _array_of(self.of(shape["items"]))
            case str() as plain if plain in _PRIMITIVES:
                return _PRIMITIVES[plain]
        raise _OtherShape

    def _field(self, field: Mapping[str, Any]) -> tuple[str, bool, Read]:
        shape = field["type"]
        if not isinstance(shape, list):
            return str(field["name"]), False, self.of(shape)
        match shape:
            case ["null", other]:
                return str(field["name"]), True, self.of(other)
        raise _OtherShape


class _Record:
    """`fields` are name, whether it may be null, and the reader of what it is otherwise."""

    def __init__(self, fields: Sequence[tuple[str, bool, Read]]) -> None:
        if not fields:
            raise _OtherShape
        self._fields = fields
        self._empty = dict.fromkeys(name for name, _, _ in fields)
        self._run = [0] * (len(fields) + 1)
        for at in range(len(fields) - 1, -1, -1):
            self._run[at] = self._run[at + 1] + 1 if fields[at][1] else 0

    def read(self, payload: bytes, place: int) -> tuple[dict[str, Any], int]:
        values, fields, count, at = self._empty.copy(), self._fields, len(self._fields), 0
        while at < count:
            name, may_be_null, read = fields[at]
            if may_be_null:
                branch = payload[place]
                if not branch:
                    end = _NULLS.match(payload, place, place + self._run[at]).end()  # type: ignore[union-attr] # even none match
                    at, place = at + end - place, end
                    continue
                if branch != _SECOND_BRANCH:
                    raise ValueError(f"{name} has no branch {branch >> 1}")
                place += 1
            if read is _read_string and not (length := payload[place]) & _LONG:
                start = place + 1  # most of what is read; a call would be half of its time
                place = start + (length >> 1)
                values[name] = payload[start:place].decode()
            else:
                values[name], place = read(payload, place)
            at += 1
        return values, place


def _array_of(read: Read) -> Read:
    def read_array(payload: bytes, place: int) -> tuple[list[Any], int]:
        if not payload[place]:
            return [], place + 1
        items: list[Any] = []
        count, place = _read_long(payload, place)
        while count:
            if count < 0:  # then the block's size follows, for who wants to skip it
                count = -count
                _, place = _read_long(payload, place)
            for _ in range(count):
                item, place = read(payload, place)
                items.append(item)
            count, place = _read_long(payload, place)
        return items, place

    return read_array


def _read_long(payload: bytes, place: int) -> tuple[int, int]:
    byte = payload[place]
    place += 1
    number, shift = byte & 0x7F, 7
    while byte & 0x80:
        byte = payload[place]
        place += 1
        number |= (byte & 0x7F) << shift
        shift += 7
    return (number >> 1) ^ -(number & 1), place


def _read_bytes(payload: bytes, place: int) -> tuple[bytes, int]:
    length, place = _read_long(payload, place)
    end = place + length
    if not place <= end <= len(payload):
        raise ValueError(f"{length} bytes at byte {place} of {len(payload)}")
    return payload[place:end], end


def _read_string(payload: bytes, place: int) -> tuple[str, int]:
    length = payload[place]
    if length & _LONG:
        found, place = _read_bytes(payload, place)
        return found.decode(), place
    end = place + 1 + (length >> 1)
    return payload[place + 1 : end].decode(), end


def _read_boolean(payload: bytes, place: int) -> tuple[bool, int]:
    return payload[place] != 0, place + 1


def _read_float(payload: bytes, place: int) -> tuple[float, int]:
    return _FLOAT.unpack_from(payload, place)[0], place + 4


def _read_double(payload: bytes, place: int) -> tuple[float, int]:
    return _DOUBLE.unpack_from(payload, place)[0], place + 8


_FLOAT, _DOUBLE = struct.Struct("<f"), struct.Struct("<d")
_PRIMITIVES: Mapping[str, Read] = {
    "string": _read_string,
    "long": _read_long,
    "int": _read_long,
    "double": _read_double,
    "float": _read_float,
    "boolean": _read_boolean,
    "bytes": _read_bytes,
}
