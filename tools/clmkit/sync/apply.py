"""Carry out row plans in Salesforce: by the cheapest way (`shipping`), sorted by parent, status changes in calls of their own,
one verdict per row.

"Sort by parent" keeps two batches from fighting for the same Account's lock ("Organize Batches to Minimize Lock Contention").
Each answer is handed to `keep` before the next call is made: what was written is remembered even if the process dies right after.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from clmkit.clients.errors import Refused
from clmkit.clients.outcomes import Action
from clmkit.clients.salesforce import Record, RowResult
from clmkit.clients.silence import silence, silence_error
from clmkit.mapping.model import ObjectMapping
from clmkit.sync.carrier import Carrier
from clmkit.sync.discretion import Discretion
from clmkit.sync.halving import Answered, Told
from clmkit.sync.rows import RowPlan, to_scalar
from clmkit.sync.shipping import Way, plan_shipments
from clmkit.sync.state import Fields

ATTEMPTS = 5

_TOLD = {
    Told.APART: "",
    Told.ALONE: " Salesforce refuses every request with this row in it.",
    Told.TOGETHER: " Salesforce refused it together with other rows, and nobody could tell them apart.",
}

Sleep = Callable[[float], Awaitable[None]]


class StopRun(Exception):
    """The run cannot go on; the message says why and what to do. What was done is kept, the rest waits."""


class Excess(StopRun):
    """A guard found that the run goes too far; nothing of the kind is done until a person allows it."""


class Overuse(StopRun):
    """The org has no calls left for us; time heals it."""


@dataclass(frozen=True, slots=True)
class Write:
    """One row on its way: `fields` without the key, lookups as ids; `alone` are the status values that still have to follow."""

    plan: RowPlan
    fields: Record
    alone: tuple[str, ...]
    base: Fields
    parent_id: str
    lookups: Mapping[str, str]
    record_id: str = ""
    created: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not written: it waits for a person (`park`) or is decided anew (`rebase`)."""

    write: Write
    action: Action
    reason: str


Keep = Callable[[Sequence[Write]], None]


@dataclass(frozen=True, slots=True)
class Applier:
    carrier: Carrier
    sleep: Sleep
    wait: Callable[[int], float]
    keep: Keep
    way: Way | None
    """The way that was ordered; None for the cheapest."""
    explain: Callable[[str], None]
    discretion: Discretion

    async def write(self, writes: Sequence[Write]) -> list[Refusal]:
        """Write the rows of one object. Returns those that were refused for good. Raises StopRun, WireError."""
        ordered = sorted(writes, key=lambda write: (write.parent_id, write.plan.facts.row.key))
        with_fields = [write for write in ordered if write.fields]
        refused = await self._write_step(with_fields, lambda write: write.fields)
        failed = {refusal.write.plan.facts.row.key for refusal in refused}
        pending = [write for write in ordered if write.alone and write.plan.facts.row.key not in failed]
        while pending:
            more = await self._write_step(pending, _next_status)
            refused += more
            failed |= {refusal.write.plan.facts.row.key for refusal in more}
            pending = [
                replace(write, alone=write.alone[1:])
                for write in pending
                if len(write.alone) > 1 and write.plan.facts.row.key not in failed
            ]
        return refused

    async def _write_step(self, writes: Sequence[Write], content: Callable[[Write], Record]) -> list[Refusal]:
        """Write the rows; what may be tried again is, a few times, and then what is left is told apart."""
        refused: list[Refusal] = []
        waiting = list(writes)
        retried: list[Refusal] = []
        for attempt in range(ATTEMPTS):
            if not waiting:
                return refused
            if attempt:
                await self.sleep(self.wait(attempt - 1))
            refusals = await self._send(waiting, content)
            refused += [refusal for refusal in refusals if refusal.action is not Action.RETRY]
            retried = [refusal for refusal in refusals if refusal.action is Action.RETRY]
            waiting = [refusal.write for refusal in retried]
        if len(waiting) < 2:
            return refused + [_give_up(one) for one in retried]
        return refused + [_give_up(one) for one in await self._send_apart(waiting, content, retried)]

    async def _send(self, writes: Sequence[Write], content: Callable[[Write], Record]) -> list[Refusal]:
        mapping, records = _records_of(writes, content)
        needs_ids = any(write.plan.facts.link is None for write in writes)
        plan = plan_shipments(records, self.way, needs_ids=needs_ids)
        self.explain(f"{mapping.salesforce}: {plan.reason}")
        refusals: list[Refusal] = []
        for shipment in plan.shipments:
            answers = self.carrier.carry(mapping, shipment, records, needs_ids=needs_ids)
            async for answered in self._listen(answers, [writes[place] for place in shipment.rows]):
                refusals += self._take_in(writes, answered, content)
        return refusals

    async def _send_apart(
        self, writes: Sequence[Write], content: Callable[[Write], Record], refused: Sequence[Refusal]
    ) -> list[Refusal]:
        """Rows that were refused together, attempt after attempt: perhaps for one of them."""
        mapping, records = _records_of(writes, content)
        refusals: list[Refusal] = []
        answers = self.carrier.tell_apart(mapping, range(len(writes)), records, Way.COLLECTIONS)
        async for answered in self._listen(answers, writes):
            if answered.told is Told.TOGETHER:
                refusals += [refused[place] for place in answered.rows]
            else:
                refusals += self._take_in(writes, answered, content)
        return refusals

    async def _listen(
        self, answers: AsyncIterator[Answered[int]], writes: Sequence[Write]
    ) -> AsyncIterator[Answered[int]]:
        """The answers; what ends them quotes no restricted value of the rows."""
        try:
            async for answered in answers:
                yield answered
        except Refused as refused:
            raise silence_error(refused, self._restricted_of(writes)) from None

    def _take_in(
        self, writes: Sequence[Write], answered: Answered[int], content: Callable[[Write], Record]
    ) -> list[Refusal]:
        """Remember what was saved. Returns what was not."""
        sent = [writes[place] for place in answered.rows]
        pairs = list(zip(sent, self._silenced(sent, answered.results), strict=True))
        self.keep([_written(write, result, content(write)) for write, result in pairs if result.is_success])
        return [_refusal(write, result, answered.told) for write, result in pairs if not result.is_success]

    def _silenced(self, writes: Sequence[Write], results: Sequence[RowResult]) -> list[RowResult]:
        """The verdicts without restricted values. One message for several rows may quote the value of any of them."""
        told: dict[str, list[Write]] = {}
        for write, result in zip(writes, results, strict=True):
            if not result.is_success:
                told.setdefault(result.message, []).append(write)
        words = {message: silence(message, self._restricted_of(some)) for message, some in told.items()}
        return [one if one.is_success else replace(one, message=words[one.message]) for one in results]

    def _restricted_of(self, writes: Iterable[Write]) -> list[object]:
        """What is sent and what was agreed on before: automation in the org may quote both."""
        return [
            value
            for write in writes
            for record in (write.fields, write.base)
            for value in self.discretion.values_of(write.plan.facts.mapping, record)
        ]


def _records_of(writes: Sequence[Write], content: Callable[[Write], Record]) -> tuple[ObjectMapping, list[Record]]:
    mapping = writes[0].plan.facts.mapping
    return mapping, [{mapping.key.salesforce: write.plan.facts.row.key, **content(write)} for write in writes]


def _give_up(refusal: Refusal) -> Refusal:
    """What is still refused after all attempts waits for a person."""
    if refusal.action is not Action.RETRY:
        return refusal
    return Refusal(refusal.write, Action.PARK, f"{refusal.reason} Given up after {ATTEMPTS} attempts.")


def _next_status(write: Write) -> Record:
    column = next(column for column in write.plan.facts.mapping.columns if column.lifecycle)
    return {column.salesforce: write.alone[0]}


def _written(write: Write, result: RowResult, sent: Mapping[str, object]) -> Write:
    """The row after a success: its fields are what was sent; its base holds the status of now, not yet the one it shall get."""
    column = next((column for column in write.plan.facts.mapping.columns if column.lifecycle), None)
    base = dict(write.base)
    if column is not None and column.salesforce in sent:
        base[column.salesforce] = to_scalar(sent[column.salesforce])
    known = write.plan.facts.link
    record_id = result.record_id or (known.record_id if known is not None else write.record_id)
    return replace(write, fields=dict(sent), record_id=record_id, created=result.created, base=base)


def _refusal(write: Write, result: RowResult, told: Told) -> Refusal:
    """The verdict of the table of outcomes; what is refused whatever is tried is parked.

    Raises StopRun for what would befall every row of the object.
    """
    outcome = result.outcome
    facts = write.plan.facts
    words = f"{outcome.reason} ({result.code}: {result.message}){_TOLD[told]}"
    if outcome.action is Action.STOP:
        raise StopRun(f"{facts.mapping.salesforce} {facts.row.key}: {words}")
    if told is not Told.APART and outcome.action is Action.RETRY:
        return Refusal(write, Action.PARK, words)
    if told is Told.APART and result.of_request:
        return Refusal(write, Action.RETRY, words)
    known_row_is_gone = result.code == "REQUIRED_FIELD_MISSING" and facts.link is not None
    return Refusal(write, Action.REBASE if known_row_is_gone else outcome.action, words)
