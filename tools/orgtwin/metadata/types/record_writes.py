"""Writes setup records as the automated process does: the rows that permission sets, record types and the like consist of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from orgtwin.metadata.problem import ComponentRefused
from orgtwin.organization import Organization
from orgtwin.records.model import Row, Value


def find_row(org: Organization, sobject_type: str, **values: Value) -> str | None:
    """The id of the first row with those field values, or None."""
    return next(iter(find_rows(org, sobject_type, **values)), None)


def find_rows(org: Organization, sobject_type: str, **values: Value) -> list[str]:
    """The ids of all rows with those field values."""
    table = org.table(sobject_type)
    read_id = table.reader("Id")
    return [str(read_id(row)) for row in matching_rows(org, sobject_type, values)]


def matching_rows(org: Organization, sobject_type: str, values: Mapping[str, Value]) -> Iterable[Row]:
    """Rows with those field values, by an index where one of the fields has one."""
    table = org.table(sobject_type)
    readers = [(table.reader(field), value) for field, value in values.items()]
    indexed = next((field for field in values if table.is_indexed(field)), None)
    candidates = table.rows() if indexed is None else table.find(indexed, values[indexed])
    return [row for row in candidates if all(read(row) == value for read, value in readers)]


def save_row(org: Organization, sobject_type: str, record_id: str | None, **values: object) -> str:
    """Insert, or update when there is an id; answers the id."""
    if record_id is None:
        return insert_rows(org, sobject_type, [values])[0]
    results = org.dml.update(org.system_caller(), sobject_type, [{"Id": record_id, **values}])
    if not results[0].success:
        raise ComponentRefused(results[0].errors[0].message)
    return record_id


def insert_rows(org: Organization, sobject_type: str, rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Insert all rows or raise ComponentRefused with the first refusal; answers the ids in order."""
    if not rows:
        return []
    results = org.dml.insert(org.system_caller(), sobject_type, rows, all_or_none=True)
    refused = next((result for result in results if not result.success), None)
    if refused is not None:
        raise ComponentRefused(refused.errors[0].message)
    return [str(result.record_id) for result in results]


def delete_rows(org: Organization, record_ids: Sequence[str]) -> None:
    """Delete for good; rows that are gone already do not matter."""
    if record_ids:
        org.dml.delete(org.system_caller(), record_ids, hard=True)
