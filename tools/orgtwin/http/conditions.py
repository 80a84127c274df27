"""Conditional requests.

Source: "Conditional Requests" (REST API Developer Guide): If-Modified-Since and If-Unmodified-Since with HTTP dates, to the second.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from orgtwin.errors import SalesforceError
from orgtwin.http.message import Request


def http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def unchanged_since(request: Request, modified: datetime) -> bool:
    """True when the caller already has what it asks for: 304."""
    asked = _date(request, "if-modified-since")
    return asked is not None and modified.replace(microsecond=0) <= asked


def require_unmodified(request: Request, modified: datetime) -> None:
    """Raises 412 when the record changed after the date the caller names."""
    asked = _date(request, "if-unmodified-since")
    if asked is not None and modified.replace(microsecond=0) > asked:
        # ASSUMED: code and text; the status is documented.
        raise SalesforceError("PRECONDITION_FAILED", "The record was modified after the given date", status=412)


def _date(request: Request, header: str) -> datetime | None:
    text = request.headers.get(header)
    if text is None:
        return None
    try:
        asked = parsedate_to_datetime(text)
    except ValueError as error:
        raise SalesforceError("INVALID_HEADER", f"{header}: {text} is not an HTTP date") from error
    return asked if asked.tzinfo else asked.replace(tzinfo=UTC)
