"""CumulusCI's standard flows on a persistent org, and what they leave there."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from tests.orgtwin.cumulusci.conftest import Project

pytestmark = pytest.mark.e2e

THINGS = [{"Name": "First thing", "Amount__c": 12.5}, {"Name": "Second thing", "Amount__c": None}]


def test_dev_org_deploys_opens_the_fields_to_the_administrator_and_loads_data(project: Project) -> None:
    said = project.run("flow run dev_org")

    assert "Completed flow 'dev_org' on org twin successfully!" in said
    assert project.rows("SELECT Name, Amount__c FROM Thing__c ORDER BY Name") == THINGS


def test_qa_org_deploys_and_the_package_is_retrieved_as_it_is(project: Project) -> None:
    said = project.run("flow run qa_org_and_back")

    assert "Completed flow 'qa_org_and_back' on org twin successfully!" in said
    assert _names(project, "retrieved/objects/Thing__c.object", "fields/fullName") == ["Amount__c"]
    assert _names(project, "labels/labels/CustomLabels.labels", "labels/value") == ["Good morning"]
    for path in ("classes/Adder.cls", "classes/AdderTest.cls"):
        assert (project.folder / "retrieved" / path).read_bytes() == (project.folder / "src" / path).read_bytes()


def _names(project: Project, path: str, element: str) -> list[str | None]:
    root = ElementTree.fromstring((project.folder / path).read_bytes())  # noqa: S314 - what our own twin wrote
    inside = "/".join(f"{{http://soap.sforce.com/2006/04/metadata}}{name}" for name in element.split("/"))
    return [found.text for found in root.findall(inside)]


def test_ci_feature_runs_the_tests_of_the_package(project: Project) -> None:
    said = project.run("flow run ci_feature")

    assert "Pass: 1  Retried: 0  Fail: 0  CompileFail: 0  Skip: 0" in said
    assert "Completed flow 'ci_feature' on org twin successfully!" in said
    (result,) = json.loads((project.folder / "test_results.json").read_text())
    assert (result["ClassName"], result["Method"], result["Outcome"]) == ("AdderTest", "oneAndOneAreTwo", "Pass")


def test_robot_suites_work_with_records_and_clean_up(project: Project) -> None:
    said = project.run("task run robot")

    assert "2 tests, 2 passed, 0 failed" in said
    assert project.rows("SELECT Id FROM Contact") == []
