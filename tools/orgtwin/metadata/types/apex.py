"""ApexClass and ApexTrigger: stored, and a row each, so that tools that query them find them. Compiling is the run's own step.

Source: "ApexClass", "ApexTrigger" (Metadata API Developer Guide; Object Reference).
"""

from __future__ import annotations

import re
import zlib

from orgtwin.metadata.component import Component
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.types.record_writes import delete_rows, find_row, find_rows, save_row
from orgtwin.metadata.workspace import Workspace
from orgtwin.organization import Organization
from orgtwin.schema.change_events import object_of_change_event

_COMMENTS = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_TRIGGER_HEAD = re.compile(r"\btrigger\s+(\w+)\s+on\s+(\w+)\s*\(([^)]*)\)", re.IGNORECASE)


def source_of(component: Component) -> str:
    """The text of a class or trigger."""
    return (component.content or b"").decode("utf-8", "replace")


def deploy_apex(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    for name in ("apiVersion", "status"):
        if component.body.value(name) is None:
            raise ComponentRefused(f"Required field is missing: {name}")
    if component.content is None:
        raise ComponentRefused(f"File {component.full_name} has a -meta.xml file but no source file")  # ASSUMED text
    on_object = _trigger_object(workspace, component) if component.type == "ApexTrigger" else None
    workspace.write_records(component, lambda org: _write(org, component, on_object))
    return component


def _trigger_object(workspace: Workspace, component: Component) -> str:
    head = _TRIGGER_HEAD.search(_COMMENTS.sub(" ", source_of(component)))
    if head is None:
        raise ComponentRefused("Expecting 'trigger' but was: '<EOF>'")
    entity = object_of_change_event(head[2])
    draft = workspace.schema.find(entity)
    if draft is None:
        raise ComponentRefused(f"Invalid type: {head[2]}")
    return draft.api_name if entity == head[2] else head[2]


def _write(org: Organization, component: Component, on_object: str | None) -> str:
    source = source_of(component)
    existing = find_row(org, component.type, Name=component.full_name)
    more = {"TableEnumOrId": on_object} if on_object and existing is None else {}
    return save_row(
        org,
        component.type,
        existing,
        Name=component.full_name,
        Body=source,
        ApiVersion=float(component.body.value("apiVersion") or 0),
        Status=component.body.value("status"),
        IsValid=True,
        BodyCrc=zlib.crc32(source.encode()),
        LengthWithoutComments=len(_COMMENTS.sub("", source)),
        **more,
    )


def remove_apex(workspace: Workspace, component: Component) -> None:
    workspace.write_records(
        component, lambda org: delete_rows(org, find_rows(org, component.type, Name=component.full_name))
    )


def deploy_test_suite(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    """Its classes are there or come with it, which lower orders did."""
    for name in component.body.values("testClassName"):
        if workspace.find("ApexClass", name) is None:
            raise ComponentRefused(f"In field: testClassName - no ApexClass named {name} found")
    return component
