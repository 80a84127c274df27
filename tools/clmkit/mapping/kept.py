"""A linted spec, kept between runs: the same bytes judged by the same rules give the same spec, so it need not be judged again.

    load_kept(path)        # Loaded, as load_spec gives it, but for `document`; from what is kept when nothing changed

What is kept is believed only when all of these are as they were: the bytes of every file that was read (a spec, or an overlay
and its spec), the source of this package by path, size and time of change, and msgspec's version. Specs with an error are never
kept, so an error is never an old one. A kept spec that cannot be read or written is no error: the spec is judged anew.

It lies below `$XDG_CACHE_HOME/clmkit` (or `~/.cache/clmkit`), one file for each path of a spec; `CLMKIT_CACHE=off` keeps nothing.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from clmkit.mapping.findings import Finding
from clmkit.mapping.loader import Loaded, load_spec
from clmkit.mapping.model import Spec

PACKAGE = Path(__file__).parent
K = TypeVar("K")


class Kept(msgspec.Struct, frozen=True):
    """What lies in a file: the state it is good for, and the spec."""

    tool: str
    inputs: dict[str, str]  # path of every file that was read -> digest of its bytes
    spec: Spec
    findings: tuple[Finding, ...]


def load_kept(path: Path) -> Loaded:
    """Load a mapping file, from what is kept when it is the same."""
    place = find_place(path)
    if place is None:
        return load_spec(path)
    tool = fingerprint_of(PACKAGE)
    kept = read_kept(place, Kept)
    if (
        kept is not None
        and kept.tool == tool
        and all(digest_of(name) == digest for name, digest in kept.inputs.items())
    ):
        return Loaded(spec=kept.spec, document=None, findings=kept.findings)
    before = digest_of(path.as_posix())
    loaded = load_spec(path)
    inputs = {path.as_posix(): before, **{name: digest_of(name) for name in loaded.below}}
    if loaded.spec is not None and before == digest_of(path.as_posix()):
        write_kept(place, Kept(tool, inputs, loaded.spec, loaded.findings))
    return loaded


def find_place(path: Path) -> Path | None:
    """Where the spec of a path is kept; None when nothing is to be kept."""
    if os.environ.get("CLMKIT_CACHE") == "off":
        return None
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    named = f"{Path.cwd()}\0{path.as_posix()}".encode()
    return Path(home) / "clmkit" / f"{hashlib.sha256(named).hexdigest()[:32]}.msgpack"


def fingerprint_of(package: Path) -> str:
    """The source that judges, by path, size and time of change: reading it all would take longer than judging."""
    parts = [msgspec.__version__]
    for folder, _, names in sorted(os.walk(package)):
        for name in sorted(names):
            if name.endswith((".py", ".json", ".j2")):
                found = os.stat(os.path.join(folder, name))
                parts.append(f"{folder}/{name} {found.st_size} {found.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def digest_of(name: str) -> str:
    """The digest of a file's bytes; empty when it cannot be read."""
    try:
        return hashlib.sha256(Path(name).read_bytes()).hexdigest()
    except OSError:
        return ""


def read_kept(place: Path, kind: type[K]) -> K | None:
    """What lies in a file; None when there is none, or none of this shape."""
    try:
        return msgspec.msgpack.decode(place.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError):
        return None


def write_kept(place: Path, kept: object) -> None:
    """A whole file or none, for this user alone."""
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as file:
            file.write(msgspec.msgpack.encode(kept))
        os.replace(file.name, place)
