"""Run a search: find the rows that hold the words, then let SOQL pick, order and shape them.

Source: "RETURNING FieldSpec", "LIMIT n" (SOQL and SOSL Reference): a limit on the whole search is spread evenly over the objects.
ASSUMED: rows that no ORDER BY orders come oldest first; a saved record is found at once, while an org's index takes a moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from orgtwin.errors import SalesforceError
from orgtwin.organization import Organization
from orgtwin.records.model import AccessLevel, Caller, Row
from orgtwin.schema.model import SObjectType
from orgtwin.soql import QueryResult, execute
from orgtwin.soql.errors import refusal
from orgtwin.sosl.expression import Test, compile_expression
from orgtwin.sosl.fields import is_searched, searched_fields
from orgtwin.sosl.parser import parse_statement
from orgtwin.sosl.statement import Returned, Statement

_HITS = "orgtwin_hits"


def search(
    org: Organization, caller: Caller, text: str, binds: Mapping[str, object] | None = None
) -> list[QueryResult]:
    """Answer a SOSL statement as this caller. Raises SalesforceError with the org's code and text."""
    return run(org, caller, parse_statement(text, binds), binds)


def run(
    org: Organization, caller: Caller, statement: Statement, binds: Mapping[str, object] | None = None
) -> list[QueryResult]:
    """One result for each object of RETURNING in order; without RETURNING one for each object with a hit."""
    if statement.user_mode:
        caller = replace(caller, access_level=AccessLevel.USER_MODE)
    test = compile_expression(statement.query)
    found = [_search_object(org, caller, statement, one, test, binds or {}) for one in _objects(org, caller, statement)]
    kept = found if statement.returned else [result for result in found if result.selected]
    return _limited(kept, statement.limit)


def _objects(org: Organization, caller: Caller, statement: Statement) -> Iterable[Returned]:
    if statement.returned:
        return statement.returned
    may_read = org.access.can
    types = (t for t in org.schema if is_searched(org.schema, t) and may_read(caller, t.api_name, "read"))
    return [Returned(t.api_name) for t in sorted(types, key=lambda t: t.api_name)]


def _search_object(
    org: Organization,
    caller: Caller,
    statement: Statement,
    returned: Returned,
    test: Test,
    binds: Mapping[str, object],
) -> QueryResult:
    sobject_type = org.schema.find_type(returned.sobject_type)
    if sobject_type is not None and not is_searched(org.schema, sobject_type):
        reason = f"entity type {sobject_type.api_name} does not support search"
        raise refusal("INVALID_TYPE", reason, statement.text, returned.position)  # ASSUMED text
    hits = _hits(org, caller, statement.group, sobject_type, test) if sobject_type is not None else []
    condition = f"Id IN :{_HITS}" + (f" AND ({returned.where})" if returned.where else "")
    # The parts come from the caller, and what they make runs with the caller's own rights.
    query = f"SELECT {returned.fields} FROM {returned.sobject_type} WHERE {condition} {returned.clauses}"  # noqa: S608
    try:
        return execute(org, caller, query, {**binds, _HITS: hits})
    except SalesforceError as error:
        if "\n" not in error.message:
            raise
        reason = error.message.rpartition("\n")[2]  # the rest points into the text made here
        raise refusal(error.code, reason, statement.text, returned.position) from error


def _hits(org: Organization, caller: Caller, group: str, sobject_type: SObjectType, test: Test) -> list[str]:
    """The ids of the rows with the words in a field that the caller may read. Sharing is asked by the query that follows."""
    if caller.access_level is AccessLevel.USER_MODE and not org.access.can(caller, sobject_type.api_name, "read"):
        return []
    fields = searched_fields(sobject_type, group, org.access.readable_fields(caller, sobject_type.api_name))
    table = org.table(sobject_type.api_name)
    readers = [table.reader(f.api_name) for f in fields]

    def texts(row: Row) -> Sequence[str]:
        return [value for value in (read(row) for read in readers) if isinstance(value, str)]

    read_id = table.reader("Id")
    org.running_user_id = caller.user_id
    return [str(read_id(row)) for row in table.rows() if test(texts(row))]


def _limited(results: list[QueryResult], limit: int) -> list[QueryResult]:
    """Spread a limit evenly: what an object does not use the others may."""
    shares = [0] * len(results)
    left = limit
    while left > 0:
        hungry = [n for n, result in enumerate(results) if shares[n] < len(result.selected)]
        if not hungry:
            break
        for n in hungry[:left]:
            portion = min(max(left // len(hungry), 1), len(results[n].selected) - shares[n])
            shares[n] += portion
            left -= portion
    return [_first(result, share) for result, share in zip(results, shares, strict=True)]


def _first(result: QueryResult, count: int) -> QueryResult:
    if len(result.selected) <= count:
        return result
    return replace(result, total_size=count, selected=result.selected[:count])
