"""What every enum has: values, valueOf, name, ordinal. Source: "Enums" (Apex Developer Guide)."""

from __future__ import annotations

from orgtwin.apex.classes import ApexClass, Method
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.types import BOOLEAN, INTEGER, OBJECT, STRING, list_of
from orgtwin.apex.values import ApexList, EnumConstant


def add_enum_methods(cls: ApexClass) -> None:
    """Give an enum its methods."""

    def values() -> ApexList:
        return ApexList(list_of(cls.type), list(cls.constants.values()))

    def value_of(name: str | None) -> EnumConstant:
        if name is None:
            raise argument_null("1")
        found = cls.constants.get(name.lower())
        if found is None:
            raise throw("NoSuchElementException", f"No enum constant {cls.name}.{name}")
        return found

    cls.methods.update(
        {
            "values": [Method(cls, "values", (), list_of(cls.type), values, static=True)],
            "valueof": [Method(cls, "valueOf", (STRING,), cls.type, value_of, static=True)],
            "name": [Method(cls, "name", (), STRING, lambda this: this.name)],
            "ordinal": [Method(cls, "ordinal", (), INTEGER, lambda this: this.ordinal)],
            "tostring": [Method(cls, "toString", (), STRING, lambda this: this.name)],
            "hashcode": [Method(cls, "hashCode", (), INTEGER, lambda this: this.ordinal + 1)],
            "equals": [Method(cls, "equals", (OBJECT,), BOOLEAN, lambda this, other: this is other)],
        }
    )
