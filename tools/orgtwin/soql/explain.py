"""`query?explain=`: how a query would find its rows.

Source: "Get Feedback on Query Performance" (REST API Developer Guide). The twin's costs are its own: an index
costs the share of rows it leaves, a scan costs one and more.
"""

from __future__ import annotations

from orgtwin.organization import Organization
from orgtwin.records.model import Caller
from orgtwin.soql.catalog import Catalog, VirtualTables
from orgtwin.soql.execute import execute, plan_for
from orgtwin.soql.wire import Json


def explain(org: Organization, caller: Caller, query: str, virtual: VirtualTables | None = None) -> dict[str, Json]:
    """The plans, cheapest first. The query's refusals are raised as if it were run."""
    result = execute(org, caller, query, virtual=virtual)
    plan = plan_for(org, caller, query, virtual)
    table = Catalog(org.schema, virtual or VirtualTables()).table(org, caller, plan.root.api_name)
    total = len(table)
    indexed = [
        probe.field.api_name
        for probe in (plan.where.probes if plan.where is not None else ())
        if table.is_indexed(probe.field.api_name)
    ]
    fields = plan.where.fields if plan.where is not None else ()
    scan = _plan(plan.root.api_name, "TableScan", [], total, total, 1.0 + total / 100_000)
    scan["notes"] = [_note(name, plan.root.api_name) for name in dict.fromkeys(fields) if name not in indexed]
    plans: list[Json] = [scan]
    if indexed:
        cost = result.total_size / total if total else 0.0
        plans.insert(0, {**_plan(plan.root.api_name, "Index", indexed, result.total_size, total, cost), "notes": []})
    return {"plans": plans, "sourceQuery": query}


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
