"""Results as plain values, in the element order of the Metadata WSDL: SOAP prints them as XML, REST as JSON.

None is left out of XML; a list is a repeated element.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from orgtwin.metadata.catalogue import Shape, load_types
from orgtwin.metadata.component import Component
from orgtwin.metadata.deploy_model import CoveredCode, DeployJob, DeployMessage, DeployStatus, TestLevel, TestReport
from orgtwin.metadata.retrieve import FileProperties, Retrieved
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.xml import XSI_NIL, Node

Plain = Mapping[str, object]


def to_nodes(tag: str, value: object) -> Iterator[Node]:
    """A plain value as elements of that name."""
    if value is None:
        return
    if isinstance(value, Node):
        yield value
    elif isinstance(value, Mapping):
        yield Node(tag, children=tuple(child for key, item in value.items() for child in to_nodes(key, item)))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from to_nodes(tag, item)
    else:
        yield Node(tag, str(value).lower() if isinstance(value, bool) else str(value))


def nil(tag: str) -> Node:
    return Node(tag, attributes={XSI_NIL: "true"})


def iso(moment: datetime | None) -> str | None:
    """As the API prints dates: UTC, milliseconds, Z."""
    if moment is None:
        return None
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def deploy_result(job: DeployJob, *, include_details: bool) -> dict[str, object]:
    """DeployResult."""
    outcome = job.outcome
    successes = outcome.successes if outcome else []
    failures = outcome.failures if outcome else []
    done = [message for message in successes if message.component_type]
    tests = outcome.tests if outcome else TestReport()
    return {
        "canceledBy": job.canceled_by,
        "checkOnly": job.options.check_only,
        "completedDate": iso(job.completed),
        "createdBy": job.user_id,
        "createdByName": job.user_name,
        "createdDate": iso(job.created_date),
        "details": _details(job, tests) if include_details else {},
        "done": job.status.is_final,
        "errorMessage": outcome.error_message if outcome else None,
        "errorStatusCode": outcome.error_code if outcome else None,
        "id": job.id,
        "ignoreWarnings": job.options.ignore_warnings,
        "lastModifiedDate": iso(job.completed or job.started or job.created_date),
        "numberComponentErrors": len(failures),
        "numberComponentsDeployed": len(done) if job.status is not DeployStatus.FAILED else 0,
        "numberComponentsTotal": len(done) + len(failures),
        "numberTestErrors": len(tests.failures),
        "numberTestsCompleted": tests.run - len(tests.failures),
        "numberTestsTotal": tests.run,
        "rollbackOnError": job.options.rollback_on_error,
        "runTestsEnabled": job.options.test_level is not TestLevel.NO_TEST_RUN,
        "startDate": iso(job.started),
        "status": job.status.value,
        "success": job.status in (DeployStatus.SUCCEEDED, DeployStatus.SUCCEEDED_PARTIAL),
    }


def _details(job: DeployJob, tests: TestReport) -> dict[str, object]:
    outcome, when = job.outcome, iso(job.completed)
    retrieved = None
    if job.retrieved is not None:
        retrieved = {
            "done": True,
            "id": job.id,
            "status": "Succeeded",
            "success": True,
            "zipFile": _base64(job.retrieved),
        }
    return {
        "componentFailures": [_message(message, when) for message in (outcome.failures if outcome else ())],
        "componentSuccesses": [_message(message, when) for message in (outcome.successes if outcome else ())],
        **({"retrieveResult": retrieved} if retrieved else {}),
        "runTestResult": _test_result(tests),
    }


def component_failures(job: DeployJob) -> list[dict[str, object]]:
    """What a deploy refused, as DeployDetails tells it."""
    return [_message(message, iso(job.completed)) for message in (job.outcome.failures if job.outcome else ())]


def _message(message: DeployMessage, when: str | None) -> dict[str, object]:
    return {
        "changed": message.changed,
        "columnNumber": message.column,
        "componentType": message.component_type,
        "created": message.created,
        "createdDate": when,
        "deleted": message.deleted,
        "fileName": message.file_name,
        "fullName": message.full_name,
        "id": message.id or None,
        "lineNumber": message.line,
        "problem": message.problem,
        "problemType": message.problem_type,
        "success": message.success,
    }


def _test_result(tests: TestReport) -> dict[str, object]:
    warnings = [{"id": "", "message": text, "name": "", "namespace": ""} for text in tests.coverage_warnings]
    failures = [
        {
            "id": failure.class_id,
            "message": failure.message,
            "methodName": failure.method_name,
            "name": failure.class_name,
            "namespace": failure.namespace,
            "packageName": failure.class_name,
            "stackTrace": failure.stack_trace,
            "time": failure.time_ms,
            "type": "Class",
        }
        for failure in tests.failures
    ]
    return {
        "codeCoverage": [_covered(row) for row in tests.coverage],
        "codeCoverageWarnings": warnings,
        "failures": failures,
        "numFailures": len(tests.failures),
        "numTestsRun": tests.run,
        "successes": [
            {
                "id": "",
                "methodName": success.method_name,
                "name": success.class_name,
                "namespace": "",
                "time": success.time_ms,
            }
            for success in tests.successes
        ],
        "totalTime": tests.total_time_ms,
    }


def _covered(row: CoveredCode) -> dict[str, object]:
    """CodeCoverageResult. The lines that no test reached are told, each as not executed."""
    return {
        "id": "",
        "locationsNotCovered": [
            {"column": 0, "line": line, "numExecutions": 0, "time": -1.0} for line in row.uncovered
        ],
        "name": row.name,
        "namespace": None,
        "numLocations": row.locations,
        "numLocationsNotCovered": len(row.uncovered),
        "type": row.kind,
    }


def retrieve_result(
    service: MetadataService, retrieve_id: str, found: Retrieved, *, include_zip: bool = True
) -> dict[str, object]:
    """RetrieveResult; always done, since retrieves are ready when they are asked for."""
    return {
        "done": True,
        "fileProperties": [file_properties(service, row) for row in found.properties],
        "id": retrieve_id,
        "messages": [{"fileName": file_name, "problem": problem} for file_name, problem in found.messages],
        "status": "Succeeded",
        "success": True,
        "zipFile": _base64(found.zip_file()) if include_zip and found.files else None,
    }


def file_properties(service: MetadataService, row: FileProperties) -> dict[str, object]:
    """FileProperties. A component of the org itself was made by its administrator, when the org was made: ASSUMED."""
    component = row.component
    return {
        **_authorship(service, component, "created"),
        "fileName": row.file_name,
        "fullName": component.full_name,
        "id": component.id,
        **_authorship(service, component, "lastModified"),
        "manageableState": "unmanaged",
        "type": component.type,
    }


def _authorship(service: MetadataService, component: Component, prefix: str) -> dict[str, object]:
    created = prefix == "created"
    user = component.created_by if created else component.modified_by
    moment = component.created_date if created else component.modified_date
    user = user or service.org.system_caller().user_id
    return {
        f"{prefix}ById": user,
        f"{prefix}ByName": service.user_name(user),
        f"{prefix}Date": iso(moment or datetime(1970, 1, 1, tzinfo=UTC)),
    }


def describe_result() -> dict[str, object]:
    """DescribeMetadataResult: every type of the catalogue."""
    rows = [
        {
            "childXmlNames": [child.name for child in metadata_type.children],
            "directoryName": metadata_type.directory,
            "inFolder": metadata_type.in_folder,
            "metaFile": metadata_type.shape is Shape.CONTENT,
            "suffix": metadata_type.suffix or None,
            "xmlName": metadata_type.name,
        }
        for metadata_type in load_types().values()
        if metadata_type.shape is not Shape.FOLDER
    ]
    return {"metadataObjects": rows, "organizationNamespace": "", "partialSaveAllowed": True, "testRequired": False}


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")
