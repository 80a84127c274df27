"""What an org holds of a project, by its public APIs: components, who changed them last, records that a change would hurt.

Reads only. A component of the project that the org lacks is simply not there; one of ours that the project no longer has is found
by its name, which starts with the mapping's prefix.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clmkit.clients.errors import Refused
from clmkit.clients.metadata_api import Listed
from clmkit.codegen.mdapi import Component
from clmkit.release.components import Elements, Key, read_components
from clmkit.release.consumers import IN_FOLDERS, KINDS
from clmkit.release.org_access import OrgClients

OWN_TYPES = (
    "ApexClass",
    "ApexTrigger",
    "CustomField",
    "CustomMetadata",
    "CustomObject",
    "CustomPermission",
    "DuplicateRule",
    "Flow",
    "GlobalValueSet",
    "MutingPermissionSet",
    "PermissionSet",
    "PermissionSetGroup",
    "ReportType",
    "ValidationRule",
)
"""The types whose members carry the prefix; settings and standard value sets belong to the org."""

HIDDEN = frozenset(("INVALID_FIELD", "INVALID_TYPE", "INSUFFICIENT_ACCESS"))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`files` is the package as it was retrieved: what a rollback deploys."""

    components: Mapping[Key, Elements]
    files: Mapping[str, bytes]
    changes: Mapping[Key, Listed]

    def only(self, keys: Iterable[Key]) -> dict[Key, Elements]:
        return {key: self.components[key] for key in keys if key in self.components}


async def take_snapshot(org: OrgClients, project: Iterable[Component], prefix: str) -> Snapshot:
    """The project's components as the org has them, and those with our prefix that the project lacks."""
    wanted = {Key(one.metadata_type, one.full_name) for one in project}
    types = sorted({key.metadata_type for key in wanted} | set(OWN_TYPES))
    listed = {Key(row.metadata_type, row.full_name): row for row in await org.metadata.list_components(types)}
    wanted |= {key for key in listed if key.metadata_type in OWN_TYPES and _is_own(key, prefix)}
    files = await org.metadata.retrieve(_members(wanted))
    found = read_components(files)
    return Snapshot({key: found[key] for key in found if key in wanted}, files, listed)


def _is_own(key: Key, prefix: str) -> bool:
    return key.full_name.rpartition(".")[2].startswith(f"{prefix}_") or key.full_name.startswith(f"{prefix}_")


def _members(keys: Iterable[Key]) -> dict[str, list[str]]:
    members: dict[str, list[str]] = {}
    for key in keys:
        members.setdefault(key.metadata_type, []).append(key.full_name)
    return members


async def read_pre_image(org: OrgClients, keys: Iterable[Key]) -> dict[str, bytes]:
    """The files of some components as they stand, to be deployed again should the release be taken back."""
    members = _members(keys)
    return await org.metadata.retrieve(members) if members else {}


MOST_RETRIEVED = 5_000
"""Components asked for in one retrieve: half of what one may hold. Source: Metadata API Developer Guide, "Metadata Limits"."""


async def read_foreign(org: OrgClients, own: Iterable[Key]) -> list[dict[str, bytes]]:
    """Everything in the org that may name a field and that is not ours, as packages (path -> bytes)."""
    listed = await org.metadata.list_components([kind for kind in KINDS if kind not in IN_FOLDERS])
    listed += await org.metadata.list_in_folders(sorted(IN_FOLDERS))
    keys = sorted({Key(row.metadata_type, row.full_name) for row in listed} - set(own))
    parts = [keys[start : start + MOST_RETRIEVED] for start in range(0, len(keys), MOST_RETRIEVED)]
    return [await org.metadata.retrieve(_members(part)) for part in parts]


async def read_limits(org: OrgClients) -> tuple[int, int] | None:
    """API requests of the last 24 hours and the org's allowance; None where the user may not see them."""
    try:
        found = (await org.records.limits())["DailyApiRequests"]
    except (Refused, KeyError):
        return None
    return int(found["Max"]) - int(found["Remaining"]), int(found["Max"])


async def count_records(org: OrgClients, queries: Iterable[str]) -> dict[str, int | None]:
    """Records per SOQL; None where the user may not see the field, so that nobody takes it for zero."""
    return {soql: await _count(org, soql) for soql in dict.fromkeys(queries)}


async def _count(org: OrgClients, soql: str) -> int | None:
    try:
        rows = [row async for row in org.records.query(soql)]
    except Refused as refused:
        if refused.code not in HIDDEN:
            raise
        return None
    return int(rows[0]["n"]) if rows else 0
