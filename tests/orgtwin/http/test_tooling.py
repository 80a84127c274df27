"""Runs of Apex tests over the Tooling API, asked for and read as the sf CLI and CumulusCI do."""

from __future__ import annotations

from typing import Any

import pytest
from tests.orgtwin.http.deploying import deploy_well

from orgtwin.http.in_process import InProcess
from orgtwin.metadata.deploy_model import DeployOptions, DeployStatus
from orgtwin.metadata.service import MetadataService
from orgtwin.seed import administrator

TOOLING = "/services/data/v66.0/tooling"
META = b'<ApexClass xmlns="http://soap.sforce.com/2006/04/metadata"><apiVersion>66.0</apiVersion><status>Active</status></ApexClass>'
PLAIN = "<ApexClass><apiVersion>66.0</apiVersion><status>Active</status></ApexClass>"
SOURCES = {
    "Adder": "public class Adder {\n  public static Integer add(Integer a, Integer b) {\n    return a + b;\n  }\n"
    "  public static Integer never() {\n    return 1;\n  }\n}",
    "AdderTest": "@IsTest private class AdderTest {\n  @IsTest static void right() { Assert.areEqual(2, Adder.add(1, 1)); }\n"
    "  @IsTest static void wrong() {\n    insert new Account(Name = 'gone');\n    Assert.areEqual(3, Adder.add(1, 1));\n  }\n}",
    "OtherTest": "@IsTest private class OtherTest {\n  @IsTest static void nothing() { }\n}",
}


@pytest.fixture
def client(org_twin_client: InProcess) -> InProcess:
    twin = org_twin_client.application.twin
    members = "".join(f"<members>{name}</members>" for name in SOURCES)
    manifest = (
        '<Package xmlns="http://soap.sforce.com/2006/04/metadata"><types>'
        f"{members}<name>ApexClass</name></types><version>66.0</version></Package>"
    )
    files = {"package.xml": manifest.encode()}
    for name, source in SOURCES.items():
        files |= {f"classes/{name}.cls": source.encode(), f"classes/{name}.cls-meta.xml": META}
    service, options = twin.part(MetadataService), DeployOptions(single_package=True)
    assert service.deploy_files(administrator(twin.org), files, options).status is DeployStatus.SUCCEEDED
    return org_twin_client


def rows(client: InProcess, text: str) -> list[dict[str, Any]]:
    answer = client.get(f"{TOOLING}/query?q={text}")
    assert answer.status == 200, answer.text
    return [{name: value for name, value in row.items() if name != "attributes"} for row in answer.json()["records"]]


def class_id(client: InProcess, name: str) -> str:
    return str(rows(client, f"SELECT Id FROM ApexClass WHERE Name = '{name}'")[0]["Id"])


def test_a_run_is_over_when_its_id_is_told(client: InProcess) -> None:
    job = client.post(f"{TOOLING}/runTestsAsynchronous", {"classids": class_id(client, "AdderTest")}).json()

    (run,) = rows(
        client, f"SELECT Status, ClassesEnqueued, MethodsFailed FROM ApexTestRunResult WHERE AsyncApexJobId = '{job}'"
    )
    (item,) = rows(client, f"SELECT Status, ExtendedStatus FROM ApexTestQueueItem WHERE ParentJobId = '{job}'")
    found = rows(
        client,
        "SELECT MethodName, Outcome, Message, StackTrace, ApexClass.Name, (SELECT Cpu FROM ApexTestResults) "
        f"FROM ApexTestResult WHERE AsyncApexJobId = '{job}' ORDER BY MethodName",
    )

    assert job.startswith("707")
    assert run == {"Status": "Failed", "ClassesEnqueued": 1, "MethodsFailed": 1}
    assert item == {"Status": "Completed", "ExtendedStatus": "(1/2)"}
    assert [row["ApexClass"]["Name"] for row in found] == ["AdderTest", "AdderTest"]
    told = [(row["MethodName"], row["Outcome"], row["Message"], row["ApexTestResults"]) for row in found]
    wrong = "System.AssertException: Assertion Failed: Expected: 3, Actual: 2"
    assert told == [("right", "Pass", None, None), ("wrong", "Fail", wrong, None)]
    assert found[1]["StackTrace"] == "Class.AdderTest.wrong: line 5, column 1"
    assert rows(client, "SELECT Id FROM Account") == []


def test_a_synchronous_run_tells_who_passed_and_who_failed(client: InProcess) -> None:
    asked = {"tests": [{"className": "AdderTest"}], "testLevel": "RunSpecifiedTests", "skipCodeCoverage": "true"}
    result = client.post(f"{TOOLING}/runTestsSynchronous", asked).json()

    assert (result["numTestsRun"], result["numFailures"]) == (2, 1)
    assert [row["methodName"] for row in result["successes"]] == ["right"]
    (failure,) = result["failures"]
    assert (failure["name"], failure["methodName"], failure["type"]) == ("AdderTest", "wrong", "Class")
    assert failure["id"] == class_id(client, "AdderTest")
    assert result["codeCoverage"] == []


def test_a_synchronous_run_tells_what_it_covered_and_that_it_is_too_little(client: InProcess) -> None:
    result = client.post(f"{TOOLING}/runTestsSynchronous", {"classNames": "AdderTest"}).json()

    (row,) = result["codeCoverage"]
    assert (row["name"], row["type"], row["id"]) == ("Adder", "Class", class_id(client, "Adder"))
    assert (row["numLocations"], row["numLocationsNotCovered"]) == (4, 2)
    assert row["locationsNotCovered"] == [
        {"column": 0, "line": line, "numExecutions": 0, "time": -1.0} for line in (5, 6)
    ]
    assert [warning["message"] for warning in result["codeCoverageWarnings"]] == [
        "Average test coverage across all Apex Classes and Triggers is 50%, at least 75% test coverage is required."
    ]


@pytest.mark.parametrize(("most", "run"), [(-1, 3), (0, 2), (1, 3)])
def test_no_test_begins_after_more_failures_than_are_allowed(client: InProcess, most: int, run: int) -> None:
    """The second of three fails."""
    asked = {"testLevel": "RunLocalTests", "maxFailedTests": most}
    assert len(methods_run(client, asked)) == run


def methods_run(client: InProcess, asked: dict[str, Any]) -> list[str]:
    result = client.post(f"{TOOLING}/runTestsSynchronous", asked).json()
    return sorted(f"{row['name']}.{row['methodName']}" for row in (*result["successes"], *result["failures"]))


ASKED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "classes by name": (
        {"classNames": "OtherTest, AdderTest"},
        ["AdderTest.right", "AdderTest.wrong", "OtherTest.nothing"],
    ),
    "one method": ({"tests": [{"className": "AdderTest", "testMethods": ["right"]}]}, ["AdderTest.right"]),
    "the whole org": ({"testLevel": "RunLocalTests"}, ["AdderTest.right", "AdderTest.wrong", "OtherTest.nothing"]),
}


@pytest.mark.parametrize(("asked", "run"), ASKED.values(), ids=ASKED.keys())
def test_what_is_asked_for_is_run(client: InProcess, asked: dict[str, Any], run: list[str]) -> None:
    assert methods_run(client, asked) == run


def test_a_run_tells_what_it_covered(client: InProcess) -> None:
    assert rows(client, "SELECT PercentCovered FROM ApexOrgWideCoverage") == [{"PercentCovered": 0}]
    client.post(f"{TOOLING}/runTestsAsynchronous", {"classNames": "AdderTest"})

    (row,) = rows(
        client,
        "SELECT ApexClassOrTrigger.Name, NumLinesCovered, NumLinesUncovered, Coverage FROM ApexCodeCoverageAggregate",
    )
    assert row.pop("ApexClassOrTrigger")["Name"] == "Adder"
    assert row == {
        "NumLinesCovered": 2,
        "NumLinesUncovered": 2,
        "Coverage": {"coveredLines": [2, 3], "uncoveredLines": [5, 6]},
    }
    assert rows(client, "SELECT PercentCovered FROM ApexOrgWideCoverage") == [{"PercentCovered": 50}]


REFUSED: dict[str, tuple[str, dict[str, Any], tuple[int, str, str]]] = {
    "a class without tests": (
        "runTestsAsynchronous",
        {"classNames": "Adder"},
        (
            400,
            "INVALID_INPUT",
            "This class name's value is invalid: Adder. Provide the name of an Apex class that has test methods.",
        ),
    ),
    "an id of no class": (
        "runTestsAsynchronous",
        {"tests": [{"classId": "01pTW0000000009YAA"}]},
        (400, "INVALID_INPUT", "There is no Apex class with the id 01pTW0000000009YAA"),
    ),
    "no number of failures": (
        "runTestsSynchronous",
        {"classNames": "AdderTest", "maxFailedTests": "many"},
        (400, "INVALID_INPUT", "maxFailedTests must be a number: many"),
    ),
    "nothing": (
        "runTestsAsynchronous",
        {"tests": []},
        (400, "INVALID_INPUT", "No test classes or methods were specified"),
    ),
    "a level that is none": (
        "runTestsAsynchronous",
        {"testLevel": "RunMost"},
        (400, "INVALID_INPUT", "RunMost is not a test level"),
    ),
    "suites": (
        "runTestsSynchronous",
        {"suiteNames": "All"},
        (400, "INVALID_INPUT", "This test suite does not exist: All"),
    ),
}


@pytest.mark.parametrize(("resource", "asked", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_a_run_that_cannot_be_is_refused(
    client: InProcess, resource: str, asked: dict[str, Any], said: tuple[int, str, str]
) -> None:
    answer = client.post(f"{TOOLING}/{resource}", asked)
    assert (answer.status, answer.json()[0]["errorCode"], answer.json()[0]["message"]) == said


SUITE = (
    "<ApexTestSuite><testClassName>AdderTest</testClassName><testClassName>OtherTest</testClassName></ApexTestSuite>"
)


def test_a_suite_is_deployed_queried_and_run(client: InProcess) -> None:
    deploy_well(client, {"testSuites/All.testSuite": SUITE}, {"ApexTestSuite": ["All"]})

    (suite,) = rows(client, "SELECT Id, TestSuiteName FROM ApexTestSuite")
    members = rows(client, f"SELECT ApexClass.Name FROM TestSuiteMembership WHERE ApexTestSuiteId = '{suite['Id']}'")

    assert suite["TestSuiteName"] == "All"
    assert [row["ApexClass"]["Name"] for row in members] == ["AdderTest", "OtherTest"]
    for asked in ({"suiteNames": "all"}, {"suiteids": suite["Id"], "classNames": "OtherTest"}):
        assert methods_run(client, asked) == ["AdderTest.right", "AdderTest.wrong", "OtherTest.nothing"]


def test_a_suite_is_made_filled_emptied_and_deleted_as_records(client: InProcess) -> None:
    suite = client.post(f"{TOOLING}/sobjects/ApexTestSuite", {"TestSuiteName": "Made"}).json()["id"]
    members = [
        client.post(
            f"{TOOLING}/sobjects/TestSuiteMembership",
            {"ApexTestSuiteId": suite, "ApexClassId": class_id(client, name)},
        ).json()["id"]
        for name in ("AdderTest", "OtherTest", "AdderTest")
    ]
    assert len(set(members)) == 2
    assert len(methods_run(client, {"suiteNames": "Made"})) == 3
    # the query of CumulusCI's run_tests
    inner = f"SELECT ApexClassId FROM TestSuiteMembership WHERE ApexTestSuiteId IN ('{suite}')"
    assert len(rows(client, f"SELECT Id, Name FROM ApexClass WHERE Id IN ({inner})")) == 2
    assert client.delete(f"{TOOLING}/sobjects/TestSuiteMembership/{members[0]}").status == 204
    assert methods_run(client, {"suiteids": suite}) == ["OtherTest.nothing"]
    assert client.delete(f"{TOOLING}/sobjects/ApexTestSuite/{suite}").status == 204
    assert rows(client, "SELECT Id FROM ApexTestSuite") == []


MEASURED = {
    "classes/MeasuredTest.cls": "@IsTest private class MeasuredTest {\n"
    "  @TestSetup static void prepare() { insert new Account(Name = 'x'); }\n"
    "  @IsTest static void measured() {\n    insert new Contact(LastName = 'before');\n    Test.startTest();\n"
    "    insert new List<Account>{ new Account(Name = 'a'), new Account(Name = 'b') };\n"
    "    Integer many = [SELECT COUNT() FROM Account];\n    later();\n    Test.stopTest();\n  }\n"
    "  @IsTest static void without() { insert new Account(Name = 'c'); }\n"
    "  @future static void later() { update [SELECT Id FROM Account]; }\n}",
    "classes/MeasuredTest.cls-meta.xml": "<ApexClass><apiVersion>66.0</apiVersion><status>Active</status></ApexClass>",
}


def test_a_run_tells_what_set_it_up_and_what_each_method_used(org_twin_client: InProcess) -> None:
    client = org_twin_client
    deploy_well(client, MEASURED, {"ApexClass": ["MeasuredTest"]})
    job = client.post(f"{TOOLING}/runTestsAsynchronous", {"classNames": "MeasuredTest"}).json()

    results = "MethodName, Outcome, IsTestSetup"
    found = rows(client, f"SELECT {results} FROM ApexTestResult WHERE AsyncApexJobId = '{job}' ORDER BY MethodName")
    assert [tuple(row.values()) for row in found] == [
        ("measured", "Pass", False),
        ("prepare", "Pass", True),
        ("without", "Pass", False),
    ]
    older = client.get("/services/data/v60.0/tooling/query?q=SELECT MethodName FROM ApexTestResult").json()
    assert [row["MethodName"] for row in older["records"]] == ["measured", "without"]
    (run,) = rows(client, "SELECT MethodsEnqueued, MethodsCompleted FROM ApexTestRunResult")
    assert run == {"MethodsEnqueued": 2, "MethodsCompleted": 2}
    used = rows(
        client,
        "SELECT ApexTestResult.MethodName, LimitContext, Dml, DmlRows, Soql, QueryRows, AsyncCalls FROM ApexTestResultLimits",
    )
    assert [row.pop("ApexTestResult")["MethodName"] for row in used] == ["measured"]
    assert used == [{"LimitContext": "SYNC", "Dml": 1, "DmlRows": 2, "Soql": 1, "QueryRows": 1, "AsyncCalls": 1}]


def test_a_run_without_coverage_leaves_what_is_known_of_it(client: InProcess) -> None:
    client.post(f"{TOOLING}/runTestsAsynchronous", {"classNames": "AdderTest"})
    client.post(f"{TOOLING}/runTestsAsynchronous", {"classNames": "OtherTest", "skipCodeCoverage": True})
    assert rows(client, "SELECT PercentCovered FROM ApexOrgWideCoverage") == [{"PercentCovered": 50}]


def test_runs_together_cover_a_class_until_it_changes(client: InProcess) -> None:
    never = SOURCES["AdderTest"].replace("AdderTest", "NeverTest").replace("Adder.add(1, 1)", "Adder.never() + 1")
    deploy_well(
        client,
        {"classes/NeverTest.cls": never, "classes/NeverTest.cls-meta.xml": PLAIN},
        {"ApexClass": ["NeverTest"]},
    )
    for name, percent in (("AdderTest", 50), ("OtherTest", 50), ("NeverTest", 100)):
        client.post(f"{TOOLING}/runTestsAsynchronous", {"classNames": name})
        assert rows(client, "SELECT PercentCovered FROM ApexOrgWideCoverage") == [{"PercentCovered": percent}]
    methods = rows(client, "SELECT TestMethodName FROM ApexCodeCoverage ORDER BY TestMethodName")
    assert [row["TestMethodName"] for row in methods] == ["right", "right", "wrong", "wrong"]
    changed = {"classes/Adder.cls": SOURCES["Adder"] + " // x", "classes/Adder.cls-meta.xml": PLAIN}
    deploy_well(client, changed, {"ApexClass": ["Adder"]})
    assert rows(client, "SELECT Id FROM ApexCodeCoverageAggregate") == []
    assert rows(client, "SELECT Id FROM ApexCodeCoverage") == []


DATA = "/services/data/v66.0"


def test_queue_items_made_by_one_call_are_one_run(client: InProcess) -> None:
    ids = [class_id(client, name) for name in ("AdderTest", "OtherTest")]
    records = [{"attributes": {"type": "ApexTestQueueItem"}, "ApexClassId": each} for each in (*ids, "01p000000000000")]
    made = client.post(f"{DATA}/composite/sobjects", {"records": records}).json()
    assert [row["success"] for row in made] == [True, True, False]
    assert made[2]["errors"][0]["statusCode"] == "INVALID_CROSS_REFERENCE_KEY"
    for path in (DATA, TOOLING):
        text = "SELECT Id, ApexClassId, Status, ExtendedStatus, ParentJobId FROM ApexTestQueueItem ORDER BY Id"
        items = client.get(f"{path}/query?q={text}").json()["records"]
        assert [(row["Id"], row["ApexClassId"], row["ExtendedStatus"]) for row in items] == [
            (made[0]["id"], ids[0], "(1/2)"),
            (made[1]["id"], ids[1], "(1/1)"),
        ]
        assert len({row["ParentJobId"] for row in items}) == 1
    fields = "JobType, Status, TotalJobItems, JobItemsProcessed"
    jobs = client.get(f"{DATA}/query?q=SELECT {fields} FROM AsyncApexJob WHERE Id = '{items[0]['ParentJobId']}'")
    (job,) = jobs.json()["records"]
    assert [job[name] for name in fields.split(", ")] == ["TestRequest", "Completed", 2, 2]


@pytest.mark.parametrize("root", [DATA, TOOLING])
def test_a_queue_item_is_made_as_a_record_and_what_is_over_stays(client: InProcess, root: str) -> None:
    made = client.post(f"{root}/sobjects/ApexTestQueueItem", {"ApexClassId": class_id(client, "OtherTest")})
    assert made.status == 201, made.text
    address = f"{root}/sobjects/ApexTestQueueItem/{made.json()['id']}"
    assert client.patch(address, {"Status": "Aborted"}).status == 204
    assert rows(client, "SELECT Status FROM ApexTestQueueItem") == [{"Status": "Completed"}]
    assert client.patch(address, {"Status": "Queued"}).json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert client.patch(f"{address[:-18]}709000000000001AAA", {"Status": "Aborted"}).status == 404
    refused = client.post(f"{root}/sobjects/ApexTestQueueItem", {})
    assert (refused.status, refused.json()[0]["errorCode"]) == (400, "INVALID_CROSS_REFERENCE_KEY")


COVERING = {
    "classes/Halves.cls": "public class Halves {\n  public static void first() {\n    Integer a = 1;\n  }\n"
    "  public static void second() {\n    Integer b = 2;\n  }\n  public static void third() {\n    Integer c = 3;\n  }\n}",
    "classes/HalvesTest.cls": "@IsTest private class HalvesTest {\n  @TestSetup static void prepare() { Halves.third(); }\n"
    "  @IsTest static void both() { Halves.first(); Halves.second(); }\n  @IsTest static void none() { }\n"
    "  @IsTest static void one() { Halves.first(); }\n  @IsTest static void save() { insert new Account(Name = 'x'); }\n}",
    "triggers/Noting.trigger": "trigger Noting on Account (before insert) {\n  Halves.second();\n}",
}


def test_a_method_tells_which_lines_it_covered(org_twin_client: InProcess) -> None:
    meta = "<{0}><apiVersion>66.0</apiVersion><status>Active</status></{0}>"
    kinds = {"classes": "ApexClass", "triggers": "ApexTrigger"}
    metas = {f"{path}-meta.xml": meta.format(kinds[path.partition("/")[0]]) for path in COVERING}
    deploy_well(
        org_twin_client, {**COVERING, **metas}, {"ApexClass": ["Halves", "HalvesTest"], "ApexTrigger": ["Noting"]}
    )
    for _ in range(2):
        org_twin_client.post(f"{TOOLING}/runTestsAsynchronous", {"classNames": "HalvesTest"})

    test_id = class_id(org_twin_client, "HalvesTest")
    found = rows(
        org_twin_client,
        "SELECT TestMethodName, ApexClassOrTrigger.Name, NumLinesCovered, NumLinesUncovered, Coverage FROM ApexCodeCoverage "
        f"WHERE ApexTestClassId IN ('{test_id}') ORDER BY Id",
    )
    told = [(row["TestMethodName"], row["ApexClassOrTrigger"]["Name"], *row["Coverage"].values()) for row in found]
    assert told == [
        ("both", "Halves", [2, 3, 5, 6], [8, 9]),
        ("one", "Halves", [2, 3], [5, 6, 8, 9]),
        ("save", "Halves", [5, 6], [2, 3, 8, 9]),
        ("save", "Noting", [2], []),
    ]
    assert [(row["NumLinesCovered"], row["NumLinesUncovered"]) for row in found] == [(4, 2), (2, 4), (2, 4), (1, 0)]
    totals = rows(org_twin_client, "SELECT NumLinesCovered, NumLinesUncovered FROM ApexCodeCoverageAggregate")
    assert totals == [{"NumLinesCovered": covered, "NumLinesUncovered": 0} for covered in (6, 1)]


def test_tests_are_run_only_by_those_who_may_write_apex(client: InProcess) -> None:
    twin = client.application.twin
    app = next(app for app in twin.auth.apps if app.run_as_user_id)
    session = twin.sessions.issue(str(app.run_as_user_id), None, ("api",), "Admin")
    answer = client.as_caller(session.token).post(f"{TOOLING}/runTestsSynchronous", {"classNames": "AdderTest"})
    assert (answer.status, answer.json()[0]["errorCode"]) == (403, "INSUFFICIENT_ACCESS")
