"""Both twins as processes, the shipped project deployed, 200 contracts in the CLM: the world of the tests over sockets."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import requests
from click.testing import CliRunner
from simple_salesforce.api import Salesforce
from tests.clmkit.twins import BIN, running

from clmkit.cli.demo.run import SYNC_CONFIG
from clmkit.cli.main import main

ROOT = Path(__file__).parents[3]
PATIENCE = 60.0


@dataclass(frozen=True)
class Live:
    folder: Path
    org: Mapping[str, str]
    clm: Mapping[str, str]
    bearer: str

    def sync(self, *command: str, config: str = "sync.yml") -> tuple[int, dict[str, Any]]:
        """The command's exit code and its JSON."""
        arguments = [*command, "--json", "--config", str(self.folder / config)]
        result = CliRunner().invoke(main, arguments, catch_exceptions=False)
        return result.exit_code, json.loads(result.stdout)

    def ask(self, *command: str, config: str = "sync.yml") -> tuple[int, str]:
        """The command's exit code and what it says, errors among it."""
        result = CliRunner().invoke(main, [*command, "--config", str(self.folder / config)], catch_exceptions=False)
        return result.exit_code, result.output

    def sync_and_kill(self, after_seconds: float) -> bool:
        """Whether the kill came before the end."""
        command = [str(BIN / "clmkit"), "sync", "run", "--config", str(self.folder / "sync.yml")]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(after_seconds)
            return False
        child.kill()
        child.wait()
        return True

    def call_clm(self, method: str, path: str, body: Any = None) -> Any:
        return self.click(method, path, body, "")

    def click(self, method: str, path: str, body: Any, traceparent: str, user: str = "user") -> Any:
        """What somebody does in the CLM, as a step of a trace."""
        headers = {"Authorization": f"Bearer {self.bearer}", "traceparent": traceparent, "x-clm-user": user}
        answer = requests.request(method, self.clm["http_url"] + path, json=body, headers=headers, timeout=PATIENCE)
        answer.raise_for_status()
        return answer.json()

    def call_org_admin(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.org['admin_token']}"}
        answer = requests.request(
            method, f"{self.org['http_url']}/twin/admin/{path}", json=body, headers=headers, timeout=PATIENCE
        )
        answer.raise_for_status()
        return answer.json()

    @cached_property
    def people(self) -> Salesforce:
        """The org as its administrator sees it."""
        session = requests.Session()
        session.trust_env = False
        session.verify = self.org["ca_bundle"]
        return Salesforce(
            instance_url=self.org["https_url"], session_id=self.org["access_token"], session=session, version="66.0"
        )

    def count(self, sobject: str) -> int:
        return int(self.people.query(f"SELECT count() FROM {sobject} WHERE CLM_Id__c != null")["totalSize"])


@contextlib.contextmanager
def living(folder: Path) -> Iterator[Live]:
    """Both twins, the shipped project deployed, 200 contracts in the CLM, their counterparties as accounts."""
    with contextlib.ExitStack() as stack:
        org = stack.enter_context(running("orgtwin", folder / "org.json"))
        clm = stack.enter_context(running("clmtwin", folder / "clm.json"))
        _deploy(folder, org)
        world = Live(folder, org, clm, _bearer(clm))
        _import_contracts(world)
        _create_accounts(world)
        (folder / "sync.yml").write_text(SYNC_CONFIG.format(spec=ROOT / "mappings/contract.yml"))
        yield world
        world.people.session.close()


def _deploy(folder: Path, org: Mapping[str, str]) -> None:
    home = folder / "home"
    (home / ".cumulusci").mkdir(parents=True)
    (home / ".cumulusci/cumulus_timestamp").write_text("9999999999")
    git = shutil.which("git")
    assert git is not None
    (home / "bin").mkdir()
    (home / "bin/git").symlink_to(git)
    login = {
        "access_token": org["access_token"],
        "instance_url": org["https_url"],
        "org_id": org["org_id"],
        "username": org["username"],
    }
    environment = {
        "CUMULUSCI_DISABLE_REFRESH": "1",
        "CUMULUSCI_KEY": "0123456789abcdef",
        "CUMULUSCI_ORG_twin": json.dumps(login),
        "HOME": str(home),
        "PATH": str(home / "bin"),
        "REQUESTS_CA_BUNDLE": org["ca_bundle"],
    }
    command = [str(BIN / "cci"), "flow", "run", "dev_org", "--org", "twin"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _bearer(clm: Mapping[str, str]) -> str:
    form = {"grant_type": "client_credentials", "client_id": clm["client_id"], "client_secret": clm["client_secret"]}
    return str(requests.post(clm["http_url"] + "/oauth/token", data=form, timeout=PATIENCE).json()["access_token"])


def _import_contracts(world: Live) -> None:
    headers = {"Authorization": f"Bearer {world.bearer}", "Content-Type": "text/csv"}
    body = (ROOT / "datasets/cuad/contracts.csv").read_bytes()
    answer = requests.post(
        world.clm["http_url"] + "/api/v1/imports/contracts", data=body, headers=headers, timeout=PATIENCE
    )
    assert answer.json() == {"read": 200, "created": 200, "already_present": 0, "rejected": []}


def _create_accounts(world: Live) -> None:
    parties = world.call_clm("GET", "/api/v1/counterparties?limit=1000")["counterparties"]
    rows = [{"attributes": {"type": "Account"}, "Name": one["name"], "CLM_Party_Id__c": one["id"]} for one in parties]
    for start in range(0, len(rows), 200):
        body = {"allOrNone": True, "records": rows[start : start + 200]}
        results = world.people.restful("composite/sobjects", method="POST", json=body)
        assert results is not None
        assert all(result["success"] for result in results)


def check_nothing_lost_nothing_doubled(live: Live) -> None:
    keys = [
        row["CLM_Id__c"]
        for row in live.people.query_all("SELECT CLM_Id__c FROM Contract WHERE CLM_Id__c != null")["records"]
    ]
    assert len(keys) == len(set(keys)) == 198
    assert (live.count("CLM_Party__c"), live.count("CLM_Document__c")) == (430, 198)
    code, report = live.sync("reconcile")
    assert (code, report["differences"]) == (0, [])


def is_registered(live: Live) -> bool:
    headers = {"Authorization": f"Bearer {live.bearer}"}
    return (
        requests.get(live.clm["http_url"] + "/api/v1/webhooks/clmkit", headers=headers, timeout=PATIENCE).status_code
        == 200
    )


def wait_until(is_so: Callable[[], bool]) -> None:
    """Asks again and again, and leaves the processor to those who are waited for."""
    deadline, pause = time.monotonic() + PATIENCE, threading.Event()
    while not is_so():
        assert time.monotonic() < deadline
        pause.wait(0.02)
