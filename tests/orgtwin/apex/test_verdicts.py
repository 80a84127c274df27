"""Verdicts of the checker are kept as long as what they rest on stays the same, and no longer."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.orgtwin.apex.small_org import SmallOrg

from orgtwin.apex.engine import Engine
from orgtwin.apex.verdicts import Verdicts, load_verdicts

A = "public class A { public static Integer f() { return 1; } }"
B = "public class B { Integer i = A.f(); String s = 1; }"
WRONG = "B:1:44: Illegal assignment from Integer to String"


def check(verdicts: Verdicts, **sources: str) -> tuple[list[str], list[str]]:
    """The problems, and the classes that were compiled to find them."""
    engine = Engine(SmallOrg())
    engine.load(sources)
    problems = [str(p) for p in engine.check(verdicts)]
    compiled = [
        c.name for c in engine.classes.values() if getattr(c.constructors[0].compile, "__name__", "") == "_nothing"
    ]
    return problems, compiled


def test_what_was_judged_before_is_not_compiled_again() -> None:
    verdicts = Verdicts()
    assert check(verdicts, A=A, B=B) == ([WRONG], ["A", "B"])
    assert check(verdicts, A=A, B=B) == ([WRONG], [])


def test_a_changed_body_is_judged_alone() -> None:
    verdicts = Verdicts()
    check(verdicts, A=A, B=B)
    assert check(verdicts, A=A.replace("return 1", "return 2"), B=B) == ([WRONG], ["A"])


def test_a_changed_declaration_is_judged_with_all_that_may_name_it() -> None:
    verdicts = Verdicts()
    check(verdicts, A=A, B=B)
    problems, compiled = check(verdicts, A=A.replace("Integer f", "Long f"), B=B)
    assert (problems, compiled) == (["B:1:26: Illegal assignment from Long to Integer", WRONG], ["A", "B"])


def test_verdicts_outlive_the_process_in_a_file(tmp_path: Path) -> None:
    verdicts = Verdicts()
    check(verdicts, A=A, B=B)
    verdicts.save(tmp_path / "verdicts.json")
    assert check(load_verdicts(tmp_path / "verdicts.json"), A=A, B=B) == ([WRONG], [])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format":0,"verdicts":{"k":[]}}', '{"format":1,"checker":"x"}'])
def test_a_file_of_something_else_holds_no_verdicts(tmp_path: Path, text: str) -> None:
    (tmp_path / "verdicts.json").write_text(text)
    assert check(load_verdicts(tmp_path / "verdicts.json"), A=A) == ([], ["A"])
