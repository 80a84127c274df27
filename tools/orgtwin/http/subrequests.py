"""What the parts of a composite, batch or graph request may be.

Source: "Composite Request Body", "Send Multiple Requests Using Composite", "Composite Batch", "Batch Request Body", "Using
Composite Graphs", "Composite Graph Limits" (REST API Developer Guide). ASSUMED: the texts of the refusals, but for the numbers of
subrequests and references that are there twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from orgtwin.errors import SalesforceError
from orgtwin.http.references import named_in

MOST_FAILED_GRAPHS = 14
_MOST_SUBREQUESTS, _MOST_ASKING = 25, 5
_MOST_GRAPHS, _MOST_NODES, _MOST_KINDS, _DEEPEST = 75, 500, 15, 15

_METHODS = frozenset({"POST", "PUT", "PATCH", "GET", "DELETE"})
_INHERITED = frozenset({"accept", "authorization", "content-type"})
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*")
_GRAPH_ID = re.compile(r"[A-Za-z0-9][^.]{0,38}")
_ADDRESS = re.compile(r"/services/data/v\d+\.\d/(?P<place>.*)", re.DOTALL)
_PLACES = re.compile(r"(?:tooling/)?(?:sobjects|query|queryAll|composite/sobjects)(?:[/?].*)?", re.DOTALL)
_ASKING = re.compile(r"(?:tooling/)?(?:query|queryAll|composite/sobjects)(?:[/?].*)?", re.DOTALL)
_FIRST_VERSION = 34.0
_BATCHED = "limits|sobjects|query|queryAll|search|connect|chatter|actions"
_BATCH_ADDRESS = re.compile(rf"(?:/services/data)?/?v(?P<version>\d+\.\d)/(?:{_BATCHED})(?:[/?].*)?", re.DOTALL)
_NODES = {
    1: frozenset({"POST"}),
    2: frozenset({"DELETE", "GET", "PATCH"}),
    3: frozenset({"DELETE", "GET", "PATCH", "POST"}),
}

Subrequest = Mapping[str, object]


def require_text(row: Subrequest, name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise SalesforceError("JSON_PARSER_ERROR", f"Missing required field: {name}")
    return value


def _rows(body: Mapping[str, object], name: str, most: int) -> list[Subrequest]:
    rows = body.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SalesforceError("JSON_PARSER_ERROR", f"Missing required field: {name}")
    if len(rows) > most:
        raise _too_many(f"Cannot have more than {most} subrequests in a single operation.")
    return rows


def _too_many(text: str) -> SalesforceError:
    return SalesforceError("LIMIT_EXCEEDED", text)


def _invalid(text: str) -> SalesforceError:
    return SalesforceError("INVALID_INPUT", text)


def read_batch(body: Mapping[str, object], version: float) -> list[Subrequest]:
    """The subrequests, each of a version from 34.0 to that of the batch. One that cannot be sent refuses them all."""
    rows = _rows(body, "batchRequests", _MOST_SUBREQUESTS)
    for row in rows:
        method, url = require_text(row, "method"), require_text(row, "url")
        found = _BATCH_ADDRESS.fullmatch(url)
        if method not in _METHODS:
            raise _invalid(f"Invalid method: {method}")
        if found is None:
            raise _invalid(f"{url} is not a resource that a batch takes")
        if not _FIRST_VERSION <= float(found["version"]) <= version:
            raise _invalid(f"{url} is not of a version from {_FIRST_VERSION} to {version}")
    return rows


def read_composite(body: Mapping[str, object]) -> list[Subrequest]:
    """The subrequests: records, queries and collections, of the latter two at most five."""
    rows = _rows(body, "compositeRequest", _MOST_SUBREQUESTS)
    places = [_require_form(row) for row in rows]
    _require_distinct(rows)
    for row, place in zip(rows, places, strict=True):
        if not _PLACES.fullmatch(place):
            raise _invalid(f"{row['url']} is not a resource that a composite request takes")
    if sum(bool(_ASKING.fullmatch(place)) for place in places) > _MOST_ASKING:
        raise _too_many(f"Cannot have more than {_MOST_ASKING} queries and collections in a single operation.")
    return rows


def _require_form(row: Subrequest) -> str:
    """The place that a subrequest is sent to, behind its version."""
    reference, method = require_text(row, "referenceId"), require_text(row, "method")
    if not _REFERENCE.fullmatch(reference):
        raise _invalid(f"Invalid referenceId: {reference}. It may have letters, numbers and underscores only.")
    if method not in _METHODS:
        raise _invalid(f"Invalid method: {method}")
    found = _ADDRESS.fullmatch(require_text(row, "url"))
    if found is None:
        raise _invalid(f"{row['url']} does not start with /services/data/vXX.X/")
    headers = row.get("httpHeaders")
    inherited = [name for name in headers if name.lower() in _INHERITED] if isinstance(headers, dict) else []
    if inherited:
        raise _invalid(f"A subrequest takes the header {inherited[0]} from its request and cannot have its own")
    return found["place"]


def _require_distinct(rows: Sequence[Subrequest]) -> None:
    seen: set[str] = set()
    for row in rows:
        name = require_text(row, "referenceId")
        if name in seen:
            raise _invalid(f"Duplicate referenceId found: {name}")
        seen.add(name)


def read_graphs(body: Mapping[str, object]) -> list[tuple[str, list[Subrequest]]]:
    """The graphs by their ids. Raises for one that is too long, too deep or of too many kinds."""
    graphs = _rows(body, "graphs", _MOST_GRAPHS)
    listed = [(_graph_id(graph), _rows(graph, "compositeRequest", _MOST_NODES)) for graph in graphs]
    for graph_id, _ in listed:
        if sum(graph_id == other for other, _ in listed) > 1:
            raise _invalid(f"Duplicate graphId found: {graph_id}")
    if sum(len(rows) for _, rows in listed) > _MOST_NODES:
        raise _too_many(f"Cannot have more than {_MOST_NODES} nodes in a single operation.")
    kinds = {_node_kind(row) for _, rows in listed for row in rows}
    if len(kinds) > _MOST_KINDS:
        raise _too_many(f"Cannot have more than {_MOST_KINDS} different nodes in a single operation.")
    for _, rows in listed:
        _require_distinct(rows)
        if _depth(rows) > _DEEPEST:
            raise _too_many(f"A graph cannot be deeper than {_DEEPEST}.")
    return listed


def _graph_id(graph: Subrequest) -> str:
    text = require_text(graph, "graphId")
    if not _GRAPH_ID.fullmatch(text):
        raise _invalid(
            f"Invalid graphId: {text}. It begins with a letter or number, has less than 40 characters and no period."
        )
    return text


def _node_kind(row: Subrequest) -> tuple[str, str, str]:
    """Version, method and object: nodes that differ in one of them are different."""
    place, method, url = _require_form(row), require_text(row, "method"), require_text(row, "url")
    segments = [segment for segment in place.partition("?")[0].split("/") if segment]
    if segments[:1] != ["sobjects"] or method not in _NODES.get(len(segments) - 1, ()):
        raise _invalid(f"{method} {url} is not a request that a graph takes")
    return url.split("/")[3], method, segments[1].lower()


def _depth(rows: Sequence[Subrequest]) -> int:
    """Nodes that name no other are at depth 1. A node names only what stands before it."""
    depths: dict[str, int] = {}
    for row in rows:
        parents = [depths[name] for name in named_in([row.get("url"), row.get("body")]) if name in depths]
        depths[require_text(row, "referenceId")] = 1 + max(parents, default=0)
    return max(depths.values(), default=0)
