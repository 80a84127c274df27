"""Files of a run are whole or not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clmkit.cli.demo.workspace import Workspace, WorkspaceInUse, write_json, write_text


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "summary.json"
    write_text(target, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(target, "half a \udcff file")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["summary.json"]


def test_json_is_written_in_one_stable_form(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1, "a": "ü"})
    assert (tmp_path / "a.json").read_text() == '{\n  "a": "ü",\n  "b": 1\n}\n'
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": "ü", "b": 1}


def test_the_state_of_a_run_is_for_its_user_only(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.create()
    assert workspace.run.stat().st_mode & 0o777 == 0o700


def test_a_second_run_in_the_same_folder_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    first, second = Workspace(tmp_path), Workspace(tmp_path)
    with first.held(), pytest.raises(WorkspaceInUse, match="another clmkit demo is running here"), second.held():
        pass
    with second.held():
        assert (tmp_path / "build" / "demo.lock").exists()
