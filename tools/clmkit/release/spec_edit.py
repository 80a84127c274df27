"""Change values in the text of a mapping and nothing else: comments, order and spelling of everything beside them stay. Pure.

A path is the keys from the top: ("objects", "contract", "fields", "title", "label"). The last key may be new, its mapping may not.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import yaml

Path = tuple[str, ...]


class AdoptError(Exception):
    """Drift that the mapping does not take over; `str()` says why, and what can be done instead."""


class EditError(Exception):
    """The text cannot be changed in that place without a person; `str()` says where and why."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One value to be written; `before` is what stands there, as text, empty for a new key. `line` counts from 1."""

    path: Path
    value: object
    before: str = ""
    line: int = 0

    @property
    def written(self) -> str:
        """The value as it is written: one line, as it may stand within braces too."""
        dumped: str = yaml.safe_dump(
            [self.value], default_flow_style=True, width=10**9, allow_unicode=True, sort_keys=False
        )
        return dumped.strip()[1:-1]


def edit_text(text: str, edits: Sequence[Edit], *, grows: bool = False) -> tuple[str, list[Edit]]:
    """The text with all values written, and the edits with what they replaced. Raises EditError.

    With `grows` the mappings above a key may be new, too, as in an overlay, which says only what is otherwise.
    """
    wanted = _load(text)
    done: list[Edit] = []
    for asked in edits:
        edit = _graft(wanted, asked) if grows else asked
        _put(wanted, edit.path, edit.value)
        text, made = _write(text, edit)
        done.append(made)
    if _load(text) != wanted:
        raise EditError(f"{show_path(edits[0].path)}: cannot be written beside what stands there; write it by hand")
    return text, done


def show_path(path: Path) -> str:
    return ".".join(path)


def _load(text: str) -> object:
    return yaml.load(text, Loader=yaml.CSafeLoader)


def _graft(data: object, edit: Edit) -> Edit:
    """The edit at the first key of its path that is not there yet, with everything below it."""
    for depth, key in enumerate(edit.path[:-1]):
        if not isinstance(data, dict) or key not in data:
            value = edit.value
            for below in reversed(edit.path[depth + 1 :]):
                value = {below: value}
            return Edit(edit.path[: depth + 1], value)
        data = data[key]
    return edit


def _put(data: object, path: Path, value: object) -> None:
    for key in path[:-1]:
        data = data.get(key) if isinstance(data, dict) else None
    if not isinstance(data, dict):
        raise EditError(
            f"{show_path(path[:-1])}: is not written in the mapping as a block of its own; write it by hand"
        )
    data[path[-1]] = copy.deepcopy(value)


def _write(text: str, edit: Edit) -> tuple[str, Edit]:
    node: yaml.Node | None = yaml.compose(text, Loader=yaml.CSafeLoader)
    *above, name = edit.path
    for key in above:
        node = _find(node, key)
    child = _find(node, name)
    if isinstance(child, yaml.CollectionNode) and not child.flow_style:
        raise EditError(f"{show_path(edit.path)}: stands on several lines, with room for comments; write it by hand")
    if child is not None:
        start, end = child.start_mark.index, _end_of(child, text)
        before = text[start:end]
        made = Edit(edit.path, edit.value, before, child.start_mark.line + 1)
        return text[:start] + edit.written + text[end:], made
    if not isinstance(node, yaml.MappingNode) or not node.value:
        raise EditError(f"{show_path(edit.path)}: there is nothing beside which it could be written")
    return _insert(text, node, name, edit)


def _insert(text: str, node: yaml.MappingNode, name: str, edit: Edit) -> tuple[str, Edit]:
    """A new key behind the last one of its mapping: in the braces, or on a line of its own."""
    last = _end_of(node.value[-1][1], text)
    line = text.count("\n", 0, last) + 1
    if node.flow_style:
        return f"{text[:last]}, {name}: {edit.written}{text[last:]}", Edit(edit.path, edit.value, "", line)
    indent = " " * node.value[0][0].start_mark.column
    place = text.find("\n", last)
    place = len(text) if place < 0 else place
    return f"{text[:place]}\n{indent}{name}: {edit.written}{text[place:]}", Edit(edit.path, edit.value, "", line + 1)


def _find(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _end_of(node: yaml.Node, text: str) -> int:
    """Behind the last character of the value: a block ends with its last part, a text block before its line break."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end_of(last[1] if isinstance(last, tuple) else last, text)
    return node.start_mark.index + len(text[node.start_mark.index : node.end_mark.index].rstrip())
