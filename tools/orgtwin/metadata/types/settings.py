"""Settings: a file becomes entries of the org's settings, and some of them change a standard object.

Source: "Settings" (Metadata API Developer Guide).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from msgspec import structs

from orgtwin.metadata.component import Component
from orgtwin.metadata.workspace import Workspace
from orgtwin.metadata.xml import Node


def deploy_settings(workspace: Workspace, component: Component, before: Component | None) -> Component:
    """What the file leaves out stays as it is."""
    prefix = component.body.tag
    for path, value in _values(component.body, prefix):
        workspace.settings[path] = value
        effect = _EFFECTS.get(path)
        if effect is not None:
            effect(workspace, value)
    if before is None:
        return component
    said = {child.tag for child in component.body.children}
    kept = [child for child in before.body.children if child.tag not in said]
    merged = sorted((*component.body.children, *kept), key=lambda child: child.tag)
    return replace(component, body=component.body.with_children(merged))


def _values(node: Node, prefix: str) -> Iterator[tuple[str, object]]:
    """`ContractSettings.autoCalculateEndDate` -> False; a nested element adds its name; a repeated one gives a list."""
    repeated = {child.tag for child in node.children if sum(1 for _ in node.all(child.tag)) > 1}
    for tag in repeated:
        yield f"{prefix}.{tag}", [_plain(child) for child in node.all(tag)]
    for child in node.children:
        if child.tag in repeated or child.tag == "fullName":
            continue
        if child.children:
            yield from _values(child, f"{prefix}.{child.tag}")
        else:
            yield f"{prefix}.{child.tag}", _plain(child)


def _plain(node: Node) -> object:
    if node.children:
        return {child.tag: _plain(child) for child in node.children}
    if node.text in ("true", "false"):
        return node.text == "true"
    return int(node.text) if node.text.isascii() and node.text.isdigit() else node.text


def _end_date_follows_term(workspace: Workspace, value: object) -> None:
    """While the org computes EndDate nobody can write it. Source: "Contract" (Object Reference), field EndDate."""
    draft = workspace.schema.find("Contract")
    field = draft.find_field("EndDate") if draft else None
    if draft is not None and field is not None:
        writable = value is not True
        workspace.schema.put_field(draft, structs.replace(field, createable=writable, updateable=writable))


_EFFECTS: Mapping[str, Callable[[Workspace, object], None]] = {
    "ContractSettings.autoCalculateEndDate": _end_date_follows_term,
}


def settings_node(settings: Mapping[str, object], name: str) -> Node | None:
    """The file that retrieve gives for settings that were never deployed; None when the org knows no such settings."""
    prefix = f"{name}Settings."
    flat = {key.removeprefix(prefix): value for key, value in settings.items() if key.startswith(prefix)}
    rows = [
        Node(key, _text(value)) for key, value in sorted(flat.items()) if "." not in key and not isinstance(value, list)
    ]
    return Node(f"{name}Settings", children=tuple(rows)) if rows else None


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
