"""/limits and /limits/recordCount.

The rows and their maxima are those of a Developer Edition org (limits-developer-edition.json). What the twin counts itself
(DailyApiRequests) is shown as it stands; the rest never moves.
Source: "Limits" and "Record Count" (REST API Developer Guide).
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.routing import Route


@cache
def _developer_edition() -> dict[str, dict[str, Any]]:
    text = resources.files("orgtwin.http").joinpath("limits-developer-edition.json").read_text("utf-8")
    rows: dict[str, dict[str, Any]] = json.loads(text)
    return rows


def show_limits(request: Request) -> Response:
    usage = request.twin.usage
    rows = {name: dict(row) for name, row in _developer_edition().items()}
    rows["DailyApiRequests"] |= {"Max": usage.maximum, "Remaining": max(usage.maximum - usage.used, 0)}
    return json_response(rows)


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
    Route("GET", "/services/data/{version}/limits/recordCount", count_records),
)
