"""Change values in the text of a mapping and nothing else: comments, order and spelling of everything beside them stay. Pure.

A path is the keys from the top: ("objects", "contract", "fields", "title", "label"). The last key may be new; its mapping only in a
block that has defaults, and in an overlay.
"""

from __future__ import annotations

import copy
import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import yaml

from clmkit.release.spec_merge import Unwritable, data_of, dump, dump_entry, end_of, merge, span_end

Path = tuple[str, ...]


class AdoptError(Exception):
    """Drift that the mapping does not take over; `str()` says why, and what can be done instead."""


class EditError(Exception):
    """The text cannot be changed in that place without a person; `str()` says where and why."""


class Removed(enum.Enum):
    """In the place of a value: the key goes."""

    REMOVED = enum.auto()


REMOVED = Removed.REMOVED


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
        return "(taken out)" if self.value is REMOVED else dump(self.value)


@dataclass(frozen=True, slots=True)
class BlockEdit:
    """A block whose keys changed from `base` to `value`, both without what is so by default.

    Where the block stands, the keys that differ are written in it; where it does not, `needed` of its keys and those that
    differ: all of them for None. `is_ordered` says that the order of its keys counts.
    """

    path: Path
    base: Mapping[str, object]
    value: Mapping[str, object]
    needed: frozenset[str] | None = None
    is_ordered: bool = False


AnyEdit = Edit | BlockEdit


def edit_text(text: str, edits: Sequence[AnyEdit], *, grows: bool = False) -> tuple[str, list[Edit]]:
    """The text with all values written, and the edits with what they replaced. Raises EditError.

    With `grows` the mappings above a key may be new, too, as in an overlay, which says only what is otherwise, and always for a
    block that has defaults.
    """
    wanted = _load(text)
    done: list[Edit] = []
    for asked in edits:
        plain = [asked] if isinstance(asked, Edit) else list(_settle(wanted, asked))
        for one in plain:
            edit = _graft(wanted, one) if grows or isinstance(asked, BlockEdit) else one
            _put(wanted, edit.path, edit.value)
            text, made = _write(text, edit)
            done.append(made)
    if _load(text) != wanted:
        raise EditError(f"{show_path(done[0].path)}: cannot be written beside what stands there; write it by hand")
    return text, done


def _settle(data: object, block: BlockEdit) -> Iterator[Edit]:
    """The plain edits by which a block becomes what is wanted."""
    held = _look_up(data, block.path)
    if not isinstance(held, dict):
        named = {
            name: value
            for name, value in block.value.items()
            if block.needed is None or name in block.needed or block.base.get(name) != value
        }
        if named:
            yield Edit(block.path, named)
        return
    for name in [*block.base, *(name for name in block.value if name not in block.base)]:
        old, new = block.base.get(name), block.value.get(name, REMOVED)
        if isinstance(old, dict) and isinstance(new, dict) and isinstance(held.get(name), dict):
            yield from _settle(data, BlockEdit((*block.path, name), old, new))
        elif old != new and held.get(name, REMOVED) != new:
            yield Edit((*block.path, name), new)
    if block.is_ordered:
        yield from _reorder(data, block)


def _reorder(data: object, block: BlockEdit) -> Iterator[Edit]:
    """The block in the order that is wanted; read once the edits before are in `data`."""
    held = _look_up(data, block.path)
    names = list(held) if isinstance(held, dict) else []
    wanted = [name for name in block.value if name in names]
    if isinstance(held, dict) and [name for name in names if name in block.value] != wanted:
        rest = [name for name in names if name not in block.value]
        yield Edit(block.path, {name: held[name] for name in (*wanted, *rest)})


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


def _look_up(data: object, path: Path) -> object:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _put(data: object, path: Path, value: object) -> None:
    data = _look_up(data, path[:-1])
    if not isinstance(data, dict):
        raise EditError(
            f"{show_path(path[:-1])}: is not written in the mapping as a block of its own; write it by hand"
        )
    if value is REMOVED:
        del data[path[-1]]
    else:
        data[path[-1]] = copy.deepcopy(value)


def _write(text: str, edit: Edit) -> tuple[str, Edit]:
    node: yaml.Node | None = yaml.compose(text, Loader=yaml.CSafeLoader)
    *above, name = edit.path
    for key in above:
        node = _find(node, key)
    child = _find(node, name)
    if edit.value is REMOVED:
        return _take_out(text, node, name, edit)
    if child is not None:
        return _replace(text, child, edit)
    if not isinstance(node, yaml.MappingNode) or not node.value:
        raise EditError(f"{show_path(edit.path)}: there is nothing beside which it could be written")
    return _insert(text, node, name, edit)


def _replace(text: str, child: yaml.Node, edit: Edit) -> tuple[str, Edit]:
    start, end = child.start_mark.index, span_end(child, text)
    before = " ".join(text[start : end_of(child, text)].split())
    try:
        written = merge(child, edit.value, text)
    except Unwritable as error:
        raise EditError(
            f"{show_path(edit.path)}: stands on several lines, with room for comments; write it by hand"
        ) from error
    return text[:start] + written + text[end:], Edit(edit.path, edit.value, before, child.start_mark.line + 1)


def _take_out(text: str, node: yaml.Node | None, name: str, edit: Edit) -> tuple[str, Edit]:
    """The key leaves its mapping, and the comments above and beside it with it."""
    child = _find(node, name)
    if not isinstance(node, yaml.MappingNode) or child is None or len(node.value) == 1:
        raise EditError(f"{show_path(edit.path)}: cannot be taken out alone; write it by hand")
    rest = {key.value: data_of(below) for key, below in node.value if key.value != name}
    made = _replace(text, node, Edit(edit.path, rest))
    before = " ".join(text[child.start_mark.index : end_of(child, text)].split())
    return made[0], Edit(edit.path, REMOVED, before, child.start_mark.line + 1)


def _insert(text: str, node: yaml.MappingNode, name: str, edit: Edit) -> tuple[str, Edit]:
    """A new key behind the last one of its mapping: in the braces, or on lines of its own."""
    last = end_of(node.value[-1][1], text)
    line = text.count("\n", 0, last) + 1
    if node.flow_style:
        entry = f", {dump(name)}: {edit.written}"
        return f"{text[:last]}{entry}{text[last:]}", Edit(edit.path, edit.value, "", line)
    indent = " " * node.value[0][0].start_mark.column
    place = text.find("\n", last)
    place = len(text) if place < 0 else place
    entry = dump_entry(name, edit.value, indent)
    return f"{text[:place]}\n{entry}{text[place:]}", Edit(edit.path, edit.value, "", line + 1)


def _find(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)
