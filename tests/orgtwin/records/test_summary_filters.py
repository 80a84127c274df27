"""Which children a roll-up summary counts. Source: CustomField, FilterOperation (Metadata API Developer Guide)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from orgtwin.errors import SaveResult, Unsupported
from orgtwin.org import Org
from orgtwin.records.model import Value
from orgtwin.schema.model import Field, FieldType

Save = Callable[..., SaveResult]
Read = Callable[[str, str | None, str], Value]

CHILDREN: list[dict[str, object]] = [
    {"Amount__c": 10, "State__c": "Open", "Due__c": "2026-01-01"},
    {"Amount__c": 20, "State__c": "Done", "Due__c": "2026-06-01", "Tags__c": "A;B"},
    {"Amount__c": 30},
]
CASES = [
    ((), 60),
    ((("Detail__c.State__c", "equals", "open"),), 10),
    ((("Detail__c.State__c", "equals", "Open, Done"),), 30),
    ((("Detail__c.State__c", "notEqual", "Open"),), 50),
    ((("Detail__c.State__c", "equals", ""),), 30),
    ((("Detail__c.Amount__c", "greaterThan", "10"),), 50),
    ((("Detail__c.Amount__c", "lessOrEqual", "20"), ("Detail__c.State__c", "contains", "one")), 20),
    ((("Detail__c.Due__c", "lessThan", "2026-03-01"),), 10),
    ((("Detail__c.State__c", "startsWith", "do"),), 20),
    ((("Detail__c.State__c", "notContain", "o"),), 30),
    ((("Detail__c.Tags__c", "includes", "B"),), 20),
    ((("Detail__c.Tags__c", "excludes", "A"),), 40),
]


def summarize(org: Org, filters: tuple[tuple[str, str, str], ...]) -> None:
    """A sum over the details that meet the filters."""
    sample, detail = org.schema.find_type("Sample__c"), org.schema.find_type("Detail__c")
    assert sample is not None
    assert detail is not None
    total = Field(
        "Total__c",
        "Total",
        FieldType.CURRENCY,
        precision=18,
        scale=2,
        calculated=True,
        permissionable=False,
        summary=("Detail__c.Parent__c", "sum", "Amount__c"),
        summary_filters=filters,
    )
    more = (
        Field("State__c", "State", FieldType.STRING, length=20, permissionable=False),
        Field("Due__c", "Due", FieldType.DATE, permissionable=False),
        Field("Tags__c", "Tags", FieldType.MULTIPICKLIST, length=4099, permissionable=False),
    )
    wide = replace(detail, fields=detail.fields + more)
    org.replace_schema(org.schema.with_types([replace(sample, fields=(*sample.fields, total)), wide]))


@pytest.mark.parametrize(("filters", "total"), CASES)
def test_only_children_that_meet_every_filter_count(
    org: Org, insert: Save, read: Read, filters: tuple[tuple[str, str, str], ...], total: int
) -> None:
    summarize(org, filters)
    parent = insert("Sample__c").record_id
    for child in CHILDREN:
        assert insert("Detail__c", Parent__c=parent, **child).success
    assert read("Sample__c", parent, "Total__c") == Decimal(total)


def test_an_operation_that_is_not_known_is_refused(org: Org, insert: Save) -> None:
    summarize(org, (("Detail__c.State__c", "within", "1"),))
    parent = insert("Sample__c").record_id
    with pytest.raises(Unsupported) as refusal:
        insert("Detail__c", Parent__c=parent)
    assert refusal.value.ledger_key == "records.summary-filters"
    assert len(org.table("Detail__c")) == 0


def test_a_summary_that_is_made_later_counts_what_is_there(org: Org, insert: Save, read: Read) -> None:
    parent = insert("Sample__c").record_id
    insert("Detail__c", Parent__c=parent, Amount__c=5)
    summarize(org, ())
    assert read("Sample__c", parent, "Total__c") == Decimal(5)
