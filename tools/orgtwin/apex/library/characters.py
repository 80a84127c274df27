"""Single characters as java.lang.Character knows them, on which Apex's String Class rests, where Python's texts differ.

A character in another case is one character: `ß` has no upper case. A no-break space is no white space, a half no digit. Ignoring
case compares characters in lower case of their upper case, so that `ς` and `Σ` are the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

WHITESPACE = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2008\u2009\u200a\u2028\u2029\u205f\u3000"
)
_WHITE = frozenset(WHITESPACE)
_SPACES = re.compile(f"[{WHITESPACE}]+")
_TURNED_HALVES = re.compile("([\udc00-\udfff])([\ud800-\udbff])")
_CONTROLS = "".join(map(chr, range(33)))


def is_white(char: str) -> bool:
    return char in _WHITE


def is_digit(char: str) -> bool:
    return unicodedata.category(char) == "Nd"


def is_letter_or_digit(char: str) -> bool:
    return char.isalpha() or is_digit(char)


def to_lower(char: str) -> str:
    lower = char.lower()
    return lower if len(lower) == 1 else lower[:1]


def to_upper(char: str) -> str:
    upper = char.upper()
    return upper if len(upper) == 1 else to_title(char)


def to_title(char: str) -> str:
    title = char.title()
    return title if len(title) == 1 else char


def first_changed(change: Callable[[str], str]) -> Callable[[str], str]:
    """The text with its first character changed."""
    return lambda text: change(text[0]) + text[1:] if text else text


def swapped(text: str) -> str:
    return "".join(to_upper(c) if c.islower() else to_lower(c) for c in text)


def folded(text: str) -> str:
    """What is equal for texts that differ in case alone; as long as the text."""
    return text.lower() if text.isascii() else "".join(to_lower(to_upper(c)) for c in text)


def without_white(text: str) -> str:
    return "".join(text.translate(_NO_WHITE))


_NO_WHITE = dict.fromkeys(map(ord, WHITESPACE))


def one_space_each(text: str) -> str:
    """Runs of white space as one space; a no-break space becomes one by itself."""
    return _SPACES.sub(" ", text).strip(WHITESPACE).replace("\xa0", " ").strip(_CONTROLS)


def turned(text: str) -> str:
    """From its end to its start, halves of a character in their order."""
    return _TURNED_HALVES.sub(r"\2\1", text[::-1])
