"""Mutants are made where a change means something, and tests are judged by what they notice."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from orgtwin.apex.cli import apex
from orgtwin.apex.mutants import find_mutants
from orgtwin.apex.mutation import KILLED, STILLBORN, SURVIVED, UNCOVERED, run_mutation

pytestmark = pytest.mark.long

ADULT = """public class Adult {
    public static Boolean isAdult(Integer age) {
        if (age == null) {
            return true;
        }
        return age >= 18;
    }
    public static Integer unused() {
        return 7;
    }
}
"""
SHARP = """@IsTest
private class AdultTest {
    @IsTest
    static void eighteenIsTheLimit() {
        Assert.isTrue(Adult.isAdult(18));
        Assert.isFalse(Adult.isAdult(17));
        Assert.isTrue(Adult.isAdult(null));
    }
}
"""
BLUNT = SHARP.replace("Assert.isFalse(Adult.isAdult(17));", "").replace("Assert.isTrue(Adult.isAdult(null));", "")

BODY = "public class A {{ public static void run(List<String> names) {{ {} }} }}"


@pytest.mark.parametrize(
    ("statement", "kind", "changes"),
    [
        ("Boolean b = 1 == 2;", "comparison", ["== becomes !="]),
        ("Boolean b = 1 < 2;", "comparison", ["< becomes <=", "< becomes >="]),
        (
            "Boolean b = true && !false;",
            "boolean",
            ["true becomes false", "&& becomes ||", "! is left out", "false becomes true"],
        ),
        ("Integer n = 4;", "constant", ["4 becomes 5"]),
        ("String s = 'a';", "constant", ["'a' becomes ''"]),
        ("if (names.isEmpty()) { return; }", "guard", ["the condition is never met", "the condition is always met"]),
        (
            "for (String n : names) { run(names); }",
            "loop",
            ["no turn of the loop is done", "the loop ends after its first turn"],
        ),
        ("names.add('a');", "statement", ["left out: names.add('a');"]),
        ("names = new List<String>{ 'a', 'b' };", "owner", ["not in the list: 'a'", "not in the list: 'b'"]),
    ],
)
def test_a_source_is_changed_in_small_wrong_ways(statement: str, kind: str, changes: list[str]) -> None:
    found = [m.change for m in find_mutants("A", BODY.format(statement)) if m.kind == kind]
    assert [c for c in found if c in changes][: len(changes)] == changes


def test_a_returned_value_becomes_null() -> None:
    source = "public class A { public static Integer n() { return 1; } }"
    assert [m.source for m in find_mutants("A", source) if m.kind == "return"] == [
        source.replace("return 1", "return null")
    ]


def make_project(folder: Path, test: str) -> Path:
    classes = folder / "classes"
    classes.mkdir()
    (classes / "Adult.cls").write_text(ADULT, encoding="utf-8")
    (classes / "AdultTest.cls").write_text(test, encoding="utf-8")
    return folder


def test_a_mutant_that_makes_a_test_fail_is_killed_and_the_test_named(tmp_path: Path) -> None:
    run = run_mutation(make_project(tmp_path, SHARP))
    killed = {(v.mutant.line, v.mutant.change): v.by for v in run.verdicts if v.outcome == KILLED}
    assert killed[6, ">= becomes >"] == "AdultTest.eighteenIsTheLimit"
    assert {v.outcome for v in run.verdicts} <= {KILLED, UNCOVERED, STILLBORN, SURVIVED}


def test_what_no_test_runs_counts_as_not_noticed(tmp_path: Path) -> None:
    run = run_mutation(make_project(tmp_path, SHARP))
    assert [(v.mutant.line, v.outcome) for v in run.survivors] == [(9, UNCOVERED), (9, UNCOVERED)]
    assert run.rate < 100


def test_a_blunt_suite_lets_mutants_live_and_the_command_says_which(tmp_path: Path) -> None:
    result = CliRunner().invoke(apex, ["mutate", str(make_project(tmp_path, BLUNT)), "--processes", "1"])
    assert result.exit_code == 1
    assert "survived: Adult:3: guard: the condition is never met" in result.output
    assert "not covered: Adult:9: return: null is returned" in result.output


def test_a_suite_that_fails_before_anything_is_changed_judges_nothing(tmp_path: Path) -> None:
    folder = make_project(tmp_path, SHARP.replace("isTrue", "isFalse"))
    result = CliRunner().invoke(apex, ["mutate", str(folder), "--processes", "1"])
    assert result.exit_code == 2
    assert "a test fails before anything is changed: AdultTest.eighteenIsTheLimit" in result.output


def test_a_sample_is_the_same_every_time(tmp_path: Path) -> None:
    folder = make_project(tmp_path, SHARP)
    first, second = (run_mutation(folder, sample=3, seed=7) for _ in range(2))
    assert len(first.verdicts) == 3
    assert first.verdicts == second.verdicts


def test_of_the_kits_own_apex_nine_mutants_in_ten_are_noticed() -> None:
    """A seeded sample, about half of which compiles; `orgtwin apex mutate force-app` judges all of them."""
    run = run_mutation(Path(__file__).resolve().parents[3] / "force-app", sample=240, seed=0)
    unnoticed = [f"{v.mutant.name}:{v.mutant.line}: {v.mutant.change}" for v in run.survivors]
    assert len(run.judged) >= 100
    assert run.rate >= 90, unnoticed
