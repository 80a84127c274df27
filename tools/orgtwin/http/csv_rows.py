"""CSV of the two bulk APIs: rows in, results out.

Source: "Prepare CSV Files" (Bulk API 2.0 and Bulk API Developer Guide): a header of field names; `Parent.Key__c` sets a parent by
external id, `Type:Parent.Key__c` where the parent may be of several types; an empty cell leaves a value, #N/A clears it.
"""

from __future__ import annotations

import _csv
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from orgtwin.errors import SalesforceError
from orgtwin.records.sheet import Sheet, WireRow
from orgtwin.schema.model import SObjectType

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}

_LINES_A_PIECE = 2_000

# How many rows the org saves at a time; triggers see chunks of this size.
CHUNK = 200
# "Bulk API and Bulk API 2.0 Limits and Allocations": characters in a field and in a record.
# ASSUMED: the texts, and that the whole batch fails.
LONGEST_FIELD = 131_072
LONGEST_RECORD = 400_000


def read_csv(content: bytes | io.BufferedReader, delimiter: str = ",") -> Iterator[list[str]]:
    """Rows of cells, header first. Raises InvalidBatch for text that is not UTF-8 or not CSV."""
    csv.field_size_limit(LONGEST_FIELD)
    source = io.BufferedReader(io.BytesIO(content)) if isinstance(content, bytes) else content
    text = io.TextIOWrapper(source, "utf-8-sig", newline="")
    try:
        yield from _records(text, csv.reader((), delimiter=delimiter, strict=True).dialect)
    except UnicodeDecodeError as error:
        raise SalesforceError("InvalidBatch", "Failed to parse the data: it is not UTF-8") from error
    except csv.Error as error:
        raise SalesforceError("InvalidBatch", f"Failed to parse CSV. {error}") from error


def _records(lines: Iterator[str], dialect: _csv.Dialect) -> Iterator[list[str]]:
    """Lines without quotes are only cut at their delimiters: that takes half as long. Blank lines are no rows."""
    for line in lines:
        if '"' in line or len(line) > LONGEST_FIELD:
            with_the_lines_it_goes_on_in = chain((line,), lines)
            yield next(csv.reader(with_the_lines_it_goes_on_in, dialect))
        elif cells := line.rstrip("\r\n"):
            yield cells.split(dialect.delimiter)


def in_chunks(rows: Iterable[list[str]], size: int = CHUNK) -> Iterator[list[list[str]]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk


class RowReader:
    """Turns cells into rows; built once for a header."""

    def __init__(self, header: Sequence[str]) -> None:
        self._keys = tuple(_key(column.strip()) for column in header)
        self._has_twins = len(set(self._keys)) < len(self._keys)

    def rows(self, chunk: Sequence[Sequence[str]]) -> Sequence[WireRow]:
        """Cells by field name, or by parent and its key. Raises InvalidBatch for a row of another width, or too long."""
        width = len(self._keys)
        for cells in chunk:
            if len(cells) != width:
                raise SalesforceError(
                    "InvalidBatch",
                    f"Number of columns in the header ({width}) and in the row ({len(cells)}) do not match",
                )
            if len("".join(cells)) > LONGEST_RECORD:
                raise SalesforceError("InvalidBatch", f"A record has more than {LONGEST_RECORD} characters")
        sheet = Sheet(self._keys, chunk)
        return list(sheet) if self._has_twins else sheet


def _key(column: str) -> str:
    """`Account:Parent.Key__c` is Parent.Key__c: the value of the key tells which parent it is."""
    name = column.rpartition(":")[2] if "." in column else column
    return "Id" if name.lower() == "id" else name


def find_unknown_column(header: Sequence[str], sobject_type: SObjectType, readable: frozenset[str]) -> str | None:
    """The first column that names no field or parent of the object for this caller, or None."""
    for column in header:
        name = column.strip()
        if "." in name:
            relationship = name.rpartition(":")[2].partition(".")[0]
            field = sobject_type.find_relationship(relationship)
        else:
            field = sobject_type.find_field(name)
        if field is None or field.api_name.lower() not in readable:
            return name
    return None


def write_csv(rows: Iterable[Sequence[object]], delimiter: str = ",", line_ending: str = "\n") -> Iterator[bytes]:
    """Every cell quoted, as the org writes them; in pieces of some thousand rows."""
    iterator = iter(rows)
    while piece := list(islice(iterator, _LINES_A_PIECE)):
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=delimiter, lineterminator=line_ending, quoting=csv.QUOTE_ALL).writerows(piece)
        yield buffer.getvalue().encode()


def csv_lines(rows: Iterable[Sequence[object]], delimiter: str = ",", line_ending: str = "\n") -> list[bytes]:
    """Each row as the line that `write_csv` writes of it."""
    lines = _Lines()
    csv.writer(lines, delimiter=delimiter, lineterminator=line_ending, quoting=csv.QUOTE_ALL).writerows(rows)
    return lines.written


def in_pieces(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Some thousand lines at a time."""
    iterator = iter(lines)
    while piece := b"".join(islice(iterator, _LINES_A_PIECE)):
        yield piece


class _Lines:
    """A file for csv.writer, which writes a row at a time."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, line: str) -> None:
        self.written.append(line.encode())


def cell(value: object) -> str:
    """A value as bulk results write it: null is empty, booleans are words, a datetime ends in Z."""
    if value is None:
        return ""
    if value is True:
        return "true"
    if value is False:
        return "false"
    text = str(value)
    return text[:-5] + "Z" if len(text) == 28 and text.endswith("+0000") else text
