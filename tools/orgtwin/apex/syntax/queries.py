"""Layer 3: SOQL and SOSL in square brackets.

The grammar is that of "SOQL SELECT Syntax" and "SOSL Syntax" (SOQL and SOSL Reference) plus `:expression` binds. Only names and
binds are kept; the org's engine reads the text itself.
"""

from __future__ import annotations

import re

from orgtwin.apex.syntax.expressions import ExpressionParser
from orgtwin.apex.syntax.lexer import BLANKS, NUMBER, STRING, STRINGS, WORD
from orgtwin.apex.syntax.tree import Expression, Query, QueryField, QueryTree, QueryTypeOf, Search
from orgtwin.apex.syntax.words import QUERY_WORDS

_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[-+]\d\d:\d\d))?")
_STRING_OR_BLANKS = re.compile(rf"({STRINGS})|(?=[\s/]){BLANKS}")
_COMPARISONS = frozenset(("=", "!=", "<>", "<", ">", "<=", ">=", "like"))
_SET_WORDS = frozenset(("in", "includes", "excludes"))
_CLAUSE_WORDS = frozenset(
    [
        "from",
        "where",
        "with",
        "group",
        "having",
        "order",
        "limit",
        "offset",
        "for",
        "update",
        "using",
        "all",
        "and",
        "or",
        "not",
        "asc",
        "desc",
        "nulls",
        "returning",
        "as",
    ]
)
_ACCESS_WORDS = frozenset(("user_mode", "system_mode", "security_enforced"))
_FOR_WORDS = frozenset(("view", "reference", "update"))


def _without_blanks(found: re.Match[str]) -> str:
    return found[1] or (" " if found[0] else "")


class QueryParser(ExpressionParser):
    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._binds: list[tuple[int, int, Expression]] = []

    def query(self) -> Expression:
        start = self.i
        outer, self._binds = self._binds, []
        self.i += 1
        if self.texts[self.i] == "find":
            returning = self._search()
            last = self.i
            self.expect("]")
            found: Expression = Search(
                self.starts[start], self._text(start + 1, last), [b[2] for b in self._binds], returning
            )
        else:
            tree = self._select()
            last = self.i
            self.expect("]")
            found = Query(self.starts[start], tree, self._text(start + 1, last), [b[2] for b in self._binds])
        self._binds = outer
        return found

    def _text(self, start: int, end: int) -> str:
        """The tokens as text: comments gone, blanks single, binds numbered."""
        pieces: list[str] = []
        after = self.starts[start]
        for number, (first, stop, _) in enumerate(self._binds):
            pieces += self._plain(after, self.starts[first]), f":bind{number}"
            after = self._end(stop - 1)
        pieces.append(self._plain(after, self._end(end - 1)))
        return "".join(pieces)

    def _end(self, at: int) -> int:
        return self.starts[at] + len(self.raws[at])

    def _plain(self, start: int, end: int) -> str:
        return _STRING_OR_BLANKS.sub(_without_blanks, self.tokens.source[start:end])

    # SELECT

    def _select(self) -> QueryTree:
        tree = QueryTree(self.expect("select"))
        tree.select.append(self._item())
        while self.accept(","):
            tree.select.append(self._item())
        self.expect("from")
        tree.source_pos = self.starts[self.i]
        tree.source, tree.alias = self._source()
        while self.accept(","):
            self._source()
        if self.accept("using"):
            self.accept("scope")
            self.any_name()
        if self.accept("where"):
            self._condition(tree)
        while self.accept("with"):
            self._with(tree)
        if self.texts[self.i] == "group":
            self._group(tree)
        if self.texts[self.i] == "order":
            self._order(tree)
        tree.locking = self._window()
        return tree

    def _source(self) -> tuple[str, str | None]:
        name = self._path()
        self.accept("as")
        alias = None
        if self.kinds[self.i] <= WORD and self.texts[self.i] not in _CLAUSE_WORDS:
            alias = self._query_name()
        return name, alias

    def _item(self) -> QueryField | QueryTree | QueryTypeOf:
        if self.accept("("):
            tree = self._select()
            self.expect(")")
            return tree
        if self.texts[self.i] == "typeof" and self.kinds[self.i + 1] <= WORD:
            return self._typeof()
        found = self._field()
        if self.kinds[self.i] <= WORD and self.texts[self.i] not in _CLAUSE_WORDS:
            found.alias = self._query_name()
        return found

    def _typeof(self) -> QueryTypeOf:
        start = self.starts[self.i]
        self.i += 1
        field = self._path()
        whens: list[tuple[str, list[QueryField]]] = []
        otherwise: list[QueryField] = []
        while self.accept("when"):
            name = self.any_name()
            self.expect("then")
            whens.append((name, self._fields()))
        if self.accept("else"):
            otherwise = self._fields()
        self.expect("end")
        return QueryTypeOf(start, field, whens, otherwise)

    def _fields(self) -> list[QueryField]:
        found = [self._field()]
        while self.accept(","):
            found.append(self._field())
        return found

    def _path(self) -> str:
        path = self._query_name()
        while self.texts[self.i] == "." and self.kinds[self.i + 1] <= WORD and self._is_attached():
            self.i += 1
            path = f"{path}.{self._query_name()}"
        return path

    def _is_attached(self) -> bool:
        """Is there no blank before the dot?"""
        return self.starts[self.i] == self.starts[self.i - 1] + len(self.raws[self.i - 1])

    def _query_name(self) -> str:
        """The name of an object, field, function or alias."""
        if self.texts[self.i] in QUERY_WORDS and self.texts[self.i + 1] != "(":
            self.unexpected()
        return self.any_name()

    def _field(self) -> QueryField:
        """`path`, `FUNCTION(path, ...)`, nested: `CALENDAR_YEAR(convertTimezone(CreatedDate))`."""
        start = self.starts[self.i]
        path = self._path()
        if not self.accept("("):
            return QueryField(start, path)
        inner = ""
        if not self.accept(")"):
            while True:
                if self.kinds[self.i] <= WORD:
                    argument = self._field()
                    inner = inner or argument.path
                else:
                    self._value()
                if not self.accept(","):
                    break
            self.expect(")")
        return QueryField(start, inner, path.lower())

    # WHERE, HAVING

    def _condition(self, tree: QueryTree) -> None:
        """`NOT x`, or x AND x ..., or x OR x ...: AND and OR mix in parentheses only, NOT stands first only."""
        if self.accept("not"):
            self._condition_operand(tree)
            return
        self._condition_operand(tree)
        word = self.texts[self.i]
        if word in ("and", "or"):
            while self.accept(word):
                self._condition_operand(tree)

    def _condition_operand(self, tree: QueryTree) -> None:
        if self.accept("("):
            self._condition(tree)
            self.expect(")")
        else:
            self._comparison(tree)

    def _comparison(self, tree: QueryTree) -> None:
        tree.conditions.append(self._field())
        text = self.texts[self.i]
        if text in _COMPARISONS:
            self.i += 1
            if text in ("<", ">"):
                self.accept("=")
            self._value()
            return
        if text == "not":
            self.i += 1
            text = self.texts[self.i]
        if text not in _SET_WORDS:
            self.unexpected()
        self.i += 1
        self._values(tree)

    def _values(self, tree: QueryTree) -> None:
        if self.texts[self.i] == ":":
            self._bind()
            return
        self.expect("(")
        if self.texts[self.i] == "select":
            tree.subqueries.append(self._select())
        else:
            self._value()
            while self.accept(","):
                self._value()
        self.expect(")")

    def _value(self) -> None:
        at = self.i
        kind, text = self.kinds[at], self.texts[at]
        if text == ":":
            self._bind()
            return
        if text in ("-", "+") and self.kinds[at + 1] == NUMBER:
            self.i = at + 2
            return
        if kind == NUMBER:
            date = _DATE.match(self.tokens.source, self.starts[at])
            self.i = at + 1
            while date is not None and self.starts[self.i] < date.end():
                self.i += 1
            return
        if kind == STRING:
            self.i = at + 1
            return
        if kind > WORD:
            self.unexpected()
        self.i = at + 1
        if self.texts[self.i] == ":" and self.kinds[self.i + 1] == NUMBER:  # LAST_N_DAYS:30
            self.i += 2

    def _bind(self) -> None:
        start = self.i
        self.i += 1
        value = self.expression()
        self._binds.append((start, self.i, value))

    # The rest

    def _with(self, tree: QueryTree) -> None:
        word = self.texts[self.i]
        if word in _ACCESS_WORDS:
            tree.access = word
            self.i += 1
        elif word == "data":
            self.i += 1
            self.expect("category")
            while True:
                self._path()
                self.any_name()
                if self.accept("("):
                    self._fields()
                    self.expect(")")
                else:
                    self.any_name()
                if not self.accept("and"):
                    return
        else:
            self._with_setting()

    def _with_setting(self) -> None:
        """`WITH RecordVisibilityContext (...)`, `WITH NETWORK = 'x'`, `WITH SNIPPET (...)`."""
        self._path()
        if self.texts[self.i] == "(":
            while self.texts[self.i] != ")":
                if self.texts[self.i] == "<eof>":
                    self.unexpected()
                self.i += 1
            self.i += 1
        elif self.texts[self.i] in ("=", "in"):
            self.i += 1
            if self.accept("("):
                self._value()
                while self.accept(","):
                    self._value()
                self.expect(")")
            else:
                self._value()

    def _group(self, tree: QueryTree) -> None:
        self.i += 1
        self.expect("by")
        tree.grouped = True
        if self.texts[self.i] in ("rollup", "cube"):
            self.i += 1
            self.expect("(")
            tree.group_by = self._fields()
            self.expect(")")
        else:
            tree.group_by = self._fields()
        if self.accept("having"):
            having = QueryTree(tree.pos)
            self._condition(having)

    def _order(self, tree: QueryTree) -> None:
        self.i += 1
        self.expect("by")
        while True:
            tree.order_by.append(self._field())
            if self.texts[self.i] in ("asc", "desc"):
                self.i += 1
            if self.accept("nulls"):
                if self.texts[self.i] not in ("first", "last"):
                    self.unexpected()
                self.i += 1
            if not self.accept(","):
                return

    def _window(self) -> bool:
        """The end of a query; whether it locks its rows."""
        locking = False
        if self.accept("limit"):
            self._value()
        if self.accept("offset"):
            self._value()
        if self.accept("all"):
            self.expect("rows")
        while self.accept("for"):
            if self.texts[self.i] not in _FOR_WORDS:
                self.unexpected()
            locking = locking or self.texts[self.i] == "update"
            self.i += 1
        if self.accept("update"):
            self.any_name()
            while self.accept(","):
                self.any_name()
        if self.accept("all"):
            self.expect("rows")
        return locking

    # FIND

    def _search(self) -> list[str]:
        self.i += 1
        if self.kinds[self.i] != STRING and self.texts[self.i] != ":":
            self.unexpected()
        self._value()
        if self.accept("in"):
            self.any_name()
            self.expect("fields")
        returning: list[str] = []
        if self.accept("returning"):
            returning.append(self._returned())
            while self.accept(","):
                returning.append(self._returned())
        scratch = QueryTree(self.starts[self.i])
        while self.accept("with"):
            self._with(scratch)
        if self.accept("limit"):
            self._value()
        if self.accept("update"):
            self.any_name()
        return returning

    def _returned(self) -> str:
        name = self.any_name()
        if self.accept("("):
            tree = QueryTree(self.starts[self.i])
            self._fields()
            if self.accept("using"):
                self._path()
                self.accept("=")
                self.any_name()
            if self.accept("where"):
                self._condition(tree)
            if self.texts[self.i] == "order":
                self._order(tree)
            self._window()
            self.expect(")")
        return name
