"""/search and /parameterizedSearch: SOSL, and the same asked by parameters.

Source: "Search", "Search with Parameters" (REST API Developer Guide): from version 37.0 the records stand under searchRecords.
What else hangs below /search (layouts, suggestions, scope and order) is refused by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from orgtwin.errors import SalesforceError, Unsupported
from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.routing import Route
from orgtwin.soql import QueryResult, record_json
from orgtwin.sosl import Returned, Statement, run, search
from orgtwin.sosl.statement import ALL_FIELDS, GROUPS, MOST_ROWS

_NAMED_SINCE = 37.0
_KNOWN = frozenset({"q", "fields", "sobject", "sobjects", "in", "overallLimit", "defaultLimit"})
_OF_AN_OBJECT = frozenset({"name", "fields", "where", "limit", "orderBy", "offset"})
_HARMLESS = {"spellCorrection": "false", "metadata": ""}


def search_text(request: Request) -> Response:
    """GET /search?q=FIND..."""
    text = request.query.get("q")
    if text is None:
        raise SalesforceError("MALFORMED_SEARCH", "No search term found. The search term must be enclosed in braces.")
    return _answer(request, search(request.org, request.caller, text))


def _answer(request: Request, results: Iterable[QueryResult]) -> Response:
    records = [record_json(row, request.data_path) for result in results for row in result.rows]
    return json_response({"searchRecords": records} if request.api_version >= _NAMED_SINCE else records)


# ---- by parameters


def search_by_query(request: Request) -> Response:
    """GET /parameterizedSearch?q=acme&sobject=Account&Account.fields=Id,Name&Account.limit=10."""
    asked = request.query
    names = [name.strip() for name in asked.get("sobject", asked.get("sobjects", "")).split(",") if name.strip()]
    objects = [{"name": name, **_of_object(asked, name)} for name in names]
    plain = {key: value for key, value in asked.items() if key.partition(".")[0] not in names}
    return _search(request, plain, objects)


def _of_object(asked: Mapping[str, str], name: str) -> dict[str, object]:
    prefix = f"{name}."
    return {key.removeprefix(prefix): value for key, value in asked.items() if key.startswith(prefix)}


def search_by_body(request: Request) -> Response:
    """POST /parameterizedSearch with the parameters as JSON."""
    asked = request.json_object()
    listed = asked.get("sobjects", [])
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise SalesforceError("JSON_PARSER_ERROR", "sobjects must be a list of objects with a name")
    return _search(request, asked, listed)


def _search(request: Request, asked: Mapping[str, object], objects: Iterable[Mapping[str, object]]) -> Response:
    for key, value in asked.items():
        if key not in _KNOWN and str(value).lower() != _HARMLESS.get(key, "\0"):
            raise Unsupported("sosl.parameters", f"the search parameter {key}")
    default = _number(asked, "defaultLimit")
    fields = _names(asked.get("fields"))
    returned = tuple(_returned(one, fields, default) for one in objects)
    group = str(asked.get("in") or ALL_FIELDS).upper().removesuffix(" FIELDS")
    if group not in GROUPS:
        raise SalesforceError("MALFORMED_SEARCH", f"in takes {', '.join(GROUPS)}")  # ASSUMED text
    query = str(asked.get("q") or "")
    statement = Statement(query, query, group, returned, _number(asked, "overallLimit") or MOST_ROWS)
    return _answer(request, run(request.org, request.caller, statement))


def _returned(one: Mapping[str, object], fields: str, default: int | None) -> Returned:
    unknown = set(one) - _OF_AN_OBJECT
    if unknown or "name" not in one:
        raise Unsupported("sosl.parameters", f"an object of a search with {', '.join(sorted(unknown)) or 'no name'}")
    limit = _number(one, "limit") or default
    clauses = [f"ORDER BY {one['orderBy']}" if one.get("orderBy") else "", f"LIMIT {limit}" if limit else ""]
    clauses.append(f"OFFSET {_number(one, 'offset')}" if one.get("offset") else "")
    where = str(one.get("where") or "")
    return Returned(str(one["name"]), _names(one.get("fields")) or fields or "Id", where, " ".join(clauses))


def _names(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value or "")


def _number(asked: Mapping[str, object], name: str) -> int | None:
    value = str(asked.get(name) or "")
    if not value:
        return None
    if not (value.isascii() and value.isdigit()) or int(value[:9]) > MOST_ROWS:
        raise SalesforceError("MALFORMED_SEARCH", f"{name} must be a number up to {MOST_ROWS}")  # ASSUMED text
    return int(value)


def _refuse(_request: Request) -> Response:
    raise Unsupported("rest.search-extras", "layouts, suggestions, scope and order of searches")


_ROOT = "/services/data/{version}"
ROUTES = (
    Route("GET", f"{_ROOT}/search", search_text),
    Route("GET", f"{_ROOT}/parameterizedSearch", search_by_query, since=36.0),
    Route("POST", f"{_ROOT}/parameterizedSearch", search_by_body, since=36.0),
    Route("GET", f"{_ROOT}/search/**", _refuse),
    Route("POST", f"{_ROOT}/search/**", _refuse),
)
