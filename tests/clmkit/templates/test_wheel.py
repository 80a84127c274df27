"""A project of a template needs nothing but the wheel: its own suite passes where this repository is not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BUILD = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
WHERE = "import clmkit, clmtwin, orgtwin; print(clmkit.__file__, clmtwin.__file__, orgtwin.__file__)"
SUITE = "finding or says or arrives"  # the mapping, what is generated, and a deploy and a sync between both twins

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the wheel holds, unpacked: what installing it does, but for the packages that it asks for."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "tools", source / "tools", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    subprocess.run([sys.executable, "-c", BUILD, str(built)], cwd=source, capture_output=True, check=True)
    (wheel,) = built.glob("clmkit-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(built / "site")
    return built / "site"


@pytest.fixture
def surroundings(installed: Path) -> Mapping[str, str]:
    """An environment in which the wheel's packages come before the repository's. Of this test run, and of a make around it, it
    tells nothing.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "MAKE"))}
    path = f"{Path(sys.executable).parent}:{own['PATH']}"
    return own | {"PYTHONPATH": str(installed), "PATH": path, "PYTEST_ADDOPTS": f'-k "{SUITE}" -p no:cacheprovider'}


def run(command: list[str], folder: Path, surroundings: Mapping[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=dict(surroundings), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_new_project_passes_its_own_suite_with_nothing_but_the_wheel(
    tmp_path: Path, installed: Path, surroundings: Mapping[str, str]
) -> None:
    imported = run([sys.executable, "-c", WHERE], tmp_path, surroundings).split()
    assert {Path(path).parents[1] for path in imported} == {installed}
    run(["clmkit", "init", "--template", "licensing", "--agreements", "3", "--out", "."], tmp_path, surroundings)
    said = run(["make", "test"], tmp_path, surroundings).splitlines()
    assert "3 passed, 4 deselected" in said[-1]
