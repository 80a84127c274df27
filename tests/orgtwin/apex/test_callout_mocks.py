"""Callouts of tests answered by static resources, and calls of web services answered by a WebServiceMock."""

from __future__ import annotations

from pathlib import Path

from orgtwin.apex.project import read_project
from orgtwin.apex.projects import prepare
from orgtwin.apex.testing import run_tests

STUB = """public class Stub {
    public class Answer { public String text; }
    public static String greet(String name) {
        Map<String, Answer> response = new Map<String, Answer>{ 'response_x' => null };
        WebServiceCallout.invoke(new Stub(), name, response,
            new List<String>{ 'https://example.com', 'action', 'urn:q', 'greet', 'urn:a', 'greeted', 'Stub.Answer' });
        return response.get('response_x').text;
    }
}"""
TESTS = """@IsTest class MockTest {
    class Greeter implements WebServiceMock {
        public void doInvoke(Object stub, Object request, Map<String, Object> response, String endpoint, String action,
                String requestName, String responseNamespace, String responseName, String responseType) {
            Stub.Answer answer = new Stub.Answer();
            answer.text = String.join(new List<String>{ (String) request, endpoint, action, requestName, responseNamespace,
                responseName, responseType }, ' ');
            response.put('response_x', answer);
        }
    }
    static HttpResponse send(String endpoint) {
        HttpRequest request = new HttpRequest(); request.setEndpoint(endpoint); request.setMethod('GET');
        return new Http().send(request);
    }
    @IsTest static void aServiceIsMocked() {
        Test.setMock(WebServiceMock.class, new Greeter());
        Assert.areEqual('Ada https://example.com action greet urn:a greeted Stub.Answer', Stub.greet('Ada'));
    }
    @IsTest static void aServiceIsNotMocked() { Stub.greet('Ada'); }
    @IsTest static void aResourceAnswers() {
        StaticResourceCalloutMock mock = new StaticResourceCalloutMock();
        mock.setStaticResource('greeting'); mock.setStatusCode(201); mock.setHeader('Content-Type', 'application/json');
        Test.setMock(HttpCalloutMock.class, mock);
        HttpResponse response = send('https://example.com/any');
        Assert.areEqual('{"hello": 1}', response.getBody().trim());
        Assert.areEqual(201, response.getStatusCode());
        Assert.areEqual('application/json', response.getHeader('content-type'));
    }
    @IsTest static void aResourceAnswersByEndpoint() {
        MultiStaticResourceCalloutMock mock = new MultiStaticResourceCalloutMock();
        mock.setStaticResource('https://example.com/one', 'greeting');
        Test.setMock(HttpCalloutMock.class, mock);
        Assert.areEqual(200, send('https://example.com/one').getStatusCode());
        send('https://example.com/two');
    }
}"""


def test_mocks_answer_callouts_of_tests() -> None:
    engine = prepare(read_project(Path(__file__).parent / "org_project"))
    assert engine.load({"Stub": STUB, "MockTest": TESTS}) == []
    assert [(o.method_name, o.outcome, o.message) for o in run_tests(engine, ["MockTest"]).outcomes] == [
        ("aServiceIsMocked", "Pass", ""),
        (
            "aServiceIsNotMocked",
            "Fail",
            "System.TypeException: Methods defined as TestMethod do not support Web service callouts",
        ),
        ("aResourceAnswers", "Pass", ""),
        (
            "aResourceAnswersByEndpoint",
            "Fail",
            "System.CalloutException: Static resource not found: https://example.com/two",
        ),
    ]
