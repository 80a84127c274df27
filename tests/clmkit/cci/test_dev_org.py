"""Unmodified CumulusCI deploys the shipped project to an org that others wrote: the org twin, over a socket."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from simple_salesforce.api import Salesforce
from tests.clmkit.twins import running

from clmkit.codegen.xml import parse_component

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Org:
    """A running org twin, how CumulusCI is to find it, and a copy of the project to build in."""

    ready: Mapping[str, str]
    home: Path
    project: Path

    def cci(self, *arguments: str) -> str:
        """Run CumulusCI; it must succeed."""
        done = self.try_cci(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def try_cci(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run CumulusCI with nothing on PATH but git: no Node, no sf CLI."""
        access = {name: self.ready[name] for name in ("access_token", "org_id", "username")}
        environment = {
            "COLUMNS": "200",
            "CUMULUSCI_DISABLE_REFRESH": "1",
            "CUMULUSCI_KEY": "0123456789abcdef",
            "CUMULUSCI_ORG_twin": json.dumps({**access, "instance_url": self.ready["https_url"]}),
            "HOME": str(self.home),
            "PATH": str(self.home / "bin"),
            "REQUESTS_CA_BUNDLE": self.ready["ca_bundle"],
        }
        command = [str(BIN / "cci"), *arguments]
        return subprocess.run(
            command, cwd=self.project, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    def rest(self) -> Salesforce:
        session = requests.Session()
        session.trust_env = False  # REQUESTS_CA_BUNDLE would win over the line below
        session.verify = self.ready["ca_bundle"]
        return Salesforce(instance_url=self.ready["https_url"], session_id=self.ready["access_token"], session=session)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Org]:
    folder = tmp_path_factory.mktemp("org")
    with running("orgtwin", folder / "ready.json") as ready:
        yield Org(ready, _make_home(folder), _copy_project(folder))


@pytest.fixture(scope="module")
def org(fresh: Org) -> Org:
    """The org once the flow has run."""
    assert "CLM_Id__c" not in contract_fields(fresh)
    run_flow(fresh)
    return fresh


def run_flow(org: Org) -> None:
    assert "Completed flow 'dev_org' on org twin successfully!" in org.cci("flow", "run", "dev_org", "--org", "twin")


def _make_home(folder: Path) -> Path:
    """A home that is quiet about newer versions, and a PATH that holds git alone."""
    home = folder / "home"
    (home / ".cumulusci").mkdir(parents=True)
    (home / ".cumulusci" / "cumulus_timestamp").write_text("9999999999")
    (home / "bin").mkdir()
    git = shutil.which("git")
    assert git is not None
    (home / "bin" / "git").symlink_to(git)
    return home


def _copy_project(folder: Path) -> Path:
    """What CumulusCI reads, in a checkout of its own: two builds in one folder would take each other's files."""
    project = folder / "project"
    shutil.copytree(ROOT / "force-app", project / "force-app")
    for name in ("cumulusci.yml", "sfdx-project.json"):
        shutil.copy(ROOT / name, project)
    subprocess.run(["git", "init", "--quiet", project], check=True)
    return project


def test_the_flow_deploys_and_assigns_and_may_be_repeated(org: Org) -> None:
    key = contract_fields(org)["CLM_Id__c"]
    assert (key["externalId"], key["unique"], key["caseSensitive"]) == (True, True, True)
    assert assigned(org) == {
        (org.ready["username"], "CLM_Linking"),
        (org.ready["username"], "CLM_Steward"),
        (org.ready["integration_username"], "CLM_Integration"),
    }
    run_flow(org)


def contract_fields(org: Org) -> dict[str, dict[str, object]]:
    described = org.rest().restful("sobjects/Contract/describe")
    assert described is not None
    return {field["name"]: field for field in described["fields"]}


def assigned(org: Org) -> set[tuple[str, str]]:
    query = "SELECT Assignee.Username, PermissionSet.Name FROM PermissionSetAssignment WHERE PermissionSet.Name LIKE 'CLM_%'"
    return {(row["Assignee"]["Username"], row["PermissionSet"]["Name"]) for row in org.rest().query(query)["records"]}


def test_every_deployed_component_is_retrieved_as_it_was_generated(org: Org, tmp_path: Path) -> None:
    for part in ("settings", "project"):
        built, retrieved = org.project / "build" / "mdapi" / part, tmp_path / part
        retrieved.mkdir()
        manifest = str(built / "package.xml")
        org.cci(
            "task", "run", "retrieve_unpackaged", "--org", "twin", "--package_xml", manifest, "--path", str(retrieved)
        )
        assert contents(retrieved) == contents(built)


def contents(folder: Path) -> dict[str, object]:
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: comparable(path) for name, path in files.items()}


def comparable(path: Path) -> object:
    """Code and content by the byte; XML by its elements, whatever their order."""
    if path.suffix in (".cls", ".resource", ".trigger"):
        return path.read_bytes()
    root, body = parse_component(path.read_bytes())
    return root, {
        name: sorted(map(repr, value)) if isinstance(value, list) else repr(value) for name, value in body.items()
    }


def test_a_package_that_was_never_built_fails_the_deploy(org: Org) -> None:
    done = org.try_cci("task", "run", "deploy_project", "--org", "twin", "--path", "build/none")
    assert done.returncode == 1
    assert "build/none: no package to deploy; run `cci task run build_metadata` first" in done.stdout + done.stderr


def test_the_sample_data_flow_fills_every_mapped_object(org: Org) -> None:
    org.cci("flow", "run", "sample_data", "--org", "twin")
    query = "SELECT COUNT() FROM {} WHERE CLM_Id__c LIKE 'SAMPLE-%'"
    counts = {
        name: org.rest().query(query.format(name))["totalSize"] for name in ("Contract", "CLM_Party__c", "CLM_Line__c")
    }
    assert counts == {"Contract": 10, "CLM_Party__c": 20, "CLM_Line__c": 20}
