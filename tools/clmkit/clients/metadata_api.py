"""Salesforce's Metadata API over SOAP: deploy, retrieve, list. Source: Metadata API Developer Guide, "deploy()", "retrieve()".

A deploy and a retrieve are jobs: they are started, then asked for until they are done. Starting a deploy twice after a lost answer
deploys the same components twice, which changes nothing.
"""

from __future__ import annotations

import io
import zipfile
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lxml import etree

from clmkit.clients.errors import Refused, Unexpected
from clmkit.clients.outcomes import Action
from clmkit.clients.salesforce_login import Login, Token, log_in
from clmkit.clients.transport import RETRY_STATUS, Transport, require_private

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
MOST_QUERIES = 3
FOLDER_TYPES = {"EmailTemplate": "EmailFolder"}
"""Types whose folders are not called after them. Source: "Metadata Types"."""
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0
_EPOCH = (1980, 1, 1, 0, 0, 0)

Members = Mapping[str, Iterable[str]]
"""Metadata type -> full names."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One component or test that a deploy refused, in the org's words."""

    component: str
    problem: str


@dataclass(frozen=True, slots=True)
class DeployResult:
    """Where a deploy stands. `failures` is complete once it is done."""

    deploy_id: str
    is_done: bool
    is_success: bool
    status: str
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """One component of the org as listMetadata tells it: who changed it last, and when (ISO 8601, UTC)."""

    metadata_type: str
    full_name: str
    changed_by: str
    changed_at: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a component was not created or deleted, in the org's words."""

    code: str
    message: str


class MetadataApi:
    def __init__(self, transport: Transport, url: str, login: Login | Callable[[], Login], api_version: str) -> None:
        """`login` may be asked anew for each login. Raises ValueError for plain http to another machine."""
        self._transport = transport
        self._url = require_private(url)
        self._login = login
        self._version = api_version
        self._token: Token | None = None

    async def start_deploy(self, files: Mapping[str, bytes], *, check_only: bool, test_level: str = "") -> str:
        """Start a deploy of a package (path -> bytes); answer its id. `check_only` validates and changes nothing."""
        options = {"checkOnly": str(check_only).lower(), "rollbackOnError": "true", "singlePackage": "true"}
        if test_level:
            options["testLevel"] = test_level
        written = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in options.items())
        zip_file = b64encode(write_zip(files)).decode()
        answer = await self._call("deploy", f"<ZipFile>{zip_file}</ZipFile><DeployOptions>{written}</DeployOptions>")
        return _require(answer, "result/id")

    async def find_deploy(self, deploy_id: str) -> DeployResult:
        """Where a deploy stands."""
        asked = f"<asyncProcessId>{escape(deploy_id)}</asyncProcessId><includeDetails>true</includeDetails>"
        answer = await self._call("checkDeployStatus", asked)
        return DeployResult(
            deploy_id,
            _text(answer, "result/done") == "true",
            _text(answer, "result/success") == "true",
            _require(answer, "result/status"),
            tuple(_failures(answer)),
        )

    async def wait_for_deploy(self, deploy_id: str) -> DeployResult:
        """The result of a deploy, asked for with growing waits until it is done."""
        wait = FIRST_WAIT
        while not (result := await self.find_deploy(deploy_id)).is_done:
            await self._transport.sleep(wait)
            wait = min(LONGEST_WAIT, wait * 2)
        return result

    async def retrieve(self, members: Members) -> dict[str, bytes]:
        """The files of the named components, path inside the package -> bytes. One that is not in the org has no file."""
        types = "".join(
            f"<types>{''.join(f'<members>{escape(name)}</members>' for name in sorted(names))}<name>{kind}</name></types>"
            for kind, names in sorted(members.items())
        )
        wanted = f"<apiVersion>{self._version}</apiVersion><singlePackage>true</singlePackage>"
        package = f"<unpackaged>{types}<version>{self._version}</version></unpackaged>"
        answer = await self._call("retrieve", f"<retrieveRequest>{wanted}{package}</retrieveRequest>")
        return read_zip(b64decode(await self._wait_for_zip(_require(answer, "result/id"))))

    async def _wait_for_zip(self, retrieve_id: str) -> str:
        wait = FIRST_WAIT
        asked = f"<asyncProcessId>{escape(retrieve_id)}</asyncProcessId><includeZip>true</includeZip>"
        while True:
            answer = await self._call("checkRetrieveStatus", asked)
            if _text(answer, "result/done") == "true":
                break
            await self._transport.sleep(wait)
            wait = min(LONGEST_WAIT, wait * 2)
        if _text(answer, "result/success") != "true":
            code, words = _text(answer, "result/errorStatusCode"), _text(answer, "result/errorMessage")
            raise Refused("Salesforce retrieve", 200, code or "UNKNOWN_EXCEPTION", words)
        return _require(answer, "result/zipFile")

    async def list_components(self, metadata_types: Sequence[str]) -> list[Listed]:
        """Every component of some types, with its last change."""
        return await self._list([f"<type>{kind}</type>" for kind in metadata_types])

    async def list_in_folders(self, metadata_types: Sequence[str]) -> list[Listed]:
        """Every component of types that lie in folders, such as Report. Source: "ListMetadataQuery": `folder` is required."""
        queries: list[str] = []
        for kind in metadata_types:
            folders = await self.list_components([FOLDER_TYPES.get(kind, f"{kind}Folder")])
            queries += [f"<folder>{escape(row.full_name)}</folder><type>{kind}</type>" for row in folders]
        return await self._list(queries)

    async def _list(self, asked: Sequence[str]) -> list[Listed]:
        found: list[Listed] = []
        for start in range(0, len(asked), MOST_QUERIES):
            queries = "".join(f"<queries>{query}</queries>" for query in asked[start : start + MOST_QUERIES])
            answer = await self._call("listMetadata", f"{queries}<asOfVersion>{self._version}</asOfVersion>")
            found.extend(_listed(row) for row in answer.iterfind("result", None))
        return found

    async def create(self, metadata_type: str, full_name: str, elements: Mapping[str, str]) -> Refusal | None:
        """Create one component at once; why not, when one of that name exists or the org refuses it otherwise.

        "createMetadata()": an existing component is never overwritten.
        """
        written = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in elements.items())
        kind = f'xmlns:xsi="{XSI}" xsi:type="{metadata_type}"'
        named = f"<metadata {kind}><fullName>{escape(full_name)}</fullName>{written}</metadata>"
        return _find_refusal(await self._call("createMetadata", named))

    async def delete(self, metadata_type: str, full_name: str) -> Refusal | None:
        """Delete one component at once; why not, when the org refuses. "deleteMetadata()"."""
        asked = f"<type>{metadata_type}</type><fullNames>{escape(full_name)}</fullNames>"
        return _find_refusal(await self._call("deleteMetadata", asked))

    async def read(self, metadata_type: str, full_name: str) -> dict[str, str]:
        """The plain elements of one component; empty when the org has none of that name. "readMetadata()"."""
        asked = f"<type>{metadata_type}</type><fullNames>{escape(full_name)}</fullNames>"
        answer = await self._call("readMetadata", asked)
        return {str(node.tag): node.text or "" for node in answer.iterfind("result/records/*", None)}

    async def _call(self, operation: str, inner: str) -> etree._Element:
        """The operation's answer, its elements without namespace. What the table of outcomes says to retry is retried."""
        attempt = 0
        while True:
            try:
                return await self._call_logged_in(operation, inner)
            except Refused as refused:
                attempt += 1
                is_spent = attempt >= self._transport.patience.attempts or refused.status in RETRY_STATUS
                if refused.action is not Action.RETRY or is_spent:
                    raise
            await self._transport.pause(attempt)

    async def _call_logged_in(self, operation: str, inner: str) -> etree._Element:
        """An expired session is renewed once."""
        token = self._token or await self._renew()
        answer = await self._call_once(operation, inner, token)
        if answer is None:
            answer = await self._call_once(operation, inner, await self._renew())
        if answer is None:
            raise Refused(f"Salesforce {operation}", 500, "INVALID_SESSION_ID", "the session is not valid")
        return answer

    async def _renew(self) -> Token:
        login = self._login() if callable(self._login) else self._login
        self._token = await log_in(self._transport, self._url, login)
        return self._token

    async def _call_once(self, operation: str, inner: str, token: Token) -> etree._Element | None:
        session = f"<SessionHeader><sessionId>{escape(token.access_token)}</sessionId></SessionHeader>"
        envelope = (
            f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{SOAP}" xmlns="{NAMESPACE}"><s:Header>{session}'
            f"<CallOptions><client>clmkit</client></CallOptions></s:Header><s:Body><{operation}>{inner}</{operation}>"
            "</s:Body></s:Envelope>"
        )
        url = f"{token.instance_url}/services/Soap/m/{self._version}"
        headers = {"content-type": "text/xml; charset=UTF-8", "soapaction": '""'}
        reply = await self._transport.send("metadata", "POST", url, headers=headers, body=envelope.encode())
        body = _read_body(operation, reply.status, reply.body)
        fault = body.find("Fault")
        if fault is None:
            return body[0]
        code = _text(fault, "faultcode").rpartition(":")[2]
        if code == "INVALID_SESSION_ID":
            return None
        words = _text(fault, "faultstring").removeprefix(f"{code}: ")
        raise Refused(f"Salesforce {operation}", reply.status, code, words)


def _read_body(operation: str, status: int, content: bytes) -> etree._Element:
    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, huge_tree=True))
    except etree.XMLSyntaxError as error:
        if status in RETRY_STATUS:
            words = content[:200].decode("utf-8", "replace").strip()
            raise Refused(f"Salesforce {operation}", status, "SERVER_UNAVAILABLE", words) from error
        raise Unexpected(f"Salesforce {operation} answered {status} with something that is no XML: {error}") from error
    for node in root.iter(etree.Element):
        node.tag = etree.QName(node).localname
    body = root.find("Body")
    if body is None or not len(body):
        raise Unexpected(f"Salesforce {operation} answered {status} with an envelope that holds nothing")
    return body


def _text(node: etree._Element, path: str) -> str:
    return (node.findtext(path) or "").strip()


def _require(node: etree._Element, path: str) -> str:
    text = _text(node, path)
    if not text:
        raise Unexpected(f"Salesforce answered {node.tag} without {path}")
    return text


def _failures(answer: etree._Element) -> Iterable[Failure]:
    for row in answer.iterfind("result/details/componentFailures", None):
        name = f"{_text(row, 'componentType')} {_text(row, 'fullName')}".strip()
        yield Failure(name, _text(row, "problem"))
    for row in answer.iterfind("result/details/runTestResult/failures", None):
        yield Failure(f"{_text(row, 'name')}.{_text(row, 'methodName')}", _text(row, "message"))
    for row in answer.iterfind("result/details/runTestResult/codeCoverageWarnings", None):
        yield Failure(_text(row, "name") or "Apex coverage", _text(row, "message"))
    if message := _text(answer, "result/errorMessage"):
        yield Failure("deploy", message)


def _find_refusal(answer: etree._Element) -> Refusal | None:
    if _text(answer, "result/success") == "true":
        return None
    return Refusal(_require(answer, "result/errors/statusCode"), _text(answer, "result/errors/message"))


def _listed(row: etree._Element) -> Listed:
    read: Callable[[str], str] = lambda path: _text(row, path)  # noqa: E731
    return Listed(read("type"), read("fullName"), read("lastModifiedByName"), read("lastModifiedDate"))


def write_zip(files: Mapping[str, bytes]) -> bytes:
    """The same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            archive.writestr(zipfile.ZipInfo(path, _EPOCH), files[path], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def read_zip(content: bytes) -> dict[str, bytes]:
    """Path -> bytes, the manifest left out."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        files = {name.removeprefix("unpackaged/"): archive.read(name) for name in names}
    files.pop("package.xml", None)
    return files
