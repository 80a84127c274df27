"""Metadata deploys over REST: /services/data/vNN.0/metadata/deployRequest.

Source: "Deploying with REST" (Metadata API Developer Guide). The JSON part is called `json` in the guide and by
CumulusCI, `entity_content` by the sf CLI.
"""

from __future__ import annotations

from collections.abc import Mapping

from orgtwin.errors import SalesforceError
from orgtwin.http.message import Request, Response, decode_json, json_response
from orgtwin.http.multipart import get_part, is_multipart, parse_multipart
from orgtwin.http.routing import Route
from orgtwin.http.soap_metadata import read_options
from orgtwin.metadata.deploy_model import DeployJob
from orgtwin.metadata.results import deploy_result, to_nodes
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.xml import Node

_TEMPLATE = "/services/data/{version}/metadata/deployRequest"
_MAX_BODY = 41 * 1024 * 1024


def start(request: Request) -> Response:
    """A zip with options, or the id of a validation to deploy."""
    service = request.twin.part(MetadataService)
    content_type = request.headers.get("content-type", "")
    if not is_multipart(content_type):
        validated = request.json_object().get("validatedDeployRequestId")
        if not isinstance(validated, str):
            raise SalesforceError("INVALID_INPUT", "validatedDeployRequestId is missing")  # ASSUMED text
        job = service.quick_deploy(request.caller, validated)
        return json_response({"validatedDeployRequestId": validated, **_answer(job, details=False)}, 201)
    parts = parse_multipart(request.body, content_type)
    options = _options(decode_json(get_part(parts, "json", "entity_content").content))
    job = service.deploy(request.caller, get_part(parts, "file").content, read_options(options))
    return json_response(_answer(job, details=False), 201)


def _options(value: object) -> Node:
    """Options as an element: JSON clients send booleans, strings and null alike."""
    given = value.get("deployOptions") if isinstance(value, Mapping) else None
    if not isinstance(given, Mapping):
        raise SalesforceError("JSON_PARSER_ERROR", "deployOptions is missing")  # ASSUMED text
    return Node(
        "deployOptions", children=tuple(node for key, item in given.items() for node in to_nodes(str(key), item))
    )


def _answer(job: DeployJob, *, details: bool) -> dict[str, object]:
    result = deploy_result(job, include_details=details)
    return {"id": job.id, "deployOptions": _echo(job), "deployResult": result}


def _echo(job: DeployJob) -> dict[str, object]:
    options = job.options
    return {
        "allowMissingFiles": options.allow_missing_files,
        "autoUpdatePackage": options.auto_update_package,
        "checkOnly": options.check_only,
        "ignoreWarnings": options.ignore_warnings,
        "performRetrieve": options.perform_retrieve,
        "purgeOnDelete": options.purge_on_delete,
        "rollbackOnError": options.rollback_on_error,
        "runTests": list(options.run_tests),
        "singlePackage": options.single_package,
        "testLevel": options.test_level.value,
    }


def status(request: Request) -> Response:
    job = request.twin.part(MetadataService).deploy_job(request.params["job_id"])
    return json_response(_answer(job, details=request.query.get("includeDetails") == "true"))


def change(request: Request) -> Response:
    """PATCH with the status Canceling cancels."""
    wanted = request.json_object().get("deployResult")
    if not isinstance(wanted, Mapping) or wanted.get("status") != "Canceling":
        raise SalesforceError("INVALID_INPUT", "deployResult.status can only be set to Canceling")  # ASSUMED text
    job = request.twin.part(MetadataService).cancel(request.caller, request.params["job_id"])
    return json_response(_answer(job, details=False), 202)


ROUTES: tuple[Route, ...] = (
    Route("POST", _TEMPLATE, start, max_body=_MAX_BODY),
    Route("GET", _TEMPLATE + "/{job_id}", status),
    Route("PATCH", _TEMPLATE + "/{job_id}", change),
)
