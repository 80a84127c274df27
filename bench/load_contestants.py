"""One contestant of bench/load.py: loads the file and prints seconds, processor seconds and the largest memory in megabytes.

Each imports only what it needs, so that the memory told is its own.
"""

from __future__ import annotations

import asyncio
import csv
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

VERSION = "66.0"
Org = dict[str, Any]
Load = Callable[[Org, Path, str, str], None]


def load_with_kit(org: Org, source: Path, sobject: str, key: str) -> None:
    from clmkit.clients.salesforce import Salesforce
    from clmkit.clients.salesforce_login import GivenToken
    from clmkit.clients.transport import Transport, open_session
    from clmkit.sync.load import Loader
    from clmkit.sync.state import State

    async def run() -> None:
        state = State(source.with_suffix(".sqlite"))
        async with open_session(Path(org["ca_bundle"])) as session:
            salesforce = Salesforce(Transport(session), org["https_url"], GivenToken(org["access_token"]), VERSION)
            loader = Loader(state, salesforce, lambda: "2026-11-22T00:00:00Z", time.time, "bench")
            report = await loader.run(source.stem, sobject, key, source)
        state.close()
        assert report.refused == 0, report

    asyncio.run(run())


def simple(org: Org) -> Any:
    import requests
    from simple_salesforce.api import Salesforce

    session = requests.Session()
    session.trust_env = False
    session.verify = org["ca_bundle"]
    return Salesforce(instance_url=org["https_url"], session_id=org["access_token"], session=session, version=VERSION)


def load_with_bulk2(org: Org, source: Path, sobject: str, key: str) -> None:
    results = getattr(simple(org).bulk2, sobject).upsert(csv_file=str(source), external_id_field=key, wait=1)
    assert not sum(result["numberRecordsFailed"] for result in results), results


def load_with_bulk1(org: Org, source: Path, sobject: str, key: str) -> None:
    with source.open(newline="") as file:
        data = list(csv.DictReader(file))
    results = getattr(simple(org).bulk, sobject).upsert(data, key, batch_size=10_000)
    assert all(result["success"] for result in results)


CONTESTANTS: dict[str, Load] = {"kit": load_with_kit, "bulk2": load_with_bulk2, "bulk1": load_with_bulk1}


def main(name: str, ready_file: str, source: str, sobject: str, key: str) -> None:
    org = json.loads(Path(ready_file).read_text())
    started = time.perf_counter()
    CONTESTANTS[name](org, Path(source), sobject, key)
    print(json.dumps([time.perf_counter() - started, time.process_time(), peak_megabytes()]))


def peak_megabytes() -> float:
    """The largest memory of this program alone; what getrusage tells begins with the program that started it (proc(5), VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
