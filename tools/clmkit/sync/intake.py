"""Taking changes in: a page of the CLM's feed, a page of modified Salesforce records, and what an earlier run left unsettled.

An event is kept in the inbox together with the cursor that passed it, before anything is done about it: it can neither be
lost nor be taken twice. Salesforce has no event id here: the record, its SystemModstamp (whole seconds) and a digest of
its values make one. The high-water mark is read again with an overlap, because a long transaction shows its records later
than their SystemModstamp says.

A record that was deleted in Salesforce although the CLM owns it is made again: its link becomes a tombstone in the audit chain and
its agreement is read and written anew, with its children.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from clmkit.clients.clm import CLIENT_NAME, Change, ChangePage, Unread
from clmkit.clients.errors import Refused
from clmkit.mapping.model import ObjectMapping, Spec
from clmkit.sync.audit import digest
from clmkit.sync.claims import Claims
from clmkit.sync.decide import ABSENT
from clmkit.sync.feed import Feed
from clmkit.sync.inbox import DELETED_SOURCE, EVENT_SOURCE, REDRIVE_SOURCE, InboxEvent, Settled
from clmkit.sync.listening import Listening
from clmkit.sync.org_rows import OrgRow, read_changed, read_replicated
from clmkit.sync.ports import ClmSystem, Org
from clmkit.sync.report import BY_LOOK, COME_BACK, Tally
from clmkit.sync.rows import Agreement, is_echo, is_whole_agreement
from clmkit.sync.schedule import END_OF_TIME, Pace
from clmkit.sync.state import UNREAD, Link, Parked, State

CLM_SOURCE = "clm"
OVERLAP = timedelta(seconds=60)


@dataclass(slots=True)
class Work:
    """What is to be done about one agreement: its unsettled events, and what of it is already at hand."""

    agreement_id: str
    events: list[int] = field(default_factory=list)
    """Their places in the inbox."""
    agreement: Agreement | None = None
    own: Agreement | None = None
    """The agreement as our own last patch left it, when its event was read just now."""
    org_rows: dict[str, OrgRow] = field(default_factory=dict)
    reread: bool = False
    """Whether every row is to be read from Salesforce; otherwise those of the objects in `reread_of`."""
    reread_of: set[str] = field(default_factory=set)
    was_deleted: bool = False
    is_redriven: bool = False
    echoes: int = 0
    """Events that the CLM ascribes to this sync."""
    editors: set[str] = field(default_factory=set)
    """Users whom Salesforce's events name."""
    actors: set[str] = field(default_factory=set)
    """Whom the CLM's events name, empty for an event that names nobody."""
    due: set[str] = field(default_factory=set)
    """The latencies whose time has come."""
    has_held: bool = False
    """Whether events that waited for their time are among these."""

    def again(self) -> Work:
        """The same events, everything read anew."""
        return Work(
            self.agreement_id,
            self.events,
            reread=True,
            is_redriven=self.is_redriven,
            editors=self.editors,
            actors=self.actors,
            due=self.due,
            has_held=self.has_held,
        )

    def offer(self, agreement: Agreement, revision: int) -> None:
        known = self.agreement
        if known is None or int(str(known["revision"])) < revision:
            self.agreement = agreement


@dataclass(slots=True)
class Intake:
    spec: Spec
    state: State
    org: Org
    clm: ClmSystem
    page: int
    now: Callable[[], str]
    tally: Tally
    batch: int = 1
    looks: bool = True
    """Whether Salesforce is asked for what changed there."""
    reads: bool = True
    """Whether the feeds are read at all; otherwise only what the inbox already holds is taken."""
    listening: Listening | None = None
    claims: Claims | None = None
    """Where several workers share the state: who works on what."""
    pace: Pace = field(default_factory=Pace)
    looked_at: int = 0
    """Up to here every event is settled or held, as an earlier look has found."""
    joins: bool = False
    """Whether the first work is what an earlier run left together with what is new, which tells whose trouble it was."""
    asks: int = 0
    """How many looks were asked for (`Listening`) before Salesforce was read last."""
    _streams: dict[str, AsyncGenerator[OrgRow, None]] = field(default_factory=dict)
    """Salesforce's modified records that are still being read, by object mapping: one query serves many rounds."""
    _feed: Feed = field(init=False)

    def __post_init__(self) -> None:
        self._feed = Feed(self.clm, self.page)

    async def close(self) -> None:
        for stream in self._streams.values():
            await stream.aclose()

    async def take(self) -> dict[str, Work]:
        """The next work, by agreement; empty when both systems are quiet."""
        work: dict[str, Work] = {}
        if self.listening is not None:
            self.listening.take(self.tally)
        self._take_leftovers(work)
        self._take_due(work)
        if self.reads and (self.joins or not work) and (self.claims is None or self.claims.may_read()):
            await self._take_clm(work)
            self.asks = self.listening.asks if self.listening is not None else 0
            for mapping in self.spec.objects:
                if is_whole_agreement(mapping) and self.looks:
                    await self._take_salesforce(work, mapping)
        self.joins = False
        self._join_held(work)
        return work

    async def look(self) -> int:
        """Keep whatever is new in both systems, for whoever takes the leftovers. Returns how many events came."""
        before = self.state.inbox.last_sequence()
        more = True
        while more:
            more = await self._take_clm_page({})
        for mapping in self.spec.objects:
            more = is_whole_agreement(mapping)
            while more:
                await self._take_salesforce({}, mapping)
                more = mapping.name in self._streams
        return self.state.inbox.last_sequence() - before

    def _take_due(self, work: dict[str, Work]) -> None:
        """What waited for its time: all of it where nothing is scheduled any more."""
        now, most = self.now() if self.pace.is_scheduled else END_OF_TIME, max(self.page, self.batch)
        due = self.state.schedule.find_due(now, most, self.pace.windows)
        for event in self._mine(self.state.schedule.read_held(due)):
            work.setdefault(event.agreement_id, Work(event.agreement_id)).due |= due[event.agreement_id]

    def _join_held(self, work: dict[str, Work]) -> None:
        """The events that wait with an agreement are worked on with every change of it, so that none is settled unseen."""
        for event in self.state.schedule.read_held(work):
            item = work[event.agreement_id]
            self._add(item, event)
            item.has_held = True
            self.tally.events += 1

    def _add(self, item: Work, event: InboxEvent) -> None:
        """An event whose change is to be read afresh from its own side."""
        item.events.append(event.sequence)
        if event.source.startswith(EVENT_SOURCE):
            item.reread_of.add(event.source.removeprefix(EVENT_SOURCE))
            item.editors |= {event.actor} - {""}
        elif event.source == CLM_SOURCE:
            item.actors.add(event.actor)
        else:
            item.reread = True
        item.was_deleted |= event.source.startswith(DELETED_SOURCE)
        item.is_redriven |= event.source == REDRIVE_SOURCE

    def _take_leftovers(self, work: dict[str, Work]) -> None:
        """Events that nobody has worked on: of a run that ended early, from Salesforce's event streams, redriven ones.

        Their agreements are read afresh, so no copy of an agreement is kept on disk.
        """
        after, last = self.looked_at, self.state.inbox.last_sequence()
        while not work and (waiting := self.state.inbox.read_waiting(self.page, after)):
            after = waiting[-1].sequence
            for event in self._mine(waiting):
                item = work.setdefault(event.agreement_id, Work(event.agreement_id))
                self._add(item, event)
                item.reread |= event.source == CLM_SOURCE
                item.echoes += _is_echo_of_ours(event)
                self.tally.events += 1
        if not work and self.claims is None:
            self.looked_at = last

    def _mine(self, events: list[InboxEvent]) -> list[InboxEvent]:
        return events if self.claims is None else self.claims.take(events)

    async def _take_clm(self, work: dict[str, Work]) -> None:
        """The next page, and more until there is a batch of agreements; pages of repeated deliveries are passed over."""
        while await self._take_clm_page(work) and len(work) < self.batch:
            pass

    async def _take_clm_page(self, work: dict[str, Work]) -> bool:
        """Whether there is more."""
        after = self.state.get_cursor(CLM_SOURCE)
        page = await self._feed.read(after)
        has_news = bool(page.changes or page.unread) and self._keep_clm(work, page)
        self._feed.require_way_on(after, page, has_news=has_news)
        return page.more

    def _keep_clm(self, work: dict[str, Work], page: ChangePage) -> bool:
        """Whether anything of the page was not known."""
        changes = {change.event_id: change for change in page.changes}
        with self.state.transaction():
            new = self.state.inbox.add([_to_event(change) for change in page.changes], self.now())
            unread = self._keep_unread(page.unread) if page.unread else []
            self.state.put_cursor(CLM_SOURCE, page.cursor)
        mine = self._mine(new)
        self.tally.events += len(mine)
        for event in mine:
            item = work.setdefault(event.agreement_id, Work(event.agreement_id))
            item.events.append(event.sequence)
            item.actors.add(event.actor)
            agreement = changes[event.event_id].agreement
            item.offer(agreement, event.revision)
            if _is_echo_of_ours(event):
                item.echoes += 1
                item.own = agreement
        for event in self._mine(unread):
            item = work.setdefault(event.agreement_id, Work(event.agreement_id))
            item.events.append(event.sequence)
            item.agreement = None
            self.tally.events += 1
        return bool(new or unread)

    def _keep_unread(self, unread: Sequence[Unread]) -> list[InboxEvent]:
        """An event that does not read is as good as a ring: its agreement is read. One that names none waits for a person.

        Call inside a transaction. Returns the events to work on.
        """
        reasons = {one.event_id: one.reason for one in unread if not one.agreement_id}
        events = [InboxEvent(one.event_id, CLM_SOURCE, one.agreement_id or one.event_id, 0, "") for one in unread]
        new = self.state.inbox.add(events, self.now())
        mapping = next(one for one in self.spec.objects if is_whole_agreement(one))
        for event in (one for one in new if one.event_id in reasons):
            reason = (
                f"{reasons[event.event_id]}. The event names no agreement: `clmkit reconcile` finds what it changed."
            )
            place = (mapping.name, event.event_id, mapping.key.name, event.event_id)
            self.state.park([Parked(*place, UNREAD, "", reason, mapping.key.steward)], self.now())
            self.state.inbox.settle([Settled(event.sequence, "parked", reason)])
            self.tally.events += 1
            self.tally.settle("parked", 1)
        return [one for one in new if one.event_id not in reasons]

    async def _take_salesforce(self, work: dict[str, Work], mapping: ObjectMapping) -> None:
        source = f"salesforce:{mapping.name}"
        high_water = self.state.get_cursor(source)
        is_fresh = mapping.name not in self._streams
        if is_fresh:
            self._streams[mapping.name] = await self._open_stream(mapping, high_water)
        rows: dict[str, OrgRow] = {}
        async for row in self._streams[mapping.name]:
            rows[_event_id(mapping, row)] = row
            if row.modstamp > high_water and _has_come(row.modstamp, self.now()):
                high_water = row.modstamp
            if len(rows) >= self.page:
                break
        else:
            del self._streams[mapping.name]
        links = self.state.find_links(mapping.name, {row.key for row in rows.values()})
        news = {event_id: row for event_id, row in rows.items() if _is_news(row, links.get(row.key))}
        gone = f"{DELETED_SOURCE}{mapping.name}"
        events = [
            InboxEvent(event_id, gone if row.is_deleted else source, row.key, 0, "") for event_id, row in news.items()
        ]
        with self.state.transaction():
            new = self.state.inbox.add(events, self.now())
            self.state.put_cursor(source, high_water)
            busy = {event.agreement_id for event in new} & work.keys()
            echoes = [event for event in new if self._is_echo(mapping, event, news, links, busy)]
            self._settle_echoes(echoes)
        rest = self._mine([event for event in new if event not in echoes])
        with self.state.transaction():
            for event in rest:
                self._sort_out(work, mapping, event, news[event.event_id], is_fresh)
        self.tally.events += len(rest) + len(echoes)
        self._mark_back([*echoes, *rest])
        if echoes and self.listening is not None:
            self.listening.found_by_look()

    async def _open_stream(self, mapping: ObjectMapping, high_water: str) -> AsyncGenerator[OrgRow, None]:
        """What changed since the high-water mark. After events were missed the org's own record of changes is asked, where it
        reaches so far back.
        """
        is_net = self.listening is not None and self.listening.needs_look and bool(high_water)
        if not is_net:
            return read_changed(self.org, mapping, _overlapped(high_water))
        until = (datetime.fromisoformat(self.now()) + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        net = read_replicated(self.org, mapping, _overlapped(high_water), until, self._keys_of)
        try:
            first = await anext(net, None)
        except Refused as refused:
            if refused.code != "INVALID_REPLICATION_DATE":
                raise
            return read_changed(self.org, mapping, _overlapped(high_water))
        return _after(first, net)

    def _keys_of(self, record_ids: Iterable[str]) -> dict[str, str]:
        return {record_id: link.key for record_id, link in self.state.find_links_of_records(record_ids).items()}

    def _is_echo(
        self, mapping: ObjectMapping, event: InboxEvent, rows: dict[str, OrgRow], links: dict[str, Link], busy: set[str]
    ) -> bool:
        row = rows[event.event_id]
        is_free = not row.is_deleted and event.agreement_id not in busy
        return is_free and is_echo(mapping, links.get(row.key), row)

    def _settle_echoes(self, echoes: list[InboxEvent]) -> None:
        self.state.inbox.settle([Settled(one.sequence, "unchanged", "our own write came back") for one in echoes])
        self.tally.settle("unchanged", len(echoes))
        self.tally.echoes += len(echoes)

    def _mark_back(self, seen: Iterable[InboxEvent]) -> None:
        """Whatever was written before is in the rows that were seen just now, also where more than that has changed."""
        now = self.now()
        self.tally.mark(COME_BACK, ((one.agreement_id, (one.sequence,)) for one in seen), now, now, BY_LOOK)

    def _sort_out(
        self, work: dict[str, Work], mapping: ObjectMapping, event: InboxEvent, row: OrgRow, is_fresh: bool
    ) -> None:
        """A row that was read rounds ago may have changed since: read it again."""
        item = work.setdefault(event.agreement_id, Work(event.agreement_id))
        item.events.append(event.sequence)
        if row.is_deleted:
            self._bury(mapping, row)
            item.reread = item.was_deleted = True
        elif is_fresh:
            item.org_rows[mapping.name] = row
        else:
            item.reread = True

    def _bury(self, mapping: ObjectMapping, row: OrgRow) -> None:
        """Call inside a transaction."""
        self.state.remove_link(mapping.name, row.key)
        body = {"object": mapping.salesforce, "key": row.key, "record": row.record_id, "at": row.modstamp}
        self.state.record(self.now(), "deleted in Salesforce", body)


async def _after(first: OrgRow | None, rest: AsyncGenerator[OrgRow, None]) -> AsyncGenerator[OrgRow, None]:
    """The rows of a stream whose first one was read already."""
    if first is not None:
        yield first
    async for row in rest:
        yield row


def _is_news(row: OrgRow, link: Link | None) -> bool:
    """A deletion is news only of the very record that is linked: a record in the recycle bin may have a successor."""
    return not row.is_deleted or (link is not None and link.record_id == row.record_id)


def _is_echo_of_ours(event: InboxEvent) -> bool:
    return event.source == CLM_SOURCE and event.actor == CLIENT_NAME


def _to_event(change: Change) -> InboxEvent:
    return InboxEvent(change.event_id, CLM_SOURCE, change.agreement_id, change.revision, change.actor)


def _event_id(mapping: ObjectMapping, row: OrgRow) -> str:
    values = {name: None if value is ABSENT else str(value) for name, value in row.values.items()}
    kind = "deleted" if row.is_deleted else digest(values)
    return f"{mapping.salesforce}:{row.record_id}:{row.modstamp}:{kind}"


def _has_come(modstamp: str, now: str) -> bool:
    """Whether a look may go on from there: what tells no moment, or one to come, would leave the sync deaf until then."""
    try:
        moment = datetime.fromisoformat(modstamp)
    except ValueError:
        return False
    return moment.tzinfo is not None and moment <= datetime.fromisoformat(now) + OVERLAP


def _overlapped(high_water: str) -> str:
    """The high-water mark moved back; both in the form 2026-11-21T20:00:00.000+0000."""
    if not high_water:
        return ""
    moment = datetime.fromisoformat(high_water) - OVERLAP
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
