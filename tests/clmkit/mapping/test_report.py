from __future__ import annotations

import json

import pytest

from clmkit.mapping.findings import Finding, Place, Severity
from clmkit.mapping.report import count_findings, render_github, render_human, render_json, render_sarif

ERROR = Finding(
    code="MAP209",
    severity=Severity.ERROR,
    message="contract.kind names the value map kinds, which does not exist",
    help="did you mean kind?",
    file="mappings/a,b.yml",
    place=Place(3, 9, 5),
    excerpt="  type: {picklist: kinds}",
)
WARNING = Finding(
    code="MAP715",
    severity=Severity.WARNING,
    message="100% is\nodd",
    help="add description",
    file="m.yml",
    place=Place(1, 1),
    excerpt="",
)


def test_a_finding_shows_its_line_and_underlines_the_place() -> None:
    assert render_human([ERROR]) == (
        "mappings/a,b.yml:3:9: error MAP209: contract.kind names the value map kinds, which does not exist\n"
        "  3 |   type: {picklist: kinds}\n"
        "              ^^^^^\n"
        "  help: did you mean kind?\n"
        "\n"
        "1 error, 0 warnings"
    )


def test_a_long_line_is_cut_around_the_place() -> None:
    long = Finding(
        code="MAP101",
        severity=Severity.ERROR,
        message="m",
        help="h",
        file="f",
        place=Place(1, 301, 3),
        excerpt="x" * 300 + "abc" + "y" * 300,
    )
    _, shown, carets, *_ = render_human([long]).split("\n")
    assert shown[carets.index("^") :].startswith("abcy")
    assert carets.count("^") == 3
    assert len(shown) < 200


@pytest.mark.parametrize(
    ("findings", "text"),
    [([], "no findings"), ([ERROR], "1 error, 0 warnings"), ([ERROR, ERROR, WARNING], "2 errors, 1 warning")],
)
def test_findings_are_counted(findings: list[Finding], text: str) -> None:
    assert count_findings(findings) == text


def test_json_holds_every_part_of_a_finding() -> None:
    assert json.loads(render_json([ERROR])) == {
        "findings": [
            {
                "code": "MAP209",
                "severity": "error",
                "message": "contract.kind names the value map kinds, which does not exist",
                "help": "did you mean kind?",
                "file": "mappings/a,b.yml",
                "place": {"line": 3, "column": 9, "width": 5},
                "excerpt": "  type: {picklist: kinds}",
            }
        ]
    }


def test_github_annotations_escape_what_would_end_them() -> None:
    assert render_github([ERROR, WARNING]) == (
        "::error file=mappings/a%2Cb.yml,line=3,col=9,endColumn=14,title=MAP209::"
        "contract.kind names the value map kinds, which does not exist. help: did you mean kind?\n"
        "::warning file=m.yml,line=1,col=1,endColumn=2,title=MAP715::100%25 is%0Aodd. help: add description"
    )


def test_sarif_names_rules_and_places() -> None:
    (run,) = json.loads(render_sarif([WARNING, ERROR]))["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["MAP209", "MAP715"]
    assert [rule["name"] for rule in run["tool"]["driver"]["rules"]] == ["value_map_unknown", "description_missing"]
    rule = run["tool"]["driver"]["rules"][0]
    assert rule["shortDescription"]["text"] == "A picklist names a value map that the spec has."
    assert "Good:" in rule["help"]["text"]
    second = run["results"][1]
    assert (second["ruleId"], second["ruleIndex"], second["level"]) == ("MAP209", 0, "error")
    assert second["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "mappings/a%2Cb.yml"},
        "region": {"startLine": 3, "startColumn": 9, "endColumn": 14},
    }
