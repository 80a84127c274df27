"""Test.loadData: records from a static resource of comma-separated values.

Source: "Loading Test Data" (Apex Developer Guide), "Test Class", loadData (Apex Reference Guide). The first line names the fields;
dates are written as ISO 8601 has them, blank values are left out. What stands in the column Id is any name for the record, which
lookups of resources loaded later in the transaction give ("Test.loadData() - undocumented (but useful) behavior loading
relationships", Salesforce Stack Exchange). ASSUMED: the texts of the exceptions.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from orgtwin.apex import context
from orgtwin.apex.database import run_dml
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.library.tokens import SObjectTypeToken
from orgtwin.apex.records import SObject, field_type, get_field
from orgtwin.apex.types import BOOLEAN, DATE, DATETIME, DECIMAL, INTEGER, Type, list_of
from orgtwin.apex.values import ApexList, Value

_FROM_TEXT: Mapping[Type, Callable[[str], Value]] = {
    BOOLEAN: lambda text: text.lower() in ("true", "1"),
    INTEGER: int,
    DECIMAL: Decimal,
    DATE: date.fromisoformat,
    DATETIME: lambda text: _moment(datetime.fromisoformat(text)),
}


def load_data(token: SObjectTypeToken | None, resource: str | None) -> ApexList:
    """Insert the records of a resource; they come back with their ids."""
    if token is None or resource is None:
        raise argument_null("sObjectToken" if token is None else "resourceName")
    engine = context.engine()
    content = engine.port.find_static_resource(resource)
    if content is None:
        raise throw("UnexpectedException", f"Static Resource not found: {resource}")
    try:
        rows = list(csv.reader(io.StringIO(str(content, "utf-8-sig"))))
    except UnicodeDecodeError as error:
        raise throw("UnexpectedException", f"The static resource {resource} is not text in UTF-8") from error
    names = engine.transaction.loaded_ids
    records = ApexList(list_of(token.type), list(_records(token.type, rows, names)))
    named = [record.fields.pop("Id", None) for record in records.items]
    run_dml(engine, "insert", records, user_mode=False)
    names.update((str(name), record.fields["Id"]) for name, record in zip(named, records.items, strict=True) if name)
    return records


def _records(type_: Type, rows: list[list[str]], names: Mapping[str, Value]) -> Iterator[SObject]:
    if not rows:
        return
    record = SObject(type_)
    fields = [get_field(record, name.strip()) for name in rows[0]]
    for number, row in enumerate(rows[1:], start=2):
        if any(text.strip() for text in row):
            record = SObject(type_)
            for field, text in zip(fields, row, strict=False):
                if text:
                    known = names.get(text) if field.reference_to else None
                    value = _value(field.api_name, field_type(field), text, number) if known is None else known
                    record.fields[field.api_name] = value
            yield record


def _value(name: str, type_: Type, text: str, line: int) -> Value:
    try:
        return _FROM_TEXT.get(type_, str)(text)
    except (ValueError, InvalidOperation) as error:
        raise throw("TypeException", f"Invalid {type_.name} for {name} in line {line}: {text}") from error


def _moment(value: datetime) -> datetime:
    return (value if value.tzinfo is not None else value.replace(tzinfo=UTC)).astimezone(UTC)
