"""Many new files, written by this process and a fork of it; what either of them meets ends both."""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from clmkit.codegen import staging
from clmkit.codegen.staging import stage_files

FILES = {f"generated/{folder}/{name}.xml": f"{folder}{name}\n".encode() for folder in "abc" for name in range(5)}

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")  # pytest-xdist's


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The forks that were made, where so few files are many and a test runner's threads do not count."""
    made: list[int] = []
    real = os.fork

    def fork() -> int:
        if made_one := real():
            made.append(made_one)
        return made_one

    monkeypatch.setattr(os, "fork", fork)
    monkeypatch.setattr(staging, "MANY", len(FILES))
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    return made


@pytest.fixture
def in_one_of_them(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has something happen where a file is written: here, or in the fork."""
    here, real = os.getpid(), staging._write_new

    def arrange(happens: Callable[[], object], *, in_fork: bool) -> None:
        def write_new(path: str, content: bytes) -> None:
            if (os.getpid() != here) is in_fork:
                happens()
            real(path, content)

        monkeypatch.setattr(staging, "_write_new", write_new)

    return arrange


def is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def no_space() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def no_memory() -> int:
    raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))


def interrupted() -> None:
    raise KeyboardInterrupt


def read_all(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.xml")}


def test_many_files_are_written_by_two_processes_and_all_of_them_whole(tmp_path: Path, forks: list[int]) -> None:
    stage_files(FILES, tmp_path / "new")
    assert read_all(tmp_path / "new") == FILES
    assert [is_gone(fork) for fork in forks] == [True]


@pytest.mark.parametrize("why", ["few", "threads", "no fork", "no memory"])
def test_one_process_writes_few_files_and_all_where_none_may_be_forked(
    tmp_path: Path, forks: list[int], monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    if why == "few":
        monkeypatch.setattr(staging, "MANY", len(FILES) + 1)
    elif why == "threads":
        monkeypatch.setattr(threading, "active_count", lambda: 2)
    elif why == "no fork":
        monkeypatch.delattr(os, "fork")
    else:
        monkeypatch.setattr(os, "fork", no_memory)
    stage_files(FILES, tmp_path / "new")
    assert (read_all(tmp_path / "new"), forks) == (FILES, [])


@pytest.mark.parametrize("in_fork", [False, True])
def test_a_full_disk_is_told_whoever_of_the_two_meets_it(
    tmp_path: Path, forks: list[int], in_one_of_them: Callable[..., None], in_fork: bool
) -> None:
    in_one_of_them(no_space, in_fork=in_fork)
    with pytest.raises(OSError, match="No space left on device") as told:
        stage_files(FILES, tmp_path / "new")
    assert told.value.errno == errno.ENOSPC
    assert [is_gone(fork) for fork in forks] == [True]


def test_an_interrupt_here_ends_the_fork_too(
    tmp_path: Path, forks: list[int], in_one_of_them: Callable[..., None]
) -> None:
    in_one_of_them(interrupted, in_fork=False)
    with pytest.raises(KeyboardInterrupt):
        stage_files(FILES, tmp_path / "new")
    assert [is_gone(fork) for fork in forks] == [True]


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(("how", "code"), [(killed, -signal.SIGKILL), (interrupted, staging.CUT_OFF)])
def test_a_fork_that_is_cut_off_is_an_error_that_says_how_it_ended(
    tmp_path: Path, forks: list[int], in_one_of_them: Callable[..., None], how: Callable[[], None], code: int
) -> None:
    in_one_of_them(how, in_fork=True)
    with pytest.raises(OSError, match=f"the second process that wrote ended with {code:d}"):
        stage_files(FILES, tmp_path / "new")
    assert [is_gone(fork) for fork in forks] == [True]


def test_a_fork_writes_nothing_once_the_process_that_it_came_from_is_no_more(
    tmp_path: Path, forks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getppid", lambda: 1)
    stage_files(FILES, tmp_path / "new")
    assert forks
    assert read_all(tmp_path / "new").keys() == set(list(FILES)[: len(FILES) // 2])
