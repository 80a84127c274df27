"""How long it takes, and how many API calls, to find one wrong row among a million: `clmkit sync reconcile` on the org twin.

    python bench/tree.py [--rows 1000000] [--rounds 3]

Loads the rows with the kit's loader into an object without automation, and remembers them as the sync does. Then: the first sweep,
which reads all rows by one Bulk API 2.0 query; a sweep when nothing was written; sweeps after one row was changed behind the sync's
back, another row each time. Told of each: seconds, processor time of the kit, calls as the org counts them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import msgspec
from bench.load import COLUMNS, KEY, OBJECT, object_xml, profile_xml, rows, simple, used, write_csv
from bench.load_contestants import load_with_kit
from tests.orgtwin.events.test_pubsub import deploy
from tests.orgtwin.metadata.conftest import package_of

from clmkit.clients.salesforce import Salesforce
from clmkit.clients.salesforce_login import GivenToken
from clmkit.clients.transport import Transport, open_session
from clmkit.mapping.model import ObjectMapping, Spec
from clmkit.sync.engine import load_linted, utc_now
from clmkit.sync.state import Link, State
from clmkit.sync.sweep import Sweep, SweepReport
from orgtwin.http.ready import ReadyFile, read_ready
from orgtwin.metadata.archive import write_archive
from orgtwin.pytest_plugin import start_process, stop_process

SHIPPED = Path(__file__).parents[1] / "mappings/contract.yml"
TAG, PAGE = "kit", 10_000


def bench_spec() -> Spec:
    """The shipped mapping with one object: texts that the CLM owns."""
    shipped = load_linted(SHIPPED)
    contract = shipped.get_object("contract")
    title = next(column for column in contract.fields if column.name == "title")
    replace = msgspec.structs.replace
    columns = [replace(title, name=f"text{n}", salesforce=name) for n, name in enumerate(COLUMNS[1:])]
    fields = (replace(contract.key, salesforce=KEY), *columns)
    mapping: ObjectMapping = replace(contract, salesforce=OBJECT, fields=fields, depends_on=())
    return replace(shipped, objects=(mapping,))


def remember(state: State, ids: Iterator[tuple[str, str]], count: int) -> None:
    """The links that a backfill leaves."""
    known, links = dict(ids), []
    for row in rows(count, TAG):
        base = dict(zip(COLUMNS[1:], row[1:], strict=True))
        links.append(Link("contract", row[0], row[0], known[row[0]], 1, "", base))
        if len(links) == PAGE:
            with state.transaction():
                state.put_links(links)
            links = []
    with state.transaction():
        state.put_links(links)


async def play(ready: ReadyFile, folder: Path, count: int, rounds: int) -> None:
    state, spec = State(folder / "sync.sqlite"), bench_spec()
    async with open_session(Path(ready.ca_bundle)) as session:
        org = Salesforce(Transport(session), ready.https_url, GivenToken(ready.access_token), "66.0")
        found = [(one[KEY], one["Id"]) async for one in org.query_bulk(f"SELECT Id, {KEY} FROM {OBJECT}")]
        remember(state, iter(found), count)
        await asyncio.sleep(61)  # what was written within a minute is not relied on

        async def sweep(name: str) -> SweepReport:
            before, started, used_cpu = used(ready), time.perf_counter(), time.process_time()
            report = await Sweep(spec, state, org, utc_now).run()
            seconds, cpu = time.perf_counter() - started, time.process_time() - used_cpu
            calls = used(ready) - before - 1
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(
                f"{name:<24}{seconds:>8.2f} s {cpu:>8.2f} s of processor time {calls:>5} calls"
                f" {report.objects['contract'].leaves_read:>6} leaves read {len(report.findings):>3} findings {peak:>5} MB",
                flush=True,
            )
            return report

        print(f"{count:,} rows of {len(COLUMNS)} columns, load {os.getloadavg()[0]:.1f}")
        assert (await sweep("first sweep")).is_clean
        assert (await sweep("nothing was written")).is_clean
        chance, records = random.Random(1), dict(found)
        for _ in range(rounds):
            key = f"K{chance.randrange(count):07d}"
            getattr(simple(ready), OBJECT).update(records[key], {"Text3__c": "wrong"})
            report = await sweep("one row is wrong")
            assert [one.key for one in report.findings] == [key], report.findings
            value = next(link.base["Text3__c"] for link in [state.find_link("contract", key)] if link)
            getattr(simple(ready), OBJECT).update(records[key], {"Text3__c": value})
            assert (await sweep("put right")).is_clean
    state.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-tree-") as name:
        folder = Path(name)
        process = start_process(folder / "ready.json")
        try:
            ready = read_ready(folder / "ready.json")
            files = {f"objects/{OBJECT}.object": object_xml(), "profiles/Admin.profile": profile_xml()}
            deploy(ready, write_archive(package_of(files, {"CustomObject": [OBJECT], "Profile": ["Admin"]})))
            write_csv(folder / "rows.csv", options.rows, TAG)
            load_with_kit(asdict(ready), folder / "rows.csv", OBJECT, KEY)
            asyncio.run(play(ready, folder, options.rows, options.rounds))
        finally:
            stop_process(process)


if __name__ == "__main__":
    main()
