"""What an org still holds and the mapping no longer makes: which of it a release takes out, when, and which it leaves. Pure.

Taken out with the deploy that replaces it: code, pages, rights, platform events, which hold nothing that a deploy could not bring
back. Left: fields, objects, value sets, queues and credentials, which hold values, records and secrets; `clmkit retire` takes a
field out step by step.

A name that starts with the prefix proves nothing: somebody's own class may. A component is the generator's when one of these holds.

    its text       says so: the banner of this mapping
    its maker      the mapping that runs now makes it (`--against`), or a list in the org says that a deploy brought it (`made`)
    its type       it is a record of the field map, or a trigger action whose class goes
    its base       it was written once beside a generated class, extends it, and the project no longer has it
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from clmkit.codegen.mdapi import Component, render_manifest
from clmkit.codegen.names import banner
from clmkit.mapping.model import Spec
from clmkit.release.components import SOURCE, Components, Elements, Key

FLOW = "Flow"
FIRST = {
    "DuplicateRule": "five may be active on an object",
    "PlatformEventChannelMember": "an org may have five",
}
"""Types that go before the new parts come, because they take a place of few. Sources: "Duplicate Rules" limits (Salesforce Help);
"Change Data Capture Allocations" (Change Data Capture Developer Guide)."""

LAST = frozenset(
    (
        "ApexClass",
        "ApexTrigger",
        "CompactLayout",
        "CustomApplication",
        "CustomLabel",
        "CustomMetadata",
        "CustomPermission",
        "CustomTab",
        "Dashboard",
        "FieldSet",
        "FlexiPage",
        "Layout",
        "ListView",
        "MatchingRule",
        "MutingPermissionSet",
        "PermissionSet",
        "PermissionSetGroup",
        "PlatformEventChannel",
        "QuickAction",
        "Report",
        "ReportType",
        "SharingCriteriaRule",
        "StaticResource",
        "ValidationRule",
    )
)
"""Types that go after the new parts, which no longer refer to them. Source: "Deleting Components from an Organization"."""

TAKEN_OUT = frozenset((*FIRST, *LAST, FLOW))
"""A flow has steps of its own, after the deploy: a deploy deletes none ("insufficient access rights on cross-reference id", known
issue W-10538057), and its active version has to be deactivated first."""

EVENT_SUFFIX = "__e"
"""A platform event holds no records: only what was published in the last 72 hours and nobody read. Its fields go with it."""

PASSIVE = frozenset(
    (
        "ApexClass",
        "CompactLayout",
        "CustomLabel",
        "CustomMetadata",
        "FieldSet",
        "Layout",
        "MatchingRule",
        "StaticResource",
    )
)
"""Types that do nothing by themselves: what starts them, or shows them, is told in their place."""

BASE = re.compile(r"\bextends\s+(\w+)")
ACTION_CLASS = "values[Apex_Class__c].value"


def is_taken_out(key: Key) -> bool:
    """Whether a component of this kind leaves the org with a release."""
    return key.metadata_type in TAKEN_OUT or is_event(key)


def is_event(key: Key) -> bool:
    """Whether it is a platform event."""
    return key.metadata_type == "CustomObject" and key.full_name.endswith(EVENT_SUFFIX)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The components that a release takes out, by when."""

    first: tuple[Key, ...] = ()
    last: tuple[Key, ...] = ()
    flows: tuple[Key, ...] = ()

    @property
    def keys(self) -> tuple[Key, ...]:
        return (*self.first, *self.last, *self.flows)

    @property
    def is_deployed(self) -> bool:
        return bool(self.first or self.last)


NOTHING = Withdrawal()


def find_withdrawn(spec: Spec, org: Components, built: Components, made_before: Collection[Key]) -> frozenset[Key]:
    """What of the org goes with the release. `made_before` is what mappings before made, where that is known."""
    names = {_folded(key) for key in built}
    gone = {key: org[key] for key in org if is_taken_out(key) and _folded(key) not in names}
    mark, records = banner(spec), f"{spec.prefix}_Field_Map."
    found = {
        key for key, elements in gone.items() if key in made_before or any(mark in text for text in elements.values())
    }
    found |= {key for key in gone if key.metadata_type == "CustomMetadata" and key.full_name.startswith(records)}
    classes = {key.full_name for key in found if key.metadata_type == "ApexClass"}
    heirs = {key for key, elements in gone.items() if _find_base(elements) in classes}
    classes |= {key.full_name for key in heirs}
    actions = {key for key, elements in gone.items() if elements.get(ACTION_CLASS) in classes}
    events = {key.full_name for key in found if is_event(key)}
    fields = {key for key in org if key.metadata_type == "CustomField" and key.full_name.partition(".")[0] in events}
    return frozenset(found | heirs | actions | fields)


def _folded(key: Key) -> tuple[str, str]:
    """An org does not tell names apart by case: a component that comes back in other letters is the same one."""
    return key.metadata_type, key.full_name.lower()


def _find_base(elements: Elements) -> str:
    match = BASE.search(elements.get(SOURCE, ""))
    return match[1] if match else ""


def find_orphans(built: Components, withdrawn: Collection[Key]) -> tuple[tuple[Key, str], ...]:
    """Classes of the project that extend one that goes, with its name: they would not compile any more."""
    classes = {key.full_name for key in withdrawn if key.metadata_type == "ApexClass"}
    bases = ((key, _find_base(elements)) for key, elements in sorted(built.items()) if key.metadata_type == "ApexClass")
    return tuple((key, base) for key, base in bases if base in classes)


def order_withdrawal(keys: Iterable[Key]) -> Withdrawal:
    """By when they go; the fields of an event go with it and are no parts of their own."""
    rows = sorted(keys)
    return Withdrawal(
        first=tuple(key for key in rows if key.metadata_type in FIRST),
        last=tuple(key for key in rows if key.metadata_type in LAST or is_event(key)),
        flows=tuple(key for key in rows if key.metadata_type == FLOW),
    )


def render_withdrawal(withdrawal: Withdrawal, api_version: str) -> dict[str, bytes]:
    """The manifests that ride in the deploy; none for what is empty."""
    parts = {"destructiveChangesPre.xml": withdrawal.first, "destructiveChangesPost.xml": withdrawal.last}
    return {name: _render(keys, api_version) for name, keys in parts.items() if keys}


def _render(keys: Iterable[Key], api_version: str) -> bytes:
    return render_manifest([Component(key.metadata_type, key.full_name) for key in keys], api_version).encode()
