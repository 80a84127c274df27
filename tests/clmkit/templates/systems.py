"""Both twins with a template on them: deployed through the Metadata API, agreements in the CLM, customers in the org."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clmkit.twins import running as running_twin

from clmkit.cli.demo.run import SYNC_CONFIG
from clmkit.clients.metadata_api import MetadataApi
from clmkit.codegen.mdapi import Package, convert_source, split_settings
from clmkit.codegen.project import plan_project
from clmkit.mapping.loader import load_spec
from clmkit.mapping.model import Spec
from clmkit.release.org_access import open_org, read_access
from clmkit.robotlib.people import ClmUser, SalesforceUser
from clmkit.sync.config import load_config
from clmkit.sync.engine import run_once
from clmkit.sync.reconcile import Comparison, ReconcileReport, reconcile_once
from clmkit.sync.report import RunReport
from clmkit.templates.agreements import OWNERS, make_agreements
from clmkit.templates.catalogue import Template

AGREEMENTS = 12
SEED = 7


@dataclass(frozen=True)
class Systems:
    """One template between both systems."""

    template: Template
    spec: Spec
    folder: Path
    clm: ClmUser
    salesforce: SalesforceUser

    def sync(self) -> RunReport:
        report = run_once(load_config(self.folder / "sync.yml"))
        assert not report.stopped, report.stopped
        return report

    def reconcile(self) -> ReconcileReport | Comparison:
        return reconcile_once(load_config(self.folder / "sync.yml"))

    def contract_of(self, agreement: str) -> dict[str, Any]:
        header = self.spec.header
        assert header is not None
        columns = ", ".join(["Id", "StatusCode", *(field.salesforce for field in header.columns)])
        rows = self.salesforce.find(f"SELECT {columns} FROM Contract WHERE {header.key.salesforce} = '{agreement}'")
        assert len(rows) == 1, rows
        return rows[0]

    def count(self, name: str) -> int:
        mapping = self.spec.get_object(name)
        query = f"SELECT Id FROM {mapping.salesforce} WHERE {mapping.key.salesforce} != null"
        return len(self.salesforce.find(query))


@contextlib.contextmanager
def running(template: Template, folder: Path) -> Iterator[Systems]:
    mapping = folder / "contract.yml"
    mapping.write_text(template.read_mapping(), encoding="utf-8")
    spec = load_spec(mapping).spec
    assert spec is not None
    with contextlib.ExitStack() as stack:
        org = stack.enter_context(running_twin("orgtwin", folder / "org.json"))
        clm_ready = stack.enter_context(running_twin("clmtwin", folder / "clm.json"))
        asyncio.run(_deploy(spec, folder / "org.json"))
        clm, salesforce = ClmUser(clm_ready), SalesforceUser(org)
        stack.callback(clm.close)
        stack.callback(salesforce.close)
        _assign(spec, salesforce)
        _load(template, spec, clm, salesforce)
        (folder / "sync.yml").write_text(SYNC_CONFIG.format(spec=mapping.as_posix()), encoding="utf-8")
        yield Systems(template, spec, folder, clm, salesforce)


async def _deploy(spec: Spec, ready: Path) -> None:
    source = {path: content for path, content in plan_project(spec).render().items() if "/" in path}
    package = convert_source(source, spec.api_version)
    async with open_org(read_access(str(ready)), spec.api_version) as org:
        for part in split_settings(package, spec.api_version):
            await _deploy_part(org.metadata, part)


async def _deploy_part(metadata: MetadataApi, part: Package) -> None:
    deploy = await metadata.start_deploy(part.files, check_only=False)
    result = await metadata.wait_for_deploy(deploy)
    assert result.is_success, result


def _assign(spec: Spec, salesforce: SalesforceUser) -> None:
    """The integration user gets its permission set; the administrator the right to link accounts, and every audience's view."""
    users = {row["Alias"]: row["Id"] for row in salesforce.find("SELECT Id, Alias FROM User")}
    sets = {row["Name"]: row["Id"] for row in salesforce.find("SELECT Id, Name FROM PermissionSet")}
    admin = next(
        row["Id"] for row in salesforce.find("SELECT Id FROM User WHERE Profile.Name = 'System Administrator'")
    )
    wanted = {(users["clmint"], spec.integration.permission_set), (admin, f"{spec.prefix}_Linking")}
    wanted |= {(admin, one.permission_set) for one in spec.audiences if one is not spec.integration}
    for user, name in sorted(wanted):
        salesforce.create("PermissionSetAssignment", {"AssigneeId": user, "PermissionSetId": sets[name]})


def _load(template: Template, spec: Spec, clm: ClmUser, salesforce: SalesforceUser) -> None:
    for agreement in make_agreements(template, AGREEMENTS, SEED):
        clm.create(agreement)
    profile = salesforce.find("SELECT Id FROM Profile WHERE Name = 'Standard User'")[0]["Id"]
    for number in range(OWNERS):
        salesforce.create("User", _owner(number, profile))
    accounts = {}
    for party in clm.read_all("counterparties"):
        values = {"Name": party["name"], f"{spec.prefix}_Party_Id__c": party["id"]}
        accounts[party["name"]] = salesforce.create("Account", values)
    if any(mapping.salesforce == "Contact" for mapping in spec.objects):
        for person in clm.read_all("people"):
            if str(person["email"]).endswith("@customer.example"):
                salesforce.create("Contact", _contact(spec, person, next(iter(accounts.values()))))


def _owner(number: int, profile: str) -> dict[str, object]:
    address = f"owner{number}@contracts.example"
    return {
        "Alias": f"owner{number}",
        "Email": address,
        "EmailEncodingKey": "UTF-8",
        "LanguageLocaleKey": "en_US",
        "LastName": f"Owner {number}",
        "LocaleSidKey": "en_US",
        "ProfileId": profile,
        "TimeZoneSidKey": "America/New_York",
        "Username": address,
    }


def _contact(spec: Spec, person: Mapping[str, Any], account: str) -> dict[str, object]:
    return {
        "AccountId": account,
        "Email": person["email"],
        "LastName": person["name"] or person["email"],
        f"{spec.prefix}_Person_Id__c": person["id"],
    }
