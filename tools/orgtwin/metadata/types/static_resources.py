"""Static resources: files under a name, which code reads as rows of StaticResource.

Source: "StaticResource" (Metadata API Developer Guide, Object Reference).
"""

from __future__ import annotations

from orgtwin.metadata.component import Component
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.types.record_writes import delete_rows, find_row, find_rows, save_row
from orgtwin.metadata.workspace import Workspace
from orgtwin.organization import Organization

_CACHE = ("Private", "Public")


def deploy_static_resource(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    node = component.body
    if node.value("contentType") is None:
        raise ComponentRefused("Required field is missing: contentType")
    if (node.value("cacheControl") or _CACHE[0]) not in _CACHE:
        raise ComponentRefused(
            f"'{node.value('cacheControl')}' is not a valid value for the enum 'StaticResourceCacheControl'"
        )
    workspace.write_records(component, lambda org: _write(org, component))
    return component


def remove_static_resource(workspace: Workspace, component: Component) -> None:
    def remove(org: Organization) -> None:
        delete_rows(org, find_rows(org, "StaticResource", Name=component.full_name))

    workspace.write_records(component, remove)


def _write(org: Organization, component: Component) -> str:
    return save_row(
        org,
        "StaticResource",
        find_row(org, "StaticResource", Name=component.full_name),
        Name=component.full_name,
        ContentType=component.body.value("contentType"),
        CacheControl=component.body.value("cacheControl") or _CACHE[0],
        Description=component.body.value("description"),
        Body=component.content or b"",
    )
