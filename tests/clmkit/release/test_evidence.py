"""The evidence page and its JUnit companion."""

from __future__ import annotations

import dataclasses
import re

import pytest
from lxml import etree, html

from clmkit.release.evidence import (
    Case,
    ContractRow,
    Difference,
    Evidence,
    FieldCoverage,
    ParkedValue,
    StepTime,
    Suite,
    render_evidence,
    render_junit,
)

END = ParkedValue("End date", "[]/[]/2020", "day and month are missing", "Legal operations")
CLEAN = Evidence(
    made_at="2026-11-21T21:00:00Z",
    spec_name="contract",
    spec_version="1.0.0",
    spec_summary="Dates and values.",
    source="contracts.csv",
    contracts=(
        ContractRow("AGR-1", "Supply <Agreement>", "Acme", "2020-01-01", "", "Activated", "800TW0000000001YAA", (END,)),
        ContractRow(
            "AGR-2", "Agency Agreement", "", "", "", "", "", (), "No counterparty is named.", "Legal operations"
        ),
    ),
    coverage=(FieldCoverage("Contract", "End date", "EndDate", "CLM", 0, 1, 1),),
    suites=(Suite("Lifecycle", "Robot Framework", (Case("A contract lives", True, 1.5),)),),
    compared=12,
    differences=(),
    api_calls={"query": 2, "collections upsert": 3},
    steps=(StepTime("Deploy", 9.25, "74 components"),),
    limits=("The Apex is not executed.",),
)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", "".join(str(piece) for piece in html.fromstring(page).itertext()))


def test_the_page_needs_nothing_from_anywhere_else() -> None:
    page = render_evidence(CLEAN)
    assert not re.search(r"""(?:src|href)\s*=|@import|url\(""", page)


def test_every_contract_stands_on_the_page_with_what_waits_and_why() -> None:
    text = text_of(render_evidence(CLEAN))
    assert "Supply <Agreement>" in text
    assert "End date: day and month are missing (Legal operations)" in text
    assert "No counterparty is named." in text


def test_figures_add_up() -> None:
    assert (CLEAN.synced, CLEAN.waiting, len(CLEAN.contracts)) == (1, 1, 2)
    assert CLEAN.reasons() == [
        ("Whole contract", "Legal operations", 1, "No counterparty is named."),
        ("End date", "Legal operations", 1, "day and month are missing"),
    ]


@pytest.mark.parametrize(
    "spoiled",
    [
        dataclasses.replace(CLEAN, differences=(Difference("Contract", "AGR-1", "End date", "2020", "2021", "CLM"),)),
        dataclasses.replace(CLEAN, suites=(Suite("Lifecycle", "pytest", (Case("fails", False, 0.1, "1 != 2"),)),)),
        dataclasses.replace(CLEAN, suites=(Suite("Lifecycle", "pytest", (), not_run=1),)),
    ],
    ids=["a difference", "a failure", "a case not run"],
)
def test_a_difference_a_failure_or_a_case_not_run_takes_the_good_verdict_away(spoiled: Evidence) -> None:
    assert "every check passed" in text_of(render_evidence(CLEAN))
    assert not spoiled.is_clean
    assert "Something is not right: see below" in text_of(render_evidence(spoiled))


def test_junit_counts_and_escapes() -> None:
    suite = Suite("Lifecycle", "pytest", (Case("passes", True, 0.1), Case("fails", False, 0.2, "<b> & 'c'")), not_run=1)
    root = etree.fromstring(render_junit([suite]).encode())
    (element,) = root
    assert {name: element.get(name) for name in ("name", "tests", "failures", "skipped")} == {
        "name": "Lifecycle",
        "tests": "3",
        "failures": "1",
        "skipped": "1",
    }
    (failure,) = root.iter("failure")
    assert failure.get("message") == "<b> & 'c'"
