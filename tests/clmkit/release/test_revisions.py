"""A mapping at a git ref is the mapping of that time, and so is the one under an overlay."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from clmkit.release.revisions import RevisionError, read_revision

BASE = (Path(__file__).parents[1] / "mapping" / "base.yml").read_text(encoding="utf-8")
OVERLAY = (
    "overlay: clmkit/v1\nbase: ../contract.yml\norg: emea\nsummary: Another org.\nchange: {currency: {org: EUR}}\n"
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with version 1.0.0 committed and 2.0.0 on disk; an overlay beside it."""
    (tmp_path / "orgs").mkdir()
    (tmp_path / "contract.yml").write_text(BASE)
    (tmp_path / "orgs/emea.yml").write_text(OVERLAY)
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "First"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "contract.yml").write_text(BASE.replace("version: 1.0.0", "version: 2.0.0"))
    return tmp_path


@pytest.mark.parametrize(("ref", "version"), [("HEAD", "1.0.0"), ("", "2.0.0")])
def test_an_overlay_at_a_ref_lies_over_the_spec_of_that_ref(checkout: Path, ref: str, version: str) -> None:
    spec = read_revision(ref, checkout / "orgs/emea.yml").spec
    assert (spec.org, spec.version, spec.currency.code) == ("emea", version, "EUR")


def test_an_overlay_whose_spec_is_not_in_the_ref_says_so(checkout: Path) -> None:
    overlay = checkout / "orgs/lost.yml"
    overlay.write_text(OVERLAY.replace("../contract.yml", "nowhere.yml"))
    subprocess.run(["git", "add", "."], cwd=checkout, check=True, capture_output=True)
    commit = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "-qm", "Lost"]
    subprocess.run(commit, cwd=checkout, check=True, capture_output=True)
    with pytest.raises(RevisionError, match=r"neither a file nor a git ref that holds .*nowhere\.yml"):
        read_revision("HEAD", overlay)
