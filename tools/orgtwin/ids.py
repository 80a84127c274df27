"""Record ids: 3 characters of key prefix, 12 of sequence in base 62, 3 of checksum that make case survive case-blind tools.

Source: "Id Field Type" (Object Reference): 15-character ids are case-sensitive, 18-character ids are case-safe.
"""

from __future__ import annotations

from collections.abc import Iterator

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ALPHABET = frozenset(_BASE62)
_SEQUENCE_LENGTH = 12


def checksum(id15: str) -> str:
    """Three characters; each holds the upper-case pattern of five characters of the id, lowest bit first."""
    suffix = ""
    for start in (0, 5, 10):
        bits = sum(1 << i for i, char in enumerate(id15[start : start + 5]) if "A" <= char <= "Z")
        suffix += _CHECKSUM[bits]
    return suffix


def find_id18(text: str) -> str | None:
    """The 18-character form of a 15- or 18-character id, or None when the text is no id."""
    if len(text) == 15:
        return text + checksum(text) if _ALPHABET.issuperset(text) else None
    if len(text) == 18 and _ALPHABET.issuperset(text):
        return _repair_case(text)
    return None


def _repair_case(text: str) -> str | None:
    """Restore the case of an 18-character id from its checksum: the org accepts ids whose case a tool has lost."""
    chars = list(text[:15])
    for group, mark in enumerate(text[15:].upper()):
        bits = _CHECKSUM.find(mark)
        if bits < 0:
            return None
        for offset in range(5):
            position = group * 5 + offset
            char = chars[position]
            chars[position] = char.upper() if bits >> offset & 1 else char.lower()
    return "".join(chars) + text[15:].upper()


def key_prefix(record_id: str) -> str:
    """The first three characters, which name the sObject type."""
    return record_id[:3]


_TAILS = tuple(first + second for first in _BASE62 for second in _BASE62)
_ENDINGS = tuple((tail, ("A" <= tail[0] <= "Z") << 3 | ("A" <= tail[1] <= "Z") << 4) for tail in _TAILS)


class IdSequence:
    """Hands out ids of one org, in order; two sequences with the same start hand out the same ids.

    Only the last two characters change from one id to the next but one in 3,844: the rest and its checksum stay.
    """

    def __init__(self, instance: str = "TW0") -> None:
        self._instance = instance
        self._last: dict[str, int] = {}
        self._coming: dict[str, Iterator[str]] = {}

    def next_id(self, prefix: str) -> str:
        """The next 18-character id of a key prefix."""
        return next(self.coming(prefix))

    def coming(self, prefix: str) -> Iterator[str]:
        """The ids of a prefix that are to come; each that is taken is handed out."""
        found = self._coming.get(prefix)
        if found is None:
            found = self._coming[prefix] = self._ids(prefix)
        return found

    def _ids(self, prefix: str) -> Iterator[str]:
        """All ids of a prefix that are to come."""
        last = self._last
        number = last.get(prefix, 0) + 1
        while True:
            high, low = divmod(number, len(_TAILS))
            head, marks, bits = self._head(prefix, high)
            for tail, tail_bits in _ENDINGS[low:]:
                last[prefix] = number
                number += 1
                yield head + tail + marks + _CHECKSUM[bits | tail_bits]

    def _head(self, prefix: str, high: int) -> tuple[str, str, int]:
        """The first thirteen characters, two of the checksum, and the bits that they give to its third."""
        digits, number = "", high
        while number:
            number, digit = divmod(number, 62)
            digits = _BASE62[digit] + digits
        text = prefix + self._instance + digits.rjust(_SEQUENCE_LENGTH - len(self._instance) - 2, "0")
        marks = checksum(text + "00")
        return text, marks[:2], _CHECKSUM.index(marks[2])

    def seen(self, prefix: str, number: int) -> None:
        """Never hand out `number` or less again (used when a store is opened)."""
        self._last[prefix] = max(self._last.get(prefix, 0), number)
        self._coming.pop(prefix, None)

    def position(self) -> dict[str, int]:
        """The last number handed out per key prefix, for a snapshot."""
        return dict(self._last)
