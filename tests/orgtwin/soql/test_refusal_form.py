"""The caret form, against messages that orgs have been recorded to give."""

from __future__ import annotations

import pytest

from orgtwin.errors import SalesforceError
from orgtwin.soql.errors import refusal
from orgtwin.soql.parser import parse

# Each query ends in what was recorded; `|` marks the place. Words before the excerpt are ours, of the recorded length.
RECORDED = [
    (
        "select count() from |XYZZY",
        "\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\nwhy",
    ),
    (
        "SELECT Id, |DepProbeField__c FROM Account LIMIT 1",
        "\nSELECT Id, DepProbeField__c FROM Account LIMIT\n           ^\nERROR at Row:1:Column:12\nwhy",
    ),
    (
        "SELECT Id FROM |DataSpace WHERE DataSpaceDefinition.DeveloperName = 'x'",
        "\nSELECT Id FROM DataSpace WHERE DataSpaceDefinition.DeveloperName\n               ^\nERROR at Row:1:Column:16\nwhy",
    ),
    (
        "SELECT Id, |Dispenser__c, Answer__c, Audit_Question__c FROM Audit_Answer__c",
        "\nSELECT Id, Dispenser__c, Answer__c, Audit_Question__c\n           ^\nERROR at Row:1:Column:12\nwhy",
    ),
    (
        "SELECT WebEmail__c, Case_Resolution_Summary__c, |MW_Case_ID__c, Escalation_Helper_Contact__c FROM Case",
        "\nWebEmail__c, Case_Resolution_Summary__c, MW_Case_ID__c, Escalation_Helper_Contact__c\n"
        "                                         ^\nERROR at Row:1:Column:49\nwhy",
    ),
    (
        "SELECT Id, LastModifiedDate FROM sbaa__Approval__c WHERE X = '1' AND LastModifiedDate=TODAY AND "
        "|LastModifiedBy='0050h00000IW2Jf'",
        "\nAND LastModifiedDate=TODAY AND LastModifiedBy='0050h00000IW2Jf'\n"
        "                               ^\nERROR at Row:1:Column:97\nwhy",
    ),
]


@pytest.mark.parametrize(("marked", "message"), RECORDED, ids=[message.split("\n")[1][:30] for _, message in RECORDED])
def test_the_excerpt_is_the_one_an_org_shows(marked: str, message: str) -> None:
    position = marked.index("|")
    error = refusal("INVALID_FIELD", "why", marked.replace("|", ""), position)
    assert error.message == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("invalid", "unexpected token: 'invalid'"),
        (
            "SELECT Id, FROM Account",
            "\nSELECT Id, FROM Account\n          ^\nERROR at Row:1:Column:11\nunexpected token: 'FROM'",
        ),
        (
            "select Id from Account where id = $sfid",
            "\nselect Id from Account where id = $sfid\n                                 ^\nERROR at Row:1:Column:34\n"
            "line 1:34 no viable alternative at character '$'",
        ),
        (
            "SELECT Id, CreatedById, CreatedDate, Fax, LastModifiedById, LastModifiedDate, From Account ",
            "\nLastModifiedById, LastModifiedDate, From Account \n                                   ^\n"
            "ERROR at Row:1:Column:78\nunexpected token: 'From'",
        ),
    ],
    ids=["no place at the start", "a word too early", "a stray character", "a long line"],
)
def test_the_parser_counts_columns_from_zero(text: str, message: str) -> None:
    with pytest.raises(SalesforceError) as refused:
        parse(text)
    assert refused.value.code == "MALFORMED_QUERY"
    assert refused.value.message == message
