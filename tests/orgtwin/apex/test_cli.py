"""`orgtwin apex` on a project folder, and its reference page."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from lxml import etree

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


def test_the_debug_log_of_each_test_that_fails_is_written_to_a_folder(project: Path) -> None:
    logs = project / "logs"
    result = CliRunner().invoke(apex, ["test", str(project), "--log", str(logs), "--log-level", "FINER"])
    assert (result.exit_code, [path.name for path in logs.iterdir()]) == (1, ["PaintTest.bad.log"])
    log = (logs / "PaintTest.bad.log").read_text(encoding="utf-8")
    assert log.startswith("66.0 APEX_CODE,FINER;APEX_PROFILING,INFO;")
    assert "|CODE_UNIT_STARTED|[EXTERNAL]|PaintTest.bad()\n" in log
    assert "|STATEMENT_EXECUTE|[4]\n" in log


COBERTURA = """
<!ELEMENT coverage (sources?, packages)>
<!ATTLIST coverage line-rate CDATA #REQUIRED branch-rate CDATA #REQUIRED lines-covered CDATA #REQUIRED
  lines-valid CDATA #REQUIRED branches-covered CDATA #REQUIRED branches-valid CDATA #REQUIRED
  complexity CDATA #REQUIRED version CDATA #REQUIRED timestamp CDATA #REQUIRED>
<!ELEMENT sources (source*)> <!ELEMENT source (#PCDATA)> <!ELEMENT packages (package*)> <!ELEMENT package (classes)>
<!ATTLIST package name CDATA #REQUIRED line-rate CDATA #REQUIRED branch-rate CDATA #REQUIRED complexity CDATA #REQUIRED>
<!ELEMENT classes (class*)> <!ELEMENT class (methods, lines)>
<!ATTLIST class name CDATA #REQUIRED filename CDATA #REQUIRED line-rate CDATA #REQUIRED
  branch-rate CDATA #REQUIRED complexity CDATA #REQUIRED>
<!ELEMENT methods EMPTY> <!ELEMENT lines (line*)> <!ELEMENT line EMPTY>
<!ATTLIST line number CDATA #REQUIRED hits CDATA #REQUIRED branch CDATA "false">
"""
"""What Cobertura's coverage-04.dtd asks of a report without branches and methods."""
JUNIT = """
<!ELEMENT testsuite (properties, testcase*, system-out, system-err)>
<!ATTLIST testsuite name CDATA #REQUIRED timestamp CDATA #REQUIRED hostname CDATA #REQUIRED tests CDATA #REQUIRED
  failures CDATA #REQUIRED errors CDATA #REQUIRED time CDATA #REQUIRED>
<!ELEMENT properties EMPTY> <!ELEMENT testcase (failure?)> <!ELEMENT failure (#PCDATA)>
<!ATTLIST testcase name CDATA #REQUIRED classname CDATA #REQUIRED time CDATA #REQUIRED>
<!ATTLIST failure message CDATA #IMPLIED type CDATA #REQUIRED>
<!ELEMENT system-out (#PCDATA)> <!ELEMENT system-err (#PCDATA)>
"""
"""What Ant's JUnit.xsd asks of a suite whose tests have one failure each."""


def _valid(report: Path, dtd: str) -> etree._Element:
    root = etree.parse(report).getroot()
    rules = etree.DTD(StringIO(dtd))
    assert rules.validate(root), rules.error_log
    return root


def test_the_reports_are_what_their_schemas_ask_and_name_the_files(project: Path) -> None:
    coverage, junit = project / "build" / "cobertura.xml", project / "build" / "junit.xml"
    source = "public class Paint {\n  public static Integer one() {\n    return 1;\n  }\n}"
    (project / "main" / "classes" / "Paint.cls").write_text(source)
    CliRunner().invoke(apex, ["test", str(project), "--cobertura", str(coverage), "--junit", str(junit)])
    root = _valid(coverage, COBERTURA)
    (cls,) = root.iter("class")
    assert (root.findtext("sources/source"), cls.get("filename")) == (str(project), "main/classes/Paint.cls")
    assert [(line.get("number"), line.get("hits"), line.get("branch")) for line in cls.iter("line")] == [
        ("2", "0", "false"),
        ("3", "0", "false"),
    ]
    assert [dict(failure.attrib) for failure in _valid(junit, JUNIT).iter("failure")] == [
        {"message": "System.AssertException: Assertion Failed: numbers: Expected: 1, Actual: 2", "type": "Fail"}
    ]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--tests", "PaintTes.good"], "--tests PaintTes.good: no test class or Class.method of that name;"),
        (["--junit", "FOLDER/main/classes/PaintTest.cls/j.xml"], "the report cannot be written: "),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_runs(project: Path, options: list[str], text: str) -> None:
    result = CliRunner().invoke(apex, ["test", str(project), *(o.replace("FOLDER", str(project)) for o in options)])
    assert (result.exit_code, text in result.output, "Outcome" in result.output) == (2, True, False)


def test_a_report_on_a_full_disk_is_named_and_is_no_success(project: Path) -> None:
    result = CliRunner().invoke(apex, ["test", str(project), "--tests", "PaintTest.good", "--junit", "/dev/full"])
    assert result.exit_code == 2
    assert "/dev/full: the report cannot be written: No space left on device\n" in result.output


def test_files_that_no_compiler_can_read_are_explained(project: Path) -> None:
    classes = project / "main" / "classes"
    (classes / "Marked.cls").write_text("public class Marked {}", encoding="utf-8-sig")
    (classes / "Wide.cls").write_text("public class Wide {}", encoding="utf-16")
    (classes / "Latin.cls").write_text("public class Latin {} // \u00e9", encoding="latin-1")
    (classes / "Huge.cls").write_text("public class Huge {} //" + "x" * 1_000_000)
    (project / "sfdx-project.json").write_text('{"packageDirectories": [{"path": "main"}, {"path": "gone"}]}')
    lines = CliRunner().invoke(apex, ["test", str(project)]).stderr.splitlines()
    advice = "; save it as UTF-8 without a byte order mark"
    assert {
        f"{project}/sfdx-project.json: warning: the package directory gone is not there",
        f"Marked.cls: warning: begins with a byte order mark{advice}",
        f"Wide.cls: warning: is UTF-16{advice}",
        f"Latin.cls: warning: byte 26 is no UTF-8{advice}",
        "Huge:1:1: Script too large: the limit is 1,000,000 characters",
    } <= set(lines)
    assert max(map(len, lines)) < 1000


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
