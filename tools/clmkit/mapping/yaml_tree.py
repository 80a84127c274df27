"""YAML text to plain data and a tree that still knows every place. Stricter than YAML on purpose:

* plain scalars are true, false, null, ~, whole numbers, or text; `NO`, `1.10`, `02:00` and `2020-01-01` stay text
* keys are text, each once per mapping
* no anchors, aliases, tags or second documents: a value has one place, and a small file cannot unfold into a big one
* at most 64 levels
* text has printable characters, tabs and line breaks only; an escape such as `"\\x01"` writes no other

It reads libyaml's events and keeps its own stack, because libyaml's composer recurses in C: a file of 200,000 brackets crashes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml
from yaml._yaml import CParser
from yaml.reader import ReaderError

from clmkit.mapping.findings import Place

MOST_LEVELS = 64
PathPart: TypeAlias = str | int

_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_WHOLE_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_NUMBER_STARTS = frozenset("-0123456789")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""What YAML lets nobody write unescaped; XML 1.0 forbids it, or discourages it (U+007F to U+009F)."""
HARMLESS = frozenset({"MAP007", "MAP015"})
"""Troubles that leave a tree: of double keys the first, of a text what can be printed."""


_Event: TypeAlias = Any  # libyaml's events; their stubs leave the marks optional, which they never are


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that keeps the text from being a tree."""

    code: str
    place: Place
    message: str
    help: str


@dataclass(slots=True)
class _Branch:
    """A mapping or a list while and after it is read: its data, and per entry the events that placed it."""

    start: _Event
    data: dict[str, object] | list[object]
    entries: dict[PathPart, tuple[_Event, _Event, _Branch | None]]
    key: _Event = None  # a mapping's key that waits for its value
    skips: bool = False  # the waiting key is a duplicate: its value is read and dropped


class Tree:
    """A read file: `data` for machines, `find_place` for people."""

    def __init__(self, root: _Branch) -> None:
        self.data = root.data
        self._root = root

    def find_place(self, path: Sequence[PathPart], *, of_key: bool = False) -> Place:
        """The place of a value, or of its key. Where the path leaves the tree, the deepest key that exists."""
        branch: _Branch | None = self._root
        key: _Event = self._root.start
        value: _Event = self._root.start
        complete = True
        for part in path:
            entry = branch.entries.get(part) if branch else None
            if entry is None:
                complete = False
                break
            key, value, branch = entry
        return place_of(value if complete and not of_key and isinstance(value, yaml.ScalarEvent) else key)

    def depth_of(self, path: Sequence[PathPart]) -> int:
        """How many parts of a path exist."""
        branch: _Branch | None = self._root
        for depth, part in enumerate(path):
            entry = branch.entries.get(part) if branch else None
            if entry is None:
                return depth
            branch = entry[2]
        return len(path)


def place_of(event: _Event) -> Place:
    start, end = event.start_mark, event.end_mark
    one_line = isinstance(event, yaml.ScalarEvent) and start.line == end.line
    return Place(start.line + 1, start.column + 1, max(1, end.column - start.column) if one_line else 1)


def parse_tree(text: str) -> tuple[Tree | None, tuple[Trouble, ...]]:
    """The tree of a text and its troubles.

    A text whose only troubles are harmless still has a tree, so that the rest can be judged. Any other trouble leaves none. libyaml
    stops at the first syntax error.
    """
    reader = _Reader()
    try:
        reader.read(text)
    except yaml.MarkedYAMLError as error:
        reader.troubles.append(_explain_syntax(text, error))
    except ReaderError as error:
        reader.troubles.append(_explain_character(text, error))
    if reader.root is None and not reader.troubles:
        reader.troubles.append(
            Trouble("MAP004", Place(1, 1), "the file is empty", "start from the shipped mappings/contract.yml")
        )
    readable = reader.root is not None and all(trouble.code in HARMLESS for trouble in reader.troubles)
    return (Tree(reader.root) if readable and reader.root else None), tuple(reader.troubles)


class _Reader:
    """Builds branches from events. One method per kind of event, no recursion."""

    def __init__(self) -> None:
        self.root: _Branch | None = None
        self.troubles: list[Trouble] = []
        self._stack: list[_Branch] = []
        self._documents = 0

    def read(self, text: str) -> None:
        parser = CParser(text)
        next_event: Callable[[], _Event] = parser.get_event
        while (event := next_event()) is not None:
            kind = event.__class__
            if kind is yaml.ScalarEvent:
                self._read_scalar(event)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self._open(event, {} if kind is yaml.MappingStartEvent else [])
                if len(self._stack) > MOST_LEVELS:
                    return self._refuse_depth(event)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self._stack.pop()
            elif kind is yaml.AliasEvent:
                self._refuse_sharing(event, f"*{event.anchor} is an alias")
                self._skip_key() if self._wants_key() else self._put(event, None, None)
            elif kind is yaml.DocumentStartEvent and self._is_second_document(event):
                return None
        return None

    def _read_scalar(self, event: _Event) -> None:
        if event.anchor or event.tag:
            self._judge_properties(event)
        if event.style == '"' and (found := _UNPRINTABLE.search(event.value)):
            self._refuse_character(event, found.group())
        branch = self._stack[-1] if self._stack else None
        if branch is not None and branch.key is None and branch.data.__class__ is dict:
            self._read_key(branch, event)
            return
        value: object = event.value
        if event.implicit[0]:
            text = event.value
            if text in _WORDS:
                value = _WORDS[text]
            elif text[0] in _NUMBER_STARTS and _WHOLE_NUMBER.fullmatch(text):
                value = int(text)
        self._put(event, value, None)

    def _read_key(self, branch: _Branch, event: _Event) -> None:
        branch.key = event
        before = branch.entries.get(event.value)
        branch.skips = before is not None
        if before is not None:
            message = f"the key {event.value} stands here and in line {before[0].start_mark.line + 1}"
            self.troubles.append(Trouble("MAP007", place_of(event), message, "keep one of the two"))

    def _open(self, event: _Event, data: dict[str, object] | list[object]) -> None:
        if event.anchor or event.tag:
            self._judge_properties(event)
        branch = _Branch(event, data, {})
        if self._wants_key():
            trouble = Trouble("MAP010", place_of(event), "a key is a list or a mapping", "write the key as one word")
            self.troubles.append(trouble)
            self._skip_key()
        else:
            self._put(event, data, branch)
        self._stack.append(branch)

    def _wants_key(self) -> bool:
        return bool(self._stack) and self._stack[-1].key is None and isinstance(self._stack[-1].data, dict)

    def _skip_key(self) -> None:
        """Stand in for a key that cannot be used, so that its value is read and dropped."""
        self._stack[-1].key, self._stack[-1].skips = _UNUSABLE_KEY, True

    def _put(self, event: _Event, value: object, child: _Branch | None) -> None:
        """Give a value to the mapping or list that is open; the first value of the file becomes the root."""
        if not self._stack:
            if child is None or not isinstance(child.data, dict):
                trouble = Trouble(
                    "MAP012",
                    place_of(event),
                    "the file is not a mapping of keys to values",
                    "start with `spec: clmkit/v1`",
                )
                self.troubles.extend([] if value is None and child is None else [trouble])
            self.root = child
            return
        branch = self._stack[-1]
        if isinstance(branch.data, list):
            branch.entries[len(branch.data)] = (event, event, child)
            branch.data.append(value)
            return
        key, branch.key = branch.key, None
        if key is not None and not branch.skips:
            branch.data[key.value] = value
            branch.entries[key.value] = (key, event, child)

    def _is_second_document(self, event: _Event) -> bool:
        self._documents += 1
        if self._documents == 2:
            message = "a second document starts here"
            self.troubles.append(
                Trouble("MAP011", place_of(event), message, "keep one spec per file; remove the --- line")
            )
        return self._documents == 2

    def _refuse_depth(self, event: _Event) -> None:
        message = f"the file nests more than {MOST_LEVELS} levels deep"
        self.troubles.append(
            Trouble("MAP008", place_of(event), message, "a spec needs eight; look for a bracket too many")
        )

    def _refuse_character(self, event: _Event, character: str) -> None:
        message = f"the text has the character U+{ord(character):04X}, which cannot be printed"
        fix = "remove its escape from the quotes; Salesforce's XML has no place for it"
        self.troubles.append(Trouble("MAP015", place_of(event), message, fix))
        event.value = _UNPRINTABLE.sub("", event.value)

    def _judge_properties(self, event: _Event) -> None:
        if event.anchor:
            self._refuse_sharing(event, f"&{event.anchor} is an anchor")
        if event.tag and event.tag != "!":
            self._refuse_tag(event, event.tag)

    def _refuse_sharing(self, event: _Event, what: str) -> None:
        fix = "write the value where it is used, or say it once in `defaults`"
        self.troubles.append(Trouble("MAP009", place_of(event), what, fix))

    def _refuse_tag(self, event: _Event, tag: str) -> None:
        fix = "remove the tag; quote the value to make it text"
        self.troubles.append(Trouble("MAP013", place_of(event), f"the tag {tag} is not part of the language", fix))


_UNUSABLE_KEY: _Event = yaml.ScalarEvent(None, None, (True, False), "")


def _explain_syntax(text: str, error: yaml.MarkedYAMLError) -> Trouble:
    """libyaml's own words at the place that helps: an unclosed quote or bracket is shown where it opens."""
    lines = text.split("\n")
    mark = error.problem_mark or error.context_mark
    if error.context_mark and mark and (mark.line >= len(lines) - 1 or "end of stream" in (error.problem or "")):
        mark = error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    source = lines[line] if line < len(lines) else ""
    indent = source[: len(source) - len(source.lstrip())]
    if "\t" in indent:
        place = Place(line + 1, indent.index("\t") + 1)
        return Trouble(
            "MAP006", place, "a tab is used to indent", "YAML indents with spaces only; replace the tab by spaces"
        )
    problem = error.problem or "the text cannot be read"
    context = f" {error.context}" if error.context else ""
    return Trouble(
        "MAP005",
        Place(line + 1, column + 1),
        f"not YAML: {problem}{context}",
        "check brackets, quotes and indentation here",
    )


def _explain_character(text: str, error: ReaderError) -> Trouble:
    position = min(error.position, len(text)) if isinstance(error.position, int) else 0
    character = error.character if isinstance(error.character, int) else ord(str(error.character)[:1] or "\0")
    found = text.find(chr(character))
    before = text[: found if found >= 0 else position]
    place = Place(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
    return Trouble(
        "MAP005", place, f"not YAML: the character U+{character:04X} is not allowed", "remove the control character"
    )
