"""What sign-in remembers beyond a restart: client apps, refresh tokens, approvals, sessions; in a file beside the org's journal.

    orgtwin auth 1                        the first line
    {"kind": "session", "key": "...", "value": {...}}      one line a change; a value of null takes the entry out

Tokens and secrets are kept as SHA-256 fingerprints only: they are long and random, so that a fingerprint tells nothing of them.
A torn last line, which a kill leaves, is cut off. The file is rewritten without what is gone when it is opened.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from orgtwin.errors import SalesforceError

_HEAD = b"orgtwin auth 1\n"
Value = TypeVar("Value")
_encode = msgspec.json.Encoder().encode


def fingerprint(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


class _Line(msgspec.Struct, frozen=True):
    kind: str
    key: str
    value: msgspec.Raw


class AuthBook:
    """Entries by kind and key. Without a path nothing is kept."""

    def __init__(self, path: Path | None = None) -> None:
        self._found: dict[tuple[str, str], bytes] = {}
        self._file = -1
        if path is not None:
            self._found = _read(path)
            self._file = _rewrite(path, self._found)

    def restored(self, kind: str, of: Callable[[bytes], Value]) -> dict[str, Value]:
        """The entries of a kind that the file held when it was opened, by key."""
        return {key: of(value) for (found, key), value in self._found.items() if found == kind}

    def put(self, kind: str, key: str, value: object) -> None:
        self._append(kind, key, value)

    def drop(self, kind: str, key: str) -> None:
        self._append(kind, key, None)

    def _append(self, kind: str, key: str, value: object) -> None:
        """Raises SERVER_UNAVAILABLE when the disk does not take it."""
        if self._file < 0:
            return
        try:
            os.write(self._file, _encode({"kind": kind, "key": key, "value": value}) + b"\n")
        except OSError as error:
            message = f"what sign-in remembers could not be written: {error.strerror}"
            raise SalesforceError("SERVER_UNAVAILABLE", message, status=503) from error


def _read(path: Path) -> dict[tuple[str, str], bytes]:
    """Raises ValueError for a file of another kind."""
    if not path.exists():
        return {}
    content = path.read_bytes()
    if not content.startswith(_HEAD):
        raise ValueError(f"{path} is not what orgtwin remembers of sign-ins")
    found: dict[tuple[str, str], bytes] = {}
    for text in content[len(_HEAD) :].split(b"\n")[:-1]:
        line = msgspec.json.decode(text, type=_Line)
        value = bytes(line.value)
        if value == b"null":
            found.pop((line.kind, line.key), None)
        else:
            found[line.kind, line.key] = value
    return found


def _rewrite(path: Path, entries: dict[tuple[str, str], bytes]) -> int:
    """Write the file anew and leave it open for appending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    lines = (_encode(_Line(kind, key, msgspec.Raw(value))) + b"\n" for (kind, key), value in entries.items())
    os.write(file, _HEAD + b"".join(lines))
    temporary.replace(path)
    return file
