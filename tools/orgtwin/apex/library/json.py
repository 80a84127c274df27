"""JSON: serialize, deserialize, untyped, parser and generator. Sources: "JSON Class", "JSONParser Class", "JSONGenerator Class"."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal

from orgtwin.apex import context
from orgtwin.apex.classes import ApexClass
from orgtwin.apex.conversion import runtime_type
from orgtwin.apex.faults import ApexThrow, argument_null, throw
from orgtwin.apex.library import json_results, jsontext
from orgtwin.apex.library.metadata_values import MAKERS
from orgtwin.apex.library.properties import Properties
from orgtwin.apex.library.signatures import class_key, system_class, type_of
from orgtwin.apex.library.tokens import TypeToken
from orgtwin.apex.numbers import decimal_text, double_text, read_decimal
from orgtwin.apex.records import SObject, field_type, to_id
from orgtwin.apex.text import date_text, time_text, to_text
from orgtwin.apex.types import (
    BLOB,
    BOOLEAN,
    DATE,
    DATETIME,
    DECIMAL,
    DOUBLE,
    ID,
    INTEGER,
    LONG,
    OBJECT,
    SOBJECT,
    STRING,
    TIME,
    Kind,
    Type,
    list_of,
)
from orgtwin.apex.values import ApexList, ApexMap, ApexSet, EnumConstant, ExceptionInstance, Id, Instance, Long, Value

_MAP = type_of("Map<String,Object>")
_LIST = type_of("List<Object>")
API_VERSION = "v66.0"

# Serialize


def _datetime_json(value: datetime) -> str:
    moment = value.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


_SCALARS: Mapping[type, Callable[[Value], str]] = {
    str: jsontext.quote,
    Id: jsontext.quote,
    int: str,
    Long: lambda v: int.__repr__(v),
    bool: lambda v: "true" if v else "false",
    float: double_text,
    Decimal: decimal_text,
    type(None): lambda v: "null",
    date: lambda v: jsontext.quote(date_text(v)),
    datetime: lambda v: jsontext.quote(_datetime_json(v)),
    time: lambda v: jsontext.quote(time_text(v)),
    bytes: lambda v: jsontext.quote(base64.b64encode(v).decode("ascii")),
    EnumConstant: lambda v: jsontext.quote(v.name),
}


def to_plain(value: Value, suppress: bool, depth: int = 0) -> Value:
    """Dicts and lists whose scalars are JSON text; entries of a map from the last to the first (ASSUMED, from public tests)."""
    scalar = _SCALARS.get(type(value))
    if scalar is not None:
        return scalar(value)
    if depth > jsontext.MAX_DEPTH:
        raise throw("JSONException", "Apex Type cannot be serialized as JSON: cyclic references")
    if isinstance(value, (ApexList, ApexSet)):
        return [to_plain(v, suppress, depth + 1) for v in value.items]
    if isinstance(value, ApexMap):
        return {
            _key_text(k): to_plain(v, suppress, depth + 1)
            for k, v in reversed(list(value.items.items()))
            if v is not None or not suppress
        }
    if isinstance(value, SObject):
        return _record_plain(value, suppress, depth)
    if isinstance(value, ExceptionInstance):
        raise throw("JSONException", f"Type cannot be serialized to JSON: {value.cls.full_name}")
    if isinstance(value, Instance):
        return _instance_plain(value, suppress, depth)
    if isinstance(value, (TypeToken, str)):
        return jsontext.quote(to_text(value))
    if isinstance(value, Properties):
        return _properties_plain(value, suppress, depth)
    writer = json_results.WRITERS.get(type(value))
    if writer is not None:
        return _data(writer(value))
    raise throw("JSONException", f"Apex Type unsupported in JSON: {runtime_type(value).name}")


def _properties_plain(value: Properties, suppress: bool, depth: int) -> dict[str, Value]:
    """ASSUMED: its public properties, as a class of the org's own; public tests write results of deploys and DML options."""
    cls = value.apex_type.cls
    names = [v.name for one in cls.chain() for v in one.variables.values()] if cls is not None else []
    if cls is None or cls.namespace not in _WRITTEN:
        raise throw("JSONException", f"Apex Type unsupported in JSON: {value.apex_type.name}")
    kept = {name: value.values.get(name.lower()) for name in names}
    return {k: to_plain(v, suppress, depth + 1) for k, v in kept.items() if v is not None or not suppress}


_WRITTEN = frozenset(("Database", "Database.DMLOptions", "Metadata"))
"""Namespaces whose classes of properties are written."""


def _data(value: Value) -> Value:
    """Plain data in the form of to_plain."""
    if isinstance(value, dict):
        return {name: _data(item) for name, item in value.items()}
    return [_data(item) for item in value] if isinstance(value, list) else _SCALARS[type(value)](value)


def _key_text(key: Value) -> str:
    return key if isinstance(key, str) else to_text(key)


def _instance_plain(value: Instance, suppress: bool, depth: int) -> dict[str, Value]:
    """The variables of an instance, from Z to A.

    Source: the output in "Roundtrip Serialization and Deserialization" (Apex Developer Guide). ASSUMED: whatever their case.
    """
    _require_access(value.cls, "serializable")
    found: dict[str, Value] = {}
    for cls in value.cls.chain():
        for variable in cls.variables.values():
            if variable.transient or variable.slot < 0:
                continue
            if variable.getter is not None:
                item = value.cls.vtable.get(variable.getter.signature, variable.getter).call(value)
            else:
                item = value.fields[variable.slot]
            if item is not None or not suppress:
                found.setdefault(variable.name, to_plain(item, suppress, depth + 1))
    return {name: found[name] for name in sorted(found, key=str.lower, reverse=True)}


def _require_access(cls: ApexClass, way: str) -> None:
    """A class may forbid to be written or read; code of other namespaces or packages writes and reads nothing here.

    Source: "JsonAccess Annotation" (Apex Developer Guide), which names the exception. ASSUMED: its text.
    """
    access = cls.modifiers.find_annotation("jsonaccess") if cls.modifiers is not None else None
    if access is not None and str(access.arguments.get(way)).lower() == "never":
        raise throw("JSONException", f"Not {way}: {cls.full_name}")


def _record_plain(value: SObject, suppress: bool, depth: int) -> dict[str, Value]:
    attributes = {"type": jsontext.quote(value.type.name)}
    record_id = value.fields.get("Id")
    if record_id is not None:
        attributes["url"] = jsontext.quote(f"/services/data/{API_VERSION}/sobjects/{value.type.name}/{record_id}")
    found: dict[str, Value] = {"attributes": attributes}
    for name, item in value.fields.items():
        if item is not None or not suppress:
            found[name] = _field_json(item)
    for name, related in value.related.items():
        shown = _relationship_name(value, name)
        if isinstance(related, SObject):
            found[shown] = to_plain(related, suppress, depth + 1)
        elif isinstance(related, ApexList):
            rows = [to_plain(r, suppress, depth + 1) for r in related.items]
            found[shown] = {"totalSize": str(len(rows)), "done": "true", "records": rows}
    return found


def _field_json(value: Value) -> Value:
    if isinstance(value, datetime):
        return jsontext.quote(_datetime_json(value)[:-1] + "+0000")
    scalar = _SCALARS.get(type(value))
    if scalar is not None:
        return scalar(value)
    writer = json_results.WRITERS.get(type(value))
    return jsontext.quote(to_text(value)) if writer is None else _data(writer(value))


def _relationship_name(record: SObject, name: str) -> str:
    reference = record.schema.find_relationship(name)
    if reference is not None and reference.relationship_name:
        return reference.relationship_name
    child = context.engine().find_child(record.schema.api_name, name)
    return child.relationship_name if child is not None and child.relationship_name else name


def serialize(value: Value, suppress: bool = False) -> str:
    context.engine().require_room(value, jsontext.MAX_DEPTH)
    return jsontext.write(to_plain(value, bool(suppress)), pretty=False)


def _serialize_pretty(value: Value, suppress: bool = False) -> str:
    context.engine().require_room(value, jsontext.MAX_DEPTH)
    return jsontext.write(to_plain(value, bool(suppress)), pretty=True)


# Untyped


def untyped(value: Value) -> Value:
    """Plain data as Apex collections."""
    if isinstance(value, dict):
        return ApexMap(_MAP, {k: untyped(v) for k, v in value.items()})
    if isinstance(value, list):
        return ApexList(_LIST, [untyped(v) for v in value])
    return value


_NO_LIST = "Malformed JSON: Expected '[' at the beginning of List/Set"


def _deserialize_untyped(text: str | None) -> Value:
    if text is None:
        raise argument_null("jsonString")
    return untyped(jsontext.read(text))


# Typed


def _wrong(value: Value, wanted: str) -> Exception:
    shown = to_text(untyped(value)) if not isinstance(value, str) else f'"{value}"'
    return throw("JSONException", f"Illegal value for primitive: {shown} ({wanted})")


_WHOLE = re.compile(r"\s*[+-]?[0-9]+\s*")


def _as_whole(value: Value, shown: str, bits: int) -> int:
    """ASSUMED: the text of what is too large is that of the Java library which reads JSON there."""
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise _wrong(value, "Integer")
    if isinstance(value, str) and _WHOLE.fullmatch(value) is None:
        raise _wrong(value, "Integer")
    found, most = int(value), 1 << (bits - 1)
    if not -most <= found < most:
        raise throw("JSONException", f"Numeric value ({found}) out of range of {shown} ({-most} - {most - 1})")
    return found


_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def _as_decimal(value: Value) -> Value:
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise _wrong(value, "Decimal")
    if isinstance(value, str) and _NUMBER.fullmatch(value) is None:
        raise _wrong(value, "Decimal")
    try:
        return read_decimal(str(value)) if isinstance(value, str) else Decimal(value)
    except ArithmeticError as error:
        raise _wrong(value, "Decimal") from error


def _as_text(value: Value) -> Value:
    if isinstance(value, (dict, list)):
        raise throw("JSONException", "Illegal value for primitive")
    return value if isinstance(value, str) else to_text(value)


def _as_boolean(value: Value) -> Value:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise _wrong(value, "Boolean")


_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)


def _as_date(value: Value) -> Value:
    wrong = throw("JSONException", f'Invalid format: "{value}"')
    found = _DATE.fullmatch(str(value))
    if found is None:
        raise wrong
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError as error:
        raise wrong from error


_DATETIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?([+-]\d\d:?\d\d)?)?", re.ASCII)


def as_datetime(value: Value) -> Value:
    """An ISO text, or milliseconds since 1970."""
    if isinstance(value, bool):
        raise _wrong(value, "Datetime")
    text = str(value).replace("Z", "+00:00")
    try:
        if isinstance(value, int):
            return datetime.fromtimestamp(value / 1000, UTC)
        if _DATETIME.fullmatch(text) is None:
            raise ValueError(text)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise throw("JSONException", f'Invalid format: "{value}"') from error
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)


def _as_time(value: Value) -> Value:
    try:
        return time.fromisoformat(str(value).rstrip("Z"))
    except ValueError as error:
        raise throw("JSONException", f'Invalid format: "{value}"') from error


def _as_blob(value: Value) -> Value:
    if not isinstance(value, str):
        raise _wrong(value, "Blob")
    try:
        return base64.b64decode(value)
    except ValueError as error:
        raise _wrong(value, "Blob") from error


def _refuse_object(_value: Value) -> Value:
    """No page says it; issues of json2apex and public tests tell the text, and that null is read."""
    raise throw("JSONException", f"Apex Type unsupported in JSON: {OBJECT.name}")


_PRIMITIVE_READERS: Mapping[Type, Callable[[Value], Value]] = {
    INTEGER: lambda v: _as_whole(v, "int", 32),
    LONG: lambda v: Long(_as_whole(v, "long", 64)),
    DECIMAL: _as_decimal,
    DOUBLE: lambda v: float(_as_decimal(v)),
    STRING: _as_text,
    ID: lambda v: to_id(_as_text(v)),
    BOOLEAN: _as_boolean,
    DATE: _as_date,
    DATETIME: as_datetime,
    TIME: _as_time,
    BLOB: _as_blob,
    OBJECT: _refuse_object,
}


def from_plain(value: Value, type_: Type, *, strict: bool) -> Value:
    """Plain data as a value of the type. Raises JSONException."""
    if value is None:
        return None
    reader = _PRIMITIVE_READERS.get(type_)
    if reader is not None:
        return reader(value)
    if type_.kind is Kind.COLLECTION:
        return _collection(value, type_, strict)
    if type_.is_sobject:
        return _record(value, type_)
    cls = type_.cls
    if cls is None:
        raise throw("JSONException", f"Apex Type unsupported in JSON: {type_.name}")
    if cls.is_enum:
        constant = cls.constants.get(str(value).lower())
        if constant is None:
            raise throw("JSONException", f"Unknown enum value: {value}")
        return constant
    if cls in MAKERS and isinstance(value, dict):
        return _properties(value, MAKERS[cls](), cls)
    made = json_results.READERS.get(class_key(type_.name))
    return made(value) if made is not None and isinstance(value, dict) else _instance(value, cls, strict)


def _properties(value: Mapping[str, Value], made: Properties, cls: ApexClass) -> Properties:
    for name, item in value.items():
        variable = cls.variables.get(name.lower())
        if variable is not None:
            made.values[name.lower()] = from_plain(item, variable.type, strict=False)
    return made


def _collection(value: Value, type_: Type, strict: bool) -> Value:
    if type_.key == "map":
        if not isinstance(value, dict):
            raise throw("JSONException", f"Malformed JSON: Expected '{{' at the beginning of object for {type_.name}")
        key, item = type_.args
        pairs = ((from_plain(k, key, strict=strict), from_plain(v, item, strict=strict)) for k, v in value.items())
        return ApexMap.of(type_, pairs)
    if isinstance(value, dict) and isinstance(value.get("records"), list):
        value = value["records"]
    if not isinstance(value, list):
        raise throw("JSONException", _NO_LIST)
    items = [from_plain(v, type_.args[0], strict=strict) for v in value]
    return ApexList(type_, items) if type_.key == "list" else ApexSet.of(type_, items)


def _record(value: Value, type_: Type) -> SObject:
    """ASSUMED, from a public test: "attributes.type", as tools write them flat, are attributes too."""
    if not isinstance(value, dict):
        raise throw("JSONException", f"Malformed JSON: Expected '{{' at the beginning of object for {type_.name}")
    engine = context.engine()
    attributes = value.get("attributes")
    if type_ is SOBJECT or type_.sobject is None:
        if not isinstance(attributes, dict) or "type" not in attributes:
            raise throw("JSONException", "Cannot deserialize SObject without type attribute")
        type_ = engine.get_sobject_type(str(attributes["type"]))
    record = SObject(type_)
    for name, item in value.items():
        if name.partition(".")[0] != "attributes":
            _set_record_field(record, name, item)
    return record


def _set_record_field(record: SObject, name: str, item: Value) -> None:
    engine = context.engine()
    field = record.schema.find_field(name)
    if field is not None:
        is_id = field_type(field) is ID and isinstance(item, str)  # ids in JSON are taken as they are
        record.fields[field.api_name] = Id(item) if is_id else from_plain(item, field_type(field), strict=False)
        return
    reference = record.schema.find_relationship(name)
    if reference is not None:
        target = engine.get_sobject_type(reference.reference_to[0]) if len(reference.reference_to) == 1 else SOBJECT
        record.related[name.lower()] = from_plain(item, target, strict=False)
        return
    child = engine.find_child(record.schema.api_name, name)
    if child is None:
        raise throw("JSONException", f"No such column '{name}' on sobject of type {record.type.name}")
    record.related[name.lower()] = from_plain(item, list_of(engine.get_sobject_type(child.child_type)), strict=False)


def _instance(value: Value, cls: ApexClass, strict: bool) -> Value:
    if not isinstance(value, dict):
        raise throw("JSONException", f"Malformed JSON: Expected '{{' at the beginning of object for {cls.name}")
    if cls.is_interface or cls.abstract or cls.namespace:
        raise throw("JSONException", f"Apex Type unsupported in JSON: {cls.full_name}")
    _require_access(cls, "deserializable")
    cls.get_statics()
    this = cls.instantiate()
    for name, item in value.items():
        variable = cls.find_field(name)
        if variable is None or variable.transient:
            if strict:
                raise throw("JSONException", f"Unknown field: {cls.name}.{name}")
            continue
        read = from_plain(item, variable.type, strict=strict)
        if variable.setter is not None:
            variable.setter.call(this, read)
        elif variable.slot >= 0:
            this.fields[variable.slot] = read
    return this


def _deserialize(text: str | None, token: TypeToken | None) -> Value:
    if text is None or token is None:
        raise argument_null("jsonString" if text is None else "apexType")
    return from_plain(_read_typed(text, token.type), token.type, strict=False)


def _deserialize_strict(text: str | None, token: TypeToken | None) -> Value:
    if text is None or token is None:
        raise argument_null("jsonString" if text is None else "apexType")
    return from_plain(_read_typed(text, token.type), token.type, strict=True)


def _read_typed(text: str, type_: Type) -> Value:
    """The text is read from its first token on, so that one of the wrong kind is told before what comes later."""
    try:
        return jsontext.read(text)
    except ApexThrow:
        opening = text.lstrip()[:1]
        if type_.key in ("list", "set") and opening in ('"', "{"):
            raise throw("JSONException", _NO_LIST) from None
        raise


system_class(
    "JSON",
    {
        "static String serialize(Object)": serialize,
        "static String serialize(Object,Boolean)": serialize,
        "static String serializePretty(Object)": _serialize_pretty,
        "static String serializePretty(Object,Boolean)": _serialize_pretty,
        "static Object deserialize(String,Type)": _deserialize,
        "static Object deserializeStrict(String,Type)": _deserialize_strict,
        "static Object deserializeUntyped(String)": _deserialize_untyped,
    },
)
