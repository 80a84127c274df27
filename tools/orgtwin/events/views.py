"""One event as one subscriber sees it on one topic: what field-level security hides is not there, what the member enriches is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orgtwin.events.channels import Member
from orgtwin.events.model import Change, ChangeType, Event, Values
from orgtwin.org import Org
from orgtwin.records.model import Caller, Row, Value
from orgtwin.records.table import RecordTable
from orgtwin.schema.model import Schema

_ENRICHED_TYPES = (ChangeType.UPDATE, ChangeType.DELETE)


@dataclass(frozen=True, slots=True)
class View:
    """`values`, `changed` and `nulled` hold API names of the object's fields, parts of compound fields singly."""

    event: Event
    values: Values
    changed: tuple[str, ...] = ()
    nulled: tuple[str, ...] = ()

    @property
    def entity(self) -> str:
        return self.event.body.entity


def view(org: Org, caller: Caller, member: Member, event: Event) -> View | None:
    """The event for a subscriber, or None when the member's filter holds it back.

    Gap and overflow events pass every filter (ASSUMED): they carry nothing that a filter could ask.
    """
    body = event.body
    readable = org.access.grant(caller, body.entity).readable
    if not isinstance(body, Change):
        if member.accepts is not None and not member.accepts(_lookup(org.schema, event, body.values)):
            return None
        return View(event, {name: value for name, value in body.values.items() if name.lower() in readable})
    values = {**_enrichment(org, member, body), **body.values}
    accepts = None if body.change_type.is_gap else member.accepts
    if accepts is not None and not accepts(_lookup(org.schema, event, values)):
        return None
    seen = {name: value for name, value in values.items() if name.lower() in readable}
    changed = tuple(name for name in body.changed if name.lower() in readable)
    return View(event, seen, changed, tuple(name for name in changed if body.values[name] is None))


def _enrichment(org: Org, member: Member, change: Change) -> dict[str, Value]:
    """Enriched fields of updates and deletes, read now; of merged records the first one's (ASSUMED)."""
    if not member.enriched or change.change_type not in _ENRICHED_TYPES:
        return {}
    table = org.table(change.entity)
    row = _row(table, change.record_ids[0])
    if row is None:
        return {}
    names = [name for wanted in member.enriched for name in _leaves(table, wanted)]
    return {name: table.reader(name)(row) for name in names}


def _row(table: RecordTable, record_id: str) -> Row | None:
    return table.live.get(record_id) or table.recycled.get(record_id)


def _leaves(table: RecordTable, name: str) -> list[str]:
    """A compound field is enriched with all its parts."""
    parts = [f.api_name for f in table.type.fields if f.compound == name]
    found = table.type.find_field(name)
    return parts or ([found.api_name] if found else [])


def _lookup(schema: Schema, event: Event, values: Values) -> Callable[[str], object]:
    """Field paths of a filter: Status, BillingAddress.City, ChangeEventHeader.changeType."""
    by_name = {name.lower(): value for name, value in values.items()}
    sobject_type = schema.find_type(event.body.entity)

    def find(path: str) -> object:
        parent, _, last = path.partition(".")
        if not last:
            return by_name.get(path.lower())
        if parent == "ChangeEventHeader" and isinstance(event.body, Change):
            return header_values(event.body).get(last)
        names = [f.api_name for f in sobject_type.fields if f.compound == parent] if sobject_type else []
        name = next((name for name in names if name.lower().endswith(last.lower())), "")
        return by_name.get(name.lower())

    return find


def header_values(change: Change) -> dict[str, object]:
    """The scalar fields of ChangeEventHeader, in their order."""
    transaction = change.transaction
    return {
        "entityName": change.entity,
        "recordIds": list(change.record_ids),
        "changeType": change.change_type.value,
        "changeOrigin": transaction.origin,
        "transactionKey": transaction.key,
        "sequenceNumber": change.sequence,
        "commitTimestamp": int(transaction.committed_at.timestamp() * 1000),
        "commitNumber": transaction.commit_number,
        "commitUser": transaction.user_id,
    }
