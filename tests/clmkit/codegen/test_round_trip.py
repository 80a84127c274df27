"""Every component of every spec, deployed to an org that others wrote: tests pass, Apex is covered, all comes back as it was.

The org runs all generated Apex tests before it takes anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.clmkit.codegen.cumulus import Door, load_sample
from tests.clmkit.codegen.specs import EXTERNAL_OBJECT, SPECS, project_of, spec_of

from clmkit.clients.metadata_api import DeployResult
from clmkit.codegen.mdapi import Package, convert_source, split_settings
from clmkit.codegen.rules import is_guarded
from clmkit.mapping.model import FieldKind, ObjectMapping, Spec
from clmkit.release.components import compare_components, read_components
from clmkit.release.org_access import OrgAccess, open_org, read_access

PATIENCE = 60.0
VERSION = "66.0"
LEAST_COVERED = 90  # per cent, of each class and trigger

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Visit:
    """What went to an org of its own, and what the org said and gave back."""

    package: Package
    results: list[DeployResult]
    back: Mapping[str, bytes]
    tests: Mapping[str, Any]  # runTestResult of the deploy
    spec: Spec
    loaded: Mapping[str, list[Mapping[str, Any]]]  # the sample records by object


@pytest.fixture(scope="module", params=SPECS)
def visit(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    folder, spec = tmp_path_factory.mktemp(request.param), spec_of(request.param)
    files = project_of(request.param)
    package = convert_source(files, VERSION)
    with running_org(folder / "ready.json") as access:
        results, back = asyncio.run(deploy_and_retrieve(access, package))
        door = Door(folder / "ready.json", VERSION)
        asked = door.get(f"metadata/deployRequest/{results[-1].deploy_id}", includeDetails="true")
        door.assign(spec.integration.permission_set, f"{spec.prefix}_Linking")
        recipe, steps = (files[f"generated/support/datasets/sample.{part}.yml"] for part in ("recipe", "mapping"))
        load_sample(door, folder, recipe, steps, VERSION)
        loaded = {mapping.salesforce: sample_records(door, mapping) for mapping in spec.objects}
    return Visit(package, results, back, asked["deployResult"]["details"]["runTestResult"], spec, loaded)


def sample_records(door: Door, mapping: ObjectMapping) -> list[Mapping[str, Any]]:
    columns = ", ".join(dict.fromkeys(["Id", *(field.salesforce for field in mapping.columns)]))
    return door.find(f"SELECT {columns} FROM {mapping.salesforce} WHERE {mapping.key.salesforce} LIKE 'SAMPLE-%'")


@contextlib.contextmanager
def running_org(ready: Path) -> Iterator[OrgAccess]:
    log = ready.with_suffix(".log")
    command = [str(Path(sys.executable).parent / "orgtwin"), "serve", "--ready-file", str(ready)]
    with log.open("wb") as output:
        twin = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        access = _wait_for(ready, twin, log)
        asyncio.run(prepare(access))
        yield access
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


async def prepare(access: OrgAccess) -> None:
    """The external object that a lookup of a spec leads to is there before: somebody else's, and not a part of what is made."""
    async with open_org(access, VERSION) as clients:
        started = await clients.metadata.start_deploy(EXTERNAL_OBJECT, check_only=False)
        assert (await clients.metadata.wait_for_deploy(started)).status == "Succeeded"


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


def test_the_sample_records_arrive_with_their_parents_their_types_and_all_that_is_required(visit: Visit) -> None:
    filled = {mapping.salesforce: mapping for mapping in visit.spec.objects if is_guarded(mapping)}
    assert {name for name in filled if not visit.loaded[name]} == set()
    for name, mapping in filled.items():
        must = [field.salesforce for field in mapping.columns if field.type.kind is FieldKind.MASTER_DETAIL]
        must += [mapping.key.salesforce, *(["RecordTypeId"] if mapping.record_types else [])]
        assert [row for row in visit.loaded[name] if any(row[column] is None for column in must)] == []


def test_the_sample_fills_every_field_that_the_clm_fills_but_references(visit: Visit) -> None:
    kinds = (FieldKind.LOOKUP, FieldKind.MASTER_DETAIL)
    for mapping in visit.spec.objects:
        for field in mapping.columns if is_guarded(mapping) else ():
            if field.to_salesforce and field.type.kind not in kinds and not field.type.kind.is_computed:
                values = [row[field.salesforce] for row in visit.loaded[mapping.salesforce]]
                assert values.count(None) < len(values), f"{mapping.name}.{field.name}"


def test_the_widest_spec_reaches_every_kind_of_component() -> None:
    """A kind that only another spec has would never be deployed here."""
    package = convert_source(project_of("everything"), VERSION)
    kinds = {component.metadata_type for component in package.components}
    assert kinds >= KINDS, KINDS - kinds


KINDS = {
    "ApexClass", "ApexTrigger", "CompactLayout", "CustomApplication", "CustomField", "CustomLabel", "CustomMetadata",
    "CustomObject", "CustomPermission", "CustomTab", "Dashboard", "ExternalClientApplication", "ExternalCredential",
    "ExtlClntAppConfigurablePolicies", "ExtlClntAppOauthConfigurablePolicies", "ExtlClntAppOauthSettings", "FieldSet",
    "FlexiPage", "Flow", "GlobalValueSet", "Group", "Layout", "ListView", "MutingPermissionSet", "NamedCredential",
    "PermissionSet", "PermissionSetGroup", "PlatformEventChannel", "PlatformEventChannelMember", "Queue", "RecordType",
    "Report", "ReportType", "SharingCriteriaRule", "SharingRules", "StaticResource", "ValidationRule",
}  # fmt: skip
