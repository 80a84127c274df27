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


BOMB = b"a: &a [x, x]\n" + b"".join(b"k%d: &b%d [*a, *a]\n" % (index, index) for index in range(9))
HOSTILE: dict[str, tuple[bytes, str, str]] = {
    "aliases that unfold without end": (BOMB, "1:4: error MAP009: &a is an anchor", "write the value where it is used"),
    "two documents": (
        b"a: 1\n---\nb: 2\n",
        "2:1: error MAP011: a second document starts here",
        "keep one spec per file",
    ),
    "Windows lines": (
        b"a: [\r\n",
        "2:1: error MAP005: not YAML: did not find",
        "check brackets, quotes and indentation here",
    ),
    "two marks of byte order": (
        b"\xef\xbb\xbf" * 2 + b"a: [\n",
        "2:1: error MAP005: not YAML: did not",
        "check brackets",
    ),
    "UTF-16": ("a: 1\n".encode("utf-16-le"), "1:2: error MAP005: not YAML: the character U+0000", "remove the control"),
    "UTF-16 with its mark": (
        b"\xff\xfea\x00",
        "1:1: error MAP003: the file is not UTF-8: byte 0xFF",
        "save the file as",
    ),
    "a tab": (
        b"objects:\n  contract:\n\t  x: 1\n",
        "3:1: error MAP006: a tab is used to indent",
        "YAML indents with spaces",
    ),
    "a key thrice": (
        b"name: 1\n" * 3,
        "2:1: error MAP007: the key name stands here and in line 1",
        "keep one of the two",
    ),
    "ten megabytes": (b"#" * 10_000_000, "1:1: error MAP002: the file has more than 8 MB", "a spec of 20,000 fields"),
    "brackets without end": (
        b"a: " + b"[" * 200_000,
        "1:67: error MAP008: the file nests more than 64",
        "a spec needs eight",
    ),
    "blocks without end": (b"- " * 200_000, "1:129: error MAP008: the file nests more than 64", "a spec needs eight"),
    "a picture": (
        b"\x89PNG\r\n\x1a\n\x00",
        "1:1: error MAP003: the file is not UTF-8: byte 0x89",
        "save the file as UTF-8",
    ),
    "an unknown version of YAML": (
        b"%YAML 3.0\n---\na: 1\n",
        "1:1: error MAP005: not YAML: found incompat",
        "check brackets",
    ),
    "a tag without its handle": (
        b"a: !e!foo b\n",
        "1:4: error MAP005: not YAML: found undefined tag",
        "check brackets",
    ),
    "an escape of a control character": (
        b'"a\\x01": 1\n',
        "1:1: error MAP015: the text has the character U+0001",
        "remove its",
    ),
    "a number of 5,000 digits": (b"name: " + b"9" * 5_000, "1:7: error MAP105: name is 999", "write a name"),
    "nothing": (b"", "1:1: error MAP004: the file is empty", "start from the shipped"),
}


@pytest.mark.parametrize(("data", "place", "fix"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_with_a_place_and_a_fix(data: bytes, place: str, fix: str, tmp_path: Path) -> None:
    spec = tmp_path / "m.yml"
    spec.write_bytes(data)
    result = CliRunner().invoke(main, ["lint", str(spec)])
    assert isinstance(result.exception, SystemExit)
    assert result.exit_code == 2
    assert f"{spec}:{place}" in result.output
    assert f"  help: {fix}" in result.output
