"""The table of public projects adds up to what the page on Apex says of it."""

import re
from pathlib import Path

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
ROW = re.compile(r"\| (?P<name>\S+/[^|]+?) \| [\w, ]+ \| (?P<tests>\d+) \| (?P<passed>\d+) \|(?P<why>.*)\|")


def _sections() -> list[list[re.Match[str]]]:
    page = (REFERENCE / "apex-projects.md").read_text(encoding="utf-8")
    return [[row for line in part.splitlines() if (row := ROW.match(line))] for part in page.split("\n## ")[1:]]


def test_the_totals_of_the_page_on_apex_are_those_of_its_table() -> None:
    said = (REFERENCE / "apex.md").read_text(encoding="utf-8")
    for rows in _sections():
        passed, tests = (sum(int(row[column]) for row in rows) for column in ("passed", "tests"))
        assert f"{passed:,} of {tests:,}" in said


def test_each_project_stands_once_and_in_its_place_and_says_why_a_test_of_it_fails() -> None:
    for rows in _sections()[1:]:
        names = [row["name"].lower() for row in rows]
        assert names == sorted(set(names))
    for row in (row for rows in _sections() for row in rows):
        assert (int(row["passed"]) < int(row["tests"])) == bool(row["why"].strip()), row["name"]
