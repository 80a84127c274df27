"""The bodies that REST answers: batches, cursors, column metadata, plans, computed objects, the recycle bin."""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from orgtwin.errors import SalesforceError
from orgtwin.ids import IdSequence
from orgtwin.organization import system_clock
from orgtwin.records.model import Caller, Value
from orgtwin.schema.model import Field, FieldType, SObjectType
from orgtwin.soql import (
    Cursors,
    VirtualTable,
    VirtualTables,
    batch_size_of,
    column_metadata,
    execute,
    explain,
    plan_for,
    to_json,
    to_wire,
)
from orgtwin.soql.formats import formatted

PATH = "/services/data/v66.0"


def test_records_carry_attributes_parents_nest_and_empty_children_are_null(org: Any, caller: Caller) -> None:
    query = "SELECT Name, Owner.Name, Parent.Name, (SELECT LastName FROM Contacts) FROM Account WHERE Name = 'beta'"
    assert to_json(execute(org, caller, query), PATH) == {
        "totalSize": 1,
        "done": True,
        "records": [
            {
                "attributes": {"type": "Account", "url": f"{PATH}/sobjects/Account/001TW0000000002YAA"},
                "Name": "beta",
                "Owner": {
                    "attributes": {"type": "User", "url": f"{PATH}/sobjects/User/005TW0000000001YAA"},
                    "Name": "Ada",
                },
                "Parent": {
                    "attributes": {"type": "Account", "url": f"{PATH}/sobjects/Account/001TW0000000001YAA"},
                    "Name": "Acme",
                },
                "Contacts": None,
            }
        ],
    }


def test_a_polymorphic_parent_shows_type_name_and_its_own_address(org: Any, caller: Caller) -> None:
    body: Any = to_json(execute(org, caller, "SELECT Owner.Name FROM Task WHERE Subject = 'idle'"), PATH)
    assert body["records"][0]["Owner"] == {
        "attributes": {"type": "Name", "url": f"{PATH}/sobjects/Group/00GTW00000000012AA"},
        "Name": "Legal",
    }


def test_children_are_a_result_of_their_own(org: Any, caller: Caller) -> None:
    query = "SELECT (SELECT LastName FROM Contacts WHERE LastName = 'Abel') FROM Account WHERE Name = 'Acme'"
    body: Any = to_json(execute(org, caller, query), PATH)
    assert body["records"][0]["Contacts"] == {
        "totalSize": 1,
        "done": True,
        "records": [
            {
                "attributes": {"type": "Contact", "url": f"{PATH}/sobjects/Contact/003TW0000000002YAA"},
                "LastName": "Abel",
            }
        ],
    }


def test_groups_have_a_type_and_no_url(org: Any, caller: Caller) -> None:
    assert to_json(execute(org, caller, "SELECT COUNT(Id) FROM Account"), PATH) == {
        "totalSize": 1,
        "done": True,
        "records": [{"attributes": {"type": "AggregateResult"}, "expr0": 3}],
    }


def test_a_count_has_a_size_and_no_records(org: Any, caller: Caller) -> None:
    body = to_json(execute(org, caller, "SELECT COUNT() FROM Account"), PATH)
    assert body == {"totalSize": 3, "done": True, "records": []}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("12.50"), 12.5),
        (Decimal(3), 3.0),
        (7, 7),
        (True, True),
        (None, None),
        (datetime(2026, 11, 21, 9, 30, 1, 5000, tzinfo=UTC), "2026-11-21T09:30:01.005+0000"),
        (time(9, 30), "09:30:00.000Z"),
        ("text", "text"),
    ],
)
def test_a_value_has_one_form_on_the_wire(value: Value, shown: object) -> None:
    assert to_wire(value) == shown


def test_a_cursor_gives_the_rest_batch_by_batch(org: Any, caller: Caller) -> None:
    for number in range(450):
        org.put("Contact", {"LastName": f"N{number:03d}"})
    result = execute(org, caller, "SELECT LastName FROM Contact WHERE LastName LIKE 'N%' ORDER BY LastName")
    cursors = Cursors(IdSequence(), system_clock)
    size = batch_size_of(1)
    cursor_id = cursors.open(caller.user_id, result, size)
    first: Any = to_json(result, PATH, size=size, next_records_url=lambda start: f"{PATH}/query/{cursor_id}-{start}")
    assert (first["totalSize"], first["done"], len(first["records"])) == (450, False, 200)
    assert first["nextRecordsUrl"] == f"{PATH}/query/0r8TW0000000001YAA-200"
    _, cursor, start = cursors.get(caller.user_id, "0r8TW0000000001YAA-400")
    last: Any = to_json(cursor.result, PATH, start=start, size=cursor.batch_size)
    assert (last["done"], last["records"][0]["LastName"], len(last["records"])) == (True, "N400", 50)


@pytest.mark.parametrize("locator", ["0r8TW0000000009YAA-200", "0r8TW0000000001YAA", "0r8TW0000000001YAA-9999", ""])
def test_a_locator_of_no_open_cursor_is_refused(org: Any, caller: Caller, locator: str) -> None:
    cursors = Cursors(IdSequence(), system_clock)
    cursors.open(caller.user_id, execute(org, caller, "SELECT Id FROM Account"), 200)
    with pytest.raises(SalesforceError) as refused:
        cursors.get(caller.user_id, locator)
    assert (refused.value.code, refused.value.message) == ("INVALID_QUERY_LOCATOR", "invalid query locator")


def test_a_cursor_belongs_to_its_user_and_the_eleventh_closes_the_first(org: Any, caller: Caller) -> None:
    cursors = Cursors(IdSequence(), system_clock)
    result = execute(org, caller, "SELECT Id FROM Account")
    opened = [cursors.open("me", result, 200) for _ in range(11)]
    assert cursors.get("me", f"{opened[1]}-0")[2] == 0
    for user_id, cursor_id in (("me", opened[0]), ("you", opened[1])):
        with pytest.raises(SalesforceError, match="invalid query locator"):
            cursors.get(user_id, f"{cursor_id}-0")


@pytest.mark.parametrize(("asked", "given"), [(None, 2000), (1, 200), (500, 500), (9999, 2000)])
def test_a_batch_has_200_to_2000_rows(asked: int | None, given: int) -> None:
    assert batch_size_of(asked) == given


def names_of(columns: Any) -> list[object]:
    return [
        (column["columnName"], names_of(column["joinColumns"])) if column["joinColumns"] else column["columnName"]
        for column in columns
    ]


def test_column_metadata_joins_parents_and_children(org: Any, caller: Caller) -> None:
    query = "SELECT Id, Owner.Name, AnnualRevenue, (SELECT LastName FROM Contacts) FROM Account"
    told: Any = column_metadata(plan_for(org, caller, query))
    assert names_of(told["columnMetadata"]) == ["Id", ("Owner", ["Name"]), "AnnualRevenue", ("Contacts", ["LastName"])]
    assert [column["aggregate"] for column in told["columnMetadata"]] == [False, False, False, True]
    assert told["columnMetadata"][2]["numberType"] is True
    assert (told["entityName"], told["groupBy"], told["idSelected"], told["keyPrefix"]) == (
        "Account",
        False,
        True,
        "001",
    )


def test_column_metadata_names_aggregates_by_alias_and_shows_their_text(org: Any, caller: Caller) -> None:
    query = "SELECT Industry, COUNT(Id), MAX(Name) top FROM Account GROUP BY Industry"
    told: Any = column_metadata(plan_for(org, caller, query))
    shown = [(column["columnName"], column["displayName"], column["aggregate"]) for column in told["columnMetadata"]]
    assert shown == [("Industry", "Industry", False), ("expr0", "COUNT(Id)", True), ("top", "MAX(Name)", True)]
    assert told["groupBy"] is True


def test_explain_prefers_the_index(org: Any, caller: Caller) -> None:
    told: Any = explain(org, caller, "SELECT Id FROM Contract WHERE Clm_Id__c = 'CLM-1' AND Value__c > 1")
    index, scan = told["plans"]
    assert (index["leadingOperationType"], index["fields"], index["cardinality"]) == ("Index", ["Clm_Id__c"], 1)
    assert (scan["leadingOperationType"], scan["sobjectCardinality"], scan["sobjectType"]) == (
        "TableScan",
        4,
        "Contract",
    )
    assert scan["notes"] == [
        {
            "description": "Not considering filter for optimization because unindexed",
            "fields": ["Value__c"],
            "tableEnumOrId": "Contract",
        }
    ]


@pytest.mark.parametrize(
    ("where", "indexed", "unindexed"),
    [
        ("Name = 'beta'", ["Name"], []),
        ("CreatedDate = TODAY AND Industry = 'Energy'", ["CreatedDate"], ["Industry"]),
        ("ParentId != null AND OwnerId != null", ["ParentId", "OwnerId"], []),
    ],
)
def test_the_standard_indexes_are_every_objects(
    org: Any, caller: Caller, where: str, indexed: list[str], unindexed: list[str]
) -> None:
    plans: Any = explain(org, caller, f"SELECT Id FROM Account WHERE {where}")["plans"]
    told = {plan["leadingOperationType"]: plan for plan in plans}
    assert told["Index"]["fields"] == indexed
    assert [note["fields"] for note in told["TableScan"]["notes"]] == [[name] for name in unindexed]


SOURCE_MEMBER = SObjectType(
    "SourceMember",
    "Source Member",
    "Source Members",
    "0MZ",
    (
        Field("Id", "Id", FieldType.ID),
        Field("MemberName", "Name", FieldType.STRING),
        Field("RevisionCounter", "Revision", FieldType.INT),
        Field("ChangedById", "By", FieldType.REFERENCE, reference_to=("User",), relationship_name="ChangedBy"),
    ),
)


def test_a_computed_object_is_queried_like_any_other(org: Any, caller: Caller) -> None:
    rows: list[dict[str, Value]] = [
        {"Id": "0MZTW0000000001YAA", "MemberName": "Contract.Value__c", "RevisionCounter": 2},
        {"id": "0MZTW0000000002YAA", "membername": "Account", "RevisionCounter": 1, "ChangedById": caller.user_id},
    ]
    tables = VirtualTables([VirtualTable(SOURCE_MEMBER, lambda _org, _caller: rows)])
    query = "SELECT MemberName, ChangedBy.Name FROM SourceMember WHERE RevisionCounter > 0 ORDER BY RevisionCounter"
    body: Any = to_json(execute(org, caller, query, virtual=tables), f"{PATH}/tooling")
    assert [(row["MemberName"], row["ChangedBy"] and row["ChangedBy"]["Name"]) for row in body["records"]] == [
        ("Account", "Ada"),
        ("Contract.Value__c", None),
    ]
    assert body["records"][0]["attributes"]["url"] == f"{PATH}/tooling/sobjects/SourceMember/0MZTW0000000002YAA"


FIELD_DEFINITION = SObjectType(
    "FieldDefinition",
    "Field Definition",
    "Field Definitions",
    "",
    (
        Field("Id", "Id", FieldType.ID),
        Field("EntityDefinitionId", "Object", FieldType.REFERENCE),
        Field("QualifiedApiName", "Name", FieldType.STRING),
    ),
)


@pytest.mark.parametrize(("object_name", "found"), [("Account", 1), ("ContentDocument", 1), ("Contact", 0)])
def test_computed_objects_may_have_names_for_ids(org: Any, caller: Caller, object_name: str, found: int) -> None:
    rows: list[dict[str, Value]] = [
        {"Id": "Account.Name", "EntityDefinitionId": "Account", "QualifiedApiName": "Name"},
        {"Id": "ContentDocument.Title", "EntityDefinitionId": "ContentDocument", "QualifiedApiName": "Title"},
    ]
    tables = VirtualTables([VirtualTable(FIELD_DEFINITION, lambda _org, _caller: rows)])
    query = f"SELECT COUNT() FROM FieldDefinition WHERE EntityDefinitionId = '{object_name}'"
    assert execute(org, caller, query, virtual=tables).total_size == found


def _class_like(name: str, prefix: str, *fields: Field) -> SObjectType:
    return SObjectType(name, name, name, prefix, (Field("Id", "Id", FieldType.ID), *fields))


def test_a_polymorphic_parent_may_be_computed(org: Any, caller: Caller) -> None:
    name = Field("Name", "Name", FieldType.STRING)
    target = Field(
        "ApexClassOrTriggerId",
        "Target",
        FieldType.REFERENCE,
        reference_to=("ApexClass", "ApexTrigger"),
        relationship_name="ApexClassOrTrigger",
    )
    class_row: dict[str, Value] = {"Id": "01pTW0000000001YAA", "Name": "Hello"}
    coverage_row: dict[str, Value] = {"Id": "715TW0000000001YAA", "ApexClassOrTriggerId": class_row["Id"]}
    tables = VirtualTables(
        [
            VirtualTable(_class_like("ApexClass", "01p", name), lambda _org, _caller: [class_row]),
            VirtualTable(_class_like("ApexTrigger", "01q", name), lambda _org, _caller: []),
            VirtualTable(_class_like("ApexCodeCoverageAggregate", "715", target), lambda _org, _caller: [coverage_row]),
        ]
    )
    query = "SELECT ApexClassOrTrigger.Name FROM ApexCodeCoverageAggregate"
    body: Any = to_json(execute(org, caller, query, virtual=tables), f"{PATH}/tooling")
    assert body["records"][0]["ApexClassOrTrigger"] == {
        "attributes": {"type": "Name", "url": f"{PATH}/tooling/sobjects/ApexClass/01pTW0000000001YAA"},
        "Name": "Hello",
    }


def test_a_computed_object_is_unknown_where_it_is_not_registered(org: Any, caller: Caller) -> None:
    with pytest.raises(SalesforceError, match="sObject type 'SourceMember' is not supported"):
        execute(org, caller, "SELECT Id FROM SourceMember")


def test_query_all_reaches_into_the_recycle_bin(org: Any, caller: Caller) -> None:
    contacts = org.table("Contact")
    contacts.recycle(next(iter(contacts.rows())))
    assert execute(org, caller, "SELECT COUNT() FROM Contact").total_size == 2
    assert execute(org, caller, "SELECT COUNT() FROM Contact", all_rows=True).total_size == 3
    assert execute(org, caller, "SELECT COUNT() FROM Contact WHERE IsDeleted = TRUE ALL ROWS").total_size == 1


@pytest.mark.parametrize(
    ("at", "shown"), [(time(0, 30), "12:30 AM"), (time(12, 5), "12:05 PM"), (time(23), "11:00 PM")]
)
def test_format_shows_the_hours_of_a_clock(at: time, shown: str) -> None:
    assert formatted(at, None, UTC) == shown
