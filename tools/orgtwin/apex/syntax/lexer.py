"""Text to tokens, as parallel lists.

One regular expression cuts the text into tokens and what stands between them, as one list of pieces; kinds, lower case and places
are then made by functions of C over all pieces, since a match object for each token costs more than the matching. Words are
lower-cased in `texts` (Apex ignores case) and kept as written in `raws`; strings and numbers stay as written in both. What was
read is never looked at again (atomic groups), so that a text of comments with a wrong sign behind them costs no more than any
other; a sign that starts nothing takes the rest of the text with it.
"""

from __future__ import annotations

import re
from itertools import accumulate, compress
from string import ascii_letters, digits
from typing import NoReturn

from orgtwin.apex.syntax.problems import LineTable, SyntaxProblem

BETWEEN, WORD, STRING, NUMBER, OPERATOR, END = 0, 1, 2, 3, 4, 5

_GOOD_PIECE = r"""[A-Za-z_][A-Za-z0-9_]*+|[(){}\[\];,]|\.(?![0-9])
    |(?:[ \t\r\n\u00a0]++|//[^\n]*+|/\*[^*]*+\*++(?:[^/*][^*]*+\*++)*+/)++
    |'''[ \t]*\r?\n(?:\\[\s\S]|(?!''')[^\\])*'''|'(?:\\(?:[btnfr"'\\%_&]|u[0-9a-fA-F]{4})|[^'\\\n\r])*'
    |(?:[0-9]+\.[0-9]+|\.[0-9]+)[dD]?|[0-9]+[lL]?
    |<<=|===|!==|\?\?|\?\.|=>|==|!=|<>|<=|>=|&&|\|\||\+\+|--|\+=|-=|\*=|/=|\|=|&=|\^=|<<|[-+*:@?=<>!~&|^]|/(?!\*)"""
_PIECE = re.compile(rf"{_GOOD_PIECE}|[\s\S]++", re.VERBOSE)  # words first, then by how often they stand in a source
_WHOLE_PIECE = re.compile(_GOOD_PIECE, re.VERBOSE)
_STRING_START = re.compile(r"'((?:\\.|[^'\\\n\r])*)(['\n\r]?)")
_BAD_ESCAPE = re.compile(r"\\(?:[^btnfr\"'\\%_&u]|u(?![0-9a-fA-F]{4}))")
_SYMBOLS = frozenset('"\\')
_WORD = re.compile(r"(?:[^\x00-\x7f]|[A-Za-z0-9_$])+")
_INVALID_CHARACTER = "Invalid character in identifier: {}"
_INVALID_IDENTIFIER = (
    "Invalid identifier '{}'. Apex identifiers must start with an ASCII letter (a-z or A-Z) followed by any number of ASCII"
    " letters (a-z or A-Z), digits (0 - 9), '_'."
)
_KIND_BY_FIRST = {
    **dict.fromkeys(ascii_letters + "_", WORD),
    **dict.fromkeys(digits, NUMBER),
    **dict.fromkeys(" \t\r\n\u00a0", BETWEEN),
    "'": STRING,
}
_KIND_BY_TWO = {"//": BETWEEN, "/*": BETWEEN, **{f".{digit}": NUMBER for digit in digits}}
_AHEAD = 4  # so that looking ahead needs no bounds check
MAX_CHARACTERS = 1_000_000  # "Maximum amount of code per class" (Execution Governors and Limits)


def _kind(piece: str) -> int:
    return _KIND_BY_TWO.get(piece[:2], _KIND_BY_FIRST.get(piece[0], OPERATOR))


class Tokens:
    """The tokens of one source; index them by the same number in all lists."""

    __slots__ = ("kinds", "lines", "raws", "source", "starts", "texts")

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines = LineTable(source)
        pieces: list[str] = _PIECE.findall(source)
        kind_of = {piece: _kind(piece) for piece in set(pieces)}
        text_of = {piece: piece.lower() if kind == WORD else piece for piece, kind in kind_of.items()}
        kinds = [*map(kind_of.__getitem__, pieces)]
        starts = accumulate(map(len, pieces), initial=0)
        self.raws: list[str] = [*compress(pieces, kinds), *["<EOF>"] * _AHEAD]
        self.texts: list[str] = [*map(text_of.__getitem__, compress(pieces, kinds)), *["<eof>"] * _AHEAD]
        self.starts: list[int] = [*compress(starts, kinds), *[len(source)] * _AHEAD]
        self.kinds: list[int] = [*filter(None, kinds), *[END] * _AHEAD]
        if pieces and not _WHOLE_PIECE.fullmatch(pieces[-1]):
            self._refuse(len(source) - len(pieces[-1]))

    def _refuse(self, position: int) -> NoReturn:
        """Nothing of Apex starts there."""
        source, at = self.source, position
        if source.startswith("/*", at):
            raise self.problem("Missing closing mark */ on multi-line comment.", at)
        if source[at] in _SYMBOLS:
            raise self.problem(f"Unrecognized symbol '{source[at]}', which is not a valid Apex identifier.", at)
        self._refuse_word(at)
        if source[at] != "'":
            raise self.problem(f"Found punctuation symbol or operator '{source[at]}' that isn't valid in Apex.", at)
        text = _STRING_START.match(source, at)
        body, closing = (text[1], text[2]) if text else ("", "")
        bad = _BAD_ESCAPE.search(body)
        if closing == "'" and bad:
            raise self.problem(
                f"Illegal string literal: Invalid string literal '{body}'."
                f" Illegal character sequence {bad[0]}' in string literal.",
                at,
            )
        if source.find("'", at + 1) >= 0 and closing in ("\n", "\r"):
            raise self.problem("Illegal string literal: Line breaks are not allowed in string literals", at)
        raise self.problem("Missing closing quote character ' on string.", at)

    def _refuse_word(self, at: int) -> None:
        """Raises SyntaxProblem when a letter of another alphabet, or a dollar sign, stands there."""
        source = self.source
        if source[at].isascii() and source[at] != "$":
            return
        start = at
        while start and (source[start - 1].isalnum() or source[start - 1] in "_$"):
            start -= 1
        word = _WORD.match(source, start)
        shown = word[0] if word is not None else source[at]
        message = _INVALID_CHARACTER if source[start].isascii() else _INVALID_IDENTIFIER
        raise self.problem(message.format(shown), start)

    def problem(self, message: str, offset: int) -> SyntaxProblem:
        """A problem at an offset of this source."""
        return SyntaxProblem(message, self.lines.line(offset), self.lines.column(offset))
