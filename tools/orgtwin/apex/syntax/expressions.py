"""Layer 2: expressions, by precedence climbing.

    Expression = Ternary [ AssignOp Expression ]
    Ternary    = Binary [ "?" Expression ":" Expression ]
    Binary     = Unary { Op Unary }                       (words.PRECEDENCE)
    Unary      = ("!" | "-" | "+" | "~" | "++" | "--") Unary | "(" Type ")" Unary | Primary { Suffix }
    Suffix     = ("." | "?.") Name [ "(" Args ")" ] | "[" Expression "]" | "++" | "--"

`>>`, `>>>` and their assignments are read from single `>` tokens, since `>` also closes type arguments.
"""

from __future__ import annotations

import re
from decimal import Decimal

from orgtwin.apex.syntax.lexer import NUMBER, OPERATOR, STRING, WORD
from orgtwin.apex.syntax.tree import (
    Assign,
    Binary,
    Call,
    Cast,
    ClassLiteral,
    Expression,
    FieldAccess,
    Index,
    InstanceOf,
    Literal,
    Name,
    NewItems,
    NewObject,
    NewPairs,
    NewSized,
    NewSObject,
    Postfix,
    Super,
    Ternary,
    This,
    TypeName,
    Unary,
)
from orgtwin.apex.syntax.types import TypeParser
from orgtwin.apex.syntax.words import ANGLES, ASSIGNMENTS, COMPARING, KEYWORDS, PRECEDENCE

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|[\s\S])")
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "%": "\\%", "_": "\\_"}
_CONSTANTS: dict[str, tuple[str, bool | None]] = {
    "true": ("Boolean", True),
    "false": ("Boolean", False),
    "null": ("null", None),
}
_PREFIXES = frozenset(("!", "-", "+", "~", "++", "--"))
_CLOSING = frozenset((")", ",", ";", "]", "}", ":"))
"""Behind one word or value alone: most operands are no more than that."""
_TIGHTEST = 99
_MAX_INTEGER, _MAX_LONG = 2**31, 2**63


def unescape(body: str) -> str:
    """The value of a string literal's body."""

    def value(found: re.Match[str]) -> str:
        code = found[1]
        return chr(int(code[1:], 16)) if len(code) == 5 else _ESCAPED.get(code, code)

    return _ESCAPE.sub(value, body) if "\\" in body else body


def start_of(node: Expression) -> int:
    """Where Salesforce's compiler says an operator's expression stands: at the start of a plain path, else at the node itself."""
    path = node
    while isinstance(path, FieldAccess) and not path.safe:
        path = path.target
    return path.pos if isinstance(path, Name) else node.pos


class ExpressionParser(TypeParser):
    def expression(self) -> Expression:
        left = self._ternary()
        at = self.i
        if self.kinds[at] != OPERATOR:
            return left
        op, width = self._operator(at)
        if op in ASSIGNMENTS:
            self.i = at + width
            return Assign(start_of(left), op, left, self.expression())
        return left

    def arguments(self) -> list[Expression]:
        """What stands between parentheses; the opening one is behind us."""
        found: list[Expression] = []
        if self.accept(")"):
            return found
        while True:
            found.append(self.expression())
            if self.accept(")"):
                return found
            if not self.accept(","):
                self.expect(")")

    def _ternary(self) -> Expression:
        condition = self._binary(3)
        at = self.i
        if self.texts[at] != "?":
            return condition
        self.i = at + 1
        then = self.expression()
        self.expect(":")
        return Ternary(start_of(condition), condition, then, self.expression())

    def _binary(self, minimum: int) -> Expression:
        at = self.i
        if self.texts[at + 1] in _CLOSING and self.kinds[at] <= NUMBER:
            if self.kinds[at] != WORD or self.texts[at] in KEYWORDS:
                return self._primary()
            self.i = at + 1
            return Name(self.starts[at], self.raws[at])
        left = self._unary()
        tightest = _TIGHTEST
        while True:
            at = self.i
            op = self.texts[at]
            power = PRECEDENCE.get(op)
            if power is None:
                return left
            width = 1
            if op[0] in "<>":
                op, width = self._operator(at)
                if op in ASSIGNMENTS:
                    return left
                power = PRECEDENCE[op]
            if power < minimum or power > tightest:
                return left
            if op == "instanceof":
                if tightest == COMPARING:
                    return left
                self.i = at + 1
                left = InstanceOf(start_of(left), left, self.type())
                tightest = COMPARING - 1
            else:
                self.i = at + width
                tightest = min(tightest, power)
                left = Binary(start_of(left), op, left, self._binary(power + 1))

    def _operator(self, at: int) -> tuple[str, int]:
        """The operator there and its number of tokens: what starts with an angle is put together, with blanks between or none.

        Source: Salesforce's own parser, which reads `1 > = 2` and `i >> = 2`.
        """
        op, width = self.texts[at], 1
        if op[0] in "<>":
            while op + self.texts[at + width] in ANGLES:
                op += self.texts[at + width]
                width += 1
        return op, width

    def _unary(self) -> Expression:
        at = self.i
        op = self.texts[at]
        if self.kinds[at] == OPERATOR:
            if op in _PREFIXES:
                return self._prefixed(op)
            if op == "(":
                closing = self.skip_type(at + 1)
                if closing >= 0 and self.texts[closing] == ")" and self._casts(closing + 1):
                    self.i = at + 1
                    type_name = self.type()
                    self.i += 1
                    return Cast(self.starts[at], type_name, self._unary())
        return self._suffixed(self._primary())

    def _prefixed(self, op: str) -> Expression:
        at = self.i
        self.i = at + 1
        return Unary(self.starts[at], op, self._unary())

    def _casts(self, after: int) -> bool:
        """True if the parenthesised type in front of this token is a cast: an operand follows, not an operator.

        A sign belongs to the operand, as Salesforce's own compiler reads it: `(x) - 1` asks for a type x.
        """
        kind, text = self.kinds[after], self.texts[after]
        if kind == WORD:
            return text not in ("instanceof",)
        if kind in (STRING, NUMBER) or text in ("(", "!", "~", "+", "-"):
            return True
        if text in ("++", "--"):
            return self.kinds[after + 1] == WORD and self.texts[after + 1] != "instanceof"
        return text == "[" and self.texts[after + 1] in ("select", "find")

    def _suffixed(self, left: Expression) -> Expression:
        texts = self.texts
        while True:
            at = self.i
            text = texts[at]
            if text in (".", "?."):
                self.i = at + 1
                position = self.starts[at + 1]
                name = self.any_name()
                if texts[at + 2] == "(":
                    self.i = at + 3
                    left = Call(position, left, name, self.arguments(), text == "?.")
                else:
                    left = FieldAccess(position, left, name, text == "?.")
            elif text == "[":
                if texts[at + 1] in ("select", "find"):  # a query behind the master record of a merge
                    return left
                self.i = at + 1
                index = self.expression()
                self.expect("]")
                left = Index(start_of(left), left, index)
            elif text in ("++", "--"):
                self.i = at + 1
                left = Postfix(self.starts[at], text, left)
            else:
                return left

    def _primary(self) -> Expression:
        at = self.i
        kind, text = self.kinds[at], self.texts[at]
        if kind == WORD:
            return self._word(at, text)
        if kind == STRING:
            self.i = at + 1
            return Literal(self.starts[at], "String", self._string(text))
        if kind == NUMBER:
            return self._number()
        if text == "(":
            self.i = at + 1
            inner = self.expression()
            self.expect(")")
            return inner
        if text != "[" or self.texts[at + 1] not in ("select", "find"):
            self.unexpected()
        return self.query()

    def query(self) -> Expression:
        """`[SELECT ...]` or `[FIND ...]`; the next layer reads them."""
        self.unexpected()

    def _string(self, text: str) -> str:
        if text.startswith("'''"):
            return unescape(text[3:-3].split("\n", 1)[1].replace("\r\n", "\n"))
        return unescape(text[1:-1])

    def _number(self) -> Literal:
        at = self.i
        raw = self.raws[at]
        self.i = at + 1
        start = self.starts[at]
        suffix = raw[-1].lower()
        if suffix == "l":
            return Literal(start, "Long", self._bounded(int(raw[:-1]), _MAX_LONG, "Illegal long", at))
        if suffix == "d":
            return Literal(start, "Double", float(raw[:-1]))
        if "." in raw:
            return Literal(start, "Decimal", Decimal(raw))
        return Literal(start, "Integer", self._bounded(int(raw), _MAX_INTEGER, "Illegal integer", at))

    def _bounded(self, value: int, limit: int, message: str, at: int) -> int:
        if value >= limit:
            raise self.tokens.problem(message, self.starts[at])
        return value

    def _word(self, at: int, text: str) -> Expression:
        start = self.starts[at]
        if text == "new":
            return self._new()
        constant = _CONSTANTS.get(text)
        if constant is not None:
            self.i = at + 1
            return Name(start, self.raws[at]) if self.texts[at + 1] == "." else Literal(start, *constant)
        if text in ("this", "super"):
            self.i = at + 1
            if self.accept("("):
                return Call(start, None, text, self.arguments(), False)
            if text == "super" and self.texts[at + 1] not in (".", "?."):
                self.unexpected()
            return This(start) if text == "this" else Super(start)
        literal = self._class_literal(at)
        if literal is not None:
            return literal
        if text in KEYWORDS and not (text == "trigger" and self.texts[at + 1] == "."):
            self.unexpected()
        self.i = at + 1
        name = self.raws[at]
        if self.accept("("):
            return Call(start, None, name, self.arguments(), False)
        return Name(start, name)

    def _class_literal(self, at: int) -> ClassLiteral | None:
        texts = self.texts
        if texts[at + 1] not in (".", "<", "["):
            return None
        after = self.skip_type(at)
        if after < 0 or texts[after] != "." or texts[after + 1] != "class":
            return None
        type_name = self.type()
        self.i += 2
        return ClassLiteral(self.starts[at], type_name)

    def _new(self) -> Expression:
        start = self.starts[self.i]
        self.i += 1
        type_name = self.type()
        texts = self.texts
        if texts[self.i] == "{":
            return self._items(start, type_name)
        if texts[self.i] == "[":
            if type_name.args:
                self.unexpected()
            self.i += 1
            if type_name.dimensions:
                raise self.problem(f"Extra ']', at '{self.raws[self.i]}'.")
            size = self.expression()
            self.expect("]")
            return NewSized(start, type_name, size)
        if texts[self.i] != "(":
            self.expect("(")
        if type_name.dimensions:
            raise self.problem("Missing '{' at '('")
        self.i += 1
        if self.kinds[self.i] == WORD and texts[self.i + 1] == "=":
            return self._record(start, type_name)
        return NewObject(start, type_name, self.arguments())

    def _record(self, start: int, type_name: TypeName) -> NewSObject:
        fields: list[tuple[str, int, Expression]] = []
        while True:
            position = self.starts[self.i]
            name = self.any_name()
            self.expect("=")
            fields.append((name, position, self.expression()))
            if self.accept(")"):
                return NewSObject(start, type_name, fields)
            if not self.accept(","):
                self.expect(")")

    def _items(self, start: int, type_name: TypeName) -> Expression:
        self.i += 1
        items: list[Expression] = []
        pairs: list[tuple[Expression, Expression]] = []
        if self.accept("}"):
            return NewItems(start, type_name, items)
        while True:
            item = self.expression()
            if self.accept("=>"):
                pairs.append((item, self.expression()))
            else:
                items.append(item)
            if self.accept("}"):
                break
            if not self.accept(","):
                self.expect("}")
        if items and pairs:
            self.unexpected()
        return NewPairs(start, type_name, pairs) if pairs else NewItems(start, type_name, items)
