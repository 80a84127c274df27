"""One entry of the trail, and the words of its text."""

from __future__ import annotations

import re
from typing import NamedTuple

from orgtwin.metadata.component import Component
from orgtwin.metadata.xml import Node
from orgtwin.schema.model import Schema

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Entry(NamedTuple):
    """`section` is the place in the Setup menu; some entries of an org have none."""

    action: str
    section: str | None
    display: str


class Change(NamedTuple):
    """A component before and after; None where it was not there. `purged` skips the recycle bin of fields."""

    before: Component | None
    after: Component | None
    purged: bool = False

    @property
    def component(self) -> Component:
        found = self.after or self.before
        if found is None:
            raise ValueError("a change of nothing")
        return found

    @property
    def verb(self) -> str:
        if self.before is None:
            return "Created"
        return "Deleted" if self.after is None else "Changed"

    def value(self, tag: str) -> tuple[str | None, str | None]:
        """Of one element, before and after."""
        return (
            self.before.body.value(tag) if self.before else None,
            self.after.body.value(tag) if self.after else None,
        )


class Words(NamedTuple):
    """How an entry calls a component: by labels, as the Setup pages do."""

    name: str
    label: str
    object: str
    section: str
    is_custom: bool


def words_of(schema: Schema, component: Component) -> Words:
    """`section` and `object` are those of the object that the component hangs below, if it does."""
    parent, _, name = component.full_name.rpartition(".")
    owner = parent or component.full_name.partition("-")[0]
    found = schema.find_type(owner)
    is_custom = owner.lower().endswith(("__c", "__mdt", "__e", "__b"))
    plural = found.label_plural if found is not None else owner
    section = "Custom Metadata Types" if owner.endswith("__mdt") else "Custom Objects"
    return Words(
        name=name,
        label=label_of(component.body) or name,
        object=found.label if found is not None else owner,
        section=section if is_custom else f"Customize {plural}",
        is_custom=is_custom,
    )


def label_of(body: Node) -> str | None:
    return body.value("label") or body.value("masterLabel") or body.value("name")


def spaced(type_name: str) -> str:
    """`PathAssistant` -> `Path Assistant`."""
    return _CAMEL.sub(" ", type_name)
