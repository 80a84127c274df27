"""The faults that can be armed, by name. A new fault is a row here.

    stage ARRIVAL   decides before the handler runs: refuse, wait, cut the connection, end the session
    stage ANSWER    lets the handler commit, then cuts the connection: the client cannot know
    stage ROW       refuses single rows of a save; the others go through
    stage EVENT     changes what subscribers of events get

Sources of codes and texts: "Status Codes and Error Responses" (REST API Developer Guide) and the bodies that ledger.yml lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from orgtwin.errors import SalesforceError, SaveError


class Stage(Enum):
    ARRIVAL = "before the handler"
    ANSWER = "after the handler"
    ROW = "for single rows"
    EVENT = "for events and their subscribers"


class Effect(Enum):
    REFUSE = "answer an error"
    WAIT = "answer late"
    CUT = "close the connection without an answer"
    EXPIRE = "end the session, then answer as for an expired one"
    GAP = "tell less than there was to tell"


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault. `writes_only`: reading requests are left alone."""

    name: str
    summary: str
    stage: Stage
    effect: Effect
    error: tuple[int, str, str] | None = None
    row_error: SaveError | None = None
    writes_only: bool = False

    def refusal(self) -> SalesforceError:
        status, code, message = self.error or (500, "UNKNOWN_EXCEPTION", self.summary)
        return SalesforceError(code, message, status=status)


_ROWS = (
    Fault(
        "row_lock",
        "rows are locked by another transaction",
        Stage.ROW,
        Effect.REFUSE,
        row_error=SaveError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
    ),
    Fault(
        "partial_success",
        "some rows of a save are refused by a validation rule",
        Stage.ROW,
        Effect.REFUSE,
        row_error=SaveError("FIELD_CUSTOM_VALIDATION_EXCEPTION", "refused by the fault partial_success"),
    ),
    Fault(
        "duplicate_rule",
        "a duplicate rule blocks rows",
        Stage.ROW,
        Effect.REFUSE,
        row_error=SaveError("DUPLICATES_DETECTED", "Use one of these records?"),
    ),
)
_REQUESTS = (
    Fault(
        "request_limit",
        "the day's API requests are used up",
        Stage.ARRIVAL,
        Effect.REFUSE,
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    ),
    Fault(
        "concurrent_limit",
        "too many long-running requests at once",
        Stage.ARRIVAL,
        Effect.REFUSE,
        (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
    ),
    Fault(
        "unavailable",
        "the server is unavailable",
        Stage.ARRIVAL,
        Effect.REFUSE,
        (503, "SERVER_UNAVAILABLE", "Server too busy"),
    ),
    Fault(
        "read_only",
        "the org is read-only for maintenance: writes are refused",
        Stage.ARRIVAL,
        Effect.REFUSE,
        (
            503,  # ASSUMED
            "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
            "Updates can't be made during maintenance. Try again when maintenance is complete.",
        ),
        writes_only=True,
    ),
    Fault("slow", "the answer takes `seconds`", Stage.ARRIVAL, Effect.WAIT),
    Fault("expired_session", "the session has ended", Stage.ARRIVAL, Effect.EXPIRE),
    Fault("drop_before_commit", "the connection breaks before anything is saved", Stage.ARRIVAL, Effect.CUT),
    Fault("drop_after_commit", "the connection breaks after everything is saved", Stage.ANSWER, Effect.CUT),
)
_EVENTS = (
    Fault("event_gap", "a change event is a gap event: its ids without its fields", Stage.EVENT, Effect.GAP),
    Fault("event_overflow", "a change event is an overflow event: not even ids", Stage.EVENT, Effect.GAP),
    Fault("invalid_replay_id", "a subscription by replay id is refused", Stage.EVENT, Effect.REFUSE),
    Fault("event_delivery_limit", "the day's event deliveries are used up", Stage.EVENT, Effect.REFUSE),
    Fault("event_stream_cut", "a subscription is cut off before its next events", Stage.EVENT, Effect.CUT),
)

FAULTS = {fault.name: fault for fault in (*_ROWS, *_REQUESTS, *_EVENTS)}
