"""Who has the permission sets that a release takes out: written down before, given back when the release is taken back.

Salesforce deletes the assignments with the set. Source: "PermissionSetAssignment" (Object Reference).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from clmkit.clients.errors import Refused
from clmkit.clients.salesforce import quote_soql
from clmkit.release.components import Key
from clmkit.release.data_risks import ASSIGNED_BY, ASSIGNMENT
from clmkit.release.disk import write_whole
from clmkit.release.org_access import OrgClients

REFERENCES = {
    "PermissionSet": ("PermissionSetId", "Name"),
    "PermissionSetGroup": ("PermissionSetGroupId", "DeveloperName"),
}
"""Metadata type -> the field of an assignment that refers to it, and the field that names it."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One user's permission set or group; `expires` is empty for one that does not."""

    metadata_type: str
    name: str
    user_id: str
    username: str
    expires: str = ""


async def keep_assignments(org: OrgClients, keys: Iterable[Key], path: Path) -> None:
    """Write down who has what goes, once: after the deploy the org no longer knows."""
    assignable = [key for key in keys if key.metadata_type in ASSIGNED_BY]
    if assignable and not path.exists():
        found = await read_assignments(org, assignable)
        write_whole(path, json.dumps(list(map(asdict, found)), indent=1).encode())


async def read_assignments(org: OrgClients, keys: Collection[Key]) -> list[Assignment]:
    """Who has these permission sets and groups."""
    found = []
    for metadata_type, path in ASSIGNED_BY.items():
        names = ", ".join(quote_soql(key.full_name) for key in keys if key.metadata_type == metadata_type)
        if names:
            soql = f"SELECT AssigneeId, Assignee.Username, {path}, ExpirationDate FROM {ASSIGNMENT} WHERE {path} IN ({names})"  # noqa: S608
            parent, _, field = path.partition(".")
            async for row in org.records.query(soql):
                name, username = str(row[parent][field]), str(row["Assignee"]["Username"])
                expires = str(row["ExpirationDate"] or "")
                found.append(Assignment(metadata_type, name, str(row["AssigneeId"]), username, expires))
    return found


async def give_back(org: OrgClients, path: Path) -> tuple[int, list[str]]:
    """Assign again what was written down; answer how many, and what the org refuses. What is there already is passed over."""
    if not path.exists():
        return 0, []
    kept = [Assignment(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
    there = {(one.metadata_type, one.name, one.user_id) for one in await read_assignments(org, _keys(kept))}
    lost = [one for one in kept if (one.metadata_type, one.name, one.user_id) not in there]
    ids = await _read_ids(org, _keys(lost))
    refused = [words for one in lost if (words := await _assign(org, one, ids))]
    return len(lost) - len(refused), refused


def _keys(assignments: Iterable[Assignment]) -> list[Key]:
    return sorted({Key(one.metadata_type, one.name) for one in assignments})


async def _read_ids(org: OrgClients, keys: Iterable[Key]) -> dict[Key, str]:
    found = {}
    for key in keys:
        field = REFERENCES[key.metadata_type][1]
        soql = f"SELECT Id FROM {key.metadata_type} WHERE {field} = {quote_soql(key.full_name)}"  # noqa: S608
        async for row in org.records.query(soql):
            found[key] = str(row["Id"])
    return found


async def _assign(org: OrgClients, one: Assignment, ids: dict[Key, str]) -> str:
    """Why not, or nothing."""
    key = Key(one.metadata_type, one.name)
    if key not in ids:
        return f"{key}: is not given back to {one.username}: the org does not have it"
    body = {"AssigneeId": one.user_id, REFERENCES[one.metadata_type][0]: ids[key]}
    try:
        await org.records.call(
            "POST", f"sobjects/{ASSIGNMENT}", body | ({"ExpirationDate": one.expires} if one.expires else {})
        )
    except Refused as refused:
        if refused.code != "DUPLICATE_VALUE":  # the answer to the first attempt was lost
            return f"{key}: is not given back to {one.username}: {refused.code}: {refused.message}"
    return ""
