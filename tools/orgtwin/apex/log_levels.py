"""Which events a debug log holds: the levels in force for each category, and the level from which each event is written.

    levels = Levels.of({"APEX_CODE": "FINE"})       the first line of its log says "APEX_CODE,FINE"
    levels.writes("METHOD_ENTRY")                   True

Source: "Debug Log Levels", "Debug Log Order of Precedence", "Debugging Apex API Calls" (Apex Developer Guide), DebugLevel (Tooling
API Developer Guide). Where logs that orgs wrote and that are published differ from the table, the row says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple


class Level(IntEnum):
    """From the least to the most; each holds what those before it hold."""

    NONE = 0
    ERROR = 1
    WARN = 2
    INFO = 3
    DEBUG = 4
    FINE = 5
    FINER = 6
    FINEST = 7
    INTERNAL = 8


CATEGORIES: Mapping[str, str] = {
    "APEX_CODE": "ApexCode",
    "APEX_PROFILING": "ApexProfiling",
    "CALLOUT": "Callout",
    "DATA_ACCESS": "DataAccess",
    "DB": "Database",
    "NBA": "Nba",
    "SYSTEM": "System",
    "VALIDATION": "Validation",
    "VISUALFORCE": "Visualforce",
    "WAVE": "Wave",
    "WORKFLOW": "Workflow",
}
"""As the first line of a log names them, in its order, and the field of DebugLevel and TraceFlag."""


class Event(NamedTuple):
    """A kind of line: what decides about it."""

    category: str
    level: Level


def _rows(category: str, level: Level, names: str) -> dict[str, Event]:
    return dict.fromkeys(names.split(), Event(category, level))


EVENTS: Mapping[str, Event] = {
    **_rows(
        "APEX_CODE",
        Level.ERROR,
        "USER_INFO EXECUTION_STARTED EXECUTION_FINISHED CODE_UNIT_STARTED CODE_UNIT_FINISHED FATAL_ERROR",
    ),
    **_rows("APEX_CODE", Level.INFO, "EXCEPTION_THROWN EMAIL_QUEUE"),
    **_rows("APEX_CODE", Level.DEBUG, "USER_DEBUG"),  # or its own level
    **_rows("APEX_CODE", Level.FINE, "METHOD_ENTRY METHOD_EXIT CONSTRUCTOR_ENTRY CONSTRUCTOR_EXIT"),
    **_rows("APEX_CODE", Level.FINER, "STATEMENT_EXECUTE HEAP_ALLOCATE"),
    **_rows("APEX_CODE", Level.FINEST, "VARIABLE_SCOPE_BEGIN VARIABLE_ASSIGNMENT"),
    **_rows(
        "APEX_PROFILING",
        Level.INFO,  # LIMIT_USAGE_FOR_NS is FINEST in the table; the logs of orgs have it from INFO
        "CUMULATIVE_LIMIT_USAGE LIMIT_USAGE_FOR_NS TESTING_LIMITS CUMULATIVE_LIMIT_USAGE_END",
    ),
    **_rows(
        "APEX_PROFILING",
        Level.FINE,
        "TOTAL_EMAIL_RECIPIENTS_QUEUED CUMULATIVE_PROFILING_BEGIN CUMULATIVE_PROFILING CUMULATIVE_PROFILING_END",
    ),
    **_rows("CALLOUT", Level.INFO, "CALLOUT_REQUEST CALLOUT_RESPONSE"),
    **_rows(
        "DB",
        Level.INFO,
        "SOQL_EXECUTE_BEGIN SOQL_EXECUTE_END SOSL_EXECUTE_BEGIN SOSL_EXECUTE_END DML_BEGIN DML_END SAVEPOINT_SET"
        " SAVEPOINT_ROLLBACK",
    ),
    **_rows("SYSTEM", Level.INFO, "SYSTEM_MODE_ENTER SYSTEM_MODE_EXIT PUSH_TRACE_FLAGS POP_TRACE_FLAGS"),
    **_rows(
        "SYSTEM",
        Level.INFO,  # not in the table: the logs of orgs have them beside SYSTEM,DEBUG; ASSUMED from INFO
        "DUPLICATE_DETECTION_BEGIN DUPLICATE_DETECTION_RULE_INVOCATION"
        " DUPLICATE_DETECTION_MATCH_INVOCATION_SUMMARY DUPLICATE_DETECTION_END",
    ),
    **_rows(
        "SYSTEM",
        Level.FINE,
        "SYSTEM_METHOD_ENTRY SYSTEM_METHOD_EXIT SYSTEM_CONSTRUCTOR_ENTRY SYSTEM_CONSTRUCTOR_EXIT",
    ),
    **_rows(
        "VALIDATION",
        Level.INFO,
        "VALIDATION_RULE VALIDATION_FORMULA VALIDATION_PASS VALIDATION_FAIL VALIDATION_ERROR",
    ),
    **_rows("WORKFLOW", Level.ERROR, "FLOW_ELEMENT_ERROR"),
    **_rows("WORKFLOW", Level.WARN, "FLOW_ELEMENT_FAULT"),
    **_rows(
        "WORKFLOW",
        Level.INFO,
        "FLOW_START_INTERVIEWS_BEGIN FLOW_START_INTERVIEWS_END FLOW_CREATE_INTERVIEW_END"
        " FLOW_START_INTERVIEW_BEGIN FLOW_START_INTERVIEW_END EVENT_SERVICE_PUB_BEGIN EVENT_SERVICE_PUB_END"
        " WF_RULE_EVAL_BEGIN WF_CRITERIA_BEGIN WF_CRITERIA_END WF_FIELD_UPDATE WF_ACTIONS_END WF_RULE_EVAL_END",
    ),
    **_rows("WORKFLOW", Level.FINE, "FLOW_ELEMENT_BEGIN FLOW_ELEMENT_END"),
    **_rows("WORKFLOW", Level.FINER, "FLOW_VALUE_ASSIGNMENT FLOW_RULE_DETAIL FLOW_ASSIGNMENT_DETAIL"),
}
"""Every event that the twin writes."""

NOT_WRITTEN: Mapping[str, str] = {
    "BULK_HEAP_ALLOCATE": "the heap of the twin is not an org's",
    "CURSOR_CREATE_BEGIN, CURSOR_CREATE_END, CURSOR_FETCH, CURSOR_FETCH_PAGE": "no recorded log shows their fields",
    "DATA_ACCESS_EVALUATION, POLICY_RULE_*": "data policies are not emulated",
    "DUPLICATE_DETECTION_MATCH_INVOCATION_DETAILS, DUPLICATE_RULE_FILTER*, MATCH_ENGINE_*": "not in the table, not built",
    "ENTERING_MANAGED_PKG": "the Apex of managed packages is not there",
    "EVENT_SERVICE_PUB_DETAIL, EVENT_SERVICE_SUB_*": "no recorded log shows their fields",
    "FLOW_CREATE_INTERVIEW_BEGIN": "the flows of the twin have no ids of definition and version",
    "FLOW_BULK_ELEMENT_*, FLOW_*_LIMIT_USAGE, FLOW_ELEMENT_DEFERRED": "the twin runs each interview for itself",
    "FLOW_ACTIONCALL_DETAIL, FLOW_INTERVIEW_*, FLOW_LOOP_DETAIL, FLOW_SUBFLOW_DETAIL, FLOW_WAIT_*": "not built",
    "FLOW_CREATE_INTERVIEW_ERROR, FLOW_START_INTERVIEWS_ERROR": "not built",
    "HEAP_DEALLOCATE": "no recorded log shows its fields",
    "IDEAS_QUERY_EXECUTE, NBA_*, PUSH_NOTIFICATION_*, SLA_*, VF_*, XDS_*": "what they tell of is not emulated",
    "WF_ACTION, WF_ASSIGNMENT, WF_EMAIL_*, WF_FORMULA, WF_RULE_FILTER, WF_SPOOL_ACTION_BEGIN and the others of WF_*": (
        "no recorded log shows their fields"
    ),
    "LIMIT_USAGE": "recorded logs of today have none",
    "NAMED_CREDENTIAL_REQUEST, NAMED_CREDENTIAL_RESPONSE, NAMED_CREDENTIAL_RESPONSE_DETAIL": "no recorded log shows them",
    "QUERY_MORE_*": "a query of the twin is read at once",
    "SOQL_EXECUTE_EXPLAIN": "the twin has no query plan of an org",
    "STACK_FRAME_VARIABLE_LIST, STATIC_VARIABLE_LIST": "they list variables of the platform's own runtime",
    "VARIABLE_SCOPE_END": "recorded logs at FINEST have none",
}
"""Documented events that the twin does not write, and why."""


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels in force: those of `by_category` are shown, what is not there is NONE."""

    by_category: tuple[tuple[str, Level], ...]

    @classmethod
    def of(cls, named: Mapping[str, str]) -> Levels:
        """In the order of CATEGORIES, whatever the order given. Raises KeyError for a name that is no level."""
        return cls(tuple((name, Level[named[name].upper()]) for name in CATEGORIES if name in named))

    def level(self, category: str) -> Level:
        return next((level for name, level in self.by_category if name == category), Level.NONE)

    def written(self) -> frozenset[str]:
        """The events that these levels ask for; USER_DEBUG has its own rule."""
        known = dict(self.by_category)
        return frozenset(name for name, event in EVENTS.items() if known.get(event.category, Level.NONE) >= event.level)

    def writes(self, name: str) -> bool:
        return self.level(EVENTS[name].category) >= EVENTS[name].level

    def writes_debug(self, level: str) -> bool:
        """System.debug with a level of its own: NONE is as the others (ASSUMED: as DEBUG)."""
        asked = Level[level] if level in Level.__members__ else Level.DEBUG
        return self.level("APEX_CODE") >= (asked or Level.DEBUG)

    def with_code(self, level: str) -> Levels:
        """The same, with another level of APEX_CODE."""
        return Levels.of({**{name: own.name for name, own in self.by_category}, "APEX_CODE": level})

    def shown(self) -> str:
        """As the first line has them."""
        return ";".join(f"{name},{level.name}" for name, level in self.by_category)


DEFAULT = Levels.of(
    {
        **dict.fromkeys(CATEGORIES, "INFO"),
        "APEX_CODE": "DEBUG",
        "SYSTEM": "DEBUG",
    }
)
"""ASSUMED for the categories that "Debug Log Order of Precedence" does not name: INFO, as the logs of orgs have them."""


_LOG_TYPES: Mapping[str, Mapping[str, str]] = {
    "NONE": {},
    "DEBUGONLY": {"APEX_CODE": "DEBUG", "APEX_PROFILING": "INFO"},
    "DB": {"APEX_CODE": "DEBUG", "APEX_PROFILING": "INFO", "DB": "INFO"},
    "PROFILING": {"APEX_CODE": "FINE", "APEX_PROFILING": "FINE", "DB": "INFO"},
    "CALLOUT": {"APEX_CODE": "FINE", "APEX_PROFILING": "FINE", "CALLOUT": "INFO", "DB": "INFO"},
    "DETAIL": {
        "APEX_CODE": "FINEST",
        "APEX_PROFILING": "FINE",
        "CALLOUT": "INFO",
        "DB": "INFO",
        "SYSTEM": "FINE",
        "VALIDATION": "INFO",
        "WORKFLOW": "INFO",
    },
}
"""The older `debugLevel` of a DebuggingHeader. Recorded for DEBUGONLY (the first line of the logs that `sf apex run` prints);
ASSUMED for the others, from what "Debugging Apex API Calls" says each includes."""
_NAMES_OF_TYPES = {"PROFILE": "PROFILING"}


def of_header(debug_level: str | None, categories: Mapping[str, str]) -> Levels:
    """Of a DebuggingHeader; its categories go before the older debugLevel. Raises KeyError for what is no category or level.

    Source: DebuggingHeader (SOAP API Developer Guide): category Db, Apex_code ... or All.
    """
    if not categories:
        name = (debug_level or "NONE").upper()
        return Levels.of(_LOG_TYPES[_NAMES_OF_TYPES.get(name, name)])
    named: dict[str, str] = {}
    for category, level in categories.items():
        name = category.upper()
        if name != "ALL" and name not in CATEGORIES:
            raise KeyError(category)
        named.update(dict.fromkeys(CATEGORIES, level) if name == "ALL" else {name: level})
    return Levels.of(named)


def of_row(values: Mapping[str, object]) -> Levels:
    """Of a DebugLevel row (or a TraceFlag of old, which has levels itself), by field.

    A field that nobody filled has the default level: so the logs of the debug level that `sf apex tail log` makes, with two fields.
    """
    known = dict(DEFAULT.by_category)
    given = {name: str(values.get(field) or "").upper() for name, field in CATEGORIES.items()}
    return Levels(tuple((name, Level.__members__.get(level, known[name])) for name, level in given.items()))
