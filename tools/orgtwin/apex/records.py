"""sObjects in Apex. Source: "SObject Class" and "Working with sObjects" (Apex Developer Guide).

Fields are kept by canonical API name. A record that came from a query refuses fields that the query did not select.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from orgtwin.apex import context
from orgtwin.apex.equality import alike_maps
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.numbers import to_decimal
from orgtwin.apex.text import concatenated
from orgtwin.apex.types import BLOB, BOOLEAN, DATE, DATETIME, DECIMAL, ID, INTEGER, OBJECT, STRING, TIME, Type
from orgtwin.apex.values import ApexList, Id, Long, Value, nested
from orgtwin.ids import find_id18
from orgtwin.schema.model import Field, FieldType, SObjectType

FIELD_TYPES: dict[FieldType, Type] = {
    FieldType.ID: ID,
    FieldType.REFERENCE: ID,
    FieldType.BOOLEAN: BOOLEAN,
    FieldType.INT: INTEGER,
    FieldType.DOUBLE: DECIMAL,
    FieldType.CURRENCY: DECIMAL,
    FieldType.PERCENT: DECIMAL,
    FieldType.DATE: DATE,
    FieldType.DATETIME: DATETIME,
    FieldType.TIME: TIME,
    FieldType.BASE64: BLOB,
    FieldType.ANY_TYPE: OBJECT,
}
"""The library adds the types of compound fields."""

FIELD_CLASSES: dict[str, Type] = {}
"""Fields that hold an object of a library class, by API name: ChangeEventHeader. The library adds them."""

_RUNTIME_NAMES: Mapping[type, str] = {
    str: "String", Id: "Id", int: "Integer", Long: "Long", float: "Double", Decimal: "Decimal", bool: "Boolean",
    date: "Date", datetime: "Datetime", bytes: "Blob",
}  # fmt: skip


def field_type(field: Field) -> Type:
    """The Apex type of a field."""
    return FIELD_CLASSES.get(field.api_name) or FIELD_TYPES.get(field.type, STRING)


_LONG_ID = 18


@lru_cache(maxsize=1024)
def id_fields(type_: Type) -> frozenset[str]:
    """The fields of an sObject type that hold ids, by API name."""
    fields = type_.sobject.fields if type_.sobject is not None else ()
    return frozenset(f.api_name for f in fields if field_type(f) is ID)


def to_id(text: str | None) -> Id | None:
    """A text as Id. Raises StringException for what is no id.

    Of 18 characters it stays as it is, whatever the last three say: only Id.valueOf(text, true) restores the case. Source: "Id
    Class" (Apex Reference Guide); public tests make ids with last characters of their own.
    """
    if text is None or type(text) is Id:
        return text
    found = text if len(text) == _LONG_ID and text.isascii() and text.isalnum() else find_id18(text)
    if found is None:
        raise throw("StringException", f"Invalid id: {text}")
    return Id(found)


class SObject:
    __slots__ = ("cloned_from", "errors", "fields", "locked", "options", "queried", "related", "type")
    options: Value  # Database.DMLOptions, where setOptions gave some
    cloned_from: Value  # the Id of the record that this is a clone of, where it is one

    def __init__(self, type_: Type, fields: dict[str, Value] | None = None) -> None:
        self.type = type_
        self.fields: dict[str, Value] = {} if fields is None else fields
        self.related: dict[str, Value] = {}
        self.queried = False
        self.locked = False
        self.errors: list[tuple[str | None, str]] = []

    @property
    def schema(self) -> SObjectType:
        found = self.type.sobject
        if found is None:
            raise throw("SObjectException", f"{self.type.name} has no fields")
        return found

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return (
            isinstance(other, SObject)
            and self.type is other.type
            and alike_maps(self.fields, other.fields)
            and bool(nested(self.related.__eq__, other.related))
        )

    def __hash__(self) -> int:
        return hash((self.type.key, frozenset(self.fields.items())))

    def __str__(self) -> str:
        shown = [f"{name}={concatenated(value)}" for name, value in self.fields.items()]
        return f"{self.type.name}:{{{', '.join(shown)}}}"

    def get(self, name: str) -> Value:
        """The value of a field by canonical name."""
        try:
            return self.fields[name]
        except KeyError:
            return self._missing(name)

    def _missing(self, name: str) -> Value:
        if self.queried and self.type.sobject is not None:
            raise throw(
                "SObjectException",
                f"SObject row was retrieved via SOQL without querying the requested field: {self.type.name}.{name}",
            )
        field = self.type.sobject.find_field(name) if self.type.sobject is not None else None
        # ASSUMED: a checkbox that nobody set reads as false, as orgs print it for new records.
        return False if field is not None and field.type is FieldType.BOOLEAN else None

    def set(self, name: str, value: Value) -> None:
        """Set a field by canonical name; the value has the field's type already."""
        if self.locked:
            raise throw("FinalException", "Record is read-only")
        self.fields[name] = value

    def find_parent(self, relationship: str) -> SObject | None:
        """The parent record, or None; refuses a parent that the query did not select."""
        found: SObject | None = self.related.get(relationship.lower())
        if found is None and self.queried and relationship.lower() not in self.related:
            raise throw(
                "SObjectException",
                f"SObject row was retrieved via SOQL without querying the requested field: {self.type.name}.{relationship}",
            )
        return found

    def set_parent(self, relationship: str, parent: SObject | None) -> None:
        if self.locked:
            raise throw("FinalException", "Record is read-only")
        self.related[relationship.lower()] = parent

    def find_children(self, relationship: str) -> ApexList:
        """The child records of a subquery; an empty list when none were selected (ASSUMED, from public code: no exception)."""
        found: ApexList | None = self.related.get(relationship.lower())
        if found is not None:
            return found
        engine = context.engine()
        return ApexList(engine.child_list_type(self.schema.api_name, relationship))

    def at_present(self) -> SObject:
        """Another object of the same fields, by which a set or map finds what equals the record now.

        Source: "sObject Map Considerations" (Apex Developer Guide): a record that has changed since is not found. A Python dict
        would find an object that it keeps whatever its hash, if it happens to look there.
        """
        found = SObject(self.type, self.fields)
        found.related, found.errors = self.related, self.errors
        found.queried, found.locked = self.queried, self.locked
        return found

    def clone(self, *, keep_id: bool, deep: bool, keep_timestamps: bool, keep_auto: bool) -> SObject:
        """A copy. Source: "SObject Class", clone."""
        copy = SObject(self.type, dict(self.fields))
        copy.queried = self.queried
        copy.cloned_from = self.fields.get("Id")
        if not keep_id:
            copy.fields.pop("Id", None)
            copy.queried = False
        if not keep_timestamps:
            for name in ("CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById"):
                copy.fields.pop(name, None)
        if not keep_auto:
            for field in self.schema.fields:
                if field.auto_number:
                    copy.fields.pop(field.api_name, None)
        if deep:
            copy.related = {
                name: value.clone(keep_id=True, deep=True, keep_timestamps=True, keep_auto=True)
                if isinstance(value, SObject)
                else value
                for name, value in self.related.items()
            }
        else:
            copy.related = dict(self.related)
        return copy


def get_field(record: SObject, name: str | None) -> Field:
    """The field of that name in any case. Raises SObjectException with the platform's text."""
    if name is None:
        raise argument_null("field")
    found = record.schema.find_field(name)
    if found is None:
        raise throw("SObjectException", f"Invalid field {name} for {record.type.name}")
    return found


def fit(field: Field, value: Value) -> Value:
    """A value given to put() in the type of the field. Raises SObjectException for another type."""
    if value is None:
        return None
    wanted = field_type(field)
    converted = _FITTING.get(wanted, _as_is)(value)
    if converted is None:
        raise throw(
            "SObjectException",
            f"Illegal assignment from {_RUNTIME_NAMES.get(type(value), type(value).__name__)} to {wanted.name}",
        )
    return converted


def _as_is(value: Value) -> Value:
    return value


def _fit_text(value: Value) -> Value:
    return str(value) if isinstance(value, str) else None


def _fit_id(value: Value) -> Value:
    return to_id(value) if isinstance(value, str) else None


def _fit_decimal(value: Value) -> Value:
    is_number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    return to_decimal(value) if is_number else None


def _fit_integer(value: Value) -> Value:
    if isinstance(value, bool):
        return None
    if isinstance(value, (Decimal, float)) and value == int(value):
        return int(value)
    return int(value) if isinstance(value, int) else None


def _fit_datetime(value: Value) -> Value:
    if type(value) is date:
        return context.engine().start_of_day(value)
    return value if isinstance(value, datetime) else None


_FITTING: Mapping[Type, Callable[[Value], Value]] = {
    STRING: _fit_text,
    ID: _fit_id,
    DECIMAL: _fit_decimal,
    INTEGER: _fit_integer,
    BOOLEAN: lambda v: v if isinstance(v, bool) else None,
    DATE: lambda v: v if type(v) is date else (v.date() if isinstance(v, datetime) else None),
    DATETIME: _fit_datetime,
    BLOB: lambda v: v if isinstance(v, bytes) else None,
}
