"""The token endpoint's flows: from what a client sends to a session, or a refusal.

    client_credentials   the app's own user                    secret or signed assertion
    jwt-bearer           the user named in the assertion       signature of a registered certificate
    authorization_code   the user who approved in a browser    code, PKCE verifier, secret of a confidential client
    refresh_token        the user of the first sign-in         token, secret of a confidential client
    password             refused: blocked in new orgs

A flow finds out which app asks for which user (an Applicant); admission, the same for all flows, asks the app's policies.
Source: "OAuth Authorization Flows", "Manage OAuth Access Policies" (Salesforce Help).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orgtwin.auth.apps import ClientApp, Flow, RefreshEnd
from orgtwin.auth.assertion import read_assertion, require_genuine
from orgtwin.auth.authority import AuthorizationServer
from orgtwin.auth.grants import SpentToken
from orgtwin.auth.history import LoginAttempt
from orgtwin.auth.refusal import refusal
from orgtwin.auth.sessions import Session, SessionTerms
from orgtwin.auth.users import UserRecord, find_by_id, find_by_username
from orgtwin.errors import SalesforceError
from orgtwin.records.model import Value
from orgtwin.records.own_rows import store_own_row

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """The form a client posted. `basic` is its id and secret when they came in the Authorization header."""

    form: Mapping[str, str]
    base_url: str
    remote_address: str
    basic: tuple[str, str] | None = None

    @property
    def client_id(self) -> str:
        return self.form.get("client_id") or (self.basic[0] if self.basic else "")

    @property
    def client_secret(self) -> str | None:
        return self.form.get("client_secret") or (self.basic[1] if self.basic else None)


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who asks through which app. `family` is that of the refresh token behind it, `refresh_token` one that is handed out."""

    app: ClientApp
    user: UserRecord | None
    kind: str
    scopes: tuple[str, ...] = ()
    family: str | None = None
    refresh_token: str | None = None
    wants_refresh_token: bool = False


@dataclass(frozen=True, slots=True)
class Granted:
    """A session, for whom, through which app; `refresh_token` where the flow gives one."""

    session: Session
    user: UserRecord
    app: ClientApp
    refresh_token: str | None = None


def grant_token(server: AuthorizationServer, request: TokenRequest) -> Granted:
    """Run the flow that grant_type names. Every attempt enters the login history. Raises the OAuth refusals."""
    name = request.form.get("grant_type", "")
    flow = _FLOWS.get(name)
    if flow is None:
        raise refusal("unknown_grant")
    applicant: Applicant | None = None
    try:
        applicant = flow(server, request)
        granted = _admit(server, request, applicant)
    except SalesforceError as error:
        _remember(server, request, None, error.message)
        if applicant is not None and applicant.user is not None:
            _store(
                server, request, applicant.app, applicant.user, _STATUS.get(error.message, f"Failed: {error.message}")
            )
        raise
    _remember(server, request, granted.user.user_id, _SUCCESS)
    _store(server, request, granted.app, granted.user, _SUCCESS)
    return granted


_SUCCESS = "Success"
# What LoginHistory calls a refusal of the token endpoint. ASSUMED for those of an app's policies.
_STATUS = {"user is inactive": "User is Inactive", "ip restricted": "Restricted IP"}


def _store(server: AuthorizationServer, request: TokenRequest, app: ClientApp, user: UserRecord, status: str) -> None:
    """The attempt as a LoginHistory record, which queries see."""
    values: dict[str, Value] = {
        "UserId": user.user_id,
        "LoginTime": server.org.now,
        "LoginType": "Remote Access 2.0",  # ASSUMED for every flow; documented for OAuth in general
        "SourceIp": request.remote_address,
        "LoginUrl": request.base_url.partition("://")[2],
        "Status": status,
        "Application": app.name,
    }
    with server.org.transaction():
        store_own_row(server.org, "LoginHistory", values, user.user_id)


def _remember(server: AuthorizationServer, request: TokenRequest, user_id: str | None, status: str) -> None:
    server.history.add(
        LoginAttempt(
            server.org.clock(),
            user_id,
            request.client_id,
            request.form.get("grant_type", ""),
            request.remote_address,
            status,
        )
    )


def require_client(server: AuthorizationServer, request: TokenRequest) -> ClientApp:
    """The app that asks, having proved itself by secret or by signed assertion. Raises invalid_client(_id)."""
    signed = request.form.get("client_assertion")
    if signed and request.form.get("client_assertion_type") == _ASSERTION_TYPE:
        assertion = read_assertion(signed)
        app = server.apps.get(assertion.issuer)
        require_genuine(signed, assertion, app, server.org.clock(), _own_urls(request))
        return app
    app = server.apps.get(request.client_id)
    app.require_secret(request.client_secret)
    return app


def _own_urls(request: TokenRequest) -> tuple[str, ...]:
    return (request.base_url, f"{request.base_url}/services/oauth2/token")


def _admit(server: AuthorizationServer, request: TokenRequest, applicant: Applicant) -> Granted:
    """Ask the user's state and the app's policies, then open the session."""
    app, user = applicant.app, applicant.user
    app.require_open()
    if user is None:
        raise refusal("user_has_not_approved")
    if not user.active:
        raise refusal("inactive_user")
    app.require_approved(user.user_id)
    app.require_address(request.remote_address)
    asks_ranges = app.keeps_login_ranges and not (app.relaxes_refresh and applicant.kind == _REFRESHED)
    if asks_ranges and not server.external.admits_address(user, request.remote_address):
        raise refusal("ip_restricted")
    scopes = applicant.scopes or app.scopes
    refresh_token, family = applicant.refresh_token, applicant.family
    if applicant.wants_refresh_token and app.refresh.end is not RefreshEnd.AT_ONCE:
        refresh_token = server.grants.issue_refresh_token(user.user_id, app.client_id, scopes)
        found = server.grants.find_refresh_token(refresh_token)
        family = found.family if found is not None else None
    terms = SessionTerms(app.client_id, scopes, applicant.kind, family, app.session_timeout)
    return Granted(server.sessions.open(user.user_id, terms), user, app, refresh_token)


def _client_credentials(server: AuthorizationServer, request: TokenRequest) -> Applicant:
    app = require_client(server, request)
    app.require_flow(Flow.CLIENT_CREDENTIALS)
    if app.is_public and "client_assertion" not in request.form:
        raise refusal("wrong_secret")
    if app.run_as_user_id is None:
        raise refusal("no_run_as_user")
    return Applicant(app, find_by_id(server.org, app.run_as_user_id), "ClientCredentials")


def _jwt_bearer(server: AuthorizationServer, request: TokenRequest) -> Applicant:
    token = request.form.get("assertion", "")
    assertion = read_assertion(token)
    app = server.apps.get(assertion.issuer)
    app.require_flow(Flow.JWT_BEARER)
    require_genuine(token, assertion, app, server.org.clock(), _own_urls(request))
    user = find_by_username(server.org, assertion.subject)
    if user is not None and app.asks_users and not server.grants.has_approved(user.user_id, app.client_id):
        user = None
    return Applicant(app, user, "JwtBearer")


def _authorization_code(server: AuthorizationServer, request: TokenRequest) -> Applicant:
    app = require_client(server, request)
    app.require_flow(Flow.WEB_SERVER)
    form = request.form
    code = server.grants.redeem_code(
        form.get("code", ""), app.client_id, form.get("redirect_uri", ""), form.get("code_verifier")
    )
    server.grants.approve(code.user_id, app.client_id)
    wants = not {"refresh_token", "offline_access", "full"}.isdisjoint(code.scopes)
    user = find_by_id(server.org, code.user_id)
    return Applicant(app, user, "WebServer", code.scopes, wants_refresh_token=wants)


_REFRESHED = "Refresh"


def _refresh(server: AuthorizationServer, request: TokenRequest) -> Applicant:
    app = server.apps.get(request.client_id)
    if app.needs_secret_to_refresh or request.client_secret is not None:
        app = require_client(server, request)
    app.require_flow(Flow.REFRESH)
    presented = request.form.get("refresh_token", "")
    try:
        token, successor = server.grants.redeem_refresh_token(presented, app)
    except SpentToken as spent:
        server.sessions.revoke_family(spent.family)
        raise refusal("expired_refresh_token") from spent
    user = find_by_id(server.org, token.user_id)
    return Applicant(app, user, _REFRESHED, token.scopes, token.family, successor)


def _password(_server: AuthorizationServer, _request: TokenRequest) -> Applicant:
    raise refusal("no_password")


_FLOWS: Mapping[str, Callable[[AuthorizationServer, TokenRequest], Applicant]] = {
    Flow.CLIENT_CREDENTIALS: _client_credentials,
    Flow.JWT_BEARER: _jwt_bearer,
    Flow.WEB_SERVER: _authorization_code,
    Flow.REFRESH: _refresh,
    "password": _password,
}
