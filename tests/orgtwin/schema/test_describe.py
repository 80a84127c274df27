"""Describe answers one caller: what the caller may not read is not in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from orgtwin.errors import SalesforceError
from orgtwin.org import Org
from orgtwin.schema.describe import describe_global, describe_object, describe_object_summary
from orgtwin.schema.model import Field, FieldType, RecordType
from orgtwin.seed import administrator, integration_user, new_org

PATH = "/services/data/v66.0"
EXTRA = (
    Field("CLM_Id__c", "CLM Id", FieldType.STRING, length=64, unique=True, external_id=True, case_sensitive=True,
          custom=True, permissionable=False),
    Field("Double__c", "Double", FieldType.DOUBLE, precision=18, scale=2, custom=True, calculated=True, createable=False,
          updateable=False, formula="1 + 1", permissionable=False),
    Field("Said__c", "Said", FieldType.STRING, length=1300, custom=True, calculated=True, createable=False,
          updateable=False, formula="'a'", permissionable=False),
    Field("Hidden__c", "Hidden", FieldType.STRING, length=10, custom=True),
)  # fmt: skip


@pytest.fixture(scope="module")
def org() -> Org:
    made = new_org(clock=lambda: datetime(2026, 3, 1, tzinfo=UTC))
    contract = made.schema.find_type("Contract")
    assert contract is not None
    changed = replace(contract, fields=contract.fields + EXTRA, record_types=(RecordType("NDA", "Non-disclosure"),))
    made.replace_schema(made.schema.with_types([changed]))
    row = {"Name": "Non-disclosure", "DeveloperName": "NDA", "SobjectType": "Contract", "IsActive": True}
    made.dml.insert(made.system_caller(), "RecordType", [row])
    return made


def fields(org: Org, name: str) -> dict[str, dict[str, Any]]:
    described = cast(list[dict[str, Any]], describe_object(org, administrator(org), name, PATH)["fields"])
    return {f["name"]: f for f in described}


def test_a_change_event_is_described_beside_its_object(org: Org) -> None:
    event = describe_object(org, administrator(org), "contractchangeevent", PATH)
    assert (event["name"], event["queryable"], event["createable"], event["triggerable"], event["keyPrefix"]) == (
        *("ContractChangeEvent", False, False, True),
        None,
    )
    found = fields(org, "ContractChangeEvent")
    assert list(found)[:3] == ["Id", "ReplayId", "ChangeEventHeader"]
    assert "CLM_Id__c" in found
    assert not {"SystemModstamp", "IsDeleted", "Double__c", "BillingAddress"} & set(found)
    assert {f["updateable"] or f["createable"] for f in found.values()} == {False}


@pytest.mark.parametrize("name", ["ContractChangeEvent", "ContractContactRoleChangeEvent", "NopeChangeEvent"])
def test_a_change_event_is_not_described_to_who_may_not_read_the_object_nor_where_there_is_none(
    org: Org, name: str
) -> None:
    with pytest.raises(SalesforceError) as refusal:
        describe_object(org, integration_user(org), name, PATH)
    assert (refusal.value.code, refusal.value.status) == ("NOT_FOUND", 404)


def test_the_global_describe_lists_what_the_caller_may_read(org: Org) -> None:
    def names(caller_of: Any) -> set[str]:
        rows = cast(list[dict[str, Any]], describe_global(org, caller_of(org), PATH)["sobjects"])
        return {row["name"] for row in rows}

    assert {"Contract", "Account", "User", "ContractChangeEvent"} <= names(administrator)
    assert not {"Contract", "ContractChangeEvent"} & names(integration_user)


def test_an_object_that_the_caller_may_not_read_is_not_found(org: Org) -> None:
    for caller, name in ((administrator(org), "Nope__c"), (integration_user(org), "Contract")):
        with pytest.raises(SalesforceError) as refusal:
            describe_object(org, caller, name, PATH)
        assert (refusal.value.code, refusal.value.status) == ("NOT_FOUND", 404)
        assert refusal.value.message == "The requested resource does not exist"


def test_a_field_that_the_caller_may_not_read_is_not_described(org: Org) -> None:
    assert "Hidden__c" not in fields(org, "Contract")


@pytest.mark.parametrize(
    ("field", "told"),
    [
        (
            "CLM_Id__c",
            {
                "externalId": True,
                "unique": True,
                "caseSensitive": True,
                "idLookup": True,
                "length": 64,
                "byteLength": 192,
            },
        ),
        ("Double__c", {"calculated": True, "calculatedFormula": "1 + 1", "createable": False, "groupable": False}),
        ("Said__c", {"calculated": True, "groupable": False}),
        ("CLM_Id__c", {"calculated": False, "groupable": True}),
        ("Status", {"restrictedPicklist": True, "defaultValue": "Draft", "nillable": False}),
        ("AccountId", {"referenceTo": ["Account"], "relationshipName": "Account", "soapType": "tns:ID"}),
        ("BillingCity", {"compoundFieldName": "BillingAddress", "createable": True}),
        ("ContractTerm", {"digits": 4, "precision": 0, "soapType": "xsd:int"}),
        ("Description", {"filterable": False, "sortable": False, "extraTypeInfo": "plaintextarea"}),
        ("RecordTypeId", {"type": "reference", "referenceTo": ["RecordType"]}),
    ],
)
def test_a_contract_field_is_described(org: Org, field: str, told: dict[str, object]) -> None:
    described = fields(org, "Contract")[field]
    assert {key: described[key] for key in told} == told


def test_the_record_type_field_is_there_once_the_object_has_a_record_type(org: Org) -> None:
    assert "RecordTypeId" in fields(org, "Contract")
    assert "RecordTypeId" not in fields(org, "Order")


def test_record_types_carry_the_ids_of_their_records_and_master_is_last(org: Org) -> None:
    infos = cast(list[dict[str, Any]], describe_object(org, administrator(org), "Contract", PATH)["recordTypeInfos"])
    (record,) = org.table("RecordType").rows()
    assert [(row["developerName"], row["recordTypeId"], row["master"]) for row in infos] == [
        ("NDA", record[0], False),
        ("Master", "012000000000000AAA", True),
    ]
    assert infos[0]["urls"] == {"layout": f"{PATH}/sobjects/Contract/describe/layouts/{record[0]!s}"}


def test_children_are_told_with_their_relationship_names(org: Org) -> None:
    rows = cast(list[dict[str, Any]], describe_object(org, administrator(org), "Account", PATH)["childRelationships"])
    contracts = [row for row in rows if (row["childSObject"], row["field"]) == ("Contract", "AccountId")]
    assert [(row["relationshipName"], row["restrictedDelete"]) for row in contracts] == [("Contracts", True)]


def test_the_summary_of_an_object_has_no_fields(org: Org) -> None:
    summary = describe_object_summary(org, administrator(org), "contract", PATH)
    assert (summary["name"], summary["keyPrefix"]) == ("Contract", "800")
    assert "fields" not in summary
