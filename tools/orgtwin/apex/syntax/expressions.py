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
from collections.abc import Callable
from decimal import Decimal

from orgtwin.apex.syntax.lexer import NUMBER, STRING, WORD
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
from orgtwin.apex.syntax.words import ANGLES, ASSIGNMENTS, COMPARING, PRECEDENCE

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|[\s\S])")
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "%": "\\%", "_": "\\_"}
_CONSTANTS: dict[str, tuple[str, bool | None]] = {
    "true": ("Boolean", True),
    "false": ("Boolean", False),
    "null": ("null", None),
}
_SUFFIXES = frozenset((".", "?.", "[", "<", "++", "--"))
"""What can go on with an operand; an angle for the sake of `Set<Id>.class`."""
_CLOSING = frozenset((")", ",", ";", "]", "}", ":"))
"""Behind one word or value alone: most operands are no more than that."""
_QUERY_STARTS = frozenset(("select", "find"))
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
        at = self.i
        if self.kinds[at] == WORD and self.texts[at + 1] in _CLOSING:
            self.i = at + 1
            return Name(self.starts[at], self.raws[at])
        left = self._operand()
        text = self.texts[self.i]
        if text in _CLOSING:
            return left
        if text in PRECEDENCE:
            left = self._binary(left, 3)
        at = self.i
        if self.texts[at] == "?":
            return self._ternary(left)
        op, width = self._operator(at)
        if op in ASSIGNMENTS:
            self.i = at + width
            return Assign(start_of(left), op, left, self.expression())
        return left

    def arguments(self) -> list[Expression]:
        """What stands between parentheses; the opening one is behind us."""
        texts = self.texts
        if texts[self.i] == ")":
            self.i += 1
            return []
        found = [self.expression()]
        while texts[self.i] == ",":
            self.i += 1
            found.append(self.expression())
        self.expect(")")
        return found

    def _ternary(self, condition: Expression) -> Ternary:
        self.i += 1
        then = self.expression()
        self.expect(":")
        return Ternary(start_of(condition), condition, then, self.expression())

    def _binary(self, left: Expression, minimum: int) -> Expression:
        """What begins with this operand and holds only operators that bind at least so tightly."""
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
                right = self._operand()
                if self.texts[self.i] not in _CLOSING:
                    right = self._binary(right, power + 1)
                left = Binary(start_of(left), op, left, right)

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

    def _operand(self) -> Expression:
        at = self.i
        kind = self.kinds[at]
        if kind == WORD:
            if self.texts[at + 1] == "(":
                self.i = at + 2
                left: Expression = Call(self.starts[at], None, self.raws[at], self.arguments(), False)
            else:
                self.i = at + 1
                left = Name(self.starts[at], self.raws[at])
        elif kind == STRING:
            self.i = at + 1
            left = Literal(self.starts[at], "String", self._string(self.texts[at]))
        elif kind == NUMBER:
            left = self._number()
        else:
            left = _OPERANDS.get(self.texts[at], ExpressionParser.unexpected)(self)
        return self._suffixed(left, at) if self.texts[self.i] in _SUFFIXES else left

    def _prefixed(self) -> Unary:
        at = self.i
        self.i = at + 1
        return Unary(self.starts[at], self.texts[at], self._operand())

    def _parenthesis(self) -> Expression:
        """`(Type) operand` or `(expression)`."""
        at = self.i
        closing = self.skip_type(at + 1)
        self.i = at + 1
        if closing >= 0 and self.texts[closing] == ")" and self._casts(closing + 1):
            type_name = self.type()
            self.i += 1
            return Cast(self.starts[at], type_name, self._operand())
        inner = self.expression()
        self.expect(")")
        return inner

    def _casts(self, after: int) -> bool:
        """True if the parenthesised type in front of this token is a cast: an operand follows, not an operator.

        A sign belongs to the operand, as Salesforce's own compiler reads it: `(x) - 1` asks for a type x.
        """
        kind, text = self.kinds[after], self.texts[after]
        if kind <= WORD:
            return text != "instanceof"
        if kind in (STRING, NUMBER) or text in ("(", "!", "~", "+", "-"):
            return True
        if text in ("++", "--"):
            return self.kinds[after + 1] <= WORD and self.texts[after + 1] != "instanceof"
        return text == "[" and self.texts[after + 1] in _QUERY_STARTS

    def _suffixed(self, left: Expression, first: int) -> Expression:
        """What begins with this operand, whose own first token is `first`, and goes on by dots, indexes and calls."""
        texts = self.texts
        while True:
            at = self.i
            text = texts[at]
            if text == "." or text == "?.":
                if self.kinds[at + 1] != WORD:
                    left = self._dotted_keyword(left, first)
                elif texts[at + 2] == "(":
                    self.i = at + 3
                    left = Call(self.starts[at + 1], left, self.raws[at + 1], self.arguments(), text == "?.")
                else:
                    self.i = at + 2
                    left = FieldAccess(self.starts[at + 1], left, self.raws[at + 1], text == "?.")
            elif (
                text == "[" and texts[at + 1] not in _QUERY_STARTS
            ):  # a query stands behind the master record of a merge
                left = self._indexed(left, first)
            elif text == "++" or text == "--":
                self.i = at + 1
                left = Postfix(self.starts[at], text, left)
            else:
                literal = self._class_literal(first) if text == "<" else None
                if literal is None:
                    return left
                left = literal

    def _dotted_keyword(self, target: Expression, first: int) -> Expression:
        """A member whose name is a keyword, or the end of a class literal."""
        self.i += 1
        at, safe = self.i, self.texts[self.i - 1] == "?."
        if self.texts[at] == "class" and not safe:
            literal = self._class_literal(first)
            if literal is not None:
                return literal
        name = self.any_name()
        if self.accept("("):
            return Call(self.starts[at], target, name, self.arguments(), safe)
        return FieldAccess(self.starts[at], target, name, safe)

    def _indexed(self, target: Expression, first: int) -> Expression:
        """`target[index]`, or the literal of a class of arrays."""
        literal = self._class_literal(first) if self.texts[self.i + 1] == "]" else None
        if literal is not None:
            return literal
        self.i += 1
        index = self.expression()
        self.expect("]")
        return Index(start_of(target), target, index)

    def _bracket(self) -> Expression:
        if self.texts[self.i + 1] not in _QUERY_STARTS:
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

    def _constant(self) -> Expression:
        at = self.i
        self.i = at + 1
        if self.texts[at + 1] == ".":
            return Name(self.starts[at], self.raws[at])
        return Literal(self.starts[at], *_CONSTANTS[self.texts[at]])

    def _self(self) -> Expression:
        """`this`, `super`, `this(...)`, `super(...)`."""
        at = self.i
        start, text = self.starts[at], self.texts[at]
        self.i = at + 1
        if self.accept("("):
            return Call(start, None, text, self.arguments(), False)
        if text == "super" and self.texts[at + 1] not in (".", "?."):
            self.unexpected()
        return This(start) if text == "this" else Super(start)

    def _trigger_context(self) -> Name:
        at = self.i
        if self.texts[at + 1] != ".":
            self.unexpected()
        self.i = at + 1
        return Name(self.starts[at], self.raws[at])

    def _literal_of_keyword(self) -> ClassLiteral:
        """`List<Id>.class`, `void.class`."""
        return self._class_literal(self.i) or self.unexpected()

    def _class_literal(self, first: int) -> ClassLiteral | None:
        """The literal that begins with this token, if one does; `i` is behind it then."""
        after = self.skip_type(first)
        if after < 0 or self.texts[after] != "." or self.texts[after + 1] != "class":
            return None
        self.i = first
        type_name = self.type()
        self.i += 2
        return ClassLiteral(self.starts[first], type_name)

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
        if self.kinds[self.i] <= WORD and texts[self.i + 1] == "=":
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


_OPERANDS: dict[str, Callable[[ExpressionParser], Expression]] = {
    **dict.fromkeys(("!", "-", "+", "~", "++", "--"), ExpressionParser._prefixed),
    **dict.fromkeys(("true", "false", "null"), ExpressionParser._constant),
    **dict.fromkeys(("this", "super"), ExpressionParser._self),
    **dict.fromkeys(("list", "map", "void"), ExpressionParser._literal_of_keyword),
    "(": ExpressionParser._parenthesis,
    "[": ExpressionParser._bracket,
    "new": ExpressionParser._new,
    "trigger": ExpressionParser._trigger_context,
}
"""Operands by their first token, where that is neither a name nor a value."""
