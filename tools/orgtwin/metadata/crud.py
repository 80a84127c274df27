"""The CRUD-based calls: createMetadata, updateMetadata, upsertMetadata, deleteMetadata, readMetadata.

Each component is a deploy of its own, so everything a deploy checks is checked. Source: "CRUD-Based Metadata
Development" (Metadata API Developer Guide). Ten components a call; custom metadata records and applications 200.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import Enum

from orgtwin.errors import SalesforceError
from orgtwin.metadata.archive import write_archive
from orgtwin.metadata.catalogue import Shape, child_parents, load_types, parent_of
from orgtwin.metadata.component import Component
from orgtwin.metadata.deploy_model import DeployJob, DeployMessage, DeployOptions
from orgtwin.metadata.manifest import render_manifest
from orgtwin.metadata.retrieve import whole_component
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.xml import XSI_TYPE, Node, render_document
from orgtwin.records.model import Caller

_VERSION = "66.0"
_LIMIT, _WIDE_LIMIT = 10, 200
_WIDE_TYPES = frozenset(("CustomMetadata", "CustomApplication"))
Row = dict[str, object]


class Call(Enum):
    CREATE = "createMetadata"
    UPDATE = "updateMetadata"
    UPSERT = "upsertMetadata"


def save(service: MetadataService, caller: Caller, call: Call, nodes: Sequence[Node]) -> list[Row]:
    """One result row a component, in request order."""
    types = {_type_of(node) for node in nodes}
    if len(types) > 1:
        raise SalesforceError("INVALID_TYPE", "All components of one call must be of the same type")  # ASSUMED text
    _check_count(types, len(nodes))
    return [_save_one(service, caller, call, node) for node in nodes]


def _type_of(node: Node) -> str:
    declared = node.attributes.get(XSI_TYPE)
    if declared is None:
        raise SalesforceError("INVALID_TYPE", "Must specify a concrete type via xsi:type")  # ASSUMED text
    name = declared.rpartition(":")[2]
    if name not in load_types() and name not in child_parents():
        raise SalesforceError("INVALID_TYPE", f"Unknown type:{name}")
    metadata_type = load_types().get(name)
    if metadata_type is not None and metadata_type.shape in (Shape.CONTENT, Shape.BUNDLE):
        raise SalesforceError("INVALID_TYPE", f"{name} is not supported by the CRUD-based calls")  # ASSUMED text
    return name


def _check_count(types: Iterable[str], count: int) -> None:
    limit = _WIDE_LIMIT if _WIDE_TYPES.issuperset(types) else _LIMIT
    if count > limit:
        raise SalesforceError(
            "LIMIT_EXCEEDED", f"record limit reached. cannot submit more than {limit} records in this operation"
        )


def _save_one(service: MetadataService, caller: Caller, call: Call, node: Node) -> Row:
    type_name, full_name = _type_of(node), node.value("fullName") or ""
    exists = service.find(type_name, full_name) is not None
    created: Row = {"created": not exists} if call is Call.UPSERT else {}
    if call is Call.CREATE and exists:
        text = f"There is already a {type_name} named {full_name}"  # ASSUMED text
        return _failed(full_name, "DUPLICATE_DEVELOPER_NAME", text, created)
    if call is Call.UPDATE and not exists:
        return _failed(
            full_name,
            "INVALID_CROSS_REFERENCE_KEY",
            f"In field: fullName - no {type_name} named {full_name} found",
            created,
        )
    files = {"package.xml": render_manifest([(type_name, full_name)], _VERSION), **_file(type_name, full_name, node)}
    job = service.deploy_files(caller, files, DeployOptions(single_package=True, ignore_warnings=True))
    failures = job.outcome.failures if job.outcome else []
    return (
        _refused(full_name, failures[0], created) if failures else {**created, "fullName": full_name, "success": True}
    )


def _file(type_name: str, full_name: str, node: Node) -> dict[str, bytes]:
    """The file that says the same as the element of the call."""
    parent = parent_of(type_name, full_name)
    if parent is None:
        metadata_type = load_types()[type_name]
        root = replace(node, tag=metadata_type.root_of(full_name), attributes={}).without(("fullName",))
        return {metadata_type.path_of(full_name): render_document(root)}
    owner, owner_name = parent
    child = child_parents()[type_name][1]
    inner = full_name.partition(".")[2] if child.qualified else full_name
    element = replace(node, tag=child.element, attributes={}).without(("fullName",))
    element = element.with_children((Node("fullName", inner), *element.children))
    return {owner.path_of(owner_name): render_document(Node(owner.name, children=(element,)))}


def find_whole(service: MetadataService, type_name: str, full_name: str) -> Component | None:
    """A component with its parts; a record of custom metadata by its type's name with or without __mdt."""
    named = service.find(type_name, full_name)
    if named is None and type_name == "CustomMetadata":
        object_name, _, record = full_name.partition(".")
        named = service.find(type_name, f"{object_name.removesuffix('__mdt')}.{record}")
    return None if named is None else replace(named, body=whole_component(service.components, named))


def deploy_elements(
    service: MetadataService, caller: Caller, deploy_id: str, elements: Sequence[tuple[str, Node]]
) -> DeployJob:
    """One deploy of several components, each by its full name and the root of its file; all of them or none."""
    files: dict[str, bytes] = {}
    for full_name, node in elements:
        files |= _file(node.tag, full_name, node)
    members = [(node.tag, full_name) for full_name, node in elements]
    archive = write_archive({**files, "package.xml": render_manifest(members, _VERSION)})
    return service.deploy(caller, archive, DeployOptions(single_package=True), deploy_id)


def _failed(full_name: str, code: str, message: str, more: Row) -> Row:
    return {**more, "errors": [{"message": message, "statusCode": code}], "fullName": full_name, "success": False}


def _refused(full_name: str, message: DeployMessage, more: Row) -> Row:
    return _failed(full_name, "FIELD_INTEGRITY_EXCEPTION", message.problem or "", more)


def delete(service: MetadataService, caller: Caller, type_name: str, full_names: Sequence[str]) -> list[Row]:
    """One result row a name."""
    _check_count((type_name,), len(full_names))
    return [_delete_one(service, caller, type_name, full_name) for full_name in full_names]


def _delete_one(service: MetadataService, caller: Caller, type_name: str, full_name: str) -> Row:
    if service.components.find(type_name, full_name) is None:
        return _failed(
            full_name, "INVALID_CROSS_REFERENCE_KEY", f"In field: fullName - no {type_name} named {full_name} found", {}
        )
    files = {
        "package.xml": render_manifest([], _VERSION),
        "destructiveChanges.xml": render_manifest([(type_name, full_name)], _VERSION),
    }
    job = service.deploy_files(caller, files, DeployOptions(single_package=True, ignore_warnings=True))
    failures = job.outcome.failures if job.outcome else []
    return _refused(full_name, failures[0], {}) if failures else {"fullName": full_name, "success": True}


def require_success(rows: Iterable[Row]) -> None:
    """Raises the first error that the rows of a call tell."""
    for row in rows:
        for error in row.get("errors", ()):  # type: ignore[attr-defined]
            raise SalesforceError(error["statusCode"], error["message"])


def read(service: MetadataService, type_name: str, full_names: Sequence[str]) -> list[Node | None]:
    """The elements in request order, None for a name that is not there."""
    _check_count((type_name,), len(full_names))
    found: list[Node | None] = []
    for full_name in full_names:
        component = service.find(type_name, full_name)
        found.append(_record(service, component) if component is not None else None)
    return found


def _record(service: MetadataService, component: Component) -> Node:
    body = whole_component(service.components, component)
    rest = [child for child in body.children if child.tag != "fullName"]
    return Node("records", children=(Node("fullName", component.full_name), *rest), attributes={XSI_TYPE: body.tag})
