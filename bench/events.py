"""What events cost: saves without and with a captured object, and how fast they go in and out over gRPC.

    PYTHONPATH=. .venv/bin/python bench/events.py [rows]

Prints processor time a saved row (kernel alone, with a listening event service, with the object captured), and events a second that
one client publishes and reads over the Pub/Sub API of `orgtwin serve`, decoding included.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.orgtwin.events.pubsub_client import Client, Requests, fetch
from tests.orgtwin.events.stage import package
from tests.orgtwin.events.test_pubsub import deploy

from orgtwin.http.client_commands import call_admin
from orgtwin.http.ready import read_ready
from orgtwin.http.start import start_twin
from orgtwin.metadata.deploy_model import DeployOptions
from orgtwin.metadata.service import MetadataService
from orgtwin.org import Org
from orgtwin.pytest_plugin import start_process, stop_process
from orgtwin.seed import administrator, new_org

BATCH = 200
EVENT = "/event/Seen__e"
NO_LIMITS = {"DailyDeliveredPlatformEvents": 10**9, "HourlyPublishedPlatformEvents": 10**9}


def microseconds(rows: int, work: Callable[[], None]) -> float:
    """Processor time a row."""
    gc.collect()
    start = time.process_time()
    work()
    return 1e6 * (time.process_time() - start) / rows


def insert(org: Org, rows: int) -> None:
    caller = administrator(org)
    for start in range(0, rows, BATCH):
        batch = [{"Name": f"a{n}", "Phone": str(n), "AccountNumber": str(n)} for n in range(start, start + BATCH)]
        org.dml.insert(caller, "Account", batch)


def saves(rows: int) -> None:
    kernel, quiet, captured = new_org(), start_twin().twin, start_twin().twin
    zip_file, options = package(), DeployOptions(single_package=True, ignore_warnings=True)
    captured.part(MetadataService).deploy(administrator(captured.org), zip_file, options)
    for _round in range(3):
        for name, org in (("kernel alone", kernel), ("no channel", quiet.org), ("captured", captured.org)):
            print(f"save, {name:14} {microseconds(rows, partial(insert, org, rows)):7.1f} us a row")

    print(f"kept on the bus      {len(captured.events.bus):>9,} events")


def wire(events: int) -> None:
    with TemporaryDirectory() as folder:
        process = start_process(Path(folder) / "ready.json")
        ready = read_ready(Path(folder) / "ready.json")
        deploy(ready, package())
        call_admin(ready, "PUT", "limits", NO_LIMITS)
        client = Client(ready)
        request = client.publish_request(EVENT, *({"Deal__c": f"d{n}", "Size__c": n} for n in range(BATCH)))
        start = time.perf_counter()
        for _ in range(events // BATCH):
            client.call("Publish", request)
        print(f"publish over gRPC    {events / (time.perf_counter() - start):9,.0f} events/s")
        requests, read = Requests(fetch(EVENT, 100, 1)), 0
        start = time.perf_counter()
        for response in client.call("Subscribe", requests):
            read += len([client.decode(event) for event in response.events])
            if read >= events:
                break
            requests.put(fetch("", len(response.events)))
        print(f"subscribe and decode {events / (time.perf_counter() - start):9,.0f} events/s")
        requests.end()
        client.close()
        stop_process(process)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    saves(count)
    wire(count)
