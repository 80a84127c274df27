"""A callout with a secret: metadata deployed, the secret given over REST, the header made of it sent to a server here."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest
from tests.orgtwin.http.deploying import V, deploy_well

from orgtwin.http.in_process import InProcess

NAMED = """<NamedCredential><allowMergeFieldsInBody>false</allowMergeFieldsInBody>
<allowMergeFieldsInHeader>true</allowMergeFieldsInHeader><calloutStatus>Enabled</calloutStatus>
<generateAuthorizationHeader>{generate}</generateAuthorizationHeader><label>Clm</label>
<namedCredentialParameters><parameterName>Url</parameterName><parameterType>Url</parameterType>
<parameterValue>{url}</parameterValue></namedCredentialParameters>
<namedCredentialParameters><externalCredential>Clm</externalCredential><parameterName>ExternalCredential</parameterName>
<parameterType>Authentication</parameterType></namedCredentialParameters>
<namedCredentialType>SecuredEndpoint</namedCredentialType></NamedCredential>"""
EXTERNAL = """<ExternalCredential><authenticationProtocol>{protocol}</authenticationProtocol>
<externalCredentialParameters><parameterGroup>Service</parameterGroup><parameterName>Service</parameterName>
<parameterType>NamedPrincipal</parameterType><sequenceNumber>1</sequenceNumber></externalCredentialParameters>{more}
<label>Clm</label></ExternalCredential>"""
HEADER = """<externalCredentialParameters><parameterGroup>Service</parameterGroup><parameterName>Authorization</parameterName>
<parameterType>AuthHeader</parameterType><parameterValue>{!'Bearer ' &amp; $Credential.Clm.Token}</parameterValue>
<sequenceNumber>1</sequenceNumber></externalCredentialParameters>"""
ACCESS = """<PermissionSet><externalCredentialPrincipalAccesses><enabled>true</enabled>
<externalCredentialPrincipal>Clm-Service</externalCredentialPrincipal></externalCredentialPrincipalAccesses>
<label>Clm</label></PermissionSet>"""
ASSIGN = (
    "insert new PermissionSetAssignment(AssigneeId = UserInfo.getUserId(),"
    " PermissionSetId = [SELECT Id FROM PermissionSet WHERE Name = 'Clm_Access'].Id);"
)
CALL = """HttpRequest q = new HttpRequest(); q.setEndpoint('callout:Clm/agreements'); q.setMethod('GET');
String said; try { said = new Http().send(q).getBody(); } catch (CalloutException e) { said = e.getMessage(); }
insert new Account(Name = said.left(255));"""
PATH = f"{V}/named-credentials/credential"
WHO = {"externalCredential": "Clm", "principalName": "Service", "principalType": "NamedPrincipal"}


class Echo(BaseHTTPRequestHandler):
    """Answers with the Authorization header."""

    def do_GET(self) -> None:
        said = str(self.headers["Authorization"]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nobody reads it."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def prepare(client: InProcess, url: str, protocol: str, more: str = "", generate: str = "false") -> None:
    files = {
        "externalCredentials/Clm.externalCredential": EXTERNAL.format(protocol=protocol, more=more),
        "namedCredentials/Clm.namedCredential": NAMED.format(url=url, generate=generate),
        "permissionsets/Clm_Access.permissionset": ACCESS,
    }
    members = {"ExternalCredential": ["Clm"], "NamedCredential": ["Clm"], "PermissionSet": ["Clm_Access"]}
    deploy_well(client, files, members)
    run(client, ASSIGN)


def run(client: InProcess, source: str) -> None:
    answer = client.get(f"{V}/tooling/executeAnonymous?anonymousBody={quote(source, safe='')}")
    assert answer.json()["success"], answer.text


def called(client: InProcess) -> str:
    """What the server was sent, or why not."""
    run(client, CALL)
    rows = client.get(f"{V}/query?q={quote('SELECT Name FROM Account ORDER BY Id')}").json()["records"]
    return str(rows[-1]["Name"])


def keep(client: InProcess, **values: str) -> None:
    credentials = {name: {"value": value, "encrypted": True} for name, value in values.items()}
    answer = client.request("PUT", PATH, json={**WHO, "credentials": credentials})
    assert answer.status == 200, answer.text


def test_a_custom_header_is_made_of_the_principals_secret(org_twin_client: InProcess, url: str) -> None:
    prepare(org_twin_client, url, "Custom", HEADER)
    assert called(org_twin_client) == "The principal of the external credential has no value for Token"
    keep(org_twin_client, Token="s3cret")
    assert called(org_twin_client) == "Bearer s3cret"
    query = "&".join(f"{name}={value}" for name, value in WHO.items())
    assert org_twin_client.delete(f"{PATH}?{query}").status == 204
    assert called(org_twin_client) == "The principal of the external credential has no value for Token"


def test_basic_authentication_is_made_of_name_and_password(org_twin_client: InProcess, url: str) -> None:
    prepare(org_twin_client, url, "Basic", generate="true")
    keep(org_twin_client, Username="ada", Password="pass")
    assert called(org_twin_client) == "Basic YWRhOnBhc3M="


def test_a_secret_goes_in_and_never_comes_out(org_twin_client: InProcess, url: str) -> None:
    prepare(org_twin_client, url, "Custom", HEADER)
    keep(org_twin_client, Token="s3cret")
    answer = org_twin_client.get(f"{PATH}?externalCredential=Clm&principalName=Service")
    assert "s3cret" not in answer.text
    assert answer.json()["credentials"] == {"Token": {"encrypted": True, "revision": 1}}
    assert answer.json()["authenticationStatus"] == "Configured"


def test_other_protocols_are_refused_by_name(org_twin_client: InProcess, url: str) -> None:
    prepare(org_twin_client, url, "Oauth", generate="true")
    answer = org_twin_client.get(f"{V}/tooling/executeAnonymous?anonymousBody={quote(CALL, safe='')}")
    assert (answer.status, answer.json()[0]["errorCode"]) == (501, "TWIN_UNSUPPORTED")
    assert "apex.callouts.secrets" in answer.text


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"externalCredential": "None", "principalName": "Service"}, "There is no external credential None"),
        ({"externalCredential": "Clm", "principalName": "None"}, "The external credential Clm has no principal None"),
    ],
)
def test_who_does_not_exist_has_no_secret(
    org_twin_client: InProcess, url: str, asked: dict[str, str], text: str
) -> None:
    prepare(org_twin_client, url, "Custom", HEADER)
    answer = org_twin_client.request("PUT", PATH, json={**asked, "credentials": {"Token": {"value": "x"}}})
    assert (answer.status, answer.json()) == (404, [{"message": text, "errorCode": "NOT_FOUND"}])
