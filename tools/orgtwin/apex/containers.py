"""Working copies of classes and triggers, and the requests that compile and save them.

Source: "MetadataContainer", "ApexClassMember", "ApexTriggerMember", "ContainerAsyncRequest", "DeployDetails" (Tooling API Developer
Guide). A request is carried out at once, by a deploy of its own. They live as long as the process. ASSUMED: texts marked so, the
name of the code for what the guide only calls an error, and that a request for one member takes it out of its container.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar

from orgtwin.errors import SalesforceError
from orgtwin.metadata.deploy_model import DeployJob, DeployOptions
from orgtwin.metadata.manifest import render_manifest
from orgtwin.metadata.results import component_failures
from orgtwin.metadata.service import MetadataService
from orgtwin.organization import Organization
from orgtwin.records.model import Caller

KINDS = {"ApexClass": ("classes", "cls"), "ApexTrigger": ("triggers", "trigger")}
MEMBERS = {"ApexClassMember": ("ApexClass", "400"), "ApexTriggerMember": ("ApexTrigger", "401")}
_DECLARED = re.compile(
    r"/\*[\s\S]*?\*/|//[^\n]*|'(?:\\.|[^'\\])*'|\b(?:class|interface|enum|trigger)\s+(\w+)", re.IGNORECASE
)
Kept = TypeVar("Kept")
_META = (
    '<{0} xmlns="http://soap.sforce.com/2006/04/metadata"><apiVersion>{1:.1f}</apiVersion><status>Active</status></{0}>'
)


@dataclass(frozen=True, slots=True)
class Source:
    """One class or trigger as it is to be saved."""

    kind: str
    name: str
    body: str
    api_version: float


def declared_name(body: str) -> str:
    """What a source calls itself; empty when it does not say."""
    return next((found[1] for found in _DECLARED.finditer(body) if found[1]), "")


def save_sources(service: MetadataService, caller: Caller, sources: Sequence[Source], *, check_only: bool) -> DeployJob:
    """Compile the sources together, and save them unless it is to check only."""
    files: dict[str, bytes] = {}
    for source in sources:
        folder, ending = KINDS[source.kind]
        path = f"{folder}/{source.name}.{ending}"
        files[path] = source.body.encode()
        files[f"{path}-meta.xml"] = _META.format(source.kind, source.api_version).encode()
    members = [(source.kind, source.name) for source in sources]
    files["package.xml"] = render_manifest(members, f"{caller.api_version:.1f}")
    options = DeployOptions(single_package=True, ignore_warnings=True, check_only=check_only)
    return service.deploy_files(caller, files, options)


class Saved(NamedTuple):
    """A class or trigger as the org has it."""

    record_id: str
    name: str
    api_version: float
    changed: datetime


def find_saved(org: Organization, kind: str, *, record_id: str = "", name: str = "") -> Saved | None:
    """By its id or by its name."""
    table = org.table(kind)
    read_name, read_version, read_changed = (table.reader(f) for f in ("Name", "ApiVersion", "LastModifiedDate"))
    for row in table.rows():
        found = str(read_name(row))
        if str(row[0])[:15] == record_id[:15] if record_id else found.lower() == name.lower():
            return Saved(str(row[0]), found, float(str(read_version(row))), read_changed(row))  # type: ignore[arg-type]
    return None


@dataclass(slots=True)
class Container:
    id: str
    name: str


@dataclass(slots=True)
class Member:
    """A working copy. `container_id` is the request's once that has saved it; then nobody changes it any more."""

    id: str
    type_name: str
    container_id: str
    entity_id: str | None
    full_name: str
    body: str
    last_sync: datetime
    is_refused: bool = False  # when it was last carried out

    @property
    def kind(self) -> str:
        return MEMBERS[self.type_name][0]


@dataclass(frozen=True, slots=True)
class Request:
    """What became of one ContainerAsyncRequest."""

    id: str
    container_id: str | None
    member_id: str | None
    is_check_only: bool
    state: str
    error: str | None
    failures: list[dict[str, object]]


class Workspace:
    """The containers of one org."""

    def __init__(self, org: Organization) -> None:
        self.org = org
        self.containers: dict[str, Container] = {}
        self.members: dict[str, Member] = {}
        self.requests: dict[str, Request] = {}

    # ---- containers and members

    def create_container(self, name: str) -> Container:
        if any(container.name == name for container in self.containers.values()):
            raise SalesforceError(
                "DUPLICATE_VALUE", f"The name is already in use: {name}", fields=("Name",)
            )  # ASSUMED text
        made = Container(self.org.ids.next_id("1dc"), name)
        self.containers[made.id] = made
        return made

    def delete_container(self, container_id: str) -> None:
        """With its members."""
        container = self.containers.pop(require(self.containers, container_id).id)
        for member in [m for m in self.members.values() if m.container_id == container.id]:
            del self.members[member.id]

    def create_member(self, type_name: str, values: Mapping[str, object]) -> Member:
        """Of a class or trigger that is there by ContentEntityId, or of any by FullName."""
        container = require(self.containers, str(values.get("MetadataContainerId") or ""))
        kind, prefix = MEMBERS[type_name]
        body, entity_id = str(values.get("Body") or ""), values.get("ContentEntityId")
        name = str(values.get("FullName") or "")
        if not entity_id and not name:
            text = "Required fields are missing: [ContentEntityId]"
            raise SalesforceError("REQUIRED_FIELD_MISSING", text, fields=("ContentEntityId",))
        found = find_saved(self.org, kind, record_id=str(entity_id or ""), name=name)
        if found is None and entity_id:
            text = "invalid cross reference id"
            raise SalesforceError("INVALID_CROSS_REFERENCE_KEY", text, fields=("ContentEntityId",))
        full_name = found.name if found is not None else name
        if any((m.container_id, m.kind, m.full_name) == (container.id, kind, full_name) for m in self.members.values()):
            text = f"The container has a member of {full_name} already"  # ASSUMED text
            raise SalesforceError("DUPLICATE_VALUE", text, fields=("ContentEntityId",))
        made = Member(
            self.org.ids.next_id(prefix),
            type_name,
            container.id,
            found.record_id if found is not None else None,
            full_name,
            body,
            found.changed if found is not None else self.org.clock(),
        )
        self.members[made.id] = made
        return made

    def change_member(self, member_id: str, body: str) -> None:
        """Body is the only field that changes."""
        member = require(self.members, member_id)
        if member.container_id in self.requests:
            raise SalesforceError("INVALID_OPERATION", "The member has been deployed and cannot be changed")  # ASSUMED
        member.body = body

    def delete_member(self, member_id: str) -> None:
        del self.members[require(self.members, member_id).id]

    # ---- requests

    def carry_out(self, service: MetadataService, caller: Caller, values: Mapping[str, object]) -> Request:
        """Compile, and save unless it is to check only, the members of a container, or one of them."""
        container_id, member_id = values.get("MetadataContainerId"), values.get("MetadataContainerMemberId")
        if bool(container_id) == bool(member_id):
            text = "Specify a MetadataContainerId or a MetadataContainerMemberId, but not both"
            raise SalesforceError("INVALID_INPUT", text)
        members = self._members_of(str(container_id)) if container_id else [require(self.members, str(member_id))]
        request_id, check_only = self.org.ids.next_id("1dr"), values.get("IsCheckOnly") is True
        error, failures = self._find_stale(members), []
        if error is None:
            sources = [self._source(member, caller) for member in members]
            failures = component_failures(save_sources(service, caller, sources, check_only=check_only))
        state = "Completed" if error is None and not failures else "Failed"
        for member in members:
            member.is_refused = state == "Failed"
            if not member.is_refused and not check_only:
                member.container_id = request_id
        done = Request(request_id, _text(container_id), _text(member_id), check_only, state, error, failures)
        self.requests[request_id] = done
        return done

    def _members_of(self, container_id: str) -> list[Member]:
        container = require(self.containers, container_id)
        return [member for member in self.members.values() if member.container_id == container.id]

    def _find_stale(self, members: Sequence[Member]) -> str | None:
        """The deployment fails when LastSyncDate is older than LastModifiedDate of the class or trigger."""
        for member in members:
            saved = find_saved(self.org, member.kind, name=member.full_name)
            if saved is not None and saved.changed > member.last_sync:
                return f"{member.full_name} has been modified since the working copy was made"  # ASSUMED text
        return None

    def _source(self, member: Member, caller: Caller) -> Source:
        saved = find_saved(self.org, member.kind, name=member.full_name)
        return Source(
            member.kind, member.full_name, member.body, caller.api_version if saved is None else saved.api_version
        )


def _text(value: object) -> str | None:
    return str(value) if value else None


def require(rows: Mapping[str, Kept], record_id: str) -> Kept:
    """The one of that id, 15 or 18 characters. Raises NOT_FOUND."""
    found = next((row for key, row in rows.items() if record_id and key[:15] == record_id[:15]), None)
    if found is None:
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)
    return found
