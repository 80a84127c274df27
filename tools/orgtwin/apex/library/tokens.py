"""Tokens: a type, an sObject type or a field as a value. Source: "Type Class", "Dynamic Apex" (Apex Developer Guide)."""

from __future__ import annotations

from orgtwin.apex.library.signatures import declare
from orgtwin.apex.types import Kind, Type
from orgtwin.schema.model import Field


def type_token_type() -> Type:
    return declare("Type").type


def object_token_type() -> Type:
    return declare("SObjectType", namespace="Schema").type


def field_token_type() -> Type:
    return declare("SObjectField", namespace="Schema").type


AGGREGATE_RESULT = Type("AggregateResult", Kind.SOBJECT)


class TypeToken:
    """`Foo.class`."""

    __slots__ = ("type",)

    def __init__(self, type_: Type) -> None:
        self.type = type_

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TypeToken) and self.type == other.type

    def __hash__(self) -> int:
        return hash(self.type)

    def __str__(self) -> str:
        return self.type.name

    @property
    def apex_type(self) -> Type:
        return type_token_type()


class SObjectTypeToken:
    """`Account.SObjectType`."""

    __slots__ = ("type",)

    def __init__(self, type_: Type) -> None:
        self.type = type_

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SObjectTypeToken) and self.type.key == other.type.key

    def __hash__(self) -> int:
        return hash(self.type.key)

    def __str__(self) -> str:
        return self.type.name

    @property
    def apex_type(self) -> Type:
        return object_token_type()


class SObjectField:
    """`Account.Name`."""

    __slots__ = ("field", "owner")

    def __init__(self, owner: Type, field: Field) -> None:
        self.owner = owner
        self.field = field

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, SObjectField)
            and self.owner.key == other.owner.key
            and self.field.api_name == other.field.api_name
        )

    def __hash__(self) -> int:
        return hash((self.owner.key, self.field.api_name))

    def __str__(self) -> str:
        return self.field.api_name

    @property
    def apex_type(self) -> Type:
        return field_token_type()
