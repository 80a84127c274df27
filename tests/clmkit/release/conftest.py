"""One org for all release tests of a session: the org twin with the shipped project, deployed by CumulusCI."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests
from click.testing import CliRunner
from simple_salesforce.api import Salesforce

from clmkit.cli.demo.systems import running_systems
from clmkit.cli.main import main
from clmkit.clients.metadata_api import DeployResult
from clmkit.clients.salesforce import Salesforce as OrgRecords
from clmkit.clients.salesforce_login import ClientCredentials
from clmkit.clients.transport import Transport, open_session
from clmkit.codegen.mdapi import Component, make_package, render_manifest
from clmkit.codegen.xml import Body, render_component
from clmkit.release.org_access import OrgClients, open_org, read_access

ROOT = Path(__file__).parents[3]
API_VERSION = "66.0"
SNAPSHOT = "deployed"
T = TypeVar("T")


@dataclass(frozen=True)
class Org:
    """A deployed org and a project beside it; `ready` says how to reach it."""

    project: Path
    ready_file: Path

    @property
    def ready(self) -> Mapping[str, str]:
        loaded: dict[str, str] = json.loads(self.ready_file.read_text(encoding="utf-8"))
        return loaded

    def clmkit(self, *arguments: str) -> tuple[int, str]:
        """Run a command in the project's folder; answer its exit code and everything that it printed."""
        result = CliRunner().invoke(main, arguments, catch_exceptions=False)
        return result.exit_code, result.output

    def release(self, command: str, *arguments: str) -> tuple[int, str]:
        return self.clmkit(command, *arguments, "--org", str(self.ready_file))

    def plan(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        code, output = self.release("plan", "--json", *arguments)
        document: dict[str, Any] = json.loads(output)
        return code, document

    def rewrite(self, old: str, new: str) -> None:
        """Write the mapping otherwise and generate."""
        spec = self.project / "mappings" / "contract.yml"
        text = spec.read_text(encoding="utf-8")
        assert old in text
        spec.write_text(text.replace(old, new, 1), encoding="utf-8")
        code, output = self.clmkit("generate", "--force")
        assert code == 0, output

    def decide(self, *names: str) -> None:
        folder = self.project / "docs" / "decisions"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "0001-decided.md").write_text("".join(f"Decides: {name}\n" for name in names), encoding="utf-8")

    def ask(self, work: Callable[[OrgClients], Coroutine[Any, Any, T]]) -> T:
        """Something done with the org behind the release's back."""

        async def run() -> T:
            async with open_org(read_access(str(self.ready_file)), API_VERSION) as org:
                return await work(org)

        return asyncio.run(run())

    def ask_as_integration(self, work: Callable[[OrgRecords], Coroutine[Any, Any, T]]) -> T:
        """Something done with the org's records as the sync does it."""
        login = ClientCredentials(self.ready["client_id"], self.ready["client_secret"])

        async def run() -> T:
            async with open_session(Path(self.ready["ca_bundle"])) as session:
                return await work(OrgRecords(Transport(session), self.ready["https_url"], login, API_VERSION))

        return asyncio.run(run())

    def deploy(self, metadata_type: str, full_name: str, path: str, body: Body) -> None:
        """Deploy one component by hand, as somebody would from another project."""
        content = render_component("CustomObject" if path.startswith("objects/") else metadata_type, body).encode()
        package = make_package({path: content}, [Component(metadata_type, full_name)], API_VERSION)

        async def work(org: OrgClients) -> DeployResult:
            return await org.metadata.wait_for_deploy(await org.metadata.start_deploy(package.files, check_only=False))

        result = self.ask(work)
        assert result.is_success, result.failures

    def remove(self, names: list[str]) -> None:
        """Delete components that only a test made."""
        gone = [Component(*name.split(" ", 1)) for name in names]
        files = {
            "package.xml": render_manifest([], API_VERSION).encode(),
            "destructiveChanges.xml": render_manifest(gone, API_VERSION).encode(),
        }

        async def work(org: OrgClients) -> DeployResult:
            return await org.metadata.wait_for_deploy(await org.metadata.start_deploy(files, check_only=False))

        result = self.ask(work)
        assert result.is_success, result.failures

    def keep(self) -> None:
        """Write the org to a snapshot, to which `put_back` returns."""
        self.administer("PUT", f"snapshots/{SNAPSHOT}")

    def put_back(self) -> None:
        """The org and the project as they were in the beginning."""
        for folder in ("docs", "build/plans", "build/retirements", "build/reverts"):
            shutil.rmtree(self.project / folder, ignore_errors=True)
        for folder in ("mappings", "force-app"):
            shutil.rmtree(self.project / folder)
            shutil.copytree(ROOT / folder, self.project / folder)
        for state in (self.project / "build" / "run").glob("sync.sqlite*"):
            state.unlink()
        self.administer("POST", f"snapshots/{SNAPSHOT}/restore")

    def administer(self, method: str, path: str) -> None:
        """Ask the twin itself, as its administrator."""
        headers = {"authorization": f"Bearer {self.ready['admin_token']}"}
        with requests.Session() as session:
            session.trust_env = False
            url = f"{self.ready['http_url']}/twin/admin/{path}"
            session.request(method, url, headers=headers, timeout=60).raise_for_status()

    def rest(self) -> Salesforce:
        """The integration user, who may write contracts."""
        session = requests.Session()
        session.trust_env = False
        session.verify = self.ready["ca_bundle"]
        form = {
            "grant_type": "client_credentials",
            "client_id": self.ready["client_id"],
            "client_secret": self.ready["client_secret"],
        }
        token = session.post(f"{self.ready['https_url']}/services/oauth2/token", data=form, timeout=30).json()
        return Salesforce(
            instance_url=self.ready["https_url"], session_id=token["access_token"], session=session, version=API_VERSION
        )


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Org]:
    with running_systems(ROOT, tmp_path_factory.mktemp("release") / "project") as run:
        org = Org(run.parents[1], run / "org.json")
        org.keep()
        yield org


@pytest.fixture
def org(deployed: Org, monkeypatch: pytest.MonkeyPatch) -> Iterator[Org]:
    """The deployed org, with the working directory in its project; put back after the test."""
    monkeypatch.chdir(deployed.project)
    yield deployed
    deployed.put_back()
