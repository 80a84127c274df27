"""/recent, the recentItems of an object, and RecentlyViewed: what a user looked at last.

Records get there by a query FOR VIEW or FOR REFERENCE; what is looked at without them is not noted, and LastViewedDate of the
records themselves is not kept. Source: "Recently Viewed Items" and "Mark Records as Recently Viewed" (REST API Developer Guide),
"RecentlyViewed" (Object Reference): 200 records a user, the latest first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.records import attributes
from orgtwin.http.routing import Route
from orgtwin.metadata.tooling_tables import tooling_type
from orgtwin.organization import Organization
from orgtwin.records.model import Caller, Value
from orgtwin.schema.model import SObjectType
from orgtwin.soql.catalog import VirtualTable

MOST = 200
_VIEW, _REFERENCE = "VIEW", "REFERENCE"


@dataclass(frozen=True, slots=True)
class RecentItem:
    """One record that a user saw, or saw mentioned."""

    record_id: str
    viewed: datetime | None = None
    referenced: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A recent item as it stands now."""

    item: RecentItem
    sobject_type: SObjectType
    name: str | None


class RecentItems:
    """Of every user of one org, the latest last."""

    def __init__(self, org: Organization) -> None:
        self._org = org
        self._items: dict[str, dict[str, RecentItem]] = {}

    def images(self) -> dict[str, list[RecentItem]]:
        """All of them, by user, for a snapshot."""
        return {user_id: list(items.values()) for user_id, items in self._items.items()}

    def restore(self, images: Mapping[str, Iterable[RecentItem]]) -> None:
        self._items = {user_id: {item.record_id: item for item in items} for user_id, items in images.items()}

    def note(self, user_id: str, record_ids: Iterable[str], modes: Iterable[str]) -> None:
        """The user saw these records in these modes of FOR."""
        now, items = self._org.clock(), self._items.setdefault(user_id, {})
        seen = dict.fromkeys(modes, now)
        for record_id in record_ids:
            item = items.pop(record_id, RecentItem(record_id))
            items[record_id] = replace(
                item, viewed=seen.get(_VIEW, item.viewed), referenced=seen.get(_REFERENCE, item.referenced)
            )
        for record_id in list(items)[:-MOST]:
            del items[record_id]

    def shown_to(self, caller: Caller) -> Iterator[Shown]:
        """The latest first; what is gone, or hidden from the caller by now, is left out."""
        for item in reversed(self._items.get(caller.user_id, {}).values()):
            found = self._org.schema.find_by_prefix(item.record_id[:3])
            if found is None or not self._org.access.can(caller, found.api_name, "read"):
                continue
            table = self._org.table(found.api_name)
            row, shows = table.get(item.record_id), self._org.access.row_filter(caller, found.api_name)
            if row is None or (shows is not None and not shows(row)):
                continue
            name = next((field.api_name for field in found.fields if field.name_field), None)
            value = table.reader(name)(row) if name else None
            yield Shown(item, found, None if value is None else str(value))


def note_views(request: Request, record_ids: Iterable[str], modes: tuple[str, ...]) -> None:
    """A query named FOR VIEW or FOR REFERENCE."""
    noted = [mode for mode in modes if mode in (_VIEW, _REFERENCE)]
    if noted:
        request.twin.part(RecentItems).note(request.caller.user_id, record_ids, noted)


def recent_json(request: Request, shown: Shown) -> dict[str, object]:
    where = attributes(request, shown.sobject_type.api_name, shown.item.record_id)
    return {"attributes": where, "Id": shown.item.record_id, "Name": shown.name}


def show_recent(request: Request) -> Response:
    """GET /recent, with ?limit=."""
    text = request.query.get("limit", "")
    limit = int(text) if text.isascii() and text.isdigit() else MOST
    shown = list(request.twin.part(RecentItems).shown_to(request.caller))
    return json_response([recent_json(request, item) for item in shown[:limit]])


def recently_viewed_table(find_items: Callable[[], RecentItems]) -> VirtualTable:
    """The object RecentlyViewed."""

    def rows(_org: Organization, caller: Caller) -> Iterator[Mapping[str, Value]]:
        for shown in find_items().shown_to(caller):
            yield {
                "Id": shown.item.record_id,
                "Name": shown.name,
                "Type": shown.sobject_type.api_name,
                "LastViewedDate": shown.item.viewed,
                "LastReferencedDate": shown.item.referenced,
            }

    fields = "Name Type LastViewedDate:d LastReferencedDate:d"
    return VirtualTable(tooling_type("RecentlyViewed", fields), rows)


ROUTES = (Route("GET", "/services/data/{version}/recent", show_recent),)
