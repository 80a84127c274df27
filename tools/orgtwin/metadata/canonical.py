"""The one form in which the org keeps and returns a component: elements by name, entries of lists that have a key by that key.

That is the order retrieve gives ("fullName" first, then by name), so a file that was retrieved is not changed by deploying it.
Lists whose order means something (columns, picklist values, layout sections) keep it.
"""

from __future__ import annotations

from collections.abc import Mapping

from orgtwin.metadata.xml import Node

_KEYS: Mapping[str, str] = {
    "applicationVisibilities": "application",
    "classAccesses": "apexClass",
    "customMetadataTypeAccesses": "name",
    "customPermissions": "name",
    "customSettingAccesses": "name",
    "externalCredentialPrincipalAccesses": "externalCredentialPrincipal",
    "fieldPermissions": "field",
    "flowAccesses": "flow",
    "objectPermissions": "object",
    "pageAccesses": "apexPage",
    "recordTypeVisibilities": "recordType",
    "tabSettings": "tab",
    "userPermissions": "name",
}
_KEYED_PARENTS = frozenset(("PermissionSet", "MutingPermissionSet", "Profile"))
_CHILD_ORDER_MATTERS = frozenset(("Flow",))


def canonical(root: Node) -> Node:
    """The component's element in canonical order."""
    children = sorted(root.children, key=_place)
    if root.tag in _KEYED_PARENTS:
        children.sort(key=lambda child: (*_place(child), child.value(_KEYS.get(child.tag, "")) or ""))
    if root.tag in _CHILD_ORDER_MATTERS:
        return root.with_children(children)
    return root.with_children(_canonical_child(child) for child in children)


def _place(node: Node) -> tuple[bool, str]:
    return (node.tag != "fullName", node.tag)


def _canonical_child(node: Node) -> Node:
    if not node.children:
        return node
    return node.with_children(_canonical_child(child) for child in sorted(node.children, key=_place))
