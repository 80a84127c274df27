"""Laws of the language: printing is the inverse of parsing, SQLite agrees on the common subset, no text breaks the parser."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orgtwin.errors import SalesforceError
from orgtwin.records.model import Caller
from orgtwin.soql import execute, parse, render
from orgtwin.soql.tree import (
    Call,
    ChildQuery,
    Comparison,
    Condition,
    Fields,
    Grouping,
    Kind,
    Literal,
    Logical,
    Name,
    Not,
    Order,
    Query,
    Selected,
    Source,
    TypeOf,
    When,
)

words = st.from_regex(r"[A-Z][a-z]{1,6}(__c)?", fullmatch=True).filter(
    lambda word: (
        word.lower() not in {"not", "like", "in", "and", "or", "null", "true", "false", "asc", "desc", "nulls"}
        and word.lower()
        not in {"from", "where", "with", "limit", "for", "all", "set", "using", "having", "order", "group"}
        and word.lower()
        not in {"update", "offset", "select", "typeof", "fields", "count", "end", "else", "when", "then", "as"}
    )
)
names = st.lists(words, min_size=1, max_size=3).map(lambda parts: Name(tuple(parts)))
calls = st.builds(lambda name, inner: Call(name, (inner,)), st.sampled_from(["MAX", "Calendar_Year", "toLabel"]), names)
expressions = st.one_of(names, calls)
bodies = st.text(st.characters(blacklist_characters="'\\", blacklist_categories=["Cs"]), max_size=6)
literals = st.one_of(
    bodies.map(lambda body: Literal(Kind.STRING, body, body)),
    st.decimals(-1000, 1000, places=2).map(lambda number: Literal(Kind.NUMBER, number)),
    st.booleans().map(lambda value: Literal(Kind.BOOLEAN, value)),
    st.just(Literal(Kind.NULL, None)),
    st.dates().map(lambda day: Literal(Kind.DATE, day)),
    st.times().map(lambda moment: Literal(Kind.TIME, moment.replace(microsecond=0))),
    st.sampled_from(["TODAY", "LAST_WEEK", "NEXT_FISCAL_QUARTER"]).map(
        lambda name: Literal(Kind.DATE_NAME, None, name)
    ),
    st.integers(0, 999).map(lambda number: Literal(Kind.DATE_NAME, number, "LAST_N_DAYS")),
    st.integers(0, 999).map(lambda number: Literal(Kind.CURRENCY, Decimal(number), "EUR")),
    words.map(lambda name: Literal(Kind.BIND, None, name)),
)
plain_comparisons = st.builds(
    Comparison, expressions, st.sampled_from(["=", "!=", "<", ">", "<=", ">=", "LIKE"]), literals
)
list_comparisons = st.builds(
    Comparison,
    names,
    st.sampled_from(["IN", "NOT IN", "INCLUDES", "EXCLUDES"]),
    st.lists(literals, min_size=1, max_size=3).map(tuple),
)


def grown(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(Not, inner), st.builds(Logical, st.sampled_from(["AND", "OR"]), several))


conditions: st.SearchStrategy[Condition] = st.recursive(
    st.one_of(plain_comparisons, list_comparisons), grown, max_leaves=5
)
sources = st.builds(lambda name: Source((name,)), words)
orders = st.builds(Order, expressions, st.booleans(), st.sampled_from([None, True, False]))
counts = st.integers(0, 2000).map(lambda number: Literal(Kind.NUMBER, Decimal(number)))
flat_items = st.one_of(
    st.builds(Selected, expressions, st.none() | words),
    st.builds(Fields, st.sampled_from(["ALL", "STANDARD", "CUSTOM"])),
    st.builds(
        TypeOf,
        names,
        st.lists(
            st.builds(When, words, st.lists(names, min_size=1, max_size=2).map(tuple)), min_size=1, max_size=2
        ).map(tuple),
        st.lists(names, max_size=2).map(tuple),
    ),
)


def queries_of(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Query]:
    return st.builds(
        Query,
        select=st.lists(items, min_size=1, max_size=3).map(tuple),
        sources=st.tuples(sources),
        scope=st.none() | st.just("mine"),
        where=st.none() | conditions,
        with_modes=st.sampled_from([(), ("USER_MODE",), ("SECURITY_ENFORCED",)]),
        group_by=st.none()
        | st.builds(
            Grouping, st.lists(expressions, min_size=1, max_size=2).map(tuple), st.sampled_from(["", "ROLLUP", "CUBE"])
        ),
        having=st.none() | conditions,
        order_by=st.lists(orders, max_size=2).map(tuple),
        limit=st.none() | counts,
        offset=st.none() | counts,
        for_modes=st.sampled_from([(), ("VIEW",), ("UPDATE",)]),
        update_modes=st.sampled_from([(), ("TRACKING",)]),
        all_rows=st.booleans(),
    )


queries = queries_of(st.one_of(flat_items, st.builds(ChildQuery, queries_of(flat_items))))


@given(queries)
def test_parsing_what_was_printed_gives_the_tree_back(query: Query) -> None:
    assert parse(render(query)) == query


def outcome(text: str) -> str:
    try:
        parse(text)
    except SalesforceError as error:
        return error.code
    return "parsed"


@given(st.text(max_size=60))
def test_any_text_parses_or_is_refused(text: str) -> None:
    assert outcome("SELECT " + text) in {"parsed", "MALFORMED_QUERY"}


@given(
    st.lists(
        st.sampled_from(["(", ")", "SELECT", "FROM", "WHERE", "NOT", "A", "=", "'x'", ",", ".", "IN", "1"]), max_size=40
    )
)
def test_any_row_of_tokens_parses_or_is_refused(tokens: list[str]) -> None:
    assert outcome("SELECT " + " ".join(tokens)) in {"parsed", "MALFORMED_QUERY"}


FIELDS = (
    *("Id", "Status", "AccountId", "StartDate", "Signed__c", "Opens__c", "Value__c", "Renews__c", "Tags__c", "Key__c"),
    *("Account.Name", "Account.Owner.Name", "Account.BillingAddress", "Account.NumberOfEmployees", "Account.Bacon__c"),
    *("CALENDAR_YEAR(StartDate)", "HOUR_IN_DAY(Signed__c)", "DAY_ONLY(convertTimezone(Signed__c))", "toLabel(Status)"),
    *(
        "COUNT(Id)",
        "MAX(Signed__c)",
        "SUM(Value__c)",
        "AVG(Account.NumberOfEmployees)",
        "MIN(Renews__c)",
        "FORMAT(Value__c)",
    ),
)
VALUES = (
    *("'x'", "''", "NULL", "TRUE", "5", "1.5", "USD5", "TODAY", "LAST_N_YEARS:3", "2026-01-01", "2026-01-01T00:00:00Z"),
    *("09:30:00Z", "'001TW0000000001YAA'", "('a', NULL)", "(1, 2)", "(TRUE)", "(SELECT Id FROM Account)", ":bound"),
)
OPERATORS = ("=", "!=", "<", ">=", "LIKE", "IN", "NOT IN", "INCLUDES", "EXCLUDES")
field_names = st.sampled_from(FIELDS)
tests_of_fields = st.tuples(field_names, st.sampled_from(OPERATORS), st.sampled_from(VALUES)).map(" ".join)
clauses = st.fixed_dictionaries(
    {
        "SELECT": st.lists(field_names, min_size=1, max_size=3, unique=True).map(", ".join),
        "FROM": st.just("Contract"),
        "WHERE": st.none() | tests_of_fields,
        "GROUP BY": st.none() | field_names | field_names.map(lambda name: f"CUBE({name})"),
        "HAVING": st.none() | tests_of_fields,
        "ORDER BY": st.none() | field_names.map(lambda name: f"{name} DESC NULLS LAST"),
    }
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=clauses, bound=st.sampled_from([[Decimal(1), "x", None], "x", 5, True, None]))
def test_any_query_of_known_names_answers_or_is_refused(
    org: Any, caller: Caller, query: dict[str, str | None], bound: object
) -> None:
    text = " ".join(f"{word} {rest}" for word, rest in query.items() if rest is not None)
    try:
        found = execute(org, caller, text, {"bound": bound}).rows
    except SalesforceError as error:
        found = []
        code = error.code
    else:
        code = "answered"
    assert code in {"answered", "INVALID_FIELD", "MALFORMED_QUERY", "INVALID_QUERY_FILTER_OPERATOR"}
    assert len(found) <= 20


@pytest.mark.parametrize("opening", ["(", "NOT ", "NOT (", "Id IN (SELECT Id FROM A WHERE "])
def test_hostile_depth_is_refused(opening: str) -> None:
    with pytest.raises(SalesforceError, match="query is nested more than 50 levels deep"):
        parse("SELECT Id FROM A WHERE " + opening * 1000)


# SQLite as an oracle. SOQL's logic has two values: `x != 'a'` keeps nulls and NOT turns a test round, so the SQL side says so.

cells = st.tuples(
    st.none() | st.sampled_from(["Acme", "acme", "Beta", "be_ta", "100%", "zeta"]),
    st.none() | st.integers(-5, 5),
    st.none() | st.sampled_from(["Energy", "Oil", "oil"]),
)
columns = st.sampled_from(["Name", "Industry"])


def quoted(text: str) -> str:
    return "'" + text + "'"


@st.composite
def twins(draw: st.DrawFn) -> tuple[str, str]:
    """One condition in SOQL and in SQL."""
    kind = draw(st.sampled_from(["text", "number", "like", "in", "null"]))
    column = draw(columns)
    if kind == "number":
        operator, number = draw(st.sampled_from(["=", "<", ">", "<=", ">="])), draw(st.integers(-5, 5))
        return f"NumberOfEmployees {operator} {number}", f"IFNULL(NumberOfEmployees {operator} {number}, 0)"
    if kind == "null":
        negated = draw(st.booleans())
        return f"{column} {'!=' if negated else '='} NULL", f"{column} IS {'NOT ' if negated else ''}NULL"
    if kind == "like":
        pattern = draw(st.sampled_from(["a%", "%e%", "_cme", "%", "b__ta", "%t_"]))
        return f"{column} LIKE {quoted(pattern)}", f"IFNULL({column} LIKE {quoted(pattern)}, 0)"
    if kind == "in":
        listed = ", ".join(quoted(value) for value in draw(st.lists(st.sampled_from(["ACME", "oil", "x"]), min_size=1)))
        negated = draw(st.booleans())
        test = f"IFNULL({column} IN ({listed}), 0)"
        return f"{column} {'NOT ' if negated else ''}IN ({listed})", f"NOT {test}" if negated else test
    operator, value = (
        draw(st.sampled_from(["=", "!=", "<", ">="])),
        quoted(draw(st.sampled_from(["ACME", "beta", "Oil"]))),
    )
    if operator == "!=":
        return f"{column} != {value}", f"NOT IFNULL({column} = {value}, 0)"
    return f"{column} {operator} {value}", f"IFNULL({column} {operator} {value}, 0)"


@st.composite
def trees(draw: st.DrawFn) -> tuple[str, str]:
    pairs = draw(st.lists(twins(), min_size=1, max_size=3))
    joint = draw(st.sampled_from([" AND ", " OR "]))
    soql, sql = joint.join(pair[0] for pair in pairs), joint.join(f"({pair[1]})" for pair in pairs)
    return (f"NOT ({soql})", f"NOT ({sql})") if draw(st.booleans()) else (soql, sql)


@pytest.fixture
def lite() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE TABLE Account (Id TEXT, Name TEXT COLLATE NOCASE, NumberOfEmployees INT, Industry TEXT COLLATE NOCASE)"
    )
    yield connection
    connection.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(cells, max_size=8), condition=trees(), descending=st.booleans(), size=st.integers(0, 9))
def test_sqlite_finds_the_same_rows_in_the_same_order(
    org: Any,
    caller: Caller,
    lite: sqlite3.Connection,
    rows: list[tuple[str | None, int | None, str | None]],
    condition: tuple[str, str],
    descending: bool,
    size: int,
) -> None:
    accounts = org.table("Account")
    for row in list(accounts.rows()):
        accounts.discard(row)
    lite.execute("DELETE FROM Account")
    for name, employees, industry in rows:
        record_id = org.put("Account", {"Name": name, "NumberOfEmployees": employees, "Industry": industry})
        lite.execute("INSERT INTO Account VALUES (?, ?, ?, ?)", (record_id, name, employees, industry))
    way = "DESC NULLS FIRST" if descending else "ASC NULLS FIRST"
    tail = f"ORDER BY Name {way}, NumberOfEmployees {way}, Id LIMIT {size} OFFSET 1"
    found = execute(org, caller, f"SELECT Id FROM Account WHERE {condition[0]} {tail}")
    wanted = lite.execute(f"SELECT Id FROM Account WHERE {condition[1]} {tail}").fetchall()
    assert [row.record_id for row in found.rows] == [row[0] for row in wanted]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(cells, max_size=8))
def test_sqlite_forms_the_same_groups(
    org: Any, caller: Caller, lite: sqlite3.Connection, rows: list[tuple[str | None, int | None, str | None]]
) -> None:
    accounts = org.table("Account")
    for row in list(accounts.rows()):
        accounts.discard(row)
    lite.execute("DELETE FROM Account")
    for name, employees, industry in rows:
        folded = industry.lower() if industry else None
        org.put("Account", {"Name": name, "NumberOfEmployees": employees, "Industry": folded})
        lite.execute("INSERT INTO Account VALUES ('', ?, ?, ?)", (name, employees, folded))
    aggregates = (
        "COUNT(Id) a, COUNT(Name) b, SUM(NumberOfEmployees) c, MIN(NumberOfEmployees) d, MAX(NumberOfEmployees) e"
    )
    found = execute(
        org,
        caller,
        f"SELECT Industry, {aggregates} FROM Account GROUP BY Industry HAVING COUNT(Id) > 1 ORDER BY Industry",
    )
    wanted = lite.execute(
        f"SELECT Industry, {aggregates} FROM Account GROUP BY Industry HAVING COUNT(Id) > 1 ORDER BY Industry NULLS FIRST"
    ).fetchall()
    assert [tuple(row.values.values()) for row in found.rows] == wanted
