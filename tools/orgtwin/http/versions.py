"""/services/data: which API versions there are, and what each one offers.

Source: "Versions" and "Resources by Version" (REST API Developer Guide). Versions 21.0 to 30.0 were retired in Summer '25.
"""

from __future__ import annotations

from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.refused import RESOURCES
from orgtwin.http.routing import Door, Route

OLDEST = 31
NEWEST = 68

_SEASONS = ("Summer", "Winter", "Spring")  # version 31.0 was Summer '14; Winter opens the next release year
# Those that the twin answers; the others of an org's list are in refused.py.
_RESOURCES = (
    "compactLayouts",
    "composite",
    "event",
    "jobs",
    "limits",
    "metadata",
    "parameterizedSearch",
    "query",
    "queryAll",
    "recent",
    "search",
    "sobjects",
    "tabs",
    "tooling",
)


def label(version: int) -> str:
    """The release an API version came with: 66 is Spring '26."""
    position = version - OLDEST
    year = 14 + (position + 2) // 3
    return f"{_SEASONS[position % 3]} '{year}"


def list_versions(_request: Request) -> Response:
    """Oldest first: clients take the last one for the newest."""
    return json_response(
        [
            {"label": label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
            for number in range(OLDEST, NEWEST + 1)
        ]
    )


def list_resources(request: Request) -> Response:
    """Every resource by name, those included that the twin refuses by name; `identity` is the caller's own."""
    root = request.data_path
    resources = {name: f"{root}/{name}" for name in sorted((*_RESOURCES, *RESOURCES), key=str.lower)}
    who = f"{request.base_url}/id/{request.org.org_id}/{request.caller.user_id}"
    return json_response({**resources, "identity": who})


ROUTES = (
    Route("GET", "/services/data", list_versions, Door.OPEN),
    Route("GET", "/services/data/{version}", list_resources),
)
