"""System topics, which tell the tools of developers over CometD what happens in the org: /systemTopic/Logging and TestResult.

A notice goes to whoever listens when it is made; it is kept for nobody and has no replay id. The Streaming API Developer Guide does
not describe them: the channels, and `sobject.Id` of a notice (of the log; of the test run), are those that `sf apex tail log` and
`sf apex run test` listen to and read. ASSUMED: the `event` part is that of a PushTopic; a user is told of the user's own logs and
runs, whatever the permissions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from orgtwin.records.table import CREATED_DATE, ID
from orgtwin.records.transactions import Change, Entry

LOGGING = "/systemTopic/Logging"
TEST_RESULT = "/systemTopic/TestResult"
SYSTEM_TOPICS = frozenset({LOGGING, TEST_RESULT})


def notice(record_id: object, moment: datetime, kind: str) -> dict[str, Any]:
    """The `data` of a notice."""
    return {"event": {"createdDate": _shown(moment), "type": kind}, "sobject": {"Id": record_id}}


def stored_logs(entries: Sequence[Entry]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The debug logs that a transaction stored: whose each is, and the `data` of its notice."""
    for entry in entries:
        if entry.change is Change.ADDED and entry.table.type.api_name == "ApexLog":
            created = entry.row[CREATED_DATE]
            if isinstance(created, datetime):
                yield str(entry.table.reader("LogUserId")(entry.row)), notice(entry.row[ID], created, "created")


def _shown(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"
