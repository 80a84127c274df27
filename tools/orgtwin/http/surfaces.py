"""Every surface of the org, one row each. A new surface is a module with ROUTES and a row here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType

from orgtwin.http import (
    admin,
    anonymous_apex,
    apex_admin,
    apex_logs,
    apex_rest,
    bulk1,
    bulk2_ingest,
    bulk2_query,
    collections,
    cometd,
    compact_layouts,
    composite,
    describe,
    event_admin,
    event_schemas,
    held_deploys,
    limits,
    lock_admin,
    named_credentials,
    oauth,
    query,
    recent_changes,
    recent_items,
    refused,
    related,
    rest_deploy,
    search,
    soap_apex,
    soap_login,
    soap_metadata,
    sobjects,
    tabs,
    test_queue,
    tooling,
    tooling_apex,
    tooling_components,
    tooling_metadata,
    tooling_suites,
    tree,
    versions,
)
from orgtwin.http.routing import Handler, Pace, Route

_SURFACES = (
    admin,
    anonymous_apex,
    apex_admin,
    apex_logs,
    apex_rest,
    bulk1,
    bulk2_ingest,
    bulk2_query,
    collections,
    compact_layouts,
    cometd,
    composite,
    describe,
    event_admin,
    event_schemas,
    held_deploys,
    limits,
    lock_admin,
    named_credentials,
    oauth,
    query,
    recent_changes,
    recent_items,
    refused,
    related,
    rest_deploy,
    search,
    soap_apex,
    soap_login,
    soap_metadata,
    sobjects,
    tabs,
    test_queue,
    tooling,
    tooling_apex,
    tooling_suites,
    tooling_components,
    tooling_metadata,
    tree,
    versions,
)

_WRITING = (
    *(apex_rest, anonymous_apex, bulk1, bulk2_ingest, bulk2_query, collections, composite, oauth, related),
    *(soap_apex, soap_login, sobjects, test_queue, tooling, tree),
)
"""Those that write records, sign in or run Apex; whatever else changes something is served alone."""
_PACES: Mapping[Handler, Pace] = {
    **dict.fromkeys((collections.read_many, cometd.exchange, search.search_by_body, oauth.userinfo), Pace.READ),
    **dict.fromkeys((anonymous_apex.execute_anonymous, apex_rest.call_apex, tooling.run_synchronously), Pace.WRITE),
    versions.list_versions: Pace.FREE,
}
"""Handlers that do other than their method and surface say."""


def _paced(surface: ModuleType, route: Route) -> Route:
    by_surface = Pace.WRITE if surface in _WRITING else Pace.ALONE
    found = _PACES.get(route.handler)
    return replace(route, pace=found or (Pace.READ if route.method == "GET" else by_surface))


ROUTES: tuple[Route, ...] = tuple(_paced(surface, route) for surface in _SURFACES for route in surface.ROUTES)
