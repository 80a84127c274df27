r"""The words between the braces of FIND, as a test of a record's texts.

    expression = conjunction { OR conjunction }
    conjunction = factor [ [AND [NOT]] conjunction ]      words side by side are joined by AND; grouped from the right
    factor     = "(" expression ")" | "phrase" | word     * stands for any characters in the middle or at the end, ? for one
    \          makes the next character plain text

A word matches a whole word of a field, without case; punctuation divides words, so that a word with punctuation inside is a phrase.
Source: "FIND {SearchQuery}" (SOQL and SOSL Reference): beyond 4,000 characters operators count for nothing and words are joined by
OR, beyond 10,000 nothing is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from orgtwin.errors import SalesforceError
from orgtwin.sosl.errors import no_term, too_short

Test = Callable[[Sequence[str]], bool]

LONGEST = 10_000
_LONGEST_WITH_OPERATORS = 4_000
_DEEPEST = 50
_SHORTEST = 2
_TOKEN = re.compile(
    r'(?P<open>\()|(?P<close>\))|"(?P<phrase>(?:\\.|[^"\\])*)"?|(?P<word>(?:\\.|[^\s()"\\]|\\$)+)', re.DOTALL
)
_LETTER = r"[^\W_]"
_NEVER: Test = lambda _texts: False  # noqa: E731 - a constant, not a function with a name to keep


def compile_expression(query: str) -> Test:
    """A function that tells whether the texts of a record match. Raises MALFORMED_SEARCH, INVALID_SEARCH."""
    if not query.strip():
        raise no_term()
    tokens = _tokens(query)
    if sum(len(re.findall(_LETTER, text)) for kind, text in tokens if kind in ("word", "phrase")) < _SHORTEST:
        raise too_short(query.strip())
    if len(query) > LONGEST:
        return _NEVER
    if len(query) > _LONGEST_WITH_OPERATORS:
        return _any_of([_term(text) for kind, text in tokens if kind in ("word", "phrase") and text not in _OPERATORS])
    parser = _Parser(tokens)
    test = parser.expression()
    if parser.tokens:
        raise _unbalanced(query)
    return test


_OPERATORS = ("AND", "OR", "NOT")


def _tokens(query: str) -> list[tuple[str, str]]:
    return [(str(found.lastgroup), found[str(found.lastgroup)]) for found in _TOKEN.finditer(query)]


def _unbalanced(query: str) -> SalesforceError:
    return SalesforceError("MALFORMED_SEARCH", f"the parentheses of the search term are not balanced: {query}")


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens[::-1]  # taken from the end
        self._depth = 0

    def expression(self) -> Test:
        parts = [self._conjunction()]
        while self._accept("OR"):
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else _any_of(parts)

    def _conjunction(self) -> Test:
        factors = [(self._factor(), False)]
        while self.tokens and self.tokens[-1][0] != "close" and not self._is("OR"):
            negated = self._accept("AND") and self._accept("NOT")
            factors.append((self._factor(), negated))
        return factors[0][0] if len(factors) == 1 else _all_of(factors)

    def _factor(self) -> Test:
        kind, text = self.tokens.pop() if self.tokens else ("end", "")
        if kind == "open":
            return self._group()
        if kind in ("end", "close"):
            raise SalesforceError("MALFORMED_SEARCH", "a word is expected behind the last operator of the search term")
        return _term(text)

    def _group(self) -> Test:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise SalesforceError("MALFORMED_SEARCH", f"the search term nests more than {_DEEPEST} parentheses")
        inner = self.expression()
        kind, _text = self.tokens.pop() if self.tokens else ("end", "")
        if kind != "close":
            raise SalesforceError("MALFORMED_SEARCH", "a parenthesis of the search term is not closed")
        self._depth -= 1
        return inner

    def _is(self, word: str) -> bool:
        return bool(self.tokens) and self.tokens[-1][0] == "word" and self.tokens[-1][1].upper() == word

    def _accept(self, word: str) -> bool:
        found = self._is(word)
        if found:
            self.tokens.pop()
        return found


def _any_of(tests: Sequence[Test]) -> Test:
    return lambda texts: any(test(texts) for test in tests)


def _all_of(tests: Sequence[tuple[Test, bool]]) -> Test:
    return lambda texts: all(test(texts) is not negated for test, negated in tests)


def _term(text: str) -> Test:
    """A word or phrase; one without a letter or digit matches nothing."""
    words = [pattern for pattern in map(_word_pattern, _words(text)) if pattern]
    if not words:
        return _NEVER
    middle = r"[\W_]+".join(words)
    search = re.compile(f"(?<!{_LETTER}){middle}(?!{_LETTER})", re.IGNORECASE).search
    return lambda texts: any(search(one) is not None for one in texts)


_PIECE = re.compile(r"\\(.)|([*?])|([^\W_])|.", re.DOTALL)


def _words(text: str) -> list[list[str]]:
    """Words as lists of letters and wildcards; an escaped character is text and divides words unless it is a letter."""
    words: list[list[str]] = [[]]
    for escaped, wildcard, letter in _PIECE.findall(text):
        plain = letter or (escaped if re.fullmatch(_LETTER, escaped) else "")
        if wildcard or plain:
            words[-1].append(wildcard or plain)
        else:
            words.append([])
    return words


def _word_pattern(word: list[str]) -> str:
    """Wildcards at the beginning of a word count for nothing. Each `*` gives up nothing it has taken: time stays linear."""
    letters = "".join(word).lstrip("*?")
    head, *rest = re.split(r"\*+", letters)
    pattern = _plain(head)
    for piece in rest[:-1]:
        pattern += f"(?>{_LETTER}*?{_plain(piece)})"
    return pattern + (f"{_LETTER}*{_plain(rest[-1])}" if rest else "")


def _plain(piece: str) -> str:
    return "".join(_LETTER if char == "?" else re.escape(char) for char in piece)
