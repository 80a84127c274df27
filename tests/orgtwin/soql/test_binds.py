"""Values that Apex binds to a query."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from orgtwin.organization import Organization
from orgtwin.records.model import Caller
from orgtwin.soql import execute

OFFSET = timezone(timedelta(hours=-8))


@pytest.mark.parametrize(
    ("condition", "bound", "found"),
    [
        ("Clm_Id__c = :key", "clm-1", ["CLM-1"]),
        ("Clm_Id__c IN :key", ["CLM-1", "CLM-3", None], ["CLM-1", "CLM-3", None]),
        ("Clm_Id__c NOT IN :key", {"CLM-1", "CLM-2"}, ["CLM-3", None]),
        ("Clm_Id__c LIKE :key", "clm-%", ["CLM-1", "CLM-2", "CLM-3"]),
        ("Clm_Id__c LIKE :key", ["%-1", "%-2"], ["CLM-1", "CLM-2"]),
        ("Value__c > :key", 20, ["CLM-1", "CLM-2"]),
        ("Value__c = :key", Decimal("20.250"), ["CLM-2"]),
        ("Renews__c = :key", True, ["CLM-1"]),
        ("StartDate = :key", date(2026, 11, 20), ["CLM-1"]),
        ("Signed__c = :key", datetime(2026, 11, 20, 18, tzinfo=OFFSET), ["CLM-1"]),
        ("Tags__c INCLUDES :key", ["nda"], ["CLM-1"]),
        ("Status = :key", None, []),
    ],
)
def test_a_bind_stands_for_its_value(
    org: Organization, caller: Caller, condition: str, bound: object, found: list[str | None]
) -> None:
    result = execute(org, caller, f"SELECT Clm_Id__c FROM Contract WHERE {condition}", {"KEY": bound})
    assert [row.values["Clm_Id__c"] for row in result.rows] == found


def test_limit_and_offset_take_binds(org: Organization, caller: Caller) -> None:
    query = "SELECT Name FROM Account ORDER BY Name LIMIT :size OFFSET :start"
    result = execute(org, caller, query, {"size": 1, "start": 2})
    assert [row.values["Name"] for row in result.rows] == ["Cargo 100%"]
