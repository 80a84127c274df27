"""A project on disk made ready to run: a new org in memory with its metadata and its Apex."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import click

from orgtwin.apex.engine import Engine
from orgtwin.apex.flow_actions import call_invocable
from orgtwin.apex.kernel import KernelPort, engine_for
from orgtwin.apex.project import Project
from orgtwin.apex.save_hooks import attach
from orgtwin.flows.service import FlowService
from orgtwin.metadata.apex_compile import accept_apex
from orgtwin.metadata.deploy_model import DeployOptions
from orgtwin.metadata.packages import install_namespace
from orgtwin.metadata.service import MetadataService
from orgtwin.org import Org
from orgtwin.records.model import Caller
from orgtwin.records.own_rows import store_own_row
from orgtwin.seed import administrator, new_org

_OPTIONS = DeployOptions(allow_missing_files=True, rollback_on_error=False, single_package=True)
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
            tell(f"{message.file_name}: {message.problem}")
    if project.of_cumulusci:
        _open_fields(org, admin)
    flows = FlowService(org, lambda: metadata.components, commits=False)
    engine = (attach if joins else engine_for)(org, admin.user_id, coverage=coverage)
    flows.call_apex = partial(call_invocable, engine)
    port = engine.port
    if isinstance(port, KernelPort):
        port.labels.update(project.labels)
    engine.load(project.apex, project.versions)
    return engine


def _open_fields(org: Org, admin: Caller) -> None:
    """Give the administrator's profile every custom field, as the flows of CumulusCI that run tests do first.

    Source: `update_admin_profile` (CumulusCI documentation).
    """
    users, sets = org.table("User"), org.table("PermissionSet")
    profile_id = users.reader("ProfileId")(users.live[admin.user_id])
    owner = sets.reader("ProfileId")
    set_id = next(str(row[0]) for row in sets.rows() if owner(row) == profile_id)
    with org.transaction():
        for sobject_type in org.schema:
            for described in sobject_type.fields:
                if described.custom and described.permissionable:
                    name = sobject_type.api_name
                    path = {"ParentId": set_id, "SobjectType": name, "Field": f"{name}.{described.api_name}"}
                    rights = {"PermissionsRead": True, "PermissionsEdit": not described.calculated}
                    store_own_row(org, "FieldPermissions", {**path, **rights}, admin.user_id)


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
