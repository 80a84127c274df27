"""What clients wait for, of an org kept in a directory: jobs, their uploads and results, deploys, open cursors.

Small entries travel in the org's journal, those put inside a transaction in the frame of its commit: a kill leaves the rows of a
job and the count of them, or neither. Long contents are files of a folder beside the journal, each written before the entry that
speaks of it. An org in memory keeps nothing here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from orgtwin.records.stored_values import load_ext

T = TypeVar("T")
Key = tuple[str, str]
Images = list[object]

_encode = msgspec.msgpack.Encoder().encode


class KeptJobs:
    """Entries by kind and key. `restored` takes what the journal tells; `keep_in` says where the files are and how to write."""

    def __init__(self) -> None:
        self._entries: dict[Key, bytes] = {}
        self._untold: dict[Key, bytes | None] = {}
        self._folder: Path | None = None
        self._write: Callable[[], None] | None = None

    # ---- for those who have jobs

    @property
    def is_kept(self) -> bool:
        return self._write is not None

    def put(self, kind: str, key: str, value: object) -> None:
        """Keep a value in place of the one before; with the commit where a transaction is open. Raises SERVER_UNAVAILABLE."""
        if self._write is not None:
            self._untold[kind, key] = self._entries[kind, key] = _encode(value)
            self._write()

    def drop(self, kind: str, key: str) -> None:
        """Forget an entry and its files, whose names begin with its key."""
        if self._write is None or self._entries.pop((kind, key), None) is None:
            return
        self._untold[kind, key] = None
        self._write()
        for file in self.folder.glob(f"{key}*"):
            file.unlink()

    def of_kind(self, kind: str, value_type: type[T]) -> dict[str, T]:
        """The values of a kind by key, oldest first."""
        found = {key: value for (of, key), value in self._entries.items() if of == kind}
        return {key: msgspec.msgpack.decode(found[key], type=value_type, ext_hook=load_ext) for key in sorted(found)}

    @property
    def folder(self) -> Path:
        if self._folder is None:
            raise RuntimeError("an org in memory has no files")
        return self._folder

    def write_file(self, name: str, content: bytes) -> None:
        """Put a whole file in place."""
        temporary = self.folder / f"{name}.new"
        temporary.write_bytes(content)
        temporary.replace(self.folder / name)

    def write_at(self, name: str, position: int, content: bytes) -> None:
        """Write over whatever a file has from a position on."""
        file = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            view = memoryview(content)
            while view:
                written = os.pwrite(file, view, position)
                position, view = position + written, view[written:]
        finally:
            os.close(file)

    def read_file(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    # ---- for the org and its journal

    def keep_in(self, folder: Path, write: Callable[[], None]) -> None:
        """Keep from now on; files that no entry speaks of, which a kill leaves, go."""
        folder.mkdir(mode=0o700, exist_ok=True)
        keys = tuple(key for _kind, key in self._entries)
        for file in folder.iterdir():
            if not file.name.startswith(keys) or file.name.endswith(".new"):
                file.unlink()
        self._folder, self._write = folder, write

    def stop(self) -> None:
        """Another process may have the folder now."""
        self._write = None

    def restored(self, images: Images) -> None:
        rows: Iterable[Any] = images
        for kind, key, value in rows:
            if value is None:
                self._entries.pop((kind, key), None)
            else:
                self._entries[kind, key] = value

    def untold(self) -> Images:
        """What the journal does not say yet."""
        return [[*key, value] for key, value in self._untold.items()]

    def told(self) -> None:
        self._untold.clear()

    def all(self) -> Images:
        return [[*key, value] for key, value in self._entries.items()]
