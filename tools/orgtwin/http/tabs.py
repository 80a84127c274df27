"""/tabs: the tabs of the org, as this caller can have them.

Source: "Get Tabs" (REST API Developer Guide). ASSUMED: colours, and the names of pictures other than Account's.
"""

from __future__ import annotations

from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.routing import Route
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.tabs import Tab, tabs_of

_COLORS = [
    {"color": "6f7ccb", "context": "primary", "theme": "theme4"},
    {"color": "236FBD", "context": "primary", "theme": "theme3"},
]
_PNG = "image/png"


def show_tabs(request: Request) -> Response:
    components = request.twin.part(MetadataService).components
    tabs = tabs_of(request.org, components, request.caller)
    return json_response([_tab_json(request.base_url, tab) for tab in tabs])


def _tab_json(base_url: str, tab: Tab) -> dict[str, object]:
    picture = f"{base_url}/img/icon/{tab.icon}"
    sizes = (32, 16)
    return {
        "colors": _COLORS,
        "custom": tab.custom,
        "iconUrl": f"{picture}32.png",
        "icons": [
            {"contentType": _PNG, "height": size, "theme": "theme3", "url": f"{picture}{size}.png", "width": size}
            for size in sizes
        ],
        "label": tab.label,
        "miniIconUrl": f"{picture}16.png",
        "name": tab.name,
        "sobjectName": tab.sobject_name,
        "url": tab.path if "://" in tab.path else f"{base_url}{tab.path}",
    }


ROUTES = (Route("GET", "/services/data/{version}/tabs", show_tabs),)
