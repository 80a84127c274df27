"""Real callouts: through named credentials to this machine, and nowhere else."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from tests.orgtwin.apex.live_org import LiveOrg
from tests.orgtwin.metadata.conftest import package_of

from orgtwin.metadata.archive import write_archive
from orgtwin.metadata.deploy_model import DeployOptions, DeployStatus
from orgtwin.metadata.service import MetadataService

CREDENTIAL = """<NamedCredential><allowMergeFieldsInBody>false</allowMergeFieldsInBody>
<allowMergeFieldsInHeader>false</allowMergeFieldsInHeader><calloutStatus>Enabled</calloutStatus>
<generateAuthorizationHeader>false</generateAuthorizationHeader><label>{0}</label>
<namedCredentialParameters><parameterName>Url</parameterName><parameterType>Url</parameterType>
<parameterValue>{1}</parameterValue></namedCredentialParameters>
<namedCredentialParameters><parameterName>X-Tenant</parameterName><parameterType>HttpHeader</parameterType>
<parameterValue>acme</parameterValue></namedCredentialParameters>
<namedCredentialType>SecuredEndpoint</namedCredentialType></NamedCredential>"""
SEND = """HttpRequest request = new HttpRequest();
request.setEndpoint('{endpoint}');
request.setMethod('{method}');
request.setHeader('X-Own', 'mine');
request.setTimeout({timeout});
{before}
try {{
    HttpResponse r = new Http().send(request);
    System.debug(r.getStatusCode() + ' ' + r.getStatus() + ' ' + r.getHeader('x-answer') + ' ' + r.getBody());
}} catch (CalloutException e) {{ System.debug(e.getMessage()); }}"""


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked; under /silent not before the server is told to stop."""

    stop: threading.Event

    def do_POST(self) -> None:
        if self.path.startswith("/api/silent"):
            self.stop.wait(60)
            return
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        zipped = f" {gzip.decompress(body).decode()}" if self.headers["Content-Encoding"] == "gzip" else ""
        shown = f"{self.command} {self.path} {self.headers['X-Tenant']} {self.headers['X-Own']}{zipped}".encode()
        self.send_response(302 if self.path.endswith("/away") else 201)
        self.send_header("X-Answer", "yes")
        self.send_header("Location", "http://192.0.2.1/")
        self.send_header("Content-Length", str(len(shown)))
        self.end_headers()
        self.wfile.write(shown)

    do_GET = do_POST  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nobody reads it."""


@pytest.fixture(scope="module")
def org() -> Iterator[LiveOrg]:
    """An org with credentials for a server here (Here), for a port without one (Shut) and for another machine (Far)."""
    Echo.stop = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    live = LiveOrg()
    urls = {"Here": f"http://127.0.0.1:{server.server_port}/api", "Far": "http://192.0.2.1/api"}
    files = {f"namedCredentials/{n}.namedCredential": CREDENTIAL.format(n, url) for n, url in urls.items()}
    job = MetadataService(live.org).deploy(
        live.caller,
        write_archive(package_of(files, {"NamedCredential": list(urls)})),
        DeployOptions(single_package=True),
    )
    assert job.status is DeployStatus.SUCCEEDED, job.outcome
    yield live
    Echo.stop.set()
    server.shutdown()
    thread.join()
    server.server_close()


def send(org: LiveOrg, endpoint: str, *, method: str = "POST", timeout: int = 20_000, before: str = "") -> str:
    (line,) = org.run(SEND.format(endpoint=endpoint, method=method, timeout=timeout, before=before))
    return line


def test_a_callout_goes_where_the_named_credential_leads_with_its_headers(org: LiveOrg) -> None:
    assert send(org, "callout:Here/v1?q=1") == "201 Created yes POST /api/v1?q=1 acme mine"


def test_a_compressed_body_goes_out_as_gzip(org: LiveOrg) -> None:
    before = "request.setBody('squeezed'); request.setCompressed(true);"
    assert send(org, "callout:Here/v1", before=before) == "201 Created yes POST /api/v1 acme mine squeezed"


def test_a_redirect_is_not_followed(org: LiveOrg) -> None:
    assert send(org, "callout:Here/away", method="GET") == "302 Found yes GET /api/away acme mine"


_NO_SITE = "Unauthorized endpoint, please check Setup->Security->Remote site settings. endpoint = {}"


@pytest.mark.parametrize(
    ("endpoint", "method", "text"),
    [
        ("callout:Far/x", "GET", _NO_SITE.format("http://192.0.2.1/api/x")),
        ("http://127.0.0.1:1/", "GET", _NO_SITE.format("http://127.0.0.1:1/")),
        ("callout:Here/x", "BREW", "Invalid HTTP method: BREW"),
        (
            "callout:None/x",
            "GET",
            "The callout couldn't access the endpoint. You might not have the required permissions, or the named credential "
            '"None" might not exist.',
        ),
    ],
)
def test_a_callout_that_may_not_go_out_is_refused(org: LiveOrg, endpoint: str, method: str, text: str) -> None:
    assert send(org, endpoint, method=method) == text


def test_an_answer_that_does_not_come_in_time_is_given_up(org: LiveOrg) -> None:
    assert send(org, "callout:Here/silent", timeout=50) == "Read timed out"


def test_all_callouts_of_a_transaction_share_two_minutes(org: LiveOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter((0, 121))
    monkeypatch.setattr("orgtwin.apex.library.http.time", SimpleNamespace(monotonic=lambda: next(seconds)))
    shown = send(org, "callout:Here/v1", before="new Http().send(request);")
    assert shown == "Exceeded maximum time allotted for callout (120000 ms)"


def test_no_callout_follows_uncommitted_work(org: LiveOrg) -> None:
    assert (
        send(org, "callout:Here/x", before="insert new Account(Name = 'A');")
        == "You have uncommitted work pending. Please commit or rollback before calling out"
    )


def test_a_trigger_makes_no_callout() -> None:
    trigger = "trigger Calls on Account (before insert) {\n" + SEND.format(
        endpoint="callout:Here/x", method="GET", timeout=1, before=""
    )
    live = LiveOrg(Calls=trigger + "\n}")
    live.insert("Account", {"Name": "A"})
    assert live.debug_log() == ["Callout from triggers are currently not supported."]


def test_a_test_without_a_mock_makes_no_callout() -> None:
    body = (
        "HttpRequest q = new HttpRequest(); q.setEndpoint('http://127.0.0.1/'); q.setMethod('GET'); new Http().send(q);"
    )
    live = LiveOrg(C=f"@IsTest class C {{ @IsTest static void t() {{ {body} }} }}")
    assert [o.message for o in live.run_tests()] == [
        "System.TypeException: Methods defined as TestMethod do not support Web service callouts"
    ]
