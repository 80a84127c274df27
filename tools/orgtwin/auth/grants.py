"""What the org has handed out and will take back: authorization codes and refresh tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from orgtwin.auth.refusal import refusal
from orgtwin.auth.sessions import RandomText
from orgtwin.organization import Clock

# "OAuth 2.0 Web Server Flow": the code is valid for 15 minutes and once.
_CODE_LIFETIME = timedelta(minutes=15)
_CODE_LENGTH = 64
_REFRESH_LENGTH = 87
_DOOR_LENGTH = 64


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """Bound to the client, the address it came back to, and the PKCE challenge, if there was one."""

    user_id: str
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str | None
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class RefreshToken:
    user_id: str
    client_id: str
    scopes: tuple[str, ...]


class Grants:
    """Codes and refresh tokens of one org, in memory."""

    def __init__(self, clock: Clock, random: RandomText) -> None:
        self._clock = clock
        self._random = random
        self._codes: dict[str, AuthorizationCode] = {}
        self._refresh: dict[str, RefreshToken] = {}
        self._doors: dict[str, str] = {}

    def issue_code(
        self, user_id: str, client_id: str, redirect_uri: str, scopes: tuple[str, ...], challenge: str | None
    ) -> str:
        code = "aPrx" + self._random(_CODE_LENGTH)
        self._codes[code] = AuthorizationCode(user_id, client_id, redirect_uri, scopes, challenge, self._clock())
        return code

    def redeem_code(self, code: str, client_id: str, redirect_uri: str, verifier: str | None) -> AuthorizationCode:
        """A code counts once, for the client and address it was made for. Raises invalid_grant."""
        found = self._codes.pop(code, None)
        if found is None or found.client_id != client_id:
            raise refusal("wrong_code")
        if self._clock() - found.issued_at > _CODE_LIFETIME:
            raise refusal("expired_code")
        if found.redirect_uri != redirect_uri:
            raise refusal("wrong_redirect")
        if found.challenge is not None and not _verifies(found.challenge, verifier):
            raise refusal("wrong_verifier")
        return found

    def issue_refresh_token(self, user_id: str, client_id: str, scopes: tuple[str, ...]) -> str:
        token = "5Aep861" + self._random(_REFRESH_LENGTH)
        self._refresh[token] = RefreshToken(user_id, client_id, scopes)
        return token

    def get_refresh_token(self, token: str, client_id: str) -> RefreshToken:
        """Raises invalid_grant for a token that is unknown, revoked, or another client's."""
        found = self._refresh.get(token)
        if found is None or found.client_id != client_id:
            raise refusal("expired_refresh_token")
        return found

    def find_refresh_token(self, token: str) -> RefreshToken | None:
        return self._refresh.get(token)

    def revoke_refresh_token(self, token: str) -> RefreshToken | None:
        return self._refresh.pop(token, None)

    def issue_door(self, user_id: str) -> str:
        """A one-time password that opens the front door for a user."""
        door = self._random(_DOOR_LENGTH)
        self._doors[door] = user_id
        return door

    def redeem_door(self, door: str) -> str | None:
        """The user a one-time password was made for; None when it was never made or is used up."""
        return self._doors.pop(door, None)


def _verifies(challenge: str, verifier: str | None) -> bool:
    """PKCE with S256 (RFC 7636)."""
    digest = hashlib.sha256((verifier or "").encode()).digest()
    expected = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(expected, challenge)
