"""Database.Cursor and Database.PaginationCursor: the rows of a query, part by part.

Source: "Apex Cursors" (Apex Developer Guide), "Cursor Class", "PaginationCursor Class" (Apex Reference Guide). A cursor's
records are fixed when it is made; a fetch counts as a query, its rows as query rows. ASSUMED: the texts of the exceptions, and
that a fetch shows the fields as they were when the cursor was made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orgtwin.apex import context
from orgtwin.apex.database import run_query
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.library.databases import Access, bound
from orgtwin.apex.library.signatures import declare, system_class
from orgtwin.apex.types import SOBJECT, Type, list_of
from orgtwin.apex.values import ApexList, ApexMap, Value

MOST_ROWS_A_PAGE = 2000


@dataclass(frozen=True, slots=True)
class Cursor:
    """The rows of one query, as `kind` says to be fetched freely (Cursor) or page by page (PaginationCursor)."""

    kind: str
    rows: ApexList

    @property
    def apex_type(self) -> Type:
        return declare(self.kind, namespace="Database").type


@dataclass(frozen=True, slots=True)
class Page:
    """Database.CursorFetchResult: a full page, or what was left. `next_index` is where the next page begins.

    Source: "CursorFetchResult Class", isDone: true at the size of the page or the end of the rows, so always here.
    """

    rows: ApexList
    deleted: int
    next_index: int

    @property
    def apex_type(self) -> Type:
        return declare("CursorFetchResult", namespace="Database").type


_ROWS_OF_KIND = {"Cursor": "ApexCursorRows", "PaginationCursor": "ApexPaginationCursorRows"}


def _opener(kind: str, *, has_binds: bool = False) -> Callable[..., Cursor]:
    def open_cursor(text: str | None, *options: Value) -> Cursor:
        if text is None:
            raise argument_null("query")
        access = next((o for o in options if isinstance(o, Access)), None)
        binds = dict(options[0].items) if has_binds and isinstance(options[0], ApexMap) else None
        asked, values = bound(text) if binds is None else (text, binds)
        return _open(kind, asked, values, user_mode=access is not None and access.user_mode)

    return open_cursor


def _open(kind: str, text: str, binds: dict[str, Value], *, user_mode: bool) -> Cursor:
    engine = context.engine()
    usage = engine.transaction.usage
    before = usage.used["Queries"]
    rows = run_query(engine, text, binds, user_mode, None, None)
    usage.used["Queries"] = before  # the fetches count
    if not isinstance(rows, ApexList):
        raise throw("FatalCursorException", "A cursor needs a query of records")
    usage.charge(f"Apex{kind}s")
    usage.charge(_ROWS_OF_KIND[kind], len(rows.items))
    return Cursor(kind, rows)


def _fetch(this: Cursor, position: int | None, count: int | None) -> ApexList:
    _charge_fetch()
    return _slice(this, position, count)[0]


def _charge_fetch() -> None:
    """Cursors of both kinds share the limit of fetches. Source: the example of limits in "Apex Cursors"."""
    usage = context.transaction().usage
    usage.charge("FetchCallsOnApexCursor")
    usage.charge("Queries")


def _slice(this: Cursor, position: int | None, count: int | None) -> tuple[ApexList, int]:
    """The records from `position` that still exist, and how many are gone."""
    if position is None or count is None or position < 0 or count < 0 or position > len(this.rows.items):
        text = f"Cursor position {position} with {count} rows is outside the cursor's {len(this.rows.items)} rows"
        raise throw("InvalidParameterValueException", text)
    engine = context.engine()
    asked = this.rows.items[position : position + count]
    live = [row for row in asked if engine.port.has_row(str(row.fields.get("Id")))]
    engine.transaction.usage.charge("QueryRows", len(live))
    return ApexList(this.rows.type, live), len(asked) - len(live)


def _fetch_page(this: Cursor, position: int | None, count: int | None) -> Page:
    """A page of `count` records; deleted ones are made up for by those that follow."""
    if count is not None and count > MOST_ROWS_A_PAGE:
        raise throw("InvalidParameterValueException", f"A page has at most {MOST_ROWS_A_PAGE} rows: {count}")
    _charge_fetch()
    rows, deleted = _slice(this, position, count)
    at = (position or 0) + len(rows.items) + deleted
    while len(rows.items) < (count or 0) and at < len(this.rows.items):
        more, gone = _slice(this, at, (count or 0) - len(rows.items))
        rows.items += more.items
        deleted += gone
        at += len(more.items) + gone
    return Page(rows, deleted, at)


def _fetch_deleted(this: Cursor, position: int | None, count: int | None) -> int:
    _charge_fetch()
    return _slice(this, position, count)[1]


_OPENERS = {
    f"static Database.{kind} get{kind}{form}": _opener(kind, has_binds="Map" in form)
    for kind in _ROWS_OF_KIND
    for form in ("(String)", "(String,AccessLevel)", "WithBinds(String,Map<String,Object>,AccessLevel)")
}
system_class("Database", _OPENERS)
system_class(
    "Cursor",
    {"List<SObject> fetch(Integer,Integer)": _fetch, "Integer getNumRecords()": lambda this: len(this.rows.items)},
    namespace="Database",
)
system_class(
    "PaginationCursor",
    {
        "Database.CursorFetchResult fetchPage(Integer,Integer)": _fetch_page,
        "Integer fetchDeleted(Integer,Integer)": _fetch_deleted,
        "Integer getNumRecords()": lambda this: len(this.rows.items),
    },
    namespace="Database",
)
system_class(
    "CursorFetchResult",
    {
        "List<SObject> getRecords()": lambda this: ApexList(list_of(SOBJECT), list(this.rows.items)),
        "Integer getNumDeletedRecords()": lambda this: this.deleted,
        "Integer getNextIndex()": lambda this: this.next_index,
        "Boolean isDone()": lambda _: True,
    },
    namespace="Database",
)
