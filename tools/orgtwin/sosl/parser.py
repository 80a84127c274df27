"""SOSL text to a Statement.

    FIND {query} | 'query' | :bind
    [IN (ALL | NAME | EMAIL | PHONE | SIDEBAR) FIELDS]
    [RETURNING Object[(fields [WHERE ...] [ORDER BY ...] [LIMIT n] [OFFSET n])], ...]
    [WITH ...] [LIMIT n] [UPDATE ...]

Source: "SOSL Syntax", "FIND {SearchQuery}", "RETURNING FieldSpec" (SOQL and SOSL Reference). Apex writes the query as a string.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from orgtwin.errors import SalesforceError, Unsupported
from orgtwin.sosl.errors import malformed, no_term
from orgtwin.sosl.statement import ALL_FIELDS, GROUPS, MOST_ROWS, Returned, Statement

_FIND = re.compile(r"\s*FIND\b\s*", re.IGNORECASE)
_BRACED = re.compile(r"\{((?:\\.|[^\\{}])*)\}", re.DOTALL)
_QUOTED = re.compile(r"'((?:\\.|[^\\'])*)'", re.DOTALL)
_BIND = re.compile(r":\s*(\w+)")
_WORD = re.compile(r"\w+")
_CLAUSES = ("where", "order", "limit", "offset")
_PART = re.compile(r"(?P<string>'(?:\\.|[^\\'])*')|(?P<open>\()|(?P<close>\))|(?P<word>\w+)|.", re.DOTALL)


def parse_statement(text: str, binds: Mapping[str, object] | None = None) -> Statement:
    """Raises MALFORMED_SEARCH, and TWIN_UNSUPPORTED for what WITH, USING and UPDATE ask for."""
    return _Parser(text, {name.lower(): value for name, value in (binds or {}).items()}).statement()


class _Parser:
    def __init__(self, text: str, binds: Mapping[str, object]) -> None:
        self._text = text
        self._binds = binds
        self._at = 0

    def statement(self) -> Statement:
        found = _FIND.match(self._text)
        if found is None:
            raise malformed("unexpected token: a search begins with FIND", self._text, 0)
        self._at = found.end()
        query = self._query()
        group = self._group() if self._accept("IN") else ALL_FIELDS
        returned = self._returning() if self._accept("RETURNING") else ()
        user_mode = self._accept("WITH") and self._mode()
        limit = self._number() if self._accept("LIMIT") else MOST_ROWS
        if self._accept("UPDATE"):
            raise Unsupported("sosl.update", f"UPDATE {self._word() or '...'} of SOSL")
        if self._rest():
            raise malformed(f"unexpected token: '{self._rest().split()[0]}'", self._text, self._at)
        return Statement(self._text, query, group, returned, limit, user_mode)

    # ---- clauses

    def _mode(self) -> bool:
        """Whether the search asks for the user's own rights. Every other WITH is refused by name."""
        word = self._word() or "..."
        if word.upper() not in ("USER_MODE", "SYSTEM_MODE"):
            raise Unsupported("sosl.with", f"WITH {word} of SOSL")
        return word.upper() == "USER_MODE"

    def _query(self) -> str:
        braced, quoted = _BRACED.match(self._text, self._at), _QUOTED.match(self._text, self._at)
        found = braced or quoted
        if found is not None:
            self._at = found.end()
            return found[1] if braced is not None else found[1].replace("\\'", "'")
        bind = _BIND.match(self._text, self._at)
        if bind is None or bind[1].lower() not in self._binds:
            raise no_term()
        self._at = bind.end()
        return str(self._binds[bind[1].lower()] or "")

    def _group(self) -> str:
        start = self._here()
        name = (self._word() or "").upper()
        if name not in GROUPS or not self._accept("FIELDS"):
            raise malformed(f"unexpected token: IN takes {', '.join(GROUPS)} and FIELDS", self._text, start)
        return name

    def _returning(self) -> tuple[Returned, ...]:
        found = [self._returned()]
        while self._rest().startswith(","):
            self._at = self._here() + 1
            found.append(self._returned())
        return tuple(found)

    def _returned(self) -> Returned:
        position = self._here()
        name = self._word()
        if name is None:
            raise malformed("unexpected token: RETURNING takes names of objects", self._text, position)
        if not self._rest().startswith("("):
            return Returned(name, position=position)
        return self._spec(name, position)

    def _spec(self, name: str, position: int) -> Returned:
        """The text between the parentheses, cut where a clause begins."""
        start = self._here() + 1
        cuts: dict[str, int] = {}
        depth, end = 1, -1
        for part in _PART.finditer(self._text, start):
            if part.lastgroup == "open":
                depth += 1
            elif part.lastgroup == "close":
                depth -= 1
                if not depth:
                    end = part.start()
                    break
            elif part.lastgroup == "word" and depth == 1:
                self._cut(part, cuts)
        if end < 0:
            raise malformed("unexpected token: '<EOF>'", self._text, len(self._text) - 1)
        self._at = end + 1
        first = min(cuts.values(), default=end)
        where = cuts.get("where")
        behind = min((at for word, at in cuts.items() if word != "where"), default=end)
        condition = self._text[where + len("where") : behind].strip() if where is not None else ""
        fields = self._text[start:first].strip() or "Id"
        return Returned(name, fields, condition, self._text[behind:end].strip(), position)

    def _cut(self, part: re.Match[str], cuts: dict[str, int]) -> None:
        word = part["word"].lower()
        if word == "using":
            raise Unsupported("sosl.using", "USING ListView of SOSL")
        if word in _CLAUSES:
            cuts.setdefault(word, part.start())

    def _number(self) -> int:
        start = self._here()
        bind = _BIND.match(self._text, start)
        value = self._binds.get(bind[1].lower()) if bind is not None else self._word()
        if bind is not None:
            self._at = bind.end()
        text = str(value)
        if not (text.isascii() and text.isdigit()):
            raise malformed("unexpected token: LIMIT takes a number", self._text, start)
        if int(text[:9]) > MOST_ROWS:
            raise SalesforceError("MALFORMED_SEARCH", f"LIMIT must be at most {MOST_ROWS}")
        return int(text)

    # ---- reading

    def _here(self) -> int:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
        return self._at

    def _rest(self) -> str:
        return self._text[self._here() :]

    def _word(self) -> str | None:
        found = _WORD.match(self._text, self._here())
        if found is None:
            return None
        self._at = found.end()
        return found.group()

    def _accept(self, word: str) -> bool:
        found = _WORD.match(self._text, self._here())
        if found is None or found.group().upper() != word:
            return False
        self._at = found.end()
        return True
