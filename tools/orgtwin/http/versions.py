"""/services/data: which API versions there are, and what each one offers.

Source: "Versions" and "Resources by Version" (REST API Developer Guide). Versions 21.0 to 30.0 were retired in Summer '25.
"""

from __future__ import annotations

from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.routing import Door, Route

OLDEST = 31
NEWEST = 68

_SEASONS = ("Summer", "Winter", "Spring")  # version 31.0 was Summer '14; Winter opens the next release year
# Those of the twin's own; an org lists more, which refused.py names.
_RESOURCES = ("composite", "jobs", "limits", "metadata", "query", "queryAll", "sobjects", "tooling")


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
    root = request.data_path
    return json_response({name: f"{root}/{name}" for name in _RESOURCES})


ROUTES = (
    Route("GET", "/services/data", list_versions, Door.OPEN),
    Route("GET", "/services/data/{version}", list_resources),
)
