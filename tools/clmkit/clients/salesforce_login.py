"""How the integration user gets an access token: client credentials or JWT bearer. Never a password, never SOAP login().

Source: "OAuth 2.0 Client Credentials Flow for Server-to-Server Integration", "OAuth 2.0 JWT Bearer Flow" (Salesforce Help).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

import msgspec

from clmkit.clients.errors import UNREADABLE, LoginFailed
from clmkit.clients.silence import silence
from clmkit.clients.transport import Transport, require_private, require_served

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - a path, not a secret
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_SECONDS = 180


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class JwtBearer:
    """`private_key` is PEM; the org's External Client App holds the certificate."""

    client_id: str
    username: str
    private_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A session that somebody else opened, such as the sf CLI or CumulusCI for a deploy; it cannot be renewed."""

    access_token: str = field(repr=False)


Login = ClientCredentials | JwtBearer | GivenToken


class Token(msgspec.Struct, frozen=True):
    """`id` is the identity address, https://login.salesforce.com/id/<org id>/<user id>; empty for a given token."""

    access_token: str
    instance_url: str
    id: str = ""


class _Refusal(msgspec.Struct, frozen=True):
    error: str
    error_description: str = ""


async def log_in(transport: Transport, url: str, login: Login, now: Callable[[], float] = time.time) -> Token:
    """A fresh token. Raises LoginFailed with the org's own words; Unreachable, also when the org is there and does not serve."""
    if isinstance(login, GivenToken):
        return Token(login.access_token, require_private(url))
    form = _form(url, login, now())
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    reply = await transport.send("token", "POST", url + TOKEN_PATH, headers=headers, body=urlencode(form).encode())
    require_served(url + TOKEN_PATH, reply)
    try:
        if reply.status == 200:
            token = msgspec.json.decode(reply.body, type=Token)
            return Token(token.access_token, require_private(token.instance_url))
        refusal = msgspec.json.decode(reply.body, type=_Refusal)
    except (*UNREADABLE, ValueError) as error:
        raise LoginFailed(
            f"{url}{TOKEN_PATH} answered {reply.status} with something that is no token answer: {error}"
        ) from error
    told = f"{refusal.error} {refusal.error_description}".strip()
    words = silence(told, (form.get("client_secret"), form.get("assertion")))
    raise LoginFailed(
        f"Salesforce at {url} refuses the client {login.client_id!r}: {words}. Check the credentials and the app's policy."
    )


def _form(url: str, login: ClientCredentials | JwtBearer, now: float) -> dict[str, str]:
    match login:
        case ClientCredentials(client_id, client_secret):
            return {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        case JwtBearer(client_id, username, private_key):
            import jwt  # with it comes all of cryptography, for which every start of the sync would wait

            claims = {"iss": client_id, "sub": username, "aud": url, "exp": int(now) + ASSERTION_SECONDS}
            return {"grant_type": JWT_GRANT, "assertion": jwt.encode(claims, private_key, algorithm="RS256")}
