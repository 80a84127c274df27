"""Payloads are read as fastavro reads them; what is no payload of its schema is refused."""

import io
import struct
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clmkit.clients.pubsub.avro import Payload

PARTS = {"type": "record", "name": "Address", "fields": [{"name": "City", "type": ["null", "string"]}]}
SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "ContractChangeEvent",
    "fields": [
        {"name": "Ids", "type": {"type": "array", "items": "string"}},
        {"name": "At", "type": "long"},
        {"name": "Billing", "type": ["null", PARTS], "default": None},
        {"name": "Title", "type": ["null", "string"]},
        {"name": "Value", "type": ["null", "double"]},
        {"name": "Share", "type": ["null", "float"]},
        {"name": "Shipping", "type": ["null", "Address"]},
        {"name": "Days", "type": ["null", "int"]},
        {"name": "Active", "type": ["null", "boolean"]},
        {"name": "Raw", "type": "bytes"},
        {"name": "Law", "type": {"type": "string"}},
    ],
}
ADDRESS = st.none() | st.fixed_dictionaries({"City": st.none() | st.text()})
LONG = st.integers(-(2**63), 2**63 - 1)
RECORDS = st.fixed_dictionaries(
    {
        "Ids": st.lists(st.text(max_size=200)),
        "At": LONG,
        "Billing": ADDRESS,
        "Title": st.none() | st.text(max_size=200),
        "Value": st.none() | st.floats(allow_nan=False),
        "Share": st.none() | st.floats(allow_nan=False, width=32),
        "Shipping": ADDRESS,
        "Days": st.none() | st.integers(-(2**31), 2**31 - 1),
        "Active": st.none() | st.booleans(),
        "Raw": st.binary(),
        "Law": st.text(max_size=80),
    }
)
OTHER_SHAPES: dict[str, Any] = {
    "an enumeration": ({"type": "enum", "name": "Kind", "symbols": ["A", "B"]}, "B"),
    "a map": ({"type": "map", "values": "long"}, {"a": 1}),
    "a union of three": (["null", "string", "long"], 7),
    "null as the second branch": (["string", "null"], None),
    "a fixed length": ({"type": "fixed", "name": "Four", "size": 4}, b"abcd"),
    "nothing but null": ("null", None),
    "a record without fields": ({"type": "record", "name": "Empty", "fields": []}, {}),
}


def encoded(schema: dict[str, Any], value: object) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), value)
    return out.getvalue()


def only(shape: object) -> dict[str, Any]:
    return {"type": "record", "name": "Seen__e", "fields": [{"name": "Mark", "type": shape}]}


@given(RECORDS)
def test_a_record_is_read_as_fastavro_reads_it(record: dict[str, Any]) -> None:
    payload = encoded(SCHEMA, record)
    found = Payload(SCHEMA).read(payload)
    assert found == fastavro.schemaless_reader(io.BytesIO(payload), fastavro.parse_schema(SCHEMA), None)
    assert list(found) == [field["name"] for field in SCHEMA["fields"]]


@given(RECORDS, st.integers(min_value=0))
def test_a_payload_that_is_cut_short_is_refused(record: dict[str, Any], place: int) -> None:
    payload = encoded(SCHEMA, record)
    with pytest.raises((ValueError, IndexError, struct.error)):
        Payload(SCHEMA).read(payload[: place % len(payload)])


def test_bytes_after_the_record_are_refused_because_another_schema_wrote_them() -> None:
    with pytest.raises(ValueError, match=r"^the record ends at byte 3 of 5$"):
        Payload(only("string")).read(b"\x04abcd")


@pytest.mark.parametrize(
    ("shape", "payload", "words"),
    [
        (["null", "string"], b"\x04\x02a", "Mark has no branch 2"),
        ("string", b"\x03", "-2 bytes at byte 1 of 1"),
        ("bytes", b"\x80\x02a", "128 bytes at byte 2 of 3"),
    ],
)
def test_what_no_writer_writes_is_refused(shape: object, payload: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{words}$"):
        Payload(only(shape)).read(payload)


def test_a_block_of_an_array_that_tells_its_size_is_read() -> None:
    payload = b"\x03\x04\x02a\x02b\x02\x02c\x00"  # two items in four bytes, then one
    assert Payload(only({"type": "array", "items": "string"})).read(payload) == {"Mark": ["a", "b", "c"]}


@pytest.mark.parametrize("name", OTHER_SHAPES)
def test_a_schema_of_other_shapes_is_read_by_fastavro(name: str) -> None:
    shape, value = OTHER_SHAPES[name]
    assert Payload(only(shape)).read(encoded(only(shape), {"Mark": value})) == {"Mark": value}
