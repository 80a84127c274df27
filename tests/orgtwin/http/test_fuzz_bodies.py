"""Bodies that are nearly right: envelopes, tables, parts, assertions. The org answers each in its own words and stays whole."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.orgtwin.http.test_fuzz import QUERIES, paths

from orgtwin.http.app import Application
from orgtwin.http.in_process import Answer, InProcess
from orgtwin.http.start import start_twin
from orgtwin.http.surfaces import ROUTES

V = "/services/data/v66.0"
STARTED = start_twin(daily_api_requests=10**9)
STARTED.twin.allocations["DailyBulkApiBatches"].maximum = 10**9
CLIENT = InProcess(Application(STARTED.twin, ROUTES), STARTED.access_token)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


@contextmanager
def no_bug(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.clear()
    with caplog.at_level(logging.ERROR, "orgtwin"):
        yield
    assert not caplog.records, caplog.text


# ---- SOAP

_OPERATIONS = (
    "deploy checkDeployStatus cancelDeploy deployRecentValidation retrieve checkRetrieveStatus checkStatus listMetadata "
    "describeMetadata readMetadata createMetadata updateMetadata upsertMetadata deleteMetadata renameMetadata login nothing"
)
_TAGS = (
    "ZipFile DeployOptions asyncProcessId includeDetails queries type folder asOfVersion fullNames metadata fullName label "
    "retrieveRequest unpackaged types members name version zipFile validationId active"
)
LEAVES = (
    st.sampled_from(["", "true", "66.0", "CustomObject", "Account", "*", "UEsDBAo=", "0Af000000000001AAA", "-1"]) | TEXT
)
TREES = st.recursive(
    st.tuples(st.sampled_from(_TAGS.split()), LEAVES),
    lambda inner: st.tuples(st.sampled_from(_TAGS.split()), st.lists(inner, max_size=3)),
    max_leaves=8,
)


def xml(tree: tuple[str, object]) -> str:
    tag, inside = tree
    if isinstance(inside, list):
        return f"<{tag}>{''.join(map(xml, inside))}</{tag}>"
    text = str(inside).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    kind = ' xsi:type="CustomLabel"' if tag == "metadata" else ""
    return f"<{tag}{kind}>{text}</{tag}>"


def envelope(operation: str, content: str) -> bytes:
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Header>'
        f'<SessionHeader xmlns="http://soap.sforce.com/2006/04/metadata"><sessionId>{CLIENT.token}</sessionId></SessionHeader>'
        f'</e:Header><e:Body><{operation} xmlns="http://soap.sforce.com/2006/04/metadata">{content}</{operation}></e:Body>'
        "</e:Envelope>"
    ).encode()


@QUICK
@given(operation=st.sampled_from(_OPERATIONS.split()), trees=st.lists(TREES, max_size=3))
def test_an_envelope_is_answered_or_ends_in_a_fault(
    operation: str, trees: list[tuple[str, object]], caplog: pytest.LogCaptureFixture
) -> None:
    body = envelope(operation, "".join(map(xml, trees)))
    with no_bug(caplog):
        answer = CLIENT.request("POST", "/services/Soap/m/66.0", body=body, headers={"content-type": "text/xml"})
    assert (answer.status, b"<faultcode>" in answer.body) in ((200, False), (500, True))


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_a_torn_envelope_ends_in_a_fault(cut: int) -> None:
    body = envelope("describeMetadata", "")[:-cut]
    answer = CLIENT.request("POST", "/services/Soap/m/66.0", body=body, headers={"content-type": "text/xml"})
    assert (answer.status, b"<faultcode>" in answer.body) == (500, True)


# ---- tables

CELLS = (
    st.sampled_from(["Name", "Id", "Phone", "", "a", '"', '"x', '""', "#N/A", "\x00", "1,2", "é", "Owner.Alias"]) | TEXT
)
TABLES = st.lists(st.lists(CELLS, max_size=4).map(",".join), max_size=5)
JOBS = st.fixed_dictionaries(
    {
        "object": st.sampled_from(["Account", "Contact"]),
        "operation": st.sampled_from(["insert", "update", "upsert", "delete"]),
        "externalIdFieldName": st.just("Id"),
        "lineEnding": st.sampled_from(["LF", "CRLF"]),
        "columnDelimiter": st.sampled_from(["COMMA", "PIPE", "TAB"]),
    }
)


@QUICK
@given(job=JOBS, lines=TABLES, header=st.sampled_from(["", "Name", "Name,Phone", "Id", "Id,Name"]))
def test_a_table_ends_in_rows_that_are_all_accounted_for(
    job: dict[str, str], lines: list[str], header: str, caplog: pytest.LogCaptureFixture
) -> None:
    content = "\n".join([header, *lines]).encode()
    with no_bug(caplog):
        made = CLIENT.post(f"{V}/jobs/ingest", job).json()
        place = f"{V}/jobs/ingest/{made['id']}"
        CLIENT.request("PUT", f"{place}/batches", body=content, headers={"content-type": "text/csv"})
        CLIENT.patch(place, {"state": "UploadComplete"})
        done = CLIENT.get(place).json()
        pages = [CLIENT.get(f"{place}/{kind}") for kind in ("successfulResults", "failedResults", "unprocessedrecords")]
    assert done["state"] in ("JobComplete", "Failed")
    assert 0 <= done["numberRecordsFailed"] <= done["numberRecordsProcessed"]
    assert [page.status for page in pages] == [200, 200, 200]


# ---- parts

PARTS = st.lists(
    st.tuples(
        st.sampled_from(["entity_content", "job", "content", "json", "file", "VersionData", ""]),
        st.sampled_from(["application/json", "text/csv", "application/octet-stream", "application/zip", ""]),
        st.sampled_from(
            [b"", b"{}", b'{"Title": "a", "PathOnClient": "a"}', b'{"object": "Account", "operation": "insert"}']
        )
        | st.binary(max_size=30),
    ),
    max_size=3,
)
PLACES_OF_PARTS = st.sampled_from([f"{V}/sobjects/ContentVersion", f"{V}/jobs/ingest", f"{V}/metadata/deployRequest"])


@QUICK
@given(place=PLACES_OF_PARTS, parts=PARTS, end=st.sampled_from([b"--B--\r\n", b"--B--", b"--B\r\n", b""]))
def test_parts_are_taken_or_refused(
    place: str, parts: list[tuple[str, str, bytes]], end: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    body = b"".join(
        f'--B\r\nContent-Disposition: form-data; name="{name}"; filename="f"\r\nContent-Type: {kind}\r\n\r\n'.encode()
        + content
        + b"\r\n"
        for name, kind, content in parts
    )
    with no_bug(caplog):
        answer = CLIENT.request(
            "POST", place, body=body + end, headers={"content-type": "multipart/form-data; boundary=B"}
        )
    assert answer.status in (200, 201, 400)


# ---- assertions

CLAIMS = st.dictionaries(
    st.sampled_from(["iss", "sub", "aud", "exp", "nbf", "alg", "typ"]),
    st.sampled_from([STARTED.app.client_id, STARTED.administrator.username, "https://login.salesforce.com", "", "none"])
    | st.integers(0, 2**40)
    | st.none()
    | st.lists(st.integers(), max_size=2),
    max_size=6,
)


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@QUICK
@given(head=CLAIMS, claims=CLAIMS, signature=st.binary(max_size=20), dots=st.integers(0, 3))
def test_an_assertion_that_nobody_signed_opens_nothing(
    head: dict[str, object], claims: dict[str, object], signature: bytes, dots: int, caplog: pytest.LogCaptureFixture
) -> None:
    parts = [_part({"alg": "RS256", **head}), _part(claims), base64.urlsafe_b64encode(signature).decode(), "x"]
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": ".".join(parts[: dots + 1])}
    with no_bug(caplog):
        answer = CLIENT.as_caller(None).request(
            "POST",
            "/services/oauth2/token",
            body=urlencode(form).encode(),
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
    assert answer.status == 400
    assert set(answer.json()) == {"error", "error_description"}


# ---- what is another's

SECRET = "Kolibri-4711"


@pytest.fixture(scope="module")
def stranger() -> InProcess:
    """A user who may call the API and read nothing; somebody else's records hold the secret everywhere."""
    account = CLIENT.post(f"{V}/sobjects/Account", {"Name": SECRET, "Site": SECRET, "Description": SECRET}).json()["id"]
    CLIENT.post(f"{V}/sobjects/Contact", {"LastName": SECRET, "AccountId": account, "Email": "k@example.com"})
    CLIENT.post(f"{V}/sobjects/Opportunity", {"Name": SECRET, "StageName": "Prospecting", "CloseDate": "2026-01-01"})
    session = STARTED.twin.sessions.issue(STARTED.integration_user.user_id, None, ("api",), "Test")
    return CLIENT.as_caller(session.token)


@QUICK
@given(place=paths().filter(lambda place: place[0] == "GET"), query=QUERIES)
def test_nothing_that_a_stranger_reads_tells_of_anothers_records(
    stranger: InProcess, place: tuple[str, str], query: str
) -> None:
    answer = stranger.request("GET", f"{place[1].replace('?', '%3F')}?{query}")
    assert SECRET.encode() not in answer.body


@pytest.mark.parametrize("name", ["Account", "Contact", "Opportunity"])
@pytest.mark.parametrize(
    "text",
    [
        "SELECT Name FROM {name}",
        "SELECT COUNT() FROM {name}",
        "SELECT Id FROM User WHERE Id IN (SELECT OwnerId FROM {name})",
        "SELECT Name FROM {name} WHERE Name LIKE 'Kol%'",
        "SELECT FIELDS(ALL) FROM {name} LIMIT 10",
    ],
)
def test_no_query_of_a_stranger_finds_anothers_records(stranger: InProcess, name: str, text: str) -> None:
    answer: Answer = stranger.get(f"{V}/query?q={text.format(name=name)}")
    assert answer.status == 400 or answer.json()["totalSize"] == 0
    assert SECRET.encode() not in answer.body.replace(b"Kol%", b"")


# ---- nests


def _array(depth: int) -> str:
    return "[" * depth + "]" * depth


def _object(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


def _anonymous(depth: int, opening: str, middle: str, closing: str) -> str:
    return json.dumps({"anonymousBody": opening * depth + middle + closing * depth + ";"})


_RECORD = '"method":"POST","url":"/services/data/v66.0/sobjects/Account","referenceId":"a"'
_JSON_TEXT = "JSON.deserializeUntyped('['.repeat({0}) + ']'.repeat({0}));"
NESTS = {
    "a record": (f"{V}/sobjects/Account", lambda n: f'{{"Name":{_array(n)}}}'),
    "composite": (f"{V}/composite", lambda n: f'{{"compositeRequest":[{{{_RECORD},"body":{_object(n)}}}]}}'),
    "references": (f"{V}/composite", lambda n: '{"compositeRequest":[{"url":"' + "@{" * n + "}" * n + '"}]}'),
    "a graph": (f"{V}/composite/graph", lambda n: f'{{"graphs":[{{"graphId":"1","compositeRequest":{_array(n)}}}]}}'),
    "a tree": (f"{V}/composite/tree/Account", lambda n: f'{{"records":[{{"Name":"x","ChildAccounts":{_object(n)}}}]}}'),
    "a batch": (f"{V}/composite/batch", lambda n: f'{{"batchRequests":[{{"richInput":{_array(n)}}}]}}'),
    "tooling": (f"{V}/tooling/sobjects/CustomField", lambda n: f'{{"FullName":"A.B__c","Metadata":{_object(n)}}}'),
    "a bulk query": (f"{V}/jobs/query", lambda n: json.dumps({"operation": "query", "query": _soql(n)})),
    "CometD": ("/cometd/66.0", lambda n: f'[{{"channel":"/meta/handshake","ext":{_object(n)}}}]'),
    "JSON in Apex": (
        f"{V}/tooling/executeAnonymous",
        lambda n: json.dumps({"anonymousBody": _JSON_TEXT.format(n)}),
    ),
    "parentheses": (f"{V}/tooling/executeAnonymous", lambda n: _anonymous(n, "(", "1", ")")),
    "blocks": (f"{V}/tooling/executeAnonymous", lambda n: _anonymous(n, "{", "", "}")),
    "types": (f"{V}/tooling/executeAnonymous", lambda n: _anonymous(n, "List<", "Integer", ">").replace(";", " x;")),
    "classes": (f"{V}/tooling/executeAnonymous", lambda n: _anonymous(n, "class A {", "", "}")),
    "conditions in Apex": (
        f"{V}/tooling/executeAnonymous",
        lambda n: json.dumps({"anonymousBody": f"Object o = [{_soql(n)}];"}),
    ),
}


def _soql(depth: int) -> str:
    return "SELECT Id FROM Account WHERE " + "(" * depth + "Name = 'a'" + ")" * depth


@pytest.mark.parametrize("depth", [10, 6_000, 20_000])
@pytest.mark.parametrize(("path", "content"), NESTS.values(), ids=NESTS.keys())
def test_what_is_nested_is_answered_however_deep(
    path: str, content: Callable[[int], str], depth: int, caplog: pytest.LogCaptureFixture
) -> None:
    with no_bug(caplog):
        answer = CLIENT.request(
            "POST", path, body=content(depth).encode(), headers={"content-type": "application/json"}
        )
    assert answer.status < 500 or answer.json()[0]["errorCode"] == "TWIN_UNSUPPORTED"


NESTED_VALUES = {
    "a list": ('[{"Name":[[1]]}]', "Account Name: value not of required type: [[1]]"),
    "an object": ('[{"Name":{"a":1}}]', 'Account Name: value not of required type: {"a":1}'),
    "a parent's key": ('[{"Name":"x","Parent":{"Id":[1]}}]', "Account ID: value not of required type: [1]"),
}


@pytest.mark.parametrize(("content", "text"), NESTED_VALUES.values(), ids=NESTED_VALUES.keys())
def test_a_nested_value_refuses_its_row_of_a_bulk_batch(
    content: str, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    kind = {"content-type": "application/json"}
    job = CLIENT.post("/services/async/66.0/job", {"operation": "insert", "object": "Account", "contentType": "JSON"})
    address = f"/services/async/66.0/job/{job.json()['id']}/batch"
    with no_bug(caplog):
        batch = CLIENT.request("POST", address, body=content.encode(), headers=kind).json()["id"]
    (result,) = CLIENT.get(f"{address}/{batch}/result").json()
    assert (result["success"], result["errors"][0]["message"]) == (False, text)


def test_an_envelope_is_answered_however_deep(caplog: pytest.LogCaptureFixture) -> None:
    for depth in (1_000, 60_000):
        body = envelope("createMetadata", "<a>" * depth + "</a>" * depth)
        with no_bug(caplog):
            answer = CLIENT.request("POST", "/services/Soap/m/66.0", body=body, headers={"content-type": "text/xml"})
        assert "Fault" in answer.text
