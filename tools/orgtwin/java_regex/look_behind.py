"""How long a part of a pattern can be, as Java reckons it, to refuse a look-behind group that has no obvious maximum length.

Java adds and multiplies in 32 bits and looks for an overflow only where a part is repeated; a repeat of a capturing or plain group
whose content is not of one shape has no maximum. Source: what OpenJDK 17 answers to some 40,000 made-up patterns; Pattern (Java
Platform SE API) says only that there are such groups.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

_WITHOUT_END = 0x7FFFFFFF


def _wrapped(number: int) -> int:
    """As 32 bits hold it."""
    return (number + 0x80000000) % 0x100000000 - 0x80000000


@dataclass(frozen=True, slots=True)
class Part:
    """An element of a sequence: its greatest length, whether that is known, whether it has one shape."""

    longest: int = 0
    is_known: bool = True
    is_fixed: bool = True
    is_char: bool = False
    is_group: bool = False
    times: int | None = None  # of a repeat whose length is looked at for an overflow


@dataclass(slots=True)
class _Sequence:
    """What an open group holds so far; `last` may yet be repeated."""

    sum: int = 0
    is_known: bool = True
    is_fixed: bool = True
    last: Part = field(default_factory=Part)
    branches: list[Part] = field(default_factory=list)

    def add(self, part: Part) -> None:
        last, self.last = self.last, part
        before = self.sum
        self.sum = _wrapped(before + last.longest * (1 if last.times is None else last.times))
        overflown = last.times is not None and self.sum < before
        self.is_known = self.is_known and last.is_known and not overflown
        self.is_fixed = self.is_fixed and last.is_fixed

    def end(self) -> Part:
        self.add(Part())
        return Part(self.sum, self.is_known, self.is_fixed)


class Lengths:
    """Follows a pattern as it is read."""

    def __init__(self) -> None:
        self._open: list[_Sequence] = [_Sequence()]

    def add(self, part: Part) -> None:
        self._open[-1].add(part)

    def branch(self) -> None:
        """Another alternative begins."""
        ended = self._open.pop()
        self._open.append(_Sequence(branches=[*ended.branches, ended.end()]))

    def open(self) -> None:
        self._open.append(_Sequence())

    def close(self) -> Part:
        """The group's content."""
        ended = self._open.pop()
        parts = [*ended.branches, ended.end()]
        if len(parts) == 1:
            return parts[0]
        return Part(max(part.longest for part in parts), all(part.is_known for part in parts), is_fixed=False)

    def repeat(self, least: int, most: int | None, *, optional: bool, greedy: bool, possessive: bool) -> None:
        """Repeat what came last. `optional`: by `?`; `greedy`: without end and without another mark."""
        sequence = self._open[-1]
        last = sequence.last
        fixed = last.is_fixed and least == most
        if optional:
            sequence.last = replace(last, is_fixed=False, is_char=False)
        elif greedy and last.is_char:
            sequence.last = Part(_WITHOUT_END, is_fixed=False)
        elif last.is_group and not last.is_fixed and not possessive:
            sequence.last = Part(is_known=False, is_fixed=False)
        else:
            times = _WITHOUT_END if most is None else most
            sequence.last = Part(last.longest, last.is_known, fixed, times=times)
