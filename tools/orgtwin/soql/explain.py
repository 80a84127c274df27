"""`query?explain=`: how a query would find its rows.

Source: "Get Feedback on Query Performance" (REST API Developer Guide): the cost of a plan is its cardinality over the
threshold of selectivity, and one above 1 is not selective. "Improve Performance of SOQL Queries" (Best Practices for
Deployments with Large Data Volumes) says which fields are indexed and where the thresholds lie. ASSUMED: a plan's
cardinality is what the whole query finds, where an org estimates it from statistics; the cost of a scan.
"""

from __future__ import annotations

from orgtwin.organization import Organization
from orgtwin.records.model import Caller
from orgtwin.soql.catalog import Catalog, VirtualTables
from orgtwin.soql.execute import execute, plan_for
from orgtwin.soql.wire import Json

_MILLION = 1_000_000
_INDEXED = frozenset({"id", "name", "ownerid", "createddate", "systemmodstamp", "recordtypeid"})
"""Of every object; references, unique and external-id fields are indexed as well."""


def explain(org: Organization, caller: Caller, query: str, virtual: VirtualTables | None = None) -> dict[str, Json]:
    """The plans, cheapest first. The query's refusals are raised as if it were run."""
    result = execute(org, caller, query, virtual=virtual)
    plan = plan_for(org, caller, query, virtual)
    table = Catalog(org.schema, virtual or VirtualTables()).table(org, caller, plan.root.api_name)
    total = len(table)
    fields = tuple(dict.fromkeys(plan.where.fields)) if plan.where is not None else ()
    indexed = [name for name in fields if name.lower() in _INDEXED or table.is_indexed(name)]
    scan = _plan(plan.root.api_name, "TableScan", [], total, total, 1.0 + total / 100_000)
    scan["notes"] = [_note(name, plan.root.api_name) for name in fields if name not in indexed]
    plans: list[Json] = [scan]
    if indexed:
        cost = result.total_size / max(1.0, _threshold(total, custom=all("__" in name for name in indexed)))
        seek = {**_plan(plan.root.api_name, "Index", indexed, result.total_size, total, cost), "notes": []}
        plans.insert(0 if cost <= 1.0 else 1, seek)
    return {"plans": plans, "sourceQuery": query}


def _threshold(rows: int, *, custom: bool) -> float:
    """Up to how many rows an index is worth reading: of the first million, and of those beyond."""
    first, beyond, most = (0.10, 0.05, 333_333) if custom else (0.30, 0.15, 1_000_000)
    return min(first * min(rows, _MILLION) + beyond * max(0, rows - _MILLION), most)


def _plan(
    sobject_type: str, operation: str, fields: list[str], cardinality: int, total: int, cost: float
) -> dict[str, Json]:
    return {
        "cardinality": cardinality,
        "fields": list(fields),
        "leadingOperationType": operation,
        "relativeCost": round(cost, 4),
        "sobjectCardinality": total,
        "sobjectType": sobject_type,
    }


def _note(field: str, sobject_type: str) -> Json:
    return {
        "description": "Not considering filter for optimization because unindexed",
        "fields": [field],
        "tableEnumOrId": sobject_type,
    }
