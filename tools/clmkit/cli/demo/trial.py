"""A project's own mapping between both twins: deployed with its Apex tests, agreements in the CLM, customers in the org.

What `clmkit init` writes is tried this way, and so is every template. Nothing of it is for a real system: secrets and people are
made up, and all ends with the block.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simple_salesforce.format import format_soql

from clmkit.cli.demo.processes import Processes, tool
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
from clmkit.templates.agreements import OWNERS

RECORD = "SELECT {:literal} FROM {:literal} WHERE {:literal} = {}"
KEYED = "SELECT Id FROM {:literal} WHERE {:literal} != null"
NO_TESTS, LOCAL_TESTS = "", "RunLocalTests"


class TrialFailed(Exception):
    """The mapping has an error, the org refuses the deploy, or the sync stops: in the words of whoever said so."""


@dataclass(frozen=True)
class Trial:
    """A person in the CLM, a person in Salesforce, and the sync between them."""

    spec: Spec
    folder: Path
    clm: ClmUser
    salesforce: SalesforceUser

    def sync(self) -> RunReport:
        """One run of the sync. Raises TrialFailed when it stops."""
        report = run_once(load_config(self.folder / "sync.yml"))
        if report.stopped:
            raise TrialFailed(report.stopped)
        return report

    def reconcile(self) -> ReconcileReport | Comparison:
        """Both systems compared, value by value."""
        return reconcile_once(load_config(self.folder / "sync.yml"))

    def contract_of(self, agreement: str) -> Mapping[str, Any]:
        """The record of an agreement, with every mapped field."""
        header = self.spec.header
        if header is None:
            raise TrialFailed("the mapping has no object with one row per agreement")
        columns = ", ".join(dict.fromkeys(["Id", "StatusCode", *(field.salesforce for field in header.columns)]))
        (row,) = self.salesforce.find(format_soql(RECORD, columns, header.salesforce, header.key.salesforce, agreement))
        return row

    def count(self, name: str) -> int:
        """How many records of an object of the mapping carry the CLM's key."""
        mapping = self.spec.get_object(name)
        return len(self.salesforce.find(format_soql(KEYED, mapping.salesforce, mapping.key.salesforce)))


@contextmanager
def running_trial(
    mapping: Path, agreements: Iterable[Mapping[str, Any]], folder: Path, test_level: str = LOCAL_TESTS
) -> Iterator[Trial]:
    """Both twins with the mapping of that file and these agreements; their files stand in `folder`. Raises TrialFailed."""
    loaded = load_spec(mapping)
    if loaded.spec is None:
        raise TrialFailed("\n".join(f"{one.file}:{one.place.line}: {one.code} {one.message}" for one in loaded.errors))
    with ExitStack() as stack:
        processes = stack.enter_context(Processes())
        org, clm = (_start(processes, name, folder) for name in ("org", "clm"))
        deploy_mapping(loaded.spec, folder / "org.json", test_level)
        person, user = ClmUser(clm), SalesforceUser(org)
        stack.callback(person.close)
        stack.callback(user.close)
        assign_sets(loaded.spec, user)
        load_records(loaded.spec, agreements, person, user)
        config = SYNC_CONFIG.format(spec=mapping.resolve().as_posix())
        (folder / "sync.yml").write_text(config, encoding="utf-8")
        yield Trial(loaded.spec, folder, person, user)


def _start(processes: Processes, name: str, folder: Path) -> dict[str, str]:
    ready = folder / f"{name}.json"
    return processes.start_server(
        [tool(f"{name}twin"), "serve", "--ready-file", str(ready)], ready, folder / f"{name}.log"
    )


def deploy_mapping(spec: Spec, ready: Path, test_level: str = NO_TESTS) -> None:
    """Everything that the mapping generates, settings first. Raises TrialFailed with what the org refused."""
    source = {path: content for path, content in plan_project(spec).render().items() if "/" in path}
    asyncio.run(_deploy(convert_source(source, spec.api_version), spec.api_version, ready, test_level))


async def _deploy(package: Package, version: str, ready: Path, test_level: str) -> None:
    async with open_org(read_access(str(ready)), version) as org:
        for part in split_settings(package, version):
            if part.components:
                await _deploy_part(org.metadata, part, test_level)


async def _deploy_part(metadata: MetadataApi, part: Package, test_level: str) -> None:
    deploy = await metadata.start_deploy(part.files, check_only=False, test_level=test_level)
    result = await metadata.wait_for_deploy(deploy)
    if not result.is_success:
        raise TrialFailed("\n".join([result.status, *map(str, result.failures)]))


def assign_sets(spec: Spec, salesforce: SalesforceUser) -> None:
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


def load_records(spec: Spec, agreements: Iterable[Mapping[str, Any]], clm: ClmUser, salesforce: SalesforceUser) -> None:
    """The agreements in the CLM; in the org the users who own them, their counterparties and the people there."""
    for agreement in agreements:
        clm.create(dict(agreement))
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
