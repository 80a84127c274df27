"""What is on disk against what is planned, and writing it at any bad moment."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

import pytest

from clmkit.codegen import tree
from clmkit.codegen.tree import LEDGER, Verb, compare_tree, read_package, write_tree

FIRST = {"generated/a.xml": b"a1\n", "generated/deep/b.xml": b"b1\n", "extensions/mine.cls": b"start\n"}
EXTENSION = {"extensions/classes/mine.cls": b"start\n"}
SECOND = {"generated/a.xml": b"a2\n", "generated/c.xml": b"c1\n", "extensions/mine.cls": b"start\n"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "force-app"
    write_tree(compare_tree(FIRST, root), root)
    return root


def verbs(planned: dict[str, bytes], root: Path) -> dict[str, tuple[Verb, bool]]:
    return {change.path: (change.verb, change.is_edited) for change in compare_tree(planned, root).changes}


def test_what_was_written_is_what_was_planned(root: Path) -> None:
    assert read_package(root) == FIRST
    assert compare_tree(FIRST, root).is_clean


def test_a_new_plan_updates_adds_and_removes(root: Path) -> None:
    assert verbs(SECOND, root) == {
        "generated/a.xml": (Verb.UPDATE, False),
        "generated/c.xml": (Verb.ADD, False),
        "generated/deep/b.xml": (Verb.REMOVE, False),
    }
    write_tree(compare_tree(SECOND, root), root)
    assert read_package(root) == SECOND
    assert not (root / "generated" / "deep").exists()


def test_an_extension_is_written_once_and_never_touched_again(root: Path) -> None:
    (root / "extensions" / "mine.cls").write_bytes(b"my own\n")
    (root / "extensions" / "other.cls").write_bytes(b"mine, too\n")
    assert verbs({**SECOND, "extensions/mine.cls": b"new start\n"}, root).keys() == verbs(SECOND, root).keys()
    write_tree(compare_tree({"generated/a.xml": b"a2\n"}, root), root)
    assert read_package(root) == {
        "generated/a.xml": b"a2\n",
        "extensions/mine.cls": b"my own\n",
        "extensions/other.cls": b"mine, too\n",
    }


def test_an_edit_by_hand_is_told_from_an_old_file(root: Path) -> None:
    (root / "generated" / "a.xml").write_bytes(b"edited\n")
    assert verbs(SECOND, root)["generated/a.xml"] == (Verb.UPDATE, True)
    assert verbs(FIRST, root) == {"generated/a.xml": (Verb.UPDATE, True)}


def test_an_edited_file_that_would_be_removed_is_an_edit_too(root: Path) -> None:
    (root / "generated" / "deep" / "b.xml").write_bytes(b"edited\n")
    assert verbs(SECOND, root)["generated/deep/b.xml"] == (Verb.REMOVE, True)


def test_a_file_that_the_generator_never_wrote_counts_as_edited(root: Path) -> None:
    (root / "generated" / "foreign.xml").write_bytes(b"foreign\n")
    assert verbs(FIRST, root) == {"generated/foreign.xml": (Verb.REMOVE, True)}


def test_a_deleted_file_comes_back(root: Path) -> None:
    (root / "generated" / "a.xml").unlink()
    assert verbs(FIRST, root) == {"generated/a.xml": (Verb.ADD, False)}


def test_without_a_ledger_every_difference_counts_as_an_edit(root: Path) -> None:
    (root / LEDGER).unlink()
    assert verbs(SECOND, root)["generated/a.xml"] == (Verb.UPDATE, True)
    assert not compare_tree(FIRST, root).is_clean


def test_the_ledger_is_what_sha256sum_checks(root: Path) -> None:
    (root / "generated" / "a.xml").write_bytes(b"edited\n")
    command = ["sha256sum", "--check", "files.sha256"]
    done = subprocess.run(command, cwd=root / "generated", capture_output=True, text=True, check=False)
    assert done.stdout == "a.xml: FAILED\ndeep/b.xml: OK\n"


@pytest.mark.parametrize("survivors", range(1, 4))
def test_a_run_killed_between_two_renames_leaves_whole_files_and_no_false_edit(
    root: Path, monkeypatch: pytest.MonkeyPatch, survivors: int
) -> None:
    real, done = tree._carry_out, 0

    def carry_out_or_die(change: tree.FileChange, staging: Path, root: Path) -> None:
        nonlocal done
        done += 1
        if done > survivors - 1:
            raise KeyboardInterrupt
        real(change, staging, root)

    monkeypatch.setattr(tree, "_carry_out", carry_out_or_die)
    with pytest.raises(KeyboardInterrupt):
        write_tree(compare_tree(SECOND, root), root)
    monkeypatch.undo()
    whole = {path: {FIRST.get(path), SECOND.get(path)} for path in {**FIRST, **SECOND}}
    assert all(content in whole[path] for path, content in read_package(root).items())
    assert not (root / tree.STAGING).exists()
    for planned in (FIRST, SECOND):
        assert compare_tree(planned, root).edited == ()
    write_tree(compare_tree(SECOND, root), root)
    assert compare_tree(SECOND, root).is_clean


@pytest.mark.parametrize("survivors", range(4))
def test_a_first_run_killed_between_two_folders_leaves_whole_files_and_no_false_edit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, survivors: int
) -> None:
    root, real, left = tmp_path / "force-app", os.rename, survivors

    def rename_or_die(source: str, target: str) -> None:
        nonlocal left
        if not left:
            raise KeyboardInterrupt
        left -= 1
        real(source, target)

    planned = {
        "generated/a.xml": b"a\n",
        **{f"generated/{name}/b.xml": b"b\n" for name in ("x", "y/z", "z")},
        **EXTENSION,
    }
    monkeypatch.setattr(os, "rename", rename_or_die)
    with pytest.raises(KeyboardInterrupt):
        write_tree(compare_tree(planned, root), root)
    monkeypatch.undo()
    assert len(read_package(root)) == 1 + survivors
    assert compare_tree(planned, root).edited == ()
    write_tree(compare_tree(planned, root), root)
    assert read_package(root) == planned
    assert compare_tree(planned, root).is_clean


def test_a_full_disk_changes_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(_descriptor: int, _content: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    changes = compare_tree(SECOND, root)
    monkeypatch.setattr(os, "write", no_space)
    with pytest.raises(OSError, match="No space left on device"):
        write_tree(changes, root)
    monkeypatch.undo()
    assert read_package(root) == FIRST
    assert compare_tree(FIRST, root).is_clean


def test_what_a_killed_run_left_in_staging_is_cleared(root: Path) -> None:
    (root / tree.STAGING / "generated").mkdir(parents=True)
    (root / tree.STAGING / "generated" / "half.xml").write_bytes(b"<hal")
    write_tree(compare_tree(SECOND, root), root)
    assert read_package(root) == SECOND
