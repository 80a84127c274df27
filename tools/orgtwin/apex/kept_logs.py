"""Which logs are kept, at which levels, and the ApexLog row of each.

    find_trace(org, user_id)      the levels in force for a user, or None: nothing of that user is kept

A TraceFlag of a user keeps the logs of that user while it is in force; one of a class or trigger (CLASS_TRACING) only changes the
levels of the logs that are kept anyway. Source: TraceFlag, DebugLevel, ApexLog (Tooling API Developer Guide); "Debug Log Order of
Precedence" (Apex Developer Guide); "Debug Log Filtering for Apex Classes and Apex Triggers" (Salesforce Help). ASSUMED: of two
flags of a user of different types, DEVELOPER_LOG decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orgtwin.apex.debug_log import Traced
from orgtwin.apex.log_levels import CATEGORIES, Levels, of_header, of_row
from orgtwin.org import Org
from orgtwin.records.model import Row, Value
from orgtwin.records.table import ID, RecordTable

CLASS_TRACING = "CLASS_TRACING"
_OF_USERS = ("DEVELOPER_LOG", "USER_DEBUG", "PROFILING")
_LOCATIONS = {"DEVELOPER_LOG": "SystemLog"}
_ELSEWHERE = "Monitoring"


@dataclass(frozen=True, slots=True)
class Trace:
    """How the logs of a user are kept."""

    levels: Levels
    location: str
    traced: Mapping[str, Traced] = field(default_factory=dict)


_OF_REQUESTS = of_header("DEBUGONLY", {})
"""ASSUMED for requests that say nothing: nobody sees their logs."""


@dataclass(frozen=True, slots=True)
class AskedLog:
    """What a request says of its log; the trace flags go before it."""

    levels: Levels = _OF_REQUESTS
    operation: str = "/services/data/v66.0/tooling/executeAnonymous/"
    version: str = "66.0"


NOTHING_ASKED = AskedLog()
MOST_BYTES = 1_000_000_000
"""Of all logs of an org: while there are more, no trace flag is added or changed. "Debug Log Limits" (Apex Developer Guide)."""
_KEPT = {"SystemLog": timedelta(hours=24), "Monitoring": timedelta(days=7)}


@dataclass(frozen=True, slots=True)
class KeptLog:
    """A log that is to be stored."""

    text: str
    user_id: str
    operation: str
    status: str
    milliseconds: int
    location: str

    def row(self, start: datetime) -> dict[str, object]:
        """The fields of ApexLog. `Application` of a client without a client id is Unknown, as recorded."""
        return {
            "LogUserId": self.user_id,
            "LogLength": len(self.text.encode("utf-8")),
            "Request": "Api",
            "Operation": self.operation,
            "Application": "Unknown",
            "Status": self.status[:255],
            "DurationMilliseconds": self.milliseconds,
            "StartTime": start,
            "Location": self.location,
        }


@dataclass(frozen=True, slots=True)
class _Flag:
    entity_id: str
    log_type: str
    levels: Levels


def find_trace(org: Org, user_id: str) -> Trace | None:
    """What is in force for a user now."""
    if not len(org.table("TraceFlag")):
        return None
    flags = list(_flags(org))
    own = [flag for flag in flags if flag.entity_id == user_id and flag.log_type in _OF_USERS]
    if not own:
        return None
    chosen = min(own, key=lambda flag: _OF_USERS.index(flag.log_type))
    return Trace(chosen.levels, _LOCATIONS.get(chosen.log_type, _ELSEWHERE), dict(_traced(org, flags)))


def find_outdated(org: Org) -> list[str]:
    """The ids of logs that an org keeps no longer. Source: Location in ApexLog (Tooling API Developer Guide)."""
    table, now = org.table("ApexLog"), org.clock()
    location, start = table.reader("Location"), table.reader("StartTime")
    return [
        str(row[ID])
        for row in table.rows()
        if isinstance(begun := start(row), datetime)
        and now - begun > _KEPT.get(str(location(row)), _KEPT["Monitoring"])
    ]


def _traced(org: Org, flags: list[_Flag]) -> Iterator[tuple[str, Traced]]:
    """Classes and triggers with levels of their own, by name."""
    for flag in flags:
        for name in ("ApexClass", "ApexTrigger") if flag.log_type == CLASS_TRACING else ():
            table = org.table(name)
            row = table.get(flag.entity_id)
            if row is not None:
                class_name = str(table.reader("Name")(row))
                yield class_name.lower(), Traced(class_name, flag.entity_id[:15], flag.levels)


def _flags(org: Org) -> Iterator[_Flag]:
    """Those in force now."""
    table, debug_levels, now = org.table("TraceFlag"), org.table("DebugLevel"), org.clock()
    read = {name: table.reader(name) for name in ("TracedEntityId", "LogType", "DebugLevelId")}
    for row in table.rows():
        if not is_in_force(table, row, now):
            continue
        level = debug_levels.get(str(read["DebugLevelId"](row)))
        values = _levels_of(table, row) if level is None else _levels_of(debug_levels, level)
        yield _Flag(str(read["TracedEntityId"](row)), str(read["LogType"](row) or "USER_DEBUG"), of_row(values))


def _levels_of(table: RecordTable, row: Row) -> dict[str, Value]:
    fields = [name for name in CATEGORIES.values() if table.type.find_field(name) is not None]
    return {name: table.reader(name)(row) for name in fields}


def is_in_force(table: RecordTable, row: Row, now: datetime) -> bool:
    """From its StartDate, if it has one, to its ExpirationDate."""
    start, end = table.reader("StartDate")(row), table.reader("ExpirationDate")(row)
    begun = not isinstance(start, datetime) or start <= now
    return begun and (not isinstance(end, datetime) or now < end)
