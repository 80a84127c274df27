"""`clmkit generate` as a user meets it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clmkit.cli import generate as command
from clmkit.cli.main import main
from clmkit.codegen import tree
from clmkit.codegen.sole import sole_writer
from clmkit.codegen.tree import read_package

Generate = Callable[..., Result]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "force-app"


@pytest.fixture
def generate(root: Path, out: Path) -> Generate:
    def run(*options: str) -> Result:
        return CliRunner().invoke(main, ["generate", str(root / "mappings/contract.yml"), "--out", str(out), *options])

    return run


def test_the_first_run_writes_everything_and_the_second_nothing(generate: Generate, out: Path) -> None:
    first, second = generate(), generate()
    count = len(read_package(out))
    assert first.output.splitlines()[-1] == f"{out}: {count} added, 0 updated, 0 removed, 0 unchanged"
    assert (second.exit_code, second.output) == (0, f"{out}: 0 added, 0 updated, 0 removed, {count} unchanged\n")


def test_check_writes_nothing_and_exits_1_while_something_differs(generate: Generate, out: Path) -> None:
    assert generate("--check").exit_code == 1
    assert not out.exists()
    generate()
    assert generate("--check").exit_code == 0


def test_an_edited_file_is_shown_and_nothing_is_written(generate: Generate, out: Path) -> None:
    generate()
    status = out / "generated/standardValueSets/ContractStatus.standardValueSet-meta.xml"
    status.write_text(status.read_text().replace("<sorted>false</sorted>", "<sorted>true</sorted>"))
    (out / "generated/settings/Contract.settings-meta.xml").unlink()
    result = generate()
    assert result.exit_code == 2
    assert "-    <sorted>true</sorted>\n+    <sorted>false</sorted>\n" in result.stdout
    assert result.stderr == (
        f"{status}: edited by hand since it was generated\n"
        "help: nothing was written. Move the edit into the spec or into extensions/, then generate again; "
        "--force discards the lines marked '-' above.\n"
    )
    assert not (out / "generated/settings/Contract.settings-meta.xml").exists()


def test_force_overwrites_what_was_edited_and_still_no_extension(generate: Generate, out: Path) -> None:
    generate()
    edited, mine = out / "generated/classes/CLM_Access.cls", out / "extensions/classes/CLM_ContractRules.cls"
    before = edited.read_bytes()
    edited.write_text("// edited\n")
    mine.write_text("// mine\n")
    result = generate("--force")
    assert (result.exit_code, edited.read_bytes(), mine.read_text()) == (0, before, "// mine\n")
    assert f"~ {edited}  (edited by hand)" in result.output


def test_diff_shows_what_would_change_and_writes_nothing(generate: Generate, out: Path) -> None:
    generate()
    target = out / "generated/customPermissions/CLM_Write_Owned_Fields.customPermission-meta.xml"
    target.unlink()
    result = generate("--diff")
    assert result.output.startswith(f"--- /dev/null\n+++ {target.as_posix()}\n@@ ")
    assert (result.exit_code, target.exists()) == (0, False)


def test_json_lists_every_change(generate: Generate, out: Path) -> None:
    generate()
    (out / "generated/classes/CLM_Access.cls").write_text("// edited\n")
    result = generate("--json", "--check")
    assert json.loads(result.output) == {
        "out": out.as_posix(),
        "written": False,
        "clean": False,
        "unchanged": len(read_package(out)) - 1,
        "changes": [{"path": "generated/classes/CLM_Access.cls", "verb": "update", "edited": True}],
    }


def test_a_wrong_spec_is_shown_with_its_place_and_nothing_is_written(tmp_path: Path, out: Path) -> None:
    spec = tmp_path / "spec.yml"
    spec.write_text("spec: clmkit/v2\n")
    result = CliRunner().invoke(main, ["generate", str(spec), "--out", str(out)])
    assert result.exit_code == 2
    assert f"{spec}:1:" in result.stderr
    assert "Traceback" not in result.output
    assert not out.exists()


def test_a_missing_spec_is_a_message(tmp_path: Path, out: Path) -> None:
    result = CliRunner().invoke(main, ["generate", str(tmp_path / "none.yml"), "--out", str(out)])
    assert result.exit_code == 2
    assert "No such file or directory" in result.stderr


def test_a_full_disk_is_a_message_and_the_next_run_completes(
    generate: Generate, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(_comparison: object, _root: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(command, "write_tree", no_space)
    result = generate()
    assert (result.exit_code, result.stderr) == (
        2,
        f"{out}: cannot be written: No space left on device; every file there is whole, the next run completes the rest\n",
    )
    monkeypatch.undo()
    assert generate().exit_code == 0


def test_an_interrupted_run_says_so_and_the_next_one_completes(
    generate: Generate, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "rename", interrupted)
    result = generate()
    assert (result.exit_code, result.stderr) == (130, "interrupted\n")
    assert read_package(out) == {}
    monkeypatch.undo()
    assert (generate().exit_code, generate("--check").exit_code) == (0, 0)


def test_control_c_in_the_middle_leaves_whole_files_and_no_staging_folder(
    tmp_path: Path, root: Path, out: Path
) -> None:
    """A real signal to a real process while it writes; that it may come too late does not make the outcome less whole."""
    big = tmp_path / "big.yml"
    big.write_text(grown((root / "mappings" / "contract.yml").read_text(), fields=700))
    line = [str(Path(sys.executable).parent / "clmkit"), "generate", str(big), "--out", str(out)]
    with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
        while child.poll() is None and not (out / tree.STAGING).exists():
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=0.001)
        child.send_signal(signal.SIGINT)
        code = child.wait(timeout=30)
    assert code in (0, 130)
    assert not (out / tree.STAGING).exists()
    assert all(content.endswith(b"\n") for content in read_package(out).values())
    assert [CliRunner().invoke(main, [*line[1:], *more]).exit_code for more in ([], ["--check"])] == [0, 0]


def grown(text: str, fields: int) -> str:
    """The spec with many more fields on its last object."""
    more = "".join(
        f"      more_{at}: {{clm: more_{at}, field: More_{at}__c, type: {{text: 80}}, description: More.}}\n"
        for at in range(fields)
    )
    return text.rstrip("\n") + "\n" + more


def test_of_two_at_once_the_second_is_told_who_is_first_and_since_when(generate: Generate, out: Path) -> None:
    out.mkdir()
    with sole_writer(out):
        second = generate()
    started = re.fullmatch(
        rf"{re.escape(str(out))}: another clmkit generate writes here: process {os.getpid()}, started "
        r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC; nothing was written\n"
        r"help: wait until it has ended, then run this again\.\n",
        second.output,
    )
    assert (second.exit_code, list(out.iterdir())) == (2, [])
    assert started is not None
    age = datetime.now(UTC) - datetime.strptime(started[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    assert timedelta(seconds=-2) < age < timedelta(days=1)
    assert generate().exit_code == 0


def test_of_two_that_make_the_folder_the_second_writes_nothing(
    generate: Generate, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compare_while_another_writes(spec: Path, root: Path) -> tree.Comparison:
        comparison = compare(spec, root)
        monkeypatch.setattr(command, "_compare", compare)
        assert generate().exit_code == 0
        return comparison

    compare = command._compare
    monkeypatch.setattr(command, "_compare", compare_while_another_writes)
    second = generate()
    assert second.output == f"{out}: another clmkit generate wrote here just now; nothing was written by this one\n"
    assert (second.exit_code, generate("--check").exit_code) == (2, 0)


def test_a_writer_that_was_killed_keeps_nobody_out(generate: Generate, out: Path) -> None:
    out.mkdir()
    source = (
        "import sys, time\nfrom pathlib import Path\nfrom clmkit.codegen.sole import sole_writer\n"
        "with sole_writer(Path(sys.argv[1])):\n    print('holds', flush=True)\n    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", source, str(out)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holds\n"
        assert f"process {holder.pid}, started" in generate().output
        holder.kill()
        holder.wait()
    assert (generate().exit_code, (out / "generated").is_dir()) == (0, True)
