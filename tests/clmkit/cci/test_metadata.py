"""The task that stands in for the sf CLI's conversion, and the flows it is part of."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from clmkit.cci.metadata import build_packages
from clmkit.codegen.mdapi import UnsupportedSource

ROOT = Path(__file__).parents[3]


def cci(home: Path, *arguments: str) -> str:
    """Unmodified CumulusCI in a home of its own, quiet about newer versions."""
    (home / ".cumulusci").mkdir(exist_ok=True)
    (home / ".cumulusci" / "cumulus_timestamp").write_text("9999999999")
    environment = {**os.environ, "HOME": str(home), "CUMULUSCI_KEY": "0123456789abcdef", "COLUMNS": "200"}
    command = [str(Path(sys.executable).parent / "cci"), *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def steps(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if "task: " in line or "flow: " in line]


def test_both_packages_are_written_and_counted(tmp_path: Path) -> None:
    counts = build_packages(ROOT / "force-app", tmp_path / "mdapi", "66.0")
    assert counts["settings"] == 1
    assert counts["project"] > 100
    assert (tmp_path / "mdapi/settings/settings/Contract.settings").is_file()
    assert (tmp_path / "mdapi/project/objects/Contract.object").is_file()
    assert not (tmp_path / "mdapi/project/settings").exists()


def test_what_an_earlier_build_left_is_gone(tmp_path: Path) -> None:
    stale = tmp_path / "mdapi" / "project" / "classes" / "Stale.cls"
    stale.parent.mkdir(parents=True)
    stale.write_text("public class Stale {}")
    build_packages(ROOT / "force-app", tmp_path / "mdapi", "66.0")
    assert not stale.exists()


def test_an_empty_source_folder_is_an_error_not_an_empty_deploy(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no file found below generated/ or extensions/"):
        build_packages(tmp_path, tmp_path / "mdapi", "66.0")


def test_a_kind_that_cannot_be_converted_leaves_the_last_build_alone(tmp_path: Path) -> None:
    component = tmp_path / "force-app" / "extensions" / "lwc" / "panel" / "panel.js"
    component.parent.mkdir(parents=True)
    component.write_text("export default 1;")
    (tmp_path / "mdapi").mkdir()
    (tmp_path / "mdapi" / "kept").write_text("")
    with pytest.raises(UnsupportedSource, match=r"extensions/lwc/panel/panel\.js: no metadata of this kind"):
        build_packages(tmp_path / "force-app", tmp_path / "mdapi", "66.0")
    assert (tmp_path / "mdapi" / "kept").exists()


def test_cumulusci_runs_the_task_without_an_org_and_without_node(tmp_path: Path) -> None:
    output = cci(tmp_path, "task", "run", "build_metadata", "--output", str(tmp_path / "mdapi"))
    assert f"{tmp_path / 'mdapi'}: 1 settings, " in output
    assert (tmp_path / "mdapi/project/package.xml").is_file()


FLOWS = {
    "dev_org": [
        "1) task: None [from current folder]",
        "2) flow: deploy_contracts",
        "1) task: build_metadata",
        "2) task: deploy_settings",
        "3) task: deploy_project",
        "3) flow: assign_permissions",
        "1) task: assign_integration",
        "2) task: assign_steward",
        "4) task: None",
    ],
    "validate_contracts": [
        "1) task: build_metadata [from current folder]",
        "2) task: deploy_settings",
        "3) task: deploy_project",
    ],
    "release_contracts": [
        "1) task: build_metadata [from current folder]",
        "2) task: deploy_settings",
        "3) task: deploy_project",
        "4) task: assign_integration",
    ],
}


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_runs_exactly_these_steps(tmp_path: Path, flow: str) -> None:
    assert steps(cci(tmp_path, "flow", "info", flow)) == FLOWS[flow]
