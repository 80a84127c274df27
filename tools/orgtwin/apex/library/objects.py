"""Object, Type, and the methods of DmlException. Sources: "Object", "Type Class", "Exception Class" (Apex Reference Guide)."""

from __future__ import annotations

from importlib.resources import files

from orgtwin.apex import context
from orgtwin.apex.classes import ApexClass, Method
from orgtwin.apex.compile.creation import construct
from orgtwin.apex.equality import equals
from orgtwin.apex.faults import EXCEPTIONS, argument_null, throw
from orgtwin.apex.library.hashing import hash_code
from orgtwin.apex.library.registry import class_of, find_class
from orgtwin.apex.library.signatures import split_arguments, system_class, system_enum, type_of
from orgtwin.apex.library.tokens import SObjectField, TypeToken
from orgtwin.apex.records import SObject
from orgtwin.apex.text import to_text
from orgtwin.apex.types import COLLECTION_ARITY, INTEGER, PRIMITIVES, STRING, Kind, Type, collection, is_assignable
from orgtwin.apex.values import ApexList, ApexMap, ApexSet, ExceptionInstance, Id, Instance, Value


def _clone(this: Value) -> Value:
    """A shallow copy of an object."""
    if type(this) is not Instance:
        raise throw("TypeException", f"Method does not exist: clone on {to_text(this)}")
    copy = Instance(this.cls)
    copy.fields = list(this.fields)
    return copy


system_class(
    "Object",
    {
        "String toString()": to_text,
        "Boolean equals(Object)": equals,
        "Integer hashCode()": hash_code,
        "Object clone()": _clone,
    },
)


def _for_name(name: str | None) -> TypeToken | None:
    return None if name is None else _find_token(name)


def _for_name_in(namespace: str | None, name: str | None) -> TypeToken | None:
    if name is None:
        return None
    return _find_token(f"{namespace}.{name}" if namespace else name)


def _find_token(name: str) -> TypeToken | None:
    type_ = find_type_named(name.strip())
    return None if type_ is None else TypeToken(type_)


_MOST_NESTED = 50  # type arguments in a name; collections nest eight deep ("Collections", Apex Developer Guide)


def find_type_named(name: str) -> Type | None:
    """A type of the org or the platform by the name Type.forName takes.

    ASSUMED: a bare name means the object before a class of the same name. Public packages that bring such classes rest on it.
    """
    if name.count("<") > _MOST_NESTED:
        return None
    base, _, rest = name.partition("<")
    key = base.lower().removeprefix("system.")
    if rest and key in COLLECTION_ARITY:
        args = [find_type_named(part.strip()) for part in split_arguments(rest.strip()[:-1])] if ">" in rest else []
        known = [a for a in args if a is not None]
        return collection(key, *known) if len(known) == COLLECTION_ARITY[key] == len(args) else None
    if name.endswith("[]"):
        item = find_type_named(name[:-2])
        return collection("list", item) if item is not None else None
    engine = context.engine()
    first, *inner = base.split(".")
    cls: ApexClass | None = engine.find_class(first)
    for part in inner:
        cls = cls.inner.get(part.lower()) if cls is not None else None
    sobject = engine.find_sobject_type(base.removeprefix("Schema."))
    if cls is not None:
        return sobject or cls.type
    if key in PRIMITIVES:
        return PRIMITIVES[key]
    system = find_class(base)
    return system.type if system is not None and (sobject is None or system.constructors) else sobject


def new_instance(this: TypeToken) -> Value:
    type_ = this.type
    if type_.is_sobject:
        return SObject(type_)
    if type_.kind is Kind.COLLECTION:
        return {"list": ApexList, "set": ApexSet, "map": ApexMap}[type_.key](type_)
    cls = class_of(type_)
    if cls is None or cls.is_interface or cls.abstract or cls.is_enum or type_.kind is Kind.PRIMITIVE:
        raise throw("TypeException", f"Type cannot be constructed: {type_.name}")
    if cls in EXCEPTIONS.values():
        return ExceptionInstance(cls)
    constructor = next((m for m in cls.constructors if not m.parameters), None)
    if constructor is None:
        raise throw("TypeException", f"Class {type_.name} must have a no-argument constructor to be constructed")
    if type_.kind is Kind.SYSTEM:
        return constructor.call()
    cls.get_statics()
    this_object = cls.instantiate()
    construct(cls, constructor, this_object)
    return this_object


def type_name(type_: Type) -> str:
    """As Type.getName prints it."""
    if type_.kind is Kind.PRIMITIVE or type_.kind is Kind.COLLECTION or type_.is_sobject:
        return type_.name
    if type_.cls is None:
        return type_.name
    return type_.name if type_.cls in EXCEPTIONS.values() else type_.cls.full_name.removeprefix("System.")


system_class(
    "Type",
    {
        "static Type forName(String)": _for_name,
        "static Type forName(String,String)": _for_name_in,
        "String getName()": lambda this: type_name(this.type),
        "Object newInstance()": new_instance,
        "Boolean isAssignableFrom(Type)": lambda this, other: is_assignable(other.type, this.type),
        "String toString()": lambda this: type_name(this.type),
        "Boolean equals(Object)": lambda this, other: this == other,
        "Integer hashCode()": lambda this: hash_code(type_name(this.type)),
    },
)


# DmlException, EmailException

STATUS_CODES = files("orgtwin.apex.library").joinpath("status_codes.txt").read_text(encoding="utf-8")
"""Those of the Metadata API's WSDL at API 63, and those that only the Apex Reference lists."""
STATUS_CODE = system_enum("StatusCode", STATUS_CODES)


def status_code(name: str) -> Value:
    """The constant of a code; one the table lacks is shown as UNKNOWN_EXCEPTION would hide it, so it is refused instead."""
    found = STATUS_CODE.constants.get(name.lower())
    if found is None:
        context.engine().refuse(f"apex.StatusCode.{name}", f"the status code {name} in Apex")
    return found


def _detail(this: ExceptionInstance, index: int | None) -> Value:
    if index is None:
        raise argument_null("index")
    if not 0 <= index < len(this.details):
        raise throw("ListException", f"List index out of bounds: {index}")
    return this.details[index]


def _dml_id(this: ExceptionInstance, index: int) -> Value:
    record = _detail(this, index)[1]
    record_id = record.fields.get("Id") if record is not None else None
    return None if record_id is None else Id(record_id)


def _dml_field_names(this: ExceptionInstance, index: int) -> ApexList:
    return ApexList(type_of("List<String>"), list(_detail(this, index)[2].fields))


def _dml_fields(this: ExceptionInstance, index: int) -> ApexList:
    record = _detail(this, index)[1]
    names = _detail(this, index)[2].fields
    found = [record.schema.find_field(n) for n in names] if record is not None else []
    tokens = [SObjectField(record.type, f) for f in found if f is not None]
    return ApexList(type_of("List<Schema.SObjectField>"), tokens)


_DML_METHODS = (
    ("getNumDml", (), INTEGER, lambda this: len(this.details)),
    ("getDmlMessage", (INTEGER,), STRING, lambda this, i: _detail(this, i)[2].message),
    ("getDmlIndex", (INTEGER,), INTEGER, lambda this, i: _detail(this, i)[0]),
    ("getDmlId", (INTEGER,), STRING, _dml_id),
    ("getDmlStatusCode", (INTEGER,), STRING, lambda this, i: _detail(this, i)[2].status_code),
    ("getDmlType", (INTEGER,), STATUS_CODE.type, lambda this, i: status_code(_detail(this, i)[2].status_code)),
    ("getDmlFieldNames", (INTEGER,), type_of("List<String>"), _dml_field_names),
    ("getDmlFields", (INTEGER,), type_of("List<Schema.SObjectField>"), _dml_fields),
)
_QUERY_EXCEPTION = EXCEPTIONS["queryexception"]
_FIELDS_TYPE = type_of("Map<String,Set<String>>")


def _inaccessible(this: ExceptionInstance) -> Value:
    """The fields by object; what the port's refusal named is in `details`."""
    names = type_of("Set<String>")
    found = {name: ApexSet(names, dict.fromkeys(fields)) for name, fields in this.details}
    return ApexMap(_FIELDS_TYPE, dict(found))


_QUERY_EXCEPTION.methods["getinaccessiblefields"] = [
    Method(_QUERY_EXCEPTION, "getInaccessibleFields", (), _FIELDS_TYPE, _inaccessible)
]
for _cls in (EXCEPTIONS["exception"], EXCEPTIONS["dmlexception"], EXCEPTIONS["emailexception"]):
    for _name, _parameters, _returns, _function in _DML_METHODS:
        _method = Method(_cls, _name, _parameters, _returns, _function, virtual=True)
        _cls.methods[_name.lower()] = [_method]
        _cls.vtable[_method.signature] = _method
