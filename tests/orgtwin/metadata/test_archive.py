"""A zip from a stranger is read within bounds, or refused."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

from orgtwin.metadata import archive
from orgtwin.metadata.archive import ArchiveRefused, read_archive, write_archive


def _zip(*names: str, content: bytes = b"x") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(name, content)
    return buffer.getvalue()


def test_directories_are_left_out() -> None:
    assert read_archive(_zip("a/", "a/b.txt")) == {"a/b.txt": b"x"}


def test_the_same_files_make_the_same_bytes() -> None:
    files = {"b": b"2", "a": b"1"}
    assert write_archive(files) == write_archive(dict(reversed(files.items())))
    assert read_archive(write_archive(files)) == files


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", "C:/x", "..\\x", "a\\..\\..\\x"])
def test_a_path_that_leaves_the_zip_is_refused(name: str) -> None:
    with pytest.raises(ArchiveRefused, match="Invalid file path in zip") as refused:
        read_archive(_zip(name))

    assert refused.value.code == "INVALID_ZIP"


def test_too_many_files_are_refused() -> None:
    with pytest.raises(ArchiveRefused, match=re.escape("Too many files in zip: the limit is 10000.")):
        read_archive(_zip(*(f"f{number}" for number in range(archive.MAX_FILES + 1))))


def test_a_zip_over_39_megabytes_is_refused_before_it_is_opened() -> None:
    with pytest.raises(ArchiveRefused, match=re.escape("Maximum size of request is 40894464 bytes.")):
        read_archive(b"\0" * (archive.MAX_ZIP_BYTES + 1))


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNZIPPED_BYTES", 1000)
    with pytest.raises(
        ArchiveRefused, match=re.escape("The uncompressed size of the zip file is over the limit of 1000 bytes.")
    ):
        read_archive(_zip("a", content=b"0" * 1001))


def test_a_bomb_that_lies_about_its_size_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNZIPPED_BYTES", 1000)
    honest = _zip("a", content=b"0" * 5000)
    lying = honest.replace((5000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    with pytest.raises(ArchiveRefused) as refused:
        read_archive(lying)

    assert refused.value.code in ("LIMIT_EXCEEDED", "INVALID_ZIP")


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x03\x04", b"no zip at all", _zip("a")[:-10]],
    ids=["nothing", "a signature alone", "text", "a zip cut short"],
)
def test_what_is_no_zip_is_refused(data: bytes) -> None:
    with pytest.raises(ArchiveRefused, match="Not a valid zip file") as refused:
        read_archive(data)

    assert refused.value.code == "INVALID_ZIP"
