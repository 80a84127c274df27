"""`orgtwin apex` on a project folder, and its reference page."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from orgtwin.apex.cli import apex
from orgtwin.apex.reference import library_page

ROOT = Path(__file__).resolve().parents[3]
FIELD = """<?xml version="1.0" encoding="UTF-8"?>
<CustomField xmlns="http://soap.sforce.com/2006/04/metadata">
  <fullName>Colour__c</fullName><label>Colour</label><length>20</length><type>Text</type>
</CustomField>
"""
TEST = """@IsTest private class PaintTest {
  @IsTest static void good() {
    insert new Account(Name = 'x', Colour__c = 'red'); Assert.areEqual(1, [SELECT COUNT() FROM Account]); }
  @IsTest static void bad() { Assert.areEqual(1, 2, 'numbers'); }
}"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    classes, fields = tmp_path / "main" / "classes", tmp_path / "main" / "objects" / "Account" / "fields"
    classes.mkdir(parents=True)
    fields.mkdir(parents=True)
    (classes / "PaintTest.cls").write_text(TEST)
    (fields / "Colour__c.field-meta.xml").write_text(FIELD)
    return tmp_path


def test_a_failed_test_is_shown_with_its_place_and_the_exit_code_is_1(project: Path) -> None:
    result = CliRunner().invoke(apex, ["test", str(project)])
    assert result.exit_code == 1
    assert result.output.splitlines()[:6] == [
        "PaintTest.bad  Fail  System.AssertException: Assertion Failed: numbers: Expected: 1, Actual: 2",
        "    Class.PaintTest.bad: line 4, column 1",
        "Outcome     Failed",
        "Tests Ran   2",
        "Pass Rate   50%",
        "Fail Rate   50%",
    ]


def test_coverage_is_reported_as_cobertura(project: Path) -> None:
    report = project / "cobertura.xml"
    source = "public class Paint {\n  public static Integer one() {\n    return 1;\n  }\n}"
    (project / "main" / "classes" / "Paint.cls").write_text(source)
    CliRunner().invoke(apex, ["test", str(project), "--cobertura", str(report)])
    text = report.read_text(encoding="utf-8")
    assert '<class name="Paint" filename="Paint" line-rate="0.0000"' in text
    assert '<line number="3" hits="0" branch="false"/>' in text


def test_tests_are_chosen_by_name_and_reported_as_junit(project: Path) -> None:
    report = project / "junit.xml"
    result = CliRunner().invoke(apex, ["test", str(project), "--tests", "PaintTest.good", "--junit", str(report)])
    assert result.exit_code == 0
    assert 'tests="1" failures="0"' in report.read_text()
    assert '<testcase classname="PaintTest" name="good"' in report.read_text()


def test_a_folder_without_tests_ends_with_exit_code_2(tmp_path: Path) -> None:
    result = CliRunner().invoke(apex, ["test", str(tmp_path)])
    assert result.exit_code == 2
    assert (
        result.output
        == f"{tmp_path}: no test methods found (a class annotated @IsTest with methods annotated @IsTest)\n"
    )


def test_the_reference_page_of_the_library_is_what_the_library_is() -> None:
    assert (ROOT / "docs" / "reference" / "apex-library.md").read_text(encoding="utf-8") == library_page()
