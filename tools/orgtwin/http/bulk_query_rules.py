"""What a query of the bulk APIs may not ask for, and how each of them says so.

Source: "Create a Query Job" (Bulk API 2.0 and Bulk API Developer Guide): no GROUP BY, OFFSET, TYPEOF, aggregate functions, compound
fields or child queries; CSV takes no blobs. The words for children, compounds and blobs are those of orgs, as clients pasted them;
ASSUMED: the others, by their pattern.
"""

from __future__ import annotations

from collections.abc import Callable

from orgtwin.errors import SalesforceError
from orgtwin.schema.model import Field, FieldType, Schema
from orgtwin.soql.aggregates import has_aggregates
from orgtwin.soql.tree import ChildQuery, Name, Query, Selected, TypeOf

Refuse = Callable[[str], SalesforceError]
_COMPOUNDS = frozenset({FieldType.ADDRESS, FieldType.LOCATION})
_ASIDE = "in Bulk V2 Query with CSV content type"
# What Bulk API 2.0 says with other words than the first bulk API.
_SECOND = {"Aggregate Relationships": _ASIDE, "Blob field": _ASIDE}


def refuse_in_bulk_1(what: str) -> SalesforceError:
    return SalesforceError(
        "InvalidBatch", f"Failed to process query: FUNCTIONALITY_NOT_ENABLED: {what} not supported in Bulk Query"
    )


def refuse_in_bulk_2(what: str) -> SalesforceError:
    return SalesforceError("API_ERROR", f"{what} not supported {_SECOND.get(what, 'in Bulk Query')}")


def require_bulk_query(schema: Schema, tree: Query, refuse: Refuse) -> None:
    """Raises for the first part of a query that is not for bulk."""
    if any(isinstance(item, ChildQuery) for item in tree.select):
        raise refuse("Aggregate Relationships")
    if any(isinstance(item, TypeOf) for item in tree.select):
        raise refuse("TYPEOF")
    if tree.counts_only or has_aggregates(tree):
        raise refuse("Aggregate functions and GROUP BY")
    if tree.offset is not None:
        raise refuse("OFFSET")
    kinds = {field.type for field in _plain_fields(schema, tree)}
    if kinds & _COMPOUNDS:
        raise refuse("Selecting compound data")
    if FieldType.BASE64 in kinds:
        raise refuse("Blob field")


def _plain_fields(schema: Schema, tree: Query) -> list[Field]:
    names = [item.expression for item in tree.select if isinstance(item, Selected)]
    found = (_field_at(schema, tree, name) for name in names if isinstance(name, Name))
    return [field for field in found if field is not None]


def _field_at(schema: Schema, tree: Query, name: Name) -> Field | None:
    """The field of a path through parents of one object each."""
    owner = schema.find_type(tree.sources[0].path[0])
    parts = name.parts[1:] if name.parts[0] == tree.sources[0].alias else name.parts
    for part in parts[:-1]:
        lookup = owner.find_relationship(part) if owner is not None else None
        owner = schema.find_type(lookup.reference_to[0]) if lookup is not None else None
    return owner.find_field(parts[-1]) if owner is not None else None
