"""Flow: checked for references inside itself and stored; orgtwin.flows runs those that a record starts.

Source: "Flow" (Metadata API Developer Guide); texts from published deploy logs.
"""

from __future__ import annotations

from collections.abc import Iterator

from orgtwin.metadata.component import Component
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.types.required import check_required
from orgtwin.metadata.workspace import Workspace
from orgtwin.metadata.xml import Node

_ACTIVE = "Active"


def deploy_flow(workspace: Workspace, component: Component, before: Component | None) -> Component:
    checked = check_required(workspace, component, before)
    body = component.body
    if body.value("start") is None and body.find("start") is None and body.value("startElementReference") is None:
        raise ComponentRefused(
            "field integrity exception: unknown (The flow can't find its start element.)"
        )  # ASSUMED text
    names = set(_names(body))
    for reference in _condition_references(body):
        if not reference.startswith("$") and reference.partition(".")[0] not in names:
            raise ComponentRefused(
                f"field integrity exception: unknown (A condition has a reference to {reference}, which doesn't exist.)"
            )
    _check_object(workspace, body)
    return checked


_NAMED_INSIDE = frozenset(("rules", "screens", "fields", "orchestratedStages", "stageSteps"))
"""Elements, at whatever depth, with names that a condition may use: outcomes, fields of screens and of their sections, steps."""


def _names(node: Node, *, inside: bool = False) -> Iterator[str | None]:
    for child in node.children:
        if not inside or child.tag in _NAMED_INSIDE:
            yield child.value("name")
            yield from _names(child, inside=True)


def _condition_references(node: Node) -> Iterator[str]:
    for child in node.children:
        if child.tag == "conditions":
            yield child.value("leftValueReference") or ""
        yield from _condition_references(child)


def _check_object(workspace: Workspace, body: Node) -> None:
    start = body.find("start")
    name = start.value("object") if start is not None else None
    if name is not None and workspace.schema.find(name) is None:
        raise ComponentRefused(f"field integrity exception: unknown (The object {name} doesn't exist.)")  # ASSUMED text


def remove_flow(_workspace: Workspace, component: Component) -> None:
    """An active version stays until it is deactivated."""
    if component.body.value("status") == _ACTIVE:
        raise ComponentRefused("insufficient access rights on cross-reference id")
