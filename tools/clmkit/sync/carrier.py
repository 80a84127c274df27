"""Carry shipments to Salesforce, and tell apart the rows of one that it refuses as a whole (`halving`).

Whose trouble such a refusal is only other rows can tell. As long as Salesforce takes rows, what it refuses alone waits for a
person. When it takes nothing at all the run ends, and time heals it; after a few such runs in a row what it refuses waits for a
person, too (`trouble.is_hopeless`), because nothing is tried for ever.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from clmkit.clients.errors import Refused, Unreachable, Untrusted, WireError
from clmkit.clients.outcomes import Action
from clmkit.clients.salesforce import MOST_PER_COLLECTION, Record, RowResult
from clmkit.mapping.model import ObjectMapping
from clmkit.sync.halving import Answered, Told, may_be_of_rows, refuse_all, tell_apart
from clmkit.sync.org_rows import read_by_key
from clmkit.sync.ports import Org
from clmkit.sync.shipping import MEASURES, Shipment, Way


@dataclass(frozen=True, slots=True)
class Carrier:
    """`takes_rows` says whether Salesforce took any row in this run; `is_hopeless` whether it took none for too many runs."""

    org: Org
    explain: Callable[[str], None]
    takes_rows: Callable[[], bool]
    is_hopeless: Callable[[], bool]

    async def carry(
        self, mapping: ObjectMapping, shipment: Shipment, records: Sequence[Record], *, needs_ids: bool
    ) -> AsyncIterator[Answered[int]]:
        """Every row of the shipment once, by its place in the records, as soon as it is answered. Raises WireError."""
        rows = [records[place] for place in shipment.rows]
        try:
            yield Answered(shipment.rows, await self._ship(mapping, shipment.way, rows, needs_ids), Told.APART)
            return
        except WireError as error:
            if not await self._may_be_of_rows(mapping, rows[0], error):
                raise
            whole = error
        if len(shipment.rows) == 1:
            is_final = isinstance(whole, Refused) and whole.action is not Action.RETRY
            if not (is_final or self.takes_rows() or self.is_hopeless()):
                raise whole
            yield Answered(shipment.rows, refuse_all(whole, 1), Told.ALONE)
            return
        together: list[int] = []
        async for answered in self.tell_apart(mapping, shipment.rows, records, shipment.way):
            if answered.told is Told.TOGETHER:
                together += answered.rows
            else:
                yield answered
        if len(together) == len(shipment.rows) and not (self.takes_rows() or self.is_hopeless()):
            raise whole
        if together:
            yield Answered(together, refuse_all(whole, len(together)), Told.TOGETHER)

    async def tell_apart(
        self, mapping: ObjectMapping, places: Sequence[int], records: Sequence[Record], way: Way
    ) -> AsyncIterator[Answered[int]]:
        """The rows of a request that failed as one, each once, as they are told apart."""
        requests = 0

        async def send(part: Sequence[int]) -> Sequence[RowResult]:
            nonlocal requests
            requests += 1
            return await self._send_part(mapping, [records[place] for place in part])

        most = MEASURES[Way.COMPOSITE if way is Way.COMPOSITE else Way.COLLECTIONS].rows
        async for answered in tell_apart(places, send, most):
            yield answered
        self.explain(
            f"{mapping.salesforce}: {len(places)} rows were refused as one; {requests} smaller requests told them apart"
        )

    async def _send_part(self, mapping: ObjectMapping, rows: Sequence[Record]) -> Sequence[RowResult]:
        """A part goes once; a row alone as often as patience allows, because it is judged for good."""
        place, patient = (mapping.salesforce, mapping.key.salesforce), len(rows) == 1
        upsert = self.org.upsert_collection if len(rows) <= MOST_PER_COLLECTION else self.org.upsert_composite
        try:
            return await upsert(*place, rows, patient=patient)
        except WireError as error:
            if not await self._may_be_of_rows(mapping, rows[0], error):
                raise
            return refuse_all(error, len(rows))

    async def _may_be_of_rows(self, mapping: ObjectMapping, row: Record, error: WireError) -> bool:
        """Whether rows may be to blame; where nobody answered a write, whether a read is answered."""
        if isinstance(error, Untrusted) or not isinstance(error, Unreachable):
            return may_be_of_rows(error)
        try:
            await read_by_key(self.org, mapping, [str(row[mapping.key.salesforce])])
        except WireError:
            return False
        return True

    async def _ship(self, mapping: ObjectMapping, way: Way, rows: Sequence[Record], needs_ids: bool) -> list[RowResult]:
        place = mapping.salesforce, mapping.key.salesforce
        match way:
            case Way.COLLECTIONS:
                return await self.org.upsert_collection(*place, rows)
            case Way.COMPOSITE:
                return await self.org.upsert_composite(*place, rows)
            case Way.BULK:
                return await self.org.upsert_bulk(*place, rows, needs_ids=needs_ids)
