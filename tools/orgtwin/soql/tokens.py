"""SOQL text to tokens.

WORD      letter or _, then letters, digits, _
NUMBER    [+-] digits [. digits] [e [+-] digits]
DATE      2026-11-21, DATETIME 2026-11-21T09:30:00Z (or .000Z, +01:00, -0800)
    TIME      09:30:00.000Z
STRING    '...' with \\n \\r \\t \\b \\f \\" \\' \\\\ \\_ \\% \\uXXXX
OP        = != <> < > <= >= ( ) , . :
"""

from __future__ import annotations

import re
from typing import NamedTuple

from orgtwin.errors import SalesforceError
from orgtwin.soql.errors import malformed

_TOKEN = re.compile(
    r"\s*(?:(?P<datetime>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2}))"
    r"|(?P<time>\d{2}:\d{2}:\d{2}(?:\.\d+)?Z)"
    r"|(?P<date>\d{4}-\d{2}-\d{2})"
    r"|(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_$]*)"
    r"|(?P<string>'(?:[^'\\]|\\.)*')"
    r"|(?P<op><=|>=|!=|<>|[=<>(),.:]))",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\", "_": "_", "%": "%"}
ESCAPES |= {key.upper(): value for key, value in ESCAPES.items() if key.isalpha()}

END = "end"


class Token(NamedTuple):
    """`kind` is a group of the token pattern or `end`; `lower` serves keyword comparison."""

    kind: str
    text: str
    lower: str
    position: int


def tokenize(text: str) -> list[Token]:
    """All tokens and one of kind END. Raises MALFORMED_QUERY at a character that begins none."""
    tokens: list[Token] = []
    end = 0
    for match in iter(_TOKEN.scanner(text).match, None):  # type: ignore[attr-defined]
        kind = match.lastgroup
        found = match[kind]
        end = match.end()
        tokens.append(Token(kind, found, found.lower(), end - len(found)))
    rest = text[end:].lstrip()
    if rest:
        raise _no_token(text, len(text) - len(rest))
    tokens.append(Token(END, "<EOF>", "<eof>", len(text)))
    return tokens


def _no_token(text: str, position: int) -> SalesforceError:
    """The lexer's own two texts; they count lines from 1 and columns from 0."""
    if text[position] == "'":
        return malformed(f"line {_place(text, len(text))} mismatched character '<EOF>' expecting '''", text, len(text))
    reason = f"line {_place(text, position)} no viable alternative at character '{text[position]}'"
    return malformed(reason, text, position)


def _place(text: str, position: int) -> str:
    row = text.count("\n", 0, position) + 1
    return f"{row}:{position - text.rfind(chr(10), 0, position) - 1}"


def unescape(body: str, text: str, position: int) -> str:
    """What the body of a string literal means."""
    if "\\" not in body:
        return body

    def one(match: re.Match[str]) -> str:
        mark = match.group(1)
        if len(mark) == 5:
            return chr(int(mark[1:], 16))
        found = ESCAPES.get(mark)
        if found is None:
            reason = f"Invalid string literal '{body}'. Illegal character sequence '\\{mark}' in string literal"
            raise malformed(reason, text, position)
        return found

    return _ESCAPE.sub(one, body)
