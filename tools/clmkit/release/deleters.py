"""Who deleted a component: the org's setup audit trail, which lists what listMetadata no longer does.

The trail has no names of components but sentences with labels. A sentence counts when its code and the whole of its words fit;
where two components of the project would fit the same one, neither is told.
Source: "SetupAuditTrail" (Object Reference); the codes and sentences are those of public exports of the trail.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clmkit.clients.errors import Refused
from clmkit.clients.metadata_api import Listed
from clmkit.release.components import Components, Key
from clmkit.release.org_access import OrgClients

_FIELD = ("deletedCF", "deletedCFCustom", "hardDeletedCF", "hardDeletedCFCustom")
SENTENCES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "ApexClass": (("deletedApexClass",), "Deleted {name} Apex Class code"),
    "ApexTrigger": (("deletedApexTrigger",), "Deleted {any} Trigger code: {name}"),
    "CustomField": (_FIELD, "(Permanently d|D)eleted custom field {label}( from {any})?"),
    "CustomMetadata": (("setupEntityObjectDeleted",), "{label} was deleted"),
    "CustomObject": (("deletedCustEnt", "hardDeletedCustEnt"), "(Permanently d|D)eleted custom object: {label}"),
    "CustomPermission": (("CustomPermissionDelete",), "Deleted custom permission {name}"),
    "Flow": (("deletedinteractiondefinition",), 'Deleted flow with Name "{any}" and Unique Name "{name}"'),
    "PermissionSet": (("PermSetDelete",), "Deleted permission set {label}"),
    "PermissionSetGroup": (("PermissionSetGroupDelete",), "Deleted permission set group {name}"),
    "ValidationRule": (("removedValidation",), 'Removed {any} validation "{name}"'),
}
"""By metadata type: the codes of a deletion, and its sentence as a pattern of the component's name or label."""

MOST_ENTRIES = 2_000
"""The latest deletions that are looked at."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """One entry of the trail."""

    action: str
    display: str
    by: str
    at: str


async def read_deleters(org: OrgClients, built: Components, held: Iterable[Key]) -> dict[Key, Listed]:
    """Of the components that the org lacks, who deleted them and when; nothing where the user may not read the trail."""
    known = set(held)
    missing = {key: elements for key, elements in built.items() if key not in known and key.metadata_type in SENTENCES}
    if not missing:
        return {}
    actions = ", ".join(f"'{action}'" for key in SENTENCES.values() for action in key[0])
    soql = (
        f"SELECT Action, Display, CreatedDate, CreatedBy.Name FROM SetupAuditTrail WHERE Action IN ({actions})"  # noqa: S608
        f" ORDER BY CreatedDate DESC LIMIT {MOST_ENTRIES}"
    )
    try:
        rows = [row async for row in org.records.query(soql)]
    except Refused:
        return {}
    return find_deleters(missing, [_deletion(row) for row in rows])


def find_deleters(missing: Components, deletions: Iterable[Deletion]) -> dict[Key, Listed]:
    """The latest deletion that tells of each component. Pure; `deletions` the latest first."""
    patterns = {key: _pattern(key, elements.get("label", "")) for key, elements in missing.items()}
    told = Counter((key.metadata_type, pattern) for key, pattern in patterns.items())
    entries = list(deletions)
    found = {}
    for key, pattern in patterns.items():
        actions = SENTENCES[key.metadata_type][0]
        fits = (one for one in entries if one.action in actions and re.fullmatch(pattern, one.display))
        latest = next(fits, None) if told[key.metadata_type, pattern] == 1 else None
        if latest is not None:
            found[key] = Listed(key.metadata_type, key.full_name, latest.by, latest.at)
    return found


def _pattern(key: Key, label: str) -> str:
    name = key.full_name.rpartition(".")[2]
    sentence = SENTENCES[key.metadata_type][1]
    return sentence.format(name=re.escape(name), label=re.escape(label or name), any=".+")


def _deletion(row: Mapping[str, object]) -> Deletion:
    author = row.get("CreatedBy")
    name = author.get("Name") if isinstance(author, Mapping) else None
    at = str(row["CreatedDate"]).replace("+0000", "Z")
    return Deletion(str(row["Action"]), str(row["Display"]), str(name or ""), at)
