"""A mapping file becomes a resolved spec, or every finding at once with file, line and column. Nothing is written, nothing raises.

Steps: bytes (bounded) -> text -> tree -> JSON Schema -> document -> resolved spec -> rules. A step that fails ends the load, except
that rules still run on the part of a file that fits the schema.
"""

from __future__ import annotations

import contextlib
import copy
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from clmkit.mapping.document import SpecDocument
from clmkit.mapping.findings import Finding, Place, Severity, in_reading_order
from clmkit.mapping.model import Spec
from clmkit.mapping.resolve import resolve
from clmkit.mapping.rules import all_rules
from clmkit.mapping.shape import ShapeError, find_shape_errors
from clmkit.mapping.subject import Offence, Subject
from clmkit.mapping.yaml_tree import PathPart, Tree, Trouble, parse_tree

ENTRY_DEPTH = 4
"""A field is four keys deep: objects, its object, fields, its name."""

MOST_BYTES = 8_000_000
"""A spec of 20,000 fields is 5 MB."""


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a load: `spec` is None exactly when a finding is an error."""

    spec: Spec | None
    document: SpecDocument | None
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.is_error)


def load_spec(path: Path) -> Loaded:
    """Load a mapping file. A file that cannot be read is a finding, too."""
    name = path.as_posix()
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        return _refuse(
            name,
            "",
            Trouble("MAP001", Place(1, 1), f"the file cannot be read: {reason}", "check the path and its permissions"),
        )
    return load_bytes(data, name)


def load_bytes(data: bytes, name: str) -> Loaded:
    """Load a mapping spec that is already in memory; `name` is the file name in findings."""
    with _collector_paused():
        return _load(data, name)


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    """A load makes a million objects without cycles; the collector would walk them again and again for half of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _load(data: bytes, name: str) -> Loaded:
    if len(data) > MOST_BYTES:
        message = f"the file has more than {MOST_BYTES // 1_000_000} MB"
        return _refuse(
            name,
            "",
            Trouble(
                "MAP002", Place(1, 1), message, "a spec of 20,000 fields has 5 MB; split the spec or check the file"
            ),
        )
    text = _decode(data)
    if isinstance(text, Trouble):
        return _refuse(name, data.decode("utf-8", "replace"), text)
    tree, troubles = parse_tree(text)
    if tree is None:
        return _refuse(name, text, *troubles)
    rest = _check(tree, text, name)
    if not troubles:
        return rest
    refused = _refuse(name, text, *troubles)
    return Loaded(spec=None, document=None, findings=in_reading_order([*refused.findings, *rest.findings]))


def _decode(data: bytes) -> str | Trouble:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        place = Place(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        message = f"the file is not UTF-8: byte 0x{data[error.start]:02X} at offset {error.start}"
        return Trouble("MAP003", place, message, "save the file as UTF-8")
    return text.replace("\r\n", "\n")


def _check(tree: Tree, text: str, name: str) -> Loaded:
    lines = text.split("\n")
    shape_errors = find_shape_errors(tree.data)
    findings = [_of_shape(error, tree, name, lines) for error in shape_errors]
    data = _without(tree.data, shape_errors) if shape_errors else tree.data
    if data is None:
        return Loaded(spec=None, document=None, findings=in_reading_order(findings))
    document = msgspec.convert(data, SpecDocument)
    spec = resolve(document)
    rules = _judge(Subject(document, spec), tree, name, lines)
    findings.extend(_independent(rules, shape_errors) if shape_errors else (finding for _, finding in rules))
    failed = any(finding.is_error for finding in findings)
    return Loaded(spec=None if failed else spec, document=document, findings=in_reading_order(findings))


def _judge(subject: Subject, tree: Tree, name: str, lines: list[str]) -> Iterator[tuple[Offence, Finding]]:
    for rule in all_rules():
        for offence in rule.check(subject):
            yield offence, _finding(rule.code, rule.severity, offence, tree, name, lines)


def _independent(judged: Iterator[tuple[Offence, Finding]], shape_errors: tuple[ShapeError, ...]) -> Iterator[Finding]:
    """Errors that no misshapen entry causes: none inside it, and no warning, which may be about what was left out."""
    entries = [error.entry[:ENTRY_DEPTH] for error in shape_errors if error.entry]
    for offence, finding in judged:
        if finding.is_error and not any(offence.path[: len(entry)] == entry for entry in entries):
            yield finding


def _of_shape(error: ShapeError, tree: Tree, name: str, lines: list[str]) -> Finding:
    return _finding(
        error.code, Severity.ERROR, Offence(error.path, error.message, error.help, error.of_key), tree, name, lines
    )


def _finding(code: str, severity: Severity, offence: Offence, tree: Tree, name: str, lines: list[str]) -> Finding:
    place = tree.find_place(offence.path, of_key=offence.of_key)
    return Finding(
        code=code,
        severity=severity,
        message=offence.message,
        help=offence.help,
        file=name,
        place=place,
        excerpt=_line(lines, place),
    )


def _refuse(name: str, text: str, *troubles: Trouble) -> Loaded:
    lines = text.split("\n")
    findings = [
        Finding(
            code=trouble.code,
            severity=Severity.ERROR,
            message=trouble.message,
            help=trouble.help,
            file=name,
            place=trouble.place,
            excerpt=_line(lines, trouble.place),
        )
        for trouble in troubles
    ]
    return Loaded(spec=None, document=None, findings=in_reading_order(findings))


def _line(lines: list[str], place: Place) -> str:
    return lines[place.line - 1] if place.line <= len(lines) else ""


def _without(data: object, errors: tuple[ShapeError, ...]) -> object:
    """The data without the entries that do not fit the schema, so that rules can judge the rest; None when too little is left."""
    rest = copy.deepcopy(data)
    for error in errors:
        if error.entry is None:
            return None
        _remove(rest, error.entry)
    return None if find_shape_errors(rest) else rest


def _remove(data: object, path: tuple[PathPart, ...]) -> None:
    place: Any = data
    for part in path[:-1]:
        if isinstance(place, dict) and part not in place:
            return
        place = place[part]
    if isinstance(place, dict):
        place.pop(path[-1], None)
