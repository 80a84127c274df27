"""From an event of Salesforce to what it means for the sync. Pure.

A platform event of the generated trigger names a row that people changed; the integration user's own writes make none. A change
event names records. It is our own echo only when Salesforce says that our client made it AND every mapped field it tells has the
value that was agreed on: what a trigger or a flow rewrote in the same save has our name on it, too. Whatever does not tell its
values is read again: a gap names records, an overflow and a wildcard only an object.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from clmkit.clients.pubsub import Change, Published, Unread
from clmkit.clients.salesforce import CLIENT_NAME
from clmkit.mapping.model import FieldKind, FieldMapping, ObjectMapping, Spec
from clmkit.sync.decide import is_same_value
from clmkit.sync.inbox import DELETED_SOURCE, EVENT_SOURCE, InboxEvent
from clmkit.sync.rows import is_whole_agreement, moving_columns
from clmkit.sync.state import Link

KEY, CHANGED_BY = "Key__c", "Changed_By__c"
DELETE = "DELETE"
_TEMPORAL = frozenset({FieldKind.DATE, FieldKind.DATETIME, FieldKind.TIME})


@dataclass(slots=True)
class Heard:
    """What a batch of events means. Of `news`, each is either work, or settled at once for the reason in `settled`."""

    news: list[InboxEvent] = field(default_factory=list)
    settled: dict[str, str] = field(default_factory=dict)
    deleted: dict[str, tuple[Link, str]] = field(default_factory=dict)
    """The linked record that is gone, and when, by event."""
    look: str = ""
    """Why Salesforce has to be asked for everything that changed; empty when it has not."""


def default_topics(spec: Spec) -> dict[str, str]:
    """The platform events that the generated triggers publish: topic -> name of the object mapping."""
    return {
        f"/event/{spec.prefix}_{_pascal(mapping.name)}_Change__e": mapping.name
        for mapping in spec.objects
        if is_whole_agreement(mapping) and any(column.to_clm for column in mapping.columns)
    }


def linked_ids(records: Iterable[Change | Published | Unread]) -> set[str]:
    """The record ids whose links `Judge` has to know."""
    return {one for record in records if isinstance(record, Change) for one in record.record_ids}


class Judge:
    """What the events of a spec's objects mean."""

    def __init__(self, spec: Spec) -> None:
        self._judged = {mapping.salesforce: (mapping, _judged(mapping)) for mapping in spec.objects}
        self._topics = {topic.rpartition("/")[2]: name for topic, name in default_topics(spec).items()}

    def judge(self, records: Iterable[Change | Published | Unread], links: Mapping[str, Link]) -> Heard:
        """`links` by record id."""
        heard = Heard()
        for record in records:
            if isinstance(record, Change):
                if record.entity in self._judged:
                    _judge_change(heard, *self._judged[record.entity], record, links)
            elif isinstance(record, Unread):
                heard.look = f"An event of Salesforce cannot be decoded ({record.reason})"
            elif record.name in self._topics:
                self._judge_published(heard, record)
        return heard

    def _judge_published(self, heard: Heard, event: Published) -> None:
        if not event.values.get(KEY):
            heard.look = f"An event of Salesforce ({event.name}) does not say which record it is about"
            return
        source = f"{EVENT_SOURCE}{self._topics[event.name]}"
        key, actor = str(event.values[KEY]), str(event.values.get(CHANGED_BY) or "")
        heard.news.append(InboxEvent(f"event:{event.event_id}", source, key, 0, actor))


def _judge_change(
    heard: Heard, mapping: ObjectMapping, columns: Mapping[str, FieldMapping], change: Change, links: Mapping[str, Link]
) -> None:
    needs_reread = change.needs_reread
    if needs_reread and not change.knows_records:
        heard.look = f"Salesforce tells of changed {mapping.plural_label} without saying which ({change.change_type})"
        return
    for record_id in change.record_ids:
        link = links.get(record_id)
        agreement_id = link.agreement_id if link is not None else _key_told(mapping, change)
        if not agreement_id:
            continue
        is_deletion = change.change_type == DELETE or change.change_type == f"GAP_{DELETE}"
        source = f"{DELETED_SOURCE if is_deletion else EVENT_SOURCE}{mapping.name}"
        event_id = f"event:{change.event_id}:{record_id}"
        heard.news.append(InboxEvent(event_id, source, agreement_id, 0, change.user_id))
        if is_deletion and link is not None:
            at = _moment(change.committed_at)
            heard.deleted[event_id] = (link, at.isoformat(timespec="milliseconds") if at is not None else "")
        elif link is not None and not needs_reread and (reason := _why_settled(columns, change, link)):
            heard.settled[event_id] = reason


def _key_told(mapping: ObjectMapping, change: Change) -> str:
    """The agreement of a record that is not linked, when the event of its creation tells its key."""
    return str(change.values.get(mapping.key.salesforce) or "") if is_whole_agreement(mapping) else ""


def _why_settled(columns: Mapping[str, FieldMapping], change: Change, link: Link) -> str:
    """Why nothing is to be done about a change of values; empty when it is work."""
    if link.hops:
        return ""
    told = [columns[name] for name in _told(change) if name in columns]
    if not told:
        return "no mapped field changed"
    is_ours = change.is_echo_of(CLIENT_NAME) and all(_is_agreed(column, change, link) for column in told)
    return "our own write came back" if is_ours else ""


def _judged(mapping: ObjectMapping) -> dict[str, FieldMapping]:
    return {column.salesforce: column for column in moving_columns(mapping)}


def _told(change: Change) -> Iterable[str]:
    """An update tells what it names; a creation tells everything that is not empty."""
    return change.changed or [name for name, value in change.values.items() if value is not None]


def _is_agreed(column: FieldMapping, change: Change, link: Link) -> bool:
    name = column.salesforce
    value = change.values.get(name)
    if column.reference is not None:
        return (value or None) == (link.lookups.get(name) if link.base.get(name) is not None else None)
    return name in link.base and is_same_value(column, link.base[name], _to_wire(column, value))


def _to_wire(column: FieldMapping, value: object) -> object:
    """Dates and times of Avro are milliseconds; the sync keeps them as REST writes them. What is none stays as it is."""
    if not isinstance(value, int):
        return value
    kind = column.type.value_kind
    if kind not in _TEMPORAL or (moment := _moment(value)) is None:
        return value
    match kind:
        case FieldKind.DATE:
            return moment.date().isoformat()
        case FieldKind.TIME:
            return moment.time().isoformat(timespec="milliseconds")
        case _:
            return moment.isoformat(timespec="milliseconds")


def _moment(milliseconds: int) -> datetime | None:
    """None for a number that is no moment of the years 1 to 9999."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _pascal(name: str) -> str:
    """`line_item` as it stands in a generated name: `LineItem`."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name) if part)
