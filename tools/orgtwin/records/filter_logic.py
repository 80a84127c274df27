"""Filter logic of metadata: `1 AND (2 OR 3)`, numbers of conditions joined by AND, OR, NOT and parentheses.

    logic = parse_filter_logic("1 AND (2 OR 3)", conditions=3)      FilterLogicError where it is none
    logic([True, False, True])

Source: "Getting the Most Out of Filter Logic" (Salesforce Help): AND binds tighter than OR; without parentheses Salesforce refuses
a mix of the two, which nothing here needs to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_TOKEN = re.compile(r"\s*(\(|\)|\d+|AND\b|OR\b|NOT\b)", re.IGNORECASE)
Logic = Callable[[Sequence[bool]], bool]


class FilterLogicError(ValueError):
    """The text is no filter logic over that many conditions."""


def parse_filter_logic(text: str | None, conditions: int) -> Logic:
    """The logic over conditions 1 to `conditions`; no text joins them all by AND. Raises FilterLogicError."""
    if not text or not text.strip():
        return all
    parser = _Parser(_tokens(text), conditions)
    logic = parser.disjunction()
    if parser.tokens:
        raise FilterLogicError(f"{text!r}: nothing is expected before {parser.tokens[0]!r}")
    return logic


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise FilterLogicError(f"{text!r}: {text[at:].strip()!r} is neither a number nor AND, OR, NOT, ( or )")
        tokens.append(found.group(1).upper())
        at = found.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[str], conditions: int) -> None:
        self.tokens = tokens
        self._conditions = conditions

    def disjunction(self) -> Logic:
        parts = self._list(self._conjunction, "OR")
        return parts[0] if len(parts) == 1 else lambda values: any(part(values) for part in parts)

    def _conjunction(self) -> Logic:
        parts = self._list(self._negation, "AND")
        return parts[0] if len(parts) == 1 else lambda values: all(part(values) for part in parts)

    def _list(self, parse: Callable[[], Logic], word: str) -> list[Logic]:
        parts = [parse()]
        while self.tokens[:1] == [word]:
            self.tokens.pop(0)
            parts.append(parse())
        return parts

    def _negation(self) -> Logic:
        if self.tokens[:1] == ["NOT"]:
            self.tokens.pop(0)
            inner = self._negation()
            return lambda values: not inner(values)
        return self._operand()

    def _operand(self) -> Logic:
        word = self.tokens.pop(0) if self.tokens else "the end"
        if word == "(":
            inner = self.disjunction()
            if self.tokens[:1] != [")"]:
                raise FilterLogicError("a parenthesis is not closed")
            self.tokens.pop(0)
            return inner
        if not word.isdigit() or not 1 <= int(word) <= self._conditions:
            raise FilterLogicError(f"a condition from 1 to {self._conditions} is expected, not {word}")
        at = int(word) - 1
        return lambda values: values[at]
