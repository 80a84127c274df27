"""Whatever is sent, the twin answers as an org would: no bug of its own ever shows."""

from __future__ import annotations

import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orgtwin.apex.service import ApexService
from orgtwin.http.app import Application
from orgtwin.http.in_process import InProcess
from orgtwin.http.message import encode_json
from orgtwin.http.routing import Door
from orgtwin.http.start import start_twin
from orgtwin.http.surfaces import ROUTES

STARTED = start_twin(daily_api_requests=10**9)
# The first Apex engine raises Python's recursion limit, which Hypothesis must not see happen within a test.
STARTED.twin.part(ApexService).engine()
CLIENT = InProcess(Application(STARTED.twin, ROUTES), STARTED.access_token)
ACCOUNT_ID = CLIENT.post("/services/data/v66.0/sobjects/Account", {"Name": "a"}).json()["id"]

# The twin's own addresses can end sessions and replace the org; they are not the org's surface.
# Anonymous Apex runs what it is given, at Python's own depth; it is tested where Apex is.
PLACES = [
    (route.method, route.template)
    for route in ROUTES
    if route.door is not Door.ADMIN and not route.template.endswith("executeAnonymous")
]
WORDS = st.sampled_from(
    [
        "Account",
        "Contract",
        "Id",
        "Name",
        "User",
        ACCOUNT_ID,
        ACCOUNT_ID[:15],
        "001",
        "null",
        "describe",
        "a/b",
        "ä€",
        "'",
        "%",
        "-1",
    ]
)
SEGMENTS = WORDS | st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False) | WORDS
)
_MEMBERS = (
    "records allOrNone attributes type referenceId compositeRequest batchRequests graphs graphId url method body richInput "
    "httpHeaders ids fields object operation state query Name Id AccountId Account StartDate ContractTerm "
    "externalIdFieldName columnDelimiter"
)
KEYS = st.sampled_from(_MEMBERS.split())
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=20
)
BODIES = st.one_of(
    JSON.map(encode_json),
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"",
            b"<jobInfo><operation>insert</operation><object>Account</object><contentType>CSV</contentType></jobInfo>",
            b"<a/>",
            b"Id,Name\n1,2\n",
            b"SELECT Id FROM Account",
            b"grant_type=refresh_token&refresh_token=%00",
            b"grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=eyJhbGciOiJub25lIn0.e30.",
            b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><x/></e:Body></e:Envelope>',
        ]
    ),
)
QUERIES = st.sampled_from(
    [
        "",
        "q=SELECT Id FROM Account",
        "q=SELECT",
        "q=",
        "ids=1,2&fields=Name",
        "fields=Name,Foo",
        "start=1&end=2",
        "start=2026-01-01T00:00:00Z&end=2026-01-02T00:00:00Z",
        "anonymousBody=Integer a = 1;",
        "locator=9&maxRecords=0",
        "explain=SELECT Id FROM User",
    ]
)
TYPES = st.sampled_from(
    ["application/json", "application/xml", "text/csv", "multipart/form-data; boundary=B", "text/xml", ""]
)


@st.composite
def paths(draw: st.DrawFn) -> tuple[str, str]:
    method, template = draw(st.sampled_from(PLACES))
    parts = []
    for segment in template.split("/"):
        if segment == "{version}":
            parts.append(draw(st.sampled_from(["v66.0", "v31.0", "66.0", "v1.0"])))
        elif segment.startswith("{") or segment == "**":
            parts.append(draw(SEGMENTS))
        else:
            parts.append(segment)
    return method, "/".join(parts)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=paths(), query=QUERIES, body=BODIES, content_type=TYPES)
def test_no_request_shows_a_bug(
    place: tuple[str, str], query: str, body: bytes, content_type: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    method, path = place
    target = f"{path.replace('?', '%3F')}?{query}"
    with caplog.at_level(logging.ERROR, "orgtwin"):
        answer = CLIENT.request(method, target, body=body, headers={"content-type": content_type})
    assert not caplog.records, caplog.text
    assert b"Traceback" not in answer.body
    assert answer.status != 500 or b"<faultcode>" in answer.body


VALUES = JSON | st.sampled_from(
    ["2026-02-30", "2026-01-01", "2026-01-01T00:00:00.000+0000", "1e400", "true", "", "\x00", "x" * 300]
)
FIELD_NAMES = {
    name: [f.api_name for f in found.fields]
    for name in ("Account", "Contract", "Contact", "User", "Opportunity", "Task")
    if (found := STARTED.twin.org.schema.find_type(name))
}


@st.composite
def records(draw: st.DrawFn) -> tuple[str, dict[str, object]]:
    name = draw(st.sampled_from(sorted(FIELD_NAMES)))
    names = draw(st.lists(st.sampled_from(FIELD_NAMES[name]), max_size=8, unique=True))
    return name, {field: draw(VALUES) for field in names}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(record=records())
def test_no_value_of_any_field_shows_a_bug(
    record: tuple[str, dict[str, object]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    name, values = record
    with caplog.at_level(logging.ERROR, "orgtwin"):
        answer = CLIENT.post(f"/services/data/v66.0/sobjects/{name}", values)
    assert not caplog.records, caplog.text
    assert answer.status in (201, 400, 403, 404)
