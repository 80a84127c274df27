"""Conditional requests.

Source: "Conditional Request Headers" (REST API Developer Guide): If-Modified-Since and If-Unmodified-Since with HTTP dates, to the
second; If-Match and If-None-Match with the ETag that accounts, and only accounts, have. A value that is none is refused with 400
when the request would change something, and counts for nothing otherwise, as HTTP has it. ASSUMED: codes and texts of the refusals.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from orgtwin.errors import SalesforceError
from orgtwin.http.message import Request

_TAGS = re.compile(r'\s*(?:W/)?"([^"]*)"\s*(?:,|$)')
_PACKED = "--gzip"
_READING = ("GET", "HEAD")


def etag_of(request: Request, content: bytes) -> str:
    """The tag of a record's content; it says whether the answer may be packed."""
    packed = _PACKED if "gzip" in request.headers.get("accept-encoding", "") else ""
    return f'"{b64encode(hashlib.sha256(content).digest()).decode()}{packed}"'


def already_has(request: Request, tag: str) -> bool:
    """True when the caller names the tag as one it has: 304 for a request that reads."""
    return _names(request, "if-none-match", tag)


def require_match(request: Request, tag: str) -> None:
    """Raises 412 when the record is not one that the caller means, or, for a change, is one that it does not mean."""
    is_another = "if-match" in request.headers and not _names(request, "if-match", tag)
    if is_another or (request.method not in _READING and already_has(request, tag)):
        raise _failed("The record does not have one of the given ETags")


def _names(request: Request, header: str, tag: str) -> bool:
    text = request.headers.get(header)
    if text is None:
        return False
    if text.strip() == "*":
        return True
    tags = _TAGS.findall(text)
    if not tags and request.method not in _READING:
        raise _invalid(header, text, "an ETag")
    return _bare(tag) in [_bare(one) for one in tags]


def _bare(tag: str) -> str:
    return tag.strip('"').removesuffix(_PACKED)


def _invalid(header: str, text: str, kind: str) -> SalesforceError:
    return SalesforceError("INVALID_HEADER", f"{header}: {text} is not {kind}")


def _failed(text: str) -> SalesforceError:
    return SalesforceError("PRECONDITION_FAILED", text, status=412)


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
        raise _failed("The record was modified after the given date")


def _date(request: Request, header: str) -> datetime | None:
    text = request.headers.get(header)
    if text is None:
        return None
    try:
        asked = parsedate_to_datetime(text)
    except ValueError as error:
        if request.method in _READING:
            return None
        raise _invalid(header, text, "an HTTP date") from error
    return asked if asked.tzinfo else asked.replace(tzinfo=UTC)
