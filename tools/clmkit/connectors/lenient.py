"""Read an answer of many documents although some of them make no sense, so that one of them takes no other with it. Pure.

    answer = read_leniently(body, "changes")          # a document that cannot be used is an `Absurd` in its list

Used where the strict reading failed. What no value of a contract can be is told with its place: a number beyond every number
(NaN, Infinity, 1e400), a text that is not Unicode, documents within documents without end.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

DEEPEST = 64
"""Levels of lists and objects in an answer; no contract has a tenth of it."""
_TOO_DEEP = "more than 64 levels of lists and objects"
_LONGEST_NUMBER = 400
_OPENING, _CLOSING = (b"[", b"{"), (b"]", b"}")
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]', re.DOTALL)
_CUT_WORDS = "\x00clmkit cut\x00"
_CUT = json.dumps(_CUT_WORDS).encode()


@dataclass(frozen=True, slots=True)
class Absurd:
    """A document that cannot be used, with why; its other members may still say which one it is."""

    document: Mapping[str, Any]
    words: str


@dataclass(frozen=True, slots=True)
class _Nothing:
    """Stands where a value cannot be used."""

    words: str


def read_leniently(body: bytes, items: str = "") -> Any:
    """The answer; in its list at the dotted path `items` an `Absurd` for each document that cannot be used.

    Raises ValueError for what is no JSON at all, and when it is not one of those documents that makes no sense.
    """
    answer = json.loads(
        prune(body).decode("utf-8", "surrogateescape"),
        parse_constant=_Nothing,
        parse_float=_to_float,
        parse_int=_to_int,
    )
    documents: list[Any] = []
    if items and (holder := _holder(answer, items)) is not None:
        name = items.rpartition(".")[2]
        documents, holder[name] = holder[name], []
    if words := find_absurdity(answer):
        raise ValueError(words)
    if documents and holder is not None:
        holder[name] = [_judged(one) for one in documents]
    return answer


def _holder(answer: Any, path: str) -> dict[str, Any] | None:
    """The object whose last member of the path is a list."""
    *names, last = path.split(".")
    for name in names:
        answer = answer.get(name) if isinstance(answer, dict) else None
    return answer if isinstance(answer, dict) and isinstance(answer.get(last), list) else None


def prune(body: bytes) -> bytes:
    """The text with a mark in place of each list or object deeper than DEEPEST, read without recursion."""
    kept, depth, done = bytearray(), 0, 0
    for found in _TOKEN.finditer(body):
        if found[0] in _OPENING:
            depth += 1
            if depth == DEEPEST + 1:
                kept += body[done : found.start()] + _CUT
        elif found[0] in _CLOSING:
            depth -= 1
            if depth == DEEPEST:
                done = found.end()
    return bytes(kept + body[done:]) if depth <= DEEPEST else bytes(kept)


def find_absurdity(document: Any) -> str:
    """What of a document is no value and where; empty when everything is one."""
    for path, value in _walk(document):
        if isinstance(value, _Nothing):
            return f"{value.words} at {path!r}"
        if value == _CUT_WORDS:
            return f"{_TOO_DEEP} at {path!r}"
        if isinstance(value, str) and not _is_unicode(value):
            return f"a text that is not Unicode at {path!r}"
    return ""


def _judged(document: Any) -> Any:
    words = find_absurdity(document)
    if not words:
        return document
    return Absurd(document if isinstance(document, dict) else {}, words)


def _walk(document: Any) -> Iterator[tuple[str, Any]]:
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [("the name of a member", name) for name in value if not _is_unicode(name)]
            waiting += [(f"{path}.{name}".lstrip("."), one) for name, one in value.items()]
        elif isinstance(value, list):
            waiting += [(path, one) for one in value]
        else:
            yield path, value


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _to_float(text: str) -> float | _Nothing:
    number = float(text)
    return number if math.isfinite(number) else _Nothing(_short(text))


def _to_int(text: str) -> int | _Nothing:
    return int(text) if len(text) < _LONGEST_NUMBER else _Nothing(_short(text))


def _short(text: str) -> str:
    return text if len(text) <= 20 else f"a number of {len(text)} digits"
