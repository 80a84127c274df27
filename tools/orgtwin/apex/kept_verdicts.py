"""Verdicts of the checker that outlive the process: a project that was compiled before is only parsed again.

    with kept_verdicts() as verdicts:
        engine.check(verdicts)                what was learned is written at the end

They lie in `$XDG_CACHE_HOME/orgtwin/apex` (or `~/.cache/orgtwin/apex`), one file a version of the checker: the SHA-256 of what
follows it, a line end, JSON. `ORGTWIN_CACHE=off` keeps nothing. What is read is text and numbers, never code, and is believed only
from a folder and a file that are the user's own and that nobody else may write. A file is whole or not there at all, so a process
may be killed at any moment; of two that write at the same moment one keeps what it learned, and the other learns it again. A cache
that cannot be used is no error: everything is compiled, and the log says why.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from orgtwin.apex.verdicts import Verdict, Verdicts, checker_digest

MOST_BYTES = 64_000_000
MOST_FILES = 4
LEFTOVER_SECONDS = 3_600
_DRAFT = ".draft"
log = logging.getLogger(__name__)


class _Content(msgspec.Struct, forbid_unknown_fields=True):
    checker: str
    verdicts: dict[str, Verdict]


class _Unfit(Exception):
    """str() says why a folder or file is not believed."""


@contextmanager
def kept_verdicts(folder: Path | None = None) -> Iterator[Verdicts]:
    """The verdicts of earlier processes; what is learned inside is added to them."""
    folder = folder or find_folder()
    place = _require_folder(folder) if folder is not None else None
    known = _read(place) if place is not None else {}
    verdicts = Verdicts(known)
    yield verdicts
    if place is not None and verdicts.known.keys() != known.keys():
        try:
            _write(place, verdicts.known)
        except OSError as error:
            log.warning("verdicts of the Apex checker are not kept: %s", error)


def find_folder() -> Path | None:
    """Where verdicts are kept; None when they are not."""
    if os.environ.get("ORGTWIN_CACHE") == "off":
        return None
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(home) / "orgtwin" / "apex"


def _require_folder(folder: Path) -> Path | None:
    """The file of this checker in a folder of the user's own, which is made; None when there can be none."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _require_own(folder.lstat(), stat.S_ISDIR, folder)
    except (OSError, _Unfit) as error:
        log.warning("verdicts of the Apex checker are not kept: %s", error)
        return None
    return folder / f"verdicts-{checker_digest()[:32]}.json"


def _require_own(found: os.stat_result, is_kind: Callable[[int], bool], path: Path) -> None:
    """Raises _Unfit for what somebody else could have written, and for what is no file or folder."""
    if not is_kind(found.st_mode):
        raise _Unfit(f"{path} is not what it should be (a link, or a file in the place of a folder)")
    if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _Unfit(f"{path} can be written by others; make it yours alone: chmod go-w {path}")


def _read(place: Path) -> dict[str, Verdict]:
    """What lies there; nothing when it is missing, damaged, too large, of another checker or not the user's own."""
    try:
        file = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return {}
    except OSError as error:
        log.warning("%s is not read: %s", place, error)
        return {}
    try:
        _require_own(os.fstat(file), stat.S_ISREG, place)
    except _Unfit as error:
        os.close(file)
        log.warning("%s", error)
        return {}
    with os.fdopen(file, "rb") as opened:  # which refuses a folder
        return _decoded(opened.read(MOST_BYTES + 1))


def _decoded(text: bytes) -> dict[str, Verdict]:
    digest, _, body = text.partition(b"\n")
    if len(text) > MOST_BYTES or digest != _digest(body):
        return {}
    try:
        content = msgspec.json.decode(body, type=_Content)
    except msgspec.MsgspecError:
        return {}
    return content.verdicts if content.checker == checker_digest() else {}


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()


def _write(place: Path, known: Mapping[str, Verdict]) -> None:
    """Add what is known to what lies there now. Raises OSError. Whoever comes while another writes goes without."""
    with open(place.with_name("lock"), "ab") as lock:
        os.chmod(lock.fileno(), 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        merged = Verdicts(_read(place))
        for key, verdict in known.items():
            merged.keep(key, verdict)
        body = msgspec.json.encode(_Content(checker_digest(), dict(merged.known)))
        with tempfile.NamedTemporaryFile(dir=place.parent, suffix=_DRAFT, delete=False) as draft:
            try:
                draft.write(_digest(body) + b"\n" + body)
                draft.flush()
                os.replace(draft.name, place)
            except OSError:
                os.unlink(draft.name)  # of a full disk it would keep what little is left
                raise
        _tidy(place)


def _tidy(place: Path) -> None:
    """Remove what killed processes left half written, and the verdicts of checkers of long ago."""
    now = place.stat().st_mtime
    with suppress(OSError):
        for leftover in place.parent.glob(f"*{_DRAFT}"):
            if leftover.stat().st_mtime < now - LEFTOVER_SECONDS:
                leftover.unlink()
        files = sorted(place.parent.glob("verdicts-*.json"), key=lambda path: -path.stat().st_mtime)
        for old in files[MOST_FILES:]:
            old.unlink()
