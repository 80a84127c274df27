"""Queries of Bulk API 1.0: results as CSV, JSON or XML, and queries that are cut into chunks of record ids.

Source: "Bulk API Query" and "PK Chunking" (Bulk API 2.0 and Bulk API Developer Guide). ASSUMED: the form of XML results, as the
platform's own Java client reads them; the text for a query that cannot be cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import partial
from itertools import chain

from lxml import etree

from orgtwin.errors import SalesforceError
from orgtwin.http import bulk1_xml as form
from orgtwin.http.bulk2_query import lines_of
from orgtwin.http.bulk_model import Chunking
from orgtwin.http.bulk_results import BulkResult, as_images, from_images
from orgtwin.http.csv_rows import csv_lines, in_pieces
from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.records import attributes
from orgtwin.soql import to_wire
from orgtwin.soql.parser import parse
from orgtwin.soql.rows import Cell, QueryResult, ResultRow

CSV = "text/csv"
_NO_RECORDS = "Records not found for this query"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_CHUNK_SIZE, _LARGEST_CHUNK = 100_000, 250_000
_OPTION = re.compile(r"(\w+)\s*=\s*(\w+)")


# ---- chunks


def read_chunking(header: str | None) -> Chunking | None:
    """Sforce-Enable-PKChunking: `true`, `false`, or `chunkSize=50000; startRow=001...`. Raises InvalidJob."""
    if header is None or header.strip().lower() == "false":
        return None
    said = {name.lower(): value for name, value in _OPTION.findall(header)}
    size = said.get("chunksize", str(_CHUNK_SIZE))
    if not size.isdigit() or not 1 <= int(size) <= _LARGEST_CHUNK:
        raise SalesforceError(
            "InvalidJob", f"PK chunking: chunkSize must be a number up to {_LARGEST_CHUNK}, not {size}"
        )
    return Chunking(int(size), said.get("startrow", ""))


def require_chunkable(text: str) -> None:
    """Raises InvalidBatch for a query with more than FROM and WHERE."""
    tree = parse(text)
    if tree.order_by or tree.group_by or tree.limit is not None or tree.offset is not None or len(tree.sources) > 1:
        raise SalesforceError("InvalidBatch", "PK chunking takes no conditions other than WHERE")


def chunks_of(request: Request, sobject_type: str, chunking: Chunking, result: QueryResult) -> Iterator[QueryResult]:
    """The result, cut at every so many ids of the object's table; a chunk whose rows the query leaves out is empty."""
    table = request.org.table(sobject_type)
    read_id = table.reader("Id")
    ids = sorted(str(read_id(row)) for row in chain(table.rows(), table.deleted_rows()))
    bounds = [record_id for record_id in ids if record_id >= chunking.start_row][:: chunking.size]
    for low, high in zip(bounds, [*bounds[1:], None], strict=True):
        rows = [
            row for row in result.selected if low <= str(read_id(row)) and (high is None or str(read_id(row)) < high)
        ]
        yield replace(result, total_size=len(rows), selected=rows)


# ---- results


def written_down(content_type: str, header: list[str], found: QueryResult) -> BulkResult:
    """The result of a batch, in the form in which its job answers."""
    result = BulkResult()
    for _piece in result.take(found, partial(lines_of, columns=header) if content_type == "CSV" else as_images):
        pass
    return result


def _csv(_request: Request, header: list[str], result: BulkResult) -> Response:
    if not result.total_size:
        return Response(200, _NO_RECORDS.encode(), CSV)
    return Response(200, content_type=CSV, stream=in_pieces(chain(csv_lines([header]), result.slice(0))))


def _json(request: Request, _header: list[str], result: BulkResult) -> Response:
    answer = json_response([_record(request, row) for row in from_images(result.slice(0))])
    answer.content_type = form.JSON
    return answer


def _record(request: Request, row: ResultRow) -> dict[str, object]:
    shown: dict[str, object] = {"attributes": attributes(request, row.sobject_type, row.record_id or "")}
    return shown | {name: _value(request, value) for name, value in row.values.items()}


def _value(request: Request, value: Cell) -> object:
    """Dates and date-times are milliseconds since 1970 here and nowhere else (ASSUMED for dates; seen for date-times)."""
    if isinstance(value, ResultRow):
        return _record(request, value)
    if isinstance(value, list | dict):
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(), UTC)
    return round(value.timestamp() * 1_000) if isinstance(value, datetime) else to_wire(value)


def _xml(_request: Request, _header: list[str], result: BulkResult) -> Response:
    root = etree.Element("queryResult", nsmap={"xsi": _XSI})
    root.extend([_element("records", row) for row in from_images(result.slice(0))])
    return Response(200, form.document(root), form.XML)


def _element(tag: str, row: ResultRow) -> etree._Element:
    """One record: its type, its Id, then its fields; a parent is a record of its own inside."""
    element = etree.Element(tag, {f"{{{_XSI}}}type": "sObject"})
    etree.SubElement(element, "type").text = row.sobject_type
    if "Id" not in row.values:
        _leaf(element, "Id", row.record_id)
    for name, value in row.values.items():
        if isinstance(value, ResultRow):
            element.append(_element(name, value))
        elif not isinstance(value, list | dict):
            _leaf(element, name, to_wire(value))
    return element


def _leaf(parent: etree._Element, name: str, value: object) -> None:
    leaf = etree.SubElement(parent, name)
    if value is None:
        leaf.set(f"{{{_XSI}}}nil", "true")
    else:
        leaf.text = str(value).lower() if isinstance(value, bool) else str(value)


QUERY_RESULT: Mapping[str, Callable[[Request, list[str], BulkResult], Response]] = {
    "CSV": _csv,
    "JSON": _json,
    "XML": _xml,
}
