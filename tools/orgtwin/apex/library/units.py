"""Characters as Apex counts them: 16-bit units, as in Java, so that `'🙂'.length()` is 2 and a position may lie inside a character.

A text is kept as Python keeps it, whole characters. Only where one lies beyond 16 bits is it taken apart for a method that counts,
and put together again. Source: "String Class" (Apex Reference Guide): length() is "the number of 16-bit Unicode characters".
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable

from orgtwin.apex.faults import throw
from orgtwin.apex.library.characters import folded
from orgtwin.apex.values import Value

_BEYOND_16_BITS = re.compile("[\U00010000-\U0010ffff]")
_HALVES = re.compile("[\ud800-\udfff]")


def apart(text: str) -> str:
    """One character a unit: those beyond 16 bits as their two halves."""
    if text.isascii() or not _BEYOND_16_BITS.search(text):
        return text
    return "".join(map(chr, array("H", text.encode("utf-16-le", "surrogatepass"))))


def together(text: str) -> str:
    """Halves that stand side by side as the character that they are."""
    if text.isascii() or not _HALVES.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def by_units(run: Callable[..., Value]) -> Callable[..., Value]:
    """A method of a text that counts in units."""

    def counted(this: str, *arguments: Value) -> Value:
        if this.isascii():
            return run(this, *arguments)
        found = run(apart(this), *(apart(one) if isinstance(one, str) else one for one in arguments))
        return together(found) if isinstance(found, str) else found

    return counted


def code_point_at(this: str, index: int) -> int:
    """The character that starts at a unit; a second half alone is itself. `this` is apart, here and below."""
    if not 0 <= index < len(this):
        raise throw("StringException", f"Index out of bounds: {index}")
    return ord(together(this[index : index + 2])[0])


def code_point_before(this: str, index: int) -> int:
    if not 0 < index <= len(this):
        raise throw("StringException", f"Index out of bounds: {index - 1}")
    return ord(together(this[max(0, index - 2) : index])[-1])


def code_point_count(this: str, start: int, end: int) -> int:
    if not 0 <= start <= end <= len(this):
        raise throw("StringException", f"Index out of bounds: {start}")
    return len(together(this[start:end]))


def offset_by_code_points(this: str, start: int, by: int) -> int:
    """The unit that lies so many characters further on, or back."""
    passed = together(this[start:])[:by] if by >= 0 else together(this[:start])[by:]
    if not 0 <= start <= len(this) or len(passed) != abs(by):
        raise throw("StringException", f"Index out of bounds: {start}")
    return start + len(apart(passed)) * (1 if by >= 0 else -1)


def equals_ignoring_case(this: str, other: str | None) -> bool:
    """As java.lang.String does: unit by unit, each compared as its capital and then as that one's small letter."""
    return other is not None and len(this) == len(other) and folded(this) == folded(other)
