"""JSON text: reading with positions and writing as Jackson does, compact or pretty."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import NoReturn

from orgtwin.apex import context
from orgtwin.apex.faults import throw
from orgtwin.apex.numbers import read_decimal
from orgtwin.apex.values import Value

_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:(?P<string>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")
    |(?P<number>-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?)
    |(?P<word>true|false|null)|(?P<mark>[\[\]{},:]))""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r'[\x00-\x1f"\\\x7f-\x9f\u2028\u2029]')
_NAMES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
MAX_DEPTH = 900
"""How deep lists and objects may stand in each other, read or generated. ASSUMED: no page tells the number or the text."""
WORDS = {"true": True, "false": False, "null": None}


class Tokens:
    """Reads a text token by token; knows line and column for messages."""

    def __init__(self, text: str, *, unique: bool = False) -> None:
        self.text = text
        self.unique = unique
        self.position = 0

    def next(self) -> tuple[str, str] | None:
        """(kind, text) of the next token, or None at the end."""
        found = _TOKEN.match(self.text, self.position)
        if found is None:
            rest = self.text[self.position :].strip()
            if not rest:
                return None
            self.fail(rest[0])
        self.position = found.end()
        kind = found.lastgroup or ""
        return kind, found[kind]

    def fail(self, what: str) -> NoReturn:
        before = self.text[: self.position]
        line = before.count("\n") + 1
        column = self.position - (before.rfind("\n") + 1) + 1
        raise throw(
            "JSONException", f"Unexpected character ('{what}' (code {ord(what[0])})): at [line:{line}, column:{column}]"
        )


def number(text: str) -> Value:
    """Integer, Long or Decimal by what is written."""
    from orgtwin.apex.values import Long

    if any(c in text for c in ".eE"):
        return read_decimal(text)
    value = int(text)
    if -(2**31) <= value < 2**31:
        return value
    return Long(value) if -(2**63) <= value < 2**63 else Decimal(value)


def string(text: str) -> str:
    return str(json.loads(text))


def read(text: str, *, unique: bool = False) -> Value:
    """Plain Python: dict, list, str, int, Long, Decimal, bool, None; `unique` names are no two of one object.

    Raises JSONException.
    """
    context.spend(len(text) >> 1)
    tokens = Tokens(text, unique=unique)
    first = tokens.next()
    if first is None:
        raise throw("JSONException", "No content to map to Object due to end of input")
    value = _value(tokens, first, 0)
    extra = tokens.next()
    if extra is not None:
        tokens.fail(extra[1][0])
    return value


def _need(tokens: Tokens) -> tuple[str, str]:
    found = tokens.next()
    if found is None:
        raise throw("JSONException", "Unexpected end-of-input")
    return found


def _value(tokens: Tokens, token: tuple[str, str], depth: int) -> Value:
    kind, text = token
    if kind == "string":
        return string(text)
    if kind == "number":
        return number(text)
    if kind == "word":
        return WORDS[text]
    if depth > MAX_DEPTH:
        raise throw("JSONException", "JSON is nested too deeply")
    if text == "{":
        return _object(tokens, depth)
    if text != "[":
        tokens.fail(text)
    return _array(tokens, depth)


def _object(tokens: Tokens, depth: int) -> dict[str, Value]:
    found: dict[str, Value] = {}
    token = _need(tokens)
    if token[1] == "}":
        return found
    while True:
        if token[0] != "string":
            tokens.fail(token[1][0])
        key = string(token[1])
        colon = _need(tokens)
        if colon[1] != ":":
            tokens.fail(colon[1][0])
        if tokens.unique and key in found:
            raise throw("JSONException", f"Duplicate field: {key}")
        found[key] = _value(tokens, _need(tokens), depth + 1)
        mark = _need(tokens)
        if mark[1] == "}":
            return found
        if mark[1] != ",":
            tokens.fail(mark[1][0])
        token = _need(tokens)


def _array(tokens: Tokens, depth: int) -> list[Value]:
    found: list[Value] = []
    token = _need(tokens)
    if token[1] == "]":
        return found
    while True:
        found.append(_value(tokens, token, depth + 1))
        mark = _need(tokens)
        if mark[1] == "]":
            return found
        if mark[1] != ",":
            tokens.fail(mark[1][0])
        token = _need(tokens)


def quote(text: str) -> str:
    """A JSON string."""
    return '"' + _ESCAPE.sub(lambda m: _NAMES.get(m[0], f"\\u{ord(m[0]):04X}"), text) + '"'


def write(value: Value, *, pretty: bool, indent: str = "") -> str:
    """The text of plain data whose scalars are already JSON text (str) inside dicts and lists."""
    if isinstance(value, dict):
        return _write_object(value, pretty, indent)
    if isinstance(value, list):
        if not pretty:
            return "[" + ",".join(write(v, pretty=False) for v in value) + "]"
        return "[ " + ", ".join(write(v, pretty=True, indent=indent) for v in value) + " ]" if value else "[ ]"
    return str(value)


def _write_object(value: dict[str, Value], pretty: bool, indent: str) -> str:
    if not pretty:
        return "{" + ",".join(f"{quote(k)}:{write(v, pretty=False)}" for k, v in value.items()) + "}"
    if not value:
        return "{ }"
    inner = indent + "  "
    rows = [f"{inner}{quote(k)} : {write(v, pretty=True, indent=inner)}" for k, v in value.items()]
    return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
