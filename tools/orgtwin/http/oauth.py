"""/services/oauth2, /id and the front door: sign-in over HTTP.

Source: "OAuth Endpoints", "Identity URLs", "OpenID Connect User Info Endpoint", "Token Introspection" and "Revoke OAuth Tokens"
(Salesforce Help). The org shows no login page: an authorization request is approved at once, for the administrator or for the user
named in login_hint (ASSUMED: stands in for a person at the login page).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime
from urllib.parse import urlencode

from orgtwin.auth.apps import Flow
from orgtwin.auth.flows import Granted, TokenRequest, grant_token, require_client
from orgtwin.auth.grants import RefreshToken
from orgtwin.auth.refusal import refusal
from orgtwin.auth.sessions import Session
from orgtwin.auth.users import UserRecord, find_by_id, find_by_username
from orgtwin.errors import SalesforceError
from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.routing import Door, Envelope, Handler, Route

_HTML = "text/html;charset=UTF-8"
_PKCE_METHOD = "S256"


def identity_url(request: Request, user_id: str) -> str:
    return f"{request.base_url}/id/{request.org.org_id}/{user_id}"


def _token_request(request: Request) -> TokenRequest:
    return TokenRequest({**request.query, **request.form}, request.base_url, request.remote_address, _basic(request))


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise refusal("wrong_secret") from error
    return client_id, secret


def token(request: Request) -> Response:
    """POST /services/oauth2/token: every flow ends here."""
    asked = _token_request(request)
    granted = grant_token(request.twin.auth, asked)
    return json_response(_token_answer(request, granted, asked.client_secret))


def _token_answer(request: Request, granted: Granted, secret: str | None) -> dict[str, object]:
    """The signature is made with the secret that the client showed: the org keeps none. Without one there is no signature, as in
    the answer to an assertion."""
    session = granted.session
    identity = identity_url(request, session.user_id)
    issued_at = str(int(session.issued_at.timestamp() * 1_000))
    answer: dict[str, object] = {
        "access_token": session.token,
        **({"signature": _signature(secret, identity, issued_at)} if secret else {}),
        "scope": " ".join(session.scopes),
        "instance_url": request.base_url,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued_at,
    }
    if granted.refresh_token is not None:
        answer["refresh_token"] = granted.refresh_token
    return answer


def _signature(secret: str, identity: str, issued_at: str) -> str:
    """HMAC-SHA256 over id and issued_at with the app's secret, so that the app can tell the identity URL was not changed."""
    return base64.b64encode(
        hmac.new(secret.encode(), (identity + issued_at).encode(), hashlib.sha256).digest()
    ).decode()


def authorize(request: Request) -> Response:
    """GET /services/oauth2/authorize: sends the browser back with a code."""
    asked = {**request.query, **request.form}
    app = request.twin.auth.apps.get(asked.get("client_id", ""))
    redirect_uri = asked.get("redirect_uri", "")
    if redirect_uri not in app.callback_urls:
        raise refusal("wrong_redirect")
    if asked.get("response_type") != "code" or Flow.WEB_SERVER not in app.flows:
        return _send_back(
            redirect_uri, asked, error="unsupported_response_type", error_description="response type not supported"
        )
    if asked.get("code_challenge_method", _PKCE_METHOD) != _PKCE_METHOD:
        return _send_back(
            redirect_uri, asked, error="invalid_request", error_description="invalid code challenge method"
        )
    if app.needs_challenge and not asked.get("code_challenge"):
        return _send_back(
            redirect_uri, asked, error="invalid_request", error_description="missing required code challenge"
        )
    user = find_by_username(request.org, asked.get("login_hint") or request.twin.admin_username)
    if user is None or not user.active:
        return _send_back(redirect_uri, asked, error="access_denied", error_description="end-user denied authorization")
    scopes = tuple(asked["scope"].split()) if asked.get("scope") else app.scopes
    code = request.twin.auth.grants.issue_code(
        user.user_id, app.client_id, redirect_uri, scopes, asked.get("code_challenge")
    )
    return _send_back(redirect_uri, asked, code=code)


def _send_back(redirect_uri: str, asked: dict[str, str], **values: str) -> Response:
    if "state" in asked:
        values["state"] = asked["state"]
    separator = "&" if "?" in redirect_uri else "?"
    return Response(302, headers=(("Location", f"{redirect_uri}{separator}{urlencode(values)}"),))


def revoke(request: Request) -> Response:
    """Ends an access token at once, or a refresh token with all access tokens that came of it."""
    value = {**request.query, **request.form}.get("token", "")
    auth = request.twin.auth
    if auth.sessions.revoke(value):
        return Response(200)
    token = auth.grants.revoke_refresh_token(value)
    if token is not None:
        auth.sessions.revoke_family(token.family)
        return Response(200)
    raise SalesforceError("invalid_token", "token was invalid (already expired or revoked)")


def introspect(request: Request) -> Response:
    """Tells a client about its own tokens, or about all where the app may; others are said not to be active."""
    app = require_client(request.twin.auth, _token_request(request))
    value = request.form.get("token", "")
    session = request.twin.sessions.peek(value)
    if session is not None and (app.introspects_all or session.client_id == app.client_id):
        ends_at = request.twin.sessions.ends_at(session)
        return json_response(_about(request, "access_token", session, session.issued_at, ends_at))
    token = request.twin.auth.grants.find_refresh_token(value)
    if token is not None and (app.introspects_all or token.client_id == app.client_id):
        return json_response(_about(request, "refresh_token", token, token.issued_at, None))
    return json_response({"active": False})


def _about(
    request: Request, kind: str, held: Session | RefreshToken, issued_at: datetime, ends_at: datetime | None
) -> dict[str, object]:
    user = find_by_id(request.org, held.user_id)
    moment = int(issued_at.timestamp())
    return {
        "active": True,
        "scope": " ".join(held.scopes),
        "client_id": held.client_id,
        "username": user.username if user else None,
        "sub": identity_url(request, held.user_id),
        "token_type": kind,
        **({"exp": int(ends_at.timestamp())} if ends_at is not None else {}),
        "iat": moment,
        "nbf": moment,
    }


def _signed_in(request: Request) -> tuple[Session, UserRecord] | Response:
    """The session and its user, or the short 403 that the identity services answer."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    given = value.strip() if scheme.lower() in ("bearer", "oauth") else request.query.get("oauth_token", "")
    if not given:
        return Response(403, b"Missing_OAuth_Token", _HTML)
    session = request.twin.sessions.find(given)
    user = find_by_id(request.org, session.user_id) if session else None
    if session is None or user is None:
        return Response(403, b"Bad_OAuth_Token", _HTML)
    return session, user


def userinfo(request: Request) -> Response:
    """OpenID Connect's view of the user."""
    found = _signed_in(request)
    if isinstance(found, Response):
        return found
    session, user = found
    return json_response(
        {
            "sub": identity_url(request, session.user_id),
            "user_id": user.user_id,
            "organization_id": request.org.org_id,
            "preferred_username": user.username,
            "nickname": user.alias,
            "name": user.name,
            "email": user.email,
            "email_verified": True,
            "given_name": user.first_name,
            "family_name": user.last_name,
            "zoneinfo": user.time_zone,
            "photos": {},
            "profile": f"{request.base_url}/{user.user_id}",
            "urls": _urls(request, user.user_id),
            "active": user.active,
            "user_type": user.user_type.upper(),
            "language": user.language,
            "locale": user.locale,
            "utcOffset": 0,
        }
    )


def identity(request: Request) -> Response:
    """GET /id/<org>/<user>: the identity URL that every token answer names."""
    found = _signed_in(request)
    if isinstance(found, Response):
        return found
    session, user = found
    if (
        session.user_id[:15] != request.params["user_id"][:15]
        or request.org.org_id[:15] != request.params["org_id"][:15]
    ):
        return Response(403, b"Bad_Id", _HTML)
    return json_response(
        {
            "id": identity_url(request, user.user_id),
            "asserted_user": True,
            "user_id": user.user_id,
            "organization_id": request.org.org_id,
            "username": user.username,
            "nick_name": user.alias,
            "display_name": user.name,
            "email": user.email,
            "email_verified": True,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "timezone": user.time_zone,
            "urls": _urls(request, user.user_id),
            "active": user.active,
            "user_type": user.user_type.upper(),
            "language": user.language,
            "locale": user.locale,
            "utcOffset": 0,
            "is_app_installed": True,
        }
    )


def _urls(request: Request, user_id: str) -> dict[str, str]:
    """Addresses with {version} left for the client to fill in."""
    root = request.base_url
    org_id = request.org.org_id
    return {
        "enterprise": f"{root}/services/Soap/c/{{version}}/{org_id}",
        "metadata": f"{root}/services/Soap/m/{{version}}/{org_id}",
        "partner": f"{root}/services/Soap/u/{{version}}/{org_id}",
        "rest": f"{root}/services/data/v{{version}}/",
        "sobjects": f"{root}/services/data/v{{version}}/sobjects/",
        "search": f"{root}/services/data/v{{version}}/search/",
        "query": f"{root}/services/data/v{{version}}/query/",
        "recent": f"{root}/services/data/v{{version}}/recent/",
        "tooling_soap": f"{root}/services/Soap/T/{{version}}/{org_id}",
        "tooling_rest": f"{root}/services/data/v{{version}}/tooling/",
        "profile": f"{root}/{user_id}",
        "custom_domain": root,
    }


def single_access(request: Request) -> Response:
    """A one-time address that opens the org in a browser without a login page ("Generate a Frontdoor URL", Salesforce Help)."""
    once = request.twin.auth.grants.issue_door(request.caller.user_id)
    return json_response({"frontdoor_uri": f"{request.base_url}/secur/frontdoor.jsp?otp={once}&startURL=%2F"})


def front_door(request: Request) -> Response:
    """The twin has no pages; whoever is let in is told so."""
    auth = request.twin.auth
    by_session = auth.sessions.find(request.query.get("sid", "")) is not None
    if not by_session and auth.grants.redeem_door(request.query.get("otp", "")) is None:
        return Response(302, headers=(("Location", f"{request.base_url}/?ec=302"),))
    page = "<!doctype html><title>orgtwin</title><p>Signed in. This org has an API and no pages.</p>"
    return Response(200, page.encode(), _HTML)


def _oauth(method: str, name: str, handler: Handler) -> Route:
    return Route(method, f"/services/oauth2/{name}", handler, Door.OPEN, Envelope.OAUTH)


ROUTES = (
    _oauth("POST", "token", token),
    _oauth("GET", "authorize", authorize),
    _oauth("POST", "authorize", authorize),
    _oauth("POST", "revoke", revoke),
    _oauth("GET", "revoke", revoke),
    _oauth("POST", "introspect", introspect),
    Route("GET", "/services/oauth2/userinfo", userinfo, Door.OPEN),
    Route("POST", "/services/oauth2/userinfo", userinfo, Door.OPEN),
    Route("GET", "/services/oauth2/singleaccess", single_access),
    Route("POST", "/services/oauth2/singleaccess", single_access),
    Route("GET", "/id/{org_id}/{user_id}", identity, Door.OPEN),
    Route("GET", "/secur/frontdoor.jsp", front_door, Door.OPEN),
)
