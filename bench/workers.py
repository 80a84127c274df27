"""What several workers settle together, and how soon one takes up what another had when it was killed (B10).

    python bench/workers.py [--changes 2000]        after `make worker`

For one worker and for two: agreements are created in the CLM twin, and the time until every one of them is settled in a PostgreSQL
state of their own is taken, from the first worker's start-up being over. Then changes come to all of them, one of two workers is
killed with SIGKILL while it works, and the time until the other settles something is taken. The end is compared row by row.

Twins, database and workers share the machine, and that bounds what a second worker can bring: one worker alone is never faster
than its own processor time for a change allows, and two never faster than all cores allow for the processor time of everybody. So
this tells the processor time of each process for one change, and that bound beside what was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import requests
from bench.processes import children_by_name, processor_seconds
from simple_salesforce.api import Salesforce
from tests.clmkit.sync.postgres import PostgresServer, running_postgres

from clmkit.cli.demo.systems import running_systems
from clmkit.sync.config import load_config
from clmkit.sync.reconcile import reconcile_once
from clmkit.sync.state import State

ROOT = Path(__file__).parents[1]
PATIENCE = 600.0


class Bench:
    def __init__(self, run: Path, server: PostgresServer, name: str) -> None:
        address = server.new_database()
        self.server, self.state = server, State(address)
        self.twins = children_by_name({"org twin": "orgtwin", "CLM twin": "clmtwin"})
        self.ready = msgspec.json.decode((run / "clm.json").read_bytes())
        self.org = msgspec.json.decode((run / "org.json").read_bytes())
        text = (run / "sync.yml").read_text(encoding="utf-8")
        (run / f"{name}.state").write_text(address, encoding="utf-8")
        self.config = run / f"{name}.yml"
        text = text.replace("state: sync.sqlite", f"state: {{file: {name}.state}}")
        guards = "guards: {changed_from: 1000000, emptied_from: 1000000}"
        self.config.write_text(f"{text}\npace: at_once\n{guards}\n", encoding="utf-8")
        login = {
            "grant_type": "client_credentials",
            **{key: self.ready[key] for key in ("client_id", "client_secret")},
        }
        token = requests.post(f"{self.ready['http_url']}/oauth/token", data=login, timeout=60).json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def ask_clm(self, method: str, path: str, body: Any = None) -> Any:
        url = self.ready["http_url"] + path
        answer = requests.request(method, url, json=body, headers=self.headers, timeout=PATIENCE)
        answer.raise_for_status()
        return answer.json()

    def create(self, count: int, seed: int) -> None:
        self.ask_clm("POST", "/admin/agreements", {"count": count, "seed": seed})
        session = requests.Session()
        session.trust_env = False
        session.verify = self.org["ca_bundle"]
        salesforce: Any = Salesforce(
            instance_url=self.org["https_url"], session_id=self.org["access_token"], session=session, version="66.0"
        )
        parties = self.ask_clm("GET", "/api/v1/counterparties?limit=1000")["counterparties"]
        rows = [{"Name": one["name"], "CLM_Party_Id__c": one["id"]} for one in parties]
        salesforce.bulk2.Account.upsert(records=rows, external_id_field="CLM_Party_Id__c")

    def retitle(self, ids: list[str], word: str) -> None:
        for one in ids:
            self.ask_clm("PATCH", f"/api/v1/agreements/{one}", {"title": f"{word} {one}"})

    @contextmanager
    def worker(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        command = [str(ROOT / ".worker/bin/python"), "-m", "clmkit.worker", "--config", str(self.config)]
        with self.log(name).open("ab") as log:
            child = subprocess.Popen([*command, "--name", name, "--every", "0.2", "--json"], stdout=log, stderr=log)
        try:
            yield child
        finally:
            child.terminate()
            child.wait(PATIENCE)

    def log(self, name: str) -> Path:
        return self.config.with_suffix(f".{name}.log")

    def settled_by(self, name: str) -> int:
        lines = self.log(name).read_text(encoding="utf-8").splitlines() if self.log(name).exists() else []
        return sum(int(json.loads(line)["events"]) for line in lines if line.startswith("{"))

    def outcomes(self) -> dict[str, int]:
        return self.state.inbox.count_outcomes()

    def settled(self) -> int:
        """Events of both systems: what Salesforce tells of a record that is new is one more."""
        return sum(count for outcome, count in self.outcomes().items() if outcome != "waiting")

    def is_quiet(self) -> bool:
        """Whether everything that the CLM has told was read and settled."""
        page = self.ask_clm("GET", f"/api/v1/changes?limit=1&after={self.state.get_cursor('clm')}")
        return not page["changes"] and self.outcomes().get("waiting", 0) == 0

    def processors(self, workers: Mapping[str, int]) -> dict[str, float]:
        database = int((self.server.socket / "data/postmaster.pid").read_text().split()[0])
        return processor_seconds({**workers, **self.twins, "PostgreSQL": database})


def wait_for(is_so: Callable[[], bool], pause: float = 0.1) -> float:
    started = time.perf_counter()
    while not is_so():
        if time.perf_counter() - started > PATIENCE:
            raise SystemExit("the workers did not come to an end; see their logs")
        time.sleep(pause)
    return time.perf_counter() - started


@dataclass(frozen=True)
class Load:
    """Changes a second, and the seconds of processor time of the workers and of everybody for one change."""

    rate: float
    workers: float
    all: float

    @property
    def most_of_two(self) -> float:
        """What two of these can be beside one at most: cores / all beside 1 / workers."""
        return min(2.0, (os.cpu_count() or 1) * self.workers / self.all)


def measure_load(bench: Bench, names: list[str], changes: int, seed: int) -> Load:
    bench.create(changes, seed)
    with ExitStack() as stack:
        workers = {name: stack.enter_context(bench.worker(name)).pid for name in names}
        wait_for(lambda: sum(bench.settled_by(name) for name in names) > 0)
        before, used = bench.settled(), bench.processors(workers)
        seconds = wait_for(lambda: bench.settled() >= changes and bench.outcomes().get("waiting", 0) == 0)
        settled = bench.settled() - before
        if not settled:
            raise SystemExit("the first round settled everything; take more --changes")
        used = {name: spent - used[name] for name, spent in bench.processors(workers).items()}
    told = ", ".join(f"{name} {1000 * spent / settled:.2f}" for name, spent in used.items())
    print(f"milliseconds of processor time a change: {told}; {sum(used.values()) / seconds:.2f} processors in use")
    own = sum(spent for name, spent in used.items() if name in names)
    return Load(settled / seconds, own / settled, sum(used.values()) / settled)


def measure_takeover(bench: Bench, changes: int) -> float:
    ids = [one["id"] for one in bench.ask_clm("GET", f"/api/v1/agreements?limit={min(changes, 200)}")["agreements"]]
    with bench.worker("survivor"), bench.worker("victim") as victim:
        wait_for(lambda: bench.outcomes().get("waiting", 0) == 0)
        bench.retitle(ids, "Killed")
        wait_for(lambda: bench.settled_by("victim") + bench.settled_by("survivor") > 0, 0.002)
        victim.kill()
        bench.retitle(ids, "Taken up")
        before = bench.settled_by("survivor")
        seconds = wait_for(lambda: bench.settled_by("survivor") > before, 0.002)
        wait_for(bench.is_quiet)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--changes", type=int, default=2000)
    changes = parser.parse_args().changes
    loads: dict[int, Load] = {}
    with tempfile.TemporaryDirectory() as folder, running_postgres() as server:
        for workers in (1, 2):
            with running_systems(ROOT, Path(folder) / str(workers)) as run:
                bench = Bench(run, server, "load")
                names = [f"worker-{number}" for number in range(1, workers + 1)]
                loads[workers] = measure_load(bench, names, changes, workers)
                takeover = measure_takeover(bench, changes)
                differing = reconcile_once(load_config(bench.config))
                print(
                    f"{workers} worker(s)  {loads[workers].rate:8.0f} changes/s   a killed worker's share taken up in "
                    f"{takeover:.2f} s   {differing.differing} of {differing.fields_compared} values differ"
                )
    ratio, most = loads[2].rate / loads[1].rate, loads[1].most_of_two
    place = f"on {os.cpu_count()} cores that twins and database share, load {os.getloadavg()[0]:.1f}"
    print(f"two beside one: {ratio:.2f} x; at most {most:.2f} x is possible {place}")


if __name__ == "__main__":
    main()
