"""The data of an upload, in memory and on disk."""

from __future__ import annotations

import pytest

from orgtwin.http.uploads import Upload


@pytest.mark.parametrize("size", [0, 5, 256 * 1024, 256 * 1024 + 1, 1_000_003])
def test_what_is_written_in_parts_is_read_whole_by_every_reader(size: int) -> None:
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    upload = Upload()
    for start in range(0, size, 70_001):
        upload.write(content[start : start + 70_001])
    first, second = upload.reader(), upload.reader()
    assert first.read(7) == content[:7]
    assert second.read() == content
    assert first.read() == content[7:]
