"""The lines of cases/coverage that end in `//+` count, and no others: as Salesforce's own compiler told for these programs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.orgtwin.apex.small_org import SmallOrg

from orgtwin.apex.engine import Engine

TEXT = (Path(__file__).parent / "cases" / "coverage" / "lines.apex").read_text(encoding="utf-8")
PROGRAMS = dict(part.split(" ===\n", 1) for part in TEXT.split("\n=== ")[1:])
RUN = """public class Paths {
  static Integer shared { get; set; }
  static Boolean no() { return false; }
  public static void run(Integer a) {
    if (no()
      && a == 1
      || a == 2) {
      a = 3;
    } else if (
      a == 4) {
      throw new NullPointerException();
    }
    switch on a {
      when 1 { shared = 1; }
      when 5 { a = 6; }
      when 7 { a = 8; }
    }
    Integer b = a == 6
      ? 1
      : 2;
  }
}"""


@pytest.mark.parametrize("source", PROGRAMS.values(), ids=PROGRAMS)
def test_the_lines_that_count_are_those_of_the_compiler(source: str) -> None:
    engine = Engine(SmallOrg(), coverage=True)
    assert engine.load({"source": source}) == []
    assert engine.check() == []
    marked = {n for n, line in enumerate(source.split("\n"), 1) if line.endswith("//+")}
    assert set().union(*engine.coverage.lines.values()) == marked


def test_what_is_not_reached_of_a_statement_is_not_covered() -> None:
    """Source: "New Code Coverage Calculation for Multiline Statements" (Summer '15 Release Notes)."""
    engine = Engine(SmallOrg(), coverage=True)
    assert engine.load({"Paths": RUN}) == []
    assert engine.check() == []
    assert engine.run_anonymous("Paths.run(5);") == []
    (row,) = engine.coverage.report(["Paths"])
    assert row.covered == (3, 4, 5, 7, 10, 13, 14, 15, 18, 19)
    assert row.uncovered == (2, 6, 8, 11, 16, 20)
