"""`orgtwin apex test`: several processes tell what one tells, and a change runs the tests again."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from click.testing import CliRunner

from orgtwin.apex.cli import apex
from orgtwin.apex.project_runs import Listener, NotRun, RunRequest, Worker, run_parts
from orgtwin.apex.watch import watch

PAINT = """public class Paint {
  public static Integer one() {
    return 1;
  }
  public static Integer two() {
    return 2;
  }
  public static Integer three() {
    return 3;
  }
}"""
TESTS = {
    "APaintTest": "@IsTest static void one() { Assert.areEqual(1, Paint.one()); }",
    "BPaintTest": "@IsTest static void two() { Assert.areEqual(2, Paint.two()); }\n"
    "  @IsTest static void bad() { Assert.areEqual(3, Paint.one(), 'numbers'); }",
    "CPaintTest": "@IsTest static void one() { Assert.areEqual(1, Paint.one()); }",
}
BROKEN = "public class Broken {\n  Integer x = 'a';\n}"
TIMES = re.compile(r'(time="|timestamp="[-0-9T:]*|Time +|"RunTime": |"testTotalTime": ")[0-9.]+( ms)?')


@pytest.fixture
def project(tmp_path: Path) -> Path:
    classes = tmp_path / "force-app" / "classes"
    classes.mkdir(parents=True)
    (classes / "Paint.cls").write_text(PAINT)
    (classes / "Broken.cls").write_text(BROKEN)
    for name, body in TESTS.items():
        (classes / f"{name}.cls").write_text(f"@IsTest private class {name} {{\n  {body}\n}}")
    return tmp_path / "force-app"


def told(project: Path, *options: str) -> list[object]:
    """Exit code, both streams and both report files, without times."""
    files = [project.parent / name for name in ("junit.xml", "cobertura.xml")]
    paths = ["--junit", str(files[0]), "--cobertura", str(files[1])]
    result = CliRunner().invoke(apex, ["test", str(project), *paths, *options])
    texts = (result.stdout, result.stderr, *(path.read_text(encoding="utf-8") for path in files))
    return [result.exit_code, *(TIMES.sub("", text) for text in texts)]


@pytest.mark.parametrize("options", [("--coverage", "--tests", "BPaintTest", "--tests", "CPaintTest.one"), ("--json",)])
def test_two_processes_tell_what_one_tells(project: Path, options: tuple[str, ...]) -> None:
    assert told(project, *options, "--jobs", "2") == told(project, *options, "--jobs", "1")


def test_a_trigger_may_have_the_name_of_a_class(tmp_path: Path) -> None:
    (tmp_path / "Accounts.cls").write_text(
        "public class Accounts { public static void name(Account a) { a.Name = 'B'; } }"
    )
    (tmp_path / "Accounts.trigger").write_text(
        "trigger Accounts on Account (before insert) { Accounts.name(Trigger.new[0]); }"
    )
    (tmp_path / "AccountsTest.cls").write_text(
        "@IsTest class AccountsTest { @IsTest static void runs() {"
        " insert new Account(Name = 'A'); Assert.areEqual('B', [SELECT Name FROM Account].Name); } }"
    )
    assert told(tmp_path)[:1] == [0]


def test_what_keeps_a_process_from_running_is_told_once(project: Path) -> None:
    result = CliRunner().invoke(apex, ["test", str(project), "--jobs", "2", "--assign", "Painter"])
    assert (result.exit_code, result.output) == (
        2,
        "--assign Painter: the project has no permission set of that name\n",
    )


def test_a_line_that_one_process_ran_is_covered_whatever_the_others_ran(project: Path) -> None:
    result = CliRunner().invoke(apex, ["test", str(project), "--jobs", "2", "--json"])
    report = json.loads(result.stdout)
    row = next(row for row in report["coverage"]["coverage"] if row["name"] == "Paint")
    assert row == {
        "name": "Paint",
        "totalLines": 6,
        "lines": {"2": 1, "3": 1, "5": 1, "6": 1, "8": 0, "9": 0},
        "totalCovered": 4,
        "coveredPercent": 67,
    }
    assert [test["FullName"] for test in report["tests"]] == [
        "APaintTest.one",
        "BPaintTest.two",
        "BPaintTest.bad",
        "CPaintTest.one",
    ]
    assert report["problems"] == ["Broken:2:11: Illegal assignment from String to Integer"]


def die_in_a_class(request: RunRequest, part: int, pipe: Connection) -> None:
    """A process that ends without a word, as one that the kernel ends."""
    pipe.send("BPaintTest")
    os._exit(9)


def die_early(request: RunRequest, part: int, pipe: Connection) -> None:
    os._exit(3)


@pytest.mark.parametrize(
    ("worker", "text"),
    [
        (
            die_in_a_class,
            "test process 1 of 2 ended with exit code 9 in test class BPaintTest; run it alone: --tests BPaintTest",
        ),
        (die_early, "test process 1 of 2 ended with exit code 3 before its first test class"),
    ],
)
def test_a_process_that_dies_is_named_with_the_class_it_ran(project: Path, worker: Worker, text: str) -> None:
    with pytest.raises(NotRun) as refused:
        run_parts(RunRequest(project, jobs=2), Listener(), worker=worker)
    assert str(refused.value) == text


@pytest.mark.parametrize(
    "path", ["labels/CustomLabels.labels-meta.xml", "objects/A__c/fields/F__c.field-meta.xml", "pages/P.page-meta.xml"]
)
def test_a_file_that_is_no_xml_is_named_and_the_others_are_read(project: Path, path: str) -> None:
    broken = project / path
    broken.parent.mkdir(parents=True)
    broken.write_text("<CustomLabels>")
    broken.with_name("P.page").write_text("<apex:page/>")
    result = CliRunner().invoke(apex, ["test", str(project)])
    assert "Traceback" not in result.output
    assert (
        f"{broken.name.replace('.page-meta.xml', '.page')}: Error parsing file: Premature end of data" in result.output
    )
    assert "Tests Ran" in result.output


def steps(*edits: Callable[[], object]) -> Iterator[None]:
    """Each next() makes an edit; after the last it is Ctrl-C."""
    for edit in edits:
        edit()
        yield
    raise KeyboardInterrupt


def test_the_watch_runs_again_what_a_change_concerns_until_ctrl_c(project: Path) -> None:
    classes = project / "classes"
    lonely = "@IsTest private class LonelyTest { @IsTest static void one() { Assert.areEqual(1, 2); } }"
    (classes / "LonelyTest.cls").write_text(lonely)
    waiting = steps(
        lambda: None,
        lambda: (classes / "BPaintTest.cls").unlink(),
        lambda: (classes / "notes.txt").write_text("not read by the run"),
        lambda: (classes / "Paint.cls").write_text(PAINT.replace("return 1", "return 5")),
        lambda: (classes / "Paint.cls").write_text(PAINT.replace("return 1;", "return ")),
        lambda: (classes / "Paint.cls").rename(classes / "Paints.cls"),
        lambda: (classes / "LonelyTest.cls").write_text(lonely.replace("2", "1")),
        lambda: (project / "Colour.labels-meta.xml").write_text(
            '<CustomLabels xmlns="http://soap.sforce.com/2006/04/metadata"/>'
        ),
    )
    result = CliRunner().invoke(apex, ["test", str(project), "--watch"], obj=lambda: next(waiting))
    watching = f"Watching {project}; Ctrl-C ends"
    lonely_still = "LonelyTest.one  failed before and is not concerned"
    assert result.exit_code == 130
    kept = ("Tests Ran", "Watching", "removed", "new", "changed", "Lonely", "No test", "Paint")
    lines = result.output.splitlines()
    shown = [line for line in lines if "failed before" in line or (line.startswith(kept) and ".one  Fail" not in line)]
    assert [line.replace("   ", " ") for line in shown] == [
        *("Tests Ran 5", watching),
        *("removed classes/BPaintTest.cls", "No test is concerned", lonely_still, watching),
        *("changed classes/Paint.cls", "Tests Ran 2", lonely_still, watching),
        *("changed classes/Paint.cls", "Paint:4:3: Unexpected token '}'.", "Tests Ran 2", lonely_still, watching),
        *("removed classes/Paint.cls", "new classes/Paints.cls", "Paints:4:3: Unexpected token '}'."),
        *("Tests Ran 2", lonely_still, watching),
        *("changed classes/LonelyTest.cls", "Paints:4:3: Unexpected token '}'.", "Tests Ran 1"),
        *("APaintTest.one  failed before and is not concerned", "CPaintTest.one  failed before and is not concerned"),
        *(watching, "new Colour.labels-meta.xml", "Paints:4:3: Unexpected token '}'.", "Tests Ran 3", watching),
    ]


def test_what_changes_while_the_tests_run_is_not_missed(project: Path) -> None:
    said: list[str] = []
    brush = project / "classes" / "Brush.cls"
    runs: Iterator[Callable[[], object]] = iter([lambda: brush.write_text("public class Brush {}"), lambda: None])
    with pytest.raises(KeyboardInterrupt):
        watch([project], lambda _concerned: next(runs)(), said.append, lambda: next(steps()))
    assert said == [f"Watching {project}; Ctrl-C ends", "new classes/Brush.cls", f"Watching {project}; Ctrl-C ends"]


def test_every_file_that_a_run_reads_is_watched_those_of_other_projects_too(project: Path, tmp_path: Path) -> None:
    base, resources = tmp_path / "base", project / "staticresources"
    resources.mkdir()
    base.mkdir()
    (project.parent / "sfdx-project.json").write_text("{}")
    (resources / "Logo.resource-meta.xml").write_text("")
    concerned: list[frozenset[str] | None] = []
    said: list[str] = []
    waiting = steps(
        lambda: (base / "Base.cls").write_text("public class Base {}"),
        lambda: (project / "classes" / "Paint.cls-meta.xml").write_text("<ApexClass/>"),
        lambda: (resources / "Logo.png").write_text("P"),
        lambda: (project.parent / ".forceignore").write_text("*.png"),
    )
    with pytest.raises(KeyboardInterrupt):
        watch([project, base], concerned.append, said.append, lambda: next(waiting))
    assert concerned == [None, frozenset({"Base"}), None, None, None]
    assert [line for line in said if not line.startswith("Watching")] == [
        "new ../base/Base.cls",
        "new classes/Paint.cls-meta.xml",
        "new staticresources/Logo.png",
        "new ../.forceignore",
    ]
