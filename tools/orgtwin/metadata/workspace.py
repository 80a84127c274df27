"""The table on which a deploy lays its work: schema, components and settings as they will be, and the record writes still to do.

Types' rules read and change the workspace; nothing reaches the org before `DeployRun` takes it over, so giving up is dropping it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from orgtwin.metadata.component import Component, ComponentStore, Key
from orgtwin.metadata.schema_draft import SchemaDraft
from orgtwin.organization import Organization
from orgtwin.schema.model import Schema

RecordWrite = Callable[[Organization], str | None]
"""Writes records of a component once the schema is in use; answers the id of its main record, if it has one."""


class CompileApex(Protocol):
    """Checks Apex source. Problems are (line, column, message); none means it compiles."""

    def __call__(
        self, org: Organization, schema: Schema, sources: Mapping[Key, str], versions: Mapping[Key, float], /
    ) -> Mapping[Key, list[tuple[int, int, str]]]: ...


class CheckFormula(Protocol):
    """Compiles a formula on an object; the answer is the org's message, or None when it compiles.

    `result` is the describe type of the result, or formula_check.VALIDATION_RULE.
    """

    def __call__(self, schema: Schema, sobject_type: str, formula: str, result: str, /) -> str | None: ...


@dataclass
class Workspace:
    """One deploy at work."""

    org: Organization
    store: ComponentStore
    schema: SchemaDraft
    settings: dict[str, object]
    check_formula: CheckFormula
    changed: dict[Key, Component] = field(default_factory=dict)
    removed: set[Key] = field(default_factory=set)
    writes: list[tuple[Key, RecordWrite]] = field(default_factory=list)
    links: list[tuple[int, Key, RecordWrite]] = field(default_factory=list)
    late_checks: list[tuple[Key, Callable[[], None]]] = field(default_factory=list)
    _folded: dict[Key, Key] = field(default_factory=dict)

    def find(self, type_name: str, full_name: str) -> Component | None:
        """The component as it will stand, or None."""
        key = (type_name, full_name)
        if key in self.changed:
            return self.changed[key]
        found = self.store.find(type_name, full_name)
        if found is not None and found.key in self.removed:
            found = None
        if found is None:
            folded = self._folded.get((type_name, full_name.lower()))
            found = self.changed.get(folded) if folded else None
        return found

    def of_type(self, type_name: str) -> Iterator[Component]:
        """Every component of a type as it will stand."""
        for component in self.store.of_type(type_name):
            if component.key not in self.removed and component.key not in self.changed:
                yield component
        yield from [component for component in self.changed.values() if component.type == type_name]

    def put(self, component: Component) -> None:
        self.removed.discard(component.key)
        self.changed[component.key] = component
        self._folded[(component.type, component.full_name.lower())] = component.key

    def remove(self, key: Key) -> None:
        self.changed.pop(key, None)
        self.removed.add(key)

    def write_records(self, component: Component, write: RecordWrite) -> None:
        """Do this once the schema is in use."""
        self.writes.append((component.key, write))

    def link_records(self, component: Component, write: RecordWrite, turn: int = sys.maxsize) -> None:
        """Do this once the records of every component are written, by `turn` where one waits for another."""
        self.links.append((turn, component.key, write))

    def check_later(self, component: Component, check: Callable[[], None]) -> None:
        """Do this when every component is laid out: for rules that look at others (formulas)."""
        self.late_checks.append((component.key, check))
