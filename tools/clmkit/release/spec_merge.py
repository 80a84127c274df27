"""A new value in the place of a YAML node: what of it stands already keeps its line, its spelling and its comments. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import yaml

WIDEST = 140
"""Columns of a line; a new block that needs more is written on several."""
STEP = "  "


class Unwritable(Exception):
    """The text has comments or a form here that a rewritten value would lose."""


def dump(value: object) -> str:
    """The value as it is written: one line, as it may stand within braces too."""
    dumped: str = yaml.safe_dump([value], default_flow_style=True, width=10**9, allow_unicode=True, sort_keys=False)
    return dumped.strip()[1:-1]


def dump_entry(name: str, value: object, indent: str) -> str:
    """A key and its value on a line of its own, on several where it is too wide for one."""
    line = f"{indent}{dump(name)}: {dump(value)}"
    if len(line) <= WIDEST or not isinstance(value, dict):
        return line
    return "\n".join(
        [f"{indent}{dump(name)}:", *(dump_entry(key, below, indent + STEP) for key, below in value.items())]
    )


def end_of(node: yaml.Node, text: str) -> int:
    """Behind the last character of the value: a block ends with its last part, a text block before its line break."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return end_of(last[1] if isinstance(last, tuple) else last, text)
    return node.start_mark.index + len(text[node.start_mark.index : node.end_mark.index].rstrip())


def span_end(node: yaml.Node, text: str) -> int:
    """Where what `merge` writes anew ends: of a block behind the comment beside its last value."""
    end = end_of(node, text)
    return _line_end(text, end) if isinstance(node, yaml.CollectionNode) and not node.flow_style else end


def data_of(node: yaml.Node) -> object:
    """What a node holds."""
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(node)
    finally:
        loader.dispose()


def merge(node: yaml.Node, value: object, text: str) -> str:
    """The text of the value in the place of the node. Raises Unwritable."""
    own = text[node.start_mark.index : end_of(node, text)]
    if not isinstance(value, dict) and data_of(node) == value:
        return own
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        return _merge_block(node, value, text)
    if isinstance(node, yaml.CollectionNode) and "\n" in own and "#" in own:
        raise Unwritable
    if isinstance(node, yaml.MappingNode) and isinstance(value, dict):
        held = {key.value: child for key, child in node.value}
        pairs = (
            f"{dump(name)}: {merge(held[name], below, text) if name in held else dump(below)}"
            for name, below in value.items()
        )
        return f"{{{', '.join(pairs)}}}"
    return dump(value)


def _merge_block(node: yaml.CollectionNode, value: object, text: str) -> str:
    """A block keeps the lines of what stays, with the comments above and beside them."""
    indent = " " * node.start_mark.column
    if text[: node.start_mark.index].rpartition("\n")[2].strip() or not value:
        raise Unwritable
    if isinstance(node, yaml.MappingNode) and isinstance(value, dict):
        entries = [_Entry(key.value, key, child) for key, child in node.value]
        return _join(entries, [(name, below) for name, below in value.items()], text, indent, _write_pair(indent))
    if isinstance(node, yaml.SequenceNode) and isinstance(value, list) and _are_scalars(node.value):
        items = [_Entry(item.value, item, item) for item in node.value]
        return _join(items, [(str(one), one) for one in value], text, indent, lambda _, one: f"{indent}- {dump(one)}")
    raise Unwritable


def _are_scalars(nodes: Sequence[yaml.Node]) -> bool:
    return all(isinstance(node, yaml.ScalarNode) for node in nodes)


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of a block: `head` is where it begins, `body` its value."""

    name: str
    head: yaml.Node
    body: yaml.Node


def _write_pair(indent: str) -> Callable[[str, object], str]:
    return lambda name, value: dump_entry(name, value, indent)


def _join(
    entries: Sequence[_Entry],
    wanted: Sequence[tuple[str, object]],
    text: str,
    indent: str,
    write: Callable[[str, object], str],
) -> str:
    """The lines of the entries in the wanted order, changed where their value is another."""
    lines: dict[str, str] = {}
    start = text.rfind("\n", 0, entries[0].head.start_mark.index) + 1
    new = dict(wanted)
    for entry in entries:
        end = _line_end(text, end_of(entry.body, text))
        if entry.name in new:
            merged = merge(entry.body, new[entry.name], text)
            lines[entry.name] = (
                text[start : entry.body.start_mark.index] + merged + text[span_end(entry.body, text) : end]
            )
        start = end + 1
    written = "\n".join(lines[name] if name in lines else write(name, value) for name, value in wanted)
    if not written.startswith(indent):
        raise Unwritable
    return written.removeprefix(indent)


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
