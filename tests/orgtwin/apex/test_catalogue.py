"""The case files hold what the documentation of Apex promises: enough of them, each with the page that it comes from."""

from __future__ import annotations

from pathlib import Path

from tests.orgtwin.apex.conftest import cases_of

CASES = Path(__file__).parent / "cases"


def files(kind: str) -> list[Path]:
    return sorted((CASES / kind).iterdir())


def test_at_least_1200_values_are_expected_and_each_file_names_its_pages() -> None:
    assert sum(len(cases_of(path)) for path in files("values")) >= 1_200
    first_lines = {path.name: path.read_text(encoding="utf-8").partition("\n")[0] for path in files("values")}
    assert [name for name, line in first_lines.items() if not line.startswith('// Source: "')] == []


def test_at_least_300_programs_are_accepted_or_rejected_each_by_a_rule_with_its_page() -> None:
    titles = [title for path in files("checks") for title, _given, _expected in cases_of(path)]
    assert len(titles) >= 300
    assert [title for title in titles if not title.endswith(")")] == []


def test_accepted_programs_are_among_them() -> None:
    verdicts = [expected for path in files("checks") for _title, _given, expected in cases_of(path)]
    assert verdicts.count("accepted") >= 100
