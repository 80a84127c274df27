"""What the org has handed out and will take back: authorization codes and refresh tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from orgtwin.auth.apps import ClientApp, RefreshEnd
from orgtwin.auth.book import AuthBook, fingerprint
from orgtwin.auth.refusal import refusal
from orgtwin.auth.sessions import RandomText
from orgtwin.organization import Clock

# "OAuth 2.0 Web Server Flow": the code is valid for 15 minutes and once.
_CODE_LIFETIME = timedelta(minutes=15)
_CODE_LENGTH = 64
_REFRESH_LENGTH = 87
_DOOR_LENGTH = 64
_FAMILY_LENGTH = 24


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
    """`family` is shared by the tokens that took each other's place; a `spent` one has given its place away."""

    user_id: str
    client_id: str
    scopes: tuple[str, ...]
    family: str
    issued_at: datetime
    last_used: datetime
    spent: bool = False


class SpentToken(Exception):
    """A refresh token that had given its place away was shown again: somebody else has it."""

    def __init__(self, family: str) -> None:
        super().__init__("a refresh token was used a second time")
        self.family = family


_REFRESH = "refresh"
_APPROVAL = "approval"


class Grants:
    """Codes, refresh tokens and approvals of one org. Refresh tokens are known by their fingerprints."""

    def __init__(self, clock: Clock, random: RandomText, book: AuthBook | None = None) -> None:
        self._clock = clock
        self._random = random
        self._book = book or AuthBook()
        self._codes: dict[str, AuthorizationCode] = {}
        self._doors: dict[str, str] = {}
        self._refresh = self._book.restored(_REFRESH, lambda text: msgspec.json.decode(text, type=RefreshToken))
        self._approvals = set(self._book.restored(_APPROVAL, bytes))

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

    # ---- refresh tokens

    def issue_refresh_token(self, user_id: str, client_id: str, scopes: tuple[str, ...]) -> str:
        """The first token of a new family; the user has approved the client with it."""
        now = self._clock()
        family = self._random(_FAMILY_LENGTH)
        self.approve(user_id, client_id)
        return self._hand_out(RefreshToken(user_id, client_id, scopes, family, now, now))

    def redeem_refresh_token(self, token: str, app: ClientApp) -> tuple[RefreshToken, str | None]:
        """The grant behind a token, and the token that takes its place where the app rotates.

        Raises invalid_grant for a token that is unknown, revoked, out of its time, or another client's; SpentToken, with the family
        revoked, for one that was replaced.
        """
        key = fingerprint(token)
        found = self._refresh.get(key)
        if found is None or found.client_id != app.client_id:
            raise refusal("expired_refresh_token")
        if found.spent:
            self.revoke_family(found.family)
            raise SpentToken(found.family)
        if self._is_over(found, app):
            self._drop(key)
            raise refusal("expired_refresh_token")
        used = replace(found, last_used=self._clock())
        if not app.refresh.rotates:
            self._keep(key, used)
            return used, None
        self._keep(key, replace(used, spent=True))
        return used, self._hand_out(used)

    def _is_over(self, token: RefreshToken, app: ClientApp) -> bool:
        now, policy = self._clock(), app.refresh
        since = {RefreshEnd.LIFETIME: token.issued_at, RefreshEnd.INACTIVITY: token.last_used}.get(policy.end)
        return policy.end is RefreshEnd.AT_ONCE or (since is not None and now - since > policy.after)

    def find_refresh_token(self, token: str) -> RefreshToken | None:
        """The live token, or None."""
        found = self._refresh.get(fingerprint(token))
        return None if found is None or found.spent else found

    def revoke_refresh_token(self, token: str) -> RefreshToken | None:
        """End a token and all of its family; what it was, or None when there was none."""
        found = self._refresh.get(fingerprint(token))
        if found is not None:
            self.revoke_family(found.family)
        return found

    def revoke_family(self, family: str) -> None:
        for key in [key for key, token in self._refresh.items() if token.family == family]:
            self._drop(key)

    def forget_users(self, is_gone: Callable[[str], bool]) -> None:
        """Take back all that some users were given or have approved."""
        for key in [key for key, token in self._refresh.items() if is_gone(token.user_id)]:
            self._drop(key)
        for approval in [approval for approval in self._approvals if is_gone(approval.partition(" ")[0])]:
            self._approvals.discard(approval)
            self._book.drop(_APPROVAL, approval)
        self._codes = {code: found for code, found in self._codes.items() if not is_gone(found.user_id)}
        self._doors = {door: user_id for door, user_id in self._doors.items() if not is_gone(user_id)}

    def _hand_out(self, token: RefreshToken) -> str:
        text = "5Aep861" + self._random(_REFRESH_LENGTH)
        self._keep(fingerprint(text), token)
        return text

    def _keep(self, key: str, token: RefreshToken) -> None:
        self._refresh[key] = token
        self._book.put(_REFRESH, key, token)

    def _drop(self, key: str) -> None:
        del self._refresh[key]
        self._book.drop(_REFRESH, key)

    # ---- approvals

    def approve(self, user_id: str, client_id: str) -> None:
        """Note that a user let a client act for them."""
        key = f"{user_id} {client_id}"
        if key not in self._approvals:
            self._approvals.add(key)
            self._book.put(_APPROVAL, key, True)

    def has_approved(self, user_id: str, client_id: str) -> bool:
        return f"{user_id} {client_id}" in self._approvals

    # ---- the front door

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
