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
from clmkit.release.org_access import OrgClients

OWN_TYPES = (
    "ApexClass",
    "ApexTrigger",
    "CustomField",
    "CustomMetadata",
    "CustomObject",
    "CustomPermission",
    "GlobalValueSet",
    "PermissionSet",
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
    own = {key for key in listed if key.metadata_type in OWN_TYPES and _is_own(key, prefix)}
    files = await org.metadata.retrieve(_members(wanted | own))
    found = read_components(files)
    return Snapshot({key: found[key] for key in found if key in wanted | own}, files, listed)


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
