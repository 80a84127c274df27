"""SOQL text to tree.

    query   := SELECT items FROM source (`,` source)* [USING SCOPE name] [WHERE condition] [WITH mode]
               [GROUP BY expressions | ROLLUP(...) | CUBE(...)] [HAVING condition] [ORDER BY orders]
               [LIMIT n] [OFFSET n] [FOR (VIEW | REFERENCE | UPDATE)]* [UPDATE (TRACKING | VIEWSTAT)] [ALL ROWS]
    items   := item (`,` item)*
    item    := expression [alias] | `(` query `)` | TYPEOF ... END | FIELDS(ALL | STANDARD | CUSTOM)
    condition := see orgtwin.soql.conditions_parser

Source: "SOQL SELECT Syntax" (SOQL and SOSL Reference). Keywords are not reserved: `FROM Group` is a query of Group.
"""

from __future__ import annotations

from functools import lru_cache

from orgtwin.errors import SalesforceError, Unsupported
from orgtwin.soql.conditions_parser import parse_condition, parse_count, parse_expression, parse_path
from orgtwin.soql.errors import malformed
from orgtwin.soql.reader import TokenReader
from orgtwin.soql.tree import (
    Call,
    ChildQuery,
    Fields,
    Grouping,
    Name,
    Order,
    Query,
    Selected,
    SelectItem,
    Source,
    TypeOf,
    When,
)

MAXIMUM_LENGTH = 100_000  # "SOQL and SOSL Limits for Search Queries"

LONGEST_REMEMBERED = 2_000  # longer texts are lists of values that do not come back, and would fill the memory

_CLAUSES = frozenset(
    {"from", "using", "where", "with", "group", "having", "order", "limit", "offset", "for", "update", "all", "set"}
)


def parse(text: str) -> Query:
    """The tree of a query. Raises MALFORMED_QUERY, with the caret form where the org gives one."""
    return _remembered(text) if len(text) <= LONGEST_REMEMBERED else parse_afresh(text)


@lru_cache(maxsize=512)
def _remembered(text: str) -> Query:
    return parse_afresh(text)


def parse_afresh(text: str) -> Query:
    """`parse` without its memory."""
    if not text.strip():
        raise SalesforceError("MALFORMED_QUERY", "SOQL statements cannot be empty or null")
    if len(text) > MAXIMUM_LENGTH:
        raise SalesforceError("MALFORMED_QUERY", f"SOQL statement is longer than {MAXIMUM_LENGTH:,} characters")
    reader = TokenReader(text)
    if not reader.is_word("select"):
        raise SalesforceError("MALFORMED_QUERY", f"unexpected token: '{reader.token.text}'")
    query = _query(reader)
    reader.require_end()
    return query


def _query(reader: TokenReader) -> Query:
    """From SELECT to the end of the query or the closing parenthesis of a subquery."""
    position = reader.require_word("select").position
    items, counts_only = _select(reader)
    reader.require_word("from")
    sources = [_source(reader)]
    while reader.accept(","):
        sources.append(_source(reader))
    scope = reader.require_any_word().text if reader.accept_words("using", "scope") else None
    where = parse_condition(reader, _query) if reader.accept_word("where") else None
    with_modes = _with(reader)
    group_by = _grouping(reader) if reader.accept_words("group", "by") else None
    having = parse_condition(reader, _query) if reader.accept_word("having") else None
    order_by = _orders(reader) if reader.accept_words("order", "by") else ()
    limit = parse_count(reader) if reader.accept_word("limit") else None
    offset = parse_count(reader) if reader.accept_word("offset") else None
    for_modes, update_modes = _for_and_update(reader)
    return Query(
        tuple(items),
        tuple(sources),
        counts_only,
        scope,
        where,
        with_modes,
        group_by,
        having,
        order_by,
        limit,
        offset,
        for_modes,
        update_modes,
        reader.accept_words("all", "rows"),
        position,
    )


def _select(reader: TokenReader) -> tuple[list[SelectItem], bool]:
    if reader.is_word("count") and reader.is_at(1, "(") and reader.is_at(2, ")"):
        reader.skip(3)
        return [], True
    items = [_item(reader)]
    while reader.accept(","):
        items.append(_item(reader))
    return items, False


def _item(reader: TokenReader) -> SelectItem:
    if reader.accept("("):
        with reader.nested():
            query = _query(reader)
        reader.require(")")
        return ChildQuery(query)
    if reader.is_word("typeof") and reader.kind_at(1) == "word" and not reader.is_word_at(1, "from"):
        return _type_of(reader)
    if reader.is_word("fields") and reader.is_at(1, "("):
        return _fields(reader)
    if reader.is_word("from"):
        raise reader.unexpected()
    expression = parse_expression(reader)
    return Selected(expression, _alias(reader))


def _alias(reader: TokenReader) -> str | None:
    if reader.token.kind == "word" and reader.token.lower not in _CLAUSES:
        return reader.take().text
    return None


def _fields(reader: TokenReader) -> Fields:
    position = reader.take().position
    reader.require("(")
    which = reader.require_any_word()
    if which.lower not in ("all", "standard", "custom"):
        raise malformed(f"unexpected token: '{which.text}'", reader.text, which.position)
    reader.require(")")
    return Fields(which.text.upper(), position)


def _type_of(reader: TokenReader) -> TypeOf:
    position = reader.take().position
    relationship = parse_path(reader)
    whens: list[When] = []
    while reader.is_word("when"):
        start = reader.take().position
        sobject_type = reader.require_any_word().text
        reader.require_word("then")
        whens.append(When(sobject_type, _names(reader), start))
    if not whens:
        raise reader.unexpected()
    otherwise = _names(reader) if reader.accept_word("else") else ()
    reader.require_word("end")
    return TypeOf(relationship, tuple(whens), otherwise, position)


def _names(reader: TokenReader) -> tuple[Name, ...]:
    names = [parse_path(reader)]
    while reader.accept(","):
        names.append(parse_path(reader))
    return tuple(names)


def _source(reader: TokenReader) -> Source:
    name = parse_path(reader)
    reader.accept_word("as")
    return Source(name.parts, _alias(reader), name.position)


_MODES = ("security_enforced", "user_mode", "system_mode")


def _with(reader: TokenReader) -> tuple[str, ...]:
    if not reader.accept_word("with"):
        return ()
    token = reader.require_any_word()
    if token.lower in _MODES:
        return (token.text.upper(),)
    if token.lower == "data":
        raise Unsupported("soql.with_data_category", "WITH DATA CATEGORY")
    raise malformed(f"unexpected token: '{token.text}'", reader.text, token.position)


def _grouping(reader: TokenReader) -> Grouping:
    first = parse_expression(reader)
    if isinstance(first, Call) and first.name.lower() in ("rollup", "cube"):
        return Grouping(first.arguments, first.name.upper())
    expressions = [first]
    while reader.accept(","):
        expressions.append(parse_expression(reader))
    return Grouping(tuple(expressions))


def _orders(reader: TokenReader) -> tuple[Order, ...]:
    orders = [_order(reader)]
    while reader.accept(","):
        orders.append(_order(reader))
    return tuple(orders)


def _order(reader: TokenReader) -> Order:
    expression = parse_expression(reader)
    descending = reader.accept_word("desc")
    if not descending:
        reader.accept_word("asc")
    nulls_last: bool | None = None
    if reader.accept_word("nulls"):
        nulls_last = reader.accept_word("last")
        if not nulls_last:
            reader.require_word("first")
    return Order(expression, descending, nulls_last)


def _for_and_update(reader: TokenReader) -> tuple[tuple[str, ...], tuple[str, ...]]:
    for_modes: list[str] = []
    update_modes: list[str] = []
    while reader.is_word("for", "update"):
        is_update = reader.take().lower == "update"
        wanted = ("tracking", "viewstat") if is_update else ("view", "reference", "update")
        modes = update_modes if is_update else for_modes
        token = reader.require_any_word()
        if token.lower not in wanted:
            raise malformed(f"unexpected token: '{token.text}'", reader.text, token.position)
        modes.append(token.text.upper())
        while reader.accept(","):
            modes.append(reader.require_any_word().text.upper())
    return tuple(for_modes), tuple(update_modes)
