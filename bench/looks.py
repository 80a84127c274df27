"""How many calls one bulk job after another takes of the kit: the least is four, and each look that came too early is one more.

    PYTHONPATH=. python bench/looks.py [--rows 10000] [--jobs 14]

Upserts the same rows again and again. Nothing is told in advance, so the first job may be looked at too early, and its record ids
cost a call; from the second on the looks come when the jobs before were over. A busy machine makes jobs slow and their time vary.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from pathlib import Path

from bench.load import COLUMNS, KEY, OBJECT, object_xml, profile_xml, rows
from tests.orgtwin.events.test_pubsub import deploy
from tests.orgtwin.metadata.conftest import package_of

from clmkit.clients.salesforce import Salesforce
from clmkit.clients.salesforce_login import GivenToken
from clmkit.clients.transport import Transport, open_session
from orgtwin.http.ready import ReadyFile, read_ready
from orgtwin.metadata.archive import write_archive
from orgtwin.pytest_plugin import start_process, stop_process

LEAST = 4


async def play(ready: ReadyFile, count: int, jobs: int) -> None:
    records = [dict(zip(COLUMNS, row, strict=True)) for row in rows(count, "kit")]
    async with open_session(Path(ready.ca_bundle)) as session:
        transport = Transport(session)
        org = Salesforce(transport, ready.https_url, GivenToken(ready.access_token), "66.0")
        costs = []
        for number in range(jobs):
            before = sum(transport.calls.values())
            results = await org.upsert_bulk(OBJECT, KEY, records, needs_ids=number == 0)
            assert all(result.is_success for result in results)
            costs.append(sum(transport.calls.values()) - before)
    ratio = sum(costs[1:]) / (LEAST * (jobs - 1))
    print(f"calls a job: {costs}, load {os.getloadavg()[0]:.1f}; after the first {ratio:.2f} times the least")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=14)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-looks-") as folder:
        process = start_process(Path(folder) / "ready.json")
        try:
            ready = read_ready(Path(folder) / "ready.json")
            files = {f"objects/{OBJECT}.object": object_xml(), "profiles/Admin.profile": profile_xml()}
            deploy(ready, write_archive(package_of(files, {"CustomObject": [OBJECT], "Profile": ["Admin"]})))
            asyncio.run(play(ready, options.rows, options.jobs))
        finally:
            stop_process(process)


if __name__ == "__main__":
    main()
