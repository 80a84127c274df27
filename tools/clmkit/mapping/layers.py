"""A spec's text, or a spec and the overlay of one org: where everything stands, and the data that they make together.

Blocks are merged key by key. Lists and plain values replace, and so does a `type`, because a field has one. What `remove` names is
taken out first. A place is looked for in the overlay before the spec, so that a finding points at the line that causes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clmkit.mapping.findings import Place
from clmkit.mapping.subject import Offence
from clmkit.mapping.yaml_tree import PathPart, Tree

CHANGE = "change"
WHOLE_KEYS = frozenset(("type",))
"""Blocks of which a merge would make something that is neither of the two."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its name, its text by line, its tree."""

    name: str
    lines: Sequence[str]
    tree: Tree

    def line(self, place: Place) -> str:
        return self.lines[place.line - 1] if place.line <= len(self.lines) else ""


@dataclass(frozen=True, slots=True)
class Layers:
    """What is judged: a spec alone, or under an overlay."""

    base: Source
    overlay: Source | None = None

    def data(self) -> Any:
        """The merged data; the base's own when there is no overlay. Keys that `remove` names and nobody has are left to a rule."""
        if self.overlay is None:
            return self.base.tree.data
        own: Any = self.overlay.tree.data
        return merge(without(self.base.tree.data, own.get("remove", [])), own.get(CHANGE, {}))

    def locate(self, offence: Offence) -> tuple[Source, Place]:
        """The file and place of an offence."""
        path = offence.path
        if self.overlay is None:
            return self.base, self.base.tree.find_place(path, of_key=offence.of_key)
        if offence.in_overlay:
            return self.overlay, self.overlay.tree.find_place(path, of_key=offence.of_key)
        above, below = (CHANGE, *path), path
        deep = self.overlay.tree.depth_of(above) - 1
        if deep > 0 and deep >= self.base.tree.depth_of(below):
            return self.overlay, self.overlay.tree.find_place(above, of_key=offence.of_key)
        return self.base, self.base.tree.find_place(below, of_key=offence.of_key)


def merge(below: Any, above: Any) -> Any:
    """The two as one; neither is changed."""
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    merged = dict(below)
    for key, value in above.items():
        merged[key] = merge(below[key], value) if key in below and key not in WHOLE_KEYS else value
    return merged


def without(data: Any, paths: Sequence[str]) -> Any:
    """The data without the keys at these dotted paths; the data itself is not changed."""
    for path in paths:
        data = _drop(data, path.split("."))
    return data


def _drop(data: Any, path: Sequence[PathPart]) -> Any:
    if not isinstance(data, Mapping) or path[0] not in data:
        return data
    if len(path) == 1:
        return {key: value for key, value in data.items() if key != path[0]}
    return {**data, path[0]: _drop(data[path[0]], path[1:])}


def has(data: Any, path: Sequence[str]) -> bool:
    """Whether the data has a key at the path."""
    for part in path:
        if not isinstance(data, Mapping) or part not in data:
            return False
        data = data[part]
    return True
