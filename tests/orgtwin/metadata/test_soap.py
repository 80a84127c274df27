"""The SOAP surface, envelope by envelope."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from typing import Any

import pytest

from orgtwin.http.in_process import Answer, InProcess
from orgtwin.metadata.archive import read_archive, write_archive
from orgtwin.metadata.grammar import load_grammar
from orgtwin.metadata.xml import Node, parse_document

_NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
_PERMISSION = f'<CustomPermission xmlns="{_NAMESPACE}"><label>Skip</label></CustomPermission>'.encode()
_MANIFEST = (
    f'<Package xmlns="{_NAMESPACE}"><types><members>Skip</members><name>CustomPermission</name></types>'
    "<version>66.0</version></Package>"
).encode()
_ENVELOPE = (
    '<?xml version="1.0"?><{p}:Envelope xmlns:{p}="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    '<{p}:Header><SessionHeader xmlns="{ns}"><sessionId>{token}</sessionId></SessionHeader></{p}:Header>'
    "<{p}:Body>{body}</{p}:Body></{p}:Envelope>"
)


def _send(
    client: InProcess, body: str, *, token: str | None = None, prefix: str = "soap", path: str = "m/66.0"
) -> Answer:
    envelope = _ENVELOPE.format(p=prefix, ns=_NAMESPACE, token=client.token if token is None else token, body=body)
    return client.request(
        "POST", f"/services/Soap/{path}", body=envelope.encode(), headers={"content-type": "text/xml"}
    )


def _call(client: InProcess, operation: str, inside: str = "", **more: str) -> Node:
    """The response element of a call that succeeds."""
    answer = _send(client, f'<{operation} xmlns="{_NAMESPACE}">{inside}</{operation}>', **more)
    assert answer.status == 200, answer.text
    body = parse_document(answer.body).root.find("Body")
    assert body is not None
    assert body.children[0].tag == f"{operation}Response"
    return body.children[0]


def _result(client: InProcess, operation: str, inside: str = "", **more: str) -> Node:
    result = _call(client, operation, inside, **more).find("result")
    assert result is not None
    return result


def _deploy(client: InProcess, files: dict[str, bytes], options: str = "") -> str:
    encoded = b64encode(write_archive(files)).decode()
    inside = f"<ZipFile>{encoded}</ZipFile><DeployOptions><singlePackage>true</singlePackage>{options}</DeployOptions>"
    return str(_result(client, "deploy", inside).value("id"))


def _status(client: InProcess, job_id: str, details: str = "true") -> Node:
    inside = f"<asyncProcessId>{job_id}</asyncProcessId><includeDetails>{details}</includeDetails>"
    return _result(client, "checkDeployStatus", inside)


def _good() -> dict[str, bytes]:
    return {"package.xml": _MANIFEST, "customPermissions/Skip.customPermission": _PERMISSION}


def test_a_deploy_answers_an_id_and_then_its_result(org_twin_client: InProcess) -> None:
    job_id = _deploy(org_twin_client, _good())
    status = _status(org_twin_client, job_id)

    assert job_id.startswith("0Af")
    assert [status.value(name) for name in ("done", "status", "success", "checkOnly", "numberComponentsDeployed")] == [
        "true",
        "Succeeded",
        "true",
        "false",
        "1",
    ]
    details = status.find("details")
    assert details is not None
    shown = [
        (m.value("componentType"), m.value("fullName"), m.value("created")) for m in details.all("componentSuccesses")
    ]
    assert shown == [(None, "package.xml", "false"), ("CustomPermission", "Skip", "true")]


def test_a_failed_deploy_tells_problem_line_and_column(org_twin_client: InProcess) -> None:
    bad = f'<CustomPermission xmlns="{_NAMESPACE}">\n  <lable>Skip</lable>\n</CustomPermission>'.encode()
    job_id = _deploy(org_twin_client, {**_good(), "customPermissions/Skip.customPermission": bad})
    status = _status(org_twin_client, job_id)

    details = status.find("details")
    failure = details.find("componentFailures") if details else None
    assert failure is not None
    names = (
        "problem",
        "problemType",
        "lineNumber",
        "columnNumber",
        "created",
        "deleted",
        "success",
        "componentType",
        "fullName",
    )
    assert [failure.value(name) for name in names] == [
        f"Error parsing file: Element {{{_NAMESPACE}}}lable invalid at this location in type CustomPermission",
        "Error",
        "2",
        "10",
        "false",
        "false",
        "false",
        "CustomPermission",
        "Skip",
    ]
    assert [status.value(name) for name in ("status", "numberComponentErrors", "errorMessage")] == ["Failed", "1", None]


def test_every_result_has_the_elements_of_the_wsdl_in_their_order(org_twin_client: InProcess) -> None:
    status = _status(org_twin_client, _deploy(org_twin_client, _good()))
    retrieve_id = _result(org_twin_client, "retrieve", "<retrieveRequest><unpackaged/></retrieveRequest>").value("id")
    retrieved = _result(org_twin_client, "checkRetrieveStatus", f"<asyncProcessId>{retrieve_id}</asyncProcessId>")
    listed = _result(org_twin_client, "listMetadata", "<queries><type>CustomPermission</type></queries>")
    described = _result(org_twin_client, "describeMetadata")

    for node, type_name in (
        (status, "DeployResult"),
        (retrieved, "RetrieveResult"),
        (listed, "FileProperties"),
        (described, "DescribeMetadataResult"),
    ):
        _assert_order(node, type_name)


def _assert_order(node: Node, type_name: str) -> None:
    rules = load_grammar().types[type_name]
    order = list(rules)
    places = [order.index(child.tag) for child in node.children]
    assert places == sorted(places), type_name
    for child in node.children:
        if rules[child.tag].type in load_grammar().types:
            _assert_order(child, rules[child.tag].type)


@pytest.mark.parametrize("prefix", ["soap", "soapenv", "env", "soap-env", "S"])
def test_any_prefix_and_any_address_reaches_the_same_api(prefix: str, org_twin_client: InProcess) -> None:
    org_id = org_twin_client.application.twin.org.org_id
    for path in ("m/66.0", f"m/66.0/{org_id}", "m/58.0/deployRequest"):
        found = _result(
            org_twin_client, "listMetadata", "<queries><type>Profile</type></queries>", prefix=prefix, path=path
        )
        assert found.value("fullName") == "Admin"


def test_answers_carry_no_prefix_below_the_body(org_twin_client: InProcess) -> None:
    answer = _send(
        org_twin_client, f'<describeMetadata xmlns="{_NAMESPACE}"><asOfVersion>66.0</asOfVersion></describeMetadata>'
    )

    inside = answer.text.split("<soapenv:Body>")[1].split("</soapenv:Body>")[0]
    assert inside.startswith("<describeMetadataResponse><result>")
    assert re.findall(r"</?\w+:", inside) == []


def test_a_session_within_an_envelope_can_be_expired_by_a_fault(org_twin_client: InProcess) -> None:
    org_twin_client.application.twin.faults.arm("expired_session")
    answers = [_send(org_twin_client, f'<describeMetadata xmlns="{_NAMESPACE}"/>') for _ in range(2)]

    assert ["sf:INVALID_SESSION_ID" in answer.text for answer in answers] == [True, True]


def test_a_wrong_session_is_a_fault_that_clients_know(org_twin_client: InProcess) -> None:
    answer = _send(org_twin_client, f'<describeMetadata xmlns="{_NAMESPACE}"/>', token="00D!nobody")

    assert (answer.status, answer.headers["content-type"]) == (500, "text/xml;charset=UTF-8")
    root = parse_document(answer.body).root
    fault = root.children[0].children[0]
    assert fault.value("faultcode") == "sf:INVALID_SESSION_ID"
    assert fault.value("faultstring") == (
        "INVALID_SESSION_ID: Invalid Session ID found in SessionHeader: "
        "Illegal Session. Session not found, missing session key"
    )


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("", "UNKNOWN_EXCEPTION: Unable to find a SOAP operation in the request"),
        (
            f'<fly xmlns="{_NAMESPACE}"/>',
            "TWIN_UNSUPPORTED: orgtwin does not emulate the Metadata API operation fly (ledger: soap.metadata-operation)",
        ),
        (
            f'<listMetadata xmlns="{_NAMESPACE}"><queries><type>Widget</type></queries></listMetadata>',
            "INVALID_TYPE: Unknown type:Widget",
        ),
        (
            f'<checkDeployStatus xmlns="{_NAMESPACE}"><asyncProcessId>0Af000000000000AAA</asyncProcessId></checkDeployStatus>',
            "INVALID_CROSS_REFERENCE_KEY: invalid cross reference id: 0Af000000000000AAA",
        ),
        (f'<deployRecentValidation xmlns="{_NAMESPACE}"/>', "INVALID_ID_FIELD: deployRecentValidation needs an id"),
        (
            f'<renameMetadata xmlns="{_NAMESPACE}"><oldFullName>A__c</oldFullName><newFullName>B__c</newFullName></renameMetadata>',
            "TWIN_UNSUPPORTED: orgtwin does not emulate renameMetadata (A__c to B__c) (ledger: metadata.rename)",
        ),
    ],
)
def test_a_call_that_cannot_be_answered_is_a_fault(body: str, fault: str, org_twin_client: InProcess) -> None:
    answer = _send(org_twin_client, body)

    assert answer.status == 500
    assert parse_document(answer.body).root.children[0].children[0].value("faultstring") == fault


def test_an_envelope_with_a_document_type_is_refused(org_twin_client: InProcess) -> None:
    body = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
    answer = org_twin_client.request("POST", "/services/Soap/m/66.0", body=body)

    text = parse_document(answer.body).root.children[0].children[0].value("faultstring")
    assert text == "UNKNOWN_EXCEPTION: Unable to parse the request: a document type declaration is not allowed"


def test_a_zip_that_is_none_fails_as_a_whole(org_twin_client: InProcess) -> None:
    inside = f"<ZipFile>{b64encode(b'no zip').decode()}</ZipFile><DeployOptions/>"
    job_id = str(_result(org_twin_client, "deploy", inside).value("id"))
    status = _status(org_twin_client, job_id)

    shown = [status.value(name) for name in ("status", "errorStatusCode", "errorMessage")]
    assert shown == ["Failed", "INVALID_ZIP", "Not a valid zip file: File is not a zip file"]


def test_a_retrieve_answers_a_zip(org_twin_client: InProcess) -> None:
    _deploy(org_twin_client, _good())
    types = "<types><members>*</members><name>CustomPermission</name></types><version>66.0</version>"
    inside = f"<request><apiVersion>66.0</apiVersion><unpackaged>{types}</unpackaged></request>"
    retrieve_id = str(_result(org_twin_client, "retrieve", inside).value("id"))

    waiting = _result(org_twin_client, "checkStatus", f"<asyncProcessId>{retrieve_id}</asyncProcessId>")
    found = _result(org_twin_client, "checkRetrieveStatus", f"<asyncProcessId>{retrieve_id}</asyncProcessId>")

    assert (waiting.value("done"), waiting.value("state")) == ("true", "Completed")
    assert (found.value("done"), found.value("status"), found.value("success")) == ("true", "Succeeded", "true")
    files = read_archive(b64decode(found.value("zipFile") or ""))
    assert sorted(files) == ["unpackaged/customPermissions/Skip.customPermission", "unpackaged/package.xml"]


def test_a_described_type_tells_where_its_files_lie(org_twin_client: InProcess) -> None:
    described = _result(org_twin_client, "describeMetadata")

    rows = {row.value("xmlName"): row for row in described.all("metadataObjects")}
    report = rows["Report"]
    assert [report.value(name) for name in ("directoryName", "suffix", "inFolder", "metaFile")] == [
        "reports",
        "report",
        "true",
        "false",
    ]
    assert rows["ApexClass"].value("metaFile") == "true"
    assert "CustomField" in rows["CustomObject"].values("childXmlNames")
    assert "ReportFolder" not in rows


def test_a_value_type_is_described_from_the_grammar(org_twin_client: InProcess) -> None:
    result = _result(org_twin_client, "describeValueType", f"<type>{{{_NAMESPACE}}}PlatformEventChannel</type>")

    assert result.value("apiCreatable") == "true"
    fields = [(row.value("name"), row.value("isNameField")) for row in result.all("valueTypeFields")]
    assert fields == [("fullName", "true"), ("channelType", "false"), ("eventType", "false"), ("label", "false")]


# ---- CRUD-based calls


def _metadata(type_name: str, inside: str) -> str:
    return f'<metadata xsi:type="{type_name}">{inside}</metadata>'


_OBJECT = (
    "<fullName>Line__c</fullName><deploymentStatus>Deployed</deploymentStatus><fields><fullName>Key__c</fullName>"
    "<label>Key</label><length>10</length><type>Text</type></fields><label>{label}</label><nameField><label>Name</label>"
    "<type>Text</type></nameField><pluralLabel>Lines</pluralLabel><sharingModel>Read</sharingModel>"
)


def test_a_component_is_created_read_updated_and_deleted(org_twin_client: InProcess) -> None:
    created = _result(org_twin_client, "createMetadata", _metadata("CustomObject", _OBJECT.format(label="Line")))
    again = _result(org_twin_client, "createMetadata", _metadata("CustomObject", _OBJECT.format(label="Line")))
    _result(org_twin_client, "updateMetadata", _metadata("CustomObject", _OBJECT.format(label="Row")))
    read = _result(
        org_twin_client,
        "readMetadata",
        "<type>CustomObject</type><fullNames>Line__c</fullNames><fullNames>No__c</fullNames>",
    )
    deleted = _result(org_twin_client, "deleteMetadata", "<type>CustomObject</type><fullNames>Line__c</fullNames>")
    gone = _result(org_twin_client, "deleteMetadata", "<type>CustomObject</type><fullNames>Line__c</fullNames>")

    assert (created.value("fullName"), created.value("success")) == ("Line__c", "true")
    assert _error(again) == ("DUPLICATE_DEVELOPER_NAME", "There is already a CustomObject named Line__c")
    first, second = read.all("records")
    inner = first.find("fields")
    assert (first.value("label"), inner.value("fullName") if inner else None, second.is_nil) == ("Row", "Key__c", True)
    assert deleted.value("success") == "true"
    assert _error(gone) == ("INVALID_CROSS_REFERENCE_KEY", "In field: fullName - no CustomObject named Line__c found")


def _error(result: Node) -> tuple[str | None, str | None]:
    errors = result.find("errors")
    assert errors is not None
    return errors.value("statusCode"), errors.value("message")


def test_an_upsert_says_whether_it_created(org_twin_client: InProcess) -> None:
    field = "<fullName>Account.Key__c</fullName><label>Key</label><length>10</length><type>Text</type>"
    rows = [_result(org_twin_client, "upsertMetadata", _metadata("CustomField", field)) for _ in range(2)]

    assert [(row.value("created"), row.value("success")) for row in rows] == [("true", "true"), ("false", "true")]


def test_a_refused_component_tells_why(org_twin_client: InProcess) -> None:
    field = "<fullName>Account.Key__c</fullName><label>Key</label><type>Text</type>"
    result = _result(org_twin_client, "createMetadata", _metadata("CustomField", field))

    assert _error(result) == ("FIELD_INTEGRITY_EXCEPTION", "Must specify 'length' for a CustomField of type Text")


def test_eleven_components_are_too_many(org_twin_client: InProcess) -> None:
    one = _metadata("CustomPermission", "<fullName>P{0}</fullName><label>P</label>")
    answer = _send(
        org_twin_client,
        f'<createMetadata xmlns="{_NAMESPACE}">{"".join(one.format(n) for n in range(11))}</createMetadata>',
    )

    fault: Any = parse_document(answer.body).root.children[0].children[0]
    assert (
        fault.value("faultstring")
        == "LIMIT_EXCEEDED: record limit reached. cannot submit more than 10 records in this operation"
    )
