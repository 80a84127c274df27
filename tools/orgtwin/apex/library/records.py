"""SObject, AggregateResult. Source: "SObject Class" (Apex Reference Guide)."""

from __future__ import annotations

from orgtwin.apex import context
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.library.dml_options import SOBJECT_METHODS
from orgtwin.apex.library.hashing import hash_code
from orgtwin.apex.library.signatures import Refusing, declare, system_class, type_of
from orgtwin.apex.library.tokens import AGGREGATE_RESULT, SObjectField, SObjectTypeToken
from orgtwin.apex.records import SObject, fit, get_field
from orgtwin.apex.text import to_text
from orgtwin.apex.types import SOBJECT
from orgtwin.apex.values import ApexList, ApexMap, Value


def _name(field: Value) -> str:
    if field is None:
        raise argument_null("field")
    return field.field.api_name if isinstance(field, SObjectField) else str(field)


def _own_name(this: SObject, field: Value) -> str:
    """The name of a field that the record's own object has. The text: fflib's issues and public tests tell it."""
    if isinstance(field, SObjectField) and field.owner.key != this.type.key:
        told = f"{field.owner.name}.{field.field.api_name} does not belong to SObject type {this.type.name}"
        raise throw("SObjectException", told)
    return _name(field)


def _get(this: SObject, field: Value) -> Value:
    if this.type is AGGREGATE_RESULT:
        name = _name(field)
        wanted = name.lower()
        for key, value in this.fields.items():
            if key.lower() == wanted:
                return value
        raise throw("SObjectException", f"Invalid field {name} for AggregateResult")
    name = _own_name(this, field)
    found = this.schema.find_field(name)
    if found is None and this.schema.find_relationship(name) is not None:
        return this.find_parent(name)
    return this.get(get_field(this, name).api_name)


def _put(this: SObject, field: Value, value: Value) -> Value:
    described = get_field(this, _own_name(this, field))
    if (described.formula or described.summary or described.auto_number) and this.schema.createable:
        raise throw("SObjectException", f"Field {described.api_name} is not editable")
    before = this.fields.get(described.api_name)
    this.set(described.api_name, fit(described, value))
    return before


def _relationship(this: SObject, field: Value) -> str:
    if isinstance(field, SObjectField):
        return field.field.relationship_name or field.field.api_name
    reference = this.schema.find_relationship(_name(field))
    if reference is None:
        by_field = this.schema.find_field(_name(field))
        reference = by_field if by_field is not None and by_field.is_relationship else None
    if reference is None:
        raise throw("SObjectException", f"Invalid relationship {_name(field)} for {this.type.name}")
    return reference.relationship_name or _name(field)


def _get_parent(this: SObject, field: Value) -> Value:
    return this.related.get(_relationship(this, field).lower())


def _put_parent(this: SObject, field: Value, parent: Value) -> Value:
    name = _relationship(this, field)
    before = this.related.get(name.lower())
    this.set_parent(name, parent)
    return before


def _get_children(this: SObject, name: Value) -> Value:
    relationship = _name(name)
    if context.engine().find_child(this.schema.api_name, relationship) is None:
        raise throw("SObjectException", f"Invalid aggregate relationship {relationship} for {this.type.name}")
    return this.related.get(relationship.lower())


POPULATED_TICKS = 12
"""ASSUMED: CPU time of a map of the fields that are set, besides one tick for each."""


def _populated(this: SObject) -> ApexMap:
    context.spend(POPULATED_TICKS + len(this.fields))
    found: dict[Value, Value] = dict(this.fields)
    for name, value in this.related.items():
        if value is None:
            continue
        reference = this.schema.find_relationship(name)
        child = context.engine().find_child(this.schema.api_name, name) if reference is None else None
        shown = reference.relationship_name if reference is not None else (child.relationship_name if child else name)
        found[shown] = value
    return ApexMap(type_of("Map<String,Object>"), found)


def _clone(
    this: SObject,
    keep_id: bool | None = False,
    deep: bool | None = False,
    keep_timestamps: bool | None = False,
    keep_auto: bool | None = False,
) -> SObject:
    return this.clone(
        keep_id=bool(keep_id), deep=bool(deep), keep_timestamps=bool(keep_timestamps), keep_auto=bool(keep_auto)
    )


def _is_set(this: SObject, field: Value) -> bool:
    return get_field(this, _own_name(this, field)).api_name in this.fields


def _add_error(this: SObject, message: Value, escape: bool = True) -> None:
    text = to_text(message)
    this.errors.append((None, text))


def _add_field_error(this: SObject, field: Value, message: Value, escape: bool = True) -> None:
    this.errors.append((get_field(this, _name(field)).api_name, to_text(message)))


def _errors(this: SObject) -> ApexList:
    from orgtwin.apex.database import DatabaseError
    from orgtwin.errors import SaveError

    rows = [
        DatabaseError(SaveError("FIELD_CUSTOM_VALIDATION_EXCEPTION", text, (name,) if name else ()))
        for name, text in this.errors
    ]
    return ApexList(type_of("List<Database.Error>"), list(rows))


def _clear(this: SObject) -> None:
    for name in list(this.fields):
        if name != "Id":
            del this.fields[name]


system_class(
    "SObject",
    {
        "void addError(String)": _add_error,
        "void addError(Exception)": _add_error,
        "void addError(String,Boolean)": _add_error,
        "void addError(Exception,Boolean)": _add_error,
        "void addError(String,String)": _add_field_error,
        "void addError(Schema.SObjectField,String)": _add_field_error,
        "void addError(Schema.SObjectField,String,Boolean)": _add_field_error,
        "void addError(String,String,Boolean)": _add_field_error,
        "void clear()": _clear,
        **SOBJECT_METHODS,
        "SObject clone()": _clone,
        "SObject clone(Boolean)": _clone,
        "SObject clone(Boolean,Boolean)": _clone,
        "SObject clone(Boolean,Boolean,Boolean)": _clone,
        "SObject clone(Boolean,Boolean,Boolean,Boolean)": _clone,
        "Object get(String)": _get,
        "Object get(Schema.SObjectField)": _get,
        "List<Database.Error> getErrors()": _errors,
        "Boolean hasErrors()": lambda this: bool(this.errors),
        "Map<String,Object> getPopulatedFieldsAsMap()": _populated,
        "SObject getSObject(String)": _get_parent,
        "SObject getSObject(Schema.SObjectField)": _get_parent,
        "List<SObject> getSObjects(String)": _get_children,
        "List<SObject> getSObjects(Schema.SObjectField)": Refusing("SObject.getSObjects(Schema.SObjectField)"),
        "Schema.SObjectType getSObjectType()": lambda this: SObjectTypeToken(this.type),
        "Id getCloneSourceId()": lambda this: getattr(this, "cloned_from", None),
        "Boolean isClone()": lambda this: hasattr(this, "cloned_from"),
        "Boolean isSet(String)": _is_set,
        "Boolean isSet(Schema.SObjectField)": _is_set,
        "Object put(String,Object)": _put,
        "Object put(Schema.SObjectField,Object)": _put,
        "SObject putSObject(String,SObject)": _put_parent,
        "SObject putSObject(Schema.SObjectField,SObject)": _put_parent,
        "String getQuickActionName()": lambda this: None,
        "Boolean equals(Object)": lambda this, other: this == other,
        "Integer hashCode()": hash_code,
        "String toString()": str,
    },
)
declare("SObject").type = SOBJECT
_AGGREGATE = declare("AggregateResult")
_AGGREGATE.type = AGGREGATE_RESULT
