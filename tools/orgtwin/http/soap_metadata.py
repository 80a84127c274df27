"""The Metadata SOAP API: POST /services/Soap/m/NN.0[/<org id>], the operation named by the body's first element.

Source: the Metadata WSDL.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from orgtwin.errors import SalesforceError, Unsupported
from orgtwin.http.message import Request, Response
from orgtwin.http.routing import Door, Envelope, Route
from orgtwin.http.soap_envelope import admit_session, answer, read_envelope
from orgtwin.metadata import crud
from orgtwin.metadata.deploy_model import DeployOptions, TestLevel
from orgtwin.metadata.grammar import Grammar, load_grammar
from orgtwin.metadata.manifest import ManifestRefused, manifest_of
from orgtwin.metadata.results import deploy_result, describe_result, file_properties, nil, retrieve_result, to_nodes
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.xml import METADATA_NAMESPACE, Node

_MAX_BODY = 56 * 1024 * 1024  # 39 MB of zip in base 64, and the envelope
Operation = Callable[[Request, Node], Iterable[Node]]


def soap(request: Request) -> Response:
    """Read the envelope, let its session in, carry out its operation."""
    header, operation = read_envelope(request.body)
    run = _OPERATIONS.get(operation.tag)
    if run is None:
        raise Unsupported("soap.metadata-operation", f"the Metadata API operation {operation.tag}")
    admit_session(request, header)
    _service(request).require_permission(request.caller)
    return answer(METADATA_NAMESPACE, operation, run(request, operation))


def _service(request: Request) -> MetadataService:
    return request.twin.part(MetadataService)


def _child(node: Node, *names: str) -> Node | None:
    """The first child of one of these names, in any case: clients write both zipFile and ZipFile."""
    wanted = {name.lower() for name in names}
    return next((child for child in node.children if child.tag.lower() in wanted), None)


def _deploy(request: Request, operation: Node) -> Iterable[Node]:
    encoded, options = _child(operation, "ZipFile"), _child(operation, "DeployOptions")
    try:
        zip_file = b64decode(encoded.text if encoded is not None else "", validate=False)
    except (Base64Error, ValueError) as error:
        raise SalesforceError("INVALID_ZIP", f"zipFile is not base 64: {error}") from error
    job = _service(request).deploy(request.caller, zip_file, read_options(options or Node("DeployOptions")))
    return to_nodes("result", {"done": job.status.is_final, "id": job.id, "state": "Queued"})


def read_options(node: Node) -> DeployOptions:
    """DeployOptions; what a client leaves out is false, but for rollbackOnError."""
    level = node.value("testLevel")
    if level is not None and level not in set(TestLevel):
        raise SalesforceError("INVALID_TYPE", f"'{level}' is not a valid value for the enum 'TestLevel'")
    if level is None and node.flag("runAllTests"):
        level = TestLevel.RUN_ALL_TESTS_IN_ORG
    tests = tuple(name for name in node.values("runTests") if name)
    return DeployOptions(
        allow_missing_files=node.flag("allowMissingFiles"),
        auto_update_package=node.flag("autoUpdatePackage"),
        check_only=node.flag("checkOnly"),
        ignore_warnings=node.flag("ignoreWarnings"),
        perform_retrieve=node.flag("performRetrieve"),
        purge_on_delete=node.flag("purgeOnDelete"),
        rollback_on_error=node.flag("rollbackOnError", default=True),
        single_package=node.flag("singlePackage"),
        test_level=TestLevel(level) if level else TestLevel.RUN_SPECIFIED_TESTS if tests else TestLevel.NO_TEST_RUN,
        run_tests=tests,
    )


def _check_deploy_status(request: Request, operation: Node) -> Iterable[Node]:
    job = _service(request).deploy_job(_job_id(operation))
    return to_nodes("result", deploy_result(job, include_details=operation.flag("includeDetails")))


def _job_id(operation: Node) -> str:
    found = _child(operation, "asyncProcessId", "id", "String", "validationId")
    if found is None or not found.text:
        raise SalesforceError("INVALID_ID_FIELD", f"{operation.tag} needs an id")
    return found.text.strip()


def _cancel_deploy(request: Request, operation: Node) -> Iterable[Node]:
    job = _service(request).cancel(request.caller, _job_id(operation))
    return to_nodes("result", {"done": job.status.is_final, "id": job.id})


def _deploy_recent_validation(request: Request, operation: Node) -> Iterable[Node]:
    return to_nodes("result", _service(request).quick_deploy(request.caller, _job_id(operation)).id)


def _retrieve(request: Request, operation: Node) -> Iterable[Node]:
    wanted = _child(operation, "retrieveRequest", "request") or Node("retrieveRequest")
    version = wanted.value("apiVersion") or f"{request.api_version:.1f}"
    unpackaged = wanted.find("unpackaged")
    try:
        manifest = manifest_of(unpackaged) if unpackaged is not None and not unpackaged.is_nil else None
    except ManifestRefused as error:
        raise SalesforceError("INVALID_TYPE", error.text) from error
    packages = [name for name in wanted.values("packageNames") if name]
    retrieve_id = _service(request).start_retrieve(
        request.caller, manifest, packages, _with_decimal(version), single_package=wanted.flag("singlePackage")
    )
    return to_nodes("result", {"done": True, "id": retrieve_id, "state": "Completed"})


def _with_decimal(version: str) -> str:
    return version if "." in version else f"{version}.0"


def _check_status(request: Request, operation: Node) -> Iterable[Node]:
    """The older way to wait; CumulusCI still takes it before checkRetrieveStatus."""
    service, job_id = _service(request), _job_id(operation)
    if service.is_retrieve(job_id):
        return to_nodes("result", {"done": True, "id": job_id, "state": "Completed"})
    job = service.deploy_job(job_id)
    return to_nodes(
        "result",
        {"done": job.status.is_final, "id": job.id, "state": "Completed" if job.status.is_final else "InProgress"},
    )


def _check_retrieve_status(request: Request, operation: Node) -> Iterable[Node]:
    service, job_id = _service(request), _job_id(operation)
    include_zip = operation.flag("includeZip", default=True)
    return to_nodes("result", retrieve_result(service, job_id, service.retrieved(job_id), include_zip=include_zip))


def _list_metadata(request: Request, operation: Node) -> Iterable[Node]:
    queries = list(operation.all("queries"))
    if len(queries) > 3:
        raise SalesforceError(
            "LIMIT_EXCEEDED", "listMetadata takes at most three queries"
        )  # ASSUMED text, documented limit
    service = _service(request)
    for query in queries:
        for row in service.list_metadata(query.value("type") or "", query.value("folder")):
            yield from to_nodes("result", file_properties(service, row))


def _describe_metadata(_request: Request, _operation: Node) -> Iterable[Node]:
    return to_nodes("result", describe_result())


def _describe_value_type(_request: Request, operation: Node) -> Iterable[Node]:
    """The fields of a type, from the grammar. `type` is {namespace}Name."""
    name = (operation.value("type") or "").rpartition("}")[2]
    grammar = load_grammar()
    if name not in grammar.types:
        raise SalesforceError("INVALID_TYPE", f"Unknown type:{name}")
    is_component = grammar.is_metadata_type(name)
    return to_nodes(
        "result",
        {
            "apiCreatable": is_component,
            "apiDeletable": is_component,
            "apiReadable": is_component,
            "apiUpdatable": is_component,
            "valueTypeFields": list(_value_type_fields(grammar, name, frozenset((name,)))),
        },
    )


def _value_type_fields(grammar: Grammar, name: str, above: frozenset[str]) -> Iterable[Mapping[str, object]]:
    for rule in grammar.types.get(name, {}).values():
        local = rule.type.rpartition(":")[2]
        inner = () if local in above else _value_type_fields(grammar, local, above | {local})
        values = [
            {"active": True, "defaultValue": False, "label": v, "value": v}
            for v in sorted(grammar.enums.get(local, ()))
        ]
        yield {
            "fields": list(inner),
            "isForeignKey": False,
            "isNameField": rule.name == "fullName",
            "minOccurs": int(rule.required),
            "name": rule.name,
            "picklistValues": values,
            "soapType": local,
            "valueRequired": rule.required,
        }


def _save(call: crud.Call) -> Operation:
    def run(request: Request, operation: Node) -> Iterable[Node]:
        rows = crud.save(_service(request), request.caller, call, list(operation.all("metadata")))
        return to_nodes("result", rows)

    return run


def _delete(request: Request, operation: Node) -> Iterable[Node]:
    names = operation.values("fullNames")
    return to_nodes("result", crud.delete(_service(request), request.caller, operation.value("type") or "", names))


def _read(request: Request, operation: Node) -> Iterable[Node]:
    names = operation.values("fullNames")
    found = crud.read(_service(request), operation.value("type") or "", names)
    yield Node("result", children=tuple(node if node is not None else nil("records") for node in found))


def _rename(_request: Request, operation: Node) -> Iterable[Node]:
    raise Unsupported(
        "metadata.rename", f"renameMetadata ({operation.value('oldFullName')} to {operation.value('newFullName')})"
    )


_OPERATIONS: Mapping[str, Operation] = {
    "deploy": _deploy,
    "checkDeployStatus": _check_deploy_status,
    "cancelDeploy": _cancel_deploy,
    "deployRecentValidation": _deploy_recent_validation,
    "retrieve": _retrieve,
    "checkStatus": _check_status,
    "checkRetrieveStatus": _check_retrieve_status,
    "listMetadata": _list_metadata,
    "describeMetadata": _describe_metadata,
    "describeValueType": _describe_value_type,
    "createMetadata": _save(crud.Call.CREATE),
    "updateMetadata": _save(crud.Call.UPDATE),
    "upsertMetadata": _save(crud.Call.UPSERT),
    "deleteMetadata": _delete,
    "readMetadata": _read,
    "renameMetadata": _rename,
}

_PLAIN = Route("POST", "/services/Soap/m/{version}", soap, Door.SELF, Envelope.SOAP, _MAX_BODY)

ROUTES: tuple[Route, ...] = (
    _PLAIN,
    replace(_PLAIN, template="/services/Soap/m/{version}/{org_id}"),
    replace(_PLAIN, template="/services/Soap/m/{version}/{org_id}/{job_id}"),
)
