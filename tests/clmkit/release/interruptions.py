"""One release of a small mapping and its way back, again and again, each time with something else gone wrong at another request."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from clmkit.cli.main import main
from clmkit.clients.transport import Patience, Reply, Transport
from orgtwin.http.ready import ReadyFile, read_ready
from orgtwin.pytest_plugin import start_process, stop_process

CLMKIT = str(Path(sys.executable).parent / "clmkit")
SMALL = Path(__file__).parents[1] / "codegen" / "golden" / "small.yml"
LONGER, SHORTER = "type: {text: 255}", "type: {text: 200}"
CLAUSES = "      clauses: {clm"
KIND = "      kind: {clm: kind, field: CLM_Kind__c, type: {text: %d}, description: Kind.}\n"
FILE, ALIAS = "org.json", "twin"
OPERATION = re.compile(rb"<s:Body><(\w+)")
SF = """\
#!{python}
import json, urllib.request
ask = urllib.request.Request("{url}/twin/admin/sessions", b'{{"username": "{username}"}}', {{"authorization": "Bearer {admin}"}})
token = json.load(urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open(ask))["access_token"]
print(json.dumps({{"status": 0, "result": {{"instanceUrl": "{url}", "accessToken": token}}}}))
"""
"""What the sf CLI does when it is asked about an org: it renews a session that has ended, then shows it."""


class Killed(BaseException):
    """The process ends here; what would be done on the way out reaches nobody."""


@dataclass(frozen=True)
class Act:
    """What is disturbed: from which state of the org, and how long the title is when it is done."""

    begins: str
    options: tuple[str, ...]
    title: int


APPLY, TAKE_BACK = Act("planned", (), 255), Act("released", ("--rollback",), 200)
"""The release makes the title longer and the kind shorter, so that records are counted; no record is hurt."""


@dataclass
class Small:
    """A twin with the small mapping deployed, its project, and a plan."""

    folder: Path
    ready: ReadyFile
    patch: pytest.MonkeyPatch
    plan_hash: str = ""
    act: Act = APPLY
    steps: dict[Act, list[str]] = field(default_factory=dict)

    def clmkit(self, *arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, arguments, catch_exceptions=False)
        return result.exit_code, result.output

    def plan(self, title: str, kind: int) -> None:
        """Write the mapping with this type of the title and this length of the kind, generate and plan."""
        spec = SMALL.read_text(encoding="utf-8").replace(LONGER, title).replace(CLAUSES, KIND % kind + CLAUSES)
        (self.folder / "mappings" / "contract.yml").write_text(spec, encoding="utf-8")
        assert self.clmkit("generate")[0] == 0
        code, output = self.clmkit("plan", "--org", FILE, "--json")
        assert code == 0, output
        self.plan_hash = json.loads(output)["hash"]

    def apply(self, org: str = FILE) -> tuple[int, str]:
        return self.clmkit("apply", self.plan_hash, "--org", org, *self.act.options)

    def ask(self, method: str, path: str, body: object = None, token: str = "") -> Any:
        headers = {"authorization": f"Bearer {token or self.ready.admin_token}"}
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(method, f"{self.ready.http_url}/{path}", json=body, headers=headers, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def open_session(self) -> str:
        token: str = self.ask("POST", "twin/admin/sessions", {"username": self.ready.username})["access_token"]
        return token

    def find(self, soql: str) -> str:
        """The id of the one record."""
        (row,) = self.ask("GET", f"services/data/v66.0/query?q={soql}", token=self.open_session())["records"]
        return str(row["Id"])

    def assign(self, name: str) -> None:
        """Give the administrator a permission set: who may not read a field cannot count its records."""
        body = {
            "AssigneeId": self.find(f"SELECT Id FROM User WHERE Username = '{self.ready.username}'"),
            "PermissionSetId": self.find(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'"),
        }
        self.create("PermissionSetAssignment", body)

    def create(self, sobject: str, body: object) -> str:
        path = f"services/data/v66.0/sobjects/{sobject}"
        return str(self.ask("POST", path, body, self.open_session())["id"])

    def write_session(self) -> None:
        """A session of the administrator that has not ended."""
        access = {"instance_url": self.ready.http_url, "access_token": self.open_session()}
        (self.folder / FILE).write_text(json.dumps(access), encoding="utf-8")

    def write_sf(self) -> None:
        """An `sf` on the PATH that knows the twin by its alias."""
        program = self.folder / "bin" / "sf"
        program.parent.mkdir()
        ready = self.ready
        words = {"url": ready.http_url, "username": ready.username, "admin": ready.admin_token}
        program.write_text(SF.format(python=sys.executable, **words), encoding="utf-8")
        program.chmod(0o700)
        self.patch.setenv("PATH", str(program.parent), prepend=":")

    def keep(self, name: str) -> None:
        """Keep the org and the plan as they are now."""
        self.ask("PUT", f"twin/admin/snapshots/{name}")
        shutil.copytree(self.folder / "build", self.folder / name)

    def begin(self, act: Act = APPLY) -> None:
        """The org and the plan as they were before the act."""
        self.act = act
        self.ask("POST", f"twin/admin/snapshots/{act.begins}/restore")
        shutil.rmtree(self.folder / "build")
        shutil.copytree(self.folder / act.begins, self.folder / "build")
        self.write_session()

    def arm(self, fault: str, after: int, count: int | None = 1) -> None:
        where = {"path": "/services/*", "after": after, "count": count}
        self.ask("POST", "twin/admin/faults", {"name": fault, **where})

    def disarm(self) -> None:
        """Raises for a fault that never fired."""
        self.ask("DELETE", "twin/admin/faults")

    def require_done(self) -> None:
        """The org holds the release, or what it held before, and nobody the org's lock."""
        token, path = self.open_session(), "services/data/v66.0/tooling/query?q="
        lock = "SELECT Id FROM CustomPermission WHERE DeveloperName = 'clmkit_Release_Lock'"
        title = "EntityDefinitionId = 'Contract' AND QualifiedApiName = 'CLM_Title__c'"
        held = self.ask("GET", path + lock, token=token)["totalSize"]
        (field,) = self.ask("GET", f"{path}SELECT Length FROM FieldDefinition WHERE {title}", token=token)["records"]
        assert (field["Length"], held) == (self.act.title, 0)


@contextmanager
def small_release(folder: Path) -> Iterator[Small]:
    """The release, and `steps`: what it and its way back ask the org for, request by request."""
    with running_twin(folder / "ready.json") as ready, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("clmkit.release.org_access.PATIENCE", Patience(attempts=2, first=0.001))
        small = Small(folder, ready, patch)
        (folder / "mappings").mkdir()
        small.write_sf()
        small.write_session()
        small.plan(SHORTER, 80)
        assert small.apply()[0] == 0
        shutil.rmtree(folder / "build")
        small.assign("CLM_Integration")
        small.plan(LONGER, 60)
        for act in (APPLY, TAKE_BACK):
            small.keep(act.begins)
            small.steps[act] = watch(small, act)
        yield small


@contextmanager
def running_twin(ready_file: Path) -> Iterator[ReadyFile]:
    process = start_process(ready_file)
    try:
        yield read_ready(ready_file)
    finally:
        stop_process(process)


def watch(small: Small, act: Act) -> list[str]:
    """Act undisturbed; answer the operation of each request."""
    small.act = act
    steps: list[str] = []
    send = Transport.send

    async def watched(self: Transport, kind: str, method: str, url: str, **more: Any) -> Reply:
        found = OPERATION.search(more.get("body") or b"")
        steps.append(found[1].decode() if found else kind)
        return await send(self, kind, method, url, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Transport, "send", watched)
        code, output = small.apply()
    assert code == 0, output
    small.require_done()
    return steps


def turns(steps: list[str]) -> list[int]:
    """The requests at which an apply turns to something else."""
    return [at for at, step in enumerate(steps) if not at or steps[at - 1] != step]


def kill(small: Small, at: int, *, is_answered: bool) -> None:
    """End the process at a request, before it is sent or once the org has answered it."""
    send = Transport.send
    sent = 0

    async def ending(self: Transport, kind: str, method: str, url: str, **more: Any) -> Reply:
        nonlocal sent
        sent += 1
        if sent == at + 1 and is_answered:
            await send(self, kind, method, url, **more)
        if sent > at:
            raise Killed
        return await send(self, kind, method, url, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Transport, "send", ending)
        with pytest.raises(Killed):
            small.apply()


def kill_before(small: Small, at: int) -> None:
    kill(small, at, is_answered=False)
    _finish(small)


def kill_after(small: Small, at: int) -> None:
    kill(small, at, is_answered=True)
    _finish(small)


def _finish(small: Small) -> None:
    code, output = small.apply()
    assert code == 0, output


def _ride_out(fault: str) -> Callable[[Small, int], None]:
    def disturb(small: Small, at: int) -> None:
        """One run is enough."""
        small.arm(fault, at)
        _finish(small)
        small.disarm()

    return disturb


def break_off(small: Small, at: int) -> None:
    """The org answers nothing any more from a request on; the run says so and how it goes on, and it does."""
    small.arm("unavailable", at, None)
    code, output = small.apply()
    assert code == 2, output
    assert "SERVER_UNAVAILABLE" in output
    assert output.endswith(("run the same command again\n", "goes on from there\n")), output
    small.disarm()
    _finish(small)


def renew_by_sf(small: Small, at: int) -> None:
    small.arm("expired_session", at)
    code, output = small.apply(ALIAS)
    assert code == 0, output
    small.disarm()


def renew_by_hand(small: Small, at: int) -> None:
    """The file holds the same session still: the run ends with what to do, and is finished with another session."""
    small.arm("expired_session", at)
    code, output = small.apply()
    assert code == 2, output
    assert f"error: {FILE}: the session in it has ended or is not valid. Write a fresh one there" in output
    assert output.endswith(("run the same command again\n", "goes on from there\n")), output
    small.disarm()
    small.write_session()
    _finish(small)


DISTURBANCES: dict[str, Callable[[Small, int], None]] = {
    "killed before a request": kill_before,
    "killed after an answer": kill_after,
    "a connection broken before anything is saved": _ride_out("drop_before_commit"),
    "a connection broken after everything is saved": _ride_out("drop_after_commit"),
    "one 503": _ride_out("unavailable"),
    "nothing but 503": break_off,
    "a session that sf renews": renew_by_sf,
    "a session that a person renews": renew_by_hand,
}
