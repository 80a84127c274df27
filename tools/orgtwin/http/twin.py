"""One running twin: the org and what stands around it (sessions, usage, faults, the surfaces' own stores)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from orgtwin.auth.sessions import RandomText, SessionStore, random_text
from orgtwin.http.usage import ApiUsage
from orgtwin.organization import Organization

Part = TypeVar("Part")

# DailyApiRequests of a Developer Edition org; `orgtwin serve --daily-api-requests` sets another.
DEFAULT_DAILY_API_REQUESTS = 15_000


class Twin:
    """What handlers reach through `request.twin`."""

    def __init__(
        self,
        org: Organization,
        *,
        admin_token: str,
        daily_api_requests: int = DEFAULT_DAILY_API_REQUESTS,
        random: RandomText = random_text,
    ) -> None:
        self.org = org
        self.admin_token = admin_token
        self.random = random
        self.sessions = SessionStore(org.org_id, org.clock, org.settings, random)
        self.usage = ApiUsage(org.clock, daily_api_requests)
        self._parts: dict[Callable[..., object], object] = {}

    def part(self, kind: Callable[[Organization], Part]) -> Part:
        """The one `kind` of this twin (bulk jobs, deployments ...), made from the org when first asked for."""
        if kind not in self._parts:
            self._parts[kind] = kind(self.org)
        return cast(Part, self._parts[kind])

    def forget_parts(self) -> None:
        """Drop every surface's own store, as a reset of the org does."""
        self._parts.clear()
