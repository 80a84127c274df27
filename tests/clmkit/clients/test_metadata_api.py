"""The Metadata API client against a server that answers from a script."""

from __future__ import annotations

import asyncio
import io
import zipfile
from base64 import b64encode
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from clmkit.clients.errors import Refused, Unexpected, WireError
from clmkit.clients.metadata_api import Failure, Listed, MetadataApi, read_zip, write_zip
from clmkit.clients.salesforce_login import ClientCredentials
from clmkit.clients.transport import Patience, Transport

ENVELOPE = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="http://soap.sforce.com/2006/04/metadata">'
    "<soapenv:Body>{}</soapenv:Body></soapenv:Envelope>"
)
FAULT = "<soapenv:Fault><faultcode>sf:{}</faultcode><faultstring>{}</faultstring></soapenv:Fault>"
WORK = Callable[[MetadataApi], Awaitable[object]]


def ask(work: WORK, *answers: str, attempts: int = 1) -> tuple[object, list[str], list[float]]:
    """What the work gives when the server gives these answers in order; what it was asked; how long was waited."""
    asked: list[str] = []
    waits: list[float] = []
    left = list(answers)

    async def respond(request: web.Request) -> web.Response:
        if request.path.endswith("/token"):
            url = f"http://127.0.0.1:{request.url.port}"
            return web.json_response({"access_token": f"T{len(asked)}", "instance_url": url})
        asked.append(await request.text())
        answer = left.pop(0)
        status = 500 if "Fault" in answer else 200
        return web.Response(
            status=status, text=ENVELOPE.format(answer) if answer != "?" else "no xml", content_type="text/xml"
        )

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def run() -> object:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", respond)
        async with TestServer(application) as server, aiohttp.ClientSession() as session:
            transport = Transport(session, Patience(attempts), sleep)
            return await work(MetadataApi(transport, str(server.make_url("")), ClientCredentials("a", "b"), "66.0"))

    return asyncio.run(run()), asked, waits


def result(inner: str, operation: str = "checkDeployStatus") -> str:
    return f"<{operation}Response><result>{inner}</result></{operation}Response>"


def test_a_deploy_is_waited_for_with_growing_waits() -> None:
    going = result("<done>false</done><status>InProgress</status><success>false</success>")
    done = result("<done>true</done><status>Succeeded</status><success>true</success>")
    outcome, _, waits = ask(lambda api: api.wait_for_deploy("0Af1"), going, going, going, done)
    assert (getattr(outcome, "is_success", None), waits) == (True, [0.1, 0.2, 0.4])


def test_a_failed_deploy_names_components_tests_and_coverage() -> None:
    details = (
        "<componentFailures><componentType>CustomField</componentType><fullName>A.B__c</fullName><problem>bad</problem></componentFailures>"
        "<runTestResult><failures><name>T</name><methodName>m</methodName><message>boom</message></failures>"
        "<codeCoverageWarnings><name>C</name><message>Test coverage is 10%</message></codeCoverageWarnings></runTestResult>"
    )
    answer = result(f"<done>true</done><status>Failed</status><success>false</success><details>{details}</details>")
    outcome, _, _ = ask(lambda api: api.find_deploy("0Af1"), answer)
    assert getattr(outcome, "failures", None) == (
        Failure("CustomField A.B__c", "bad"),
        Failure("T.m", "boom"),
        Failure("C", "Test coverage is 10%"),
    )


def test_the_options_of_a_deploy_are_written_out() -> None:
    work: WORK = lambda api: api.start_deploy({"package.xml": b"<x/>"}, check_only=True, test_level="RunLocalTests")  # noqa: E731
    deploy_id, asked, _ = ask(work, result("<id>0Af1</id>", "deploy"))
    assert deploy_id == "0Af1"
    for option in ("<checkOnly>true<", "<rollbackOnError>true<", "<singlePackage>true<", "<testLevel>RunLocalTests<"):
        assert option in asked[0]


def test_files_are_retrieved_without_the_manifest() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("unpackaged/package.xml", "<x/>")
        archive.writestr("unpackaged/objects/A.object", "<y/>")
    zip_file = b64encode(buffer.getvalue()).decode()
    started = result("<id>09S1</id>", "retrieve")
    done = result(f"<done>true</done><success>true</success><zipFile>{zip_file}</zipFile>", "checkRetrieveStatus")
    files, asked, _ = ask(lambda api: api.retrieve({"CustomField": ["A.B__c", "A.<C>__c"]}), started, done)
    assert files == {"objects/A.object": b"<y/>"}
    assert (
        "<types><members>A.&lt;C&gt;__c</members><members>A.B__c</members><name>CustomField</name></types>" in asked[0]
    )


def test_components_are_listed_three_types_a_call() -> None:
    row = (
        "<type>ApexClass</type><fullName>A</fullName><lastModifiedByName>Ada</lastModifiedByName>"
        "<lastModifiedDate>2026-01-02T03:04:05.000Z</lastModifiedDate>"
    )
    listed, asked, _ = ask(
        lambda api: api.list_components(["A", "B", "C", "D"]), result(row, "listMetadata"), "<listMetadataResponse/>"
    )
    assert listed == [Listed("ApexClass", "A", "Ada", "2026-01-02T03:04:05.000Z")]
    assert [text.count("<queries>") for text in asked] == [3, 1]


def test_an_expired_session_is_renewed_once() -> None:
    expired = FAULT.format("INVALID_SESSION_ID", "expired")
    _, asked, _ = ask(lambda api: api.list_components(["A"]), expired, "<listMetadataResponse/>")
    assert [text.partition("<sessionId>")[2].partition("<")[0] for text in asked] == ["T0", "T1"]


def test_an_org_that_is_busy_for_a_moment_is_asked_again_after_a_wait() -> None:
    busy = FAULT.format("SERVER_UNAVAILABLE", "SERVER_UNAVAILABLE: busy")
    done = result("<done>true</done><status>Succeeded</status><success>true</success>")
    outcome, _, waits = ask(lambda api: api.wait_for_deploy("0Af1"), busy, done, attempts=2)
    assert (getattr(outcome, "is_success", None), len(waits)) == (True, 1)


def test_an_org_that_stays_busy_is_an_error_in_its_own_words() -> None:
    busy = FAULT.format("SERVER_UNAVAILABLE", "SERVER_UNAVAILABLE: busy")
    with pytest.raises(Refused) as caught:
        ask(lambda api: api.wait_for_deploy("0Af1"), busy, busy, attempts=2)
    assert str(caught.value) == "Salesforce checkDeployStatus answered 500 SERVER_UNAVAILABLE: busy"


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (
            FAULT.format("INVALID_TYPE", "no such type"),
            Refused,
            "Salesforce listMetadata answered 500 INVALID_TYPE: no such type",
        ),
        ("", Unexpected, "Salesforce listMetadata answered 200 with an envelope that holds nothing"),
        ("?", Unexpected, "Salesforce listMetadata answered 200 with something that is no XML"),
    ],
)
def test_what_is_no_answer_is_an_error_with_the_operation(answer: str, kind: type[WireError], message: str) -> None:
    with pytest.raises(kind) as caught:
        ask(lambda api: api.list_components(["A"]), answer)
    assert str(caught.value).startswith(message)


def test_the_same_files_give_the_same_zip() -> None:
    files = {"b": b"2", "a": b"1"}
    assert write_zip(files) == write_zip(dict(reversed(list(files.items()))))
    assert read_zip(write_zip(files | {"package.xml": b""})) == files
