"""Field sets from Apex: `SObjectType.Account.fieldSets.Summary.getFields()`.

Source: "FieldSet Class", "FieldSetMember Class", "SObjectTypeFieldSets Class" (Apex Reference Guide).
"""

from __future__ import annotations

from dataclasses import dataclass

from orgtwin.apex import context
from orgtwin.apex.library.schemas import CaselessMap, DescribeFieldSets, display_type
from orgtwin.apex.library.signatures import declare, system_class, type_of
from orgtwin.apex.library.tokens import SObjectField, SObjectTypeToken
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList, ApexMap
from orgtwin.schema.model import Field, FieldSet


@dataclass(frozen=True)
class DescribeFieldSet:
    owner: Type
    field_set: FieldSet

    @property
    def apex_type(self) -> Type:
        return declare("FieldSet", namespace="Schema").type


@dataclass(frozen=True)
class DescribeMember:
    """One path of a set; `field` is where it ends, on the object `owner`."""

    path: str
    owner: Type
    field: Field
    required: bool

    @property
    def apex_type(self) -> Type:
        return declare("FieldSetMember", namespace="Schema").type


def find_field_set(owner: Type, name: str) -> DescribeFieldSet | None:
    """The set of that name in any case."""
    sets = owner.sobject.field_sets if owner.sobject is not None else ()
    return next((DescribeFieldSet(owner, s) for s in sets if s.name.lower() == name.lower()), None)


def _members(this: DescribeFieldSet) -> ApexList:
    found = [_member(this.owner, path, required) for path, required in this.field_set.fields]
    return ApexList(type_of("List<Schema.FieldSetMember>"), [m for m in found if m is not None])


def _member(owner: Type, path: str, required: bool) -> DescribeMember | None:
    *lookups, last = path.split(".")
    current: Type | None = owner
    for name in lookups:
        reference = (
            current.sobject.find_relationship(name) if current is not None and current.sobject is not None else None
        )
        current = context.engine().find_sobject_type(reference.reference_to[0]) if reference is not None else None
    field = current.sobject.find_field(last) if current is not None and current.sobject is not None else None
    return DescribeMember(path, current, field, required) if current is not None and field is not None else None


def _map(this: DescribeFieldSets) -> ApexMap:
    sets = this.owner.sobject.field_sets if this.owner.sobject is not None else ()
    found = {s.name.lower(): DescribeFieldSet(this.owner, s) for s in sets}
    return CaselessMap(type_of("Map<String,Schema.FieldSet>"), dict(found))


system_class(
    "FieldSet",
    {
        "List<Schema.FieldSetMember> getFields()": _members,
        "String getName()": lambda this: this.field_set.name,
        "String getLabel()": lambda this: this.field_set.label,
        "String getDescription()": lambda this: this.field_set.description,
        "String getNamespace()": lambda this: None,
        "Schema.SObjectType getSObjectType()": lambda this: SObjectTypeToken(this.owner),
    },
    namespace="Schema",
)
system_class(
    "FieldSetMember",
    {
        "Boolean getDbRequired()": lambda this: not this.field.nillable,
        "String getFieldPath()": lambda this: this.path,
        "String getLabel()": lambda this: this.field.label,
        "Boolean getRequired()": lambda this: this.required,
        "Schema.DisplayType getType()": lambda this: display_type(this.field),
        "Schema.SObjectField getSObjectField()": lambda this: SObjectField(this.owner, this.field),
    },
    namespace="Schema",
)
system_class("SObjectTypeFieldSets", {"Map<String,Schema.FieldSet> getMap()": _map}, namespace="Schema")
