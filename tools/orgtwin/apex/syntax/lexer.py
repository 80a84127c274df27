"""Text to tokens, as parallel lists.

One regular expression cuts the text into pieces: a token and the blanks and comments behind it. What the pieces are is then looked
up and their places added up by functions of C, since a match object for each token costs more than the matching; pieces that were
met before, in this source or another, are known already. Words are lower-cased in `texts` (Apex ignores case) and kept as written
in `raws`; strings and numbers stay as written in both. What was read is never looked at again (atomic groups), so that a text of
comments with a wrong sign behind them costs no more than any other; a sign that starts nothing takes the rest of the text with it.
"""

from __future__ import annotations

import re
from itertools import accumulate
from string import ascii_letters, digits
from typing import NoReturn, cast

from orgtwin.apex.syntax.problems import LineTable, SyntaxProblem
from orgtwin.apex.syntax.words import KEYWORDS

KEYWORD, WORD, STRING, NUMBER, OPERATOR, END = 0, 1, 2, 3, 4, 5
"""Kinds of tokens: up to WORD they are words, up to NUMBER words and values."""

STRINGS = r"""'''[ \t]*\r?\n(?:\\[\s\S]|(?!''')[^\\])*'''|'(?:\\(?:[btnfr"'\\%_&]|u[0-9a-fA-F]{4})|[^'\\\n\r])*'"""
# Words first, then by how often they stand in a source.
_WORDS_AND_SIGNS = rf"""[A-Za-z_][A-Za-z0-9_]*+|[(){{}}\[\];,]|\.(?![0-9])
    |{STRINGS}
    |(?:[0-9]+\.[0-9]+|\.[0-9]+)[dD]?|[0-9]+[lL]?
    |<<=|===|!==|\?\?|\?\.|=>|==|!=|<>|<=|>=|&&|\|\||\+\+|--|\+=|-=|\*=|/=|\|=|&=|\^=|<<|[-+*:@?=<>!~&|^]|/(?!\*)"""
BLANKS = r"[ \t\r\n\u00a0]*+(?:(?://[^\n]*+|/\*[^*]*+\*++(?:[^/*][^*]*+\*++)*+/)[ \t\r\n\u00a0]*+)*+"
_PIECE = re.compile(rf"(?:{_WORDS_AND_SIGNS}){BLANKS}|[\s\S]++", re.VERBOSE)
_FIRST_BLANKS = re.compile(BLANKS)
_FIRST_TOKEN = re.compile(_WORDS_AND_SIGNS, re.VERBOSE)
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
    "'": STRING,
}
_AHEAD = 4  # so that looking ahead needs no bounds check
_KEPT_PIECES, _KEPT_CHARACTERS = 50_000, 80  # known pieces, and the length of one: some ten MB at most
MAX_CHARACTERS = 1_000_000  # "Maximum amount of code per class" (Execution Governors and Limits)


class _Known(dict[str, tuple[str, str, int]]):
    """Of each piece: its token as written, in lower case if it is a word, and its kind."""

    def __missing__(self, piece: str) -> tuple[str, str, int]:
        token = _FIRST_TOKEN.match(piece)
        raw = token[0] if token else piece
        text, kind = raw, _KIND_BY_FIRST.get(raw[0], NUMBER if len(raw) > 1 and raw[1] in digits else OPERATOR)
        if kind == WORD:
            text = raw.lower()
            kind = KEYWORD if text in KEYWORDS else WORD
        if len(piece) <= _KEPT_CHARACTERS:
            self[piece] = raw, text, kind
        return raw, text, kind


_KNOWN = _Known()


class Tokens:
    """The tokens of one source; index them by the same number in all lists."""

    __slots__ = ("kinds", "lines", "raws", "source", "starts", "texts")

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines = LineTable(source)
        start = _FIRST_BLANKS.match(source).end()  # type: ignore[union-attr] # matches nothing as well
        pieces: list[str] = _PIECE.findall(source, start)
        if len(_KNOWN) > _KEPT_PIECES:
            _KNOWN.clear()
        tokens = [*map(_KNOWN.__getitem__, pieces), *[("<EOF>", "<eof>", END)] * _AHEAD]
        self.raws, self.texts, self.kinds = cast(
            "tuple[tuple[str, ...], tuple[str, ...], tuple[int, ...]]", zip(*tokens, strict=True)
        )
        self.starts: list[int] = [*accumulate(map(len, pieces), initial=start), *[len(source)] * (_AHEAD - 1)]
        if pieces and not _FIRST_TOKEN.match(pieces[-1]):
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
