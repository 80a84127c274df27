"""What leaves an org when something leaves the spec: the components of one plan that another no longer has, as a delete package.

    destructiveChangesPre.xml    deleted before the next deploy: a field that comes back with another type, whose name must be free
    destructiveChangesPost.xml   deleted after it: everything else that is gone

A field's values go with it; `clmkit retire` takes a field out in four steps, each with its proof. What the API cannot delete is
listed for a hand. Sources: Metadata API Developer Guide, "Deleting Components from an Organization"; the org's own answer `Cannot
delete record type through API`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clmkit.codegen.mdapi import BUNDLE_KINDS, SETTINGS, Component, is_support, list_components, render_manifest
from clmkit.codegen.plan import MetadataXml, Plan
from clmkit.codegen.xml import Body

FILE_KINDS = {file_type for file_type, *_ in BUNDLE_KINDS.values()}
"""A file of many components is no component that could be deleted: what is in it is."""

BY_HAND = {
    "Flow": "a deploy deletes none: `clmkit apply` does, or deactivate it and delete its versions in Setup",
    "RecordType": "the API deletes none: move its records to another type, then delete it in Setup",
    "StandardValueSet": "a value set of the platform stays: deactivate its values in Setup",
    SETTINGS: "a setting stays as it is: change it in Setup when nothing else needs it",
}


@dataclass(frozen=True, slots=True)
class Removal:
    """What is gone between two plans."""

    before: tuple[Component, ...]  # deleted before the next deploy
    after: tuple[Component, ...]  # deleted after it
    by_hand: tuple[Component, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.before or self.after or self.by_hand)

    def render(self, api_version: str) -> dict[str, bytes]:
        """The delete package; empty when the API has nothing to delete."""
        parts = {"destructiveChangesPre.xml": self.before, "destructiveChangesPost.xml": self.after}
        files = {name: render_manifest(list(rows), api_version).encode() for name, rows in parts.items() if rows}
        return {"package.xml": render_manifest([], api_version).encode(), **files} if files else {}


def plan_removal(old: Plan, new: Plan) -> Removal:
    """Compare two plans: nothing is read, nothing is written."""
    had, has = components_of(old), components_of(new)
    gone = [component for component in had if component not in has and component.metadata_type not in FILE_KINDS]
    retyped = [
        one for one in had if one.metadata_type == "CustomField" and one in has and _type(had, one) != _type(has, one)
    ]
    dropped = {one.full_name for one in gone if one.metadata_type == "CustomObject"}
    apart = [one for one in gone if not _is_part_of(one, dropped)]
    return Removal(
        before=_ordered(retyped),
        after=_ordered([one for one in apart if one.metadata_type not in BY_HAND]),
        by_hand=_ordered([one for one in apart if one.metadata_type in BY_HAND]),
    )


def components_of(plan: Plan) -> Mapping[Component, Body]:
    """Every component of a plan with the body of its file; of code the body is empty."""
    found: dict[Component, Body] = {}
    for file in plan.files:
        if not is_support(file.path):
            body = file.content.body if isinstance(file.content, MetadataXml) else {}
            found.update(dict.fromkeys(list_components([(file.path, body)]), body))
    return found


def _type(bodies: Mapping[Component, Body], component: Component) -> object:
    return bodies[component].get("type")


def _is_part_of(component: Component, objects: set[str]) -> bool:
    """Whether it goes with its object: a field of an object that is deleted needs no line of its own."""
    parts = ("CustomField", "ValidationRule", "RecordType", "ListView", "CompactLayout", "FieldSet")
    return component.metadata_type in parts and component.full_name.partition(".")[0] in objects


def _ordered(components: list[Component]) -> tuple[Component, ...]:
    return tuple(sorted(components, key=lambda one: (one.metadata_type, one.full_name)))
