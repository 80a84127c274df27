"""What a bulk query found, as it was when the query ran: later changes to the records do not show.

The rows are written to a spool, some hundred a piece, and read back from any row on: as lines where the answer is CSV, as images
of their values elsewhere. Compounds and child rows, which no bulk answer shows, are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import msgspec

from orgtwin.http.uploads import Upload
from orgtwin.records.model import Value
from orgtwin.records.stored_values import dump_values, load_ext
from orgtwin.soql import QueryResult
from orgtwin.soql.rows import Cell, ResultRow

PIECE = 500  # rows

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(ext_hook=load_ext).decode


Written = Callable[[Sequence[ResultRow]], Sequence[object]]
"""How rows are written down, one item each."""


class BulkResult:
    """Rows in a spool. `ends` says where each piece ends."""

    def __init__(self, spool: Upload | None = None, ends: Sequence[int] = (), total_size: int = 0) -> None:
        self.spool = spool or Upload()
        self.ends = list(ends)
        self.total_size = total_size

    def take(self, result: QueryResult, written: Written) -> Iterator[None]:
        """Write down the rows of a live result, a piece a step."""
        for start in range(0, len(result.selected), PIECE):
            items = written(result.slice(start, PIECE))
            piece = _encode(items)
            self.spool.write(piece)
            self.ends.append((self.ends[-1] if self.ends else 0) + len(piece))
            self.total_size += len(items)
            yield

    def slice(self, start: int, size: int | None = None) -> Iterator[Any]:
        """What was written down of so many rows, or of all, from this one on."""
        first = start // PIECE
        items = chain.from_iterable(self._piece(number) for number in range(first, len(self.ends)))
        begin = start - first * PIECE
        return islice(items, begin, None if size is None else begin + size)

    def _piece(self, number: int) -> list[Any]:
        begins = self.ends[number - 1] if number else 0
        found: list[Any] = _decode(self.spool.read_at(begins, self.ends[number] - begins))
        return found


def as_images(rows: Sequence[ResultRow]) -> list[object]:
    """For answers in JSON and XML, which tell types."""
    return [_image(row) for row in rows]


def from_images(images: Iterable[list[Any]]) -> Iterator[ResultRow]:
    return map(_row, images)


def _image(row: ResultRow) -> list[object]:
    return [row.sobject_type, row.record_id, row.shown_type, {name: _cell(value) for name, value in row.values.items()}]


def _cell(value: Cell) -> object:
    if isinstance(value, ResultRow):
        return _image(value)
    return None if isinstance(value, list | dict) else dump_values((value,))[0]


def _row(image: list[Any]) -> ResultRow:
    sobject_type, record_id, shown_type, values = image
    return ResultRow(sobject_type, record_id, _cells(values), shown_type)


def _cells(values: Mapping[str, Value | list[Any]]) -> dict[str, Cell]:
    return {name: _row(value) if isinstance(value, list) else value for name, value in values.items()}
