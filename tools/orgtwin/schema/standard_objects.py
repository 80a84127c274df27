"""Reads the standard objects: one JSON file an object in `standard/`, one line a field, only what differs from the default.

Source: "Object Reference for the Salesforce Platform"; each file names the describe or the page that it was taken from.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec

from orgtwin.schema.companions import standard_histories, standard_shares
from orgtwin.schema.model import Field, FieldType, PicklistValue, Schema, SObjectType

_REFERENCE_LENGTH = 18
_TUPLE_KEYS = ("reference_to",)


@cache
def standard_types() -> tuple[SObjectType, ...]:
    """All standard objects, by API name, and the history and share objects of those that have one."""
    folder = files("orgtwin.schema") / "standard"
    types = tuple(
        load_type(entry.read_bytes())
        for entry in sorted(folder.iterdir(), key=lambda e: e.name)
        if entry.name.endswith(".json")
    )
    return types + standard_histories(types) + standard_shares(types)


def standard_schema() -> Schema:
    """The schema of an org to which nothing has been deployed."""
    return Schema(standard_types())


def load_type(text: bytes) -> SObjectType:
    """One object from the text of its file."""
    content = msgspec.json.decode(text)
    content.pop("source")
    fields = tuple(_load_field(name, spec) for name, spec in content.pop("fields").items())
    return SObjectType(fields=fields, **content)


def _load_field(api_name: str, spec: dict[str, object]) -> Field:
    kind = FieldType(str(spec.pop("type")))
    picklist = tuple(_load_value(row) for row in spec.pop("picklist", ()))  # type: ignore[attr-defined]
    for key in _TUPLE_KEYS:
        if key in spec:
            spec[key] = tuple(spec[key])  # type: ignore[arg-type]
    if kind in (FieldType.ID, FieldType.REFERENCE):
        spec["length"] = _REFERENCE_LENGTH
    return Field(api_name=api_name, type=kind, picklist=picklist, **spec)  # type: ignore[arg-type]


def _load_value(row: list[object]) -> PicklistValue:
    """[value, default, label] or [value, default, label, group]."""
    value, default, label, *group = row
    return PicklistValue(str(value), str(label), True, bool(default), str(group[0]) if group else None)
