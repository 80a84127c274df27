"""Zip files that strangers send, and zip files we send.

Limits and texts: "Deploying and Retrieving Metadata with the Zip File" and "Metadata Limits" (Metadata API
Developer Guide, Salesforce
Developer Limits Quick Reference): 10,000 files, 39 MB compressed, 600 MB uncompressed (629,145,600 bytes), in one deploy.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

MAX_FILES = 10_000
MAX_ZIP_BYTES = 39 * 1024 * 1024
MAX_UNZIPPED_BYTES = 600 * 1024 * 1024
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)


class ArchiveRefused(Exception):
    """The zip is none, is too big, or reaches outside itself. The text is the org's."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def read_archive(data: bytes) -> dict[str, bytes]:
    """Path to bytes of every file, directories left out. Raises ArchiveRefused; never unpacks more than the limit."""
    if len(data) > MAX_ZIP_BYTES:
        raise ArchiveRefused(
            "LIMIT_EXCEEDED", f"Maximum size of request reached. Maximum size of request is {MAX_ZIP_BYTES} bytes."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check_entries(entries)
            return _unpack(archive, entries)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise ArchiveRefused("INVALID_ZIP", f"Not a valid zip file: {error}") from error


def _check_entries(entries: Iterable[zipfile.ZipInfo]) -> None:
    names = [entry.filename for entry in entries]
    if len(names) > MAX_FILES:
        raise ArchiveRefused("LIMIT_EXCEEDED", f"Too many files in zip: the limit is {MAX_FILES}.")
    for name in names:
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or "\0" in name or ":" in path.parts[0]:
            raise ArchiveRefused("INVALID_ZIP", f"Invalid file path in zip: {name!r}")
    if sum(entry.file_size for entry in entries) > MAX_UNZIPPED_BYTES:
        raise ArchiveRefused("LIMIT_EXCEEDED", _too_big())


def _unpack(archive: zipfile.ZipFile, entries: Iterable[zipfile.ZipInfo]) -> dict[str, bytes]:
    """Read every entry, trusting no declared size: a bomb says it is small."""
    left = MAX_UNZIPPED_BYTES
    files: dict[str, bytes] = {}
    for entry in entries:
        with archive.open(entry) as stream:
            content = stream.read(left + 1)
        left -= len(content)
        if left < 0:
            raise ArchiveRefused("LIMIT_EXCEEDED", _too_big())
        files[entry.filename.replace("\\", "/").removeprefix("./")] = content
    return files


def _too_big() -> str:
    return f"The uncompressed size of the zip file is over the limit of {MAX_UNZIPPED_BYTES} bytes."


def write_archive(files: Mapping[str, bytes]) -> bytes:
    """The same files make the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            archive.writestr(zipfile.ZipInfo(path, _FIXED_TIME), files[path], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
