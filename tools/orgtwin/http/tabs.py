"""/tabs: the tabs of the org, as this caller can have them.

Source: "Get Tabs" (REST API Developer Guide).
"""

from __future__ import annotations

from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.routing import Route
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.tabs import COLORS, Picture, Tab, tabs_of


def show_tabs(request: Request) -> Response:
    components = request.twin.part(MetadataService).components
    tabs = tabs_of(request.org, components, request.caller)
    return json_response([_tab_json(request.base_url, tab) for tab in tabs])


def _tab_json(base_url: str, tab: Tab) -> dict[str, object]:
    large, small, *_ = tab.pictures
    return {
        "colors": [{"color": c.color, "context": c.context, "theme": c.theme} for c in COLORS],
        "custom": tab.custom,
        "iconUrl": f"{base_url}{large.path}",
        "icons": [_icon_json(base_url, picture) for picture in tab.pictures],
        "label": tab.label,
        "miniIconUrl": f"{base_url}{small.path}",
        "name": tab.name,
        "sobjectName": tab.sobject_name,
        "url": tab.path if "://" in tab.path else f"{base_url}{tab.path}",
    }


def _icon_json(base_url: str, picture: Picture) -> dict[str, object]:
    return {
        "contentType": picture.content_type,
        "height": picture.size,
        "theme": picture.theme,
        "url": f"{base_url}{picture.path}",
        "width": picture.size,
    }


ROUTES = (Route("GET", "/services/data/{version}/tabs", show_tabs),)
