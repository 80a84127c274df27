"""What is wrong with a text, in the words of Salesforce's own parser (its output on bad programs was the source)."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

_NEWLINE = re.compile("\n")
TOO_DEEP = "Expression or block nested too deeply"


class LineTable:
    """Offsets to lines and columns, both counted from 1, of one source."""

    def __init__(self, source: str) -> None:
        self.source = source

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(newline.end() for newline in _NEWLINE.finditer(self.source))]

    def line(self, offset: int) -> int:
        return bisect_right(self._starts, offset)

    def column(self, offset: int) -> int:
        return offset - self._starts[bisect_right(self._starts, offset) - 1] + 1


class SyntaxProblem(Exception):
    """The parser stops here. `line` and `column` count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {message}")
        self.message = message
        self.line = line
        self.column = column
