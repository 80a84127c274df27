"""Salesforce records as the sync reads them: which fields to ask for, and what a record says about each field of the mapping.

A lookup is read as its match value (`Owner.Email`), because that is what both systems understand; ids stay inside Salesforce.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from clmkit.clients.salesforce import Record, quote_soql
from clmkit.mapping.model import FieldMapping, ObjectMapping, Role
from clmkit.sync.decide import ABSENT, Absent, Value
from clmkit.sync.ports import Org

LONGEST_CONDITION = 8000
"""Characters of one IN list: a query in a GET address has to stay below 16 KB after escaping."""

MODSTAMP, MODIFIED_BY = "SystemModstamp", "LastModifiedById"


class Queried(Protocol):
    def query(self, soql: str, *, with_deleted: bool = False) -> AsyncIterator[Record]: ...


@dataclass(frozen=True, slots=True)
class OrgRow:
    """One record: `values` by API name, lookups as match values; a lookup to a record without match value is ABSENT."""

    record_id: str
    key: str
    modstamp: str
    values: Mapping[str, Value | Absent]
    is_deleted: bool = False
    modified_by: str = ""
    """The user who saved it last."""


def select(mapping: ObjectMapping, condition: str, order: str = "", more: Sequence[str] = ()) -> str:
    fields = ["Id", MODSTAMP, MODIFIED_BY, *more, *(path for column in mapping.columns for path in _paths(column))]
    unique = ", ".join(dict.fromkeys(fields))
    return f"SELECT {unique} FROM {mapping.salesforce} WHERE {condition}{order}"  # noqa: S608 - names of a linted spec


def to_org_row(mapping: ObjectMapping, record: Record) -> OrgRow:
    key = record.get(mapping.key.salesforce)
    values = {column.salesforce: _read(column, record) for column in mapping.columns if column.role is not Role.KEY}
    return OrgRow(
        str(record["Id"]),
        str(key or ""),
        str(record[MODSTAMP]),
        values,
        is_deleted=record.get("IsDeleted") is True,
        modified_by=str(record.get(MODIFIED_BY) or ""),
    )


async def read_by_key(org: Org, mapping: ObjectMapping, keys: Iterable[str]) -> dict[str, OrgRow]:
    """The records of these keys that exist."""
    rows = [to_org_row(mapping, record) async for record in read_records(org, mapping, keys)]
    return {row.key: row for row in rows}


async def read_records(org: Queried, mapping: ObjectMapping, keys: Iterable[str]) -> AsyncGenerator[Record, None]:
    """The records of these keys that exist, as Salesforce gives them."""
    for condition in _in_lists(mapping.key.salesforce, keys):
        async for record in org.query(select(mapping, condition)):
            yield record


async def read_changed(org: Org, mapping: ObjectMapping, since: str) -> AsyncGenerator[OrgRow, None]:
    """The records modified or deleted at or after `since`, oldest first. Inclusive, because several records share one instant.

    A deletion sets SystemModstamp, too. What left the recycle bin before it was looked for is found by reconcile.
    """
    condition = f"{mapping.key.salesforce} != null" + (f" AND {MODSTAMP} >= {_literal(since)}" if since else "")
    soql = select(mapping, condition, f" ORDER BY {MODSTAMP}, Id", ("IsDeleted",))
    async for record in org.query(soql, with_deleted=True):
        yield to_org_row(mapping, record)


async def read_replicated(
    org: Org, mapping: ObjectMapping, since: str, until: str, find_keys: Callable[[Iterable[str]], Mapping[str, str]]
) -> AsyncGenerator[OrgRow, None]:
    """What the org's own record of changes tells between two minutes, oldest first: the net below events that were missed.

    getUpdated covers long transactions, too, whose records show an older SystemModstamp than the look that missed them.
    `find_keys` gives the keys of linked records by id: a deletion tells nothing else. Raises Refused where that is too long ago.
    """
    gone = await org.read_deleted(mapping.salesforce, since, until)
    keys = find_keys(gone)
    rows = [OrgRow(one, keys[one], at, {}, is_deleted=True) for one, at in gone.items() if one in keys]
    for condition in _in_lists("Id", await org.read_updated(mapping.salesforce, since, until)):
        async for record in org.query(select(mapping, condition)):
            row = to_org_row(mapping, record)
            rows += [row] if row.key else []
    for row in sorted(rows, key=lambda row: row.modstamp):
        yield row


async def read_in(
    org: Org, sobject: str, fields: Sequence[str], field: str, values: Iterable[str]
) -> AsyncGenerator[Record, None]:
    """The records whose field has one of these values."""
    for condition in _in_lists(field, values):
        async for record in org.query(f"SELECT {', '.join(fields)} FROM {sobject} WHERE {condition}"):  # noqa: S608 - as above
            yield record


async def read_ids(org: Org, sobject: str, field: str, values: Sequence[str]) -> dict[str, list[str]]:
    """Record ids by the value of a field; the values without case, as Salesforce compares them."""
    found: dict[str, list[str]] = {}
    async for record in read_in(org, sobject, ("Id", field), field, values):
        found.setdefault(str(record[field]).casefold(), []).append(str(record["Id"]))
    return found


def _paths(column: FieldMapping) -> Iterator[str]:
    yield column.salesforce
    if column.reference is not None:
        yield f"{column.reference.relationship}.{column.reference.field}"


def _read(column: FieldMapping, record: Record) -> Value | Absent:
    if column.reference is None:
        value = record.get(column.salesforce)
        return _text_of(value) if isinstance(value, dict | list) else value
    if record.get(column.salesforce) is None:
        return None
    related = record.get(column.reference.relationship)
    match = related.get(column.reference.field) if isinstance(related, dict) else None
    return ABSENT if match is None else str(match)


def _text_of(value: object) -> str:
    """What no field that is mapped can hold, such as the parts of a compound field."""
    return msgspec.json.encode(value, order="sorted").decode()


def _in_lists(field: str, values: Iterable[str]) -> Iterator[str]:
    chunk: list[str] = []
    length = 0
    for literal in sorted({quote_soql(value) for value in values}):
        if chunk and length + len(literal) > LONGEST_CONDITION:
            yield f"{field} IN ({','.join(chunk)})"
            chunk, length = [], 0
        chunk.append(literal)
        length += len(literal) + 1
    if chunk:
        yield f"{field} IN ({','.join(chunk)})"


def _literal(modstamp: str) -> str:
    """A dateTime literal of SOQL from what a record showed: `2026-11-21T20:00:00.000+0000` -> `2026-11-21T20:00:00.000Z`."""
    return modstamp.replace("+0000", "Z").replace("+00:00", "Z")
