"""That the sync is locked out somewhere, as everybody sees it: kept in the state, so that `clmkit sync alerts` tells whoever looks.

A source of secrets that is down, a token that ends, a key that the other system does not know, a right that is missing: each is one
lockout for as long as it lasts, however often it was met, with what ends it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable

import msgspec

from clmkit.secrets import SecretUnavailable
from clmkit.sync.state import State

REFUSED_LOGIN = (
    "none: the next login reads the secrets again; put the one that the system knows where the configuration refers to"
)


class Door(enum.Enum):
    """What a secret or a right is for."""

    LOGIN = "lockout:login"
    WEBHOOK_KEYS = "lockout:webhook keys"
    CALLS = "lockout:calls"
    EVENTS = "lockout:events"
    VAULT_TOKEN = "lockout:vault token"  # noqa: S105 - the name of a cursor


class Lockout(msgspec.Struct, frozen=True):
    """Met `count` times since a moment (ISO 8601, UTC)."""

    since: str
    count: int
    reason: str
    fix: str


def find_lockouts(state: State) -> list[Lockout]:
    return [found for door in Door if (found := find_lockout(state, door)) is not None]


def find_lockout(state: State, door: Door) -> Lockout | None:
    kept = state.get_cursor(door.value)
    return msgspec.json.decode(kept, type=Lockout) if kept else None


def note_lockout(state: State, door: Door, reason: str, fix: str, now: str, count: int = 1) -> None:
    known = find_lockout(state, door)
    since, before = (known.since, known.count) if known is not None else (now, 0)
    with state.transaction():
        kept = Lockout(since, before + count, reason, fix)
        state.put_cursor(door.value, msgspec.json.encode(kept).decode())


def end_lockout(state: State, door: Door) -> None:
    if state.get_cursor(door.value):
        with state.transaction():
            state.put_cursor(door.value, "")


def keeper(state: State, door: Door, now: Callable[[], str]) -> Callable[[Exception | None], None]:
    """Notes each trouble with a door, and with None that it is open."""

    def keep(trouble: Exception | None) -> None:
        if trouble is None:
            end_lockout(state, door)
        else:
            note_lockout(state, door, str(trouble), find_fix(trouble), now())

    return keep


def find_fix(trouble: BaseException) -> str:
    """The command that ends a trouble with a secret: what its source says, be it the cause of a cause."""
    cause: BaseException | None = trouble
    while cause is not None:
        if isinstance(cause, SecretUnavailable):
            return cause.fix
        cause = cause.__cause__
    return REFUSED_LOGIN
