"""Apex at deploy: compiled under the schema that is about to be, tested, measured; what Apex names is not deleted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from orgtwin.apex.engine import Engine, Problem
from orgtwin.apex.service import service_of
from orgtwin.metadata.deploy_model import DeployJob, DeployOptions, DeployStatus, TestLevel
from orgtwin.metadata.results import deploy_result
from orgtwin.metadata.service import MetadataService
from orgtwin.org import Org
from orgtwin.seed import administrator, new_org

PACKAGE = '<Package xmlns="http://soap.sforce.com/2006/04/metadata">{}<version>66.0</version></Package>'
META = '<{0} xmlns="http://soap.sforce.com/2006/04/metadata"><apiVersion>66.0</apiVersion><status>Active</status></{0}>'
FIELD = (
    '<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata"><fields><fullName>Colour__c</fullName>'
    "<label>Colour</label><length>20</length><type>Text</type></fields></CustomObject>"
)
READER = "public class Reader { public static String read(Account a) {\n    return a.Colour__c;\n} }"
TESTED = "public class Tested { public static Integer f(Boolean b) { if (b) {\n return 1;\n }\n return 2;\n} }"
HALF = "@IsTest class HalfTest { @IsTest static void t() { Integer i = Tested.f(true); } }"
WHOLE = "@IsTest class HalfTest { @IsTest static void t() { Integer i = Tested.f(true) + Tested.f(false); } }"


@pytest.fixture
def org() -> Org:
    return new_org(lambda: datetime(2026, 1, 2, tzinfo=UTC))


def types(members: dict[str, list[str]]) -> str:
    return "".join(
        f"<types>{''.join(f'<members>{n}</members>' for n in names)}<name>{kind}</name></types>"
        for kind, names in members.items()
    )


def deploy(
    metadata: MetadataService,
    *sources: str,
    field: bool = False,
    delete: dict[str, list[str]] | None = None,
    tests: TestLevel = TestLevel.NO_TEST_RUN,
    run: tuple[str, ...] = (),
) -> DeployJob:
    files: dict[str, bytes] = {}
    members: dict[str, list[str]] = {}
    for source in sources:
        name = source.split("class ")[1].split()[0]
        files[f"classes/{name}.cls"] = source.encode()
        files[f"classes/{name}.cls-meta.xml"] = META.format("ApexClass").encode()
        members.setdefault("ApexClass", []).append(name)
    if field:
        files["objects/Account.object"] = FIELD.encode()
        members["CustomField"] = ["Account.Colour__c"]
    files["package.xml"] = PACKAGE.format(types(members)).encode()
    if delete:
        files["destructiveChanges.xml"] = PACKAGE.format(types(delete)).encode()
    options = DeployOptions(single_package=True, test_level=tests, run_tests=run)
    assert isinstance(metadata.org, Org)
    return metadata.deploy_files(administrator(metadata.org), files, options)


def problems(job: DeployJob) -> list[tuple[str, int | None, int | None, str | None]]:
    assert job.outcome is not None
    return [(m.full_name, m.line, m.column, m.problem) for m in job.outcome.failures]


def test_an_org_compiles_its_classes_as_often_for_ten_new_ones_as_for_one(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = service_of(org)
    service.engine()
    loads: list[int] = []
    load = Engine.load

    def counted(engine: Engine, sources: Mapping[str, str], *options: Any, **named: Any) -> list[Problem]:
        loads.append(len(sources))
        return load(engine, sources, *options, **named)

    monkeypatch.setattr(Engine, "load", counted)
    deploy(MetadataService(org), "public class Only { }")
    service.engine()
    for_one = len(loads)
    loads.clear()
    deploy(MetadataService(org), *(f"public class More{n} {{ }}" for n in range(10)))
    service.engine()
    assert len(loads) == for_one
    assert loads[-1] == 11


def test_a_class_compiles_under_the_field_that_comes_with_it(org: Org) -> None:
    assert deploy(MetadataService(org), READER, field=True).status is DeployStatus.SUCCEEDED


def test_a_class_that_names_a_missing_field_is_refused_where_it_names_it(org: Org) -> None:
    assert problems(deploy(MetadataService(org), READER)) == [("Reader", 2, 14, "Variable does not exist: Colour__c")]


def test_a_field_that_apex_names_is_not_deleted(org: Org) -> None:
    metadata = MetadataService(org)
    deploy(metadata, READER, field=True)
    job = deploy(metadata, delete={"CustomField": ["Account.Colour__c"]})
    assert problems(job) == [
        (
            "Account.Colour__c",
            None,
            None,
            "This custom field is referenced elsewhere in salesforce.com. Remove the usage and try again."
            " : Apex Class - Reader",
        )
    ]


def test_a_class_that_a_class_names_is_not_deleted(org: Org) -> None:
    metadata = MetadataService(org)
    deploy(metadata, TESTED, "public class User1 { Integer i = Tested.f(true); }")
    job = deploy(metadata, delete={"ApexClass": ["Tested"]})
    assert problems(job) == [
        (
            "Tested",
            None,
            None,
            "This Apex Class is referenced elsewhere in salesforce.com. Remove the usage and try again."
            " : Apex Class - User1",
        )
    ]


def test_a_field_and_the_class_that_names_it_go_together(org: Org) -> None:
    metadata = MetadataService(org)
    deploy(metadata, READER, field=True)
    job = deploy(metadata, delete={"CustomField": ["Account.Colour__c"], "ApexClass": ["Reader"]})
    assert job.status is DeployStatus.SUCCEEDED


def test_a_change_that_breaks_another_class_is_refused(org: Org) -> None:
    metadata = MetadataService(org)
    deploy(metadata, TESTED, "public class User1 { Integer i = Tested.f(true); }")
    assert problems(deploy(metadata, "public class Tested { }")) == [
        (
            "Tested",
            1,
            1,
            "Dependent class is invalid and needs recompilation:\n Class User1 : Method does not exist or incorrect"
            " signature: void f(Boolean) from the type Tested",
        )
    ]


def test_half_the_lines_are_too_few_and_the_lines_missed_are_told(org: Org) -> None:
    metadata = MetadataService(org)
    job = deploy(metadata, TESTED, HALF, tests=TestLevel.RUN_LOCAL_TESTS)
    assert (job.status, len(org.table("ApexClass"))) == (DeployStatus.FAILED, 0)
    details = deploy_result(job, include_details=True)["details"]
    assert isinstance(details, dict)
    result = details["runTestResult"]
    assert [w["message"] for w in result["codeCoverageWarnings"]] == [
        "Average test coverage across all Apex Classes and Triggers is 66%, at least 75% test coverage is required."
    ]
    assert [
        (c["name"], c["numLocations"], [x["line"] for x in c["locationsNotCovered"]]) for c in result["codeCoverage"]
    ] == [("Tested", 3, [4])]
    assert [s["methodName"] for s in result["successes"]] == ["t"]


def test_with_specified_tests_each_class_of_the_deploy_is_covered_by_itself(org: Org) -> None:
    job = deploy(MetadataService(org), TESTED, HALF, tests=TestLevel.RUN_SPECIFIED_TESTS, run=("HalfTest",))
    assert job.outcome is not None
    assert job.outcome.tests.coverage_warnings == (
        "Test coverage of selected Apex Class is 66%, at least 75% test coverage is required: Tested",
    )


def test_enough_covered_lines_let_the_deploy_stand(org: Org) -> None:
    job = deploy(MetadataService(org), TESTED, WHOLE, tests=TestLevel.RUN_LOCAL_TESTS)
    assert job.status is DeployStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("deployed", "ran"),
    [
        ("public class Far { public static Integer f() { return 2; } }", {"NearTest", "CriticalTest"}),
        ("public class Named { public static Integer f() { return 2; } }", {"BoundTest", "CriticalTest"}),
    ],
)
def test_relevant_tests_are_those_that_reach_the_deploy_those_bound_to_it_and_the_critical_ones(
    org: Org, deployed: str, ran: set[str]
) -> None:
    metadata = MetadataService(org)
    deploy(
        metadata,
        "public class Far { public static Integer f() { return 1; } }",
        "public class Near { public static Integer f() { return Far.f(); } }",
        "public class Named { public static Integer f() { return 1; } }",
        "@IsTest private class NearTest { @IsTest static void t() { Near.f(); } }",
        "@IsTest(testFor='ApexClass:Named') private class BoundTest { @IsTest static void t() { } }",
        "@IsTest(critical=true) private class CriticalTest { @IsTest static void t() { } }",
        "@IsTest private class OtherTest { @IsTest static void t() { } }",
    )
    job = deploy(metadata, deployed, tests=TestLevel.RUN_RELEVANT_TESTS)
    assert job.outcome is not None
    assert {success.class_name for success in job.outcome.tests.successes} == ran


def test_code_without_any_test_is_covered_by_none(org: Org) -> None:
    job = deploy(MetadataService(org), TESTED, tests=TestLevel.RUN_LOCAL_TESTS)
    assert job.outcome is not None
    assert (job.status, job.outcome.tests.coverage_warnings) == (
        DeployStatus.FAILED,
        ("Average test coverage across all Apex Classes and Triggers is 0%, at least 75% test coverage is required.",),
    )
