"""What a deploy brings and an org keeps: metadata components, and the store of one org."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from orgtwin.metadata.xml import Node

Key = tuple[str, str]
"""(metadata type, full name). Full names compare exactly; `ComponentStore.find` also answers for another case."""


@dataclass(frozen=True, slots=True)
class Component:
    """One component. `body` is its canonical XML without decomposed children; `content` the other file of a type that has two
    (Apex source, a certificate); `files` the further files of a bundle, by path below the bundle's folder."""

    type: str
    full_name: str
    body: Node
    content: bytes | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    id: str = ""
    created_by: str = ""
    created_date: datetime | None = None
    modified_by: str = ""
    modified_date: datetime | None = None

    @property
    def key(self) -> Key:
        return (self.type, self.full_name)

    def says_the_same_as(self, other: Component) -> bool:
        """Equal but for ids, authors and dates."""
        return (self.body, self.content, dict(self.files)) == (other.body, other.content, dict(other.files))


class ComponentStore:
    """All components of one org at one moment; immutable, so that a rollback is keeping the old one."""

    def __init__(self, components: Iterable[Component] = ()) -> None:
        self._by_key = {component.key: component for component in components}
        self._folded: dict[Key, Key] | None = None
        self._by_type: dict[str, list[Component]] | None = None

    def __iter__(self) -> Iterator[Component]:
        return iter(self._by_key.values())

    def __len__(self) -> int:
        return len(self._by_key)

    def find(self, type_name: str, full_name: str) -> Component | None:
        """The component of that type and name, in any case."""
        exact = self._by_key.get((type_name, full_name))
        if exact is not None:
            return exact
        if self._folded is None:
            self._folded = {(t, name.lower()): (t, name) for t, name in self._by_key}
        key = self._folded.get((type_name, full_name.lower()))
        return None if key is None else self._by_key[key]

    def of_type(self, type_name: str) -> list[Component]:
        """Every component of a type, by full name."""
        if self._by_type is None:
            self._by_type = {}
            for component in sorted(self._by_key.values(), key=lambda c: c.full_name):
                self._by_type.setdefault(component.type, []).append(component)
        return self._by_type.get(type_name, [])

    def children_of(self, type_name: str, parent: str) -> list[Component]:
        """Components of a child type whose full name begins with `parent.`"""
        prefix = f"{parent.lower()}."
        return [c for c in self.of_type(type_name) if c.full_name.lower().startswith(prefix)]

    def with_changes(self, changed: Iterable[Component], removed: Iterable[Key] = ()) -> ComponentStore:
        """A later store: `changed` added or replaced, `removed` gone."""
        gone = set(removed)
        kept = {key: component for key, component in self._by_key.items() if key not in gone}
        kept.update({component.key: component for component in changed})
        return ComponentStore(kept.values())
