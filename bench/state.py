"""What the sync's memory costs: changes appended and settled, single appends, Salesforce's events into the inbox.

    python bench/state.py [--changes 1000000] [--events 100000] [--postgresql]

append, settle   changes in batches of 10,000: taken in once each (random event ids), settled with their outcomes
copy             PostgreSQL's floor for that: the same rows by COPY alone, into a table with the same indexes
single append    one event in a transaction of its own, on the disk before it is answered: what a webhook would wait for; in turns
                 with the least that could be: 4 KB and fsync into a file of its own, or one INSERT of the same row in PostgreSQL
events           change events of Salesforce in batches of 100, decoded from Avro as the Pub/Sub API sends them, judged (echo or
                 work) against their links, kept with the stream's position
Rates are of wall clock and of the bench's own processor time, because the machine may be busy. PostgreSQL's server is a process of
its own, and without fsync here: how soon its disk answers is no fact about the sync. Run with PYTHONPATH=. for it.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import random
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import quantiles
from typing import Any
from zlib import crc32

import fastavro
import psycopg
from tests.clmkit.sync.postgres import running_postgres

from clmkit.clients.pubsub import Batch
from clmkit.clients.pubsub.records import Decoder
from clmkit.sync.database import Target
from clmkit.sync.database_postgres import Postgres
from clmkit.sync.engine import load_linted
from clmkit.sync.inbox import InboxEvent, Settled
from clmkit.sync.listening import EventsConfig, Listening
from clmkit.sync.report import Tally
from clmkit.sync.state import Link, State

SPEC = Path(__file__).parents[1] / "mappings/contract.yml"
BATCH, AT = 10_000, "2026-11-22T00:00:00.000Z"
SINGLES, PER_FETCH = 5_000, 100
RECORDS = 20_000
FETCHES_A_ROUND = 40
"""What has come while the sync was busy with a round is taken at once."""
HEADER = {
    "type": "record",
    "name": "ChangeEventHeader",
    "fields": [
        {"name": "entityName", "type": "string"},
        {"name": "recordIds", "type": {"type": "array", "items": "string"}},
        {"name": "changeType", "type": "string"},
        {"name": "changeOrigin", "type": "string"},
        {"name": "transactionKey", "type": "string"},
        {"name": "sequenceNumber", "type": "int"},
        {"name": "commitTimestamp", "type": "long"},
        {"name": "commitUser", "type": "string"},
        {"name": "nulledFields", "type": {"type": "array", "items": "string"}},
        {"name": "changedFields", "type": {"type": "array", "items": "string"}},
    ],
}
SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "ContractChangeEvent",
    "fields": [
        {"name": "ChangeEventHeader", "type": HEADER},
        *(
            {"name": name, "type": ["null", "string"]}
            for name in ("CLM_Title__c", "CLM_Governing_Law__c", "Status", "OwnerId")
        ),
        *({"name": f"Other{n}__c", "type": ["null", "string"]} for n in range(15)),
    ],
}


def timed(name: str, count: int, work: Callable[[], None]) -> None:
    started, used = time.perf_counter(), time.process_time()
    work()
    seconds, processor = time.perf_counter() - started, time.process_time() - used
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{name:<24}{count / seconds:>10,.0f}/s {count / processor:>10,.0f}/s of processor time"
        f" {1e6 * processor / count:>7.1f} us each {memory:>5} MB",
        flush=True,
    )


def append_and_settle(state: State, changes: int) -> None:
    for start in range(0, changes, BATCH):
        events = [
            InboxEvent(f"evt_{random.getrandbits(96):024x}", "clm", f"AGR-{number:07d}", 1, "user")
            for number in range(start, min(start + BATCH, changes))
        ]
        with state.transaction():
            new = state.inbox.add(events, AT)
        outcomes = ("pushed" if number % 50 else "parked" for number in range(len(new)))
        with state.transaction():
            state.inbox.settle(Settled(one.sequence, outcome, "") for one, outcome in zip(new, outcomes, strict=True))


def copy(connection: psycopg.Connection, changes: int) -> None:
    """The floor: the same rows by COPY alone, into a table with the same indexes; nothing is looked up, nothing is settled."""
    connection.execute("CREATE TABLE floor (LIKE event INCLUDING ALL)")
    for start in range(0, changes, BATCH):
        ids = [f"evt_{random.getrandbits(96):024x}" for _ in range(start, min(start + BATCH, changes))]
        with connection.transaction(), connection.cursor() as cursor, cursor.copy("COPY floor FROM STDIN") as rows:
            for number, event_id in enumerate(ids, start):
                place = (number, crc32(event_id.encode()), event_id)
                rows.write_row((*place, "clm", f"AGR-{number:07d}", 1, "user", AT))


def append_singly(state: State, least: Callable[[int], None]) -> Iterator[tuple[float, float]]:
    """Seconds of an append, and of the least that it could be."""
    for number in range(SINGLES):
        started = time.perf_counter()
        with state.transaction():
            state.inbox.add([InboxEvent(f"single_{number}_{random.getrandbits(64)}", "clm", "AGR-1", 1, "user")], AT)
        appended = time.perf_counter()
        least(number)
        yield appended - started, time.perf_counter() - appended


def insert_alone(connection: psycopg.Connection) -> Callable[[int], None]:
    connection.execute("CREATE TABLE alone (LIKE event INCLUDING ALL)")
    insert = "INSERT INTO alone VALUES (%s, %s, %s, 'clm', 'AGR-1', 1, 'user', %s)"

    def least(number: int) -> None:
        event_id = f"alone_{number}_{random.getrandbits(64)}"
        connection.execute(insert, (number, crc32(event_id.encode()), event_id, AT))

    return least


def sync_alone(path: Path) -> Callable[[int], None]:
    file, page = path.open("ab", buffering=0), bytes(4096)

    def least(_number: int) -> None:
        file.write(page)
        os.fsync(file.fileno())

    return least


def payloads(events: int) -> list[list[tuple[str, bytes]]]:
    """Fetches of 100: two thirds our own echoes, a third edits by people; ids repeat as one record changes again."""
    parsed, fetches = fastavro.parse_schema(SCHEMA), []
    for start in range(0, events, PER_FETCH):
        fetch = []
        for number in range(start, start + PER_FETCH):
            is_ours = number % 3 != 0
            header = {
                "entityName": "Contract",
                "recordIds": [f"800{number % RECORDS:015d}"],
                "changeType": "UPDATE",
                "changeOrigin": "com/salesforce/api/rest/66.0;client=" + ("clmkit" if is_ours else "browser"),
                "transactionKey": f"{number:012x}",
                "sequenceNumber": 1,
                "commitTimestamp": 1_795_000_000_000,
                "commitUser": "005000000000001AAA",
                "nulledFields": [],
                "changedFields": ["0x02" if is_ours else "0x10"],
            }
            values = dict.fromkeys((f["name"] for f in SCHEMA["fields"][1:]), None)
            out = io.BytesIO()
            told = {**values, "CLM_Title__c": "Supply", "OwnerId": "005000000000002AAA"}
            fastavro.schemaless_writer(out, parsed, {"ChangeEventHeader": header, **told})
            fetch.append((f"{number:032x}", out.getvalue()))
        fetches.append(fetch)
    return fetches


def hear(state: State, events: int) -> None:
    spec = load_linted(SPEC)
    with state.transaction():
        state.put_links(
            Link("contract", f"AGR-{n}", f"AGR-{n}", f"800{n:015d}", 1, "", {"CLM_Title__c": "Supply"})
            for n in range(RECORDS)
        )
    fetches, decoder = payloads(events), Decoder(SCHEMA)

    async def stream(_transport: str, _topic: str, _position: bytes | None, _renewed: bool) -> AsyncIterator[Batch]:
        for number, fetch in enumerate(fetches):
            records = [decoder.decode(payload, event_id) for event_id, payload in fetch]
            yield Batch(tuple(records), number.to_bytes(8, "big"))
        await asyncio.Event().wait()

    config = EventsConfig(topics=("/data/ContractChangeEvent",), deliveries_a_day=10**9)
    listening = Listening(spec, state, stream, config, lambda: None, lambda: AT)
    last = (len(fetches) - 1).to_bytes(8, "big").hex()

    async def run() -> None:
        tally = Tally()
        async with listening.open():
            while state.get_cursor("grpc:/data/ContractChangeEvent") != last:
                for _ in range(FETCHES_A_ROUND):
                    await asyncio.sleep(0)
                listening.take(tally)

    timed("events into the inbox", events, lambda: asyncio.run(run()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--postgresql", action="store_true", help="a server of its own instead of a file of SQLite")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-state-"))
        target: Target = Path(folder) / "sync.sqlite"
        if options.postgresql:
            target = stack.enter_context(running_postgres()).new_database()
        state = State(target)
        timed("append, settle", options.changes, lambda: append_and_settle(state, options.changes))
        if isinstance(state.database, Postgres):
            connection = state.database.connection
            timed("copy alone", options.changes, lambda: copy(connection, options.changes))
        counts = state.inbox.count_outcomes()
        assert sum(counts.values()) == options.changes, counts
        if isinstance(state.database, Postgres):
            least = insert_alone(psycopg.connect(str(target), autocommit=True))
        else:
            least = sync_alone(Path(folder) / "alone")
        pairs = zip(("single append", "the least"), zip(*append_singly(state, least), strict=True), strict=True)
        for name, taken in pairs:
            cuts = [1e3 * cut for cut in quantiles(taken, n=1000)]
            print(f"{name:<24}p50 {cuts[499]:.2f} ms, p99 {cuts[989]:.2f} ms, p99.9 {cuts[998]:.2f} ms")
        hear(state, options.events)
        state.close()
        if isinstance(target, Path):
            print(f"{target.stat().st_size / (options.changes + options.events):.0f} bytes a change on the disk")


if __name__ == "__main__":
    main()
