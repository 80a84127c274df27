"""Formula text to tree.

    expression := or
    or         := and (`||` and)*
    and        := equality (`&&` equality)*
    equality   := relation ((`=` | `==` | `<>` | `!=`) relation)*
    relation   := sum ((`<` | `>` | `<=` | `>=`) sum)*
    sum        := power ((`+` | `-` | `&`) power)*
    power      := product (`^` product)*                  yes: looser than `*`, as in the vendor's grammar
    product    := unary ((`*` | `/`) unary)*
    unary      := (`+` | `-` | `NOT` | `!`) unary | primary
    primary    := reference | NUMBER | STRING | TRUE | FALSE | NULL | `(` expression `)` | call
    call       := name `(` [expression (`,` expression)*] `)`

Source: grammar of the vendor's open formula engine (Formula.g4). AND(...) and OR(...) are ordinary calls.
"""

from __future__ import annotations

from decimal import Decimal

from orgtwin.formula.errors import FormulaError
from orgtwin.formula.tokens import Kind, Token, tokenize
from orgtwin.formula.tree import Call, Chain, Literal, Node, Reference, Step, Unary

MAXIMUM_LENGTH = 3900  # "Formula Field Limits and Restrictions"
MAXIMUM_DEPTH = 100  # ASSUMED; the org bounds depth through its compiled size of 15,000 bytes

_RANKS: tuple[frozenset[str], ...] = (
    frozenset({"||"}),
    frozenset({"&&"}),
    frozenset({"=", "==", "<>", "!="}),
    frozenset({"<", ">", "<=", ">="}),
    frozenset({"+", "-", "&"}),
    frozenset({"^"}),
    frozenset({"*", "/"}),
)
_RANK_OF = {operator: rank for rank, operators in enumerate(_RANKS) for operator in operators}
_CANONICAL = {"==": "=", "!=": "<>"}
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


def parse(text: str) -> Node:
    """The tree of a formula. Raises FormulaError with the org's text."""
    if len(text) > MAXIMUM_LENGTH:
        raise FormulaError(
            f"Formula is too long ({len(text):,} characters).  Maximum length is {MAXIMUM_LENGTH:,} characters"
        )
    parser = _Parser(tokenize(text))
    node = parser.expression()
    parser.require_end()
    return node


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._index = 0
        self._depth = 0

    def expression(self) -> Node:
        self._depth += 1
        if self._depth > MAXIMUM_DEPTH:
            raise FormulaError(
                f"Formula is nested too deeply. Maximum depth is {MAXIMUM_DEPTH} levels", self._token.position
            )
        node = self._ranked(0)
        self._depth -= 1
        return node

    def require_end(self) -> None:
        token = self._token
        if token.kind is not Kind.END:
            found = token.text if token.kind is Kind.IDENT else f"'{token.text}'"
            raise FormulaError(f"Syntax error. Extra {found}", token.position)

    @property
    def _token(self) -> Token:
        return self._tokens[self._index]

    def _take(self) -> Token:
        token = self._tokens[self._index]
        self._index += 1
        return token

    def _ranked(self, rank: int) -> Node:
        """One operand, then every operator of this rank or tighter."""
        start = self._token.position
        node = self._unary()
        for current in range(len(_RANKS) - 1, rank - 1, -1):
            steps: list[Step] = []
            while self._operator_rank() == current:
                token = self._take()
                operand = self._ranked(current + 1)
                steps.append(Step(_CANONICAL.get(token.text, token.text), operand, token.position))
            if steps:
                node = Chain(node, tuple(steps), start)
        return node

    def _operator_rank(self) -> int:
        token = self._token
        return _RANK_OF.get(token.text, -1) if token.kind is Kind.OP else -1

    def _unary(self) -> Node:
        token = self._token
        is_not = token.text == "!" or (token.kind is Kind.IDENT and token.text.lower() == "not")
        if not is_not and not (token.kind is Kind.OP and token.text in "+-"):
            return self._primary()
        self._take()
        self._depth += 1
        if self._depth > MAXIMUM_DEPTH:
            raise FormulaError(f"Formula is nested too deeply. Maximum depth is {MAXIMUM_DEPTH} levels", token.position)
        operand = self._unary()
        self._depth -= 1
        return Unary("NOT" if is_not else token.text, operand, token.position)

    def _primary(self) -> Node:
        token = self._take()
        if token.kind is Kind.NUMBER:
            return Literal(Decimal(token.text), token.position)
        if token.kind is Kind.STRING:
            return Literal(token.value, token.position)
        if token.kind is Kind.IDENT:
            return self._named(token)
        if token.text == "(" and token.kind is Kind.OP:
            node = self.expression()
            self._require(")")
            return node
        raise FormulaError(f"Syntax error.  Found '{token.text}'", token.position)

    def _named(self, token: Token) -> Node:
        if self._token.kind is Kind.OP and self._token.text == "(":
            self._take()
            return Call(token.text.upper(), self._arguments(), token.position)
        lower = token.text.lower()
        if lower in _CONSTANTS:
            return Literal(_CONSTANTS[lower], token.position)
        return Reference(token.text, token.position)

    def _arguments(self) -> tuple[Node, ...]:
        if self._token.text == ")" and self._token.kind is Kind.OP:
            self._take()
            return ()
        arguments = [self.expression()]
        while self._token.text == "," and self._token.kind is Kind.OP:
            self._take()
            arguments.append(self.expression())
        self._require(")")
        return tuple(arguments)

    def _require(self, text: str) -> None:
        token = self._token
        if token.kind is not Kind.OP or token.text != text:
            raise FormulaError(f"Syntax error.  Missing '{text}'", token.position)
        self._take()
