"""System topics, which tell the tools of developers over CometD what happens in the org: /systemTopic/Logging.

A notice goes to whoever listens when it is made; it is kept for nobody and has no replay id. The Streaming API Developer Guide does
not describe them: the channel, and `sobject.Id` of a notice, are those that `sf apex tail log` listens to and reads.
ASSUMED: the `event` part is that of a PushTopic; a user is told of the logs of the user's own, whatever the permissions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from orgtwin.records.table import CREATED_DATE, ID
from orgtwin.records.transactions import Change, Entry

LOGGING = "/systemTopic/Logging"
SYSTEM_TOPICS = frozenset({LOGGING})


def stored_logs(entries: Sequence[Entry]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The debug logs that a transaction stored: whose each is, and the `data` of its notice."""
    for entry in entries:
        if entry.change is Change.ADDED and entry.table.type.api_name == "ApexLog":
            created = entry.row[CREATED_DATE]
            if isinstance(created, datetime):
                told = {"event": {"createdDate": _shown(created), "type": "created"}, "sobject": {"Id": entry.row[ID]}}
                yield str(entry.table.reader("LogUserId")(entry.row)), told


def _shown(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"
