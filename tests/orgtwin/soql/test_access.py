"""What a caller may not read does not exist for that caller."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orgtwin.errors import SalesforceError
from orgtwin.records.model import AccessLevel, Caller
from orgtwin.soql import QueryResult, ResultRow, execute, plan_for

WSDL = "Please reference your WSDL or the describe call for the appropriate names."


def refusal_of(org: Any, caller: Caller, query: str) -> SalesforceError:
    with pytest.raises(SalesforceError) as refused:
        execute(org, caller, query)
    return refused.value


def test_an_unreadable_object_is_not_supported(org: Any, caller: Caller) -> None:
    org.open_access.hidden_types.add("Contract")
    error = refusal_of(org, caller, "SELECT Id FROM contract")
    assert error.code == "INVALID_TYPE"
    assert error.message == (
        "\nSELECT Id FROM contract\n               ^\nERROR at Row:1:Column:16\nsObject type 'contract' is not supported. "
        "If you are attempting to use a custom object, be sure to append the '__c' after the entity name. " + WSDL
    )


@pytest.mark.parametrize(
    "query",
    [
        "SELECT Value__c FROM Contract",
        "SELECT Id FROM Contract WHERE Value__c > 1",
        "SELECT Id FROM Contract ORDER BY Value__c",
        "SELECT SUM(Value__c) FROM Contract",
        "SELECT Id, (SELECT Value__c FROM Contracts) FROM Account",
        "SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contract WHERE Value__c > 1)",
    ],
)
def test_an_unreadable_field_is_no_column_wherever_it_is_named(org: Any, caller: Caller, query: str) -> None:
    org.open_access.hidden_fields.add(("Contract", "value__c"))
    error = refusal_of(org, caller, query)
    assert error.code == "INVALID_FIELD"
    assert error.message.splitlines()[-1] == (
        "No such column 'Value__c' on entity 'Contract'. If you are attempting to use a custom field, "
        "be sure to append the '__c' after the custom field name. " + WSDL
    )


def test_the_columns_of_a_query_tell_nothing_more_than_its_rows(org: Any, caller: Caller) -> None:
    org.open_access.hidden_fields.add(("Contract", "value__c"))
    with pytest.raises(SalesforceError, match="No such column 'Value__c' on entity 'Contract'"):
        plan_for(org, caller, "SELECT Value__c FROM Contract")


def test_an_unreadable_lookup_is_no_relationship(org: Any, caller: Caller) -> None:
    org.open_access.hidden_fields.add(("Contact", "accountid"))
    error = refusal_of(org, caller, "SELECT Account.Name FROM Contact")
    assert error.code == "INVALID_FIELD"
    assert error.message.splitlines()[-1].startswith("Didn't understand relationship 'Account' in field path.")


def test_children_of_an_unreadable_object_are_no_relationship(org: Any, caller: Caller) -> None:
    org.open_access.hidden_types.add("Contract")
    error = refusal_of(org, caller, "SELECT Id, (SELECT Id FROM Contracts) FROM Account")
    assert error.code == "INVALID_TYPE"
    assert error.message.splitlines()[-1].startswith(
        "Didn't understand relationship 'Contracts' in FROM part of query call."
    )


def parents_of(result: QueryResult) -> list[object]:
    parents = [row.values["What"] for row in result.rows]
    return [parent.values if isinstance(parent, ResultRow) else parent for parent in parents]


def test_a_polymorphic_parent_shows_no_more_than_its_own_object_allows(org: Any, caller: Caller) -> None:
    query = "SELECT What.Name FROM Task WHERE Subject IN ('call', 'sign') ORDER BY Subject"
    assert parents_of(execute(org, caller, query)) == [{"Name": "Acme"}, {"Name": "00000100"}]
    org.open_access.hidden_fields.add(("Contract", "contractnumber"))
    assert parents_of(execute(org, caller, query)) == [{"Name": "Acme"}, {"Name": None}]
    org.open_access.hidden_types.add("Contract")
    assert parents_of(execute(org, caller, query)) == [{"Name": "Acme"}, None]


def test_else_of_typeof_has_the_fields_of_name_only(org: Any, caller: Caller) -> None:
    error = refusal_of(org, caller, "SELECT TYPEOF What WHEN Account THEN Id ELSE Value__c END FROM Task")
    assert error.message.splitlines()[-1].startswith("No such column 'Value__c' on entity 'Name'.")


def test_fields_expands_to_what_the_caller_may_read(org: Any, caller: Caller) -> None:
    org.open_access.hidden_fields.add(("Contact", "email"))
    first = execute(org, caller, "SELECT FIELDS(STANDARD) FROM Contact LIMIT 1").rows[0]
    org.open_access.hidden_fields.clear()
    second = execute(org, caller, "SELECT FIELDS(STANDARD) FROM Contact LIMIT 1").rows[0]
    assert "Email" not in first.values
    assert "Email" in second.values


def test_sharing_hides_rows_parents_and_children(org: Any, caller: Caller) -> None:
    accounts = org.table("Account")
    name = accounts.reader("Name")
    org.open_access.filters["Account"] = lambda row: name(row) != "Acme"
    contacts = org.table("Contact")
    last_name = contacts.reader("LastName")
    org.open_access.filters["Contact"] = lambda row: last_name(row) != "Abel"
    assert [row.values["Name"] for row in execute(org, caller, "SELECT Name FROM Account").rows] == [
        "beta",
        "Cargo 100%",
    ]
    young = execute(org, caller, "SELECT Account.Name FROM Contact WHERE LastName = 'Young'").rows[0]
    assert young.values == {"Account": None}
    assert execute(org, caller, "SELECT COUNT() FROM Contact").total_size == 2
    assert execute(org, caller, "SELECT COUNT(Id) n FROM Contact").rows[0].values == {"n": 2}


def test_system_mode_asks_no_permissions(org: Any, caller: Caller) -> None:
    org.open_access.hidden_fields.add(("Contract", "value__c"))
    system = replace(caller, access_level=AccessLevel.SYSTEM_MODE)
    assert len(execute(org, system, "SELECT Value__c FROM Contract").rows) == 4


def test_with_user_mode_lowers_a_system_caller(org: Any, caller: Caller) -> None:
    org.open_access.hidden_fields.add(("Contract", "value__c"))
    system = replace(caller, access_level=AccessLevel.SYSTEM_MODE)
    assert refusal_of(org, system, "SELECT Value__c FROM Contract WITH USER_MODE").code == "INVALID_FIELD"


def test_with_system_mode_raises_nobody(org: Any, caller: Caller) -> None:
    org.open_access.hidden_fields.add(("Contract", "value__c"))
    assert refusal_of(org, caller, "SELECT Value__c FROM Contract WITH SYSTEM_MODE").code == "INVALID_FIELD"


def test_security_enforced_refuses_the_whole_query(org: Any, caller: Caller) -> None:
    org.open_access.hidden_fields.add(("Contract", "value__c"))
    system = replace(caller, access_level=AccessLevel.SYSTEM_MODE)
    error = refusal_of(org, system, "SELECT Value__c FROM Contract WITH SECURITY_ENFORCED")
    assert error.message == "Insufficient permissions: secure query included inaccessible field"
