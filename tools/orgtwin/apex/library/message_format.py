"""String.format: patterns of java.text.MessageFormat, whose arguments are texts.

Source: "String Class", format (Apex Reference Guide), which names MessageFormat; what a pattern is refused for has Java's text in a
StringException, as public questions show it. Arguments are turned into texts first, so that a format of numbers or dates has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orgtwin.apex.faults import throw
from orgtwin.apex.text import to_text
from orgtwin.apex.values import Value

_NEEDS = {"number": "Number", "choice": "Number", "date": "Date", "time": "Date"}


def formatted_pieces(pattern: str, values: Sequence[Value]) -> list[str]:
    """What makes the text: '' is one quote, '...' quotes text, {0} is the first value. Raises StringException."""
    return [piece if isinstance(piece, str) else _shown(piece, values) for piece in list(_pieces(pattern))]


def _pieces(pattern: str) -> Iterator[str | tuple[int, str]]:
    """Texts, and placeholders by number and type."""
    quoted = False
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "'" and pattern.startswith("''", at):
            yield char
            at += 1
        elif char == "'":
            quoted = not quoted
        elif char == "{" and not quoted:
            end = _end_of_placeholder(pattern, at + 1)
            yield _placeholder(pattern[at + 1 : end])
            at = end
        else:
            yield char
        at += 1


def _end_of_placeholder(pattern: str, start: int) -> int:
    depth, quoted = 0, False
    for at in range(start, len(pattern)):
        char = pattern[at]
        if char == "'":
            quoted = not quoted
        elif not quoted and char == "{":
            depth += 1
        elif not quoted and char == "}":
            if depth == 0:
                return at
            depth -= 1
    raise throw("StringException", "Unmatched braces in the pattern.")


def _placeholder(inside: str) -> tuple[int, str]:
    number, _, format_type = inside.partition(",")
    if not (number.isascii() and number.isdigit()):
        raise throw("StringException", f"can't parse argument number: {number}")
    kind = format_type.partition(",")[0].strip().lower()
    if kind and kind not in _NEEDS:
        raise throw("StringException", f"unknown format type: {format_type.partition(',')[0].lstrip(' ')}")
    return int(number), kind


def _shown(placeholder: tuple[int, str], values: Sequence[Value]) -> str:
    number, kind = placeholder
    if number >= len(values):
        return f"{{{number}}}"
    if kind and values[number] is not None:
        raise throw("StringException", f"Cannot format given Object as a {_NEEDS[kind]}")
    return to_text(values[number])
