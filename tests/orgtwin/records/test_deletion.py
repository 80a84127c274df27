"""Delete and undelete. Source: "Object Relationships Overview", "Recycle Bin" (Salesforce Help)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from orgtwin.errors import SaveResult
from orgtwin.org import Org
from orgtwin.records.model import Caller, Value
from orgtwin.schema.model import Field, FieldType

Save = Callable[..., SaveResult]
Read = Callable[[str, str | None, str], Value]


def refusal_of(result: SaveResult) -> tuple[str, str]:
    (error,) = result.errors
    return error.status_code, error.message


@pytest.fixture
def parent(insert: Save) -> str:
    return insert("Sample__c", Key__c="P").record_id or ""


def test_a_deleted_record_lies_in_the_bin_until_it_is_restored(
    org: Org, admin: Caller, parent: str, read: Read
) -> None:
    table = org.table("Sample__c")
    assert org.dml.delete(admin, [parent])[0].record_id == parent
    assert (table.get(parent), [row[0] for row in table.deleted_rows()]) == (None, [parent])
    assert refusal_of(org.dml.delete(admin, [parent])[0]) == ("ENTITY_IS_DELETED", "entity is deleted")
    assert refusal_of(org.dml.update(admin, "Sample__c", [{"Id": parent}])[0]) == (
        "ENTITY_IS_DELETED",
        "entity is deleted",
    )
    assert org.dml.undelete(admin, [parent])[0].success
    assert read("Sample__c", parent, "IsDeleted") is False


def test_a_hard_delete_leaves_nothing(org: Org, admin: Caller, parent: str) -> None:
    assert org.dml.delete(admin, [parent], hard=True)[0].success
    assert list(org.table("Sample__c").deleted_rows()) == []
    assert refusal_of(org.dml.undelete(admin, [parent])[0]) == ("UNDELETE_FAILED", "Entity is not in the recycle bin")


@pytest.mark.parametrize(
    ("record_id", "refused"),
    [
        ("nonsense", ("MALFORMED_ID", "malformed id nonsense")),
        ("a00000000000009AAA", ("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")),
    ],
)
def test_what_is_no_record_is_not_deleted(org: Org, admin: Caller, record_id: str, refused: tuple[str, str]) -> None:
    assert refusal_of(org.dml.delete(admin, [record_id])[0]) == refused


def test_details_go_and_come_back_with_their_master(org: Org, admin: Caller, insert: Save, parent: str) -> None:
    kept = insert("Detail__c", Parent__c=parent).record_id or ""
    earlier = insert("Detail__c", Parent__c=parent).record_id or ""
    org.dml.delete(admin, [earlier], hard=True)
    org.dml.delete(admin, [parent])
    assert len(org.table("Detail__c")) == 0
    org.dml.undelete(admin, [parent])
    assert [row[0] for row in org.table("Detail__c").rows()] == [kept]


def test_a_detail_that_was_deleted_before_its_master_stays_deleted(
    org: Org, admin: Caller, insert: Save, parent: str
) -> None:
    earlier = insert("Detail__c", Parent__c=parent).record_id or ""
    org.dml.delete(admin, [earlier])
    moment = org.clock()
    org.clock = lambda: moment + timedelta(seconds=1)
    org.dml.delete(admin, [parent])
    org.dml.undelete(admin, [parent])
    assert [row[0] for row in org.table("Detail__c").deleted_rows()] == [earlier]


def test_a_lookup_to_a_deleted_record_is_cleared(org: Org, admin: Caller, insert: Save, read: Read) -> None:
    account = insert("Account", Name="Acme").record_id or ""
    record_id = insert("Sample__c", Account__c=account).record_id
    org.dml.delete(admin, [account])
    assert read("Sample__c", record_id, "Account__c") is None


def test_a_restricting_lookup_keeps_its_parent(org: Org, admin: Caller, insert: Save) -> None:
    account = insert("Account", Name="Acme").record_id or ""
    contract = insert("Contract", AccountId=account).record_id or ""
    message = (
        "Your attempt to delete Acme could not be completed because it is associated with the following contracts."
    )
    assert refusal_of(org.dml.delete(admin, [account])[0]) == ("DELETE_FAILED", message)
    org.dml.delete(admin, [contract])
    assert org.dml.delete(admin, [account])[0].success


def test_a_value_taken_meanwhile_keeps_a_record_in_the_bin(org: Org, admin: Caller, insert: Save, parent: str) -> None:
    org.dml.delete(admin, [parent])
    holder = insert("Sample__c", Key__c="P").record_id or ""
    message = f"duplicate value found: Key__c duplicates value on record with id: {holder[:15]}"
    assert refusal_of(org.dml.undelete(admin, [parent])[0]) == ("DUPLICATE_VALUE", message)


def test_all_or_none_deletes_nothing_when_one_is_refused(org: Org, admin: Caller, parent: str) -> None:
    results = org.dml.delete(admin, [parent, "nonsense"], all_or_none=True)
    assert [refusal_of(r)[0] for r in results] == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "MALFORMED_ID"]
    assert org.table("Sample__c").get(parent) is not None


# ---- roll-up summaries


SUMMARIES = (
    ("Count__c", "count", None, FieldType.DOUBLE),
    ("Sum__c", "sum", "Amount__c", FieldType.CURRENCY),
    ("Least__c", "min", "Amount__c", FieldType.CURRENCY),
    ("Most__c", "max", "Amount__c", FieldType.CURRENCY),
)


@pytest.fixture
def summarized(org: Org) -> None:
    sample = org.schema.find_type("Sample__c")
    assert sample is not None
    fields = tuple(
        Field(name, name, kind, precision=18, createable=False, updateable=False, custom=True, permissionable=False,
              summary=("Detail__c.Parent__c", operation, f"Detail__c.{field}" if field else None), calculated=True)
        for name, operation, field, kind in SUMMARIES
    )  # fmt: skip
    org.replace_schema(org.schema.with_types([replace(sample, fields=sample.fields + fields)]))


@pytest.mark.usefixtures("summarized")
def test_a_roll_up_follows_its_children(
    org: Org, admin: Caller, insert: Save, update: Save, parent: str, read: Read
) -> None:
    def summaries(record_id: str) -> list[Value]:
        return [read("Sample__c", record_id, name) for name, *_ in SUMMARIES]

    ids = [insert("Detail__c", Parent__c=parent, Amount__c=n).record_id or "" for n in (10, 5, 7)]
    assert summaries(parent) == [Decimal(3), Decimal(22), Decimal(5), Decimal(10)]
    assert update("Detail__c", ids[1], Amount__c=1).success
    assert summaries(parent) == [Decimal(3), Decimal(18), Decimal(1), Decimal(10)]
    org.dml.delete(admin, [ids[0]])
    assert summaries(parent) == [Decimal(2), Decimal(8), Decimal(1), Decimal(7)]
    org.dml.undelete(admin, [ids[0]])
    assert summaries(parent) == [Decimal(3), Decimal(18), Decimal(1), Decimal(10)]
    other = insert("Sample__c").record_id or ""
    assert summaries(other) == [Decimal(0), Decimal(0), None, None]
    assert update("Detail__c", ids[0], Parent__c=other).success
    assert summaries(parent)[0] == Decimal(2)
    assert summaries(other) == [Decimal(1), Decimal(10), Decimal(10), Decimal(10)]
