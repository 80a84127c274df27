"""A contract whose fields the cases read, and a context of plain dictionaries."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from orgtwin.formula import FieldPath, GivenContext, GlobalPath
from orgtwin.records.model import Value
from orgtwin.schema.model import Field, FieldType, Schema, SObjectType

NOW = datetime(2026, 11, 21, 3, 30, 15, 250000, tzinfo=UTC)  # still the 20th in Los Angeles

VALUES: dict[str, Value] = {
    "Id": "800TW0000000001YAA",
    "Name": "Master Services",
    "Status": "Draft",
    "Tags__c": "nda;msa",
    "Value__c": Decimal("100.50"),
    "Blank__c": None,
    "Note__c": None,
    "Discount__c": Decimal("12.5"),
    "Seats__c": 12,
    "StartDate": date(2026, 1, 31),
    "EndDate": None,
    "Signed__c": datetime(2026, 11, 21, 2, 0, tzinfo=UTC),
    "Opens__c": time(9, 30),
    "Renews__c": True,
    "Stopped__c": None,
    "AccountId": "001TW0000000001YAA",
    "Account.Name": "Acme",
    "Account.Owner.Name": "Ada",
    "Owner.Name": "Grace",
}
PRIOR: dict[str, Value] = {**VALUES, "Status": "InApproval", "Value__c": Decimal("100.5"), "Name": "Old"}
GLOBALS: dict[tuple[str, ...], Value] = {
    ("$User", "Name"): "Ada",
    ("$User", "Id"): "005TW0000000001YAA",
    ("$Permission", "Override"): True,
    ("$Setup", "Rules__c", "Limit__c"): Decimal(7),
    ("$CustomMetadata", "Rate__mdt", "Gold", "Percent__c"): Decimal(25),
    ("$Label", "Hello"): "hello",
}


def _type(api_name: str, prefix: str, *fields: Field) -> SObjectType:
    return SObjectType(api_name, api_name, api_name, prefix, (Field("Id", "Id", FieldType.ID), *fields))


def _lookup(api_name: str, name: str, *targets: str) -> Field:
    return Field(api_name, name, FieldType.REFERENCE, reference_to=targets, relationship_name=name)


@pytest.fixture
def schema() -> Schema:
    text, number = FieldType.STRING, FieldType.DOUBLE
    return Schema(
        [
            _type(
                "Contract",
                "800",
                Field("Name", "Name", text),
                Field("Status", "Status", FieldType.PICKLIST),
                Field("Tags__c", "Tags", FieldType.MULTIPICKLIST),
                Field("Value__c", "Value", FieldType.CURRENCY),
                Field("Blank__c", "Blank", number),
                Field("Note__c", "Note", text),
                Field("Discount__c", "Discount", FieldType.PERCENT),
                Field("Seats__c", "Seats", FieldType.INT),
                Field("StartDate", "Start", FieldType.DATE),
                Field("EndDate", "End", FieldType.DATE),
                Field("Signed__c", "Signed", FieldType.DATETIME),
                Field("Opens__c", "Opens", FieldType.TIME),
                Field("Renews__c", "Renews", FieldType.BOOLEAN),
                Field("Stopped__c", "Stopped", FieldType.BOOLEAN),
                Field("Body__c", "Body", FieldType.BASE64),
                _lookup("AccountId", "Account", "Account"),
                _lookup("OwnerId", "Owner", "User", "Group"),
            ),
            _type("Account", "001", Field("Name", "Name", text), _lookup("OwnerId", "Owner", "User")),
            _type("User", "005", Field("Name", "Name", text), Field("Age__c", "Age", number)),
            _type("Group", "00G", Field("Name", "Name", text)),
            _type("Rules__c", "a00", Field("Limit__c", "Limit", number)),
            _type("Rate__mdt", "m00", Field("Percent__c", "Percent", FieldType.PERCENT)),
        ]
    )


@pytest.fixture
def context() -> GivenContext:
    """An update at half past three in the morning, GMT, by a user in Los Angeles."""

    def value(path: FieldPath) -> Value:
        return VALUES[path.text]

    def global_value(path: GlobalPath) -> Value:
        return GLOBALS.get(path.names)

    return GivenContext(
        value=value,
        now=NOW,
        zone=ZoneInfo("America/Los_Angeles"),
        prior=lambda path: PRIOR[path.text],
        global_value=global_value,
    )
