"""Take a field that left the mapping out of an org, in four steps, each its own release: deprecate, stop write, verify, delete.

Which step is next is read from the org and from the journal of the field; nobody can skip one. Values are lost with the last step,
so a field that still holds some needs a decision record, and a copy of the field's definition is kept.

    build/retirements/Contract.CLM_Old__c/
        release.jsonl    the steps that were done
        field.xml        the definition, as the org held it before the delete

Verifying looks for the field in everything of the org that may name one (`consumers`). What other systems read is not seen by it;
Salesforce itself refuses to delete a field that a component refers to.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clmkit.clients.salesforce import quote_soql
from clmkit.codegen.mdapi import Component, make_package, render_manifest
from clmkit.codegen.xml import parse_component, render_component
from clmkit.mapping.model import Spec
from clmkit.release.apply import ApplyRefused
from clmkit.release.changes import Change
from clmkit.release.components import Key
from clmkit.release.consumers import find_consumers, read_mentions
from clmkit.release.data_risks import COUNT
from clmkit.release.disk import write_whole
from clmkit.release.journal import Journal
from clmkit.release.org_access import OrgClients
from clmkit.release.snapshot import count_records, read_foreign

MARK = "DEPRECATED"
LONGEST_DESCRIPTION = 1000
DECIDES = "REL211 CustomField"


class Step(enum.Enum):
    DEPRECATE = "deprecate"
    STOP_WRITE = "stop write"
    VERIFY = "verify unused"
    DELETE = "delete"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the next step depends on."""

    is_in_org: bool
    is_deprecated: bool
    writers: tuple[str, ...]  # permission sets and profiles that may edit the field
    is_verified: bool


def next_step(facts: Facts) -> Step:
    if not facts.is_in_org:
        return Step.DONE
    if not facts.is_deprecated:
        return Step.DEPRECATE
    if facts.writers:
        return Step.STOP_WRITE
    return Step.DELETE if facts.is_verified else Step.VERIFY


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an org by its name, with its definition when it is there."""

    sobject: str
    name: str
    files: Mapping[str, bytes]

    @property
    def key(self) -> Key:
        return Key("CustomField", f"{self.sobject}.{self.name}")

    @property
    def body(self) -> dict[str, object]:
        fields = parse_component(next(iter(self.files.values())))[1].get("fields") if self.files else None
        return dict(fields) if isinstance(fields, dict) else {}

    @property
    def is_deprecated(self) -> bool:
        return str(self.body.get("description", "")).startswith(MARK)


@dataclass(frozen=True, slots=True)
class Done:
    """What a run did, and what comes next."""

    step: Step
    lines: tuple[str, ...]


async def read_field(org: OrgClients, full_name: str) -> Field:
    """The field; without files when the org does not have it."""
    sobject, _, name = full_name.partition(".")
    files = await org.metadata.retrieve({"CustomField": [full_name]})
    return Field(sobject, name, files)


async def retire_field(
    org: OrgClients, spec: Spec, full_name: str, journal: Journal, decisions: Mapping[str, str]
) -> Done:
    """Do the one step that is next. Raises ApplyRefused, WireError."""
    _require_out_of_mapping(spec, full_name)
    field = await read_field(org, full_name)
    writers = await find_writers(org, full_name) if field.files else {}
    step = next_step(Facts(bool(field.body), field.is_deprecated, tuple(writers), journal.has("verified")))
    if step is Step.DONE:
        return Done(step, (f"{full_name} is not in the org",))
    if step is Step.DEPRECATE:
        return await _deprecate(org, field, spec, journal)
    if step is Step.STOP_WRITE:
        return await _stop_write(org, field, writers, spec, journal)
    told = await _require_unused(org, field, decisions)
    if step is Step.VERIFY:
        journal.write("verified")
        return Done(step, (f"nothing refers to {full_name}; {told} a value",))
    return await _delete(org, field, spec, journal)


def _require_out_of_mapping(spec: Spec, full_name: str) -> None:
    for mapping in spec.objects:
        for field in mapping.columns:
            if f"{mapping.salesforce}.{field.salesforce}" == full_name:
                raise ApplyRefused(
                    f"{full_name}: is objects.{mapping.name}, field {field.name} of the mapping; drop it there, generate, plan and "
                    "apply, then retire it"
                )


async def _deploy(org: OrgClients, files: Mapping[str, bytes]) -> str:
    """Validate, then deploy; answer the deploy's id."""
    for check_only in (True, False):
        deploy_id = await org.metadata.start_deploy(files, check_only=check_only)
        result = await org.metadata.wait_for_deploy(deploy_id)
        if not result.is_success:
            lines = [f"{failure.component}: {failure.problem}" for failure in result.failures]
            raise ApplyRefused("\n".join(["the org refuses this step", *lines]))
    return deploy_id


async def _deprecate(org: OrgClients, field: Field, spec: Spec, journal: Journal) -> Done:
    day = journal.now().date()
    path, content = next(iter(field.files.items()))
    root, whole = parse_component(content)
    body = {**field.body, "description": _deprecated(str(field.body.get("description", "")), day)}
    files = {path: render_component(root, {**whole, "fields": body}).encode()}  # type: ignore[dict-item]  # parsed XML
    package = make_package(files, [Component("CustomField", field.key.full_name)], spec.api_version)
    journal.write("deprecated", deploy_id=await _deploy(org, package.files))
    return Done(Step.DEPRECATE, (f"{field.key.full_name} is described as deprecated since {day}",))


def _deprecated(description: str, day: dt.date) -> str:
    return f"{MARK} since {day}, will be deleted. {description}".strip()[:LONGEST_DESCRIPTION]


async def find_writers(org: OrgClients, full_name: str) -> dict[str, bool]:
    """Who may edit the field: name of a permission set (True) or of a profile (False)."""
    soql = f"SELECT ParentId FROM FieldPermissions WHERE Field = {quote_soql(full_name)} AND PermissionsEdit = true"  # noqa: S608
    parents = sorted({str(row["ParentId"]) async for row in org.records.query(soql)})
    if not parents:
        return {}
    ids = ", ".join(map(quote_soql, parents))
    soql = f"SELECT Name, IsOwnedByProfile, Profile.Name FROM PermissionSet WHERE Id IN ({ids})"  # noqa: S608
    found: dict[str, bool] = {}
    async for row in org.records.query(soql):
        is_profile = bool(row["IsOwnedByProfile"])
        found[str(row["Profile"]["Name"] if is_profile else row["Name"])] = not is_profile
    return found


async def _stop_write(org: OrgClients, field: Field, writers: Mapping[str, bool], spec: Spec, journal: Journal) -> Done:
    """Take the edit right out of permission sets; a profile's is a person's to take."""
    profiles = [name for name, is_permission_set in writers.items() if not is_permission_set]
    if profiles:
        raise ApplyRefused(
            f"profiles may edit {field.key.full_name}: {', '.join(profiles)}; take the right away in Setup, then run this again"
        )
    files = await org.metadata.retrieve({"PermissionSet": list(writers)})
    changed = {path: _without_edit(content, field.key.full_name) for path, content in files.items()}
    components = [Component("PermissionSet", name) for name in writers]
    journal.write("stopped", deploy_id=await _deploy(org, make_package(changed, components, spec.api_version).files))
    if left := await find_writers(org, field.key.full_name):
        raise ApplyRefused(
            f"the deploy succeeded, and {', '.join(left)} may still edit the field: take the right away in Setup"
        )
    return Done(Step.STOP_WRITE, (f"no longer editable by {', '.join(writers)}",))


def _without_edit(content: bytes, full_name: str) -> bytes:
    root, body = parse_component(content)
    grants = body["fieldPermissions"]
    rows = grants if isinstance(grants, list) else [grants]
    changed = [
        {**row, "editable": False} if isinstance(row, dict) and row.get("field") == full_name else row for row in rows
    ]
    return render_component(root, {**body, "fieldPermissions": changed}).encode()  # type: ignore[dict-item]  # parsed XML


async def _require_unused(org: OrgClients, field: Field, decisions: Mapping[str, str]) -> str:
    """Which records hold a value, in words. Raises ApplyRefused while the field is used, or values are lost undecided."""
    users = await find_users(org, field)
    if users:
        lines = [f"{user} names {field.key.full_name}" for user in users]
        raise ApplyRefused("\n".join([*lines, "change these first, then run this again"]))
    soql = f"{COUNT} {field.sobject} WHERE {field.name} != null"
    records = (await count_records(org, [soql]))[soql]
    decision = f"{DECIDES} {field.key.full_name}"
    told = (
        f"{records} records hold" if records is not None else "the user may not read the field; some records may hold"
    )
    if records != 0 and decision not in decisions:
        raise ApplyRefused(
            f"{told} a value of {field.key.full_name}, which the delete loses; export them and write a record in "
            f"docs/decisions with the line\nDecides: {decision}"
        )
    return told if records != 0 else "no record holds"


async def find_users(org: OrgClients, field: Field) -> list[str]:
    """Components whose metadata or code names the field; permission sets lose it with the delete."""
    change = Change("field_dropped", str(field.key), field.key.full_name)
    mentions = read_mentions(await read_foreign(org, [field.key]))
    return [str(key) for key in find_consumers([change], {}, mentions).get(change, ())]


async def _delete(org: OrgClients, field: Field, spec: Spec, journal: Journal) -> Done:
    _keep(journal.folder, field)
    gone = [Component("CustomField", field.key.full_name)]
    files = {
        "package.xml": render_manifest([], spec.api_version).encode(),
        "destructiveChanges.xml": render_manifest(gone, spec.api_version).encode(),
    }
    journal.write("deleted", deploy_id=await _deploy(org, files))
    if (await read_field(org, field.key.full_name)).files:
        raise ApplyRefused(f"the deploy succeeded, and the org still holds {field.key.full_name}")
    return Done(Step.DELETE, (f"{field.key.full_name} is deleted; its definition is kept in {journal.folder}",))


def _keep(folder: Path, field: Field) -> None:
    for content in field.files.values():
        write_whole(folder / "field.xml", content)
