"""Every component of every spec, deployed to an org that others wrote: tests pass, Apex is covered, all comes back as it was.

The org runs all generated Apex tests before it takes anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from clmkit.clients.metadata_api import DeployResult
from clmkit.codegen.mdapi import Package, convert_source, split_settings
from clmkit.codegen.project import plan_project
from clmkit.mapping.loader import load_bytes
from clmkit.release.components import compare_components, read_components
from clmkit.release.org_access import OrgAccess, open_org, read_access
from clmkit.templates.catalogue import TEMPLATES

PATIENCE = 60.0
VERSION = "66.0"
ROOT = Path(__file__).parents[3]
LEAST_COVERED = 90  # per cent, of each class and trigger
SPECS = {
    "everything": Path(__file__).with_name("everything.yml").read_text(encoding="utf-8"),
    "shipped": (ROOT / "mappings" / "contract.yml").read_text(encoding="utf-8"),
    **{name: template.read_mapping() for name, template in TEMPLATES.items()},
}

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("round_trip")]


@dataclass(frozen=True)
class Visit:
    """What went to an org of its own, and what the org said and gave back."""

    package: Package
    results: list[DeployResult]
    back: Mapping[str, bytes]
    tests: Mapping[str, Any]  # runTestResult of the deploy


@pytest.fixture(scope="module", params=SPECS)
def visit(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    package = planned_package(request.param)
    ready = tmp_path_factory.mktemp(request.param) / "ready.json"
    with running_org(ready) as access:
        results, back = asyncio.run(deploy_and_retrieve(access, package))
        return Visit(package, results, back, read_tests(ready, results[-1]))


@contextlib.contextmanager
def running_org(ready: Path) -> Iterator[OrgAccess]:
    log = ready.with_suffix(".log")
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


def read_tests(ready: Path, result: DeployResult) -> Mapping[str, Any]:
    """What the org tells of the tests of a deploy, over REST."""
    door = json.loads(ready.read_text())
    reply = requests.get(
        f"{door['http_url']}/services/data/v{VERSION}/metadata/deployRequest/{result.deploy_id}",
        params={"includeDetails": "true"},
        headers={"Authorization": f"Bearer {door['access_token']}"},
        timeout=PATIENCE,
    )
    tests: Mapping[str, Any] = reply.json()["deployResult"]["details"]["runTestResult"]
    return tests


def planned_package(name: str) -> Package:
    loaded = load_bytes(SPECS[name].encode(), f"{name}.yml")
    assert loaded.spec is not None, loaded.errors
    return convert_source(plan_project(loaded.spec).render(), VERSION)


def files_of(package: Mapping[str, bytes]) -> set[str]:
    return {path for path in package if path != "package.xml"}


def test_every_component_deploys_with_its_tests_and_comes_back_equal(visit: Visit) -> None:
    assert [(result.status, result.failures) for result in visit.results] == [("Succeeded", ())] * len(visit.results)
    assert files_of(visit.back) == files_of(visit.package.files)
    assert compare_components(read_components(visit.package.files), read_components(visit.back)) == ()


def test_every_class_and_trigger_is_covered_by_its_tests(visit: Visit) -> None:
    rows = {row["name"]: (row["numLocations"], row["numLocationsNotCovered"]) for row in visit.tests["codeCoverage"]}
    code = {one.full_name for one in visit.package.components if one.metadata_type in ("ApexClass", "ApexTrigger")}
    assert {name for name in code - rows.keys() if has_lines(visit.package, name)} == set()
    weak = {name: row for name, row in rows.items() if 100 * (row[0] - row[1]) <= LEAST_COVERED * row[0] != 0}
    assert weak == {}
    lines, missed = (sum(row[at] for row in rows.values()) for at in (0, 1))
    assert 100 * (lines - missed) > LEAST_COVERED * lines > 0


def has_lines(package: Package, name: str) -> bool:
    """Whether there is something to cover: in a test there is not, nor in an extension as it is first written."""
    text = package.files.get(f"classes/{name}.cls", b") {")
    return b") {" in text and b"@IsTest" not in text.partition(b"class ")[0]


def test_the_widest_spec_reaches_every_kind_of_component() -> None:
    """A kind that only another spec has would never be deployed here."""
    kinds = {component.metadata_type for component in planned_package("everything").components}
    assert kinds >= KINDS, KINDS - kinds


KINDS = {
    "ApexClass", "ApexTrigger", "CompactLayout", "CustomApplication", "CustomField", "CustomLabel", "CustomMetadata",
    "CustomObject", "CustomPermission", "CustomTab", "Dashboard", "ExternalClientApplication", "ExternalCredential",
    "ExtlClntAppConfigurablePolicies", "ExtlClntAppOauthConfigurablePolicies", "ExtlClntAppOauthSettings", "FieldSet",
    "FlexiPage", "Flow", "GlobalValueSet", "Group", "Layout", "ListView", "MutingPermissionSet", "NamedCredential",
    "PermissionSet", "PermissionSetGroup", "PlatformEventChannel", "PlatformEventChannelMember", "Queue", "RecordType",
    "Report", "ReportType", "SharingCriteriaRule", "SharingRules", "ValidationRule",
}  # fmt: skip
