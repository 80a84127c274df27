"""Published platform events and change events on their way to the triggers and flows that subscribe to them.

Each trigger is a subscriber of its own: it gets up to 2,000 events, or as many as its PlatformEventSubscriberConfig says, in a
transaction of its own, as the automated process or the user of that configuration; what becomes of it concerns no other trigger.

    EventBus.RetryableException   everything is taken back and all events of the batch come again, at most nine times; then the
                                  trigger is in the error state and hears of no event until it is saved again
    any other exception           what follows the checkpoint comes again and the writes stay; without one all is taken back

Sources: "Retry Event Triggers with EventBus.RetryableException", "Resume a Platform Event Trigger After an Uncaught Exception",
"Comparing setResumeCheckpoint() and EventBus.RetryableException", "Configure the User and Batch Size for Your Platform Event
Trigger" (Platform Events Developer Guide). ASSUMED: no new events join a batch that comes again.

A flow gets each batch once; when it fails, all is taken back. Source: "Considerations for Flows That Run on Platform Events"
(Salesforce Help). ASSUMED: as one batch, and that a test hears nothing of the failure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orgtwin.apex.faults import ApexThrow, Uncatchable
from orgtwin.apex.org_port import Scalar, TriggerFailed, TriggerRow
from orgtwin.apex.triggers import Trigger, fire_one
from orgtwin.flows.definition import Flow
from orgtwin.flows.interview import Fault, Refused
from orgtwin.records.model import Value

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine

MOST_EVENTS = 2000
MOST_RETRIES = 9
_RETRYABLE = "EventBus.RetryableException"

Event = dict[str, Scalar]


@dataclass(slots=True)
class Delivery:
    """The batch that is with a trigger now: what EventBus.TriggerContext tells."""

    retries: int = 0
    last_error: str | None = None
    checkpoint: str | None = None
    replay_ids: tuple[str, ...] = ()

    def behind_checkpoint(self, batch: list[Event]) -> list[Event]:
        """What a trigger that has set a checkpoint is still to get."""
        return [] if self.checkpoint is None else batch[self.replay_ids.index(self.checkpoint) + 1 :]


@dataclass(slots=True)
class Subscriber:
    """A trigger or flow, and what hands a batch over to it; the last event that was meant for it, and that it was given."""

    name: str
    sobject_type: str
    hear: Callable[[list[Event]], None]
    kind: str
    tip: int = -1
    position: int = -1


@dataclass
class EventQueue:
    """The events of one org or test, by subscriber, in the order in which they were published; callbacks of their publishers."""

    current: Delivery | None = None
    _told: list[Callable[..., None]] = field(default_factory=list)
    _told_at_commit: list[tuple[str, Callable[..., None]]] = field(default_factory=list)
    _waiting: dict[str, list[Event]] = field(default_factory=dict)
    _subscribers: dict[str, Subscriber] = field(default_factory=dict)
    _deliveries: dict[str, Delivery] = field(default_factory=dict)
    _stopped: set[str] = field(default_factory=set)
    published: int = 0

    def __bool__(self) -> bool:
        return bool(self._waiting or self._told)

    def add(self, engine: Engine, sobject_type: str, event: Event) -> None:
        """An event that was published, for every trigger that is not in the error state, and every flow."""
        self.published += 1
        event.setdefault("ReplayId", str(self.published))
        heard_by = [_of_trigger(trigger, sobject_type) for trigger in engine.find_triggers(sobject_type)]
        heard_by += [_of_flow(engine, flow) for flow in engine.port.event_flows(sobject_type)]
        for subscriber in heard_by:
            if subscriber.name not in self._stopped:
                known = self._subscribers.get(subscriber.name, subscriber)
                subscriber.tip, subscriber.position = int(str(event["ReplayId"])), known.position
                self._subscribers[subscriber.name] = subscriber
                self._waiting.setdefault(subscriber.name, []).append(event)

    def tell(self, uuid: str, callback: Callable[..., None], *, at_once: bool) -> None:
        """Call a publisher back when its events have gone out, of which `uuid` is one."""
        if at_once:
            self._told.append(callback)
        else:
            self._told_at_commit.append((uuid, callback))

    def went_out(self, uuids: set[str]) -> None:
        """These events are out with a commit."""
        self._told += [callback for uuid, callback in self._told_at_commit if uuid in uuids]

    def subscriber_rows(self) -> Iterator[dict[str, Value]]:
        """The triggers and flows that events were meant for. Source: "EventBusSubscriber" (Object Reference).

        ASSUMED: the position before the first event, -1.
        """
        for name, subscriber in self._subscribers.items():
            delivery = self._deliveries.get(name, Delivery())
            yield {
                "Name": name,
                "Type": subscriber.kind,
                "Topic": subscriber.sobject_type,
                "Position": subscriber.position,
                "Tip": subscriber.tip,
                "Retries": delivery.retries,
                "LastError": delivery.last_error,
                "Status": "Error" if name in self._stopped else "Running",
            }

    def settle(self) -> None:
        """The transaction is over: what has not gone out never will."""
        self._told_at_commit.clear()

    def take_told(self, *, is_test: bool) -> list[Callable[..., None]]:
        """The callbacks that are due, each once; in a test all are."""
        told, self._told = self._told, []
        if is_test:
            told += [callback for _, callback in self._told_at_commit]
            self._told_at_commit.clear()
        return told

    def clear(self) -> None:
        """Begin anew: no events, no triggers in the error state."""
        self.drop()
        self._deliveries.clear()
        self._subscribers.clear()
        self._stopped.clear()

    def take_back(self, engine: Engine, published: int) -> None:
        """In a test every statement commits: forget what a rollback takes back of events that go out with the commit."""
        for name, events in self._waiting.items():
            sobject_type = self._subscribers[name].sobject_type
            if sobject_type.endswith("ChangeEvent") or not engine.port.publishes_at_once(sobject_type):
                events[:] = [event for event in events if int(str(event["ReplayId"])) <= published]

    def drop(self) -> None:
        """Forget the events that wait, and who is to be told of them."""
        self._waiting.clear()
        self._told.clear()
        self._told_at_commit.clear()

    def deliver(self, engine: Engine, *, is_test: bool) -> None:
        """Hand over what waits now. What its triggers publish waits for the next delivery, as does a batch that a test retries."""
        due, self._waiting = self._waiting, {}
        for name, events in due.items():
            configured = engine.port.find_event_subscriber(name)
            most = configured.batch_size or MOST_EVENTS
            user_id = configured.user_id or engine.port.automated_user_id
            while events and name not in self._stopped:
                batch, rest = events[:most], events[most:]
                left = self._deliver_batch(engine, self._subscribers[name], batch, user_id)
                events = left + rest
                if left and is_test:
                    self._waiting[name] = events + self._waiting.get(name, [])
                    break

    def _deliver_batch(self, engine: Engine, subscriber: Subscriber, batch: list[Event], user_id: str) -> list[Event]:
        """Hand a batch over once; the events that are to come again."""
        delivery = self.current = self._deliveries.pop(subscriber.name, Delivery())
        delivery.replay_ids = tuple(str(event["ReplayId"]) for event in batch)
        subscriber.position = int(delivery.replay_ids[-1])
        before = engine.port.run_as(user_id)
        mark = engine.port.savepoint()
        try:
            with engine.new_transaction(kind="event", shares_statics=engine.is_testing) as transaction:
                subscriber.hear(batch)
                jobs = transaction.jobs
            engine.transaction.jobs.extend(jobs)
        except (Fault, Refused) as failure:
            engine.port.rollback(mark)
            engine.debug(f"{subscriber.name}: {failure}")
            return []
        except (TriggerFailed, Uncatchable) as failure:
            return self._failed(engine, subscriber.name, batch, delivery, failure, mark)
        finally:
            self.current = None
            engine.port.run_as(before.user_id)
        return delivery.behind_checkpoint(batch)

    def _failed(
        self,
        engine: Engine,
        name: str,
        batch: list[Event],
        delivery: Delivery,
        failure: TriggerFailed | Uncatchable,
        mark: object,
    ) -> list[Event]:
        thrown = failure.__cause__
        if isinstance(thrown, ApexThrow) and thrown.value.cls.full_name == _RETRYABLE:
            engine.port.rollback(mark)
            if delivery.retries >= MOST_RETRIES:
                self._stopped.add(name)
                return []
            self._deliveries[name] = Delivery(delivery.retries + 1, thrown.value.message)
            return batch
        if delivery.checkpoint is not None:
            return delivery.behind_checkpoint(batch)
        engine.port.rollback(mark)
        if engine.is_testing:
            raise failure
        engine.debug(failure.message if isinstance(failure, TriggerFailed) else f"{name}: {failure}")
        return []


def _of_trigger(trigger: Trigger, sobject_type: str) -> Subscriber:
    def hear(batch: list[Event]) -> None:
        fire_one(trigger, sobject_type, [TriggerRow(dict(event), None) for event in batch])

    return Subscriber(trigger.name, sobject_type, hear, "ApexTrigger")


def _of_flow(engine: Engine, flow: Flow) -> Subscriber:
    def hear(batch: list[Event]) -> None:
        engine.port.run_event_flow(flow, batch)

    return Subscriber(f"flow {flow.name}", flow.sobject_type, hear, "Flow")
