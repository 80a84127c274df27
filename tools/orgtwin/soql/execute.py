"""Run a query: parse, plan (both remembered), ask the caller's permissions, fetch, shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from orgtwin.errors import SalesforceError, UnreadableFields
from orgtwin.organization import Organization
from orgtwin.records.model import AccessLevel, Caller, Row
from orgtwin.schema.model import Schema
from orgtwin.soql.catalog import Catalog, VirtualTables
from orgtwin.soql.errors import no_such_column, no_such_relationship, no_such_type
from orgtwin.soql.execution import Execution
from orgtwin.soql.fetching import fetch_rows, matching_rows, windowed
from orgtwin.soql.ordering import sorted_rows
from orgtwin.soql.parser import LONGEST_REMEMBERED, parse
from orgtwin.soql.plan import GroupedAnswer, Plan
from orgtwin.soql.planner import Readable, depends_on_caller, plan_query
from orgtwin.soql.rows import AGGREGATE_RESULT, MakeRow, QueryResult, ResultRow

_NO_TABLES = VirtualTables()


def execute(
    org: Organization,
    caller: Caller,
    query: str,
    binds: Mapping[str, object] | None = None,
    *,
    virtual: VirtualTables | None = None,
    all_rows: bool = False,
) -> QueryResult:
    """Answer a query as this caller.

    binds     values of `:name`, by name in any case; collections for IN
    virtual   the computed objects of this door (Tooling API)
    all_rows  queryAll: rows in the recycle bin too, as ALL ROWS asks
    Raises SalesforceError with the org's code and text.
    """
    plan = plan_for(org, caller, query, virtual)
    caller = _in_mode(caller, plan)
    catalog = Catalog(org.schema, virtual or _NO_TABLES)
    org.running_user_id = caller.user_id
    execution = Execution(org, caller, catalog, binds or {}, query, all_rows=all_rows or plan.query.all_rows)
    if plan.grouped is not None:
        return _grouped_result(execution, plan, plan.grouped)
    rows = fetch_rows(execution, plan)
    if plan.shape is None:
        return QueryResult(len(rows), (), _no_row, query, counts_only=True)
    root = plan.root.api_name
    make = plan.shape.bind(execution, root)
    stored_in = "" if catalog.is_virtual(root) else root
    return QueryResult(len(rows), rows, make, query, for_modes=plan.query.for_modes, stored_in=stored_in)


def resume(
    org: Organization,
    caller: Caller,
    query: str,
    rows: Sequence[Row],
    *,
    virtual: VirtualTables,
    all_rows: bool = False,
) -> QueryResult:
    """The result that found these rows when the query ran, whatever it would find now. Raises as `execute` does."""
    return replace(execute(org, caller, query, virtual=virtual, all_rows=all_rows), total_size=len(rows), selected=rows)


def plan_for(org: Organization, caller: Caller, query: str, virtual: VirtualTables | None = None) -> Plan:
    """The plan of a query text, remembered until the schema is replaced. Raises for whatever the caller may not read."""
    tables = virtual or _NO_TABLES
    catalog = Catalog(org.schema, tables)
    tree = parse(query)
    if len(query) > LONGEST_REMEMBERED or depends_on_caller(tree):
        plan = plan_query(catalog, query, tree, _readable(org, caller, catalog))
    else:
        plan = _shared_plan(org.schema, tables, tables.version, query)
    _require_access(org, _in_mode(caller, plan), catalog, plan)
    return plan


def find_problem(schema: Schema, tables: VirtualTables, query: str) -> str | None:
    """Why a query can be planned for nobody, without the excerpt that shows the place; None when it can be planned, or is refused
    by name when it runs."""
    try:
        plan_query(Catalog(schema, tables), query, parse(query), lambda _api_name: None)
    except SalesforceError as error:
        return None if error.code == "TWIN_UNSUPPORTED" else error.message.rpartition("\n")[2]
    return None


@lru_cache(maxsize=512)
def _shared_plan(schema: Schema, tables: VirtualTables, _version: int, query: str) -> Plan:
    """A plan that serves every caller. `_version` is that of the tables: a registration makes plans stale."""
    return plan_query(Catalog(schema, tables), query, parse(query), lambda _api_name: None)


def _readable(org: Organization, caller: Caller, catalog: Catalog) -> Readable:
    def readable(api_name: str) -> frozenset[str] | None:
        return None if catalog.is_virtual(api_name) else org.access.readable_fields(caller, api_name)

    return readable


def _in_mode(caller: Caller, plan: Plan) -> Caller:
    """WITH USER_MODE lowers; WITH SYSTEM_MODE never raises a caller above what it is."""
    if "USER_MODE" in plan.query.with_modes:
        return replace(caller, access_level=AccessLevel.USER_MODE)
    return caller


def _require_access(org: Organization, caller: Caller, catalog: Catalog, plan: Plan) -> None:
    """What the caller may not read does not exist. Raises INVALID_TYPE or INVALID_FIELD where it is named."""
    if "SECURITY_ENFORCED" in plan.query.with_modes:
        refused = _find_refusal(org, replace(caller, access_level=AccessLevel.USER_MODE), catalog, plan)
        if refused is not None:
            # ASSUMED: the code; the text is Apex's QueryException.
            reason = "Insufficient permissions: secure query included inaccessible field"
            raise SalesforceError("INSUFFICIENT_ACCESS", reason)
    if caller.access_level is AccessLevel.USER_MODE:
        refused = _find_refusal(org, caller, catalog, plan)
        if refused is not None:
            raise UnreadableFields(refused, _find_unreadable(org, caller, catalog, plan))


def _find_unreadable(org: Organization, caller: Caller, catalog: Catalog, plan: Plan) -> dict[str, tuple[str, ...]]:
    """The fields that a query names and its caller may not read, by object."""
    readable = _Readable(org, caller, catalog)
    found: dict[str, tuple[str, ...]] = {}
    for owner, name in plan.uses.fields:
        owner_type = org.schema.find_type(owner)
        f = owner_type.find_field(name) if owner_type is not None else None
        if owner_type is None or f is None or (readable.has_type(owner) and readable.has_field(owner, name)):
            continue
        found[owner_type.api_name] = (*found.get(owner_type.api_name, ()), f.api_name)
    return found


def _find_refusal(org: Organization, caller: Caller, catalog: Catalog, plan: Plan) -> SalesforceError | None:
    uses, text, readable = plan.uses, plan.text, _Readable(org, caller, catalog)
    for api_name, mention in uses.types.items():
        if not readable.has_type(api_name):
            return no_such_type(text, mention.name, mention.position)
    for (owner, field, parent), mention in uses.relationships.items():
        if not readable.has_field(owner, field) or (parent is not None and not readable.has_type(parent)):
            return no_such_relationship(text, mention.name, mention.where, mention.position)
    for (owner, field), mention in uses.fields.items():
        if not readable.has_field(owner, field):
            return no_such_column(text, mention.name, owner, mention.position)
    return None


class _Readable:
    """What one caller may read; each object is asked about once. Virtual tables are open to whoever reaches their door."""

    def __init__(self, org: Organization, caller: Caller, catalog: Catalog) -> None:
        self._access = org.access
        self._caller = caller
        self._is_virtual = catalog.is_virtual
        self._fields: dict[str, frozenset[str]] = {}

    def has_type(self, api_name: str) -> bool:
        return self._is_virtual(api_name) or self._access.can(self._caller, api_name, "read")

    def has_field(self, api_name: str, field: str) -> bool:
        if self._is_virtual(api_name):
            return True
        fields = self._fields.get(api_name)
        if fields is None:
            fields = self._fields[api_name] = self._access.readable_fields(self._caller, api_name)
        return field in fields


def _grouped_result(execution: Execution, plan: Plan, grouped: GroupedAnswer) -> QueryResult:
    groups = grouped.groups.form(execution, list(matching_rows(execution, plan)))
    if grouped.having is not None:
        keep = grouped.having.bind(execution)
        groups = [group for group in groups if keep(group)]
    ordered = sorted_rows(execution, groups, plan.order)
    rows = windowed(execution, plan, ordered)
    return QueryResult(len(rows), rows, _group_maker(execution, grouped), plan.text)


def _group_maker(execution: Execution, grouped: GroupedAnswer) -> MakeRow:
    cells = [(key, operand.bind(execution)) for key, operand in grouped.cells]
    return lambda row: ResultRow(AGGREGATE_RESULT, None, {key: read(row) for key, read in cells})


def _no_row(_row: Row) -> ResultRow:
    raise AssertionError("SELECT COUNT() has no rows")
