"""A small org of plain tables: accounts, contacts, contracts, tasks, two users and a queue; permissions as the test sets them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from orgtwin.access.assignments import NO_RIGHTS, Rights
from orgtwin.access.grants import Grant
from orgtwin.ids import IdSequence
from orgtwin.organization import Access
from orgtwin.records.model import Caller, Dml, Row, Value
from orgtwin.records.table import RecordTable
from orgtwin.schema.model import Field, FieldType, PicklistValue, Schema, SObjectType

NOW = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)  # still the 20th in Los Angeles


@dataclass
class OpenAccess:
    """Everything may be read but what a test hides."""

    schema: Schema
    hidden_types: set[str] = field(default_factory=set)
    hidden_fields: set[tuple[str, str]] = field(default_factory=set)
    filters: dict[str, Callable[[Row], bool]] = field(default_factory=dict)

    def can(self, caller: Caller, sobject_type: str, action: str) -> bool:
        return sobject_type not in self.hidden_types

    def readable_fields(self, caller: Caller, sobject_type: str) -> frozenset[str]:
        known = self.schema.find_type(sobject_type)
        assert known is not None
        names = {f.api_name.lower() for f in known.fields}
        return frozenset(name for name in names if (sobject_type, name) not in self.hidden_fields)

    def editable_fields(self, caller: Caller, sobject_type: str) -> frozenset[str]:
        return self.readable_fields(caller, sobject_type)

    def creatable_fields(self, caller: Caller, sobject_type: str) -> frozenset[str]:
        return self.readable_fields(caller, sobject_type)

    def row_filter(self, caller: Caller, sobject_type: str) -> Callable[[Row], bool] | None:
        return self.filters.get(sobject_type)

    def has_permission(self, caller: Caller, name: str) -> bool:
        return True

    def grant(self, caller: Caller, sobject_type: str) -> Grant:
        raise NotImplementedError

    def rights(self, user_id: str) -> Rights:
        return NO_RIGHTS


class PlainOrg:
    """Tables without a save order: what a test puts in is there."""

    def __init__(self, schema: Schema) -> None:
        self.org_id = "00D000000000001EAA"
        self.running_user_id = ""
        self.clock = lambda: NOW
        self.ids = IdSequence()
        self.settings: dict[str, object] = {}
        self.schema = schema
        self.open_access = OpenAccess(schema)
        self.tables = {t.api_name.lower(): RecordTable(t, lambda table, f: table.reader(f.api_name)) for t in schema}

    @property
    def access(self) -> Access:
        return self.open_access

    @property
    def dml(self) -> Dml:
        raise NotImplementedError

    def table(self, sobject_type: str) -> RecordTable:
        return self.tables[sobject_type.lower()]

    def replace_schema(self, schema: Schema) -> None:
        raise NotImplementedError

    def savepoint(self) -> object:
        raise NotImplementedError

    def rollback(self, savepoint: object) -> None:
        raise NotImplementedError

    def system_caller(self) -> Caller:
        raise NotImplementedError

    def put(self, sobject_type: str, values: dict[str, Value]) -> str:
        """Store one row; returns its new id."""
        table = self.table(sobject_type)
        record_id = self.ids.next_id(table.type.key_prefix)
        row = Row([None] * table.width)
        for name, value in {"Id": record_id, "IsDeleted": False, **values}.items():
            table.write(row, name, value)
        table.add(row)
        return record_id


def _system_fields() -> tuple[Field, ...]:
    return (
        Field("Id", "Record ID", FieldType.ID, nillable=False),
        Field("IsDeleted", "Deleted", FieldType.BOOLEAN),
        Field("CreatedDate", "Created Date", FieldType.DATETIME),
    )


def _lookup(api_name: str, *targets: str, relationship: str, children: str | None = None) -> Field:
    return Field(
        api_name,
        relationship,
        FieldType.REFERENCE,
        reference_to=targets,
        relationship_name=relationship,
        child_relationship_name=children,
    )


def _text(api_name: str, length: int = 80, *, case_sensitive: bool = False, unique: bool = False) -> Field:
    custom = api_name.endswith("__c")
    return Field(
        api_name,
        api_name,
        FieldType.STRING,
        length=length,
        case_sensitive=case_sensitive,
        unique=unique,
        external_id=unique,
        custom=custom,
    )


_STATUS = tuple(
    PicklistValue(value, label)
    for value, label in (("Draft", "Draft"), ("InApproval", "In Approval"), ("Activated", "Activated"))
)


def _types() -> list[SObjectType]:
    return [_account(), _contact(), _contract(), _task(), *_people()]


def _account() -> SObjectType:
    fields = (
        *_system_fields(),
        _text("Name"),
        _text("Industry"),
        Field("Description", "Description", FieldType.TEXTAREA, length=32000),
        Field("AnnualRevenue", "Annual Revenue", FieldType.CURRENCY, precision=18, scale=0),
        Field("NumberOfEmployees", "Employees", FieldType.INT),
        _lookup("ParentId", "Account", relationship="Parent", children="ChildAccounts"),
        _lookup("OwnerId", "User", relationship="Owner"),
        Field("BillingAddress", "Billing Address", FieldType.ADDRESS),
        Field("BillingCity", "City", FieldType.STRING, length=40, compound="BillingAddress"),
        Field("BillingPostalCode", "Zip", FieldType.STRING, length=20, compound="BillingAddress"),
    )
    return SObjectType("Account", "Account", "Accounts", "001", fields)


def _contact() -> SObjectType:
    account = _lookup("AccountId", "Account", relationship="Account", children="Contacts")
    return SObjectType(
        "Contact", "Contact", "Contacts", "003", (*_system_fields(), _text("LastName"), _text("Email"), account)
    )


def _contract() -> SObjectType:
    fields = (
        *_system_fields(),
        Field("ContractNumber", "Contract Number", FieldType.STRING, length=30, name_field=True),
        Field("Status", "Status", FieldType.PICKLIST, picklist=_STATUS),
        _lookup("AccountId", "Account", relationship="Account", children="Contracts"),
        Field("StartDate", "Start", FieldType.DATE),
        Field("Signed__c", "Signed", FieldType.DATETIME, custom=True),
        Field("Opens__c", "Opens", FieldType.TIME, custom=True),
        Field("Value__c", "Value", FieldType.CURRENCY, precision=18, scale=2, custom=True),
        Field("Renews__c", "Renews", FieldType.BOOLEAN, custom=True),
        Field("Tags__c", "Tags", FieldType.MULTIPICKLIST, custom=True),
        _text("Clm_Id__c", unique=True),
        _text("Key__c", case_sensitive=True, unique=True),
    )
    return SObjectType("Contract", "Contract", "Contracts", "800", fields)


def _task() -> SObjectType:
    what = _lookup("WhatId", "Account", "Contract", relationship="What", children="Tasks")
    owner = _lookup("OwnerId", "User", "Group", relationship="Owner")
    return SObjectType("Task", "Task", "Tasks", "00T", (*_system_fields(), _text("Subject"), what, owner))


def _people() -> tuple[SObjectType, SObjectType]:
    user = (*_system_fields(), _text("Name"), _text("Username"), _text("TimeZoneSidKey"))
    group = (*_system_fields(), _text("Name"), _text("DeveloperName"))
    return SObjectType("User", "User", "Users", "005", user), SObjectType("Group", "Group", "Groups", "00G", group)


def _fill(org: PlainOrg) -> None:
    day = datetime(2026, 1, 1, tzinfo=UTC)
    ada = org.put("User", {"Name": "Ada", "Username": "ada@x.test", "TimeZoneSidKey": "America/Los_Angeles"})
    queue = org.put("Group", {"Name": "Legal", "DeveloperName": "Legal"})
    acme = org.put(
        "Account",
        {
            "Name": "Acme",
            "Industry": "Energy",
            "AnnualRevenue": Decimal(5000000),
            "NumberOfEmployees": 12,
            "OwnerId": ada,
            "BillingCity": "Boston",
            "CreatedDate": day,
        },
    )
    beta = org.put(
        "Account", {"Name": "beta", "Industry": "Energy", "ParentId": acme, "OwnerId": ada, "CreatedDate": day}
    )
    org.put("Account", {"Name": "Cargo 100%", "OwnerId": ada, "CreatedDate": day})
    org.put("Contact", {"LastName": "Young", "Email": "y@x.test", "AccountId": acme})
    org.put("Contact", {"LastName": "Abel", "AccountId": acme})
    org.put("Contact", {"LastName": "Stray"})
    contracts: list[dict[str, Value]] = [
        {
            "ContractNumber": "00000100",
            "Status": "Activated",
            "AccountId": acme,
            "StartDate": date(2026, 11, 20),
            "Signed__c": datetime(2026, 11, 21, 2, 0, tzinfo=UTC),
            "Opens__c": time(9, 30),
            "Value__c": Decimal("100.50"),
            "Renews__c": True,
            "Tags__c": "nda;msa",
            "Clm_Id__c": "CLM-1",
            "Key__c": "k",
        },
        {
            "Status": "Draft",
            "AccountId": beta,
            "StartDate": date(2025, 12, 31),
            "Signed__c": datetime(2026, 11, 20, 6, 0, tzinfo=UTC),
            "Value__c": Decimal("20.25"),
            "Renews__c": False,
            "Tags__c": "msa",
            "Clm_Id__c": "CLM-2",
            "Key__c": "K",
        },
        {"Status": "InApproval", "AccountId": acme, "Value__c": Decimal(3), "Clm_Id__c": "CLM-3"},
        {"Status": "Draft"},
    ]
    ids = [org.put("Contract", values) for values in contracts]
    org.put("Task", {"Subject": "call", "WhatId": acme, "OwnerId": ada})
    org.put("Task", {"Subject": "sign", "WhatId": ids[0], "OwnerId": queue})
    org.put("Task", {"Subject": "idle", "OwnerId": queue})


@pytest.fixture
def org() -> PlainOrg:
    org = PlainOrg(Schema(_types()))
    _fill(org)
    return org


@pytest.fixture
def caller(org: PlainOrg) -> Caller:
    """Ada, in user mode, in Los Angeles."""
    users = org.table("User")
    return Caller(str(users.reader("Id")(next(iter(users.rows())))))
