"""Search: SOSL from text. Source: "Search Class" (Apex Reference Guide)."""

from __future__ import annotations

from dataclasses import dataclass

from orgtwin.apex import context
from orgtwin.apex.database import run_search
from orgtwin.apex.faults import argument_null
from orgtwin.apex.library.databases import Access
from orgtwin.apex.library.databases import bound as bound_text
from orgtwin.apex.library.signatures import Refusing, declare, system_class, type_of
from orgtwin.apex.records import SObject
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList

_LISTS = type_of("List<List<SObject>>")


def _query(text: str | None, access: Access | None = None) -> ApexList:
    if text is None:
        raise argument_null("query")
    text, binds = bound_text(text)
    return run_search(context.engine(), text, binds, _LISTS, access is not None and access.user_mode)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Search.SearchResult: one record that was found."""

    record: SObject

    @property
    def apex_type(self) -> Type:
        return declare("SearchResult", namespace="Search").type


@dataclass(frozen=True, slots=True)
class SearchResults:
    """Search.SearchResults: what find() gives, by object."""

    by_type: dict[str, list[SearchResult]]

    @property
    def apex_type(self) -> Type:
        return declare("SearchResults", namespace="Search").type


def _find(text: str | None, access: Access | None = None) -> SearchResults:
    found: dict[str, list[SearchResult]] = {}
    for rows in _query(text, access).items:
        for record in rows.items:
            found.setdefault(record.type.name.lower(), []).append(SearchResult(record))
    return SearchResults(found)


def _get(this: SearchResults, name: str) -> ApexList:
    return ApexList(type_of("List<Search.SearchResult>"), list(this.by_type.get(name.lower(), ())))


_snippet = Refusing("Search.SearchResult.getSnippet")
system_class(
    "Search",
    {
        "static List<List<SObject>> query(String)": _query,
        "static List<List<SObject>> query(String,AccessLevel)": _query,
        "static Search.SearchResults find(String)": _find,
        "static Search.SearchResults find(String,AccessLevel)": _find,
    },
)
system_class("SearchResults", {"List<Search.SearchResult> get(String)": _get}, namespace="Search")
system_class(
    "SearchResult",
    {
        "SObject getSObject()": lambda this: this.record,
        "String getSnippet()": _snippet,
        "String getSnippet(String)": _snippet,
    },
    namespace="Search",
)
