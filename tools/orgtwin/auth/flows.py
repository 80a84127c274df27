"""The token endpoint's flows: from what a client sends to a session, or a refusal.

    client_credentials   the app's own user                    secret or signed assertion
    jwt-bearer           the user named in the assertion       signature of a registered certificate
    authorization_code   the user who approved in a browser    code, PKCE verifier, secret of a confidential client
    refresh_token        the user of the first sign-in         token, secret of a confidential client
    password             refused: blocked in new orgs

Source: "OAuth Authorization Flows" (Salesforce Help).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orgtwin.auth.apps import ClientApp, Flow
from orgtwin.auth.assertion import read_assertion, require_genuine
from orgtwin.auth.authority import AuthorizationServer
from orgtwin.auth.history import LoginAttempt
from orgtwin.auth.refusal import refusal
from orgtwin.auth.sessions import Session
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
    try:
        granted = flow(server, request)
    except SalesforceError as error:
        _remember(server, request, None, error.message)
        raise
    _remember(server, request, granted.user.user_id, "Success")
    _store(server, request, granted)
    return granted


def _store(server: AuthorizationServer, request: TokenRequest, granted: Granted) -> None:
    """The sign-in as a LoginHistory record, which queries see."""
    values: dict[str, Value] = {
        "UserId": granted.user.user_id,
        "LoginTime": server.org.now,
        "LoginType": "Remote Access 2.0",  # ASSUMED for every flow; documented for OAuth in general
        "SourceIp": request.remote_address,
        "LoginUrl": request.base_url.partition("://")[2],
        "Status": "Success",
        "Application": granted.app.name,
    }
    with server.org.transaction():
        store_own_row(server.org, "LoginHistory", values, granted.user.user_id)


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


def _admit(
    server: AuthorizationServer,
    request: TokenRequest,
    app: ClientApp,
    user: UserRecord | None,
    kind: str,
    scopes: tuple[str, ...] | None = None,
    refresh_token: str | None = None,
) -> Granted:
    if user is None:
        raise refusal("user_has_not_approved")
    if not user.active:
        raise refusal("inactive_user")
    app.require_approved(user.user_id)
    app.require_address(request.remote_address)
    session = server.sessions.issue(user.user_id, app.client_id, scopes or app.scopes, kind)
    return Granted(session, user, app, refresh_token)


def _client_credentials(server: AuthorizationServer, request: TokenRequest) -> Granted:
    app = require_client(server, request)
    app.require_flow(Flow.CLIENT_CREDENTIALS)
    if app.client_secret is None and "client_assertion" not in request.form:
        raise refusal("wrong_secret")
    if app.run_as_user_id is None:
        raise refusal("no_run_as_user")
    return _admit(server, request, app, find_by_id(server.org, app.run_as_user_id), "ClientCredentials")


def _jwt_bearer(server: AuthorizationServer, request: TokenRequest) -> Granted:
    token = request.form.get("assertion", "")
    assertion = read_assertion(token)
    app = server.apps.get(assertion.issuer)
    app.require_flow(Flow.JWT_BEARER)
    require_genuine(token, assertion, app, server.org.clock(), _own_urls(request))
    return _admit(server, request, app, find_by_username(server.org, assertion.subject), "JwtBearer")


def _authorization_code(server: AuthorizationServer, request: TokenRequest) -> Granted:
    app = require_client(server, request)
    app.require_flow(Flow.WEB_SERVER)
    form = request.form
    code = server.grants.redeem_code(
        form.get("code", ""), app.client_id, form.get("redirect_uri", ""), form.get("code_verifier")
    )
    refresh_token = None
    if "refresh_token" in code.scopes or "full" in code.scopes:
        refresh_token = server.grants.issue_refresh_token(code.user_id, app.client_id, code.scopes)
    user = find_by_id(server.org, code.user_id)
    return _admit(server, request, app, user, "WebServer", code.scopes, refresh_token)


def _refresh(server: AuthorizationServer, request: TokenRequest) -> Granted:
    app = require_client(server, request)
    app.require_flow(Flow.REFRESH)
    token = server.grants.get_refresh_token(request.form.get("refresh_token", ""), app.client_id)
    return _admit(server, request, app, find_by_id(server.org, token.user_id), "Refresh", token.scopes)


def _password(_server: AuthorizationServer, _request: TokenRequest) -> Granted:
    raise refusal("no_password")


_FLOWS: Mapping[str, Callable[[AuthorizationServer, TokenRequest], Granted]] = {
    Flow.CLIENT_CREDENTIALS: _client_credentials,
    Flow.JWT_BEARER: _jwt_bearer,
    Flow.WEB_SERVER: _authorization_code,
    Flow.REFRESH: _refresh,
    "password": _password,
}
