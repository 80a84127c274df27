"""Published platform events on their way to the triggers that subscribe to them.

A trigger gets up to 2,000 events of one type in a transaction of its own, as the automated process. One that throws
EventBus.RetryableException gets the batch again, from the checkpoint that it set, at most nine times. Source: "Subscribing to
Platform Events", "Retry Event Triggers with EventBus.RetryableException", "Resume a Platform Event Trigger" (Platform Events
Developer Guide).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orgtwin.apex.faults import ApexThrow
from orgtwin.apex.org_port import Scalar, TriggerFailed, TriggerRow
from orgtwin.apex.triggers import fire

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


@dataclass
class EventQueue:
    """The events of one org or test, by type, in the order in which they were published."""

    current: Delivery | None = None
    _waiting: dict[str, list[Event]] = field(default_factory=dict)
    _deliveries: dict[str, Delivery] = field(default_factory=dict)
    _replay_id: int = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, sobject_type: str, event: Event) -> None:
        self._replay_id += 1
        event.setdefault("ReplayId", str(self._replay_id))
        self._waiting.setdefault(sobject_type, []).append(event)

    def clear(self) -> None:
        self._waiting.clear()
        self._deliveries.clear()

    def deliver(self, engine: Engine, *, is_test: bool) -> None:
        """Hand over what waits now. What its triggers publish waits for the next delivery, as does a batch that a test retries."""
        due, self._waiting = self._waiting, {}
        for name, events in due.items():
            while events:
                batch, rest = events[:MOST_EVENTS], events[MOST_EVENTS:]
                left = self._deliver_batch(engine, name, batch)
                events = left + rest
                if left and is_test:
                    self._waiting[name] = events + self._waiting.get(name, [])
                    break

    def _deliver_batch(self, engine: Engine, name: str, batch: list[Event]) -> list[Event]:
        """Fire the triggers once; the events that are to come again."""
        delivery = self.current = self._deliveries.setdefault(name, Delivery())
        delivery.checkpoint = None
        before = engine.port.run_as(engine.port.automated_user_id)
        mark = engine.port.savepoint()
        try:
            with engine.new_transaction(kind="event") as transaction:
                fire(engine, name, "after", "insert", [TriggerRow(dict(event), None) for event in batch])
                jobs = transaction.jobs
            engine.transaction.jobs.extend(jobs)
        except TriggerFailed as failure:
            return self._failed(engine, name, batch, delivery, failure, mark)
        finally:
            self.current = None
            engine.port.run_as(before.user_id)
        return self._after(name, batch, delivery)

    def _after(self, name: str, batch: list[Event], delivery: Delivery) -> list[Event]:
        """A trigger that ended early with a checkpoint gets what follows it."""
        self._deliveries.pop(name, None)
        if delivery.checkpoint is None:
            return []
        ids = [str(event["ReplayId"]) for event in batch]
        at = ids.index(delivery.checkpoint) if delivery.checkpoint in ids else len(ids) - 1
        return batch[at + 1 :]

    def _failed(
        self, engine: Engine, name: str, batch: list[Event], delivery: Delivery, failure: TriggerFailed, mark: object
    ) -> list[Event]:
        thrown = failure.__cause__
        left = self._after(name, batch, delivery) if delivery.checkpoint else batch
        if delivery.checkpoint is None:
            engine.port.rollback(mark)
        if not (isinstance(thrown, ApexThrow) and thrown.value.cls.full_name == _RETRYABLE):
            if delivery.checkpoint is not None:
                return left
            if engine.is_testing:
                raise failure
            engine.debug(failure.message)
            return []
        if delivery.retries >= MOST_RETRIES:
            self._deliveries.pop(name, None)
            return []
        self._deliveries[name] = Delivery(delivery.retries + 1, thrown.value.message)
        return left
