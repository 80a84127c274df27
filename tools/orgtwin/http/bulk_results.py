"""What a bulk query found, as it was when the query ran: later changes to the records do not show.

The rows are written to a spool, some hundred a piece, and read back from any row on. Compounds and child rows, which no bulk
answer shows, are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
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


class BulkResult:
    """Rows in a spool. `ends` says where each piece ends."""

    def __init__(self, spool: Upload | None = None, ends: Sequence[int] = (), total_size: int = 0) -> None:
        self.spool = spool or Upload()
        self.ends = list(ends)
        self.total_size = total_size

    def take(self, result: QueryResult) -> Iterator[None]:
        """Write the rows of a live result, a piece a step."""
        for start in range(0, len(result.selected), PIECE):
            rows = result.slice(start, PIECE)
            piece = _encode([_image(row) for row in rows])
            self.spool.write(piece)
            self.ends.append((self.ends[-1] if self.ends else 0) + len(piece))
            self.total_size += len(rows)
            yield

    def rows_from(self, start: int) -> Iterator[ResultRow]:
        """Every row from this one on."""
        first = start // PIECE
        pieces = (row for number in range(first, len(self.ends)) for row in self._piece(number))
        return islice(pieces, start - first * PIECE, None)

    def slice(self, start: int, size: int) -> Iterator[ResultRow]:
        """The rows of one page."""
        return islice(self.rows_from(start), size)

    @property
    def rows(self) -> Iterator[ResultRow]:
        return self.rows_from(0)

    def _piece(self, number: int) -> list[ResultRow]:
        begins = self.ends[number - 1] if number else 0
        return [_row(image) for image in _decode(self.spool.read_at(begins, self.ends[number] - begins))]


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
