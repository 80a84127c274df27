"""Which requests and jobs have cases assigned.

Source: "Assignment Rule Header" (REST API Developer Guide): active rules are applied unless a request says no; "Create a Job" (Bulk
API 2.0 and Bulk API Developer Guide): a job names the rule.
"""

from __future__ import annotations

import pytest
from tests.orgtwin.http.deploying import V, deploy_well
from tests.orgtwin.http.test_bulk import ASYNC, XML, run_job

from orgtwin.http.in_process import InProcess

QUEUE = "<Queue><name>Desk</name><queueSobject><sobjectType>Case</sobjectType></queueSobject></Queue>"
RULE = (
    "<AssignmentRules><assignmentRule><fullName>Desk</fullName><active>true</active><ruleEntry><assignedTo>Desk</assignedTo>"
    "<assignedToType>Queue</assignedToType></ruleEntry></assignmentRule></AssignmentRules>"
)
JOB = (
    '<jobInfo xmlns="http://www.force.com/2009/06/asyncapi/dataload"><operation>insert</operation><object>Case</object>'
    "{rule}<contentType>CSV</contentType></jobInfo>"
)


@pytest.fixture
def client(org_twin_client: InProcess) -> InProcess:
    files = {"queues/Desk.queue": QUEUE, "assignmentRules/Case.assignmentRules": RULE}
    deploy_well(org_twin_client, files, {"Queue": ["Desk"], "AssignmentRules": ["Case"]})
    return org_twin_client


def is_assigned(client: InProcess) -> bool:
    rows = client.get(f"{V}/query?q=SELECT+Owner.Name+FROM+Case").json()["records"]
    return [row["Owner"]["Name"] for row in rows] == ["Desk"]


def rule_id(client: InProcess) -> str:
    return str(client.get(f"{V}/query?q=SELECT+Id+FROM+AssignmentRule").json()["records"][0]["Id"])


@pytest.mark.parametrize(
    ("headers", "expected"),
    [({}, True), ({"sforce_auto_assign": "false"}, False), ({"sforce_auto_assign": "TRUE"}, True)],
)
def test_rest_assigns_unless_the_request_says_no(client: InProcess, headers: dict[str, str], expected: bool) -> None:
    assert client.post(f"{V}/sobjects/Case", {"Subject": "x"}, **headers).status == 201
    assert is_assigned(client) is expected


@pytest.mark.parametrize("names_rule", [True, False])
def test_a_bulk_2_job_assigns_where_it_names_a_rule(client: InProcess, names_rule: bool) -> None:
    named = {"assignmentRuleId": rule_id(client)} if names_rule else {}
    assert run_job(client, "Subject\nx\n", object="Case", **named)["numberRecordsFailed"] == 0
    assert is_assigned(client) is names_rule


@pytest.mark.parametrize("names_rule", [True, False])
def test_a_bulk_1_job_assigns_where_it_names_a_rule(client: InProcess, names_rule: bool) -> None:
    named = f"<assignmentRuleId>{rule_id(client)}</assignmentRuleId>" if names_rule else ""
    job = client.request("POST", ASYNC, body=JOB.format(rule=named).encode(), headers=XML).text
    job_id = job.partition("<id>")[2].partition("<")[0]
    csv = {"content-type": "text/csv"}
    assert client.request("POST", f"{ASYNC}/{job_id}/batch", body=b"Subject\nx\n", headers=csv).status == 201
    assert is_assigned(client) is names_rule
