"""Pattern and Matcher: Java's regular expressions on Python's engine, in bounded time.

Java syntax that Python lacks is translated (possessive repeats are native since 3.11); what cannot be is refused by name.
A match that costs too much raises LimitException "Regex too complicated", as the platform's own counter does.
Sources: "Pattern Class", "Matcher Class" (Apex Reference Guide).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.library.regex_watch import watched
from orgtwin.apex.library.signatures import declare, system_class, type_of
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList

_CLASSES = {
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Upper": "A-Z",
    "Lower": "a-z",
    "Punct": r"!-/:-@\[-`{-~",
    "Space": r" \t\n\x0b\f\r",
    "XDigit": "0-9a-fA-F",
    "Blank": r" \t",
    "ASCII": r"\x00-\x7f",
    "Cntrl": r"\x00-\x1f\x7f",
    "L": r"a-zA-Z\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff",
    "Lu": r"A-Z\u00c0-\u00de",
    "Ll": r"a-z\u00df-\u00ff",
    "N": "0-9",
    "Nd": "0-9",
    "P": r"!-#%-*,-/:;?@\[-\]_{}",
    "IsAlphabetic": r"a-zA-Z\u00c0-\u024f",
    "IsDigit": "0-9",
}
_PROPERTY = re.compile(r"\\([pP])(?:\{(\w+)\}|(\w))")
_QUOTED = re.compile(r"\\Q(.*?)(?:\\E|\Z)", re.DOTALL)
_NAMED_GROUP = re.compile(r"\(\?<([A-Za-z]\w*)>")
_NAMED_REFERENCE = re.compile(r"\\k<([A-Za-z]\w*)>")


def _translate(pattern: str) -> str:
    text = _QUOTED.sub(lambda m: re.escape(m[1]), pattern)

    def category(found: re.Match[str]) -> str:
        name = found[2] or found[3]
        chars = _CLASSES.get(name)
        if chars is None:
            raise throw("StringException", f"Unknown character property name {{{name}}} near index {found.end()}")
        inside = _inside_class(text, found.start())
        if inside:
            return chars
        return f"[{'^' if found[1] == 'P' else ''}{chars}]"

    text = _PROPERTY.sub(category, text)
    text = _NAMED_GROUP.sub(r"(?P<\1>", text)
    text = _NAMED_REFERENCE.sub(r"(?P=\1)", text)
    text = text.replace(r"\z", r"\Z") if r"\z" in text else text.replace(r"\Z", r"(?=\n?\Z)")
    text = text.replace(r"\h", r"[ \t\xa0]").replace(r"\R", r"(?:\r\n|[\n\r\u2028\u2029])")
    return _class_intersection(text)


def _class_intersection(text: str) -> str:
    if "&&" in text and re.search(r"\[[^\]]*&&", text):
        found = re.sub(r"\[([^\[\]]+)&&\[\^([^\[\]]+)\]\]", r"(?:(?![\2])[\1])", text)
        if re.search(r"\[[^\]]*&&", found):
            raise throw("StringException", "Character class intersections of this form are not emulated")
        return found
    return text


def _inside_class(text: str, position: int) -> bool:
    depth = 0
    at = 0
    while at < position:
        if text[at] == "\\":
            at += 2
            continue
        depth += {"[": 1, "]": -1}.get(text[at], 0)
        at += 1
    return depth > 0


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """A Java pattern as a Python one. Raises StringException with Java's kind of text."""
    translated = _translate(pattern)
    try:
        return re.compile(translated, re.ASCII if r"\b" not in translated and r"\w" in translated else 0)
    except (re.error, RecursionError, OverflowError) as error:
        raise throw("StringException", f"Invalid regex: {error} in {pattern}") from error


@dataclass(slots=True)
class ApexPattern:
    """A compiled Pattern."""

    text: str
    compiled: re.Pattern[str]

    def __str__(self) -> str:
        return self.text

    @property
    def apex_type(self) -> Type:
        return declare("Pattern").type


@dataclass(slots=True)
class ApexMatcher:
    """A Matcher: a pattern, an input, a region and the last match."""

    pattern: ApexPattern
    text: str
    start: int = 0
    end: int = 0
    position: int = 0
    match: re.Match[str] | None = None
    appended: int = 0
    output: list[str] = field(default_factory=list)

    @property
    def apex_type(self) -> Type:
        return declare("Matcher").type


def _compile(text: str | None) -> ApexPattern:
    if text is None:
        raise argument_null("regex")
    return ApexPattern(text, compile_pattern(text))


def _matcher(this: ApexPattern, text: str | None) -> ApexMatcher:
    if text is None:
        raise argument_null("input")
    return ApexMatcher(this, text, 0, len(text))


def _static_matches(pattern: str, text: str) -> bool:
    found = _compile(pattern).compiled
    return watched(found, text, lambda: found.fullmatch(text)) is not None


_STRINGS = type_of("List<String>")


def split(this: str, pattern: str | None, limit: int = 0) -> ApexList:
    """String.split: Java's rules for empty parts."""
    if pattern is None:
        raise argument_null("regExp")
    compiled = compile_pattern(pattern)
    parts: list[str] = []
    at = 0
    for found in watched(compiled, this, lambda: list(compiled.finditer(this))):
        if limit > 0 and len(parts) == limit - 1:
            break
        if found.end() == 0 or (found.start() == found.end() == len(this)):
            continue
        parts.append(this[at : found.start()])
        at = found.end()
    if at == 0 and not parts:
        return ApexList(_STRINGS, [this])
    parts.append(this[at:])
    if limit == 0:
        while parts and not parts[-1]:
            parts.pop()
    return ApexList(_STRINGS, parts)


_GROUP = re.compile(r"\\(.)|\$\{(\w+)\}|\$(\d)")


def expand(match: re.Match[str], replacement: str) -> str:
    """Java's replacement text: $1, ${name}, \\x for a plain x."""

    def one(found: re.Match[str]) -> str:
        if found[1] is not None:
            return found[1]
        try:
            return match[found[2] or int(found[3])] or ""
        except (IndexError, re.error) as error:
            raise throw("StringException", f"No group {found[2] or found[3]}") from error

    return _GROUP.sub(one, replacement)


def replace_all(this: str, pattern: str | None, replacement: str | None) -> str:
    """String.replaceAll."""
    return _replace(this, pattern, replacement, 0)


def replace_first(this: str, pattern: str | None, replacement: str | None) -> str:
    """String.replaceFirst."""
    return _replace(this, pattern, replacement, 1)


def _replace(this: str, pattern: str | None, replacement: str | None, count: int) -> str:
    if pattern is None or replacement is None:
        raise argument_null("regExp" if pattern is None else "replacement")
    compiled = compile_pattern(pattern)
    return watched(compiled, this, lambda: compiled.sub(lambda m: expand(m, replacement), this, count=count))


def _matched(this: ApexMatcher) -> re.Match[str]:
    if this.match is None:
        raise throw("StringException", "No match found")
    return this.match


def _matches(this: ApexMatcher) -> bool:
    compiled = this.pattern.compiled
    this.match = watched(compiled, this.text, lambda: compiled.fullmatch(this.text, this.start, this.end))
    return this.match is not None


def _looking_at(this: ApexMatcher) -> bool:
    compiled = this.pattern.compiled
    this.match = watched(compiled, this.text, lambda: compiled.match(this.text, this.start, this.end))
    return this.match is not None


def _find(this: ApexMatcher) -> bool:
    if this.position > this.end:
        this.match = None
        return False
    compiled = this.pattern.compiled
    this.match = watched(compiled, this.text, lambda: compiled.search(this.text, this.position, this.end))
    if this.match is None:
        this.position = this.end + 1
        return False
    this.position = this.match.end() + (this.match.start() == this.match.end())
    return True


def _find_from(this: ApexMatcher, start: int) -> bool:
    if not 0 <= start <= len(this.text):
        raise throw("StringException", "Illegal start index")
    this.position = start
    return _find(this)


def _group(this: ApexMatcher, index: int = 0) -> str | None:
    match = _matched(this)
    if not 0 <= index <= (match.re.groups):
        raise throw("StringException", f"No group {index}")
    return match[index]


def _reset(this: ApexMatcher, text: str | None = None) -> ApexMatcher:
    if text is not None:
        this.text = text
    this.start, this.end, this.position, this.match = 0, len(this.text), 0, None
    return this


def _region(this: ApexMatcher, start: int, end: int) -> ApexMatcher:
    this.start, this.end, this.position, this.match = start, end, start, None
    return this


def _matcher_replace(count: int) -> Callable[..., str]:
    def run(this: ApexMatcher, replacement: str | None) -> str:
        if replacement is None:
            raise argument_null("replacement")
        compiled = this.pattern.compiled
        return watched(
            compiled, this.text, lambda: compiled.sub(lambda m: expand(m, replacement), this.text, count=count)
        )

    return run


system_class(
    "Pattern",
    {
        "static Pattern compile(String)": _compile,
        "static Boolean matches(String,String)": _static_matches,
        "static String quote(String)": lambda text: f"\\Q{text}\\E",
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
        "Boolean hitEnd()": lambda this: this.match is None or this.match.end() == this.end,
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
