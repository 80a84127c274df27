"""OUTCOMES: every error code of both systems -> what the sync does about it, and why in words for a person.

Errors are mapped here, and what the sync meets rarely in further_codes.txt; nowhere else. Sources: Salesforce "StatusCode" (SOAP
API Developer Guide), "Status Codes and Error Responses" (REST API Developer Guide); the CLM's problem codes. An unknown code is
parked: a person looks, nothing is repeated blindly.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources


class Action(enum.Enum):
    RETRY = "retry"  # the same request again, later
    REBASE = "rebase"  # read again, decide anew
    PARK = "park"  # this row waits for a person, the others go on
    STOP = "stop"  # the run ends here; what is left waits for the next run


@dataclass(frozen=True, slots=True)
class Outcome:
    action: Action
    reason: str


_RETRY, _REBASE, _PARK, _STOP = Action.RETRY, Action.REBASE, Action.PARK, Action.STOP

OUTCOMES: dict[str, Outcome] = {
    # Salesforce: busy
    "UNABLE_TO_LOCK_ROW": Outcome(_RETRY, "Someone else was saving the same record or its parent."),
    "SERVER_UNAVAILABLE": Outcome(_RETRY, "Salesforce was not available for a moment."),
    "SERVICE_UNAVAILABLE": Outcome(_RETRY, "Salesforce was not available for a moment."),
    "QUERY_TIMEOUT": Outcome(_RETRY, "The query took too long."),
    "TXN_SECURITY_METERING_ERROR": Outcome(_RETRY, "Salesforce's transaction security did not answer in time."),
    "UNKNOWN_EXCEPTION": Outcome(_RETRY, "Salesforce failed inside; it gives no reason."),
    "APEX_CPU_LIMIT": Outcome(_RETRY, "Automation in the org used up its processor time."),
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": Outcome(
        _RETRY, "Another row of the same request failed, so this one was undone."
    ),
    "REQUEST_RUNNING_TOO_LONG": Outcome(_RETRY, "Salesforce ended the request because it took too long."),
    "TOO_MANY_APEX_REQUESTS": Outcome(_RETRY, "Too much Apex ran in the org at the same time."),
    "FUNCTIONALITY_TEMPORARILY_UNAVAILABLE": Outcome(_RETRY, "Salesforce has switched this off for a moment."),
    "PROCESSING_HALTED": Outcome(_RETRY, "Another row of the same request stopped its processing."),
    "NO_ANSWER": Outcome(_RETRY, "Salesforce answers, but not to this."),
    "UNREADABLE_ANSWER": Outcome(_RETRY, "Salesforce's answer cannot be read."),
    # Salesforce: the world has moved on
    "DUPLICATE_VALUE": Outcome(_REBASE, "A record with this key was created at the same time."),
    "ENTITY_IS_DELETED": Outcome(_REBASE, "The record was deleted in Salesforce."),
    "INVALID_QUERY_LOCATOR": Outcome(_REBASE, "The query's position has expired."),
    "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE": Outcome(_REBASE, "The record was changed in Salesforce in the meantime."),
    "INVALID_REPLICATION_DATE": Outcome(_REBASE, "The time span asked for is no longer kept."),
    # Salesforce: the row cannot be saved as it is
    "MULTIPLE_CHOICES": Outcome(_PARK, "Several records carry this external ID. Merge them, then redrive."),
    "REQUIRED_FIELD_MISSING": Outcome(_PARK, "Salesforce requires a field that the contract does not fill."),
    "STRING_TOO_LONG": Outcome(
        _PARK, "The text is longer than the Salesforce field. Shorten it in the CLM or widen the field."
    ),
    "NUMBER_OUTSIDE_VALID_RANGE": Outcome(_PARK, "The number does not fit the Salesforce field."),
    "JSON_PARSER_ERROR": Outcome(_PARK, "Salesforce cannot read the value as the type of its field."),
    "MALFORMED_ID": Outcome(_PARK, "The value is not a record id of the right kind."),
    "INVALID_EMAIL_ADDRESS": Outcome(_PARK, "Salesforce does not take this as an e-mail address."),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": Outcome(_PARK, "The picklist in Salesforce does not have this value."),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": Outcome(_PARK, "A validation rule of the org refuses the contract."),
    "FIELD_FILTER_VALIDATION_EXCEPTION": Outcome(_PARK, "A lookup filter of the org refuses the related record."),
    "FIELD_INTEGRITY_EXCEPTION": Outcome(_PARK, "Salesforce refuses this combination of values."),
    "FAILED_ACTIVATION": Outcome(
        _PARK, "Salesforce refuses the change of status: an activated contract cannot become a draft again."
    ),
    "INVALID_CROSS_REFERENCE_KEY": Outcome(
        _PARK, "A related record is not there or not visible to the integration user."
    ),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": Outcome(
        _PARK, "The integration user may not use a related record."
    ),
    "INSUFFICIENT_ACCESS_OR_READONLY": Outcome(_PARK, "The integration user may not change this record."),
    "DUPLICATES_DETECTED": Outcome(_PARK, "A duplicate rule of the org found similar records."),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": Outcome(_PARK, "Automation in the org (trigger or flow) refused the save."),
    "CANNOT_EXECUTE_FLOW_TRIGGER": Outcome(_PARK, "A flow in the org failed during the save."),
    "DELETE_FAILED": Outcome(_PARK, "The record cannot be deleted."),
    "TRANSFER_REQUIRES_READ": Outcome(_PARK, "The new owner may not see this kind of record."),
    "INACTIVE_OWNER_OR_USER": Outcome(_PARK, "The user is not active in Salesforce."),
    "DUPLICATE_EXTERNAL_ID": Outcome(_PARK, "Several records carry this external ID. Merge them, then redrive."),
    "ENTITY_IS_LOCKED": Outcome(_PARK, "An approval in Salesforce locks the record. Finish it, then redrive."),
    "BAD_CUSTOM_ENTITY_PARENT_DOMAIN": Outcome(_PARK, "The related record cannot be the parent of this one."),
    "CANNOT_REPARENT_RECORD": Outcome(_PARK, "The parent of this record cannot be changed once it is set."),
    "CIRCULAR_DEPENDENCY": Outcome(_PARK, "The records would refer to each other in a ring."),
    "DEPENDENCY_EXISTS": Outcome(_PARK, "Other records in Salesforce depend on this one."),
    "INSUFFICIENT_ACCESS": Outcome(_PARK, "The integration user may not do this with the record."),
    "INVALID_CROSS_REFERENCE_TYPE_FOR_FIELD": Outcome(_PARK, "The related record is of the wrong kind for its field."),
    "INVALID_CURRENCY_ISO": Outcome(_PARK, "The org does not use this currency."),
    "INVALID_STATUS": Outcome(_PARK, "Salesforce does not allow this change of status."),
    "LIMIT_EXCEEDED": Outcome(_PARK, "The row goes over a limit of the org, such as the length of a list."),
    "OP_WITH_INVALID_USER_TYPE_EXCEPTION": Outcome(_PARK, "A user of this kind cannot own the record."),
    "SELF_REFERENCE_FROM_TRIGGER": Outcome(_PARK, "Automation in the org saves the record while it is being saved."),
    "SHARE_NEEDED_FOR_CHILD_OWNER": Outcome(_PARK, "The owner of a record below may not see this one."),
    "UNSAFE_HTML_CONTENT": Outcome(_PARK, "Salesforce refuses the text because it holds unsafe markup."),
    "OPERATION_TOO_LARGE": Outcome(_PARK, "The save would touch more records than Salesforce allows at once."),
    # Salesforce: nothing of this kind can be saved, every row would fail the same way
    "INVALID_FIELD": Outcome(
        _STOP, "A mapped field is not in the org. Deploy the generated metadata, or correct the spec."
    ),
    "INVALID_FIELD_FOR_INSERT_UPDATE": Outcome(
        _STOP, "The integration user may not write a mapped field. Assign its permission set."
    ),
    "INVALID_TYPE": Outcome(_STOP, "A mapped object is not in the org, or the integration user may not see it."),
    "NOT_FOUND": Outcome(
        _STOP, "The address or the external ID field is not in the org. Deploy the generated metadata."
    ),
    "MALFORMED_QUERY": Outcome(_STOP, "The org does not understand a query of this version."),
    "INVALID_SESSION_ID": Outcome(_STOP, "The login was refused again right after it was renewed."),
    "API_DISABLED_FOR_ORG": Outcome(_STOP, "The org or the integration user has no API access."),
    "API_CURRENTLY_DISABLED": Outcome(_STOP, "API access is switched off for now."),
    "REQUEST_LIMIT_EXCEEDED": Outcome(
        _STOP, "The org's API calls of the day are used up. The next run goes on where this one ended."
    ),
    "STORAGE_LIMIT_EXCEEDED": Outcome(_STOP, "The org's storage is full."),
    "TWIN_UNSUPPORTED": Outcome(_STOP, "The local twin does not do this; its ledger names it."),
    "METHOD_NOT_ALLOWED": Outcome(_STOP, "The address does not know this method."),
    "INVALID_TYPE_FOR_OPERATION": Outcome(_STOP, "The org does not save objects of this kind over this API."),
    "FUNCTIONALITY_NOT_ENABLED": Outcome(_STOP, "A feature that the mapping needs is not switched on in the org."),
    "UNSUPPORTED_API_VERSION": Outcome(_STOP, "The org does not speak the spec's API version."),
    "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": Outcome(_STOP, "The integration user's password has expired."),
    "EXCEEDED_QUOTA": Outcome(_STOP, "The org's allowance for this is used up."),
    "QUERY_TOO_COMPLICATED": Outcome(_STOP, "The org refuses a query as too complicated: too many formula fields."),
    "InvalidBatch": Outcome(
        _STOP, "The org does not understand the columns of a bulk job. Deploy the generated metadata."
    ),
    "ExceededQuota": Outcome(
        _STOP, "The org's bulk jobs of the day are used up. The next run goes on where this one ended."
    ),
    # either system: an answer without a code, such as a proxy's or an edge's, goes by its status. None of them ends a run: what is
    # refused as a whole is told apart by halves, and what befalls everybody ends it there
    "HTTP_300": Outcome(_PARK, "Several records answer to this key. Merge them, then redrive."),
    "HTTP_304": Outcome(_REBASE, "The record is as it was when it was read last."),
    "HTTP_400": Outcome(_PARK, "What was sent is not understood, and nothing says why."),
    "HTTP_401": Outcome(_PARK, "This is refused although the login was renewed just before."),
    "HTTP_403": Outcome(
        _PARK, "Something on the way, such as a firewall, or the system itself does not let this through."
    ),
    "HTTP_404": Outcome(_PARK, "There is nothing at this address."),
    "HTTP_405": Outcome(_PARK, "The address does not know this method."),
    "HTTP_409": Outcome(_REBASE, "The record was changed in the meantime."),
    "HTTP_410": Outcome(_PARK, "What was at this address is gone for good."),
    "HTTP_412": Outcome(_REBASE, "The record was changed in the meantime."),
    "HTTP_413": Outcome(_PARK, "What was sent is too large."),
    "HTTP_414": Outcome(_PARK, "The address is too long. This is an error of the sync."),
    "HTTP_415": Outcome(_PARK, "What was sent is not taken in this form. This is an error of the sync."),
    "HTTP_420": Outcome(_RETRY, "The edge before Salesforce does not know for a moment where the org is."),
    "HTTP_422": Outcome(_PARK, "What was sent is understood and not taken, and nothing says why."),
    "HTTP_428": Outcome(_PARK, "The request has to name the version that it is about. This is an error of the sync."),
    "HTTP_429": Outcome(_RETRY, "Fewer requests are asked for."),
    "HTTP_431": Outcome(_PARK, "The address or the headers are too long. This is an error of the sync."),
    "HTTP_500": Outcome(_RETRY, "The system failed inside; it gives no reason."),
    "HTTP_502": Outcome(_RETRY, "The edge before the system had no answer from it."),
    "HTTP_503": Outcome(_RETRY, "The system was not available for a moment."),
    # CLM
    "revision_mismatch": Outcome(_REBASE, "The agreement was changed in the CLM in the meantime."),
    "insufficient_storage": Outcome(_STOP, "The CLM's disk is full. Nothing was lost; make room there and run again."),
    "rate_limited": Outcome(_RETRY, "The CLM asks for fewer requests."),
    "unavailable": Outcome(_RETRY, "The CLM was not available for a moment."),
    "not_found": Outcome(_PARK, "The CLM does not have this agreement any more."),
    "illegal_transition": Outcome(_PARK, "The CLM's lifecycle does not allow this move."),
    "approval_pending": Outcome(_PARK, "An approval in the CLM is still open."),
    "signature_pending": Outcome(_PARK, "The signature in the CLM is not complete."),
    "unknown_person": Outcome(_PARK, "The CLM does not know this person."),
    "invalid": Outcome(_PARK, "The CLM does not take this value."),
    "read_only_field": Outcome(_PARK, "The CLM does not let this field be set from outside."),
    "approval_closed": Outcome(_PARK, "The approval in the CLM is over; it takes no further answer."),
    "milestone_open": Outcome(_PARK, "A milestone in the CLM is still open."),
    "notice_given": Outcome(_PARK, "Notice was given in the CLM already."),
    "notice_too_late": Outcome(_PARK, "The CLM's notice period is over."),
    "obligation_settled": Outcome(_PARK, "The obligation in the CLM is settled already."),
    "malformed_json": Outcome(_STOP, "The CLM cannot read what it is sent. This is an error of the sync."),
    "unsupported_media_type": Outcome(_STOP, "The CLM does not take what it is sent in this form."),
    "too_large": Outcome(_PARK, "The CLM does not take a change of this size."),
    "unauthorized": Outcome(_STOP, "The CLM refused the login again right after it was renewed."),
    "acting_user_needed": Outcome(_STOP, "The CLM asks whom the sync acts as. Name a user in `clm.as_user`."),
    "method_not_allowed": Outcome(_STOP, "The address does not know this method."),
    "invalid_cursor": Outcome(
        _STOP, "The CLM does not know the stored position in its change feed. It may have been reset."
    ),
    "invalid_limit": Outcome(_STOP, "The CLM refuses the page size."),
}


def _read_further() -> Iterator[tuple[str, Outcome]]:
    """Lines of `action: reason`, each followed by the codes it is for, further in."""
    outcome = None
    for line in resources.files("clmkit.clients").joinpath("further_codes.txt").read_text("utf-8").splitlines():
        if line.startswith(" ") and outcome is not None:
            yield from ((code, outcome) for code in line.split())
        elif line and not line.startswith("#"):
            action, reason = line.split(": ", 1)
            outcome = Outcome(Action(action), reason)


OUTCOMES = dict(_read_further()) | OUTCOMES

UNKNOWN = Outcome(_PARK, "The code is not in the table of outcomes; a person must look.")

MISSING_PARENT = Outcome(_PARK, "The related record is not in Salesforce.")
TOO_MANY_AT_ONCE = Outcome(_RETRY, "Too many long requests run in the org at the same time.")

NEWER_THERE = Outcome(_REBASE, "Salesforce already holds a newer revision than this one.")
NOT_THE_INTEGRATION = Outcome(
    _STOP,
    "The org takes the sync for a person: the trigger guards refuse what only the integration user may write. Assign its"
    " permission set.",
)
NOT_PUBLISHED = Outcome(_RETRY, "The org could not publish the change event of this save.")

INCOMPLETE_REQUEST = Outcome(_PARK, "A contract request in Salesforce lacks what the CLM needs to write the contract.")
NOT_RENEWED = Outcome(_PARK, "The org could not save the renewal opportunities of this save.")

GOVERNOR_LIMIT = Outcome(
    _RETRY, "Automation in the org went over a governor limit; fewer rows at once may stay below it."
)

SECOND_MEANINGS: dict[tuple[str, str], Outcome] = {
    ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "CLM_STALE:"): NEWER_THERE,
    ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "CLM_OWNED:"): NOT_THE_INTEGRATION,
    ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "CLM_KEYED:"): NOT_THE_INTEGRATION,
    ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "CLM_NOT_PUBLISHED:"): NOT_PUBLISHED,
    ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "CLM_INCOMPLETE:"): INCOMPLETE_REQUEST,
    ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "CLM_NOT_RENEWED:"): NOT_RENEWED,
    ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "System.LimitException"): GOVERNOR_LIMIT,
    ("CANNOT_EXECUTE_FLOW_TRIGGER", "System.LimitException"): GOVERNOR_LIMIT,
    ("INVALID_FIELD", "Foreign key external ID"): MISSING_PARENT,
    ("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests"): TOO_MANY_AT_ONCE,
}
"""Codes that mean something else when their text says so."""


def outcome_of(code: str, message: str = "") -> Outcome:
    """What to do about a code; a few codes have a second meaning that only the text tells."""
    for (second, text), outcome in SECOND_MEANINGS.items():
        if code == second and text in message:
            return outcome
    return OUTCOMES.get(code, UNKNOWN)
