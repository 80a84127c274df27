"""A compiled Java pattern: matching in bounded time, replacing and splitting as java.util.regex does.

Sources: Pattern, Matcher (Java Platform SE API). The platform counts character accesses and stops with an error of its own; here
the library's clock stops a match, in any thread.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import regex

from orgtwin.java_regex.syntax import PatternSyntaxError, translate

SECONDS = 1.0  # ASSUMED; of processor time, for one call
LONGEST_TEXT = 1_000_000
_REFERENCE = re.compile(r"\\(.?)|\$(?:\{(\w*)\}|(\d)(\d*)|)", re.DOTALL | re.ASCII)


class RegexTooComplicated(Exception):
    """A match that takes longer than SECONDS, or a text longer than LONGEST_TEXT."""


class TextTooLong(Exception):
    """The replaced text would be too long; its only argument is how long it was when that was noticed."""


class ReplacementError(Exception):
    """A replacement text that names no group, with Java's words."""


@dataclass(frozen=True, slots=True)
class JavaPattern:
    """`source` is as Java writes it; every method may raise RegexTooComplicated."""

    source: str
    compiled: regex.Pattern[str]
    after_empty: regex.Pattern[str]  # for a search that begins a character after an empty match, where no `\\G` is

    @property
    def groups(self) -> int:
        return int(self.compiled.groups)

    def fullmatch(self, text: str, start: int = 0, end: int | None = None) -> regex.Match[str] | None:
        with _bounded(text):
            return self.compiled.fullmatch(text, start, end, timeout=SECONDS)

    def match(self, text: str, start: int = 0, end: int | None = None) -> regex.Match[str] | None:
        with _bounded(text):
            return self.compiled.match(text, start, end, timeout=SECONDS)

    def search(
        self, text: str, start: int = 0, end: int | None = None, *, after_empty: bool = False
    ) -> regex.Match[str] | None:
        """`after_empty`: the match before was empty and lies a character before `start`."""
        with _bounded(text):
            pattern = self.after_empty if after_empty else self.compiled
            return pattern.search(text, start, end, timeout=SECONDS)

    def finditer(self, text: str) -> Iterator[regex.Match[str]]:
        """Every match as Matcher.find gives them: after an empty one the search goes on a character later. SECONDS are for all."""
        with _bounded(text):
            for found in self.compiled.finditer(text, timeout=SECONDS):
                yield found
                if found.start() == found.end():
                    yield from self._after_empty(text, found.end() + 1)
                    return

    def _after_empty(self, text: str, at: int) -> Iterator[regex.Match[str]]:
        deadline, pattern = time.monotonic() + SECONDS, self.after_empty
        while at <= len(text):
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            found = pattern.search(text, at, timeout=left)
            if found is None:
                return
            yield found
            is_empty = found.start() == found.end()
            pattern, at = self.after_empty if is_empty else self.compiled, found.end() + is_empty

    def replace(self, text: str, replacement: str, count: int = 0, most: int | None = None) -> tuple[str, int]:
        """The first `count` matches, 0 for all, replaced; and how many there were.

        Raises ReplacementError when a match needs a group there is not, TextTooLong for a text of more than `most` characters.
        """
        written: list[str] = []
        at = size = matches = 0
        for matches, found in enumerate(islice(self.finditer(text), count or None), start=1):  # noqa: B007
            put = _expand(found, replacement)
            written += (text[at : found.start()], put)
            size += found.start() - at + len(put)
            if most is not None and size > most:
                raise TextTooLong(size)
            at = found.end()
        return "".join(written) + text[at:], matches

    def split(self, text: str, limit: int = 0) -> list[str]:
        """At most `limit` parts; 0: all, without empty ones at the end; negative: all. No empty part before an empty match at 0."""
        parts: list[str] = []
        at = 0
        for found in self.finditer(text):
            if limit > 0 and len(parts) == limit - 1:
                break
            if found.end() == 0:
                continue
            parts.append(text[at : found.start()])
            at = found.end()
        if not parts:
            return [text]
        parts.append(text[at:])
        while limit == 0 and parts and not parts[-1]:
            parts.pop()
        return parts


@lru_cache(maxsize=512)
def compile_java(text: str) -> JavaPattern:
    """Raises PatternSyntaxError."""
    translated = translate(text)
    flags = regex.V1 if translated.unicode else regex.V1 | regex.ASCII
    try:
        compiled = regex.compile(translated.text, flags)
        anchored = translated.anchored
        return JavaPattern(text, compiled, regex.compile(translated.without_anchor, flags) if anchored else compiled)
    except (regex.error, RecursionError, OverflowError, MemoryError) as error:
        raise PatternSyntaxError(f"Pattern is not emulated: {error}") from error


@contextmanager
def _bounded(text: str) -> Iterator[None]:
    if len(text) > LONGEST_TEXT:
        raise RegexTooComplicated(f"a text of {len(text)} characters, {LONGEST_TEXT} are matched")
    try:
        yield
    except (TimeoutError, MemoryError) as error:
        raise RegexTooComplicated(f"more than {SECONDS:g} s") from error


def _expand(match: regex.Match[str], replacement: str) -> str:
    """`$1` (as many digits as name a group), `${name}`, `\\x` for a plain x."""

    if "\\" not in replacement and "$" not in replacement:
        return replacement

    def one(found: re.Match[str]) -> str:
        escaped, name, digit, more = found.groups()
        if escaped is not None:
            if not escaped:
                raise ReplacementError("character to be escaped is missing")
            return str(escaped)
        if name is not None:
            if name not in match.re.groupindex:
                raise ReplacementError(f"No group with name {{{name}}}")
            return match[name] or ""
        if digit is None:
            raise ReplacementError("Illegal group reference")
        return _numbered(match, digit, more)

    return _REFERENCE.sub(one, replacement)


def _numbered(match: regex.Match[str], digits: str, more: str) -> str:
    groups = match.re.groups
    if int(digits) > groups:
        raise ReplacementError(f"No group {digits}")
    while more and int(digits + more[0]) <= groups:
        digits, more = digits + more[0], more[1:]
    return (match[int(digits)] or "") + more
