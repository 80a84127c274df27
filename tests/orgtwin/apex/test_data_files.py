"""Test.loadData."""

from __future__ import annotations

from tests.orgtwin.apex.live_org import LiveOrg

META = "<StaticResource><cacheControl>Private</cacheControl><contentType>text/csv</contentType></StaticResource>"
ACCOUNTS = b"""Name,NumberOfEmployees,AnnualRevenue,Description
Acme,12,1000.50,"two
lines, and a comma"
Other,,,

"""
OPPORTUNITIES = b"name,StageName,CloseDate\nDeal,Prospecting,2026-05-06\n"
WRONG = b"Name,NumberOfEmployees\nAcme,many\n"
UNKNOWN = b"Name,Nope__c\nAcme,1\n"
TESTS = """@IsTest class Loads {
    @IsTest static void records() {
        List<SObject> made = Test.loadData(Account.SObjectType, 'Accounts');
        System.assertEquals(2, made.size());
        Account a = [SELECT Name, NumberOfEmployees, AnnualRevenue, Description FROM Account WHERE Id = :made[0].Id];
        System.assertEquals('Acme', a.Name);
        System.assertEquals(12, a.NumberOfEmployees);
        System.assertEquals(1000.50, a.AnnualRevenue);
        System.assertEquals('two\\nlines, and a comma', a.Description);
        System.assertEquals(null, [SELECT AnnualRevenue FROM Account WHERE Name = 'Other'].AnnualRevenue);
        System.assertEquals(1, Limits.getDmlStatements());
    }
    @IsTest static void dates() {
        Test.loadData(Opportunity.SObjectType, 'Opportunities');
        System.assertEquals(Date.newInstance(2026, 5, 6), [SELECT CloseDate FROM Opportunity].CloseDate);
    }
    @IsTest static void parents() {
        Test.loadData(Account.SObjectType, 'Parents');
        Test.loadData(Contact.SObjectType, 'Children');
        System.assertEquals('Beta', [SELECT Account.Name FROM Contact].Account.Name);
    }
    @IsTest static void wrongValue() { Test.loadData(Account.SObjectType, 'Wrong'); }
    @IsTest static void unknownField() { Test.loadData(Account.SObjectType, 'Unknown'); }
    @IsTest static void noResource() { Test.loadData(Account.SObjectType, 'None'); }
    @IsTest static void refusedRow() { Test.loadData(Contact.SObjectType, 'Accounts2'); }
}"""


def test_records_come_from_a_static_resource() -> None:
    org = LiveOrg(Loads=TESTS)
    contents = {
        "Accounts": ACCOUNTS,
        "Opportunities": OPPORTUNITIES,
        "Parents": b"Id,Name\n0,Alpha\nb1,Beta\n",
        "Children": b"Id,LastName,AccountId\nx,Ada,b1\n",
        "Wrong": WRONG,
        "Unknown": UNKNOWN,
        "Accounts2": b"FirstName\nAda\n",
    }
    files: dict[str, str | bytes] = {f"staticresources/{name}.resource": body for name, body in contents.items()}
    org.deploy({**files, **{f"staticresources/{name}.resource-meta.xml": META for name in contents}})
    assert {o.method_name: o.message for o in org.run_tests()} == {
        "records": "",
        "dates": "",
        "parents": "",
        "wrongValue": "System.TypeException: Invalid Integer for NumberOfEmployees in line 2: many",
        "unknownField": "System.SObjectException: Invalid field Nope__c for Account",
        "noResource": "System.UnexpectedException: Static Resource not found: None",
        "refusedRow": "System.DmlException: Insert failed. First exception on row 0; first error: REQUIRED_FIELD_MISSING,"
        " Required fields are missing: [LastName]: [LastName]",
    }
