"""A result as REST shows it.

    {"totalSize": 2, "done": true, "records": [{"attributes": {"type": "Account", "url": "..."}, "Name": "Acme"}, ...]}

Parents nest, empty parents and child queries without rows are null, groups carry the type AggregateResult without a url.
Source: "Query" (REST API Developer Guide), "Primitive Data Types" (SOAP API Developer Guide) for the forms of values.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal

from orgtwin.records.model import Value
from orgtwin.soql.catalog import MadeWhenShown
from orgtwin.soql.rows import AGGREGATE_RESULT, Cell, QueryResult, ResultRow

Json = str | bool | int | float | None | list["Json"] | dict[str, "Json"]

DEFAULT_BATCH = 2000


def to_json(
    result: QueryResult,
    data_path: str,
    *,
    start: int = 0,
    size: int = DEFAULT_BATCH,
    next_records_url: Callable[[int], str] | None = None,
) -> dict[str, Json]:
    """One batch of a result as the body of a query answer.

    data_path         "/services/data/v66.0" or, for the Tooling API, "/services/data/v66.0/tooling": begins the url of each record
    next_records_url  asked for the path of the batch that begins at a row; only when there is one
    """
    end = start + size
    done = end >= len(result.selected)
    body: dict[str, Json] = {"totalSize": result.total_size, "done": done}
    if not done and next_records_url is not None:
        body["nextRecordsUrl"] = next_records_url(end)
    body["records"] = [record_json(row, data_path) for row in result.slice(start, size)]
    return body


def record_json(row: ResultRow, data_path: str) -> dict[str, Json]:
    """One record with its attributes first."""
    attributes: dict[str, Json] = {"type": row.shown_type or row.sobject_type}
    if row.sobject_type != AGGREGATE_RESULT:
        attributes["url"] = f"{data_path}/sobjects/{row.sobject_type}/{row.record_id}"
    shown: dict[str, Json] = {"attributes": attributes}
    for key, cell in row.values.items():
        shown[key] = _cell_json(cell, data_path, shown, key)
    return shown


def _cell_json(cell: Cell, data_path: str, record: dict[str, Json], key: str) -> Json:
    if isinstance(cell, ResultRow):
        return record_json(cell, data_path)
    if isinstance(cell, list):
        if not cell:
            return None
        return {
            "totalSize": len(cell),
            "done": True,
            "records": [record_json(child, data_path) for child in cell],
        }
    if isinstance(cell, dict):
        if isinstance(cell, MadeWhenShown):
            return cell.make()  # type: ignore[return-value]
        return {name: to_wire(part) for name, part in cell.items()}
    if isinstance(cell, bytes):
        # "Get Blob Data": a row shows where the blob is, never the blob.
        attributes = record["attributes"]
        return f"{attributes['url']}/{key}" if isinstance(attributes, dict) and "url" in attributes else None
    return to_wire(cell)


def to_wire(value: Value) -> str | bool | int | float | None:
    """A stored value in JSON: dates as ISO text, date-times in UTC with +0000, decimals as numbers."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "+0000"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat(timespec="milliseconds")[:12] + "Z"
    return None if isinstance(value, bytes) else value
