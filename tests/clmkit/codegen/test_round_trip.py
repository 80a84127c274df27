"""Every kind of component that the generator knows, deployed to an org that others wrote, comes back as it was generated.

The org runs all generated Apex tests before it takes anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from clmkit.clients.metadata_api import DeployResult
from clmkit.codegen.mdapi import Package, convert_source, split_settings
from clmkit.codegen.project import plan_project
from clmkit.mapping.loader import load_spec
from clmkit.release.components import compare_components, read_components
from clmkit.release.org_access import OrgAccess, open_org, read_access

PATIENCE = 60.0
VERSION = "66.0"

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("round_trip")]


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgAccess]:
    folder = tmp_path_factory.mktemp("org")
    ready, log = folder / "ready.json", folder / "orgtwin.log"
    command = [str(Path(sys.executable).parent / "orgtwin"), "serve", "--ready-file", str(ready)]
    with log.open("wb") as output:
        twin = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        yield _wait_for(ready, twin, log)
    finally:
        twin.terminate()
        twin.wait(timeout=PATIENCE)


def _wait_for(ready: Path, twin: subprocess.Popen[bytes], log: Path) -> OrgAccess:
    deadline = time.monotonic() + PATIENCE
    while not (ready.exists() and ready.stat().st_size):
        assert time.monotonic() < deadline, log.read_text()
        with contextlib.suppress(subprocess.TimeoutExpired):
            twin.wait(timeout=0.05)
            raise AssertionError(log.read_text())
    return read_access(str(ready))


async def deploy_and_retrieve(access: OrgAccess, package: Package) -> tuple[list[DeployResult], dict[str, bytes]]:
    """Deploy settings, then the rest with all its tests; ask for every component back."""
    async with open_org(access, VERSION) as clients:
        results = []
        for part in split_settings(package, VERSION):
            if part.components:
                started = await clients.metadata.start_deploy(part.files, check_only=False, test_level="RunLocalTests")
                results.append(await clients.metadata.wait_for_deploy(started))
        members: dict[str, list[str]] = {}
        for component in package.components:
            members.setdefault(component.metadata_type, []).append(component.full_name)
        return results, await clients.metadata.retrieve(members)


def planned_package() -> Package:
    loaded = load_spec(Path(__file__).with_name("everything.yml"))
    assert loaded.spec is not None, loaded.errors
    return convert_source(plan_project(loaded.spec).render(), VERSION)


def files_of(package: Mapping[str, bytes]) -> set[str]:
    return {path for path in package if path != "package.xml"}


def test_every_kind_of_component_deploys_with_its_tests_and_comes_back_equal(org: OrgAccess) -> None:
    package = planned_package()
    results, back = asyncio.run(deploy_and_retrieve(org, package))
    assert [(result.status, result.failures) for result in results] == [("Succeeded", ())] * len(results)
    assert files_of(back) == files_of(package.files)
    assert compare_components(read_components(package.files), read_components(back)) == ()


def test_the_package_reaches_every_kind_of_component() -> None:
    """A kind that only another spec has would never be deployed here."""
    kinds = {component.metadata_type for component in planned_package().components}
    assert kinds >= KINDS, KINDS - kinds


KINDS = {
    "ApexClass", "ApexTrigger", "CompactLayout", "CustomApplication", "CustomField", "CustomMetadata", "CustomObject",
    "CustomPermission", "CustomTab", "Dashboard", "ExternalClientApplication", "ExternalCredential",
    "ExtlClntAppConfigurablePolicies", "ExtlClntAppOauthConfigurablePolicies", "ExtlClntAppOauthSettings", "FieldSet",
    "FlexiPage", "Flow", "GlobalValueSet", "Group", "Layout", "ListView", "MutingPermissionSet", "NamedCredential",
    "PermissionSet", "PermissionSetGroup", "PlatformEventChannel", "PlatformEventChannelMember", "Queue", "Report",
    "ReportType", "SharingCriteriaRule", "SharingRules", "ValidationRule",
}  # fmt: skip
