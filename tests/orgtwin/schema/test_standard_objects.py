"""The standard objects as data: Contract exactly, and what must hold of all."""

from __future__ import annotations

from pathlib import Path

import pytest

from orgtwin.schema.model import FieldType, Schema
from orgtwin.schema.standard_objects import standard_schema

OBJECTS = """
    Account Contact Contract ContractContactRole ContractStatus Opportunity OpportunityLineItem OpportunityContactRole
    OpportunityStage Product2 Pricebook2 PricebookEntry Order OrderItem Quote QuoteLineItem Asset Lead Case Campaign Task Event
    User UserRole UserLicense Profile PermissionSet PermissionSetAssignment PermissionSetGroup PermissionSetGroupComponent
    MutingPermissionSet ObjectPermissions FieldPermissions SetupEntityAccess CustomPermission PermissionSetLicense
    PermissionSetLicenseAssign Group GroupMember QueueSobject RecordType Organization ContentVersion ContentDocument
    ContentDocumentLink Attachment Note EmailTemplate CronTrigger AsyncApexJob ApexClass ApexTrigger
"""

# name, type, length or precision, nillable, createable, updateable, takes field-level security
CONTRACT = Path(__file__).parent / "cases" / "contract_fields.txt"


@pytest.fixture(scope="module")
def schema() -> Schema:
    return standard_schema()


def test_all_objects_that_a_contract_integration_touches_are_there(schema: Schema) -> None:
    assert [name for name in OBJECTS.split() if schema.find_type(name) is None] == []


def test_contract_is_what_the_object_reference_says_field_by_field(schema: Schema) -> None:
    contract = schema.find_type("Contract")
    assert contract is not None
    rows = [
        (f.api_name, f.type.value, str(f.precision or f.length or "-"), *map(flag, (f.nillable, f.createable, f.updateable)),
         flag(f.permissionable))
        for f in contract.fields
    ]  # fmt: skip
    lines = CONTRACT.read_text(encoding="utf-8").splitlines()
    expected = [tuple(line.split()) for line in lines if line and not line.startswith("#")]
    assert rows == expected


def flag(value: bool) -> str:
    return "yes" if value else "no"


def test_key_prefixes_are_unique(schema: Schema) -> None:
    prefixes = [t.key_prefix for t in schema if t.key_prefix]
    assert sorted(prefixes) == sorted(set(prefixes))


def test_every_reference_has_a_relationship_name_but_those_that_were_recorded_without(schema: Schema) -> None:
    unnamed = {
        f"{t.api_name}.{f.api_name}" for t in schema for f in t.fields if f.reference_to and not f.relationship_name
    }
    assert unnamed == {"Event.RecurrenceActivityId", "Opportunity.ContactId"}


def test_child_relationship_names_are_unique_at_their_parent(schema: Schema) -> None:
    for parent in schema:
        named = [row.relationship_name for row in schema.children_of(parent.api_name) if row.relationship_name]
        assert sorted(named) == sorted(set(named)), parent.api_name


def test_every_object_has_an_id_and_text_fields_have_a_length(schema: Schema) -> None:
    textual = {
        FieldType.STRING,
        FieldType.TEXTAREA,
        FieldType.EMAIL,
        FieldType.PHONE,
        FieldType.URL,
        FieldType.PICKLIST,
    }
    for t in schema:
        assert t.find_field("Id") is not None, t.api_name
        assert [f.api_name for f in t.fields if f.type in textual and not f.length] == [], t.api_name


def test_names_are_found_in_any_case_and_prefixes_name_their_object(schema: Schema) -> None:
    contract = schema.find_type("CONTRACT")
    assert contract is not None
    assert contract.api_name == "Contract"
    assert schema.find_by_prefix("800") is contract
    owner = contract.find_relationship("OWNER")
    assert owner is not None
    assert owner.api_name == "OwnerId"
