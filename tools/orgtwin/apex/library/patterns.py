"""Pattern and Matcher: what Apex shows of Java's regular expressions.

A match that costs too much raises LimitException "Regex too complicated", as the platform's own counter does.
Sources: "Pattern Class", "Matcher Class" (Apex Reference Guide).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import regex

from orgtwin.apex import context
from orgtwin.apex.faults import argument_null, out_of_limit, throw
from orgtwin.apex.library.signatures import declare, system_class, type_of
from orgtwin.apex.transaction import TICKS_PER_MILLISECOND
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList
from orgtwin.java_regex import (
    JavaPattern,
    PatternSyntaxError,
    RegexTooComplicated,
    ReplacementError,
    TextTooLong,
    compile_java,
)

T = TypeVar("T")
MAX_TEXT = 6_000_000
LONG_MATCH = 100  # milliseconds
MATCH_TICKS = 10
REWRITE_TICKS = 20
PART_TICKS = 2
"""ASSUMED: CPU time of a match, of a split or a replacement, however short the text, and of each part of these."""
COMPILE_TICKS = 300
MOST_KNOWN = 100
"""ASSUMED: what a pattern costs when it is read, and how many of the last ones cost nothing."""
WALK = 7
"""ASSUMED: 2 to the power of this many characters cost a tick. The first search pays for the others over the same text."""


def bounded(match: Callable[[], T], walked: int, ticks: int = MATCH_TICKS) -> T:
    """What `match()` gives. Raises the uncatchable LimitException when it takes too long.

    The steps of a match are not counted: each costs its ticks and those of the characters it may walk, and one which takes long
    is measured besides.
    """
    context.spend(ticks + (walked >> WALK))
    started = time.process_time()
    try:
        return match()
    except RegexTooComplicated as error:
        raise out_of_limit("Regex too complicated") from error
    except TextTooLong as error:
        raise out_of_limit(f"Apex heap size too large: {error}") from error
    except ReplacementError as error:
        raise throw("StringException", str(error)) from error
    finally:
        spent = round((time.process_time() - started) * 1000)
        if spent > LONG_MATCH:
            context.spend(spent * TICKS_PER_MILLISECOND)


def compile_pattern(pattern: str) -> JavaPattern:
    """Costs CPU time when the transaction has not had the pattern lately. Raises StringException with Java's description."""
    known = context.transaction().patterns
    if pattern not in known:
        if len(known) >= MOST_KNOWN:
            known.clear()
        known.add(pattern)
        context.spend(COMPILE_TICKS + len(pattern))
    try:
        return compile_java(pattern)
    except PatternSyntaxError as error:
        raise throw("StringException", f"Invalid regex: {error}") from error


@dataclass(slots=True, eq=False)
class ApexPattern:
    """A compiled Pattern."""

    text: str
    compiled: JavaPattern

    def __str__(self) -> str:
        return self.text

    @property
    def apex_type(self) -> Type:
        return declare("Pattern").type


@dataclass(slots=True, eq=False)
class ApexMatcher:
    """A Matcher: a pattern, an input, a region and the last match."""

    pattern: ApexPattern
    text: str
    start: int = 0
    end: int = 0
    position: int = 0
    after_empty: bool = False  # whether the match before `position` is empty
    match: regex.Match[str] | None = None
    hit_end: bool = False
    appended: int = 0
    output: list[str] = field(default_factory=list)

    @property
    def apex_type(self) -> Type:
        return declare("Matcher").type


def _compile(text: str | None) -> ApexPattern:
    if text is None:
        raise argument_null("regex")
    return ApexPattern(text, compile_pattern(text))


def _quote(text: str) -> str:
    """A quotation; an `\\E` in the text ends it, stands as itself, and another begins."""
    return "\\Q" + text.replace("\\E", "\\E\\\\E\\Q") + "\\E"


def _matcher(this: ApexPattern, text: str | None) -> ApexMatcher:
    if text is None:
        raise argument_null("input")
    return ApexMatcher(this, text, 0, len(text))


def _static_matches(pattern: str, text: str) -> bool:
    found = _compile(pattern).compiled
    return bounded(lambda: found.fullmatch(text), len(text)) is not None


_STRINGS = type_of("List<String>")


def split(this: str, pattern: str | None, limit: int = 0) -> ApexList:
    """String.split: Java's rules for empty parts."""
    if pattern is None:
        raise argument_null("regExp")
    compiled = compile_pattern(pattern)
    parts = bounded(lambda: compiled.split(this, limit), len(this), REWRITE_TICKS)
    context.spend(len(parts) * PART_TICKS)
    return ApexList(_STRINGS, parts)


def replace_all(this: str, pattern: str | None, replacement: str | None) -> str:
    """String.replaceAll."""
    return _replace(this, pattern, replacement, 0)


def replace_first(this: str, pattern: str | None, replacement: str | None) -> str:
    """String.replaceFirst."""
    return _replace(this, pattern, replacement, 1)


def _replace(this: str, pattern: str | None, replacement: str | None, count: int) -> str:
    if pattern is None or replacement is None:
        raise argument_null("regExp" if pattern is None else "replacement")
    return _rewritten(compile_pattern(pattern), this, replacement, count)


def _rewritten(compiled: JavaPattern, text: str, replacement: str, count: int) -> str:
    found, matches = bounded(lambda: compiled.replace(text, replacement, count, MAX_TEXT), len(text), REWRITE_TICKS)
    context.spend(matches * PART_TICKS)
    return found


def _matched(this: ApexMatcher) -> regex.Match[str]:
    if this.match is None:
        raise throw("StringException", "No match found")
    return this.match


def _matches(this: ApexMatcher) -> bool:
    compiled = this.pattern.compiled
    return _next_after(
        this, bounded(lambda: compiled.fullmatch(this.text, this.start, this.end), this.end - this.start)
    )


def _looking_at(this: ApexMatcher) -> bool:
    compiled = this.pattern.compiled
    return _next_after(this, bounded(lambda: compiled.match(this.text, this.start, this.end), this.end - this.start))


def _next_after(this: ApexMatcher, match: regex.Match[str] | None) -> bool:
    """Keep a match: the next search begins where it ends, and a character later when it is empty."""
    this.match = match
    this.hit_end = match is None or match.end() == this.end
    if match is not None:
        this.after_empty = match.start() == match.end()
        this.position = match.end() + this.after_empty
    return match is not None


def _find(this: ApexMatcher) -> bool:
    if this.position > this.end:
        this.match = None
        return False
    compiled = this.pattern.compiled
    found = bounded(
        lambda: compiled.search(this.text, this.position, this.end, after_empty=this.after_empty),
        0 if this.position else this.end - this.start,
    )
    if found is None:
        this.position = this.end + 1
    return _next_after(this, found)


def _find_from(this: ApexMatcher, start: int) -> bool:
    if not 0 <= start <= len(this.text):
        raise throw("StringException", "Illegal start index")
    _reset(this).position = start
    return _find(this)


def _group(this: ApexMatcher, index: int = 0) -> str | None:
    match = _matched(this)
    if not 0 <= index <= (match.re.groups):
        raise throw("StringException", f"No group {index}")
    group: str | None = match[index]
    return group


def _reset(this: ApexMatcher, text: str | None = None) -> ApexMatcher:
    if text is not None:
        this.text = text
    return _region(this, 0, len(this.text))


def _region(this: ApexMatcher, start: int, end: int) -> ApexMatcher:
    this.start, this.end, this.position, this.match = start, end, start, None
    this.after_empty = False
    return this


def _matcher_replace(count: int) -> Callable[..., str]:
    def run(this: ApexMatcher, replacement: str | None) -> str:
        if replacement is None:
            raise argument_null("replacement")
        return _rewritten(this.pattern.compiled, this.text, replacement, count)

    return run


system_class(
    "Pattern",
    {
        "static Pattern compile(String)": _compile,
        "static Boolean matches(String,String)": _static_matches,
        "static String quote(String)": _quote,
        "Matcher matcher(String)": _matcher,
        "String pattern()": lambda this: this.text,
        "List<String> split(String)": lambda this, text: split(text, this.text),
        "List<String> split(String,Integer)": lambda this, text, limit: split(text, this.text, limit),
        "String toString()": lambda this: this.text,
    },
)
system_class(
    "Matcher",
    {
        "static String quoteReplacement(String)": lambda text: re.sub(r"([\\$])", r"\\\1", text),
        "Integer end()": lambda this: _matched(this).end(),
        "Integer end(Integer)": lambda this, i: _matched(this).end(i),
        "Boolean find()": _find,
        "Boolean find(Integer)": _find_from,
        "String group()": _group,
        "String group(Integer)": _group,
        "Integer groupCount()": lambda this: this.pattern.compiled.groups,
        "Boolean hitEnd()": lambda this: this.hit_end,
        "Boolean lookingAt()": _looking_at,
        "Boolean matches()": _matches,
        "Pattern pattern()": lambda this: this.pattern,
        "Matcher region(Integer,Integer)": _region,
        "Integer regionStart()": lambda this: this.start,
        "Integer regionEnd()": lambda this: this.end,
        "String replaceAll(String)": _matcher_replace(0),
        "String replaceFirst(String)": _matcher_replace(1),
        "Matcher reset()": _reset,
        "Matcher reset(String)": _reset,
        "Integer start()": lambda this: _matched(this).start(),
        "Integer start(Integer)": lambda this, i: _matched(this).start(i),
    },
)
