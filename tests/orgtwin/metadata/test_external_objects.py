"""External objects stand in the schema; their rows are another system's, which a lookup names by External ID."""

from __future__ import annotations

from typing import Any

import pytest

from orgtwin.errors import Unsupported
from orgtwin.org import Org
from orgtwin.schema.describe_field import describe_field
from orgtwin.soql import execute

SOURCE = (
    "<ExternalDataSource><endpoint>https://erp.example/odata</endpoint><isWritable>false</isWritable><label>Erp</label>"
    "<principalType>Anonymous</principalType><protocol>NoAuthentication</protocol><type>OData4</type></ExternalDataSource>"
)
ORDER = (
    "<CustomObject><deploymentStatus>Deployed</deploymentStatus><externalDataSource>Erp</externalDataSource>"
    "<externalName>Orders</externalName><fields><fullName>Total__c</fullName>"
    "<externalDeveloperName>Total</externalDeveloperName><label>Total</label><precision>18</precision><scale>2</scale>"
    "<type>Number</type></fields><label>Order</label><pluralLabel>Orders</pluralLabel></CustomObject>"
)
LOOKUP = (
    "<CustomObject><fields><fullName>Order__c</fullName><label>Order</label><length>20</length>"
    "<referenceTo>Order__x</referenceTo><relationshipLabel>Contracts</relationshipLabel>"
    "<relationshipName>Contracts</relationshipName><type>ExternalLookup</type></fields></CustomObject>"
)
FILES = {"dataSources/Erp.dataSource": SOURCE, "objects/Order__x.object": ORDER, "objects/Account.object": LOOKUP}
MEMBERS = {
    "ExternalDataSource": ["Erp"],
    "CustomObject": ["Order__x"],
    "CustomField": ["Order__x.Total__c", "Account.Order__c"],
}


@pytest.fixture
def erp(org: Org, deploy: Any) -> Org:
    assert deploy(FILES, MEMBERS).outcome.failures == []
    return org


def test_an_external_lookup_is_described_as_a_reference_of_its_kind(erp: Org) -> None:
    account = erp.schema.find_type("Account")
    field = account.find_field("Order__c") if account else None
    assert field is not None
    told = describe_field(field, createable=True, updateable=True)
    names = ("type", "extraTypeInfo", "length", "referenceTo", "relationshipName")
    assert {name: told[name] for name in names} == {
        "type": "reference",
        "extraTypeInfo": "externallookup",
        "length": 20,
        "referenceTo": ["Order__x"],
        "relationshipName": "Order__r",
    }


def test_a_lookup_keeps_the_external_id_of_its_row_and_the_row_is_not_made_up(erp: Org) -> None:
    admin = erp.system_caller()
    (saved,) = erp.dml.insert(admin, "Account", [{"Name": "Acme", "Order__c": "SO-4711"}])
    assert saved.errors == ()
    assert [row.values for row in execute(erp, admin, "SELECT Order__c FROM Account").rows] == [{"Order__c": "SO-4711"}]
    for text in ("SELECT Order__r.Total__c FROM Account", "SELECT Id FROM Order__x"):
        with pytest.raises(Unsupported, match=r"soql\.external-objects"):
            execute(erp, admin, text)
    with pytest.raises(Unsupported, match=r"soql\.external-objects"):
        erp.dml.insert(admin, "Account", [{"Name": "Beta", "Order__r": {"ExternalId": "SO-1"}}])
