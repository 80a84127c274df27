"""/limits and /limits/recordCount.

The rows and their maxima are those of a Developer Edition org (limits-developer-edition.json). What the twin counts itself
(allocations.py) and the records stored are shown as they stand; the rest never moves.
Source: "Limits" and "Record Count" (REST API Developer Guide), which tells in which versions a row is there; 2 KB a record is
"Data and File Storage Allocations" (Salesforce Help). The twin never refuses a record for want of storage.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from orgtwin.allocations import BULK_BATCHES, BULK_QUERIES
from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.routing import Route

_KILOBYTES_A_RECORD = 2
_OLD_BULK_ROW = "DailyBulkApiRequests"
# row -> the API versions that have it, where not all of them do
_VERSIONS: dict[str, tuple[float, float]] = {
    BULK_BATCHES: (49.0, 1_000.0),
    BULK_QUERIES: (47.0, 1_000.0),
    "DailyAsyncApexTests": (56.0, 1_000.0),
    _OLD_BULK_ROW: (0.0, 48.0),
    "DailyBulkV2QueryFileStorageMB": (47.0, 1_000.0),
    "DailyDurableGenericStreamingApiEvents": (37.0, 1_000.0),
    "DailyDurableStreamingApiEvents": (37.0, 1_000.0),
    "DurableStreamingApiConcurrentClients": (37.0, 1_000.0),
    "MonthlyPlatformEvents": (0.0, 47.0),
    "MonthlyPlatformEventsUsageEntitlement": (48.0, 1_000.0),
    "PermissionSets": (41.0, 1_000.0),
}


@cache
def _developer_edition() -> dict[str, dict[str, Any]]:
    text = resources.files("orgtwin.http").joinpath("limits-developer-edition.json").read_text("utf-8")
    rows: dict[str, dict[str, Any]] = json.loads(text)
    return rows


def show_limits(request: Request) -> Response:
    allocations = request.twin.allocations
    rows = {name: dict(row) for name, row in _developer_edition().items()}
    for name in allocations:
        rows[name] |= {"Max": allocations[name].maximum, "Remaining": allocations[name].remaining}
    rows[_OLD_BULK_ROW] |= rows[BULK_BATCHES]
    rows["DataStorageMB"]["Remaining"] = max(0, rows["DataStorageMB"]["Max"] - _stored_megabytes(request))
    return json_response({name: row for name, row in rows.items() if _is_there(name, request.api_version)})


def _stored_megabytes(request: Request) -> int:
    org = request.org
    stored = sum(len(org.table(t.api_name)) for t in org.schema if t.createable and not t.setup)
    return stored * _KILOBYTES_A_RECORD // 1_024


def _is_there(name: str, api_version: float) -> bool:
    first, last = _VERSIONS.get(name, (0.0, 1_000.0))
    return first <= api_version <= last


def count_records(request: Request) -> Response:
    """Objects that are not there, or not readable, are left out; without a list all objects that have records are counted."""
    org = request.org
    wanted = request.query.get("sObjects")
    names = wanted.split(",") if wanted else [t.api_name for t in org.schema]
    rows = []
    for name in names:
        found = org.schema.find_type(name.strip())
        if found is None or not org.access.can(request.caller, found.api_name, "read"):
            continue
        count = len(org.table(found.api_name))
        if count or wanted:
            rows.append({"count": count, "name": found.api_name})
    return json_response({"sObjects": rows})


ROUTES = (
    Route("GET", "/services/data/{version}/limits", show_limits),
    Route("GET", "/services/data/{version}/limits/recordCount", count_records, since=40.0),
)
