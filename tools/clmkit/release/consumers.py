"""Who else in an org names what a break is about: reports, list views, layouts, pages, flows, outbound messages, code. Pure.

Found by name in the metadata that `snapshot` retrieved: the field's API name, and the object it is on. A name that stands in a
comment is found, too; one that code puts together while it runs is not. What the package directory brings itself is no consumer: it
is generated for the new state and deployed with it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from clmkit.codegen.mdapi import META
from clmkit.release.changes import Change
from clmkit.release.components import Components, Key, read_components
from clmkit.release.data_risks import find_fields_with_value

KINDS = {
    "Report": "reports",
    "Dashboard": "dashboards",
    "ListView": "list views",
    "Layout": "layouts",
    "CompactLayout": "compact layouts",
    "FieldSet": "field sets",
    "FlexiPage": "pages",
    "QuickAction": "quick actions",
    "WebLink": "buttons and links",
    "ReportType": "report types",
    "Flow": "flows",
    "Workflow": "outbound messages and workflow rules",
    "PlatformEventChannelMember": "event channels",
    "EmailTemplate": "e-mail templates",
    "ValidationRule": "validation rules",
    "CustomField": "formulas and roll-ups",
    "CustomMetadata": "custom metadata",
    "DuplicateRule": "duplicate rules",
    "ApexClass": "Apex classes",
    "ApexTrigger": "Apex triggers",
    "ApexPage": "Visualforce pages",
    "LightningComponentBundle": "Lightning components",
    "AuraDefinitionBundle": "Aura components",
}
"""Types whose components may name a field -> the word for them. `Workflow` holds outbound messages, an org's webhooks."""

IN_FOLDERS = frozenset(("Report", "Dashboard", "EmailTemplate"))

OTHER_FOLDERS = {
    "aura": "AuraDefinitionBundle",
    "email": "EmailTemplate",
    "lwc": "LightningComponentBundle",
    "pages": "ApexPage",
    "workflows": "Workflow",
}
"""Folders of a retrieved package that hold what no project of ours does."""

BUNDLES = frozenset(("aura", "lwc"))
FIELD = re.compile(r"(\w+)\.(\w+__c)")
WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Mention:
    """What a component says, as the words in it; `text` keeps them in order."""

    text: str
    words: frozenset[str]


def read_mentions(packages: Iterable[Mapping[str, bytes]]) -> dict[Key, Mention]:
    """The components of retrieved packages (path -> bytes) that may be consumers."""
    texts: dict[Key, list[str]] = {}
    for files in packages:
        for key, elements in read_components(files).items():
            if key.metadata_type in KINDS:
                texts.setdefault(key, []).extend(f"{path} {text}" for path, text in elements.items())
        for path, content in files.items():
            if own := _find_other(path):
                texts.setdefault(own, []).append(content.decode("utf-8", "replace"))
    return {key: _mention("\n".join(parts)) for key, parts in texts.items()}


def _find_other(path: str) -> Key | None:
    folder, _, name = path.partition("/")
    if folder not in OTHER_FOLDERS:
        return None
    own = name.partition("/")[0] if folder in BUNDLES else name.removesuffix(META).rpartition(".")[0]
    return Key(OTHER_FOLDERS[folder], own)


def _mention(text: str) -> Mention:
    return Mention(text, frozenset(WORD.findall(text)))


def find_consumers(
    changes: Iterable[Change], org: Components, mentions: Mapping[Key, Mention]
) -> dict[Change, tuple[Key, ...]]:
    """Change -> the components that name what it is about; changes that break nothing and those nobody names are left out."""
    found: dict[Change, tuple[Key, ...]] = {}
    for change in changes:
        fields = fields_of(change, org)
        value = change.before if change.kind in VALUE_KINDS else ""
        keys = [key for key, mention in mentions.items() if _names_any(key, mention, fields) and value in mention.text]
        if keys:
            found[change] = tuple(sorted(keys))
    return found


VALUE_KINDS = frozenset(("value_dropped", "value_renamed", "status_dropped"))
MOVED_KINDS = frozenset(("field_moved", "field_moved_with_values"))


def fields_of(change: Change, org: Components) -> tuple[str, ...]:
    """The fields (`Contract.CLM_Title__c`) that a break is about; none for a change that breaks nothing."""
    if not change.is_break:
        return ()
    if change.kind in MOVED_KINDS:
        return (f"{change.target.partition('.')[0]}.{change.before}",)
    if change.kind in VALUE_KINDS:
        return tuple(f"{sobject}.{field}" for sobject, field, _ in find_fields_with_value(change, org))
    return (change.target,) if FIELD.fullmatch(change.target) else ()


def _names_any(key: Key, mention: Mention, fields: Collection[str]) -> bool:
    return any(
        field.partition(".")[2] in mention.words
        and key.full_name != field
        and _is_about(key, mention, field.partition(".")[0])
        for field in fields
    )


def _is_about(key: Key, mention: Mention, sobject: str) -> bool:
    """Fields of two objects may share a name: the component belongs to the object, names it, or goes over a relationship."""
    own = re.split(r"[.-]", key.full_name)[0]
    return own == sobject or sobject in mention.words or any(word.endswith("__r") for word in mention.words)


def show_consumers(keys: Iterable[Key]) -> str:
    """By kind: `reports: Sales/Renewals; list views: Contract.Mine`."""
    groups: dict[str, list[str]] = {}
    for key in keys:
        groups.setdefault(KINDS[key.metadata_type], []).append(key.full_name)
    return "; ".join(f"{word}: {', '.join(groups[word])}" for word in KINDS.values() if word in groups)
