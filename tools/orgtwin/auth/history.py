"""Login history: every attempt to sign in, as "LoginHistory" (Object Reference) keeps it. No secret ever enters it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """`status` is "Success" or the refusal's text."""

    at: datetime
    user_id: str | None
    application: str
    login_type: str
    source_ip: str
    status: str


class LoginHistory:
    """The latest attempts, oldest first."""

    def __init__(self, attempts: Iterable[LoginAttempt] = ()) -> None:
        self._attempts: deque[LoginAttempt] = deque(attempts, maxlen=_KEPT)

    def add(self, attempt: LoginAttempt) -> None:
        self._attempts.append(attempt)

    def attempts(self) -> tuple[LoginAttempt, ...]:
        return tuple(self._attempts)
