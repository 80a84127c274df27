"""The data types of the formula language, by the names that its messages use, and which type a field has in it."""

from __future__ import annotations

from enum import Enum

from orgtwin.schema.model import Field, FieldType


class FormulaType(Enum):
    """The value is the word in messages ("Expected Number, received Text")."""

    TEXT = "Text"
    NUMBER = "Number"
    BOOLEAN = "Boolean"
    DATE = "Date"
    DATETIME = "DateTime"
    TIME = "Time"
    PICKLIST = "Picklist"
    MULTIPICKLIST = "Multipicklist"
    ID = "Id"  # reads as its 15-character form; compares equal in either length
    LOCATION = "Location"
    NULL = "Null"

    @property
    def label(self) -> str:
        return "Text" if self is FormulaType.ID else self.value

    @property
    def is_text(self) -> bool:
        return self in (FormulaType.TEXT, FormulaType.ID)

    @property
    def is_picklist(self) -> bool:
        return self in (FormulaType.PICKLIST, FormulaType.MULTIPICKLIST)


_OF_FIELD: dict[FieldType, FormulaType] = {
    FieldType.ID: FormulaType.ID,
    FieldType.REFERENCE: FormulaType.ID,
    FieldType.STRING: FormulaType.TEXT,
    FieldType.TEXTAREA: FormulaType.TEXT,
    FieldType.EMAIL: FormulaType.TEXT,
    FieldType.PHONE: FormulaType.TEXT,
    FieldType.URL: FormulaType.TEXT,
    FieldType.COMBOBOX: FormulaType.TEXT,
    FieldType.ENCRYPTED_STRING: FormulaType.TEXT,
    FieldType.BOOLEAN: FormulaType.BOOLEAN,
    FieldType.INT: FormulaType.NUMBER,
    FieldType.DOUBLE: FormulaType.NUMBER,
    FieldType.CURRENCY: FormulaType.NUMBER,
    FieldType.PERCENT: FormulaType.NUMBER,
    FieldType.DATE: FormulaType.DATE,
    FieldType.DATETIME: FormulaType.DATETIME,
    FieldType.TIME: FormulaType.TIME,
    FieldType.PICKLIST: FormulaType.PICKLIST,
    FieldType.MULTIPICKLIST: FormulaType.MULTIPICKLIST,
    FieldType.LOCATION: FormulaType.LOCATION,
}


def find_type_of_field(field: Field) -> FormulaType | None:
    """None: the field may not be referenced in a formula (addresses, files, long text areas are refused on deploy)."""
    return _OF_FIELD.get(field.type)


def can_return(result: FormulaType, expected: FormulaType) -> bool:
    """Whether a formula of type `result` may fill a field of type `expected`."""
    if result is FormulaType.NULL or result is expected:
        return True
    return result.is_text and expected.is_text


def common_type(left: FormulaType, right: FormulaType) -> FormulaType | None:
    """The type both branches of IF or CASE share; NULL fits any; None when there is none."""
    if left is FormulaType.NULL:
        return right
    if right is FormulaType.NULL or left is right:
        return left
    return FormulaType.TEXT if left.is_text and right.is_text else None
