"""What a snapshot holds besides the org: what was used of the limits, who signed in or saw what, what Apex and flows left behind.

Kept in a file beside that of the org. Left out is what waits or runs: jobs of the Bulk and Metadata APIs,
test runs, scheduled Apex and scheduled paths, query locators, listening clients.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from orgtwin.allocations import Used
from orgtwin.auth.history import LoginAttempt
from orgtwin.http.recent_items import RecentItem, RecentItems

if TYPE_CHECKING:
    from orgtwin.http.twin import Twin


class Surroundings(msgspec.Struct, frozen=True):
    """At the moment of the snapshot."""

    used: dict[str, Used] = {}
    sign_ins: list[LoginAttempt] = []
    mail: list[dict[str, object]] = []
    flow_mail: list[dict[str, object]] = []
    debug_logs: dict[str, str] = {}
    recent: dict[str, list[RecentItem]] = {}


def keep_surroundings(twin: Twin, path: Path) -> None:
    from orgtwin.apex.service import find_service

    apex = find_service(twin.org)
    kept = Surroundings(
        twin.allocations.images(),
        list(twin.auth.history.attempts()),
        [] if apex is None else apex.outbox,
        twin.flows.outbox,
        {} if apex is None else apex.logs,
        twin.part(RecentItems).images(),
    )
    path.write_bytes(msgspec.json.encode(kept))


def read_surroundings(path: Path) -> Surroundings:
    """Of an org that has none, nothing was used and nothing happened."""
    return msgspec.json.decode(path.read_bytes(), type=Surroundings) if path.exists() else Surroundings()


def bring_back(twin: Twin, kept: Surroundings) -> None:
    """Into a twin that has just adopted the org of the snapshot."""
    twin.allocations.restore(kept.used)
    twin.flows.outbox += kept.flow_mail
    if kept.recent:
        twin.part(RecentItems).restore(kept.recent)
    if kept.mail or kept.debug_logs:
        from orgtwin.apex.service import service_of

        apex = service_of(twin.org)
        apex.outbox += kept.mail
        apex.logs |= kept.debug_logs
