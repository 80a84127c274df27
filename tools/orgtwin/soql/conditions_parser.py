"""Expressions, literals and conditions of SOQL.

    condition  := simple (AND simple)* | simple (OR simple)*       mixing both needs parentheses
    simple     := `(` condition `)` | NOT simple | comparison
    comparison := expression operator value
                | expression [NOT] IN (`(` values `)` | `(` query `)` | bind)
                | expression (INCLUDES | EXCLUDES) (`(` values `)` | bind)
    operator   := = | != | <> | < | > | <= | >= | LIKE
    expression := path | name `(` [expression (`,` expression)*] `)`
    value      := string | number | TRUE | FALSE | NULL | date | date-time | date literal | currency literal | `:`bind

Source: "Condition Expression Syntax", "fieldExpression Syntax" (SOQL and SOSL Reference).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal

from orgtwin.errors import SalesforceError, Unsupported
from orgtwin.soql.dates import DATE_NAMES, DATE_NAMES_WITH_N
from orgtwin.soql.errors import malformed
from orgtwin.soql.reader import TokenReader
from orgtwin.soql.tokens import Token, unescape
from orgtwin.soql.tree import Call, Comparison, Condition, Expression, Kind, Literal, Logical, Name, Not, Query

ParseQuery = Callable[[TokenReader], Query]

_OPERATORS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
_CURRENCY = re.compile(r"([A-Za-z]{3})(\d+(?:\.\d+)?)")
_CONSTANTS = {"true": (Kind.BOOLEAN, True), "false": (Kind.BOOLEAN, False), "null": (Kind.NULL, None)}


def parse_condition(reader: TokenReader, query: ParseQuery) -> Condition:
    with reader.nested():
        first = _simple(reader, query)
        operator = "and" if reader.is_word("and") else "or"
        conditions = [first]
        while reader.accept_word(operator):
            conditions.append(_simple(reader, query))
        if reader.is_word("and", "or"):
            raise reader.unexpected()
    return first if len(conditions) == 1 else Logical(operator.upper(), tuple(conditions))


def _simple(reader: TokenReader, query: ParseQuery) -> Condition:
    if reader.is_word("not") and not _is_comparison_of(reader):
        reader.take()
        with reader.nested():
            return Not(_simple(reader, query))
    if reader.accept("("):
        condition = parse_condition(reader, query)
        reader.require(")")
        return condition
    return _comparison(reader, query)


def _is_comparison_of(reader: TokenReader) -> bool:
    """Whether `not` stands where a field name stands (`not = 1`): it is then no operator."""
    return reader.kind_at(1) == "op" and not reader.is_at(1, "(")


def _comparison(reader: TokenReader, query: ParseQuery) -> Comparison:
    left = parse_expression(reader)
    token = reader.take()
    if token.kind == "op" and token.text in _OPERATORS:
        written = token.text + ("=" if token.text in ("<", ">") and reader.accept("=") else "")  # `> =` is `>=`
        return Comparison(left, _OPERATORS[written], _literal(reader), left.position)
    if token.lower == "like":
        return Comparison(left, "LIKE", _literal(reader), left.position)
    if token.lower in ("includes", "excludes"):
        return Comparison(left, token.text.upper(), _list(reader), left.position)
    if token.lower == "not":
        reader.require_word("in")
        return Comparison(left, "NOT IN", _list_or_query(reader, query), left.position)
    if token.lower == "in":
        return Comparison(left, "IN", _list_or_query(reader, query), left.position)
    raise _unexpected(reader, token)


def _unexpected(reader: TokenReader, token: Token) -> SalesforceError:
    return malformed(f"unexpected token: '{token.text}'", reader.text, token.position)


def _list_or_query(reader: TokenReader, query: ParseQuery) -> Literal | tuple[Literal, ...] | Query:
    if reader.is_at(0, "(") and reader.is_word_at(1, "select"):
        reader.take()
        with reader.nested():
            found = query(reader)
        reader.require(")")
        return found
    return _list(reader)


def _list(reader: TokenReader) -> Literal | tuple[Literal, ...]:
    if reader.is_at(0, ":"):
        return _literal(reader)
    if not reader.accept("("):
        raise reader.unexpected()
    values = [_literal(reader)]
    while reader.accept(","):
        values.append(_literal(reader))
    reader.require(")")
    return tuple(values)


def parse_expression(reader: TokenReader) -> Expression:
    name = parse_path(reader)
    if len(name.parts) > 1 or not reader.accept("("):
        return name
    if name.parts[0].lower() in ("distance", "geolocation"):
        raise Unsupported("soql.distance", f"the SOQL function {name.parts[0].upper()}")
    arguments: list[Expression] = []
    if not reader.accept(")"):
        with reader.nested():
            arguments.append(parse_expression(reader))
            while reader.accept(","):
                arguments.append(parse_expression(reader))
        reader.require(")")
    return Call(name.parts[0], tuple(arguments), name.position)


def parse_path(reader: TokenReader) -> Name:
    first = reader.require_any_word()
    parts = [first.text]
    while reader.accept("."):
        parts.append(reader.require_any_word().text)
    return Name(tuple(parts), first.position)


def parse_count(reader: TokenReader) -> Literal:
    """The number of LIMIT and OFFSET: digits or a bind."""
    if reader.is_at(0, ":"):
        return _literal(reader)
    token = reader.take()
    if token.kind != "number" or not token.text.isdecimal() or len(token.text) > 10:
        raise _unexpected(reader, token)
    return Literal(Kind.NUMBER, Decimal(token.text), position=token.position)


def _literal(reader: TokenReader) -> Literal:
    token = reader.take()
    match token.kind:
        case "string":
            body = token.text[1:-1]
            value = unescape(body, reader.text, token.position)
            return Literal(Kind.STRING, value, body, token.position)
        case "number":
            return Literal(Kind.NUMBER, Decimal(token.text), position=token.position)
        case "date":
            return Literal(Kind.DATE, _date(reader, token), position=token.position)
        case "datetime":
            return Literal(Kind.DATETIME, _datetime(reader, token), position=token.position)
        case "time":
            return Literal(Kind.TIME, _time(reader, token), position=token.position)
        case "word":
            return _word_literal(reader, token)
        case "op" if token.text == ":":
            return Literal(Kind.BIND, None, parse_path(reader).text, token.position)
        case _:
            raise _unexpected(reader, token)


def _word_literal(reader: TokenReader, token: Token) -> Literal:
    if token.lower in _CONSTANTS:
        kind, value = _CONSTANTS[token.lower]
        return Literal(kind, value, position=token.position)
    upper = token.text.upper()
    if upper in DATE_NAMES:
        return Literal(Kind.DATE_NAME, None, upper, token.position)
    if upper in DATE_NAMES_WITH_N:
        reader.require(":")
        number = reader.take()
        if number.kind != "number" or not number.text.isdecimal() or len(number.text) > 6:
            raise _unexpected(reader, number)
        return Literal(Kind.DATE_NAME, int(number.text), upper, token.position)
    currency = _CURRENCY.fullmatch(token.text)
    if currency is not None:
        return Literal(Kind.CURRENCY, Decimal(currency.group(2)), currency.group(1).upper(), token.position)
    raise _unexpected(reader, token)


def _date(reader: TokenReader, token: Token) -> date:
    try:
        return date.fromisoformat(token.text)
    except ValueError:
        raise _bad_date(reader, token) from None


def _datetime(reader: TokenReader, token: Token) -> datetime:
    text = token.text.replace("Z", "+00:00")
    if text[-3] != ":":
        text = f"{text[:-2]}:{text[-2:]}"
    head, dot, tail = text.partition(".")
    if dot:
        zone = tail.find("+") if "+" in tail else tail.find("-")
        text = f"{head}.{tail[:zone][:6].ljust(6, '0')}{tail[zone:]}"
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _bad_date(reader, token) from None


def _time(reader: TokenReader, token: Token) -> time:
    try:
        return time.fromisoformat(token.text.removesuffix("Z"))
    except ValueError:
        raise _bad_date(reader, token) from None


def _bad_date(reader: TokenReader, token: Token) -> SalesforceError:
    return malformed(f"Invalid date: {token.text}", reader.text, token.position)
