"""Salesforce's event streams as a source: heard at once, taken in between rounds, position stored with the events.

    listening = Listening(spec, state, org, EventsConfig(...), ring)
    async with listening.open(): ...            # streams run and ring; `take` moves what they heard into the inbox

Streams put batches into a short queue and wait when it is full, which ends the flow of events at its source. `take` is called
between two rounds, when no write is under way: an echo of a write whose answer has not come yet would not be known as one.

Over gRPC where it can be, over CometD where gRPC is blocked (`transport`); a position of the one means nothing to the other. Where
a stream begins without a position, or lost it, or did not tell which records changed, Salesforce is looked at, because what
happened before is only in the records. A channel of change events tells a user nothing of objects of which they may not view all
records, and does not say so: such a topic counts as heard once it told something, and when looks find what the sync wrote and no
event did, that is an alert. Deliveries are counted: near the org's allowance of a day the streams end until the next
day, and looks go on alone.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import msgspec

from clmkit.clients import cometd
from clmkit.clients.errors import LoginFailed, Unreachable, WireError
from clmkit.clients.pubsub import Batch, Identity, PositionLost, open_subscriber
from clmkit.clients.salesforce import Session
from clmkit.clients.transport import Patience, open_session
from clmkit.mapping.model import Spec
from clmkit.sync.event_facts import Judge, default_topics, linked_ids
from clmkit.sync.inbox import Settled
from clmkit.sync.lockout import Door, end_lockout, note_lockout
from clmkit.sync.report import BY_EVENT, COME_BACK, Tally
from clmkit.sync.state import Link, State

LOG = logging.getLogger("clmkit.sync")
MOST_QUEUED = 64
FAILURES_BEFORE_COMETD = 2
BETWEEN_STREAMS = Patience(first=1.0, longest=60.0)
LOOK = "look"
"""The cursor that says why Salesforce has to be looked at."""
DELIVERIES = "deliveries"
MANAGED = "managed:"
"""Before the name of a managed subscription, where a topic is expected."""
CHANGE_EVENTS = "/data/"
MOST_UNTOLD = 3
"""Looks that found our own writes while no change event ever came: an event may be a little later than a look."""
UNTOLD = (
    "{topics} tells nothing, not even of what the sync itself wrote. Nothing is lost: looks go on alone. A channel tells a user"
    " only of objects of which they have View All Records."
)
TELL = "none: give the integration user View All Records on the objects of the channel, or leave `events.topics` out"
SILENCE = timedelta(hours=48)
"""After so long without a word from a managed subscription Salesforce is looked at: events are kept for 72 hours, and then the
subscription goes on elsewhere without saying so ("errorRecoveryReplay", ManagedEventSubscription, Metadata API Developer Guide).
"""


class EventsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`endpoint` is host:port of the Pub/Sub API. `deliveries_a_day` is the org's allowance, shared by all its subscribers.

    `managed` names ManagedEventSubscriptions that take the place of `topics`: the org keeps their position, over gRPC only.
    """

    endpoint: str = "api.pubsub.salesforce.com:7443"
    transport: str = "auto"  # grpc, cometd, auto
    topics: tuple[str, ...] = ()
    deliveries_a_day: int = 10_000
    deliveries_percent: float = 80.0
    look_every: float = 600.0
    managed: tuple[str, ...] = ()

    @property
    def most_deliveries(self) -> int:
        return int(self.deliveries_a_day * self.deliveries_percent / 100)


class HasSession(Protocol):
    async def session(self, *, renewed: bool = False) -> Session: ...


Streams = Callable[[str, str, bytes | None, bool], AsyncIterator[Batch]]
"""(transport, topic, position, whether the session was refused) -> batches."""


@dataclass(frozen=True, slots=True)
class Wire:
    """The real streams."""

    org: HasSession
    endpoint: str
    ca_bundle: Path | None

    async def listen(self, transport: str, topic: str, position: bytes | None, renewed: bool) -> AsyncIterator[Batch]:
        session = await self.org.session(renewed=renewed)
        if transport == "cometd":
            async with open_session(self.ca_bundle) as http:
                async for batch in cometd.listen(http, session, topic, position):
                    yield batch
            return
        identity = Identity(session.access_token, session.instance_url, session.org_id)
        async with open_subscriber(self.endpoint, identity, self.ca_bundle) as subscriber:
            managed = topic.startswith(MANAGED)
            stream = (
                subscriber.listen_managed(topic.removeprefix(MANAGED))
                if managed
                else subscriber.listen(topic, position)
            )
            async for batch in stream:
                yield batch


@dataclass(slots=True)
class _Heard:
    """One batch in the queue; `place` is the cursor of its position."""

    place: str
    batch: Batch


@dataclass(slots=True)
class Listening:
    spec: Spec
    state: State
    streams: Streams
    config: EventsConfig
    ring: Callable[[], None]
    now: Callable[[], str]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random
    patience: Patience = BETWEEN_STREAMS
    _queue: asyncio.Queue[_Heard] = field(default_factory=lambda: asyncio.Queue(MOST_QUEUED))
    _queued: int = 0
    """Events in the queue."""
    _over_cometd: set[str] = field(default_factory=set)
    _sure: set[str] = field(default_factory=set)
    """Topics whose stream is known to go on without a gap."""
    asks: int = 0
    """How often a look was asked for."""
    _has_told: bool = False
    """Whether any event came since the start."""
    _untold: int = 0
    _failure: BaseException | None = None
    _judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        self._judge = Judge(self.spec)

    @property
    def topics(self) -> tuple[str, ...]:
        managed = tuple(f"{MANAGED}{name}" for name in self.config.managed)
        return managed or self.config.topics or tuple(default_topics(self.spec))

    @property
    def is_sure(self) -> bool:
        """Whether every change is heard of, so that looks may be rare."""
        return self._sure >= set(self.topics) and not self.needs_look

    @property
    def needs_look(self) -> bool:
        return bool(self.state.get_cursor(LOOK))

    def looked(self, asks: int) -> None:
        """Salesforce was asked for everything that changed since `asks` looks were asked for. A look asked for meanwhile is due:
        what it is for may have happened after this one had read.
        """
        if self.needs_look and self.asks == asks:
            self._put(LOOK, "")

    def found_by_look(self) -> None:
        """A look found what the sync wrote."""
        deaf = [topic for topic in self.topics if topic.startswith(CHANGE_EVENTS)]
        self._untold += bool(deaf) and not self._has_told
        if self._untold == MOST_UNTOLD:
            note_lockout(self.state, Door.EVENTS, UNTOLD.format(topics=", ".join(deaf)), TELL, self.now())

    def transport_of(self, topic: str) -> str:
        is_cometd = topic in self._over_cometd or self.config.transport == "cometd"
        return "cometd" if is_cometd and not topic.startswith(MANAGED) else "grpc"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Hear inside the block."""
        tasks = [asyncio.create_task(self._follow(topic)) for topic in self.topics]
        for task in tasks:
            task.add_done_callback(self._note_end)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def take(self, tally: Tally) -> None:
        """Move what was heard into the inbox, together with the positions after it. Raises what ended a stream for good."""
        if self._failure is not None:
            raise self._failure
        waiting = [self._queue.get_nowait() for _ in range(self._queue.qsize())]
        if waiting:
            self._keep(waiting, tally)
        for _ in waiting:
            self._queue.task_done()

    def _keep(self, waiting: Sequence[_Heard], tally: Tally) -> None:
        records = [record for one in waiting for record in one.batch.records]
        heard = self._judge.judge(records, self.state.find_links_of_records(linked_ids(records)))
        with self.state.transaction():
            new = {event.event_id: event for event in self.state.inbox.add(heard.news, self.now())}
            echoes = [(new[one].sequence, reason) for one, reason in heard.settled.items() if one in new]
            self.state.inbox.settle(Settled(sequence, "unchanged", reason) for sequence, reason in echoes)
            self._bury([gone for event_id, gone in heard.deleted.items() if event_id in new])
            for one in waiting:
                self.state.put_cursor(one.place, one.batch.position.hex())
                self.state.put_cursor(_told_at(one.place), self.now())
            self._queued -= len(records)
            self.state.put_cursor(DELIVERIES, f"{self.now()[:10]} {self._deliveries_taken() + len(records)}")
            if heard.look:
                self._ask_look(heard.look)
        for commit in {one.place: one.batch.commit for one in waiting}.values():
            if commit is not None:
                commit()
        if records and not self._has_told:
            self._has_told = True
            end_lockout(self.state, Door.EVENTS)
        tally.events += len(echoes)
        tally.settle("unchanged", len(echoes))
        tally.echoes += len(echoes)
        back = [new[one] for one in heard.settled if one in new]
        tally.mark(COME_BACK, ((one.agreement_id, (one.sequence,)) for one in back), self.now(), self.now(), BY_EVENT)

    def _bury(self, gone: Sequence[tuple[Link, str]]) -> None:
        for link, at in gone:
            self.state.remove_link(link.object, link.key)
            body = {"object": link.object, "key": link.key, "record": link.record_id, "at": at}
            self.state.record(self.now(), "deleted in Salesforce", body)

    # ---- streams

    def _note_end(self, task: asyncio.Task[None]) -> None:
        """A stream that ends by a bug must not end in silence."""
        if not task.cancelled() and task.exception() is not None:
            self._failure = task.exception()
            self.ring()

    async def _follow(self, topic: str) -> None:
        """One topic, for ever: after an end of any kind the stream is opened again, later and later."""
        failures, refused = 0, False
        while True:
            if self._is_used_up():
                await self._rest(topic)
                continue
            try:
                async for batch in self._open_stream(topic, refused):
                    failures, refused = 0, False
                    await self._hear(topic, batch)
                    if self._is_used_up():
                        break
            except PositionLost as error:
                await self._queue.join()
                self._lose(topic, str(error))
            except WireError as error:
                failures, refused = failures + 1, isinstance(error, LoginFailed)
                self._sure.discard(topic)
                LOG.warning("%s is not heard over %s: %s", topic, self.transport_of(topic), error)
                self._try_other(topic, error, failures)
            await self._queue.join()  # the stored position is after what was heard only when that was taken
            await self.sleep(self.patience.wait(failures, self.chance()))

    def _open_stream(self, topic: str, refused: bool) -> AsyncIterator[Batch]:
        stored = self.state.get_cursor(self._place(topic))
        if not stored:
            self._lose(topic, "the stream begins now; what changed before is only in the records.")
        elif topic.startswith(MANAGED) and self._was_silent(topic):
            self._need_look(f"{topic} was silent for so long that the org may have gone on elsewhere.")
        return self.streams(self.transport_of(topic), topic, bytes.fromhex(stored) or None, refused)

    def _was_silent(self, topic: str) -> bool:
        told = self.state.get_cursor(_told_at(self._place(topic)))
        return not told or datetime.fromisoformat(self.now()) - datetime.fromisoformat(told) > SILENCE

    async def _hear(self, topic: str, batch: Batch) -> None:
        if topic not in self._sure and (batch.records or not topic.startswith(CHANGE_EVENTS)):
            self._sure.add(topic)
            if not self.state.get_cursor(self._place(topic)):
                self._need_look(f"{topic} is heard from now on; what changed until now is only in the records.")
        self._queued += len(batch.records)
        await self._queue.put(_Heard(self._place(topic), batch))
        self.ring()

    def _lose(self, topic: str, why: str) -> None:
        """What happened since the last position has to be read from the records."""
        self._sure.discard(topic)
        LOG.warning("%s: %s Salesforce is looked at.", topic, why)
        self._put(self._place(topic), "")
        self._need_look(why)
        self.ring()

    def _try_other(self, topic: str, error: WireError, failures: int) -> None:
        is_blocked = (
            isinstance(error, Unreachable) and failures >= FAILURES_BEFORE_COMETD and not topic.startswith(MANAGED)
        )
        if self.config.transport == "auto" and is_blocked and topic not in self._over_cometd:
            LOG.warning("The Pub/Sub API cannot be reached; %s comes over CometD from now on.", topic)
            self._over_cometd.add(topic)

    async def _rest(self, topic: str) -> None:
        if topic in self._sure:
            used, allowed = self._deliveries_taken() + self._queued, self.config.deliveries_a_day
            LOG.warning("%s: %d of the day's %d deliveries are used; looks go on alone.", topic, used, allowed)
            self._sure.discard(topic)
            self.ring()
        await self.sleep(self.patience.longest)

    def _is_used_up(self) -> bool:
        return self._deliveries_taken() + self._queued >= self.config.most_deliveries

    def _deliveries_taken(self) -> int:
        """Events taken today (UTC): what the org counts against its allowance."""
        day, _, count = self.state.get_cursor(DELIVERIES).partition(" ")
        return int(count) if day == self.now()[:10] else 0

    def _place(self, topic: str) -> str:
        return f"{self.transport_of(topic)}:{topic}"

    def _need_look(self, why: str) -> None:
        with self.state.transaction():
            self._ask_look(why)

    def _ask_look(self, why: str) -> None:
        """Call inside a transaction."""
        self.state.put_cursor(LOOK, why)
        self.asks += 1

    def _put(self, cursor: str, position: str) -> None:
        with self.state.transaction():
            self.state.put_cursor(cursor, position)


def _told_at(place: str) -> str:
    """The cursor that says when a stream was heard last."""
    return f"{place} at"
