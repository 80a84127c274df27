"""The data of an upload as it came: small ones in memory, larger ones in a file of their own, so that many large ones fit."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import weakref
from pathlib import Path

_IN_MEMORY = 256 * 1024
_BUFFER = 256 * 1024


class Upload:
    """Written part by part, then read from the start any number of times, by several readers at once."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._file: int | None = None
        self._path: Path | None = None

    @classmethod
    def at(cls, path: Path) -> Upload:
        """One that was kept at a path, by this process or one before."""
        upload = cls()
        upload._path = path
        return upload

    @classmethod
    def of(cls, content: bytes) -> Upload:
        upload = cls()
        upload.write(content)
        return upload

    def write(self, part: bytes) -> None:
        if self._file is None and len(self._head) + len(part) <= _IN_MEMORY:
            self._head += part
            return
        if self._file is None:
            self._file = self._open()
        left = memoryview(part)
        while left:
            left = left[os.write(self._file, left) :]

    def _open(self) -> int:
        """A file without a name, which goes when this goes; what was in memory is its beginning."""
        file, name = tempfile.mkstemp(prefix="orgtwin-")
        os.unlink(name)
        weakref.finalize(self, os.close, file)
        os.write(file, self._head)
        self._head.clear()
        return file

    @property
    def is_kept(self) -> bool:
        """Whether it is in a file that outlives this process."""
        return self._path is not None

    def kept_at(self, path: Path) -> Upload:
        """The same data in a file that outlives this process; between two reads it holds no descriptor."""
        temporary = path.with_name(f"{path.name}.new")
        with self.reader() as source, temporary.open("wb") as file:
            shutil.copyfileobj(source, file, _BUFFER)
        temporary.replace(path)
        return Upload.at(path)

    def read_at(self, position: int, size: int) -> bytes:
        if self._path is not None:
            with self._path.open("rb") as file:
                return os.pread(file.fileno(), size, position)
        if self._file is None:
            return bytes(self._head[position : position + size])
        return os.pread(self._file, size, position)

    def reader(self) -> io.BufferedReader:
        """The data from the start, at a position of its own."""
        return io.BufferedReader(_Reader(self), _BUFFER)


class _Reader(io.RawIOBase):
    def __init__(self, upload: Upload) -> None:
        self._upload = upload
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        content = self._upload.read_at(self._position, len(buffer))
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)
