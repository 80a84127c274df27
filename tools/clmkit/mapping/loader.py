"""A mapping file becomes a resolved spec, or every finding at once with file, line and column. Nothing is written, nothing raises.

Steps: bytes (bounded) -> text -> tree (merged with the spec below it, if it is an overlay) -> JSON Schema -> document -> resolved
spec -> rules. A step that fails ends the load, except
that rules still run on the part of a file that fits the schema.
"""

from __future__ import annotations

import contextlib
import copy
import gc
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET

from clmkit.mapping.document import OverlayDocument, SpecDocument
from clmkit.mapping.findings import Finding, Place, Severity, in_reading_order
from clmkit.mapping.layers import Layers, Source
from clmkit.mapping.model import Spec
from clmkit.mapping.resolve import resolve
from clmkit.mapping.rules import all_rules
from clmkit.mapping.shape import ShapeError, find_overlay_errors, find_shape_errors
from clmkit.mapping.subject import Offence, Overlaid, Subject
from clmkit.mapping.yaml_tree import PathPart, Trouble, parse_tree

_WORD = re.compile(r"\w+")
ENTRY_DEPTH = 4
"""A field is four keys deep: objects, its object, fields, its name."""

MOST_BYTES = 8_000_000
"""A spec of 20,000 fields is 5 MB."""


ReadBase: TypeAlias = Callable[[str], tuple[str, bytes | Trouble]]


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a load: `spec` is None exactly when a finding is an error. `below` names the file under an overlay."""

    spec: Spec | None
    document: SpecDocument | None
    findings: tuple[Finding, ...]
    below: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.is_error)


def load_spec(path: Path) -> Loaded:
    """Load a mapping file, or an overlay with the spec below it. A file that cannot be read is a finding, too."""
    data = _read(path)
    if isinstance(data, Trouble):
        return _refuse(path.as_posix(), "", data)
    return load_bytes(data, path.as_posix(), read_beside(path))


def read_beside(path: Path) -> ReadBase:
    """Reads what lies under the overlay at that path."""

    def read(base: str) -> tuple[str, bytes | Trouble]:
        below = path.parent / base
        return below.as_posix(), _read(below)

    return read


def _read(path: Path) -> bytes | Trouble:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        message = f"the file cannot be read: {reason}"
        return Trouble("MAP001", Place(1, 1), message, "check the path and its permissions")


def load_bytes(data: bytes, name: str, read_base: ReadBase | None = None) -> Loaded:
    """Load a mapping spec that is already in memory; `name` is the file name in findings.

    `read_base` gives the spec below an overlay: its name and its bytes, by the path that the overlay writes.
    """
    with _collector_paused():
        source = _parse(data, name)
        if isinstance(source, Loaded):
            return source
        read, troubles = source
        loaded = _load_overlay(read, read_base) if "overlay" in read.tree.data else _judge_layers(Layers(read))
        return _with_troubles(loaded, read, troubles)


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


def _parse(data: bytes, name: str) -> tuple[Source, tuple[Trouble, ...]] | Loaded:
    """The file's tree, or why there is none. A file whose only trouble is double keys has both."""
    if len(data) > MOST_BYTES:
        message = f"the file has more than {MOST_BYTES // 1_000_000} MB"
        fix = "a spec of 20,000 fields has 5 MB; split the spec or check the file"
        return _refuse(name, "", Trouble("MAP002", Place(1, 1), message, fix))
    text = _decode(data)
    if isinstance(text, Trouble):
        return _refuse(name, data.decode("utf-8", "replace"), text)
    tree, troubles = parse_tree(text)
    if tree is None:
        return _refuse(name, text, *troubles)
    return Source(name, text.split("\n"), tree), troubles


def _with_troubles(loaded: Loaded, source: Source, troubles: tuple[Trouble, ...]) -> Loaded:
    if not troubles:
        return loaded
    refused = _refuse(source.name, "\n".join(source.lines), *troubles)
    return Loaded(spec=None, document=None, findings=in_reading_order([*refused.findings, *loaded.findings]))


def _load_overlay(source: Source, read_base: ReadBase | None) -> Loaded:
    """An overlay with its spec: the spec is judged alone first, because nobody can mend it from above."""
    errors = find_overlay_errors(source.tree.data)
    if errors:
        findings = [_of_shape(error, Layers(source)) for error in errors]
        return Loaded(spec=None, document=None, findings=in_reading_order(findings))
    own = msgspec.convert(source.tree.data, OverlayDocument)
    layers = Layers(source)
    if read_base is None:
        return _refuse_base(layers, "an overlay is read from a file, beside its spec")
    name, data = read_base(own.base)
    if isinstance(data, Trouble):
        return _refuse_base(layers, f"{name}: {data.message}")
    parsed = _parse(data, name)
    if isinstance(parsed, Loaded):
        return parsed
    below, troubles = parsed
    base_data: Any = below.tree.data
    if "overlay" in below.tree.data:
        return _refuse_base(layers, f"{name} is an overlay itself; an overlay lies over a spec")
    alone = _with_troubles(_judge_layers(Layers(below)), below, troubles)
    if alone.spec is None:
        return alone
    return _judge_layers(Layers(below, source), Overlaid(own, alone.spec, base_data))


def _refuse_base(layers: Layers, message: str) -> Loaded:
    offence = Offence(("base",), message, "write the path of the spec, from the overlay's folder")
    return Loaded(spec=None, document=None, findings=(_finding("MAP014", Severity.ERROR, offence, layers),))


def _decode(data: bytes) -> str | Trouble:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        place = Place(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        message = f"the file is not UTF-8: byte 0x{data[error.start]:02X} at offset {error.start}"
        return Trouble("MAP003", place, message, "save the file as UTF-8")
    return text.replace("\r\n", "\n")


def _judge_layers(layers: Layers, overlaid: Overlaid | None = None) -> Loaded:
    whole = layers.data()
    shape_errors = find_shape_errors(whole)
    findings = [_of_shape(error, layers) for error in shape_errors]
    data = _without(whole, shape_errors) if shape_errors else whole
    if data is None:
        return Loaded(spec=None, document=None, findings=in_reading_order(findings))
    document = msgspec.convert(data, SpecDocument)
    spec = resolve(document, *_of_org(overlaid))
    rules = _judge(Subject(document, spec, overlaid), layers)
    findings.extend(_independent(rules, shape_errors, whole) if shape_errors else (finding for _, finding in rules))
    failed = any(finding.is_error for finding in findings)
    below = (layers.base.name,) if layers.overlay else ()
    return Loaded(spec=None if failed else spec, document=document, findings=in_reading_order(findings), below=below)


def _of_org(overlaid: Overlaid | None) -> tuple[str, str]:
    if overlaid is None:
        return "", ""
    environment = overlaid.document.environment
    return overlaid.document.org, "" if environment is UNSET else environment


def _judge(subject: Subject, layers: Layers) -> Iterator[tuple[Offence, Finding]]:
    for rule in all_rules():
        for offence in rule.check(subject):
            yield offence, _finding(rule.code, rule.severity, offence, layers)


def _independent(
    judged: Iterator[tuple[Offence, Finding]], shape_errors: tuple[ShapeError, ...], whole: Any
) -> Iterator[Finding]:
    """Errors that no misshapen entry causes: none inside it or about it, and no warning, which may be about what was left out."""
    entries = {error.entry[:ENTRY_DEPTH] for error in shape_errors if error.entry}
    names = frozenset(name for entry in entries for name in _names_of(whole, entry))
    for offence, finding in judged:
        inside = any(offence.path[: len(entry)] == entry for entry in entries)
        if finding.is_error and not inside and names.isdisjoint(_WORD.findall(offence.message)):
            yield finding


def _names_of(whole: Any, entry: tuple[PathPart, ...]) -> Iterator[str]:
    """What a finding calls a field or parent, or what would not be there without it; nothing for any other entry."""
    if len(entry) < ENTRY_DEPTH or entry[0] != "objects" or entry[2] not in ("fields", "parents"):
        return
    _, owner, kind, name = entry
    yield str(name)
    mapping = whole["objects"][owner]
    block = mapping[kind][name]
    if isinstance(block, dict):
        yield str(block.get("field", name))
        yield from {"lifecycle"} & block.keys()
    if kind == "parents":
        yield from (str(owner), str(mapping.get("salesforce", owner)))


def _of_shape(error: ShapeError, layers: Layers) -> Finding:
    offence = Offence(error.path, error.message, error.help, error.of_key)
    return _finding(error.code, Severity.ERROR, offence, layers)


def _finding(code: str, severity: Severity, offence: Offence, layers: Layers) -> Finding:
    source, place = layers.locate(offence)
    return Finding(
        code=code,
        severity=severity,
        message=offence.message,
        help=offence.help,
        file=source.name,
        place=place,
        excerpt=source.line(place),
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
