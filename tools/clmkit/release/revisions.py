"""A spec at a point of its history: a file on disk, or the file as a git ref holds it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from clmkit.mapping.findings import Finding
from clmkit.mapping.loader import Loaded, ReadBase, load_bytes, load_spec
from clmkit.mapping.model import Spec


class RevisionError(Exception):
    """There is no usable spec at that point; `findings` says why when the file is there and wrong."""

    def __init__(self, message: str, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(message)
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Revision:
    """A resolved spec and how to name where it came from."""

    name: str
    spec: Spec


def read_revision(name: str, spec_path: Path) -> Revision:
    """The spec in the file `name`, or in `spec_path` as the git ref `name` holds it. Raises RevisionError."""
    if not name:
        return _require(str(spec_path), load_spec(spec_path))
    if Path(name).is_file():
        return _require(name, load_spec(Path(name)))
    loaded = load_bytes(_read_git(name, spec_path), f"{name}:{spec_path}", _read_below(name, spec_path))
    return _require(f"{name}:{spec_path.as_posix()}", loaded)


def _read_below(ref: str, overlay: Path) -> ReadBase:
    """What lies under an overlay, as the same git ref holds it. Raises RevisionError."""

    def read(base: str) -> tuple[str, bytes]:
        path = overlay.parent / base
        return f"{ref}:{path.as_posix()}", _read_git(ref, path)

    return read


def _read_git(ref: str, path: Path) -> bytes:
    """`git show REF:./PATH`, relative to the folder the path is in, so that any place inside a checkout will do."""
    folder = path.parent if path.parent.is_dir() else Path()
    command = ["git", "-C", str(folder), "show", "--end-of-options", f"{ref}:./{path.name}"]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=30)
    except FileNotFoundError as error:
        raise RevisionError(f"{ref}: is no file, and git is not installed to look for a ref of that name") from error
    if done.returncode != 0:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = words[-1].removeprefix("fatal: ") if words else "git gave no reason"
        raise RevisionError(f"{ref}: neither a file nor a git ref that holds {path}: {reason}")
    return done.stdout


def _require(name: str, loaded: Loaded) -> Revision:
    if loaded.spec is None:
        raise RevisionError(f"{name}: holds a spec with errors", loaded.errors)
    return Revision(name, loaded.spec)
