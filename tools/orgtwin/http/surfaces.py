"""Every surface of the org, one row each. A new surface is a module with ROUTES and a row here."""

from __future__ import annotations

from itertools import chain

from orgtwin.http import (
    admin,
    anonymous_apex,
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
    oauth,
    query,
    recent_changes,
    recent_items,
    refused,
    rest_deploy,
    search,
    soap_apex,
    soap_login,
    soap_metadata,
    sobjects,
    tabs,
    tooling,
    tooling_metadata,
    tree,
    versions,
)
from orgtwin.http.routing import Route

_SURFACES = (
    admin,
    anonymous_apex,
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
    oauth,
    query,
    recent_changes,
    recent_items,
    refused,
    rest_deploy,
    search,
    soap_apex,
    soap_login,
    soap_metadata,
    sobjects,
    tabs,
    tooling,
    tooling_metadata,
    tree,
    versions,
)

ROUTES: tuple[Route, ...] = tuple(chain.from_iterable(surface.ROUTES for surface in _SURFACES))
