"""Sessions: opaque access tokens, who they stand for, and when they end.

A token is `<org id>!<random text>`. The sf CLI and CumulusCI read the org id in front of the exclamation mark and refuse tokens
that look like a JWT. A session ends after a time without use ("Modify Session Security Settings", Salesforce Help: two hours by
default), when it is revoked, or when its user is deactivated.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from orgtwin.organization import Clock

RandomText = Callable[[int], str]

_TOKEN_LENGTH = 96
_ALPHABET = string.ascii_letters + string.digits

# SecuritySettings.sessionSettings.sessionTimeout, "SecuritySettings" (Metadata API Developer Guide)
SESSION_TIMEOUTS = {
    "FifteenMinutes": timedelta(minutes=15),
    "ThirtyMinutes": timedelta(minutes=30),
    "SixtyMinutes": timedelta(hours=1),
    "TwoHours": timedelta(hours=2),
    "FourHours": timedelta(hours=4),
    "EightHours": timedelta(hours=8),
    "TwelveHours": timedelta(hours=12),
    "TwentyFourHours": timedelta(hours=24),
}
_TIMEOUT_SETTING = "SecuritySettings.sessionSettings.sessionTimeout"


def random_text(length: int) -> str:
    """Letters and digits that nobody can guess."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


@dataclass(slots=True)
class Session:
    """One access token. `kind` tells how it came to be: ClientCredentials, JwtBearer, WebServer, Refresh, Admin."""

    token: str
    user_id: str
    client_id: str | None
    scopes: tuple[str, ...]
    kind: str
    issued_at: datetime
    last_used: datetime


class SessionStore:
    """All sessions of one org. Tokens live in memory only: a twin that starts again has none of the old ones."""

    def __init__(self, org_id: str, clock: Clock, settings: Mapping[str, object], random: RandomText) -> None:
        self._org_id = org_id
        self._clock = clock
        self._settings = settings
        self._random = random
        self._by_token: dict[str, Session] = {}

    def follow(self, settings: Mapping[str, object]) -> None:
        """Take the timeout from these settings from now on."""
        self._settings = settings

    @property
    def timeout(self) -> timedelta:
        return SESSION_TIMEOUTS[str(self._settings.get(_TIMEOUT_SETTING, "TwoHours"))]

    def issue(self, user_id: str, client_id: str | None, scopes: tuple[str, ...], kind: str) -> Session:
        """A new session of a user."""
        now = self._clock()
        token = f"{self._org_id}!{self._random(_TOKEN_LENGTH)}"
        session = Session(token, user_id, client_id, scopes, kind, now, now)
        self._by_token[token] = session
        return session

    def find(self, token: str) -> Session | None:
        """The live session of a token; using it keeps it alive."""
        session = self._by_token.get(token)
        if session is None:
            return None
        now = self._clock()
        if now - session.last_used > self.timeout:
            del self._by_token[token]
            return None
        session.last_used = now
        return session

    def peek(self, token: str) -> Session | None:
        """As `find`, but looking does not count as use."""
        session = self._by_token.get(token)
        return session if session and self._clock() - session.last_used <= self.timeout else None

    def revoke(self, token: str) -> bool:
        """End a session; False when there was none."""
        return self._by_token.pop(token, None) is not None

    def revoke_all(self) -> int:
        """End every session, as an administrator or a named fault does."""
        ended = len(self._by_token)
        self._by_token.clear()
        return ended

    def live(self) -> tuple[Session, ...]:
        return tuple(self._by_token.values())
