"""Job and batch descriptions of Bulk API 1.0, read and written as XML or JSON.

Source: "JobInfo" and "BatchInfo" (Bulk API 2.0 and Bulk API Developer Guide).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lxml import etree

from orgtwin.errors import SalesforceError
from orgtwin.http.bulk_model import Batch, BatchJob
from orgtwin.http.message import Request, Response, json_response
from orgtwin.soql import to_wire

NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
# Clients compare these texts with ==, so they carry no charset.
XML = "application/xml"
JSON = "application/json"
_HEAD = b'<?xml version="1.0" encoding="UTF-8"?>'


def _safe_parser() -> etree.XMLParser:
    """A parser that resolves no entity, loads no DTD and reaches no network."""
    return etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)


def parse_xml(body: bytes) -> etree._Element:
    """Raises InvalidBatch for text that is not XML, or that declares a document type."""
    try:
        root = etree.fromstring(body, _safe_parser())
    except etree.XMLSyntaxError as error:
        raise SalesforceError("InvalidBatch", f"Unable to parse XML: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise SalesforceError("InvalidBatch", "Unable to parse XML: a document type is not allowed")
    return root


def local_name(element: etree._Element) -> str:
    return etree.QName(element).localname


def is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith(JSON)


def read_values(request: Request) -> dict[str, str]:
    """The fields of a posted jobInfo, XML or JSON."""
    if is_json(request):
        return {name: str(value) for name, value in request.json_object().items() if value is not None}
    return {local_name(child): (child.text or "").strip() for child in parse_xml(request.body)}


def job_values(job: BatchJob) -> dict[str, object]:
    """In the order the schema gives them."""
    batches = list(job.batches.values())
    done = [batch for batch in batches if batch.state == "Completed"]
    values: dict[str, object] = {
        "id": job.job_id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.created_by,
        "createdDate": _moment(job.created_at),
        "systemModstamp": _moment(job.created_at),
        "state": job.state,
        "externalIdFieldName": job.external_id_field,
        "concurrencyMode": job.concurrency_mode,
        "contentType": job.content_type,
        "numberBatchesQueued": 0,
        "numberBatchesInProgress": 0,
        "numberBatchesCompleted": len(done),
        "numberBatchesFailed": len([batch for batch in batches if batch.state == "Failed"]),
        "numberBatchesTotal": len(batches),
        "numberRecordsProcessed": sum(batch.processed for batch in batches),
        "numberRetries": 0,
        "apiVersion": f"{job.api_version:.1f}",
        "numberRecordsFailed": sum(batch.failed for batch in batches),
        "totalProcessingTime": 0,
        "apiActiveProcessingTime": 0,
        "apexProcessingTime": 0,
    }
    if job.external_id_field is None:
        del values["externalIdFieldName"]
    return values


def batch_values(batch: Batch) -> dict[str, object]:
    values: dict[str, object] = {
        "id": batch.batch_id,
        "jobId": batch.job_id,
        "state": batch.state,
        "stateMessage": batch.state_message,
        "createdDate": _moment(batch.created_at),
        "systemModstamp": _moment(batch.created_at),
        "numberRecordsProcessed": batch.processed,
        "numberRecordsFailed": batch.failed,
        "totalProcessingTime": 0,
        "apiActiveProcessingTime": 0,
        "apexProcessingTime": 0,
    }
    if batch.state_message is None:
        del values["stateMessage"]
    return values


def _moment(value: Any) -> str:
    return str(to_wire(value)).replace("+0000", "Z")


def _element(name: str, values: Mapping[str, object]) -> etree._Element:
    element = etree.Element(name)
    for key, value in values.items():
        etree.SubElement(element, key).text = str(value)
    return element


def document(element: etree._Element) -> bytes:
    """An element of this API's namespace as a whole document."""
    element.set("xmlns", NAMESPACE)
    return _HEAD + etree.tostring(element)


def described(name: str, values: Mapping[str, object], *, as_json: bool, status: int = 200) -> Response:
    """One jobInfo or batchInfo, in the form of its job."""
    if as_json:
        answer = json_response(values, status)
        answer.content_type = JSON
        return answer
    return Response(status, document(_element(name, values)), XML)


def described_list(name: str, item: str, rows: Iterable[Mapping[str, object]], *, as_json: bool) -> Response:
    """A batchInfoList."""
    if as_json:
        answer = json_response({item: list(rows)})
        answer.content_type = JSON
        return answer
    root = etree.Element(name)
    root.extend([_element(item, row) for row in rows])
    return Response(200, document(root), XML)


def result_list(result_ids: Iterable[str], *, as_json: bool) -> Response:
    if as_json:
        answer = json_response(list(result_ids))
        answer.content_type = JSON
        return answer
    root = etree.Element("result-list")
    for result_id in result_ids:
        etree.SubElement(root, "result").text = result_id
    return Response(200, document(root), XML)


def results_xml(rows: Iterable[Mapping[str, object]]) -> bytes:
    """<results> of a batch of XML records."""
    root = etree.Element("results")
    for row in rows:
        root.append(_result(row))
    return document(root)


def _result(row: Mapping[str, object]) -> etree._Element:
    element = etree.Element("result")
    for error in row["errors"]:  # type: ignore[attr-defined]
        holder = etree.SubElement(element, "errors")
        for name in ("fields", "message", "statusCode"):
            value = error[name]
            for text in value if isinstance(value, list) else [value]:
                etree.SubElement(holder, name).text = str(text)
    for name in ("success", "created"):
        etree.SubElement(element, name).text = "true" if row[name] else "false"
    if row["id"]:
        etree.SubElement(element, "id").text = str(row["id"])
    return element


def read_records(body: bytes) -> list[dict[str, object]]:
    """<sObjects> of an XML batch: fields as text, xsi:nil as null, a nested element as parent by external id."""
    return [_record(element) for element in parse_xml(body) if local_name(element) == "sObject"]


def _record(element: etree._Element) -> dict[str, object]:
    record: dict[str, object] = {}
    for field in element:
        name = local_name(field)
        nested = next((child for child in field if local_name(child) == "sObject"), None)
        if nested is not None:
            record[name] = _record(nested)
        elif field.get("{http://www.w3.org/2001/XMLSchema-instance}nil") == "true":
            record[name] = "#N/A"
        else:
            record[name] = field.text or ""
    return record
