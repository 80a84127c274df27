"""A comparison as people and programs read it, and what a release may go ahead with."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.clmkit.release.specs import SHIPPED, resolved, written

from clmkit.cli.main import main
from clmkit.release.changes import Bump, bump_version, find_step
from clmkit.release.notes import FORMATS
from clmkit.release.reference import PAGE, render_page
from clmkit.release.revisions import Revision
from clmkit.release.verdict import Verdict, find_decisions, judge

GOLDEN = Path(__file__).parent / "golden"
RECORD = "# 9. Names of agreements are cut\n\nDecides: REL213 contract.title\n- Decides:  REL211  contract.envelope\n"


def changed_spec() -> Verdict:
    """The shipped mapping one release later: a title cut, a field dropped, an owner changed, a value and a field added."""
    data = written()
    data["version"] = "1.1.0"
    fields = data["objects"]["contract"]["fields"]
    fields["title"]["type"] = {"text": 120}
    del fields["envelope"]
    fields["signed_date"]["owner"] = "salesforce"
    fields["arr"]["audience"] = ["reader", "steward"]
    data["value_maps"]["party_role"]["values"]["agent"] = "Agent"
    decisions = find_decisions([("docs/decisions/0009-names.md", RECORD)])
    return judge(Revision("v1", resolved(written())), Revision("v2", resolved(data)), decisions)


@pytest.mark.parametrize("form", FORMATS)
def test_a_comparison_reads_as_the_golden_file_says(form: str) -> None:
    assert FORMATS[form](changed_spec()) + "\n" == (GOLDEN / f"compare.{form}").read_text(encoding="utf-8")


def test_a_break_is_undecided_until_a_record_names_it() -> None:
    verdict = changed_spec()
    assert [change.name for change in verdict.breaks] == [
        "REL213 contract.title",
        "REL211 contract.envelope",
        "REL301 contract.signed_date",
    ]
    assert [change.name for change in verdict.undecided] == ["REL301 contract.signed_date"]
    assert (verdict.bump, verdict.suggested_version, verdict.is_version_enough) == (Bump.MAJOR, "2.0.0", False)


STEPS = [
    ("1.2.3", "1.2.4", Bump.PATCH),
    ("1.2.3", "1.3.0", Bump.MINOR),
    ("1.2.3", "2.0.0", Bump.MAJOR),
    ("1.9.0", "1.10.0", Bump.MINOR),
    ("1.2.3", "1.2.3", Bump.NONE),
    ("2.0.0", "1.9.9", Bump.NONE),
]


@pytest.mark.parametrize(("before", "after", "step"), STEPS)
def test_a_version_tells_its_step(before: str, after: str, step: Bump) -> None:
    assert find_step(before, after) is step


@pytest.mark.parametrize("bump", [Bump.PATCH, Bump.MINOR, Bump.MAJOR])
def test_a_bumped_version_took_the_step_it_was_asked_for(bump: Bump) -> None:
    assert find_step("3.1.4", bump_version("3.1.4", bump)) is bump


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["compare", *arguments])
    return result.exit_code, result.output


def write_next(folder: Path, text: str) -> str:
    path = folder / "next.yml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_equal_files_may_be_released() -> None:
    assert run(str(SHIPPED), str(SHIPPED)) == (0, "contract 1.0.0 -> 1.0.0: nothing changed\n")


def test_a_break_ends_with_1_until_version_and_record_are_there(tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8").replace("type: {text: 80}", "type: {text: 60}", 1)
    code, output = run(str(SHIPPED), write_next(tmp_path, text), "--decisions", str(tmp_path))
    assert (code, output.splitlines()[0]) == (
        1,
        "contract 1.0.0 -> 1.0.0: 1 change, 1 breaking, suggested bump: MAJOR (2.0.0)",
    )
    text = text.replace("version: 1.0.0", "version: 2.0.0", 1)
    assert run(str(SHIPPED), write_next(tmp_path, text), "--decisions", str(tmp_path))[0] == 1
    (tmp_path / "0001-shorter.md").write_text("Decides: REL213 contract.contract_type\n", encoding="utf-8")
    assert run(str(SHIPPED), write_next(tmp_path, text), "--decisions", str(tmp_path))[0] == 0


def test_a_spec_with_an_error_shows_its_findings(tmp_path: Path) -> None:
    broken = write_next(tmp_path, "spec: clmkit/v1\n")
    code, output = run(str(SHIPPED), broken)
    assert code == 2
    assert "MAP102" in output
    assert output.endswith(f"error: {broken}: holds a spec with errors\n")


def test_two_git_refs_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    spec = tmp_path / "mappings" / "contract.yml"
    spec.parent.mkdir()
    git("init", "-q", "-b", "main")
    text = SHIPPED.read_text(encoding="utf-8")
    for tag, version in (("v1", "1.0.0"), ("v2", "1.0.1")):
        title = text.replace("version: 1.0.0", f"version: {version}", 1)
        spec.write_text(title.replace("Signature status", f"Signature status {tag}"), encoding="utf-8")
        git("add", ".")
        git("commit", "-qm", tag)
        git("tag", tag)
    monkeypatch.chdir(tmp_path)
    code, output = run("v1..v2", "--format", "json")
    told = json.loads(output)
    assert (code, told["bump"], [change["code"] for change in told["changes"]]) == (0, "patch", ["REL601"])
    assert run("v1..")[0] == 0
    code, output = run("v0..v2")
    assert (code, output) == (
        2,
        "error: v0: neither a file nor a git ref that holds mappings/contract.yml: invalid object name 'v0'.\n",
    )


def test_a_single_name_is_no_comparison() -> None:
    code, output = run("main")
    assert (code, output.splitlines()[-1]) == (2, "Error: give A..B, A.. or two files")


def test_the_reference_is_what_the_table_of_rules_generates() -> None:
    page = SHIPPED.parents[1] / PAGE
    assert page.read_text(encoding="utf-8") == render_page(), "run: python -m clmkit.release.reference"
