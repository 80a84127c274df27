"""Sessions: opaque access tokens, who they stand for, and when they end.

A token is `<org id>!<random text>`. The sf CLI and CumulusCI read the org id in front of the exclamation mark and refuse tokens
that look like a JWT. A session ends after a time without use ("Modify Session Security Settings", Salesforce Help: two hours by
default; an app's policy may say otherwise), when it is revoked, or when its user is deactivated. Sessions outlive a restart of a
twin that keeps its org, by the fingerprints of their tokens.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from orgtwin.auth.book import AuthBook, fingerprint
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


_KIND = "session"
_KEPT_EVERY = timedelta(minutes=5)  # how exactly the book knows when a session was last used
_REST_SCOPES = frozenset({"api", "full", "web"})


@dataclass(slots=True)
class Session:
    """One access token. `kind` tells how it came to be: ClientCredentials, JwtBearer, WebServer, Refresh, Admin.

    `family` is that of the refresh token that the session came with or from; `timeout` None is the org's. `token` is empty after a
    restart until its bearer shows it again.
    """

    token: str
    user_id: str
    client_id: str | None
    scopes: tuple[str, ...]
    kind: str
    issued_at: datetime
    last_used: datetime
    family: str | None = None
    timeout: timedelta | None = None

    @property
    def may_call_apis(self) -> bool:
        return not _REST_SCOPES.isdisjoint(self.scopes)


@dataclass(frozen=True, slots=True)
class SessionTerms:
    """What a session is issued with besides its user."""

    client_id: str | None = None
    scopes: tuple[str, ...] = ("full",)
    kind: str = "Admin"
    family: str | None = None
    timeout: timedelta | None = None


class SessionStore:
    """All sessions of one org."""

    def __init__(
        self,
        org_id: str,
        clock: Clock,
        settings: Mapping[str, object],
        random: RandomText,
        book: AuthBook | None = None,
    ) -> None:
        self._org_id = org_id
        self._clock = clock
        self._settings = settings
        self._random = random
        self._book = book or AuthBook()
        self._by_token: dict[str, Session] = {}
        self._restored = self._restore()
        self._told: dict[str, datetime] = {}

    def _restore(self) -> dict[str, Session]:
        """The sessions of the book that may still be alive; the others go."""
        found = self._book.restored(_KIND, lambda text: msgspec.json.decode(text, type=Session))
        now, longest = self._clock(), max(SESSION_TIMEOUTS.values())
        dead = [key for key, session in found.items() if now - session.last_used > (session.timeout or longest)]
        for key in dead:
            del found[key]
            self._book.drop(_KIND, key)
        return found

    def follow(self, settings: Mapping[str, object]) -> None:
        """Take the timeout from these settings from now on."""
        self._settings = settings

    @property
    def timeout(self) -> timedelta:
        return SESSION_TIMEOUTS[str(self._settings.get(_TIMEOUT_SETTING, "TwoHours"))]

    def ends_at(self, session: Session) -> datetime:
        """When a session ends unless it is used before."""
        return session.last_used + (session.timeout or self.timeout)

    def issue(self, user_id: str, client_id: str | None, scopes: tuple[str, ...], kind: str) -> Session:
        """A new session of a user."""
        return self.open(user_id, SessionTerms(client_id, scopes, kind))

    def open(self, user_id: str, terms: SessionTerms) -> Session:
        """A new session of a user on these terms."""
        now = self._clock()
        token = f"{self._org_id}!{self._random(_TOKEN_LENGTH)}"
        session = Session(
            token, user_id, terms.client_id, terms.scopes, terms.kind, now, now, terms.family, terms.timeout
        )
        self._by_token[token] = session
        self._keep(session)
        return session

    def find(self, token: str) -> Session | None:
        """The live session of a token; using it keeps it alive."""
        session = self._by_token.get(token) or self._recognize(token)
        if session is None:
            return None
        now = self._clock()
        if now - session.last_used > (session.timeout or self.timeout):
            self.revoke(token)
            return None
        session.last_used = now
        if now - self._told[token] > _KEPT_EVERY:
            self._keep(session)
        return session

    def peek(self, token: str) -> Session | None:
        """As `find`, but looking does not count as use."""
        session = self._by_token.get(token) or self._recognize(token)
        return session if session and self._clock() <= self.ends_at(session) else None

    def revoke(self, token: str) -> bool:
        """End a session; False when there was none."""
        session = self._by_token.pop(token, None) or self._recognize(token)
        if session is None:
            return False
        self._by_token.pop(token, None)
        self._told.pop(token, None)
        self._book.drop(_KIND, fingerprint(token))
        return True

    def revoke_family(self, family: str) -> None:
        """End the sessions that came with a refresh token or from it."""
        for token in [token for token, session in self._by_token.items() if session.family == family]:
            self.revoke(token)
        for key in [key for key, session in self._restored.items() if session.family == family]:
            del self._restored[key]
            self._book.drop(_KIND, key)

    def revoke_where(self, is_gone: Callable[[str], bool]) -> None:
        """End the sessions of some users."""
        for token in [token for token, session in self._by_token.items() if is_gone(session.user_id)]:
            self.revoke(token)
        for key in [key for key, session in self._restored.items() if is_gone(session.user_id)]:
            del self._restored[key]
            self._book.drop(_KIND, key)

    def revoke_all(self) -> int:
        """End every session, as an administrator or a named fault does."""
        ended = len(self._by_token) + len(self._restored)
        for token in list(self._by_token):
            self.revoke(token)
        for key in self._restored:
            self._book.drop(_KIND, key)
        self._restored.clear()
        return ended

    def live(self) -> tuple[Session, ...]:
        return (*self._by_token.values(), *self._restored.values())

    def _keep(self, session: Session) -> None:
        self._told[session.token] = session.last_used
        self._book.put(_KIND, fingerprint(session.token), replace(session, token=""))

    def _recognize(self, token: str) -> Session | None:
        """A session from before the restart, whose token is only now seen again."""
        session = self._restored.pop(fingerprint(token), None) if self._restored else None
        if session is not None:
            session.token = token
            self._by_token[token] = session
            self._told[token] = session.last_used
        return session
