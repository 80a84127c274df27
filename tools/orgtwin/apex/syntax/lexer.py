"""Text to tokens, as three parallel lists.

One regular expression per token, blanks and comments swallowed in front of it. Words are lower-cased in `texts` (Apex ignores
case) and kept as written in `raws`; strings and numbers stay as written in both. What was swallowed is never looked at again
(atomic groups), so that a text of comments with a wrong sign behind them costs no more than any other.
"""

from __future__ import annotations

import re
from typing import NoReturn

from orgtwin.apex.syntax.problems import LineTable, SyntaxProblem

WORD, STRING, NUMBER, OPERATOR, END, NONE = 1, 2, 3, 4, 5, 6

_TOKEN = re.compile(
    r"""(?:[ \t\r\n\u00a0]++|//[^\n]*+|/\*[^*]*+\*++(?:[^/*][^*]*+\*++)*+/)*+(?:
    ([A-Za-z_][A-Za-z0-9_]*+)
    |('''[ \t]*\r?\n(?:\\[\s\S]|(?!''')[^\\])*'''|'(?:\\(?:[btnfr"'\\%_&]|u[0-9a-fA-F]{4})|[^'\\\n\r])*')
    |((?:[0-9]+\.[0-9]+|\.[0-9]+)[dD]?|[0-9]+[lL]?)
    |(<<=|===|!==|\?\?|\?\.|=>|==|!=|<>|<=|>=|&&|\|\||\+\+|--|\+=|-=|\*=|/=|\|=|&=|\^=|<<|[-+*(){}\[\];:,.@?=<>!~&|^]|/(?!\*))
    |(\Z)|([\s\S]))""",
    re.VERBOSE,
)
_STRING_START = re.compile(r"'((?:\\.|[^'\\\n\r])*)(['\n\r]?)")
_BAD_ESCAPE = re.compile(r"\\(?:[^btnfr\"'\\%_&u]|u(?![0-9a-fA-F]{4}))")
_SYMBOLS = frozenset('"\\')
_WORD = re.compile(r"(?:[^\x00-\x7f]|[A-Za-z0-9_$])+")
_INVALID_CHARACTER = "Invalid character in identifier: {}"
_INVALID_IDENTIFIER = (
    "Invalid identifier '{}'. Apex identifiers must start with an ASCII letter (a-z or A-Z) followed by any number of ASCII"
    " letters (a-z or A-Z), digits (0 - 9), '_'."
)
_AHEAD = 4  # so that looking ahead needs no bounds check
MAX_CHARACTERS = 1_000_000  # "Maximum amount of code per class" (Execution Governors and Limits)


class Tokens:
    """The tokens of one source; index them by the same number in all lists."""

    __slots__ = ("kinds", "lines", "raws", "source", "starts", "texts")

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines = LineTable(source)
        self.kinds: list[int] = []
        self.raws: list[str] = []
        self.starts: list[int] = []
        self._read()
        self.texts = [raw.lower() if kind == WORD else raw for kind, raw in zip(self.kinds, self.raws, strict=True)]
        self.kinds += [END] * _AHEAD
        self.texts += ["<eof>"] * _AHEAD
        self.raws += ["<EOF>"] * _AHEAD
        self.starts += [len(source)] * _AHEAD

    def _read(self) -> None:
        add_kind, add_raw, add_start = self.kinds.append, self.raws.append, self.starts.append
        for found in _TOKEN.finditer(self.source):
            kind = found.lastindex or NONE
            if kind >= END:
                if kind == NONE:
                    self._refuse(found.start(NONE))
                return
            add_kind(kind)
            add_raw(found[kind])
            add_start(found.start(kind))

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
