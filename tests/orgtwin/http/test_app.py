"""What every surface has in common: versions, refusals, limits, encodings."""

from __future__ import annotations

import gzip
import logging

import pytest

from orgtwin.http.app import Application
from orgtwin.http.exchange import REST_BODY_LIMIT
from orgtwin.http.in_process import InProcess
from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.routing import Door, Route
from orgtwin.http.start import start_twin

V = "/services/data/v66.0"


def broken(_request: Request) -> Response:
    raise ZeroDivisionError("a secret of the twin's own code")


def echo(request: Request) -> Response:
    return json_response({"length": len(request.body), "query": request.query})


def long(_request: Request) -> Response:
    return json_response(["x" * 100] * 100)


@pytest.fixture
def client() -> InProcess:
    started = start_twin(daily_api_requests=3)
    routes = [
        Route("GET", "/services/data/{version}/broken", broken),
        Route("POST", "/services/data/{version}/echo", echo),
        Route("GET", "/services/data/{version}/long", long),
        Route("POST", "/open", echo, Door.OPEN, max_body=10),
    ]
    return InProcess(Application(started.twin, routes), started.access_token)


def test_a_bug_of_the_twin_is_logged_in_full_and_never_shown(
    client: InProcess, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "orgtwin"):
        answer = client.get(f"{V}/broken")
    assert answer.status == 500
    assert answer.json() == [
        {"message": "An unexpected error occurred in orgtwin; see its log.", "errorCode": "UNKNOWN_EXCEPTION"}
    ]
    assert "a secret of the twin's own code" in caplog.text


def test_every_data_answer_tells_how_many_calls_the_day_has_seen(client: InProcess) -> None:
    answers = [client.post(f"{V}/echo") for _ in range(2)]
    assert [answer.headers["sforce-limit-info"] for answer in answers] == ["api-usage=1/3", "api-usage=2/3"]


def test_the_call_after_the_last_is_refused(client: InProcess) -> None:
    answers = [client.post(f"{V}/echo") for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 403]
    assert answers[-1].json() == [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]


NO_SESSION = {
    "none": {},
    "one nobody has": {"authorization": "Bearer 00D!x"},
    "an empty one": {"authorization": "Bearer "},
    "another scheme": {"authorization": "Basic YTpi"},
}


@pytest.mark.parametrize("headers", NO_SESSION.values(), ids=NO_SESSION.keys())
def test_without_a_live_session_the_answer_is_401(client: InProcess, headers: dict[str, str]) -> None:
    answer = client.as_caller(None).request("POST", f"{V}/echo", headers=headers)
    assert answer.status == 401
    assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def test_a_session_may_be_named_by_the_old_scheme_oauth(client: InProcess) -> None:
    headers = {"authorization": f"OAuth {client.token}"}
    assert client.as_caller(None).request("POST", f"{V}/echo", headers=headers).status == 200


def test_a_method_that_a_resource_does_not_have_is_405(client: InProcess) -> None:
    answer = client.patch(f"{V}/echo")
    assert answer.status == 405
    assert answer.json() == [
        {"message": "HTTP Method 'PATCH' not allowed. Allowed are POST", "errorCode": "METHOD_NOT_ALLOWED"}
    ]


def test_a_client_that_cannot_send_a_method_may_name_it(client: InProcess) -> None:
    assert client.post(f"{V}/long?_HttpMethod=GET").status == 200


@pytest.mark.parametrize("version", ["v6.0", "v69.0", "v66", "66.5", "latest"])
def test_a_version_that_the_org_does_not_have_is_404(client: InProcess, version: str) -> None:
    answer = client.post(f"/services/data/{version}/echo")
    assert answer.status == 404
    assert answer.json() == [{"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}]


@pytest.mark.parametrize("version", ["v31.0", "v68.0"])
def test_the_oldest_and_the_newest_version_are_there(client: InProcess, version: str) -> None:
    assert client.post(f"/services/data/{version}/echo").status == 200


def test_a_compressed_body_is_unpacked(client: InProcess) -> None:
    answer = client.request("POST", f"{V}/echo", body=gzip.compress(b"x" * 5_000), headers={"content-encoding": "gzip"})
    assert answer.json()["length"] == 5_000


BAD_BODIES = {
    "a bomb": (
        "/open",
        gzip.compress(b"\0" * 1_000_000),
        "gzip",
        400,
        "JSON_PARSER_ERROR",
        "Maximum size of request reached. Maximum size of request is 10 bytes.",
    ),
    "a body over the limit": (
        "/open",
        b"x" * 11,
        "",
        400,
        "JSON_PARSER_ERROR",
        "Maximum size of request reached. Maximum size of request is 10 bytes.",
    ),
    "a torn stream": (
        f"{V}/echo",
        gzip.compress(b"x" * 99)[:-9],
        "gzip",
        400,
        "BAD_REQUEST",
        "the gzip body ends in the middle",
    ),
    "an encoding nobody has": (
        f"{V}/echo",
        b"x",
        "br",
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        "Content-Encoding br is not supported",
    ),
}


@pytest.mark.parametrize(
    ("path", "body", "encoding", "status", "code", "text"), BAD_BODIES.values(), ids=BAD_BODIES.keys()
)
def test_a_body_that_cannot_be_read_is_refused(
    client: InProcess, path: str, body: bytes, encoding: str, status: int, code: str, text: str
) -> None:
    answer = client.request("POST", path, body=body, headers={"content-encoding": encoding})
    assert (answer.status, answer.json()) == (status, [{"message": text, "errorCode": code}])


def test_a_declared_length_over_the_limit_is_refused_before_the_body_is_read(client: InProcess) -> None:
    answer = client.request("POST", f"{V}/echo", headers={"content-length": str(REST_BODY_LIMIT + 1)})
    text = "Maximum size of request reached. Maximum size of request is 52428800 bytes."
    assert (answer.status, answer.json()) == (400, [{"message": text, "errorCode": "JSON_PARSER_ERROR"}])


def test_an_address_that_is_too_long_is_refused(client: InProcess) -> None:
    answer = client.post(f"{V}/echo?q={'x' * 17_000}")
    assert answer.status == 414
    assert answer.json() == [{"message": "The address exceeds 16384 bytes.", "errorCode": "URI_TOO_LONG"}]


def test_a_long_answer_is_compressed_for_those_who_can_read_it(client: InProcess) -> None:
    packed = client.get(f"{V}/long", accept_encoding="gzip, deflate")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json() == ["x" * 100] * 100


def test_a_short_answer_is_not_compressed(client: InProcess) -> None:
    assert "content-encoding" not in client.request("POST", f"{V}/echo", headers={"accept-encoding": "gzip"}).headers


def test_pretty_printed_json_has_a_space_on_both_sides_of_the_colon(client: InProcess) -> None:
    answer = client.request("POST", f"{V}/echo?a=1", headers={"x-prettyprint": "1"})
    assert answer.text == '{\n  "length" : 0,\n  "query" : {\n    "a" : "1"\n  }\n}'


def test_an_address_outside_the_api_is_not_there_for_anybody(client: InProcess) -> None:
    answer = client.as_caller(None).get("/nothing/here")
    assert answer.status == 404
    assert answer.json() == [{"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}]


def test_a_head_request_has_headers_and_no_body(client: InProcess) -> None:
    answer = client.request("HEAD", f"{V}/long")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-length"] == "10301"
