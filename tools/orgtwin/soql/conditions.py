"""WHERE and HAVING: a condition tree to a test of rows.

Logic has two values here, not three: a comparison with a null field is false, except `= NULL`, `!= value` and their list
forms, and NOT turns it round. A Boolean field is never null: through an empty lookup it is false. Text compares without case
unless the field is case-sensitive. Source: "Comparison Operators", "Null Semantics" (SOQL and SOSL Reference).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from orgtwin.errors import SalesforceError
from orgtwin.records.model import Row, Value
from orgtwin.schema.model import Field, FieldType
from orgtwin.soql.errors import refusal
from orgtwin.soql.execution import Execution, Reader, Test
from orgtwin.soql.operands import Operand
from orgtwin.soql.tokens import ESCAPES
from orgtwin.soql.tree import Comparison, Condition, Expression, Kind, Literal, Logical, Not, Query
from orgtwin.soql.values import Comparand, Getter, Span, bound, bound_values, coerce_bound, getter, is_collection

LONGEST_FILTERABLE = 255  # long text areas and rich text are longer

_NOT_FILTERABLE = frozenset({FieldType.BASE64, FieldType.ADDRESS, FieldType.LOCATION, FieldType.COMPLEX_VALUE})
_NO_LIKE = frozenset(
    {
        FieldType.ID,
        FieldType.REFERENCE,
        FieldType.BOOLEAN,
        FieldType.INT,
        FieldType.DOUBLE,
        FieldType.CURRENCY,
        FieldType.PERCENT,
        FieldType.DATE,
        FieldType.DATETIME,
        FieldType.TIME,
        FieldType.MULTIPICKLIST,
    }
)

Values = Callable[[Execution], tuple[Value, ...]]


@dataclass(frozen=True, slots=True)
class Probe:
    """A field and the only values it may have: where the field is indexed, the rows need not be scanned."""

    field: Field
    values: Values


@dataclass(frozen=True, slots=True)
class Filter:
    """`bind` makes the test for one run; `probes` are conditions every matching row meets."""

    bind: Callable[[Execution], Test]
    probes: tuple[Probe, ...] = ()
    fields: tuple[str, ...] = ()


class Scope(Protocol):
    """Where the names of a condition live: rows of an object (WHERE) or groups (HAVING)."""

    @property
    def text(self) -> str: ...

    def operand(self, expression: Expression) -> Operand: ...

    def subquery(self, query: Query, left: Operand) -> Values:
        """The values of a semi-join."""


def compile_condition(scope: Scope, condition: Condition) -> Filter:
    """Raises INVALID_FIELD, INVALID_QUERY_FILTER_OPERATOR or MALFORMED_QUERY at the offending place."""
    match condition:
        case Not(condition=inner):
            return _negated(compile_condition(scope, inner))
        case Logical(operator="AND", conditions=conditions):
            return _all(tuple(compile_condition(scope, inner) for inner in conditions))
        case Logical(conditions=conditions):
            return _any(tuple(compile_condition(scope, inner) for inner in conditions))
        case Comparison():
            return _comparison(scope, condition)


def _negated(inner: Filter) -> Filter:
    def bind(execution: Execution) -> Test:
        test = inner.bind(execution)
        return lambda row: not test(row)

    return Filter(bind, fields=inner.fields)


def _all(filters: tuple[Filter, ...]) -> Filter:
    def bind(execution: Execution) -> Test:
        tests = tuple(each.bind(execution) for each in filters)
        return lambda row: all(test(row) for test in tests)

    probes = tuple(probe for each in filters for probe in each.probes)
    return Filter(bind, probes, tuple(name for each in filters for name in each.fields))


def _any(filters: tuple[Filter, ...]) -> Filter:
    def bind(execution: Execution) -> Test:
        tests = tuple(each.bind(execution) for each in filters)
        return lambda row: any(test(row) for test in tests)

    return Filter(bind, fields=tuple(name for each in filters for name in each.fields))


def _comparison(scope: Scope, comparison: Comparison) -> Filter:
    operand = scope.operand(comparison.left)
    _require_filterable(scope.text, operand)
    operator, right = comparison.operator, comparison.right
    if operator in ("INCLUDES", "EXCLUDES"):
        return _includes(scope.text, operand, operator, right)
    if operator == "LIKE":
        return _like(scope.text, operand, right)
    if operator in ("IN", "NOT IN"):
        return _in(scope, operand, operator, right)
    if not isinstance(right, Literal):
        raise _invalid_operator(scope.text, operand)
    if right.kind is Kind.BIND and operator in ("=", "!=") and operand.type is not FieldType.MULTIPICKLIST:
        return _equals_bind(scope, operand, operator, right)
    return _plain(scope.text, operand, operator, right)


def _equals_bind(scope: Scope, operand: Operand, operator: str, literal: Literal) -> Filter:
    """`= :names` of a collection is IN, `!=` NOT IN. Source: "Using Apex Variables in SOQL and SOSL Queries"."""
    one = _plain(scope.text, operand, operator, literal)
    many = _in(scope, operand, "IN" if operator == "=" else "NOT IN", literal)

    def chosen(execution: Execution) -> Filter:
        return many if is_collection(bound(execution, literal)) else one

    pairs = zip(one.probes, many.probes, strict=False)
    probes = tuple(Probe(p.field, lambda execution: chosen(execution).probes[0].values(execution)) for p, _ in pairs)
    return Filter(lambda execution: chosen(execution).bind(execution), probes, one.fields)


def _require_filterable(text: str, operand: Operand) -> None:
    f = operand.field
    too_long = operand.type is FieldType.TEXTAREA and f is not None and f.length > LONGEST_FILTERABLE
    if operand.type in _NOT_FILTERABLE or too_long or (f is not None and not f.filterable):
        reason = f"field '{operand.label}' can not be filtered in a query call"
        raise refusal("INVALID_FIELD", reason, text, operand.position)


def _invalid_operator(text: str, operand: Operand) -> SalesforceError:
    reason = f"invalid operator on {operand.type.value} field"
    return refusal("INVALID_QUERY_FILTER_OPERATOR", reason, text, operand.position)


_IDS = (FieldType.ID, FieldType.REFERENCE)


def folds(operand: Operand) -> bool:
    """Whether text of this operand compares without case."""
    if operand.type in _IDS:
        return False
    return operand.field is None or not operand.field.case_sensitive


def folded(value: Value) -> Value:
    return value.lower() if isinstance(value, str) else value


def _folding_reader(operand: Operand, execution: Execution) -> Reader:
    read = operand.bind(execution)
    if operand.type is FieldType.BOOLEAN:
        return lambda row: read(row) is True
    if operand.type in _NO_LIKE or not folds(operand):
        return read

    def run(row: Row) -> Value:
        value = read(row)
        return value.lower() if isinstance(value, str) else value

    return run


def _plain(text: str, operand: Operand, operator: str, literal: Literal) -> Filter:
    if operand.type is FieldType.MULTIPICKLIST and operator not in ("=", "!="):
        raise _invalid_operator(text, operand)
    if operand.type is FieldType.BOOLEAN and operator not in ("=", "!="):
        raise _invalid_operator(text, operand)
    get = getter(text, operand, literal)
    above_all = operand.type in _IDS and operator in (">", ">=") and literal.kind is Kind.STRING

    def bind(execution: Execution) -> Test:
        value = get(execution)
        if isinstance(value, Span):
            return _span_test(operator, operand.bind(execution), value)
        if above_all and value is None:  # ASSUMED, from a public test: every id is above the empty text
            value = ""
        if operand.type is FieldType.BOOLEAN and value is None:
            value = False
        right = value if operand.type in _NO_LIKE or not folds(operand) else folded(value)
        return _test(operator, _folding_reader(operand, execution), right)

    return Filter(bind, _probe(operand, operator, literal, get), (operand.label,))


def _probe(operand: Operand, operator: str, literal: Literal, get: Getter) -> tuple[Probe, ...]:
    if operator != "=" or operand.column is None or operand.column.lookups or literal.kind is Kind.DATE_NAME:
        return ()

    def values(execution: Execution) -> tuple[Value, ...]:
        value = get(execution)
        return () if isinstance(value, Span) else (value,)

    return (Probe(operand.column.field, values),)


def _test(operator: str, read: Reader, value: Value) -> Test:
    if operator == "=":
        return lambda row: read(row) == value
    if operator == "!=":
        return lambda row: read(row) != value
    if value is None:
        return lambda _row: False
    return _ordered_test(operator, read, value)


def _ordered_test(operator: str, read: Reader, value: Comparand) -> Test:
    """The checker has made both sides one type, so that Python may order them."""
    if operator == "<":
        return lambda row: (found := read(row)) is not None and found < value  # type: ignore[operator]
    if operator == "<=":
        return lambda row: (found := read(row)) is not None and found <= value  # type: ignore[operator]
    if operator == ">":
        return lambda row: (found := read(row)) is not None and found > value  # type: ignore[operator]
    return lambda row: (found := read(row)) is not None and found >= value  # type: ignore[operator]


def _span_test(operator: str, read: Reader, span: Span) -> Test:
    """`< TODAY` is before its beginning, `> TODAY` from its end on."""
    start, end = span.start, span.end
    match operator:
        case "<":
            return _ordered_test("<", read, start)
        case "<=":
            return _ordered_test("<", read, end)
        case ">":
            return _ordered_test(">=", read, end)
        case ">=":
            return _ordered_test(">=", read, start)
    after, before = _ordered_test(">=", read, start), _ordered_test("<", read, end)
    if operator == "=":
        return lambda row: after(row) and before(row)
    return lambda row: not (after(row) and before(row))


def _in(scope: Scope, operand: Operand, operator: str, right: Literal | tuple[Literal, ...] | Query) -> Filter:
    """One of several values. "Query Multi-Select Picklists" (SOQL and SOSL Reference) names `=`, not IN; ASSUMED, from a public
    project that runs so in orgs: IN compares them whole, as `=` does.
    """
    values = _list_values(scope, operand, right)
    keep = operator == "IN"

    def bind(execution: Execution) -> Test:
        plain = operand.type in _NO_LIKE or not folds(operand)
        wanted = frozenset(value if plain else folded(value) for value in values(execution))
        read = _folding_reader(operand, execution)
        if keep:
            return lambda row: read(row) in wanted
        return lambda row: read(row) not in wanted

    probes: tuple[Probe, ...] = ()
    if keep and operand.column is not None and not operand.column.lookups:
        probes = (Probe(operand.column.field, values),)
    return Filter(bind, probes, (operand.label,))


def _list_values(scope: Scope, operand: Operand, right: Literal | tuple[Literal, ...] | Query) -> Values:
    if isinstance(right, Query):
        compute = scope.subquery(right, operand)
    elif isinstance(right, Literal):
        compute = _bind_values(scope.text, operand, right)
    else:
        compute = _literal_values(scope.text, operand, right)
    return lambda execution: execution.once(compute, lambda: compute(execution))


def _bind_values(text: str, operand: Operand, literal: Literal) -> Values:
    if literal.kind is not Kind.BIND:
        raise refusal("MALFORMED_QUERY", "IN operator must be used with an iterable expression", text, literal.position)
    return lambda execution: tuple(
        coerce_bound(text, operand, value, literal.position) for value in bound_values(execution, literal)
    )


def _literal_values(text: str, operand: Operand, literals: tuple[Literal, ...]) -> Values:
    if any(literal.kind is Kind.DATE_NAME for literal in literals):
        raise refusal("MALFORMED_QUERY", "Date literals cannot stand in a list", text, literals[0].position)
    getters = tuple(getter(text, operand, literal) for literal in literals)

    def values(execution: Execution) -> tuple[Value, ...]:
        found = (get(execution) for get in getters)
        return tuple(value for value in found if not isinstance(value, Span))

    return values


def _includes(text: str, operand: Operand, operator: str, right: Literal | tuple[Literal, ...] | Query) -> Filter:
    """`INCLUDES ('a;b', 'c')`: a and b together, or c."""
    if operand.type is not FieldType.MULTIPICKLIST or isinstance(right, Query):
        raise _invalid_operator(text, operand)
    values = _bind_values(text, operand, right) if isinstance(right, Literal) else _literal_values(text, operand, right)
    keep = operator == "INCLUDES"

    def bind(execution: Execution) -> Test:
        wanted = [frozenset(str(value or "").lower().split(";")) for value in values(execution)]
        read = operand.bind(execution)

        def run(row: Row) -> bool:
            chosen = set(str(read(row) or "").lower().split(";"))
            return any(each <= chosen for each in wanted) is keep

        return run

    return Filter(bind, fields=(operand.label,))


def _like(text: str, operand: Operand, right: Literal | tuple[Literal, ...] | Query) -> Filter:
    if operand.type in _NO_LIKE or not isinstance(right, Literal):
        raise _invalid_operator(text, operand)
    if right.kind not in (Kind.STRING, Kind.BIND):
        getter(text, operand, right)
        raise _invalid_operator(text, operand)

    def bind(execution: Execution) -> Test:
        patterns = [right.text] if right.kind is Kind.STRING else bound_values(execution, right)
        matchers = [like_matcher(str(pattern or ""), folds(operand)) for pattern in patterns]
        read = operand.bind(execution)

        def run(row: Row) -> bool:
            value = read(row)
            return isinstance(value, str) and any(matches(value) for matches in matchers)

        return run

    return Filter(bind, fields=(operand.label,))


_LIKE_PIECE = re.compile(r"\\(.)|(%)|(_)|([^\\%_]+|\\)", re.DOTALL)


def like_matcher(pattern: str, ignore_case: bool) -> Callable[[str], bool]:
    """`%` any text, `_` one character, `\\%` and `\\_` themselves. Work grows with text times pattern, never faster."""
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else re.NOFLAG)
    segments = [""]
    for escaped, wild, one, plain in _LIKE_PIECE.findall(pattern):
        if wild:
            segments.append("")
        else:
            segments[-1] += "." if one else re.escape(ESCAPES.get(escaped, escaped) or plain)
    first, *others = (re.compile(segment, flags) for segment in segments)
    if not others:
        return lambda value: first.fullmatch(value) is not None
    *middle, last = others
    last_at_end = re.compile(f"(?:{last.pattern})\\Z", flags)

    def matches(value: str) -> bool:
        found = first.match(value)
        for segment in middle:
            found = segment.search(value, found.end()) if found is not None else None
        return found is not None and last_at_end.search(value, found.end()) is not None

    return matches
