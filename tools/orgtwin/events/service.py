"""Events of one org: what is captured and published, and what each subscriber may read.

    service = twin.events                          one an org; it hears every commit
    topic = service.require_topic("/data/ContractChangeEvent")
    batch = service.read(topic, caller, position, 100)      views and the position to read on from
    service.publish(caller, topic, rows)           at once, as the Pub/Sub API does

Source: "Change Data Capture Developer Guide", "Platform Events Developer Guide" ("Publish Behavior").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from orgtwin.allocations import DELIVERED_EVENTS, PUBLISHED_EVENTS, Allocations
from orgtwin.errors import SalesforceError
from orgtwin.events.bus import EventBus
from orgtwin.events.capture import OVERFLOW_THRESHOLD, capture
from orgtwin.events.channels import NONE, Channels, read_channels
from orgtwin.events.keeping import event_image, floor_image, images_of, place_image, read_images
from orgtwin.events.model import EMPTY_RECORD_ID, GAP_OF, Change, ChangeType, Event, Message, Transaction
from orgtwin.events.schemas import EventSchema, SchemaBook
from orgtwin.events.topics import Topic, find_topic, may_hear
from orgtwin.events.views import View, view
from orgtwin.faults.table import FaultTable
from orgtwin.metadata.component import ComponentStore
from orgtwin.org import Org
from orgtwin.records.kept_events import Images
from orgtwin.records.model import Caller, Row
from orgtwin.records.saving import Moment, Save
from orgtwin.records.table import CREATED_BY, CREATED_DATE, ID, RecordTable
from orgtwin.records.transactions import Change as Write
from orgtwin.records.transactions import Entry

_READ_AT_ONCE = 1_000
KEEPALIVE_SECONDS = 270.0
"""A subscription without events gets an empty answer this often. Source: the published .proto of the Pub/Sub API."""
_TOO_MANY_PUBLISHED = "The number of published platform event messages exceeded the hourly publishing limit"
"""ASSUMED text; the code is that of "Platform Event Error Status Codes" (Platform Events Developer Guide)."""
PUBLISH_AFTER_COMMIT = "PublishAfterCommit"
_STANDARD_AFTER_COMMIT = frozenset(("FlowOrchestrationEvent",))
"""ASSUMED: a publish of it counts as DML in public tests, as one with the commit does; its page does not say."""


def waits_for_commit(components: ComponentStore, event: str) -> bool:
    """Is it published with the commit, rather than at once?"""
    component = components.find("CustomObject", event)
    said = None if component is None else component.body.value("publishBehavior")
    return said == PUBLISH_AFTER_COMMIT or event in _STANDARD_AFTER_COMMIT


class NoSuchTopic(Exception):
    """There is no topic of that name."""


@dataclass(frozen=True, slots=True)
class Published:
    """What became of an event that a client published: its place in the stream, or why it has none."""

    replay_id: int | None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Events for one subscriber; `position` is where to read on, also beyond events that were not for this subscriber."""

    views: Sequence[View]
    position: int


class EventService:
    """`components` gives what is deployed now; `faults` what is armed."""

    def __init__(
        self,
        org: Org,
        components: Callable[[], ComponentStore],
        faults: Callable[[], FaultTable],
        allocations: Allocations,
        new_uuid: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self.org = org
        kept = read_images(org.kept_events.restored)
        self.bus = EventBus(org.clock, restored=kept.events, floor=kept.floor)
        self.schemas = SchemaBook()
        self._caller: Caller | None = None
        self._path = ""
        self.overflow_threshold = OVERFLOW_THRESHOLD
        self.keepalive_seconds = KEEPALIVE_SECONDS
        self.committed_replays = kept.places  # by managed subscription
        self._components = components
        self._faults = faults
        self._allocations = allocations
        self._new_uuid = new_uuid
        self._commit_number = kept.commit_number
        self._seen = -1
        self._channels = NONE
        self._publish_at_once = False
        self._uuids: dict[str, str] = {}
        self._sent: dict[str, int] = {}
        self._prepared: list[Event] = []
        if org.is_kept:
            org.kept_events.collect = self._collect
            org.keep_events([floor_image(self.bus.earliest)])
        org.kept_events.everything = self._everything
        org.log.on_commit(self.committed)
        org.hooks.publish_now.append(self._publish_now)
        org.hooks.join(Moment.BEFORE_TRIGGERS, self._count_published, lambda table: table.type.event)

    # ---- what goes out

    def begin_request(self, caller: Caller, path: str) -> None:
        """From here on changes are this request's: their events tell its user, API and client."""
        self._caller, self._path = caller, path
        if self._uuids:
            self._uuids = {}

    def leave_request(self) -> tuple[Caller | None, str, dict[str, str]]:
        """Whose changes they are, while the request is paused."""
        return self._caller, self._path, self._uuids

    def find_request(self, left: tuple[Caller | None, str, dict[str, str]]) -> None:
        """From here on changes are those of the request that was paused."""
        self._caller, self._path, self._uuids = left

    @property
    def channels(self) -> Channels:
        if self.org.version != self._seen:
            self._seen = self.org.version
            self._channels = read_channels(self._components(), self.org.schema)
        return self._channels

    def committed(self, entries: list[Entry]) -> None:
        """A transaction was committed; where there is a journal, it has just been written."""
        prepared, self._prepared = self._prepared, []
        for event in prepared if self.org.is_kept else self._events_of(entries):
            self.bus.tell(event)
            if isinstance(event.body, Change):
                for heard in self.org.hooks.change_told:
                    heard(event.body)

    def _collect(self, entries: Sequence[Entry]) -> Images:
        """What a commit is about to tell, for the journal."""
        self._prepared = self._events_of(entries)
        return [event_image(event) for event in self._prepared]

    def _everything(self) -> Images:
        return images_of(self.bus.earliest, self.bus.kept, self.committed_replays)

    def _events_of(self, entries: Sequence[Entry]) -> list[Event]:
        if not entries or self.org.log.is_unheard:
            return []
        captured = self.channels.captured
        events: list[Event] = []
        for entry in entries:
            if entry.change is Write.PUBLISHED:
                events.append(self.bus.place(self._message(entry.table, entry.row)))
                entry.table.write(entry.row, "ReplayId", str(events[-1].replay_id))
        if captured and any(entry.table.type.api_name in captured for entry in entries):
            changes = capture(entries, captured, self._transaction(), self.overflow_threshold)
            events += [self.bus.place(self._faulty(change)) for change in changes]
        return events

    def _tell_now(self, body: Change | Message) -> Event:
        """Into the stream, whatever becomes of the running transaction."""
        event = self.bus.place(body)
        self.org.keep_events([event_image(event)])
        self.bus.tell(event)
        return event

    def commit_place(self, subscription: str, replay_id: int) -> None:
        """A client of a managed subscription says how far it has come."""
        self.committed_replays[subscription] = replay_id
        self.org.keep_events([place_image(subscription, replay_id)])

    def expire(self) -> int:
        """Let every event pass out of the retention window; how many went."""
        count = self.bus.expire()
        self.org.keep_events([floor_image(self.bus.earliest)])
        return count

    def _transaction(self) -> Transaction:
        self._commit_number += 1
        caller = self._caller
        user_id = caller.user_id if caller else self.org.running_user_id
        origin = change_origin(caller, self._path) if caller else ""
        return Transaction(self._new_uuid(), self.org.now, self._commit_number, user_id, origin)

    def _faulty(self, change: Change) -> Change:
        """The change, or the gap that an armed fault makes of it."""
        faults = self._faults()
        if faults.is_empty or change.change_type not in GAP_OF:
            return change
        if faults.fires("event_overflow", change.entity):
            return overflow_of(change)
        if faults.fires("event_gap", change.entity):
            gap = GAP_OF[change.change_type]
            return Change(change.entity, gap, change.record_ids, change.transaction, change.sequence)
        return change

    def is_due(self, fault: str) -> bool:
        """Whether a fault of subscriptions is to strike now; it counts as fired then."""
        faults = self._faults()
        return not faults.is_empty and faults.fires(fault)

    def may_deliver(self, number: int) -> bool:
        """Count so many events as delivered; false, and nothing counted, when the day's deliveries are used up."""
        return not self.is_due("event_delivery_limit") and self._allocations[DELIVERED_EVENTS].take(number)

    def _count_published(self, save: Save) -> None:
        """Platform events count when they are published, by whatever API; what Apex tests publish does not."""
        if self.org.log.is_unheard:
            return
        allocation = self._allocations[PUBLISHED_EVENTS]
        for row in save.rows:
            if not allocation.take():
                row.refuse("LIMIT_EXCEEDED", _TOO_MANY_PUBLISHED)

    def send_gap(self, entity: str, change_type: ChangeType, record_ids: Sequence[str]) -> None:
        """A change that was made in the database itself, past every transaction ("Gap Events")."""
        user_id = self.org.automated_user_id
        self._commit_number += 1
        transaction = Transaction(self._new_uuid(), self.org.now, self._commit_number, user_id, "")
        self._tell_now(Change(entity, change_type, tuple(record_ids), transaction, 1))

    # ---- platform events

    def publish(self, caller: Caller, topic: Topic, rows: Sequence[Mapping[str, object]]) -> list[Published]:
        """Publish at once, whatever the publish behaviour of the event says; what became of each row, in order."""
        if not rows:
            return []
        self._caller = None  # what triggers save on the event is no change of an API
        self._sent = {}
        self._publish_at_once = True
        try:
            results = self.org.dml.insert(caller, topic.entity or "", rows)
        except SalesforceError as error:
            return [Published(None, error.message)] * len(rows)
        finally:
            self._publish_at_once = False
        return [
            Published(self._sent.get(result.record_id or ""), result.errors[0].message if result.errors else "")
            for result in results
        ]

    def uuid_of(self, publish_id: str) -> str:
        """The EventUuid of an event that this request published, by the id it was answered with; "" for others."""
        return self._uuids.get(publish_id, "")

    def _publish_now(self, table: RecordTable, row: Row) -> bool:
        given = table.reader("EventUuid")(row)  # Apex may have made it
        uuid = self._uuids[str(row[ID])] = self._new_uuid() if given is None else str(given)
        table.write(row, "EventUuid", uuid)
        if not self._publish_at_once and waits_for_commit(self._components(), table.type.api_name):
            return False
        if not self.org.log.is_unheard:
            event = self._tell_now(self._message(table, row))
            table.write(row, "ReplayId", str(event.replay_id))
            if self._publish_at_once:
                self._sent[str(row[ID])] = event.replay_id
        return True

    def _message(self, table: RecordTable, row: Row) -> Message:
        system = {"CreatedDate": row[CREATED_DATE], "CreatedById": row[CREATED_BY]}
        schema = self.schema(table.type.api_name)
        own = {name: value for name in schema.places if (value := table.reader(name)(row)) is not None}
        uuid = str(table.reader("EventUuid")(row))
        return Message(table.type.api_name, uuid, {**system, **own})

    # ---- what subscribers read

    def schema(self, entity: str) -> EventSchema:
        return self.schemas.of(self.org.schema, entity)

    def require_topic(self, name: str) -> Topic:
        """The topic of that name. Raises NoSuchTopic."""
        found = find_topic(self.org.schema, self.channels, name)
        if found is None:
            raise NoSuchTopic(name)
        return found

    def read(self, topic: Topic, caller: Caller, position: int, most: int) -> Batch:
        """At most `most` events of the topic that come after a position, as this caller sees them."""
        views: list[View] = []
        access = self.org.access
        while len(views) < most:
            events = self.bus.after(position, _READ_AT_ONCE)
            for event in events:
                position = event.replay_id
                entity = event.body.entity
                member = topic.member(entity)
                if member is None or self.org.schema.find_type(entity) is None or not may_hear(access, caller, entity):
                    continue
                seen = view(self.org, caller, member, event)
                if seen is not None:
                    views.append(seen)
                    if len(views) == most:
                        return Batch(views, position)
            if len(events) < _READ_AT_ONCE:
                break
        return Batch(views, position)


_APIS = (
    ("/services/Soap/", "soap"),
    ("/services/async/", "bulkapi"),
    ("/jobs/", "bulkapi"),  # ASSUMED: Bulk API 2.0 has the name of Bulk API
    ("/tooling/", "toolingrest"),
)


def change_origin(caller: Caller, path: str) -> str:
    """Which API and client made a change. Source: "ChangeEventHeader Fields" (Change Data Capture Developer Guide)."""
    api = next((name for part, name in _APIS if part in path), "rest")
    client = f";client={caller.client}" if caller.client else ""
    return f"com/salesforce/api/{api}/{caller.api_version:.1f}{client}"


def overflow_of(change: Change) -> Change:
    """The overflow event that stands for a change."""
    ids = (EMPTY_RECORD_ID,)
    return Change(change.entity, ChangeType.GAP_OVERFLOW, ids, change.transaction, change.sequence)
