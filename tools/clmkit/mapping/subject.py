"""What a rule judges: a spec as written beside the spec as resolved, with the path of everything in the file."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from msgspec import UNSET

from clmkit.mapping.document import (
    ConditionBlock,
    FieldBlock,
    ObjectBlock,
    OnlyBlock,
    OverlayDocument,
    PrecedenceBlock,
    SpecDocument,
    TypeBlock,
)
from clmkit.mapping.model import FieldMapping, ObjectMapping, Role, Spec
from clmkit.mapping.yaml_tree import PathPart

Path = tuple[PathPart, ...]


@dataclass(frozen=True, slots=True)
class Offence:
    """One breach: the path of what is wrong in the spec, the message, and what to do. `of_key` points at the key, not its value."""

    path: Path
    message: str
    help: str
    of_key: bool = False
    in_overlay: bool = False  # the path starts at the overlay's own keys: accepts, remove, environment


@dataclass(frozen=True, slots=True)
class Column:
    """One resolved field and where the file says it. `block` is None unless the field stands under `fields`."""

    mapping: ObjectMapping
    field: FieldMapping
    block: FieldBlock | None
    path: Path

    @property
    def title(self) -> str:
        """The field in a message: `contract.end_date`."""
        return f"{self.mapping.name}.{self.field.name}"

    @property
    def salesforce(self) -> str:
        return f"{self.mapping.salesforce}.{self.field.salesforce}"


@dataclass(frozen=True, slots=True)
class Value:
    """A field under `fields`, as written and as resolved."""

    mapping: ObjectMapping
    field: FieldMapping
    block: FieldBlock
    path: Path

    @property
    def title(self) -> str:
        return f"{self.mapping.name}.{self.field.name}"

    @property
    def precedence(self) -> list[PrecedenceBlock]:
        """The rows of the decision table as written."""
        return [] if self.block.precedence is UNSET else self.block.precedence


@dataclass(frozen=True, slots=True)
class Overlaid:
    """The overlay of the spec under judgement: as written, and what lies below it, as data and resolved."""

    document: OverlayDocument
    base: Spec
    base_data: Mapping[str, object]


class Subject:
    """A spec under judgement, merged with its overlay when it has one. Rules only read it."""

    def __init__(self, document: SpecDocument, spec: Spec, overlaid: Overlaid | None = None) -> None:
        self.document = document
        self.spec = spec
        self.overlaid = overlaid

    @functools.cached_property
    def objects(self) -> tuple[tuple[ObjectMapping, ObjectBlock, Path], ...]:
        """Every object in the order of the file, with its block and path."""
        by_name = {mapping.name: mapping for mapping in self.spec.objects}
        return tuple((by_name[name], block, ("objects", name)) for name, block in self.document.objects.items())

    @functools.cached_property
    def columns(self) -> tuple[Column, ...]:
        """Every field that exists in Salesforce: keys, versions, parents, values and flags."""
        return tuple(
            Column(mapping, field, block.fields.get(field.name), (*path, *_place(field)))
            for mapping, block, path in self.objects
            for field in mapping.columns
        )

    @functools.cached_property
    def values(self) -> tuple[Value, ...]:
        """Every field under `fields`, the CLM-only ones too."""
        return tuple(self._values())

    def _values(self) -> Iterator[Value]:
        for mapping, block, path in self.objects:
            for field in mapping.fields:
                if field.role is Role.VALUE:
                    yield Value(mapping, field, block.fields[field.name], (*path, "fields", field.name))

    @functools.cached_property
    def conditions(self) -> tuple[tuple[ConditionBlock, Path], ...]:
        """Every condition of the spec, wherever it stands."""
        return tuple(self._conditions())

    def _conditions(self) -> Iterator[tuple[ConditionBlock, Path]]:
        document = self.document
        for name, request in document.requests.items():
            yield from _numbered(request.where, ("requests", name, "where"))
        for _, block, path in self.objects:
            for name, share in block.shares.items():
                yield from _numbered(share.where, (*path, "shares", name, "where"))
        for value in self.values:
            if isinstance(value.block.type, TypeBlock) and value.block.type.roll_up is not UNSET:
                yield from _numbered(value.block.type.roll_up.where, (*value.path, "type", "roll_up", "where"))
        for name, display in document.presentation.objects.items():
            for view, listed in display.list_views.items():
                path = ("presentation", "objects", name, "list_views", view, "where")
                yield from _numbered(listed.where, path)
        for name, report in document.presentation.reports.items():
            yield from _numbered(report.where, ("presentation", "reports", name, "where"))

    @functools.cached_property
    def state_names(self) -> tuple[str, ...]:
        return tuple(state.name for state in self.spec.lifecycle.states) if self.spec.lifecycle else ()


def _numbered(blocks: Sequence[ConditionBlock], path: Path) -> Iterator[tuple[ConditionBlock, Path]]:
    return ((block, (*path, index)) for index, block in enumerate(blocks))


def _place(field: FieldMapping) -> Path:
    if field.role is Role.PARENT:
        return ("parents", field.name)
    if field.role is Role.RECORD_TYPE:
        return ("record_types",)
    if field.role is Role.FLAG:
        return ("fields", field.flag_of, "flag")
    return ("fields", field.name) if field.role is Role.VALUE else (field.role.value,)


def listed_names(names: list[str] | OnlyBlock) -> list[str]:
    """What a list shows, beside what leads or ends it by itself."""
    return names.only if isinstance(names, OnlyBlock) else names


def absolute(rows: str, path: str) -> str:
    """A field's CLM path from the agreements: `lines.amount` of rows at agreements.lines is agreements.lines.amount."""
    return f"agreements.{path[1:]}" if path.startswith("/") else f"{rows}.{path}"


def join(words: tuple[str, ...] | list[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
