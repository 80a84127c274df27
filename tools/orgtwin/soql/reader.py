"""A cursor over the tokens of one query."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from orgtwin.errors import SalesforceError
from orgtwin.soql.errors import malformed, unexpected
from orgtwin.soql.tokens import END, Token, tokenize

MAXIMUM_DEPTH = 50  # ASSUMED; keeps hostile parentheses off the stack


class TokenReader:
    """`is_` looks, `accept_` takes when it fits, `require_` takes or refuses."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = tokenize(text)
        self._index = 0
        self._depth = 0

    @property
    def token(self) -> Token:
        return self._tokens[self._index]

    def take(self) -> Token:
        token = self._tokens[self._index]
        if token.kind != END:
            self._index += 1
        return token

    def skip(self, count: int) -> None:
        self._index += count

    def kind_at(self, offset: int) -> str:
        index = min(self._index + offset, len(self._tokens) - 1)
        return self._tokens[index].kind

    def is_at(self, offset: int, operator: str) -> bool:
        index = min(self._index + offset, len(self._tokens) - 1)
        token = self._tokens[index]
        return token.text == operator and token.kind == "op"

    def is_word_at(self, offset: int, word: str) -> bool:
        index = min(self._index + offset, len(self._tokens) - 1)
        token = self._tokens[index]
        return token.lower == word and token.kind == "word"

    def is_word(self, *words: str) -> bool:
        token = self._tokens[self._index]
        return token.lower in words and token.kind == "word"

    def accept(self, operator: str) -> bool:
        token = self._tokens[self._index]
        if token.text == operator and token.kind == "op":
            self._index += 1
            return True
        return False

    def accept_word(self, word: str) -> bool:
        token = self._tokens[self._index]
        if token.lower == word and token.kind == "word":
            self._index += 1
            return True
        return False

    def accept_words(self, first: str, second: str) -> bool:
        """Both words or neither: `group by`, where a lone `group` may be a name."""
        if self.is_word_at(0, first) and self.is_word_at(1, second):
            self._index += 2
            return True
        return False

    def require(self, operator: str) -> Token:
        if not self.is_at(0, operator):
            raise self.expecting(operator)
        return self.take()

    def require_word(self, word: str) -> Token:
        if not self.is_word_at(0, word):
            raise self.unexpected()
        return self.take()

    def require_any_word(self) -> Token:
        if self.token.kind != "word":
            raise self.unexpected()
        return self.take()

    def require_end(self) -> None:
        if self.token.kind != END:
            raise self.unexpected()

    def unexpected(self) -> SalesforceError:
        return unexpected(self.text, self.token.text, self.token.position)

    def expecting(self, operator: str) -> SalesforceError:
        reason = f"expecting {_SPOKEN.get(operator, operator)}, found '{self.token.text}'"
        return malformed(reason, self.text, self.token.position)

    @contextmanager
    def nested(self) -> Iterator[None]:
        """One level deeper; refused beyond MAXIMUM_DEPTH."""
        self._depth += 1
        if self._depth > MAXIMUM_DEPTH:
            reason = f"query is nested more than {MAXIMUM_DEPTH} levels deep"
            raise malformed(reason, self.text, self.token.position)
        yield
        self._depth -= 1


_SPOKEN = {")": "a right parentheses", "(": "a left parentheses"}
