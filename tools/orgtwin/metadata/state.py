"""What the Metadata API remembers of an org: components, packages, source members; kept inside the org.

It is one value among the org's settings, so it follows the org through rollback, snapshot, restore and the journal. The value is
bytes that nobody else reads; what was decoded of them last is kept.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from orgtwin.metadata.component import Component, ComponentStore, Key
from orgtwin.metadata.xml import Node
from orgtwin.organization import Organization

SETTING = "orgtwin.metadata"
_FAST = 1
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


@dataclass(frozen=True, slots=True)
class SourceMember:
    """One row of SourceMember; `is_new` until the member changes again."""

    id: str
    member_type: str
    member_name: str
    member_id_or_name: str
    revision_counter: int
    is_name_obsolete: bool
    is_new: bool
    changed_by: str
    last_modified: datetime


@dataclass(frozen=True, slots=True)
class MetadataState:
    components: ComponentStore = field(default_factory=ComponentStore)
    packages: Mapping[str, frozenset[Key]] = field(default_factory=dict)
    members: Mapping[Key, SourceMember] = field(default_factory=dict)
    revision: int = 0


class StateCell:
    """Reads and writes the state of one org."""

    def __init__(self, org: Organization) -> None:
        self._org = org
        self._bytes: object = None
        self._state = MetadataState()

    def load(self) -> MetadataState:
        """The state as the org stands now."""
        kept = self._org.settings.get(SETTING)
        if kept is not self._bytes:
            self._state = _from_bytes(kept) if isinstance(kept, bytes) else MetadataState()
            self._bytes = kept
        return self._state

    def components(self) -> ComponentStore:
        """What was deployed and stands; asked several times in every save."""
        kept = self._org.settings.get(SETTING)
        return self._state.components if kept is self._bytes else self.load().components

    def save(self, state: MetadataState) -> None:
        self._bytes = self._org.settings[SETTING] = _to_bytes(state)
        self._state = state


def _to_bytes(state: MetadataState) -> bytes:
    content = {
        "components": [_component_row(component) for component in state.components],
        "packages": {name: sorted(keys) for name, keys in state.packages.items()},
        "members": [[getattr(member, name) for name in SourceMember.__slots__] for member in state.members.values()],
        "revision": state.revision,
    }
    return zlib.compress(_encode(content), _FAST)


def _component_row(component: Component) -> list[object]:
    return [
        component.type,
        component.full_name,
        _node_row(component.body),
        component.content,
        dict(component.files),
        component.id,
        component.created_by,
        component.created_date,
        component.modified_by,
        component.modified_date,
    ]


def _node_row(node: Node) -> list[object]:
    return [node.tag, node.text, [_node_row(child) for child in node.children], dict(node.attributes)]


@lru_cache(maxsize=4)
def _from_bytes(kept: bytes) -> MetadataState:
    """Remembered, because Apex asks in every transaction through a cell of its own; a state never changes."""
    content: Any = _decode(zlib.decompress(kept))
    members = [SourceMember(*row) for row in content["members"]]
    return MetadataState(
        ComponentStore(_component(row) for row in content["components"]),
        {name: frozenset((t, n) for t, n in keys) for name, keys in content["packages"].items()},
        {(member.member_type, member.member_name): member for member in members},
        content["revision"],
    )


def _component(row: Any) -> Component:
    type_name, full_name, body, *rest = row
    return Component(type_name, full_name, _node(body), *rest)


def _node(row: Any) -> Node:
    tag, text, children, attributes = row
    return Node(tag, text, tuple(_node(child) for child in children), attributes)
