"""The keys that the CLM signs its calls with, replaced while calls come in: nothing is restarted, no call is lost.

    keys = DoorKeys("standard", read, clock)
    if await keys.refresh(): ...                     # the key that signs is another one: the CLM has to be told

The references are read again while the sync follows. The first key signs as soon as the CLM was told it; until then the one that it
was told before counts. One that was replaced counts for `OVERLAP` seconds more: the CLM may have signed with it just before.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from clmkit.clients.errors import WireError
from clmkit.connectors.description import Hmac
from clmkit.connectors.signatures import is_genuine
from clmkit.secrets.freshness import kept_fresh
from clmkit.sync.config import ConfigError, SyncConfig, WebhookConfig
from clmkit.sync.doorbell import HOOK_NAME, listening
from clmkit.sync.engine import Engine
from clmkit.sync.lockout import Door, end_lockout, keeper, note_lockout

OVERLAP = 300.0
"""As long as a call of Standard Webhooks counts after it was signed."""
LOOK_EVERY = 30.0
PUBLIC_KEY_EVERY = 600.0
"""Seconds between looks at a key that the CLM publishes: each is a call."""
REPLACED = "webhook key replaced"
UNKNOWN_KEY = (
    "Calls to the webhook's address are signed with a key that is not known here, or come from strangers. Nothing is lost: the"
    " CLM's feed is read all the same, only later."
)
NAME_KEY = "none: name the key that the CLM signs with in `webhook.secrets`, beside the others; it is read within {every:.0f} s"


@dataclass(slots=True)
class DoorKeys:
    kind: str | Hmac
    read: Callable[[], Awaitable[tuple[str, ...]]]
    clock: Callable[[], float]
    current: tuple[str, ...] = field(default=(), repr=False)
    told: str = field(default="", repr=False)
    """What the CLM signs with, as far as it was told."""
    refused: int = 0
    """Calls that no key fitted, since this was looked at last."""
    _former: dict[str, float] = field(default_factory=dict, repr=False)
    """Keys that were replaced, and until when they count."""

    async def refresh(self) -> bool:
        """Whether the key that signs is another one than before. Raises what `read` raises."""
        found, now = await self.read(), self.clock()
        replaced = dict.fromkeys((one for one in self.current if one not in found), now + OVERLAP)
        self._former = {one: end for one, end in self._former.items() if end > now and one not in found} | replaced
        is_new, self.current = found[:1] != self.current[:1], found
        return is_new

    def note_told(self, key: str) -> None:
        """The CLM signs with this key from now on."""
        if self.told and self.told != key:
            self._former[self.told] = self.clock() + OVERLAP
        self.told = key

    def is_genuine(self, headers: Mapping[str, str], body: bytes) -> bool:
        now = self.clock()
        known = (*self.current, self.told, *(one for one, end in self._former.items() if end > now))
        is_known = is_genuine(self.kind, tuple(filter(None, known)), headers, body)
        self.refused += not is_known
        return is_known


@dataclass(slots=True)
class Registration:
    """That the CLM calls an address and signs with the key in force. A key that the CLM publishes is not told to it."""

    keys: DoorKeys
    engine: Engine
    url: str
    is_public: bool
    every: float

    async def register(self) -> None:
        """Raises WireError."""
        signing = "" if self.is_public else self.keys.current[0]
        await self.engine.clm.put_webhook(HOOK_NAME, self.url, signing)
        self.keys.note_told(signing)

    async def look(self) -> float:
        """Read the keys again, and tell the CLM of another one; seconds to the next look. Raises ConfigError, WireError."""
        self._tell_refused()
        await self.keys.refresh()
        if not self.is_public and self.keys.current[0] != self.keys.told:
            await self.register()
            with self.engine.state.transaction():
                self.engine.state.record(self.engine.now(), REPLACED, {"webhook": HOOK_NAME})
        return self.every

    def _tell_refused(self) -> None:
        refused, self.keys.refused = self.keys.refused, 0
        state = self.engine.state
        if refused:
            note_lockout(state, Door.CALLS, UNKNOWN_KEY, NAME_KEY.format(every=self.every), self.engine.now(), refused)
        else:
            end_lockout(state, Door.CALLS)


@asynccontextmanager
async def called_by_the_clm(
    config: SyncConfig,
    webhook: WebhookConfig,
    engine: Engine,
    interval: float,
    ring: Callable[[], None],
    heard: Callable[[Mapping[str, str]], None],
    tell: Callable[[str], None],
) -> AsyncIterator[None]:
    """Take the CLM's calls inside the block, and have it call.

    What keeps keys from being read is told. Raises OSError, WireError, ConfigError.
    """
    described = config.connector.webhooks
    is_public = described is not None and bool(described.key_path)

    async def read() -> tuple[str, ...]:
        if is_public:
            return (await engine.clm.read_webhook_key(),)
        return await asyncio.to_thread(config.read_webhook_secrets)

    keys = DoorKeys(described.signature if described is not None else "standard", read, engine.clock)
    await keys.refresh()
    async with listening(webhook, keys.is_genuine, ring, heard) as address:
        every = PUBLIC_KEY_EVERY if is_public else min(interval, LOOK_EVERY)
        registration = Registration(keys, engine, webhook.url or address, is_public, every)
        await registration.register()
        note = keeper(engine.state, Door.WEBHOOK_KEYS, engine.now)
        async with kept_fresh(registration.look, (ConfigError, WireError), tell, note=note):
            yield
