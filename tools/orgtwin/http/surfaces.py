"""Every surface of the org, one row each. A new surface is a module with ROUTES and a row here."""

from __future__ import annotations

from itertools import chain

from orgtwin.http import (
    admin,
    bulk2_ingest,
    collections,
    composite,
    limits,
    oauth,
    query,
    refused,
    rest_deploy,
    soap_login,
    soap_metadata,
    sobjects,
    tree,
    versions,
)
from orgtwin.http.routing import Route

_SURFACES = (
    admin,
    bulk2_ingest,
    collections,
    composite,
    limits,
    oauth,
    query,
    refused,
    rest_deploy,
    soap_login,
    soap_metadata,
    sobjects,
    tree,
    versions,
)

ROUTES: tuple[Route, ...] = tuple(chain.from_iterable(surface.ROUTES for surface in _SURFACES))
