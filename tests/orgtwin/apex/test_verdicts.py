"""Verdicts of the checker are kept as long as what they rest on stays the same, and no longer."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.orgtwin.apex.small_org import SmallOrg

from orgtwin.apex.engine import Engine
from orgtwin.apex.kept_verdicts import find_folder, kept_verdicts
from orgtwin.apex.verdicts import Verdicts

A = "public class A { public static Integer f() { return 1; } }"
B = "public class B { Integer i = A.f(); String s = 1; }"
WRONG = "B:1:44: Illegal assignment from Integer to String"


def check(verdicts: Verdicts, **sources: str) -> tuple[list[str], list[str]]:
    """The problems, and the classes that were compiled to find them."""
    engine = Engine(SmallOrg())
    engine.load(sources)
    problems = [str(p) for p in engine.check(verdicts)]
    compiled = [
        c.name for c in engine.classes.values() if getattr(c.constructors[0].compile, "__name__", "") == "_nothing"
    ]
    return problems, compiled


def test_what_was_judged_before_is_not_compiled_again() -> None:
    verdicts = Verdicts()
    assert check(verdicts, A=A, B=B) == ([WRONG], ["A", "B"])
    assert check(verdicts, A=A, B=B) == ([WRONG], [])


def test_a_changed_body_is_judged_alone() -> None:
    verdicts = Verdicts()
    check(verdicts, A=A, B=B)
    assert check(verdicts, A=A.replace("return 1", "return 2"), B=B) == ([WRONG], ["A"])


def test_a_changed_declaration_is_judged_with_all_that_may_name_it() -> None:
    verdicts = Verdicts()
    check(verdicts, A=A, B=B)
    problems, compiled = check(verdicts, A=A.replace("Integer f", "Long f"), B=B)
    assert (problems, compiled) == (["B:1:26: Illegal assignment from Long to Integer", WRONG], ["A", "B"])


def test_a_verdict_that_rests_on_a_page_is_not_kept() -> None:
    verdicts = Verdicts()
    source = "public class P { Object o = Page.Invoice; }"
    assert check(verdicts, P=source) == ([], ["P"])
    assert check(verdicts, P=source) == ([], ["P"])


def test_verdicts_outlive_the_process_in_a_file_of_the_users_own(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "folder"
    with kept_verdicts(folder) as verdicts:
        assert check(verdicts, A=A, B=B) == ([WRONG], ["A", "B"])
    with kept_verdicts(folder) as verdicts:
        assert check(verdicts, A=A, B=B) == ([WRONG], [])
    assert [(path.name[:9], stat.S_IMODE(path.stat().st_mode)) for path in sorted(folder.iterdir())] == [
        ("lock", 0o600),
        ("verdicts-", 0o600),
    ]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def place_in(folder: Path) -> Path:
    folder.chmod(0o700)
    with kept_verdicts(folder) as verdicts:
        check(verdicts, A=A)
    return next(folder.glob(f"verdicts-{'?' * 32}.json"))


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _text: b"",
    "cut": lambda text: text[:-3],
    "a changed byte": lambda text: text.replace(b"[]", b"[1]", 1),
    "a verdict of another class": lambda text: text.replace(_first_key(text), b"0" * len(_first_key(text))),
    "no digest": lambda text: text.partition(b"\n")[2],
    "a list": lambda _text: _signed(b"[]"),
    "another checker": lambda _text: _signed(b'{"checker":"x","verdicts":{}}'),
    "verdicts of another shape": lambda text: _signed(text.partition(b"\n")[2].replace(b"[]", b"[[1]]")),
    "more than a verdict": lambda text: _signed(text.partition(b"\n")[2].replace(b'{"ch', b'{"x":1,"ch')),
    "no text": lambda _text: _signed(b"\xff\xfe"),
}


def _first_key(text: bytes) -> bytes:
    """The key of a verdict: whatever stands in its place is still JSON of the right shape."""
    return str(next(iter(json.loads(text.partition(b"\n")[2])["verdicts"]))).encode()


def _signed(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_file_is_not_believed_and_is_written_anew(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    place = place_in(tmp_path)
    whole = place.read_bytes()
    place.write_bytes(damage(whole))
    with kept_verdicts(tmp_path) as verdicts:
        assert check(verdicts, A=A) == ([], ["A"])
    assert place.read_bytes() == whole


def test_a_file_that_others_may_write_is_not_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    place = place_in(tmp_path)
    place.chmod(0o666)
    with kept_verdicts(tmp_path) as verdicts:
        assert check(verdicts, A=A) == ([], ["A"])
    assert caplog.messages[0] == f"{place} can be written by others; make it yours alone: chmod go-w {place}"


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    place = place_in(tmp_path)
    place.unlink()
    place.mkdir()
    with kept_verdicts(tmp_path) as verdicts:
        assert check(verdicts, B=B)[0] == ["B:1:30: Variable does not exist: A", WRONG]
    assert f"{place} is not what it should be (a link, or a file in the place of a folder)" in caplog.messages


def test_a_link_in_the_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    place = place_in(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    place.rename(elsewhere)
    place.symlink_to(elsewhere)
    with kept_verdicts(tmp_path) as verdicts:
        assert check(verdicts, A=A) == ([], ["A"])
    assert not place.is_symlink()


@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_folder_that_others_may_write_keeps_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int
) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(mode)
    with kept_verdicts(folder) as verdicts:
        assert check(verdicts, A=A) == ([], ["A"])
    assert list(folder.iterdir()) == []
    assert caplog.messages == [
        f"verdicts of the Apex checker are not kept: {folder} can be written by others; make it yours alone: chmod go-w {folder}"
    ]


def test_the_variable_turns_the_cache_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("ORGTWIN_CACHE")
    assert find_folder() == tmp_path / "orgtwin" / "apex"
    monkeypatch.setenv("ORGTWIN_CACHE", "off")
    assert find_folder() is None
    with kept_verdicts() as verdicts:
        check(verdicts, A=A)
    assert list(tmp_path.iterdir()) == []


def test_what_two_processes_learned_at_once_is_all_kept_when_they_end_one_after_the_other(tmp_path: Path) -> None:
    with kept_verdicts(tmp_path) as first:
        check(first, A=A)
        with kept_verdicts(tmp_path) as second:
            check(second, A=A, B=B)
    with kept_verdicts(tmp_path) as verdicts:
        assert check(verdicts, A=A) == ([], [])
        assert check(verdicts, A=A, B=B) == ([WRONG], [])


def test_who_comes_while_another_writes_leaves_the_file_alone(tmp_path: Path) -> None:
    place = place_in(tmp_path)
    before = place.read_bytes()
    with (tmp_path / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with kept_verdicts(tmp_path) as verdicts:
            check(verdicts, B=B)
    assert place.read_bytes() == before


def test_a_full_disk_keeps_the_old_file_and_no_half_of_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    place = place_in(tmp_path)
    before = place.read_bytes()

    def full(*_names: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    with kept_verdicts(tmp_path) as verdicts:
        check(verdicts, B=B)
    assert (place.read_bytes(), list(tmp_path.glob("*.draft"))) == (before, [])
    assert caplog.messages == ["verdicts of the Apex checker are not kept: [Errno 28] No space left on device"]


KILLED = """
import os, signal, sys
from pathlib import Path
from orgtwin.apex import kept_verdicts as kept
os.replace = lambda *names: os.kill(os.getpid(), signal.SIGKILL)
with kept.kept_verdicts(Path(sys.argv[1])) as verdicts:
    verdicts.keep("k" * 64, ())
"""


def test_a_process_that_is_killed_while_it_writes_leaves_the_old_file_and_no_lock(tmp_path: Path) -> None:
    place = place_in(tmp_path)
    before = place.read_bytes()
    died = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert died.returncode == -signal.SIGKILL
    assert place.read_bytes() == before
    (leftover,) = tmp_path.glob("*.draft")
    os.utime(leftover, (0, 0))
    with kept_verdicts(tmp_path) as verdicts:
        check(verdicts, B=B)
    assert list(tmp_path.glob("*.draft")) == []
    assert place.read_bytes() != before


def test_only_the_files_of_the_last_checkers_are_kept(tmp_path: Path) -> None:
    for number in range(6):
        old = tmp_path / f"verdicts-{number}.json"
        old.touch()
        os.utime(old, (number, number))
    place_in(tmp_path)
    numbered = sorted(path.name for path in tmp_path.glob("verdicts-?.json"))
    assert numbered == ["verdicts-3.json", "verdicts-4.json", "verdicts-5.json"]
    assert len(list(tmp_path.glob("verdicts-*.json"))) == 4
