"""/services/Soap/u and /c: the partner and enterprise APIs. login() where org and version have it; the rest is refused by name.

Source: "login()" (SOAP API Developer Guide): off by default in new orgs, not available from version 65.0. An org is told in Setup
who signs in with which password; a twin is told at /twin/admin/passwords. ASSUMED: the words for a version that has no login().
"""

from __future__ import annotations

from orgtwin.auth.users import UserRecord, find_by_username
from orgtwin.errors import SalesforceError, Unsupported
from orgtwin.http.message import Request, Response, no_content
from orgtwin.http.routing import Door, Envelope, Route
from orgtwin.http.soap_envelope import answer, read_envelope
from orgtwin.metadata.results import to_nodes
from orgtwin.metadata.xml import Node
from orgtwin.organization import Organization
from orgtwin.records.model import Value
from orgtwin.records.own_rows import store_own_row

_NAMESPACES = {"u": "urn:partner.soap.sforce.com", "c": "urn:enterprise.soap.sforce.com"}
_REFUSALS = {"u": Envelope.PARTNER, "c": Envelope.ENTERPRISE}
_LAST_VERSION = 64.0
_LOGIN_IS_OFF = (
    "SOAP API login() is disabled by default in this org. Contact the org administrator to enable SOAP API login()."
)
_LOGIN_IS_GONE = "SOAP API login() isn't available in API version 65.0 and later."
_WRONG = "Invalid username, password, security token; or user locked out."


class Passwords:
    """By user id, what a client sends as password, security token included. Nobody has one in a new org: login() is off."""

    def __init__(self, _org: Organization) -> None:
        self.by_user: dict[str, str] = {}


def call(request: Request) -> Response:
    _header, operation = read_envelope(request.body)
    if operation.tag == "login":
        return _login(request, operation)
    raise Unsupported("soap.partner", f"the SOAP operation {operation.tag}; use REST")


def _login(request: Request, operation: Node) -> Response:
    passwords = request.twin.part(Passwords).by_user
    if not passwords:
        raise SalesforceError("INVALID_OPERATION", _LOGIN_IS_OFF)
    if request.api_version > _LAST_VERSION:
        raise SalesforceError("INVALID_OPERATION", _LOGIN_IS_GONE)
    user = find_by_username(request.org, operation.value("username") or "")
    if user is None:
        raise SalesforceError("INVALID_LOGIN", _WRONG)
    genuine = user.active and passwords.get(user.user_id) == operation.value("password")
    _remember(request, user, "Success" if genuine else "Invalid Password")
    if not genuine:
        raise SalesforceError("INVALID_LOGIN", _WRONG)
    api = "c" if "/Soap/c/" in request.path else "u"
    return answer(_NAMESPACES[api], operation, to_nodes("result", _signed_in(request, user, api)))


def _signed_in(request: Request, user: UserRecord, api: str) -> dict[str, object]:
    """LoginResult in the order of the WSDL."""
    session = request.twin.sessions.issue(user.user_id, None, ("full",), "SOAP")
    place = f"{request.base_url}/services/Soap"
    tail = f"{request.api_version:.1f}/{request.org.org_id}"
    return {
        "metadataServerUrl": f"{place}/m/{tail}",
        "passwordExpired": False,
        "sandbox": False,
        "serverUrl": f"{place}/{api}/{tail}",
        "sessionId": session.token,
        "userId": user.user_id,
        "userInfo": {
            "organizationId": request.org.org_id,
            "profileId": user.profile_id,
            "sessionSecondsValid": round(request.twin.sessions.timeout.total_seconds()),
            "userEmail": user.email,
            "userFullName": user.name,
            "userId": user.user_id,
            "userLanguage": user.language,
            "userLocale": user.locale,
            "userName": user.username,
            "userTimeZone": user.time_zone,
            "userType": user.user_type,
        },
    }


def _remember(request: Request, user: UserRecord, status: str) -> None:
    org = request.twin.org
    values: dict[str, Value] = {
        "UserId": user.user_id,
        "LoginTime": org.now,
        "LoginType": "Other Apex API",
        "SourceIp": request.remote_address,
        "LoginUrl": request.base_url.partition("://")[2],
        "Status": status,
    }
    with org.transaction():
        store_own_row(org, "LoginHistory", values, user.user_id)


def set_passwords(request: Request) -> Response:
    """{"admin@orgtwin.example": "secret"}: who may sign in by SOAP login(), up to version 64.0; {} switches it off again."""
    known: dict[str, str] = {}
    for username, password in request.json_object().items():
        user = find_by_username(request.org, username)
        if user is None or not isinstance(password, str) or not password:
            raise SalesforceError("TWIN_BAD_REQUEST", f"{username}: no user of this org, or a password that is no text")
        known[user.user_id] = password
    request.twin.part(Passwords).by_user = known
    return no_content()


ROUTES = (
    *(
        Route("POST", f"/services/Soap/{api}/{{version}}{tail}", call, Door.SELF, refusal)
        for api, refusal in _REFUSALS.items()
        for tail in ("", "/{org_id}")
    ),
    Route("PUT", "/twin/admin/passwords", set_passwords, Door.ADMIN),
)
