"""The faults by name, and for every step of a round how the round ends that meets one. A new fault is a row here.

A step that a fault cannot meet is IMPOSSIBLE, with the reason. How a run ends follows from the table of outcomes
(`clmkit.clients.outcomes`); a test plays every cell against both twins and compares.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from tests.clmkit.sync.faults.wire import (
    Effect,
    answer,
    clm,
    cut_after,
    cut_before,
    garble,
    poison,
    refuse_connection,
    refuse_row,
    salesforce,
    show_bad_certificate,
    spoil_events,
    too_slow,
    turn_back,
    without,
)


class Step(enum.Enum):
    HEAR = "hear"
    READ = "read"
    DECIDE = "decide"
    SEND = "send"
    RECORD = "record"
    FEED_BACK = "feed back"
    RECONCILE = "reconcile"


class Kind(enum.Enum):
    """Which part of the world fails."""

    SALESFORCE = "Salesforce, a request"
    ROWS = "Salesforce, a row"
    CLM = "the CLM, a request"
    WEBHOOKS = "the CLM, a webhook"
    EVENTS = "Salesforce, an event"
    STATE = "the state's database"


class Ending(enum.Enum):
    AGAIN = "again"
    ANEW = "anew"
    PARK = "park"
    STOP = "stop"
    LOOK = "look"
    SAME = "same"


ENDINGS: Mapping[Ending, str] = {
    Ending.AGAIN: "The request is sent again; the run ends as if nothing had happened.",
    Ending.ANEW: "Both sides are read again and decided anew within the run; it ends as if nothing had happened.",
    Ending.PARK: "What was struck is a dead letter with its reason; all else goes on. A redrive heals it.",
    Ending.STOP: "The run (or the comparison) ends and says why; nothing is lost, the next one goes on.",
    Ending.LOOK: "What was missed is found by the next look at the system.",
    Ending.SAME: "Nothing comes of it: what is told once too often, too late or falsely changes nothing.",
}


@dataclass(frozen=True)
class Fault:
    """`times` None strikes as long as it is armed. `effect` None for what does not strike a request."""

    name: str
    kind: Kind
    endings: Mapping[Step, Ending]
    effect: Effect | None = None
    times: int | None = 1
    refusal: tuple[str, str] | None = None
    """Code and message of a refused row, which the table of outcomes knows."""


_SALESFORCE_STEPS = (Step.READ, Step.DECIDE, Step.SEND, Step.RECONCILE)
_CLM_STEPS = (Step.READ, Step.DECIDE, Step.FEED_BACK, Step.RECONCILE)

IMPOSSIBLE: Mapping[tuple[Kind, Step], str] = {
    (Kind.SALESFORCE, Step.HEAR): "events come over a stream of their own: see the faults of events",
    (Kind.SALESFORCE, Step.RECORD): "remembering asks neither system",
    (Kind.SALESFORCE, Step.FEED_BACK): "only the CLM is written",
    (Kind.ROWS, Step.HEAR): "an event saves no row",
    (Kind.ROWS, Step.READ): "a query saves no row",
    (Kind.ROWS, Step.DECIDE): "a query saves no row",
    (Kind.ROWS, Step.RECORD): "remembering asks neither system",
    (Kind.ROWS, Step.FEED_BACK): "only the CLM is written",
    (Kind.ROWS, Step.RECONCILE): "comparing saves no row",
    (Kind.CLM, Step.HEAR): "webhooks are calls of the CLM's: see the faults of webhooks",
    (Kind.CLM, Step.SEND): "only Salesforce is written",
    (Kind.CLM, Step.RECORD): "remembering asks neither system",
    **{
        (Kind.WEBHOOKS, step): "a webhook only rings; all else is read from the feed"
        for step in Step
        if step is not Step.HEAR
    },
    **{(Kind.EVENTS, step): "an event only names what to read" for step in Step if step is not Step.HEAR},
    (Kind.STATE, Step.HEAR): "a ring is not remembered; events are kept as a page is (read)",
    (Kind.STATE, Step.DECIDE): "a decision is not remembered before it is carried out",
    (Kind.STATE, Step.SEND): "what is sent is remembered when it is answered (record)",
    (Kind.STATE, Step.RECONCILE): "a comparison writes nothing",
}


def _request(name: str, kind: Kind, effect: Effect, ending: Ending, times: int | None = 1, **special: Ending) -> Fault:
    """A fault of requests that ends alike at every step, but for the special ones."""
    steps = _SALESFORCE_STEPS if kind is Kind.SALESFORCE else _CLM_STEPS
    return Fault(
        name, kind, dict.fromkeys(steps, ending) | {Step[one]: end for one, end in special.items()}, effect, times
    )


def _row(name: str, code: str, message: str, ending: Ending, times: int | None = 1) -> Fault:
    return Fault(name, Kind.ROWS, {Step.SEND: ending}, refuse_row(code, message), times, (code, message))


_ORG, _CLM = Kind.SALESFORCE, Kind.CLM
_HTML = b"<html><body>Bad Gateway</body></html>"
_REQUESTS = (
    _request(
        "the session has expired",
        _ORG,
        salesforce(401, "INVALID_SESSION_ID", "Session expired or invalid"),
        Ending.AGAIN,
    ),
    _request(
        "the session is refused whatever is done",
        _ORG,
        salesforce(401, "INVALID_SESSION_ID", "Session expired or invalid"),
        Ending.STOP,
        None,
    ),
    _request(
        "the day's requests are used up",
        _ORG,
        salesforce(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
        Ending.STOP,
    ),
    _request(
        "too many long requests at once",
        _ORG,
        salesforce(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
        Ending.AGAIN,
    ),
    _request(
        "API access is switched off",
        _ORG,
        salesforce(403, "API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner"),
        Ending.STOP,
    ),
    _request(
        "the server is unavailable for a moment",
        _ORG,
        salesforce(503, "SERVER_UNAVAILABLE", "Server too busy"),
        Ending.AGAIN,
    ),
    _request(
        "the org is in maintenance",
        _ORG,
        salesforce(503, "SERVER_UNAVAILABLE", "Your organization is in read-only mode during maintenance"),
        Ending.STOP,
        None,
    ),
    _request(
        "the server fails inside",
        _ORG,
        salesforce(500, "UNKNOWN_EXCEPTION", "An unexpected error occurred."),
        Ending.AGAIN,
    ),
    _request("a proxy answers 502 in HTML", _ORG, answer(502, _HTML), Ending.AGAIN),
    _request(
        "the request takes too long for Salesforce",
        _ORG,
        salesforce(400, "QUERY_TIMEOUT", "Your query request was running for too long."),
        Ending.AGAIN,
    ),
    _request(
        "a mapped field is not in the org",
        _ORG,
        salesforce(400, "INVALID_FIELD", "No such column 'SUB_Title__c' on entity 'Contract'."),
        Ending.STOP,
    ),
    _request(
        "the external ID field is not in the org",
        _ORG,
        salesforce(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: SUB_Id__c"),
        Ending.STOP,
    ),
    _request("the answer comes too late", _ORG, too_slow, Ending.AGAIN),
    _request("the connection breaks before the commit", _ORG, cut_before, Ending.AGAIN),
    _request("the connection breaks after the commit", _ORG, cut_after, Ending.AGAIN),
    _request("nobody answers", _ORG, refuse_connection, Ending.STOP, None),
    _request("the certificate is not valid", _ORG, show_bad_certificate, Ending.STOP, None),
    _request("the answer breaks off", _ORG, garble, Ending.STOP, SEND=Ending.AGAIN),
    _request("200 with a page of HTML", _ORG, answer(200, _HTML), Ending.STOP, None),
    _request("413: a proxy takes no request of this size", _ORG, answer(413, _HTML), Ending.STOP, SEND=Ending.AGAIN),
    _request("431: a proxy takes no headers of this size", _ORG, answer(431, _HTML), Ending.STOP, SEND=Ending.AGAIN),
    _request("401: the token has expired", _CLM, clm(401, "unauthorized"), Ending.AGAIN),
    _request("401 whatever is done", _CLM, clm(401, "unauthorized"), Ending.STOP, None),
    _request(
        "403: not allowed",
        _CLM,
        clm(403, "forbidden", "The client may not do this."),
        Ending.STOP,
        DECIDE=Ending.PARK,
        FEED_BACK=Ending.PARK,
    ),
    _request(
        "404: the agreement is gone",
        _CLM,
        clm(404, "not_found", "There is no such agreement."),
        Ending.STOP,
        DECIDE=Ending.PARK,
        FEED_BACK=Ending.PARK,
    ),
    _request(
        "409: the lifecycle does not allow it",
        _CLM,
        clm(409, "illegal_transition", "Not from this stage."),
        Ending.STOP,
        DECIDE=Ending.PARK,
        FEED_BACK=Ending.PARK,
    ),
    _request(
        "412: the agreement has moved on",
        _CLM,
        clm(412, "revision_mismatch", "It is at another revision."),
        Ending.STOP,
        FEED_BACK=Ending.ANEW,
    ),
    _request(
        "422: the value is refused",
        _CLM,
        clm(422, "invalid", "Not an e-mail address."),
        Ending.STOP,
        DECIDE=Ending.PARK,
        FEED_BACK=Ending.PARK,
    ),
    _request("429 with Retry-After", _CLM, clm(429, "rate_limited", retry_after="1"), Ending.AGAIN),
    _request("500: the CLM fails inside", _CLM, clm(500, "unavailable"), Ending.AGAIN),
    _request("502 in HTML", _CLM, answer(502, _HTML), Ending.AGAIN),
    _request("503 for a moment", _CLM, clm(503, "unavailable"), Ending.AGAIN),
    _request("503 for long", _CLM, clm(503, "unavailable"), Ending.STOP, None, FEED_BACK=Ending.PARK),
    _request("507: the CLM's disk is full", _CLM, clm(507, "insufficient_storage"), Ending.STOP),
    _request("the answer comes too late", _CLM, too_slow, Ending.AGAIN, FEED_BACK=Ending.ANEW),
    _request("the connection breaks before the commit", _CLM, cut_before, Ending.AGAIN),
    _request("the connection breaks after the commit", _CLM, cut_after, Ending.AGAIN, FEED_BACK=Ending.ANEW),
    _request("nobody answers", _CLM, refuse_connection, Ending.STOP, None, FEED_BACK=Ending.PARK),
    _request("the answer breaks off", _CLM, garble, Ending.AGAIN, DECIDE=Ending.ANEW, FEED_BACK=Ending.ANEW),
    _request(
        "200 with a page of HTML",
        _CLM,
        answer(200, _HTML),
        Ending.STOP,
        None,
        FEED_BACK=Ending.PARK,
        RECONCILE=Ending.PARK,
    ),
    _request("the certificate is not valid", _CLM, show_bad_certificate, Ending.STOP, None, FEED_BACK=Ending.PARK),
    Fault("the cursor is not known", _CLM, {Step.READ: Ending.STOP}, clm(400, "invalid_cursor", "No such cursor.")),
    Fault("a page lacks its list", _CLM, {Step.READ: Ending.AGAIN}, without("changes")),
    Fault("every page lacks its list", _CLM, {Step.READ: Ending.STOP}, without("changes"), None),
    Fault("the feed turns in a circle", _CLM, {Step.READ: Ending.STOP}, turn_back, None),
    Fault("an event lacks its agreement", _CLM, {Step.READ: Ending.PARK}, spoil_events({"agreement": None})),
    Fault("an event lacks its id", _CLM, {Step.READ: Ending.ANEW}, spoil_events({"event_id": None})),
    Fault("an event holds a number of another kind", _CLM, {Step.READ: Ending.ANEW}, spoil_events({"sequence": "1"})),
)
_ROWS = (
    Fault(
        "one row fails every request: 500", Kind.ROWS, {Step.SEND: Ending.PARK}, poison(500, "UNKNOWN_EXCEPTION"), None
    ),
    Fault("one row fails every request: 413", Kind.ROWS, {Step.SEND: Ending.PARK}, poison(413, "HTTP_413"), None),
    _row("the row is locked", "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", Ending.AGAIN),
    _row(
        "the row stays locked",
        "UNABLE_TO_LOCK_ROW",
        "unable to obtain exclusive access to this record",
        Ending.PARK,
        None,
    ),
    _row(
        "a validation rule refuses", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "The end lies before the start.", Ending.PARK
    ),
    _row("a duplicate rule blocks", "DUPLICATES_DETECTED", "Use one of these records?", Ending.PARK),
    _row("the text is too long", "STRING_TOO_LONG", "Title: data value too large", Ending.PARK),
    _row(
        "the picklist does not have the value",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "bad value for restricted picklist field",
        Ending.PARK,
    ),
    _row(
        "a field may not be written",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "Unable to create/update fields: SUB_Title__c",
        Ending.STOP,
    ),
    _row("a required field is missing", "FIELD_INTEGRITY_EXCEPTION", "A value is required", Ending.PARK),
    _row("the record was deleted", "ENTITY_IS_DELETED", "entity is deleted", Ending.ANEW),
    _row("the account was merged away", "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", Ending.PARK),
    _row(
        "the org holds a newer revision",
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "CLM_STALE: revision 3 is older than 4",
        Ending.ANEW,
    ),
    _row("the key was taken at the same time", "DUPLICATE_VALUE", "duplicate value found: SUB_Id__c", Ending.ANEW),
    _row("an approval locks the record", "ENTITY_IS_LOCKED", "the entity is locked for editing", Ending.PARK),
    _row("a trigger fails", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Shout: execution of BeforeUpdate", Ending.PARK),
    _row("the storage is full", "STORAGE_LIMIT_EXCEEDED", "storage limit exceeded", Ending.STOP),
    _row("a code that nobody knows", "SOMETHING_NEW", "a code of the next release", Ending.PARK),
)
_HEARD = {
    Kind.WEBHOOKS: {
        "late": Ending.SAME, "doubled": Ending.SAME, "out of order": Ending.SAME, "lost": Ending.LOOK,
        "signed with another secret": Ending.LOOK, "six minutes old": Ending.LOOK,
    },
    Kind.EVENTS: {
        "delivered twice": Ending.SAME, "a gap: the record without its fields": Ending.SAME,
        "an overflow: not even the record": Ending.LOOK, "the position is too old": Ending.LOOK,
        "the stream is cut": Ending.SAME, "the session is refused": Ending.SAME, "lost": Ending.LOOK,
        "the day's deliveries are used up": Ending.LOOK,
    },
}  # fmt: skip
_STATE_ENDINGS = dict.fromkeys((Step.READ, Step.RECORD, Step.FEED_BACK), Ending.STOP)

FAULTS: tuple[Fault, ...] = (
    *_REQUESTS,
    *_ROWS,
    *(Fault(name, kind, {Step.HEAR: ending}) for kind, rows in _HEARD.items() for name, ending in rows.items()),
    Fault("the disk is full", Kind.STATE, _STATE_ENDINGS),
    Fault("another process keeps it locked", Kind.STATE, _STATE_ENDINGS),
)
CELLS = [(fault, step) for fault in FAULTS for step in fault.endings]
ONLY_READ = "only a feed has positions and pages"


def why_impossible(fault: Fault, step: Step) -> str:
    """Why a fault cannot meet a step that it has no ending for."""
    return IMPOSSIBLE.get((fault.kind, step), ONLY_READ)
