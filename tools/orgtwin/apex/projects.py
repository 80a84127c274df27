"""A project on disk made ready to run: a new org in memory with its metadata and its Apex."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial

import click

from orgtwin.apex.engine import Engine
from orgtwin.apex.flow_actions import call_invocable
from orgtwin.apex.kernel import KernelPort, engine_for
from orgtwin.apex.project import Project
from orgtwin.apex.project_apex import misnamed
from orgtwin.apex.save_hooks import attach
from orgtwin.flows.service import FlowService
from orgtwin.metadata.apex_compile import accept_apex
from orgtwin.metadata.deploy_model import DeployOptions
from orgtwin.metadata.duplicate_rules import duplicate_check
from orgtwin.metadata.packages import install_namespace
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.types.record_writes import find_row
from orgtwin.org import Org
from orgtwin.records.model import Caller
from orgtwin.records.own_rows import store_own_row
from orgtwin.schema.model import Field, SObjectType
from orgtwin.seed import administrator, new_org
from orgtwin.workflow.assignment import Assignment
from orgtwin.workflow.service import Workflow

_OPTIONS = DeployOptions(allow_missing_files=True, rollback_on_error=False, single_package=True)
_MOST_SHOWN = 400
_tell_user = partial(click.echo, err=True)


class NotAssigned(Exception):
    """A permission set that the running user does not get: str() says which and why."""


def prepare(
    project: Project,
    *,
    coverage: bool = False,
    joins: bool = True,
    tell: Callable[[str], None] = _tell_user,
) -> Engine:
    """A new org with the project's metadata, and its Apex loaded. What does not deploy is told and left out.

    `joins` false leaves the triggers out of the org's saves, for whoever brings an engine of his own.
    """
    org = new_org()
    metadata = MetadataService(org)
    admin = administrator(org)
    for warning in project.left_out:
        tell(warning)
    for namespace in project.namespaces:
        install_namespace(org.settings, namespace)
    if len(project.files) > 1:
        metadata = MetadataService(org)
        metadata.hooks = replace(metadata.hooks, compile_apex=accept_apex)
        job = metadata.deploy_files(admin, project.files, _OPTIONS)
        for message in job.outcome.failures if job.outcome is not None else ():
            tell(f"{message.file_name}: {_shortened(message.problem or '')}")
    if project.fields_open:
        _open_fields(org, admin)
    if project.namespaces:
        _open_packages(org, admin, project.namespaces)
    duplicate_check(org).join(org.hooks)
    flows = FlowService(org, lambda: metadata.components, commits=False)
    Assignment(org, lambda: metadata.components)
    Workflow(org, lambda: metadata.components, flows.outbox)
    engine = (attach if joins else engine_for)(org, admin.user_id, coverage=coverage)
    flows.call_apex = partial(call_invocable, engine)
    port = engine.port
    if isinstance(port, KernelPort):
        port.labels.update(project.labels)
    engine.load(project.apex, project.versions, idle=project.idle)
    for problem in misnamed(engine.declared):
        tell(problem)
    return engine


def _shortened(problem: str) -> str:
    """A problem may quote a whole file."""
    if len(problem) <= _MOST_SHOWN:
        return problem
    half = _MOST_SHOWN // 2
    return f"{problem[:half]} ... {problem[-half:]}"


def _open_fields(org: Org, admin: Caller) -> None:
    """Give the administrator's profile every custom field, as the flows of CumulusCI that run tests do first, and as Setup does.

    Source: `update_admin_profile` (CumulusCI documentation). ASSUMED: what was retrieved from an org was made there in Setup.
    """
    users = org.table("User")
    set_id = _profile_sets(org)[users.reader("ProfileId")(users.live[admin.user_id])]
    with org.transaction():
        for sobject_type in org.schema:
            _grant_fields(org, admin, sobject_type, [set_id], lambda described: described.custom)


def _open_packages(org: Org, admin: Caller, namespaces: Collection[str]) -> None:
    """Give every profile the objects and fields of managed packages, as an installation for all users does.

    Source: "Install a Package" (Salesforce Help), Install for All Users, which CumulusCI asks for.
    """
    prefixes = tuple(f"{namespace.lower()}__" for namespace in namespaces)
    sets = sorted(_profile_sets(org).values())

    def is_packaged(name: str) -> bool:
        return name.lower().startswith(prefixes)

    with org.transaction():
        for sobject_type in org.schema:
            if is_packaged(sobject_type.api_name) and sobject_type.custom_setting is None:
                for set_id in sets:
                    path = {"ParentId": set_id, "SobjectType": sobject_type.api_name}
                    _keep_row(org, "ObjectPermissions", path, dict.fromkeys(_OBJECT_RIGHTS, True), admin)
            _grant_fields(org, admin, sobject_type, sets, lambda described: is_packaged(described.api_name))


_OBJECT_RIGHTS = ("PermissionsRead", "PermissionsCreate", "PermissionsEdit", "PermissionsDelete")


def _profile_sets(org: Org) -> dict[object, str]:
    """The permission set of each profile, by the profile's id."""
    sets = org.table("PermissionSet")
    owner = sets.reader("ProfileId")
    return {owner(row): str(row[0]) for row in sets.rows() if owner(row) is not None}


def _grant_fields(
    org: Org, admin: Caller, sobject_type: SObjectType, sets: Sequence[str], is_meant: Callable[[Field], bool]
) -> None:
    for described in sobject_type.fields:
        if described.permissionable and is_meant(described):
            name = sobject_type.api_name
            rights = {"PermissionsRead": True, "PermissionsEdit": not described.calculated}
            for set_id in sets:
                path = {"ParentId": set_id, "SobjectType": name, "Field": f"{name}.{described.api_name}"}
                _keep_row(org, "FieldPermissions", path, rights, admin)


def _keep_row(org: Org, name: str, path: dict[str, str], rights: Mapping[str, bool], admin: Caller) -> None:
    """A permission's row, unless it is there: a package's file may have granted it."""
    if find_row(org, name, **path) is None:
        store_own_row(org, name, {**path, **rights}, admin.user_id)


def assign(engine: Engine, names: tuple[str, ...]) -> None:
    """Assign permission sets of the project to the running user, as `sf org assign permset` does. Raises NotAssigned."""
    for name in names:
        found = engine.port.query("SELECT Id FROM PermissionSet WHERE Name = :name", {"name": name}, user_mode=False)
        if not isinstance(found, list) or not found:
            raise NotAssigned(f"--assign {name}: the project has no permission set of that name")
        row = {"PermissionSetId": found[0].fields["Id"], "AssigneeId": engine.port.user().user_id}
        for result in engine.port.insert("PermissionSetAssignment", [row], all_or_none=True, user_mode=False):
            for error in result.errors:
                raise NotAssigned(f"--assign {name}: {error.message}")
