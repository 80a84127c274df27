"""SOQL text to tree to plan to rows.

    result = execute(org, caller, "SELECT Id, Account.Name FROM Contract WHERE CLM_Id__c = :key", {"key": "A-1"})
    result.total_size, result.rows           rows: ResultRow(sobject_type, record_id, values), see orgtwin.soql.rows
    to_json(result, "/services/data/v66.0")  the body of a REST answer; Cursors keeps what follows the first batch
    column_metadata(plan_for(org, caller, text)), explain(org, caller, text)

Refusals are SalesforceError with the org's code and text: INVALID_TYPE, INVALID_FIELD, MALFORMED_QUERY,
INVALID_QUERY_FILTER_OPERATOR, NUMBER_OUTSIDE_VALID_RANGE, INVALID_QUERY_LOCATOR. Computed objects (Tooling API) are registered
in VirtualTables.
"""

from orgtwin.soql.catalog import VirtualTable, VirtualTables
from orgtwin.soql.column_metadata import column_metadata
from orgtwin.soql.cursors import Cursor, Cursors, batch_size_of
from orgtwin.soql.execute import execute, find_problem, plan_for, resume
from orgtwin.soql.explain import explain
from orgtwin.soql.parser import parse
from orgtwin.soql.render import render
from orgtwin.soql.rows import Cell, QueryResult, ResultRow
from orgtwin.soql.wire import record_json, to_json, to_wire

__all__ = [
    "Cell",
    "Cursor",
    "Cursors",
    "QueryResult",
    "ResultRow",
    "VirtualTable",
    "VirtualTables",
    "batch_size_of",
    "column_metadata",
    "execute",
    "explain",
    "find_problem",
    "parse",
    "plan_for",
    "record_json",
    "render",
    "resume",
    "to_json",
    "to_wire",
]
