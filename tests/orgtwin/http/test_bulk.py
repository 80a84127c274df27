"""Both bulk APIs, as raw HTTP."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from orgtwin.http import bulk2_query
from orgtwin.http.app import Application
from orgtwin.http.csv_rows import read_csv
from orgtwin.http.in_process import Answer, InProcess
from orgtwin.http.start import start_twin
from orgtwin.http.surfaces import ROUTES

V = "/services/data/v66.0"
INGEST = f"{V}/jobs/ingest"
QUERY = f"{V}/jobs/query"
ASYNC = "/services/async/66.0/job"
XML = {"content-type": "application/xml; charset=UTF-8"}


@pytest.fixture
def client(org_twin_client: InProcess) -> InProcess:
    return org_twin_client


def open_job(client: InProcess, **job: str) -> str:
    answer = client.post(INGEST, {"object": "Account", "operation": "insert", **job})
    assert answer.status == 200, answer.text
    job_id: str = answer.json()["id"]
    return job_id


def run_job(client: InProcess, content: str, **job: str) -> dict[str, Any]:
    """Create, upload, close; the job as the next look shows it."""
    job_id = open_job(client, **job)
    sent = client.request(
        "PUT", f"{INGEST}/{job_id}/batches", body=content.encode(), headers={"content-type": "text/csv"}
    )
    assert (sent.status, sent.body) == (201, b"")
    assert client.patch(f"{INGEST}/{job_id}", {"state": "UploadComplete"}).json()["state"] == "UploadComplete"
    shown: dict[str, Any] = client.get(f"{INGEST}/{job_id}").json()
    return shown


def results(client: InProcess, job: dict[str, Any], kind: str) -> list[str]:
    answer = client.get(f"{INGEST}/{job['id']}/{kind}")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/csv")
    return answer.text.splitlines()


def test_a_new_job_is_described_as_the_org_does(client: InProcess) -> None:
    answer = client.post(INGEST, {"object": "account", "operation": "insert"}).json()
    stamp = answer["createdDate"]
    assert answer == {
        "id": answer["id"],
        "operation": "insert",
        "object": "Account",
        "createdById": client.get("/services/oauth2/userinfo").json()["user_id"],
        "createdDate": stamp,
        "systemModstamp": stamp,
        "state": "Open",
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": 66.0,
        "jobType": "V2Ingest",
        "contentUrl": f"services/data/v66.0/jobs/ingest/{answer['id']}/batches",
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
    }


def test_a_long_job_is_in_progress_and_can_be_aborted(client: InProcess) -> None:
    job_id = open_job(client)
    rows = "".join(f"Account {number}\n" for number in range(2_600))
    client.request("PUT", f"{INGEST}/{job_id}/batches", body=f"Name\n{rows}".encode())
    answer, _ = client.send("PATCH", f"{INGEST}/{job_id}", json={"state": "UploadComplete"})
    steps = iter(answer.afterwards or ())
    next(steps)
    running = client.get(f"{INGEST}/{job_id}").json()
    assert (running["state"], running["numberRecordsProcessed"]) == ("InProgress", 2_200)
    assert client.patch(f"{INGEST}/{job_id}", {"state": "Aborted"}).json()["state"] == "Aborted"
    assert list(steps) == []
    aborted = client.get(f"{INGEST}/{job_id}").json()
    assert (aborted["state"], aborted["numberRecordsProcessed"]) == ("Aborted", 2_200)
    assert len(results(client, aborted, "unprocessedrecords")) == 1 + 400


def test_a_job_of_an_org_that_was_reset_ends(client: InProcess) -> None:
    job_id = open_job(client)
    rows = "".join(f"Account {number}\n" for number in range(2_600))
    client.request("PUT", f"{INGEST}/{job_id}/batches", body=f"Name\n{rows}".encode())
    answer, _ = client.send("PATCH", f"{INGEST}/{job_id}", json={"state": "UploadComplete"})
    client.application.twin.reset()
    assert list(answer.afterwards or ()) == []
    assert len(client.application.twin.org.table("Account")) == 0


def test_a_job_saves_the_good_rows_and_tells_why_of_the_others(client: InProcess) -> None:
    job = run_job(client, "Name,Site\nAcme,1\n,2\n")
    assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == ("JobComplete", 2, 1)
    saved, refused = results(client, job, "successfulResults"), results(client, job, "failedResults")
    record_id = saved[1].split('"')[1]
    assert saved == ['"sf__Id","sf__Created","Name","Site"', f'"{record_id}","true","Acme","1"']
    assert refused == [
        '"sf__Id","sf__Error","Name","Site"',
        '"","REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --","","2"',
    ]
    assert results(client, job, "unprocessedrecords") == ['"Name","Site"']
    assert client.get(f"{V}/sobjects/Account/{record_id}?fields=Site").json()["Site"] == "1"


def test_an_update_clears_with_na_and_leaves_with_nothing(client: InProcess) -> None:
    record_id = client.post(f"{V}/sobjects/Account", {"Name": "a", "Site": "s", "Fax": "f"}).json()["id"]
    job = run_job(client, f"Id,Site,Fax\n{record_id},#N/A,\n", operation="update")
    shown = client.get(f"{V}/sobjects/Account/{record_id}?fields=Site,Fax").json()
    assert job["numberRecordsFailed"] == 0
    assert (shown["Site"], shown["Fax"]) == (None, "f")


def test_an_upsert_by_id_updates(client: InProcess) -> None:
    record_id = client.post(f"{V}/sobjects/Account", {"Name": "a"}).json()["id"]
    job = run_job(client, f"Id,Name\n{record_id},b\n", operation="upsert", externalIdFieldName="Id")
    assert results(client, job, "successfulResults")[1] == f'"{record_id}","false","{record_id}","b"'


def grant_hard_delete(client: InProcess) -> None:
    values = {"Name": "Hard_Delete", "Label": "Hard delete", "PermissionsBulkApiHardDelete": True}
    granted = client.post(f"{V}/sobjects/PermissionSet", values).json()["id"]
    who = client.get("/services/oauth2/userinfo").json()["user_id"]
    values = {"PermissionSetId": granted, "AssigneeId": who}
    assert client.post(f"{V}/sobjects/PermissionSetAssignment", values).status == 201


NO_HARD_DELETE = (
    "FeatureNotEnabled : hardDelete operation requires special user profile permission, "
    "please contact your system administrator"
)


def test_nobody_deletes_for_good_unless_it_was_granted(client: InProcess) -> None:
    job = {"object": "Account", "operation": "hardDelete"}
    assert client.post(INGEST, job).json() == [{"message": NO_HARD_DELETE, "errorCode": "FEATURENOTENABLED"}]
    grant_hard_delete(client)
    assert client.post(INGEST, job).status == 200


@pytest.mark.parametrize("operation", ["delete", "hardDelete"])
def test_rows_are_deleted_by_their_id_alone(client: InProcess, operation: str) -> None:
    grant_hard_delete(client)
    record_id = client.post(f"{V}/sobjects/Account", {"Name": "a"}).json()["id"]
    run_job(client, f"Id\n{record_id}\n", operation=operation)
    deleted = client.get(f"{V}/queryAll?q=SELECT IsDeleted FROM Account").json()["records"]
    assert [row["IsDeleted"] for row in deleted] == ([True] if operation == "delete" else [])


def test_another_delimiter_and_line_ending_are_read_and_written(client: InProcess) -> None:
    job = run_job(client, "Name|Site\r\na|b,c\r\n", columnDelimiter="PIPE", lineEnding="CRLF")
    raw = client.get(f"{INGEST}/{job['id']}/successfulResults").text
    assert raw.startswith('"sf__Id"|"sf__Created"|"Name"|"Site"\r\n')
    assert raw.endswith('|"true"|"a"|"b,c"\r\n')


FAILED_UPLOADS = {
    "a column nobody has": ("Name,Foo\na,b\n", {}, "InvalidBatch : Field name not found : Foo"),
    "nothing": ("", {}, "InvalidBatch : The upload is empty"),
    "the other line ending": (
        "Name\r\na\r\n",
        {},
        "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
    ),
    "more than an id to delete": (
        "Id,Name\nx,y\n",
        {"operation": "delete"},
        "InvalidBatch : delete operation must have only one field - Id in batch data",
    ),
    "a cell of more than 131,072 characters": (
        f"Name\n{'a' * 131_073}\n",
        {},
        "InvalidBatch : Failed to parse CSV. field larger than field limit (131072)",
    ),
    "a record of more than 400,000 characters": (
        f"Name,Site,Phone,Fax\n{','.join(['a' * 100_001] * 4)}\n",
        {},
        "InvalidBatch : A record has more than 400000 characters",
    ),
    "more than 5,000 fields": (
        f"{','.join(['Name'] * 5_001)}\n{','.join(['a'] * 5_001)}\n",
        {},
        "InvalidBatch : A record has more than 5000 fields",
    ),
    "a row of another width": (
        "Name,Site\na\n",
        {},
        "InvalidBatch : Number of columns in the header (2) and in the row (1) do not match",
    ),
}


@pytest.mark.parametrize(("content", "job", "text"), FAILED_UPLOADS.values(), ids=FAILED_UPLOADS.keys())
def test_an_upload_that_is_wrong_as_a_whole_fails_its_job(
    client: InProcess, content: str, job: dict[str, str], text: str
) -> None:
    shown = run_job(client, content, **job)
    assert (shown["state"], shown["errorMessage"]) == ("Failed", text)


def test_rows_that_were_never_tried_are_unprocessed(client: InProcess) -> None:
    job = run_job(client, "Name\na\nb\n", operation="delete")
    assert results(client, job, "unprocessedrecords") == ['"Name"', '"a"', '"b"']


BAD_JOBS = {
    "an operation nobody has": ({"operation": "explode"}, "InvalidJob : Unable to find operation: explode"),
    "an object nobody has": ({"object": "Nope"}, "InvalidJob : Unable to find object: Nope"),
    "an upsert without key": (
        {"operation": "upsert"},
        "InvalidJob : External ID field name must be specified for upsert job",
    ),
    "an upsert by a field that is no key": (
        {"operation": "upsert", "externalIdFieldName": "Site"},
        "InvalidJob : Field name provided, Site does not match an External ID, Salesforce Id, or indexed field for Account",
    ),
}


@pytest.mark.parametrize(("job", "text"), BAD_JOBS.values(), ids=BAD_JOBS.keys())
def test_a_job_that_cannot_be_is_refused(client: InProcess, job: dict[str, str], text: str) -> None:
    answer = client.post(INGEST, {"object": "Account", "operation": "insert", **job})
    assert (answer.status, answer.json()) == (400, [{"message": text, "errorCode": "INVALIDJOB"}])


def test_a_job_takes_one_upload_while_it_is_open(client: InProcess) -> None:
    job_id = open_job(client)
    place = f"{INGEST}/{job_id}/batches"
    assert client.request("PUT", place, body=b"Name\na\n").status == 201
    assert client.request("PUT", place, body=b"Name\nb\n").json()[0]["errorCode"] == "INVALIDJOB"
    client.patch(f"{INGEST}/{job_id}", {"state": "UploadComplete"})
    assert client.request("PUT", place, body=b"Name\nb\n").json() == [
        {"message": "Job state must be Open to upload data", "errorCode": "INVALIDJOBSTATE"}
    ]


def test_an_aborted_job_saves_nothing_and_can_be_deleted(client: InProcess) -> None:
    job_id = open_job(client)
    client.request("PUT", f"{INGEST}/{job_id}/batches", body=b"Name\na\n")
    assert client.delete(f"{INGEST}/{job_id}").status == 400
    assert client.patch(f"{INGEST}/{job_id}", {"state": "Aborted"}).json()["state"] == "Aborted"
    assert client.get(f"{V}/query?q=SELECT COUNT() FROM Account").json()["totalSize"] == 0
    assert client.delete(f"{INGEST}/{job_id}").status == 204
    assert client.get(f"{INGEST}/{job_id}").status == 404


def test_a_multipart_job_brings_its_data_along(client: InProcess) -> None:
    body = (
        b'--B\r\nContent-Disposition: form-data; name="job"\r\nContent-Type: application/json\r\n\r\n'
        b'{"object": "Account", "operation": "insert"}\r\n'
        b'--B\r\nContent-Disposition: form-data; name="content"; filename="content"\r\nContent-Type: text/csv\r\n\r\n'
        b"Name\na\nb\n\r\n--B--\r\n"
    )
    job = client.request("POST", INGEST, body=body, headers={"content-type": "multipart/form-data; boundary=B"}).json()
    assert client.get(f"{INGEST}/{job['id']}").json()["numberRecordsProcessed"] == 2


def names(client: InProcess, *wanted: str) -> None:
    rows = [{"attributes": {"type": "Account"}, "Name": name} for name in wanted]
    assert all(row["success"] for row in client.post(f"{V}/composite/sobjects", {"records": rows}).json())


def start_query(client: InProcess, text: str) -> Answer:
    return client.post(QUERY, {"operation": "query", "query": text})


LISTED = {
    "jobType=V2Query": 1,
    "jobType=Classic": 0,
    "concurrencyMode=Parallel": 1,
    "concurrencyMode=Serial": 0,
    "isPkChunkingEnabled=true": 0,
    "isPkChunkingEnabled=false": 1,
}


@pytest.mark.parametrize(("asked", "number"), LISTED.items())
def test_a_list_of_jobs_shows_those_asked_for(client: InProcess, asked: str, number: int) -> None:
    start_query(client, "SELECT Id FROM Account")
    assert len(client.get(f"{QUERY}?{asked}").json()["records"]) == number


def test_query_results_come_in_pages_and_end_with_the_word_null(client: InProcess) -> None:
    names(client, "a", "b", "c")
    job = start_query(client, "SELECT name, Owner.Alias FROM Account ORDER BY Name").json()
    assert (job["state"], client.get(f"{QUERY}/{job['id']}").json()["state"]) == ("UploadComplete", "JobComplete")
    first = client.get(f"{QUERY}/{job['id']}/results?maxRecords=2")
    last = client.get(f"{QUERY}/{job['id']}/results?maxRecords=2&locator={first.headers['sforce-locator']}")
    assert first.text == '"Name","Owner.Alias"\n"a","admin"\n"b","admin"\n'
    assert last.text == '"Name","Owner.Alias"\n"c","admin"\n'
    assert (first.headers["sforce-numberofrecords"], last.headers["sforce-locator"]) == ("2", "null")


def test_bulk_results_write_times_with_a_z_and_nulls_as_nothing(client: InProcess) -> None:
    names(client, "a")
    job = start_query(client, "SELECT CreatedDate, Site, IsDeleted FROM Account").json()
    row = client.get(f"{QUERY}/{job['id']}/results").text.splitlines()[1]
    assert row.endswith('Z","","false"')


_CSV = "in Bulk V2 Query with CSV content type"
REFUSED_QUERIES = {
    "SELECT Id, (SELECT Id FROM Contacts) FROM Account": f"Aggregate Relationships not supported {_CSV}",
    "SELECT COUNT() FROM Account": "Aggregate functions and GROUP BY not supported in Bulk Query",
    "SELECT COUNT(Id) FROM Account": "Aggregate functions and GROUP BY not supported in Bulk Query",
    "SELECT Name FROM Account GROUP BY Name": "Aggregate functions and GROUP BY not supported in Bulk Query",
    "SELECT Id FROM Account OFFSET 1": "OFFSET not supported in Bulk Query",
    "SELECT TYPEOF Owner WHEN User THEN Id END FROM Lead": "TYPEOF not supported in Bulk Query",
    "SELECT a.BillingAddress FROM Account a": "Selecting compound data not supported in Bulk Query",
    "SELECT Account.BillingAddress FROM Contact": "Selecting compound data not supported in Bulk Query",
    "SELECT VersionData FROM ContentVersion": f"Blob field not supported {_CSV}",
}


@pytest.mark.parametrize(("text", "reason"), REFUSED_QUERIES.items())
def test_what_bulk_queries_do_not_take_is_refused(client: InProcess, text: str, reason: str) -> None:
    answer = start_query(client, text)
    assert (answer.status, answer.json()) == (400, [{"errorCode": "API_ERROR", "message": reason}])


def job_info(**values: str) -> bytes:
    fields = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    return f'<jobInfo xmlns="http://www.force.com/2009/06/asyncapi/dataload">{fields}</jobInfo>'.encode()


def field(answer: Answer, name: str) -> str:
    return answer.text.partition(f"<{name}>")[2].partition(f"</{name}>")[0]


def start_batch_job(client: InProcess, **values: str) -> str:
    answer = client.request("POST", ASYNC, body=job_info(object="Account", contentType="CSV", **values), headers=XML)
    assert (answer.status, answer.headers["content-type"]) == (201, "application/xml")
    return field(answer, "id")


def test_a_batch_is_saved_when_it_arrives(client: InProcess) -> None:
    job_id = start_batch_job(client, operation="insert")
    batch = client.request(
        "POST", f"{ASYNC}/{job_id}/batch", body=b'"Name"\n"a"\n""\n', headers={"content-type": "text/csv"}
    )
    closed = client.request("POST", f"{ASYNC}/{job_id}", body=job_info(state="Closed"), headers=XML)
    shown = client.request("GET", f"{ASYNC}/{job_id}/batch", headers=XML)
    result = client.get(f"{ASYNC}/{job_id}/batch/{field(batch, 'id')}/result")
    assert (batch.status, field(batch, "state")) == (201, "Completed")
    assert (field(closed, "state"), field(closed, "numberBatchesCompleted")) == ("Closed", "1")
    assert (field(shown, "numberRecordsProcessed"), field(shown, "numberRecordsFailed")) == ("2", "1")
    assert result.headers["content-type"] == "text/csv"
    header, saved, refused = result.text.splitlines()
    assert header == '"Id","Success","Created","Error"'
    assert saved.endswith('"true","true",""')
    assert refused == '"","false","false","REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"'


def test_a_session_may_come_in_the_header_of_this_api(client: InProcess) -> None:
    headers = {**XML, "x-sfdc-session": client.token or ""}
    body = job_info(object="Account", contentType="CSV", operation="insert")
    assert client.as_caller(None).request("POST", ASYNC, body=body, headers=headers).status == 201


def test_a_query_batch_gives_result_ids_then_rows(client: InProcess) -> None:
    names(client, "a")
    job_id = start_batch_job(client, operation="query")
    batch = client.request("POST", f"{ASYNC}/{job_id}/batch", body=b"SELECT Name FROM Account")
    place = f"{ASYNC}/{job_id}/batch/{field(batch, 'id')}/result"
    result_id = field(client.get(place), "result")
    rows = client.get(f"{place}/{result_id}")
    assert (rows.headers["content-type"], rows.text) == ("text/csv", '"Name"\n"a"\n')


def test_a_query_batch_without_rows_says_so(client: InProcess) -> None:
    job_id = start_batch_job(client, operation="query")
    batch = client.request("POST", f"{ASYNC}/{job_id}/batch", body=b"SELECT Name FROM Account")
    place = f"{ASYNC}/{job_id}/batch/{field(batch, 'id')}/result"
    assert client.get(f"{place}/{field(client.get(place), 'result')}").text == "Records not found for this query"


def test_a_batch_that_cannot_be_read_fails_with_its_reason(client: InProcess) -> None:
    job_id = start_batch_job(client, operation="insert")
    batch = client.request("POST", f"{ASYNC}/{job_id}/batch", body=b"Foo\nx\n")
    assert (field(batch, "state"), field(batch, "stateMessage")) == (
        "Failed",
        "InvalidBatch : Field name not found : Foo",
    )


def test_records_may_be_xml(client: InProcess) -> None:
    body = job_info(object="Account", contentType="XML", operation="insert")
    job_id = field(client.request("POST", ASYNC, body=body, headers=XML), "id")
    rows = (
        b'<sObjects xmlns="http://www.force.com/2009/06/asyncapi/dataload"><sObject><Name>a &amp; b</Name></sObject>'
        b"<sObject><Site>x</Site></sObject></sObjects>"
    )
    batch = client.request("POST", f"{ASYNC}/{job_id}/batch", body=rows, headers=XML)
    result = client.get(f"{ASYNC}/{job_id}/batch/{field(batch, 'id')}/result").text
    assert "<success>true</success><created>true</created><id>001" in result
    assert "<fields>Name</fields><message>Required fields are missing: [Name]</message>" in result


HOSTILE = {
    "an entity from a file": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><jobInfo><object>&e;</object></jobInfo>',
    "an entity that unfolds": b'<!DOCTYPE x [<!ENTITY a "aaaa">]><jobInfo><object>&a;&a;</object></jobInfo>',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_document_type_is_refused(client: InProcess, body: bytes) -> None:
    answer = client.request("POST", ASYNC, body=body, headers=XML)
    assert answer.status == 400
    assert field(answer, "exceptionMessage") == "Unable to parse XML: a document type is not allowed"


def test_errors_of_this_api_have_their_own_envelope(client: InProcess) -> None:
    answer = client.as_caller("00D!x").request("POST", ASYNC, body=job_info(), headers=XML)
    assert (answer.status, answer.headers["content-type"]) == (401, "application/xml")
    assert answer.text == (
        '<?xml version="1.0" encoding="UTF-8"?><error xmlns="http://www.force.com/2009/06/asyncapi/dataload">'
        "<exceptionCode>InvalidSessionId</exceptionCode><exceptionMessage>Session expired or invalid</exceptionMessage></error>"
    )


def test_errors_of_a_json_job_are_json(client: InProcess) -> None:
    answer = client.post(ASYNC, {"object": "Nope", "operation": "insert", "contentType": "JSON"})
    assert (answer.status, answer.headers["content-type"]) == (400, "application/json")
    assert answer.json() == {
        "exceptionCode": "InvalidEntity",
        "exceptionMessage": "Entity 'Nope' is not supported by the Bulk API.",
    }


# ---- parallel results, chunks, XML results, limits


def test_pages_of_a_query_can_be_read_at_the_same_time(client: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk2_query, "_PAGE", 2)
    names(client, *"abcdefghijklm")
    job = client.post(QUERY, {"operation": "query", "query": "SELECT Name FROM Account ORDER BY Name"}).json()["id"]

    first = client.get(f"{QUERY}/{job}/resultPages").json()
    second = client.get(first["nextRecordsUrl"]).json()

    pages = [page["resultUrl"] for page in (*first["resultPages"], *second["resultPages"])]
    assert (len(first["resultPages"]), first["done"]) == (5, False)
    assert (second["done"], second["nextRecordsUrl"]) == (True, None)
    read = [client.get(page).text.splitlines()[1:] for page in reversed(pages)]
    assert sorted(name for page in read for name in page) == [f'"{letter}"' for letter in "abcdefghijklm"]


def test_results_are_read_in_the_version_of_the_job(client: InProcess) -> None:
    job = client.post(QUERY, {"operation": "query", "query": "SELECT Name FROM Account"}).json()["id"]
    assert client.get(f"/services/data/v65.0/jobs/query/{job}/results").status == 409
    old = client.post(
        "/services/data/v57.0/jobs/query", {"operation": "query", "query": "SELECT Id FROM Account"}
    ).json()
    assert client.get(f"/services/data/v57.0/jobs/query/{old['id']}/resultPages").status == 404


CHUNKED = {**XML, "sforce-enable-pkchunking": "chunkSize=2"}


def start_chunked(client: InProcess, text: bytes) -> str:
    body = job_info(object="Account", contentType="CSV", operation="query")
    job_id = field(client.request("POST", ASYNC, body=body, headers=CHUNKED), "id")
    client.request("POST", f"{ASYNC}/{job_id}/batch", body=text)
    return job_id


def chunk_rows(client: InProcess, job_id: str) -> tuple[list[str], list[list[str]]]:
    """States of the batches, and the rows of those that were processed."""
    info = client.request("GET", f"{ASYNC}/{job_id}/batch", headers=XML).text.split("<batchInfo>")[1:]
    states = [part.partition("<state>")[2].partition("<")[0] for part in info]
    rows = []
    for part in info[1:]:
        place = f"{ASYNC}/{job_id}/batch/{part.partition('<id>')[2].partition('<')[0]}/result"
        rows.append(client.get(f"{place}/{field(client.get(place), 'result')}").text.splitlines())
    return states, rows


def test_a_query_is_cut_at_every_so_many_record_ids(client: InProcess) -> None:
    names(client, "a", "b", "c", "d", "e")
    states, rows = chunk_rows(client, start_chunked(client, b"SELECT Name FROM Account WHERE Name != 'b'"))
    assert states == ["NotProcessed", "Completed", "Completed", "Completed"]
    assert rows == [['"Name"', '"a"'], ['"Name"', '"c"', '"d"'], ['"Name"', '"e"']]


@pytest.mark.parametrize("text", [b"SELECT Name FROM Account ORDER BY Name", b"SELECT Name FROM Account LIMIT 1"])
def test_a_query_with_more_than_conditions_is_not_cut(client: InProcess, text: bytes) -> None:
    states, _ = chunk_rows(client, start_chunked(client, text))
    assert states == ["Failed"]


@pytest.mark.parametrize("header", ["chunkSize=0", "chunkSize=250001", "chunkSize=many"])
def test_a_chunk_size_that_cannot_be_is_refused(client: InProcess, header: str) -> None:
    body = job_info(object="Account", contentType="CSV", operation="query")
    answer = client.request("POST", ASYNC, body=body, headers={**XML, "sforce-enable-pkchunking": header})
    assert (answer.status, field(answer, "exceptionCode")) == (400, "InvalidJob")


def test_query_results_may_be_xml(client: InProcess) -> None:
    names(client, "a & b")
    body = job_info(object="Account", contentType="XML", operation="query")
    job_id = field(client.request("POST", ASYNC, body=body, headers=XML), "id")
    text = b"SELECT Name, Site, Owner.Alias, IsDeleted FROM Account"
    batch = client.request("POST", f"{ASYNC}/{job_id}/batch", body=text, headers=XML)
    place = f"{ASYNC}/{job_id}/batch/{field(batch, 'id')}/result"
    answer = client.get(f"{place}/{field(client.get(place), 'result')}")
    assert answer.headers["content-type"] == "application/xml"
    assert answer.text.startswith('<?xml version="1.0" encoding="UTF-8"?><queryResult xmlns')
    assert '<records xsi:type="sObject"><type>Account</type><Id>001' in answer.text
    assert '<Name>a &amp; b</Name><Site xsi:nil="true"/><Owner xsi:type="sObject"><type>User</type>' in answer.text
    assert "<IsDeleted>false</IsDeleted></records>" in answer.text


def set_limit(client: InProcess, name: str, maximum: int) -> None:
    admin = client.as_caller(client.application.twin.admin_token)
    assert admin.request("PUT", "/twin/admin/limits", json={name: maximum}).status == 204


def remaining(client: InProcess, name: str) -> int:
    left: int = client.get(f"{V}/limits").json()[name]["Remaining"]
    return left


def test_both_apis_use_up_the_batches_of_the_day(client: InProcess) -> None:
    set_limit(client, "DailyBulkApiBatches", 2)
    assert run_job(client, "Name\na\n")["state"] == "JobComplete"
    job_id = start_batch_job(client, operation="insert")
    place = f"{ASYNC}/{job_id}/batch"
    taken = client.request("POST", place, body=b"Name\na\n")
    refused = client.request("POST", place, body=b"Name\na\n")

    assert taken.status == 201
    assert (refused.status, field(refused, "exceptionCode")) == (400, "ExceededQuota")
    failed = run_job(client, "Name\nb\n")
    assert (failed["state"], failed["errorMessage"]) == ("Failed", "ExceededQuota : ApiBatchItems Limit exceeded.")
    assert remaining(client, "DailyBulkApiBatches") == 0


def test_query_jobs_of_the_day_are_counted_and_limited(client: InProcess) -> None:
    set_limit(client, "DailyBulkV2QueryJobs", 1)
    body = {"operation": "query", "query": "SELECT Id FROM Account"}
    answers = [client.post(QUERY, body) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 400]
    assert answers[1].json()[0]["errorCode"] == "EXCEEDEDQUOTA"
    assert remaining(client, "DailyBulkV2QueryJobs") == 0


def test_jobs_are_forgotten_after_seven_days_and_take_batches_for_one() -> None:
    now = [datetime(2026, 3, 1, tzinfo=UTC)]
    started = start_twin(clock=lambda: now[0])
    client = InProcess(Application(started.twin, ROUTES), started.access_token)
    old, still_open = run_job(client, "Name\na\n")["id"], start_batch_job(client, operation="insert")

    now[0] += timedelta(hours=25)
    session = started.twin.sessions.issue(started.administrator.user_id, None, ("full",), "Admin")
    client = client.as_caller(session.token)
    refused = client.request("POST", f"{ASYNC}/{still_open}/batch", body=b"Name\na\n")
    seen = client.get(f"{INGEST}/{old}").status
    now[0] += timedelta(days=7)
    client = client.as_caller(
        started.twin.sessions.issue(started.administrator.user_id, None, ("full",), "Admin").token
    )

    assert field(refused, "exceptionCode") == "InvalidJobState"
    assert (seen, client.get(f"{INGEST}/{old}").status) == (200, 404)


def test_an_upload_that_is_torn_fails_its_job_and_shows_what_came_before(client: InProcess) -> None:
    job = run_job(client, 'Name\na\n"b')
    assert (job["state"], job["errorMessage"]) == (
        "Failed",
        "InvalidBatch : Failed to parse CSV. unexpected end of data",
    )
    assert results(client, job, "successfulResults") == ['"sf__Id","sf__Created","Name"']
    assert results(client, job, "unprocessedrecords") == ['"Name"', '"a"']


def test_an_upload_reads_as_csv_does_wherever_its_quotes_are() -> None:
    parts = ("a", ",", '"', '""', '"b\n"', "\n", "\r\n", "\r", "é")
    for text in map("".join, product(parts, repeat=4)):
        with suppress(csv.Error):  # what a torn upload is told is above
            rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
            assert list(read_csv(text.encode())) == [row for row in rows if row], text
