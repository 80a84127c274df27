"""Every surface of the org, one row each. A new surface is a module with ROUTES and a row here."""

from __future__ import annotations

from orgtwin.http import versions
from orgtwin.http.routing import Route

ROUTES: tuple[Route, ...] = (*versions.ROUTES,)
