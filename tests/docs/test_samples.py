"""Every command in the docs runs and prints what the page says, in a fresh copy of the project.

The pages that begin with the demo are carried out where the demo is tested, on what it leaves behind: tests/e2e/test_demo.py.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs.console import begins_with_the_demo, run_page

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("tutorial", "how-to")
    for path in (ROOT / "docs" / folder).glob("*.md")
    if not begins_with_the_demo(path.read_text(encoding="utf-8"))
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tmp_path / name)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    cumulusci = tmp_path / ".cumulusci"
    cumulusci.mkdir()
    (cumulusci / "cumulus_timestamp").write_text("9999999999")  # when PyPI was last asked for a newer version
    return tmp_path


@pytest.mark.e2e
@pytest.mark.parametrize("page", PAGES)
def test_the_samples_of_a_page_run_as_it_says(page: str, project: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {
        "PATH": path,
        "HOME": str(project),
        "COLUMNS": "160",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "CUMULUSCI_KEY": "0123456789abcdef",
    }
    assert "\n\n".join(run_page((ROOT / page).read_text(encoding="utf-8"), project, environment)) == ""
