"""Describe from Apex.

Sources: "Schema Class", "DescribeSObjectResult Class", "DescribeFieldResult Class" (Apex Reference Guide).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orgtwin.apex import context
from orgtwin.apex.classes import ApexClass, Method, Variable
from orgtwin.apex.database import with_defaults
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.library.crypto import random_uuid
from orgtwin.apex.library.hashing import hash_code
from orgtwin.apex.library.signatures import declare, system_class, system_enum, type_of
from orgtwin.apex.library.tokens import SObjectField, SObjectTypeToken
from orgtwin.apex.records import SObject, to_id
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList, ApexMap, Value
from orgtwin.schema.companions import find_association
from orgtwin.schema.dependent_picklists import valid_for
from orgtwin.schema.describe import has_feeds
from orgtwin.schema.describe_field import default_value, type_rule
from orgtwin.schema.model import ChildRelationship, Field, FieldType, PicklistValue, RecordType, SObjectType

DISPLAY_TYPE = system_enum(
    "DisplayType",
    "ADDRESS ANYTYPE BASE64 BOOLEAN COMBOBOX COMPLEXVALUE CURRENCY DATACATEGORYGROUPREFERENCE DATE DATETIME DOUBLE EMAIL"
    " ENCRYPTEDSTRING FLOATARRAY ID INTEGER JSON LOCATION LONG MULTIPICKLIST PERCENT PHONE PICKLIST REFERENCE SOBJECT STRING"
    " TEXTAREA TEXTARRAY TIME URL",
    namespace="Schema",
)
SOAP_TYPE = system_enum(
    "SOAPType",
    "ADDRESS ANYTYPE BASE64BINARY BOOLEAN DATE DATETIME DOUBLE ID INTEGER STRING TIME LONG DECIMAL",
    namespace="Schema",
)
"""LONG and DECIMAL, which no field has, are ASSUMED from public code that names them."""
_SOAP_NAMES = {
    FieldType.ID: "ID", FieldType.REFERENCE: "ID", FieldType.BOOLEAN: "BOOLEAN", FieldType.INT: "INTEGER",
    FieldType.DOUBLE: "DOUBLE", FieldType.CURRENCY: "DOUBLE", FieldType.PERCENT: "DOUBLE", FieldType.DATE: "DATE",
    FieldType.DATETIME: "DATETIME", FieldType.TIME: "TIME", FieldType.BASE64: "BASE64BINARY",
}  # fmt: skip


@dataclass(frozen=True)
class _Described:
    owner: Type


class DescribeObject(_Described):
    @property
    def apex_type(self) -> Type:
        return describe_object_type()


@dataclass(frozen=True)
class DescribeField:
    owner: Type
    field: Field

    @property
    def apex_type(self) -> Type:
        return describe_field_type()


class DescribeFields(_Described):
    """`SObjectType.Account.fields`."""

    @property
    def apex_type(self) -> Type:
        return describe_fields_type()


@dataclass(frozen=True)
class DescribeRecordType:
    owner: Type
    record_type: RecordType
    record_type_id: Value
    is_default: bool = False

    @property
    def apex_type(self) -> Type:
        return declare("RecordTypeInfo", namespace="Schema").type


@dataclass(frozen=True)
class DescribePicklist:
    value: PicklistValue
    valid_for: str | None = None

    @property
    def apex_type(self) -> Type:
        return declare("PicklistEntry", namespace="Schema").type


@dataclass(frozen=True)
class DescribeChild:
    owner: Type
    child: ChildRelationship

    @property
    def apex_type(self) -> Type:
        return declare("ChildRelationship", namespace="Schema").type


def describe_object_type() -> Type:
    return declare("DescribeSObjectResult", namespace="Schema").type


def describe_field_type() -> Type:
    return declare("DescribeFieldResult", namespace="Schema").type


def describe_fields_type() -> Type:
    return declare("SObjectTypeFields", namespace="Schema").type


def describe_field_sets_type() -> Type:
    return declare("SObjectTypeFieldSets", namespace="Schema").type


def describe_object(type_: Type) -> DescribeObject:
    return DescribeObject(type_)


def _schema(this: _Described) -> SObjectType:
    """What the schema says; AggregateResult, which is no object of it, has a name and no fields."""
    name = this.owner.name
    return this.owner.sobject or SObjectType(name, name, name, "", ())


def _can(action: str) -> Value:
    return lambda this: context.engine().port.can(this.owner.name, action)


def _fields_map(this: _Described) -> ApexMap:
    tokens = {f.api_name.lower(): SObjectField(this.owner, f) for f in _schema(this).fields}
    context.spend(len(tokens))
    return CaselessMap(type_of("Map<String,Schema.SObjectField>"), dict(tokens))


class CaselessMap(ApexMap):
    """Describe maps find names in any case."""

    __slots__ = ()

    def find_key(self, key: Value) -> Value:
        return key.lower() if isinstance(key, str) else key


def _children(this: _Described) -> ApexList:
    schema = context.engine().port.schema
    rows = [DescribeChild(this.owner, c) for c in schema.children_of(this.owner.name)]
    return ApexList(type_of("List<Schema.ChildRelationship>"), list(rows))


def _association(part: int) -> Value:
    """Type or parent of what an object is to another. Source: "DescribeSObjectResult Class", getAssociateEntityType."""

    def find(this: _Described) -> str | None:
        found = find_association(context.engine().port.schema, this.owner.name)
        return None if found is None else found[part]

    return find


def _record_types(this: _Described) -> list[DescribeRecordType]:
    engine = context.engine()
    found: list[DescribeRecordType] = []
    for record_type in _schema(this).record_types:
        rows = engine.port.query(
            "SELECT Id FROM RecordType WHERE DeveloperName = :name AND SobjectType = :object",
            {"name": record_type.developer_name, "object": this.owner.name},
            user_mode=False,
        )
        record_id = to_id(str(rows[0].fields["Id"])) if isinstance(rows, list) and rows else None
        found.append(DescribeRecordType(this.owner, record_type, record_id))
    master = RecordType("Master", "Master")
    found.append(DescribeRecordType(this.owner, master, to_id("012000000000000AAA"), is_default=not found))
    return found


def _record_type_map(key: str) -> Value:
    readers: dict[str, Callable[[DescribeRecordType], Value]] = {
        "name": lambda r: r.record_type.label,
        "developer": lambda r: r.record_type.developer_name,
        "id": lambda r: r.record_type_id,
    }
    read = readers[key]
    shown = type_of(f"Map<{'Id' if key == 'id' else 'String'},Schema.RecordTypeInfo>")
    return lambda this: ApexMap(shown, {read(r): r for r in _record_types(this)})


_OBJECT_RESULT = system_class(
    "DescribeSObjectResult",
    {
        "String getName()": lambda this: _schema(this).api_name,
        "String getLocalName()": lambda this: (
            _schema(this).api_name
        ),  # without the namespace of the code, which has none
        "String getLabel()": lambda this: _schema(this).label,
        "String getLabelPlural()": lambda this: _schema(this).label_plural,
        "String getKeyPrefix()": lambda this: _schema(this).key_prefix or None,
        "String getAssociateEntityType()": _association(0),
        "String getAssociateParentEntity()": _association(1),
        "String getDefaultImplementation()": lambda this: None,
        "String getImplementedBy()": lambda this: None,
        "String getImplementsInterfaces()": lambda this: None,
        "Boolean getIsInterface()": lambda this: False,
        "Boolean getDataTranslationEnabled()": lambda this: False,
        "Boolean getHasSubtypes()": lambda this: False,
        "Boolean isMruEnabled()": lambda this: True,
        "Schema.SObjectDescribeOptions getSObjectDescribeOption()": lambda this: declare(
            "SObjectDescribeOptions", namespace="Schema"
        ).constants["default"],
        "Schema.SObjectType getSObjectType()": lambda this: SObjectTypeToken(this.owner),
        "Boolean equals(Object)": lambda this, other: this == other,
        "Integer hashCode()": lambda this: hash_code(this.owner.name),
        "Schema.SObjectTypeFields getFields()": lambda this: DescribeFields(this.owner),
        "Schema.SObjectTypeFieldSets getFieldSets()": lambda this: DescribeFieldSets(this.owner),
        "Schema.SObjectTypeFields fields": lambda this: DescribeFields(this.owner),
        "Schema.SObjectTypeFieldSets fieldSets": lambda this: DescribeFieldSets(this.owner),
        "List<Schema.ChildRelationship> getChildRelationships()": _children,
        "List<Schema.RecordTypeInfo> getRecordTypeInfos()": lambda this: ApexList(
            type_of("List<Schema.RecordTypeInfo>"), list(_record_types(this))
        ),
        "Map<String,Schema.RecordTypeInfo> getRecordTypeInfosByName()": _record_type_map("name"),
        "Map<String,Schema.RecordTypeInfo> getRecordTypeInfosByDeveloperName()": _record_type_map("developer"),
        "Map<Id,Schema.RecordTypeInfo> getRecordTypeInfosById()": _record_type_map("id"),
        "Boolean isAccessible()": _can("read"),
        "Boolean isCreateable()": _can("create"),
        "Boolean isDeletable()": _can("delete"),
        "Boolean isUpdateable()": _can("edit"),
        "Boolean isUndeletable()": _can("delete"),
        "Boolean isQueryable()": lambda this: _schema(this).queryable,
        "Boolean isSearchable()": lambda this: _schema(this).queryable,
        "Boolean isMergeable()": lambda this: this.owner.name in ("Account", "Contact", "Lead", "Case"),
        "Boolean isCustom()": lambda this: _schema(this).custom,
        "Boolean isCustomSetting()": lambda this: _schema(this).custom_setting is not None,
        "Boolean isDeprecatedAndHidden()": lambda this: False,
        "Boolean isFeedEnabled()": lambda this: has_feeds(_schema(this)),
    },
    namespace="Schema",
)


def _add_read_properties(cls: ApexClass) -> None:
    """`describe.label` beside `describe.getLabel()`, as Salesforce's public Apex language tools list them."""
    for overloads in list(cls.methods.values()):
        method = overloads[0]
        name = method.name.lower().removeprefix("get" if method.name.startswith("get") else "is")
        if not method.parameters and name != method.name.lower():
            getter = Method(cls, name, (), method.returns, method.call)
            read = Variable(cls, name, method.returns, False, -1, final=True, getter=getter, is_property=True)
            cls.variables.setdefault(name, read)


_add_read_properties(_OBJECT_RESULT)


class DescribeFieldSets(_Described):
    """`SObjectType.Account.fieldSets`."""

    @property
    def apex_type(self) -> Type:
        return declare("SObjectTypeFieldSets", namespace="Schema").type


system_class(
    "SObjectTypeFields",
    {"Map<String,Schema.SObjectField> getMap()": _fields_map},
    namespace="Schema",
)


def _readable(this: DescribeField) -> bool:
    port = context.engine().port
    return port.can(this.owner.name, "read") and this.field.api_name.lower() in port.readable_fields(this.owner.name)


def _editable(flag: str, action: str) -> Value:
    def run(this: DescribeField) -> bool:
        port = context.engine().port
        fields_of = port.creatable_fields if action == "create" else port.editable_fields
        allowed = this.field.api_name.lower() in fields_of(this.owner.name)
        return bool(getattr(this.field, flag)) and allowed and port.can(this.owner.name, action)

    return run


def display_type(field: Field) -> Value:
    """The constant of a field's type."""
    name = {"int": "integer"}.get(field.type.value.lower(), field.type.value.lower())
    return DISPLAY_TYPE.constants[name]


def _references(this: DescribeField) -> ApexList:
    engine = context.engine()
    types = [engine.find_sobject_type(n) for n in this.field.reference_to]
    return ApexList(type_of("List<Schema.SObjectType>"), [SObjectTypeToken(t) for t in types if t is not None])


DESCRIBE_TICKS = 30
"""ASSUMED: CPU time of describing an object by its name, or the values of a picklist."""


def _picklist(this: DescribeField) -> ApexList:
    context.spend(DESCRIBE_TICKS + len(this.field.picklist))
    controller = _controlling_field(this)
    entries = [DescribePicklist(value, valid_for(this.field, controller, value)) for value in this.field.picklist]
    return ApexList(type_of("List<Schema.PicklistEntry>"), entries)


def _controlling_field(this: DescribeField) -> Field | None:
    return None if this.owner.sobject is None else this.owner.sobject.controller_of(this.field)


def _controller(this: DescribeField) -> SObjectField | None:
    found = _controlling_field(this)
    return None if found is None else SObjectField(this.owner, found)


def _default_value(this: DescribeField) -> Value:
    """As describes of every API tell it: of a checkbox and a picklist; any other default is told as a formula (ASSUMED)."""
    return None if this.field.calculated else default_value(this.field)


system_class(
    "DescribeFieldResult",
    {
        "String getName()": lambda this: this.field.api_name,
        "String getLocalName()": lambda this: this.field.api_name,  # as that of an object
        "String getCompoundFieldName()": lambda this: this.field.compound,
        "String getLabel()": lambda this: this.field.label,
        "Integer getLength()": lambda this: this.field.length,
        "Integer getByteLength()": lambda this: this.field.length * 3,
        "Integer getPrecision()": lambda this: this.field.precision,
        "Integer getScale()": lambda this: this.field.scale,
        "Integer getDigits()": lambda this: this.field.precision if this.field.type is FieldType.INT else 0,
        "Schema.DisplayType getType()": lambda this: display_type(this.field),
        "Schema.SOAPType getSoapType()": lambda this: SOAP_TYPE.constants[
            _SOAP_NAMES.get(this.field.type, "STRING").lower()
        ],
        "Schema.SObjectField getSObjectField()": lambda this: SObjectField(this.owner, this.field),
        "Schema.SObjectType getSObjectType()": lambda this: SObjectTypeToken(this.owner),
        "List<Schema.SObjectType> getReferenceTo()": _references,
        "List<Schema.PicklistEntry> getPicklistValues()": _picklist,
        "String getRelationshipName()": lambda this: this.field.relationship_name,
        "Object getDefaultValue()": _default_value,
        "String getDefaultValueFormula()": lambda this: this.field.default_formula,
        "String getCalculatedFormula()": lambda this: this.field.formula,
        "String getInlineHelpText()": lambda this: this.field.help_text,
        "Integer getRelationshipOrder()": lambda this: this.field.master_detail_order,
        "Schema.SObjectField getController()": _controller,
        "Boolean isAccessible()": _readable,
        "Boolean isCreateable()": _editable("createable", "create"),
        "Boolean isUpdateable()": _editable("updateable", "edit"),
        "Boolean isPermissionable()": lambda this: this.field.permissionable,
        "Boolean isAutoNumber()": lambda this: this.field.auto_number,
        "Boolean isCalculated()": lambda this: this.field.calculated,
        "Boolean isCascadeDelete()": lambda this: this.field.cascade_delete and this.field.is_master_detail,
        "Boolean isRestrictedDelete()": lambda this: this.field.restricted_delete,
        "Boolean isCaseSensitive()": lambda this: this.field.case_sensitive,
        "Boolean isCustom()": lambda this: this.field.custom,
        "Boolean isDefaultedOnCreate()": lambda this: this.field.defaulted_on_create,
        "Boolean isDependentPicklist()": lambda this: this.field.controller is not None,
        "Boolean isDeprecatedAndHidden()": lambda this: False,
        "Boolean isExternalID()": lambda this: this.field.external_id,
        "Boolean isAggregatable()": lambda this: type_rule(this.field).aggregatable,
        "Boolean isFilterable()": lambda this: type_rule(this.field).filterable and this.field.filterable,
        "Boolean isGroupable()": lambda this: type_rule(this.field).groupable and not this.field.calculated,
        "Boolean isSortable()": lambda this: type_rule(this.field).sortable,
        "Boolean isHtmlFormatted()": lambda this: this.field.html,
        "Boolean isIdLookup()": lambda this: this.field.id_lookup,
        "Boolean isNameField()": lambda this: this.field.name_field,
        "Boolean isNamePointing()": lambda this: len(this.field.reference_to) > 1,
        "Boolean isNillable()": lambda this: this.field.nillable,
        "Boolean isRestrictedPicklist()": lambda this: this.field.restricted_picklist,
        "Boolean isUnique()": lambda this: this.field.unique,
        "Boolean isWriteRequiresMasterRead()": lambda this: this.field.write_requires_master_read,
        "Boolean isEncrypted()": lambda this: False,
    },
    namespace="Schema",
)
system_class(
    "PicklistEntry",
    {
        "String getLabel()": lambda this: this.value.label,
        "String getValue()": lambda this: this.value.value,
        "Boolean isActive()": lambda this: this.value.active,
        "Boolean isDefaultValue()": lambda this: this.value.default,
    },
    namespace="Schema",
)
system_class(
    "RecordTypeInfo",
    {
        "String getName()": lambda this: this.record_type.label,
        "String getDeveloperName()": lambda this: this.record_type.developer_name,
        "Id getRecordTypeId()": lambda this: this.record_type_id,
        "Boolean isActive()": lambda this: this.record_type.active,
        "Boolean isAvailable()": lambda this: True,
        "Boolean isDefaultRecordTypeMapping()": lambda this: this.is_default,
        "Boolean isMaster()": lambda this: this.record_type.developer_name == "Master",
    },
    namespace="Schema",
)


def _child_type(this: DescribeChild) -> SObjectTypeToken:
    return SObjectTypeToken(context.engine().get_sobject_type(this.child.child_type))


def _child_field(this: DescribeChild) -> SObjectField:
    type_ = context.engine().get_sobject_type(this.child.child_type)
    field = type_.sobject.find_field(this.child.field) if type_.sobject is not None else None
    if field is None:
        raise throw("SObjectException", f"Invalid field {this.child.field} for {type_.name}")
    return SObjectField(type_, field)


system_class(
    "ChildRelationship",
    {
        "Schema.SObjectType getChildSObject()": _child_type,
        "Schema.SObjectField getField()": _child_field,
        "String getRelationshipName()": lambda this: this.child.relationship_name,
        "Boolean isCascadeDelete()": lambda this: this.child.cascade_delete,
        "Boolean isRestrictedDelete()": lambda this: this.child.restricted_delete,
        "Boolean isDeprecatedAndHidden()": lambda this: False,
    },
    namespace="Schema",
)


# Tokens


def _new_sobject(this: SObjectTypeToken, record_id: str | None = None, defaults: bool = False) -> SObject:
    """With defaults the id is that of a record type. Source: "newSObject(recordTypeId, loadDefaults)" (SObjectType Class)."""
    record = SObject(this.type)
    if defaults:
        with_defaults(context.engine(), record)
        if record.schema.event:
            record.fields["EventUuid"] = random_uuid()
    if record_id is not None:
        record.fields["RecordTypeId" if defaults else "Id"] = to_id(record_id)
    return record


system_class(
    "SObjectType",
    {
        "Schema.DescribeSObjectResult getDescribe()": lambda this: DescribeObject(this.type),
        "Schema.DescribeSObjectResult getDescribe(Object)": lambda this, options: DescribeObject(this.type),
        "SObject newSObject()": _new_sobject,
        "SObject newSObject(Id)": _new_sobject,
        "SObject newSObject(Id,Boolean)": _new_sobject,
        "String toString()": str,
        "Boolean equals(Object)": lambda this, other: this == other,
    },
    namespace="Schema",
)
system_class(
    "SObjectField",
    {
        "Schema.DescribeFieldResult getDescribe()": lambda this: DescribeField(this.owner, this.field),
        "Schema.DescribeFieldResult getDescribe(Object)": lambda this, options: DescribeField(this.owner, this.field),
        "String toString()": str,
        "Boolean equals(Object)": lambda this, other: this == other,
    },
    namespace="Schema",
)


def _global_describe() -> ApexMap:
    engine = context.engine()
    types = [engine.get_sobject_type(t.api_name) for t in engine.port.schema]
    engine.spend(len(types))
    return CaselessMap(type_of("Map<String,Schema.SObjectType>"), {t.name.lower(): SObjectTypeToken(t) for t in types})


def _describe_named(names: ApexList | None, _options: Value = None) -> ApexList:
    engine = context.engine()
    if names is None:
        raise argument_null("types")
    found = []
    for name in names.items:
        engine.spend(DESCRIBE_TICKS)
        type_ = engine.find_sobject_type(name)
        if type_ is None:
            raise throw("InvalidParameterValueException", f"Invalid sobject provided: {name}")
        found.append(DescribeObject(type_))
    return ApexList(type_of("List<Schema.DescribeSObjectResult>"), list(found))


system_class(
    "Schema",
    {
        "static Map<String,Schema.SObjectType> getGlobalDescribe()": _global_describe,
        "static List<Schema.DescribeSObjectResult> describeSObjects(List<String>)": _describe_named,
        "static List<Schema.DescribeSObjectResult> describeSObjects(List<String>,Object)": _describe_named,
    },
)
