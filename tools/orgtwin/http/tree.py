"""/composite/tree/X: records with their children, created together or not at all.

Source: "sObject Tree" (REST API Developer Guide): 200 records in all, of five types at most, five levels, one root
type; a refused record refuses the tree, and the answer (400) lists only the refused ones. ASSUMED: the texts but those of
the numbers of records and levels and of references that are missing or there twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orgtwin.errors import SalesforceError, SaveError, SaveResult
from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.records import require_type
from orgtwin.http.results import error_rows
from orgtwin.http.routing import Route
from orgtwin.schema.model import SObjectType

_MAX_RECORDS = 200
_MAX_LEVELS = 5
_MAX_TYPES = 5
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class _Node:
    """One record of the tree; `parent` is the reference of the record it hangs on, through `parent_field`."""

    reference: str
    sobject_type: SObjectType
    values: Mapping[str, object]
    parent: str | None
    parent_field: str | None
    level: int


def create_tree(request: Request) -> Response:
    root = require_type(request, request.params["sobject_type"])
    nodes = list(_walk(request, root, request.json_object().get("records"), None, None, 1))
    _require_size(nodes)
    with request.org.transaction():
        return _create_all(request, nodes)


def _create_all(request: Request, nodes: list[_Node]) -> Response:
    mark = request.org.savepoint()
    ids: dict[str, str] = {}
    refused: list[dict[str, object]] = []
    for level in range(1, _MAX_LEVELS + 1):
        refused += _save_level(request, [node for node in nodes if node.level == level], ids)
        if refused:
            request.org.rollback(mark)
            return json_response({"hasErrors": True, "results": refused}, 400)
    results = [{"referenceId": node.reference, "id": ids[node.reference]} for node in nodes]
    return json_response({"hasErrors": False, "results": results}, 201)


def _require_size(nodes: list[_Node]) -> None:
    if len(nodes) > _MAX_RECORDS:
        raise SalesforceError("INVALID_INPUT", f"The request exceeds the limit of {_MAX_RECORDS} records.")
    if len({node.sobject_type.api_name for node in nodes}) > _MAX_TYPES:
        raise SalesforceError("INVALID_INPUT", f"The request exceeds the limit of {_MAX_TYPES} types of records.")
    seen: set[str] = set()
    for node in nodes:
        if node.reference in seen:
            raise SalesforceError("INVALID_INPUT", f"Duplicate ReferenceId provided in the request: {node.reference}")
        seen.add(node.reference)


def _walk(
    request: Request, sobject_type: SObjectType, records: object, parent: str | None, field: str | None, level: int
) -> Iterator[_Node]:
    """Depth first, parents before children."""
    if not isinstance(records, list):
        raise SalesforceError("INVALID_INPUT", "Include a list of records")
    if level > _MAX_LEVELS:
        raise SalesforceError("INVALID_INPUT", f"The request exceeds the limit of {_MAX_LEVELS} levels.")
    for record in records:
        yield from _walk_record(request, sobject_type, record, parent, field, level)


def _walk_record(
    request: Request, sobject_type: SObjectType, record: object, parent: str | None, field: str | None, level: int
) -> Iterator[_Node]:
    attributes = record.get("attributes") if isinstance(record, dict) else None
    if not isinstance(record, dict) or not isinstance(attributes, dict) or "referenceId" not in attributes:
        raise SalesforceError("INVALID_INPUT", "Include a ReferenceId for each record in the request.")
    own_type = require_type(request, str(attributes.get("type", sobject_type.api_name)))
    children = {name: value for name, value in record.items() if isinstance(value, dict) and "records" in value}
    values = {name: value for name, value in record.items() if name not in children and name != "attributes"}
    reference = str(attributes["referenceId"])
    if not _REFERENCE.fullmatch(reference):
        raise SalesforceError("INVALID_INPUT", f"Invalid ReferenceId provided in the request: {reference}")
    if own_type.api_name != sobject_type.api_name:
        reason = f"Record {reference} is of type {own_type.api_name}, where {sobject_type.api_name} is asked for"
        raise SalesforceError("INVALID_INPUT", reason)
    yield _Node(reference, own_type, values, parent, field, level)
    for name, value in children.items():
        link = _relationship(request, own_type, name)
        child_type = require_type(request, link[0])
        yield from _walk(request, child_type, value["records"], reference, link[1], level + 1)


def _relationship(request: Request, parent: SObjectType, name: str) -> tuple[str, str]:
    for child in request.org.schema.children_of(parent.api_name):
        if (child.relationship_name or "").lower() == name.lower():
            return child.child_type, child.field
    raise SalesforceError("INVALID_FIELD", f"No such column '{name}' on sobject of type {parent.api_name}")


def _save_level(request: Request, nodes: list[_Node], ids: dict[str, str]) -> list[dict[str, object]]:
    """Create one level, type by type; fills `ids`, gives back what was refused."""
    refused: list[dict[str, object]] = []
    for name in dict.fromkeys(node.sobject_type.api_name for node in nodes):
        same = [node for node in nodes if node.sobject_type.api_name == name]
        rows = [_row(node, ids) for node in same]
        for node, result in zip(same, _insert(request, name, rows), strict=True):
            if result.success and result.record_id:
                ids[node.reference] = result.record_id
            else:
                refused.append({"referenceId": node.reference, "errors": error_rows(result.errors)})
    return refused


def _insert(request: Request, name: str, rows: list[Mapping[str, object]]) -> list[SaveResult]:
    try:
        return request.dml.insert(request.caller, name, rows)
    except SalesforceError as error:
        refusal = SaveError(error.code, error.message, error.fields)
        return [SaveResult(None, False, errors=(refusal,)) for _ in rows]


def _row(node: _Node, ids: Mapping[str, str]) -> Mapping[str, object]:
    if node.parent is None or node.parent_field is None:
        return node.values
    return {**node.values, node.parent_field: ids[node.parent]}


ROUTES = (Route("POST", "/services/data/{version}/composite/tree/{sobject_type}", create_tree, since=34.0),)
