"""What a CLM tells and takes, in the sync's terms; `clmkit.connectors` speaks to one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from clmkit.clients.errors import Unexpected

CLIENT_NAME = "clmkit"

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ClmCredentials:
    client_id: str
    client_secret: str = field(repr=False)
    as_user: str = ""
    """Whom the client acts as, where the CLM asks for that."""


def current(credentials: ClmCredentials | Callable[[], ClmCredentials]) -> ClmCredentials:
    return credentials() if callable(credentials) else credentials


class Change(msgspec.Struct, frozen=True):
    """One event of the feed. `agreement` is the agreement as it was after the change."""

    event_id: str
    sequence: int
    type: str
    agreement_id: str
    revision: int
    occurred_at: str
    actor: str
    agreement: JsonObject


class Unread(msgspec.Struct, frozen=True):
    """An event of the feed that does not read, by what it names; `agreement_id` is empty when it does not even name one."""

    event_id: str
    agreement_id: str
    reason: str


async def whole(agreements: AsyncIterator[JsonObject | Unread]) -> AsyncIterator[JsonObject]:
    """The agreements, for what is worth nothing without every one of them. Raises Unexpected where one does not read."""
    async for one in agreements:
        if isinstance(one, Unread):
            raise Unexpected(f"Agreement {one.event_id} does not read, and all of them are needed here: {one.reason}")
        yield one


class ChangePage(msgspec.Struct, frozen=True):
    changes: list[Change]
    cursor: str
    more: bool
    unread: list[Unread] = []
