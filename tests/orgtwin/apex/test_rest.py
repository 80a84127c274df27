"""Classes that are REST resources answer by pattern, verb, body and exception.

Source: "Apex REST Methods" (Apex Developer Guide).
"""

from __future__ import annotations

import pytest
from tests.orgtwin.apex.live_org import LiveOrg

from orgtwin.apex.rest import RestAnswer, RestCall, answer
from orgtwin.errors import SalesforceError

ECHO = """@RestResource(urlMapping='/echo/*')
global class Echo {
    global class MineException extends Exception { }
    global class Point { public Integer x; private Boolean lit; global transient String gone; Point next; }
    @HttpGet global static String read() {
        RestRequest r = RestContext.request;
        return r.requestURI + '|' + r.resourcePath + '|' + r.params.get('q');
    }
    @HttpPost global static Integer add(Integer a, Integer b) { return a + b; }
    @HttpPut global static Point move(Point p) { p.gone = 'g'; return p; }
    @HttpPatch global static void touch() { }
    @HttpDelete global static void fail() {
        if (RestContext.request.requestURI.endsWith('mine')) { throw new MineException('m'); }
        Integer n = 1 / 0;
    }
}"""
OTHERS = {
    "Bodies": """@RestResource(urlMapping='/bodies/*') global class Bodies {
        @HttpGet global static Account find() { return new Account(Name = 'A & B', Phone = null); }
        @HttpPost global static String body() {
            Blob b = RestContext.request.requestBody;
            return b.toString() + '|' + RestContext.request.params.get('From');
        }
        @HttpPut global static String flags(Boolean a, List<Boolean> b) {
            return a + '' + b + (RestContext.request.requestBody == null);
        }
        @HttpPatch global static void status(Integer n) { RestContext.response.statusCode = n; }
        @HttpDelete global static List<String> names() { return new List<String>{ 'x' }; } }""",
    "Circle": """@RestResource(urlMapping='/circle') global class Circle { Circle other;
        @HttpGet global static Circle turn() { Circle c = new Circle(); c.other = c; return c; } }""",
    "Longer": """@RestResource(urlMapping='/path/long/*') global class Longer {
        @HttpGet global static String l() { return 'long'; } }""",
    "Shorter": """@RestResource(urlMapping='/path/*') global class Shorter {
        @HttpGet global static String s() { return 'short'; } }""",
    "Exact": """@RestResource(urlMapping='/path/long/exact') global class Exact {
        @HttpGet global static String e() { return 'exact'; } }""",
    "Said": """@RestResource(urlMapping='/exact/said') global class Said {
        @HttpPatch global static void p() { RestContext.response.responseBody = Blob.valueOf('said'); } }""",
}
XML = {"content-type": "application/xml"}


@pytest.fixture(scope="module")
def org() -> LiveOrg:
    return LiveOrg(Echo=ECHO, **OTHERS)


def call(
    org: LiveOrg, verb: str, path: str = "/echo/1", body: bytes = b"", headers: dict[str, str] | None = None
) -> RestAnswer:
    asked = RestCall(verb, path, headers or {}, {"q": "?"}, body, "127.0.0.1")
    return answer(org.engine, asked, lambda jobs: None)


@pytest.mark.parametrize(
    ("verb", "path", "body", "headers", "status", "text"),
    [
        ("GET", "/echo/1/", b"", {}, 200, b'"/echo/1/|/services/apexrest/echo/*|?"'),
        ("PATCH", "/exact/said", b"", {}, 200, b"said"),
        ("GET", "/echo", b"", {}, 200, b'"/echo|/services/apexrest/echo/*|?"'),
        ("POST", "/echo/1", b'{"a": 2, "B": 3}', {}, 200, b"5"),
        ("POST", "/echo/1", b"<request><b>3</b><a>2</a></request>", XML, 200, b"5"),
        ("PATCH", "/echo/1", b"", {}, 204, b""),
        ("PUT", "/echo/1", b'{"p": {"x": 1, "lit": 0, "next": {"lit": 1}}}', {}, 200,
         b'{"x":1,"next":{"lit":true},"lit":false}'),
        ("PUT", "/echo/1", b"<request><p><x>1</x><lit>TRUE</lit></p></request>", {**XML, "Accept": "text/xml"}, 200,
         b'<?xml version="1.0" encoding="UTF-8"?><response><x>1</x><lit>true</lit></response>'),
        ("PUT", "/echo/1.xml", b'{"p": {"x": null}}', {}, 200, b'<?xml version="1.0" encoding="UTF-8"?><response></response>'),
        ("GET", "/bodies/1", b"", {}, 200, b'{"attributes":{"type":"Account"},"Name":"A & B"}'),
        ("GET", "/bodies/1", b"", {"accept": "image/png, application/xml"}, 200,
         b'<?xml version="1.0" encoding="UTF-8"?><response type="Account"><Name>A &amp; B</Name></response>'),
        ("POST", "/bodies/1", b"From=%2B49&B=", {"content-type": "application/x-www-form-urlencoded"}, 200,
         b'"From=%2B49&B=|+49"'),
        ("PUT", "/bodies/1", b'{"a": 1, "b": [0, "True", false]}', {}, 200, b'"true(false, true, false)true"'),
        ("GET", "/path/long/exact", b"", {}, 200, b'"exact"'),
        ("GET", "/path/long/other", b"", {}, 200, b'"long"'),
        ("GET", "/path/other/", b"", {}, 200, b'"short"'),
        ("PATCH", "/bodies/1", b'{"n": 409}', {}, 409, b""),
    ],
)  # fmt: skip
def test_what_is_asked_is_answered(
    org: LiveOrg, verb: str, path: str, body: bytes, headers: dict[str, str], status: int, text: bytes
) -> None:
    found = call(org, verb, path, body, headers)
    assert (found.status, found.body) == (status, text)


TEXT = {"content-type": "text/plain"}


@pytest.mark.parametrize(
    ("verb", "path", "body", "headers", "status", "code", "message"),
    [
        ("GET", "/other", b"", {}, 404, "NOT_FOUND", "Could not find a match for URL /other"),
        ("GET", "/Echo/1", b"", {}, 404, "NOT_FOUND", "Could not find a match for URL /Echo/1"),
        ("GET", "/echo/1.pdf", b"", {}, 404, "NOT_FOUND", "Could not find a match for URL /echo/1.pdf"),
        ("PUT", "/circle", b"", {}, 405, "METHOD_NOT_ALLOWED", "HTTP Method 'PUT' not allowed. Allowed are GET"),
        ("DELETE", "/echo/1", b"", {}, 500, "APEX_ERROR",
         "System.MathException: Divide by 0\n\nClass.Echo.fail: line 14, column 1"),
        ("DELETE", "/echo/mine", b"", {}, 400, "APEX_ERROR", "Echo.MineException: m\n\nClass.Echo.fail: line 13, column 1"),
        ("GET", "/circle", b"", {}, 400, "APEX_ERROR",
         "System.JSONException: Apex Type cannot be serialized as JSON: cyclic references"),
        ("PATCH", "/bodies/1", b'{"n": 299}', {}, 500, "APEX_ERROR", "Invalid status code for HTTP response: 299"),
        ("POST", "/echo/1", b'{"c": 1}', {}, 400, "JSON_PARSER_ERROR",
         "Unexpected parameter encountered during deserialization: c"),
        ("POST", "/echo/1", b'{"a": 1, "a": 2}', {}, 400, "JSON_PARSER_ERROR", "Duplicate field: a"),
        ("PUT", "/echo/1", b'{"p": {"x": 1, "x": 2}}', {}, 400, "JSON_PARSER_ERROR", "Duplicate field: x"),
        ("PUT", "/bodies/1", b'{"a": "1"}', {}, 400, "JSON_PARSER_ERROR", 'Illegal value for primitive: "1" (Boolean)'),
        ("POST", "/echo/1", b"<r><a>1</a><a>2</a></r>", XML, 400, "XML_PARSER_ERROR", "Duplicate element: a"),
        ("POST", "/echo/1", b"<r>", XML, 400, "XML_PARSER_ERROR", "no element found"),
        ("POST", "/echo/1", b'{"a": 99999999999}', {}, 400, "JSON_PARSER_ERROR",
         "Numeric value (99999999999) out of range of int (-2147483648 - 2147483647)"),
        ("POST", "/echo/1", b" " * 6_000_001, {}, 500, "APEX_ERROR",
         "System.LimitException: Apex heap size too large: 6000001"),
        ("POST", "/echo/1", b"a", TEXT, 415, "UNSUPPORTED_MEDIA_TYPE",
         "Content-Type header specified in HTTP request is not supported: text/plain"),
        ("PUT", "/bodies/1", b"<r/>", XML, 415, "UNSUPPORTED_MEDIA_TYPE",
         "Content-Type header specified in HTTP request is not supported: application/xml"),
        ("DELETE", "/bodies/1", b"", {"accept": "application/xml"}, 406, "NOT_ACCEPTABLE",
         "The resource cannot be represented as application/xml"),
    ],
)  # fmt: skip
def test_what_no_method_answers_or_throws_is_refused(
    org: LiveOrg, verb: str, path: str, body: bytes, headers: dict[str, str], status: int, code: str, message: str
) -> None:
    with pytest.raises(SalesforceError) as refused:
        call(org, verb, path, body, headers)
    assert (refused.value.status, refused.value.code, refused.value.message) == (status, code, message)


def test_who_has_no_access_to_the_class_is_refused(org: LiveOrg) -> None:
    asked = RestCall("GET", "/echo/1", {}, {}, b"", "127.0.0.1")
    with pytest.raises(SalesforceError) as refused:
        answer(org.engine, asked, lambda jobs: None, may_call=lambda name: name != "Echo")
    assert (refused.value.status, refused.value.message) == (
        403,
        "You do not have access to the Apex class named: Echo",
    )
