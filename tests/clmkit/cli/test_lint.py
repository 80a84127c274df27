"""`clmkit lint` as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from clmkit.cli.main import main
from clmkit.mapping.report import FORMATS

SHIPPED = Path(__file__).parents[3] / "mappings" / "contract.yml"


def test_the_shipped_mapping_is_clean() -> None:
    result = CliRunner().invoke(main, ["lint", str(SHIPPED)])
    assert (result.exit_code, result.output) == (0, "no findings\n")


def test_an_error_is_shown_with_its_place_and_the_exit_code_is_2(tmp_path: Path) -> None:
    spec = tmp_path / "m.yml"
    spec.write_text(SHIPPED.read_text().replace("prefix: CLM\n", "prefix: clm\n"))
    result = CliRunner().invoke(main, ["lint", str(spec)])
    assert result.exit_code == 2
    assert result.output == (
        f"{spec}:9:9: error MAP105: prefix is clm, which is not a prefix\n  9 | prefix: clm\n              ^^^\n"
        "  help: write a prefix: a capital letter, then 1 to 7 letters or digits\n\n1 error, 0 warnings\n"
    )


def test_a_warning_is_an_error_only_when_it_is_asked_for(tmp_path: Path) -> None:
    spec = tmp_path / "m.yml"
    spec.write_text(SHIPPED.read_text().replace("  finance: Revenue accounting\n", "  finance: ana@example.com\n"))
    assert CliRunner().invoke(main, ["lint", str(spec)]).exit_code == 0
    assert CliRunner().invoke(main, ["lint", "--strict", str(spec)]).exit_code == 2


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_reports_a_missing_file_without_a_traceback(form: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["lint", "--format", form, str(tmp_path / "none.yml")])
    assert result.exit_code == 2
    assert "MAP001" in result.output
    assert "Traceback" not in result.output


def test_json_is_one_document() -> None:
    assert json.loads(CliRunner().invoke(main, ["lint", "--format", "json", str(SHIPPED)]).output) == {"findings": []}


def test_github_says_nothing_about_a_clean_file() -> None:
    assert CliRunner().invoke(main, ["lint", "--format", "github", str(SHIPPED)]).output == ""
