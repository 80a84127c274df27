"""Custom settings and custom metadata read from Apex: getInstance, getAll, getOrgDefaults. They cost no query.

Sources: "Custom Settings Methods", "Custom Metadata Type Methods" (Apex Reference Guide).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from orgtwin.apex.compile.scope import Code
from orgtwin.apex.database import to_record, with_defaults
from orgtwin.apex.records import SObject
from orgtwin.apex.types import ID, NULL, STRING, Type, map_of
from orgtwin.apex.values import ApexMap, Frame, Id, Run, Value

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine
    from orgtwin.schema.model import SObjectType

_KEYS = frozenset((STRING, ID, NULL))
BLANK_SINCE = 22
"""The API version since which a hierarchy setting without data is a blank record. Source: "Custom Settings Methods"."""


def settings_call(
    engine: Engine, type_: Type, name: str, args: list[Code], api_version: float
) -> tuple[Run, Type] | None:
    """The code of `X__c.getInstance(...)` or `X__mdt.getAll()`, or None for an ordinary object and other arguments."""
    schema = type_.sobject
    if schema is None:
        return None
    metadata = schema.api_name.endswith("__mdt")
    if not metadata and schema.custom_setting is None:
        return None
    kind = "metadata" if metadata else str(schema.custom_setting).lower()
    maker = _CALLS.get((kind, name.lower(), len(args)))
    if maker is None or any(arg.type not in _KEYS for arg in args):
        return None
    read = maker(engine, type_)
    if kind == "hierarchy" and api_version < BLANK_SINCE:
        read = _null_for_blank(read)
    runs = [a.run for a in args]

    def run(frame: Frame) -> Value:
        return read(*[r(frame) for r in runs])

    returns = map_of(STRING, type_) if name.lower() == "getall" else type_
    return run, returns


def _null_for_blank(read: Callable[..., Value]) -> Callable[..., Value]:
    """What has no row of its own was null before API 22."""

    def run(*args: Value) -> Value:
        found = read(*args)
        return None if found is None or found.fields.get("Id") is None else found

    return run


def _select(engine: Engine, type_: Type, condition: str, binds: dict[str, Value]) -> list[SObject]:
    schema = type_.sobject
    names = (
        ", ".join((*(f.api_name for f in schema.fields), *_of_parents(engine, schema))) if schema is not None else "Id"
    )
    text = f"SELECT {names} FROM {type_.name}{condition}"  # noqa: S608  (names come from the schema, values are binds)
    found = engine.port.query(text, binds, user_mode=False)
    return [] if isinstance(found, int) else [to_record(engine, row) for row in found]


def _of_parents(engine: Engine, schema: SObjectType) -> Iterator[str]:
    """The fields of records of custom metadata that others name: they are there too (ASSUMED, public tests read them)."""
    for field in schema.fields:
        for parent in field.reference_to:
            found = engine.find_sobject_type(parent) if parent.endswith("__mdt") else None
            if found is not None and found.sobject is not None and field.relationship_name:
                yield from (f"{field.relationship_name}.{f.api_name}" for f in found.sobject.fields)


def _metadata_instance(engine: Engine, type_: Type) -> Callable[..., Value]:
    def read(key: str | None) -> Value:
        field = "Id" if key is not None and len(key) in (15, 18) and key[:1] == "m" else "DeveloperName"
        rows = _select(engine, type_, f" WHERE {field} = :key", {"key": key})
        return rows[0] if rows else None

    return read


def _metadata_all(engine: Engine, type_: Type) -> Callable[..., Value]:
    def read() -> ApexMap:
        rows = _select(engine, type_, "", {})
        return ApexMap(map_of(STRING, type_), {r.fields.get("DeveloperName"): r for r in rows})

    return read


def _list_instance(engine: Engine, type_: Type) -> Callable[..., Value]:
    def read(key: str | None) -> Value:
        rows = _select(engine, type_, " WHERE Name = :key", {"key": key})
        return rows[0] if rows else None

    return read


def _list_all(engine: Engine, type_: Type) -> Callable[..., Value]:
    def read() -> ApexMap:
        rows = _select(engine, type_, "", {})
        return ApexMap(map_of(STRING, type_), {r.fields.get("Name"): r for r in rows})

    return read


def _owned(engine: Engine, type_: Type, owner: str | None) -> SObject | None:
    rows = _select(engine, type_, " WHERE SetupOwnerId = :owner", {"owner": owner})
    return rows[0] if rows else None


def _blank(engine: Engine, type_: Type) -> SObject:
    """Where no data is defined, the fields have their defaults (ASSUMED; public tests rely on it)."""
    return with_defaults(engine, SObject(type_))


def _hierarchy_instance(engine: Engine, type_: Type) -> Callable[..., Value]:
    """The values for a user: own, then profile, then org, field by field."""

    def read(owner: str | None = None) -> SObject:
        user = engine.user()
        owners = [owner or user.user_id, user.profile_id, engine.port.org_id]
        rows = [found for one in reversed(owners) if one and (found := _owned(engine, type_, one)) is not None]
        merged = SObject(type_) if rows else _blank(engine, type_)
        for found in rows:
            merged.fields.update({k: v for k, v in found.fields.items() if v is not None})
        return merged

    return read


def _hierarchy_values(engine: Engine, type_: Type) -> Callable[..., Value]:
    return lambda owner: _owned(engine, type_, owner)


def _org_defaults(engine: Engine, type_: Type) -> Callable[..., Value]:
    def read() -> SObject:
        found = _owned(engine, type_, engine.port.org_id)
        if found is None:
            found = _blank(engine, type_)
            found.fields["SetupOwnerId"] = Id(engine.port.org_id)
        return found

    return read


_CALLS: dict[tuple[str, str, int], Callable[[Engine, Type], Callable[..., Value]]] = {
    ("metadata", "getinstance", 1): _metadata_instance,
    ("metadata", "getall", 0): _metadata_all,
    ("list", "getinstance", 1): _list_instance,
    ("list", "getvalues", 1): _list_instance,
    ("list", "getall", 0): _list_all,
    ("hierarchy", "getinstance", 0): _hierarchy_instance,
    ("hierarchy", "getinstance", 1): _hierarchy_instance,
    ("hierarchy", "getvalues", 1): _hierarchy_values,
    ("hierarchy", "getorgdefaults", 0): _org_defaults,
}
