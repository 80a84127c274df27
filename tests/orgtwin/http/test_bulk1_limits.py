"""What a batch of Bulk API 1.0 may hold at most, whatever its content type."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

import pytest

from orgtwin.http.bulk_jobs import BulkJobs
from orgtwin.http.in_process import InProcess

ASYNC = "/services/async/66.0/job"


def as_json(records: object) -> bytes:
    return json.dumps(records).encode()


def as_xml(records: list[dict[str, str]]) -> bytes:
    rows = "".join(
        f"<sObject>{''.join(f'<{name}>{value}</{name}>' for name, value in record.items())}</sObject>"
        for record in records
    )
    return f'<sObjects xmlns="http://www.force.com/2009/06/asyncapi/dataload">{rows}</sObjects>'.encode()


TOO_MUCH: dict[str, tuple[list[dict[str, str]], str]] = {
    "more than 10,000 records": (
        [{"Name": "a"}] * 10_001,
        "InvalidBatch : Exceeded number of records: 10002. Number of records should be less than or equal to 10001",
    ),
    "a field of more than 131,072 characters": (
        [{"Name": "a" * 131_073}],
        "InvalidBatch : field larger than field limit (131072)",
    ),
    "a record of more than 400,000 characters": (
        [dict.fromkeys(("Name", "Site", "Phone", "Fax"), "a" * 100001)],
        "InvalidBatch : A record has more than 400000 characters",
    ),
    "more than 5,000 fields": (
        [{f"F{number}": "a" for number in range(5_001)}],
        "InvalidBatch : A record has more than 5000 fields",
    ),
}


@pytest.mark.parametrize(("kind", "render"), [("JSON", as_json), ("XML", as_xml)])
@pytest.mark.parametrize(("records", "message"), TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_records_of_any_content_type_keep_the_limits(
    org_twin_client: InProcess,
    kind: str,
    render: Callable[[list[dict[str, str]]], bytes],
    records: list[dict[str, str]],
    message: str,
) -> None:
    job = {"operation": "insert", "object": "Account", "contentType": kind}
    job_id = org_twin_client.post(ASYNC, job).json()["id"]
    org_twin_client.request("POST", f"{ASYNC}/{job_id}/batch", body=render(records))
    (batch,) = org_twin_client.application.twin.part(BulkJobs).get_batch_job(job_id).batches.values()
    assert (batch.state, batch.state_message, batch.outcomes) == ("Failed", message, [])


@pytest.mark.parametrize("content_encoding", ["", "gzip"])
def test_a_batch_of_more_than_ten_million_bytes_is_not_read(org_twin_client: InProcess, content_encoding: str) -> None:
    job_id = org_twin_client.post(ASYNC, {"operation": "insert", "object": "Account", "contentType": "JSON"}).json()[
        "id"
    ]
    body = b"[" + b" " * 9_999_999 + b"]"
    headers = {"content-type": "application/json", "content-encoding": content_encoding}
    sent = gzip.compress(body) if content_encoding else body
    answer = org_twin_client.request("POST", f"{ASYNC}/{job_id}/batch", body=sent, headers=headers)
    told = "Failed to read request. Exceeded max size limit of 10000000"
    assert (answer.status, answer.json()) == (400, {"exceptionCode": "ClientInputError", "exceptionMessage": told})


def test_a_batch_of_nothing_is_refused(org_twin_client: InProcess) -> None:
    job_id = org_twin_client.post(ASYNC, {"operation": "insert", "object": "Account", "contentType": "JSON"}).json()[
        "id"
    ]
    answer = org_twin_client.request("POST", f"{ASYNC}/{job_id}/batch", headers={"content-type": "application/json"})
    told = "Unable to find any data to create batch"
    assert (answer.status, answer.json()) == (400, {"exceptionCode": "ClientInputError", "exceptionMessage": told})
