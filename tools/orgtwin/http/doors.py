"""Who may come in: finds the session a request carries and makes it the caller.

Sources: "Session ID Authorization" (REST API Developer Guide), "Set Session Header" (Bulk API Developer Guide), "Call Options
Header" (REST API Developer Guide).
"""

from __future__ import annotations

import hmac
import re
from functools import lru_cache

from orgtwin.access.assignments import NO_RIGHTS, Rights
from orgtwin.auth.sessions import Session
from orgtwin.errors import SalesforceError
from orgtwin.http.message import Request
from orgtwin.http.routing import Door
from orgtwin.records.model import ACTIVE_RULE, Caller, DuplicateHeader

_API_ENABLED = "apienabled"
_DUPLICATE_HEADER_SINCE = 52.0
_OPTION = re.compile(r"(\w+)\s*=\s*(\w+)")
_IN_ENVELOPE = re.compile(rb"<(?:\w+:)?sessionId>\s*([^<\s]+)")
_CLIENT = re.compile(r"(?:^|,)\s*client\s*=\s*([^,]+)")


def open_door(door: Door, request: Request) -> None:
    """Let the request in or raise INVALID_SESSION_ID (401). Counts the call against the day's limit."""
    if door is Door.SESSION:
        require_session(request, _bearer(request))
    elif door is Door.BULK:
        require_session(request, session_token(request))
    elif door is Door.ADMIN:
        _require_admin(request)


def require_session(request: Request, token: str | None) -> None:
    """Admit the user of a session id, from wherever the surface carries it. Raises INVALID_SESSION_ID (401)."""
    session, rights = _find_session(request, token)
    if session is None:
        raise SalesforceError("INVALID_SESSION_ID", "Session expired or invalid", status=401)
    if not session.may_call_apis:
        raise SalesforceError("INVALID_SESSION_ID", "This session is not valid for use with the REST API", status=401)
    if _API_ENABLED not in rights.permissions:
        # The wording is the one that integration vendors quote of users without the permission.
        raise SalesforceError("API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.", status=403)
    request.admit(session, _caller(request, session))
    request.twin.usage.count(session.last_used)


def find_caller(request: Request, token: str) -> Caller | None:
    """The user of a session id, for surfaces that say no in words of their own; None when the session or the API is not theirs."""
    session, rights = _find_session(request, token)
    return _caller(request, session) if session and _API_ENABLED in rights.permissions else None


def _find_session(request: Request, token: str | None) -> tuple[Session | None, Rights]:
    """The live session of an active user, and what that user may do."""
    session = request.twin.sessions.find(token) if token else None
    if session is None:
        return None, NO_RIGHTS
    rights = request.org.access.rights(session.user_id)
    return (session if rights.is_active else None), rights


def _caller(request: Request, session: Session) -> Caller:
    headers = request.headers
    duplicates, options = headers.get("sforce-duplicate-rule-header"), headers.get("sforce-call-options")
    return _caller_of(
        session.user_id, request.api_version, options, duplicates, headers.get("sforce-auto-assign", "TRUE")
    )


@lru_cache
def _caller_of(user_id: str, api_version: float, options: str | None, duplicates: str | None, assigns: str) -> Caller:
    """What the headers of a request say of its caller."""
    client = _client_name(options) if options else None
    assignment = {"true": ACTIVE_RULE, "false": None}.get(assigns.lower(), assigns)
    if duplicates is None or api_version < _DUPLICATE_HEADER_SINCE:
        return Caller(user_id, client=client, api_version=api_version, assignment=assignment)
    return Caller(
        user_id,
        client=client,
        api_version=api_version,
        duplicate_header=_duplicate_header(duplicates),
        assignment=assignment,
    )


def _duplicate_header(text: str) -> DuplicateHeader:
    """`allowSave=true; includeRecordDetails=true; runAsCurrentUser=true`, each false when it is not said."""
    said = {name.lower(): value.lower() == "true" for name, value in _OPTION.findall(text)}
    return DuplicateHeader(
        said.get("allowsave", False), said.get("includerecorddetails", False), said.get("runascurrentuser", False)
    )


def session_token(request: Request) -> str | None:
    """The session id of a request, from either header."""
    return request.headers.get("x-sfdc-session") or _bearer(request)


def carried_session(request: Request) -> str | None:
    """The session id of a request on any surface: of a header, or of the header within a SOAP envelope."""
    token = session_token(request)
    found = None if token else _IN_ENVELOPE.search(request.body)
    return found[1].decode("ascii", "replace") if found else token


def _bearer(request: Request) -> str | None:
    return _token_of(request.headers.get("authorization", ""))


@lru_cache
def _token_of(authorization: str) -> str | None:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() in ("bearer", "oauth") else None


def _client_name(options: str) -> str | None:
    found = _CLIENT.search(options)
    return found.group(1).strip() if found else None


def _require_admin(request: Request) -> None:
    token = _bearer(request) or ""
    if not hmac.compare_digest(token.encode(), request.twin.admin_token.encode()):
        raise SalesforceError(
            "TWIN_ADMIN_REFUSED",
            "this address is the twin's own: send Authorization: Bearer with admin_token of the ready file",
            status=401,
        )
