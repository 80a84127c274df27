"""Formula text to tokens.

    IDENT    letter or $, then letters, digits, $ _ : . #      so that `Account.Owner:User.Name` is one token
    NUMBER   digits [. digits]
    STRING   "..." or '...' with \\n \\r \\t \\" \\' \\\\      on one line
    OP       || && == <> != <= >= = < > + - * / & ^ ! ( ) , [ ]
    /* ... */ and white space are skipped

Source: lexer of the vendor's open formula engine (LexerRules.g4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from orgtwin.formula.errors import FormulaError


class Kind(Enum):
    IDENT = "ident"
    NUMBER = "number"
    STRING = "string"
    OP = "op"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """`text` as written; `value` is what a string means once its escapes are read."""

    kind: Kind
    text: str
    position: int
    value: str = ""


_SKIP = re.compile(r"(?:[ \t\f\r\n]+|/\*.*?\*/)+", re.DOTALL)
_TOKEN = re.compile(
    r"(?P<ident>[A-Za-z$][A-Za-z0-9$_:.#]*)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<string>\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*')"
    r"|(?P<op>\|\||&&|==|<>|!=|<=|>=|[=<>+\-*/&^!(),\[\]])",
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def tokenize(text: str) -> list[Token]:
    """All tokens, END last. Raises FormulaError at the first character that begins none."""
    tokens: list[Token] = []
    position = _skip(text, 0)
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _no_token(text, position)
        kind = Kind(match.lastgroup)
        value = _unescape(match.group(), position) if kind is Kind.STRING else ""
        tokens.append(Token(kind, match.group(), position, value))
        position = _skip(text, match.end())
    tokens.append(Token(Kind.END, "end of formula", len(text)))
    return tokens


def _skip(text: str, position: int) -> int:
    match = _SKIP.match(text, position)
    return match.end() if match else position


def _no_token(text: str, position: int) -> FormulaError:
    if text[position] in "\"'":
        return FormulaError(f"Syntax error.  Missing {text[position]}", position)
    if text.startswith("/*", position):
        return FormulaError("Syntax error.  Missing *", position)
    return FormulaError("Syntax error", position)


def _unescape(literal: str, position: int) -> str:
    body = literal[1:-1]
    if "\n" in body or "\r" in body:
        raise FormulaError("Syntax error", position)
    if "\\" not in body:
        return body

    def one(match: re.Match[str]) -> str:
        found = _ESCAPES.get(match.group(1).lower())
        if found is None:
            raise FormulaError("Syntax error", position + 1 + match.start())
        return found

    return _ESCAPE.sub(one, body)
