"""Refusals as RFC 9457 problem documents. One row per code: its status and title; `detail` says which value and what to do."""

from __future__ import annotations

import msgspec

PROBLEMS: dict[str, tuple[int, str]] = {
    "malformed_json": (400, "The body is not JSON"),
    "invalid_cursor": (400, "The cursor is not one this service gave"),
    "invalid_limit": (400, "The limit is out of range"),
    "unauthorized": (401, "A valid access token is needed"),
    "acting_user_needed": (403, "The request says for whom it is made"),
    "not_found": (404, "There is no such resource"),
    "method_not_allowed": (405, "The resource does not know this method"),
    "illegal_transition": (409, "The lifecycle does not allow this move"),
    "approval_pending": (409, "An approval is still open"),
    "approval_closed": (409, "The approval is not open"),
    "milestone_open": (409, "A milestone is not done"),
    "obligation_settled": (409, "The obligation is settled"),
    "notice_given": (409, "Notice was given before"),
    "notice_too_late": (409, "The notice comes too late"),
    "signature_pending": (409, "The envelope is not completed"),
    "fault_without_effect": (409, "The fault could not act on anything"),
    "revision_mismatch": (412, "The agreement has moved on"),
    "too_large": (413, "The body is too large"),
    "unsupported_media_type": (415, "The body's media type is not read here"),
    "invalid": (422, "The document is not valid"),
    "read_only_field": (422, "The field cannot be set this way"),
    "unknown_person": (422, "There is no such person"),
    "unknown_fault": (422, "There is no such fault"),
    "missing_columns": (422, "The file lacks columns"),
    "rate_limited": (429, "Too many requests"),
    "insufficient_storage": (507, "There is no room to keep this"),
    "unavailable": (503, "The service is not available"),
    "TWIN_UNSUPPORTED": (501, "This twin does not do that"),
}


class ProblemDocument(msgspec.Struct, frozen=True):
    type: str
    title: str
    status: int
    detail: str
    code: str


class Problem(Exception):
    """A refusal on its way to the client."""

    def __init__(self, code: str, detail: str, *, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.status, self.title = PROBLEMS[code]
        self.headers = headers

    def document(self) -> ProblemDocument:
        return ProblemDocument(
            type=f"https://clm.example.com/problems/{self.code}",
            title=self.title,
            status=self.status,
            detail=self.detail,
            code=self.code,
        )
