"""Classes that are REST resources answer by pattern, verb, body and exception."""

from __future__ import annotations

import pytest
from tests.orgtwin.apex.live_org import LiveOrg

from orgtwin.apex.rest import RestCall, answer
from orgtwin.errors import SalesforceError

ECHO = """@RestResource(urlMapping='/echo/*')
global class Echo {
    @HttpGet global static String read() { return RestContext.request.requestURI + RestContext.request.params.get('q'); }
    @HttpPost global static Integer add(Integer a, Integer b) { return a + b; }
    @HttpDelete global static void fail() { Integer n = 1 / 0; }
}"""


def call(verb: str, path: str = "/echo/1", body: bytes = b"") -> tuple[int, bytes]:
    org = LiveOrg(Echo=ECHO)
    found = answer(org.engine, RestCall(verb, path, {}, {"q": "?"}, body, "127.0.0.1"), lambda jobs: None)
    return found.status, found.body


def test_get_reads_the_context_and_its_result_is_json() -> None:
    assert call("GET") == (200, b'"/echo/1?"')


def test_the_names_of_a_json_body_are_the_parameters() -> None:
    assert call("POST", body=b'{"a": 2, "B": 3}') == (200, b"5")


@pytest.mark.parametrize(
    ("verb", "path", "status", "code"),
    [
        ("GET", "/other", 404, "NOT_FOUND"),
        ("PUT", "/echo/1", 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", "/echo/1", 500, "APEX_ERROR"),
    ],
)
def test_what_no_method_answers_or_throws_is_refused(verb: str, path: str, status: int, code: str) -> None:
    with pytest.raises(SalesforceError) as refused:
        call(verb, path)
    assert (refused.value.status, refused.value.code) == (status, code)


def test_a_parameter_that_the_method_lacks_is_refused() -> None:
    with pytest.raises(SalesforceError) as refused:
        call("POST", body=b'{"c": 1}')
    assert refused.value.message == "Unexpected parameter encountered during deserialization: c"
