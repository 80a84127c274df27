"""How long a change takes from one system to the other while 50 a second are made, by latency class of the spec.

    python bench/latency.py [--seconds 30] [--rate 50] [--back 5]

Both twins and the sync run on this machine; the sync follows, rung by the CLM's webhooks and by Salesforce's events. Measured from
the moment before the edit is sent to the moment when the other system has answered the write that carries it. Editors on both sides
write at a fixed rate, whatever the answers take. At the end every edited value is compared on both sides.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import Any

import aiohttp
import msgspec
from bench.sync import ROOT, Bench

from clmkit.cli.demo.systems import running_systems
from clmkit.clients.clm import JsonObject
from clmkit.clients.salesforce import Record, RowResult
from clmkit.connectors.signatures import is_genuine
from clmkit.sync.config import WebhookConfig, load_config
from clmkit.sync.doorbell import HOOK_NAME, follow, listening
from clmkit.sync.engine import Engine, open_engine, open_listening
from clmkit.sync.listening import EventsConfig
from clmkit.sync.reconcile import Comparison

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
P50_BAR, P99_BAR = 0.050, 0.250
LAST_DAY = date(2031, 1, 1)
FORTH, BACK = "CLM to Salesforce", "Salesforce to CLM"

# field of the spec -> the patch that changes it
EDITS: Mapping[str, Any] = {
    "title": lambda n: {"title": f"Title {n}"},
    "end_date": lambda n: {"term": {"start": "2026-01-01", "signed": None, "end": str(LAST_DAY + timedelta(days=n))}},
    "total_value": lambda n: {"value": {"total": f"{1000 + n}.00", "arr": None, "currency": "USD"}},
}


@dataclass
class Watch:
    """What is on its way: (direction, agreement) -> when and of which class; and how long what arrived took."""

    waiting: dict[tuple[str, str], list[tuple[float, str]]] = field(default_factory=dict)
    taken: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def sent(self, direction: str, agreement: str, latency_class: str) -> None:
        self.waiting.setdefault((direction, agreement), []).append((time.perf_counter(), latency_class))

    def arrived(self, direction: str, agreement: str, asked_at: float) -> None:
        """What was sent before the write was asked for came with it."""
        now = time.perf_counter()
        rest = []
        for started, latency_class in self.waiting.pop((direction, agreement), []):
            if started < asked_at:
                self.taken.setdefault((direction, latency_class), []).append(now - started)
            else:
                rest.append((started, latency_class))
        if rest:
            self.waiting[direction, agreement] = rest


class WatchedOrg:
    """The org, telling when writes were answered."""

    def __init__(self, org: Any, watch: Watch) -> None:
        self._org, self._watch = org, watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._org, name)

    async def upsert_collection(
        self, sobject: str, key: str, records: Sequence[Record], *, patient: bool = True
    ) -> list[RowResult]:
        return await self._noted(self._org.upsert_collection(sobject, key, records, patient=patient), key, records)

    async def upsert_composite(
        self, sobject: str, key: str, records: Sequence[Record], *, patient: bool = True
    ) -> list[RowResult]:
        return await self._noted(self._org.upsert_composite(sobject, key, records, patient=patient), key, records)

    async def _noted(self, answer: Any, key: str, records: Sequence[Record]) -> list[RowResult]:
        started = time.perf_counter()
        results: list[RowResult] = await answer
        for record in records:
            self._watch.arrived(FORTH, str(record[key]), started)
        return results


class WatchedClm:
    def __init__(self, clm: Any, watch: Watch) -> None:
        self._clm, self._watch = clm, watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._clm, name)

    async def patch_agreement(self, agreement_id: str, revision: int, change: JsonObject) -> JsonObject:
        started = time.perf_counter()
        saved: JsonObject = await self._clm.patch_agreement(agreement_id, revision, change)
        self._watch.arrived(BACK, agreement_id, started)
        return saved


@dataclass
class Editors:
    bench: Bench
    watch: Watch
    classes: Mapping[str, str]
    ids: Sequence[str]
    records: Mapping[str, str]
    owner_of: dict[str, str]
    owners: Sequence[str]
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    async def edit_clm(self, seconds: float, rate: float) -> None:
        async with aiohttp.ClientSession(headers=self.bench.headers) as session:
            await self._at_rate(seconds, rate, lambda number: self._patch_clm(session, number))

    async def edit_salesforce(self, seconds: float, rate: float) -> None:
        headers = {"Authorization": f"Bearer {self.bench.org['access_token']}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            await self._at_rate(seconds, rate, lambda number: self._patch_org(session, number))

    async def _at_rate(self, seconds: float, rate: float, edit: Any) -> None:
        started, tasks = time.perf_counter(), []
        for number in range(int(seconds * rate)):
            await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
            tasks.append(asyncio.create_task(edit(number)))
        await asyncio.gather(*tasks)

    async def _patch_clm(self, session: aiohttp.ClientSession, number: int) -> None:
        agreement = self.chance.choice(self.ids)
        name = list(EDITS)[number % len(EDITS)]
        self.watch.sent(FORTH, agreement, self.classes[name])
        url = f"{self.bench.clm['http_url']}/api/v1/agreements/{agreement}"
        async with session.patch(url, json=EDITS[name](number)) as answer:
            assert answer.status == 200, await answer.text()

    async def _patch_org(self, session: aiohttp.ClientSession, number: int) -> None:
        """Give the contract to the other of two people."""
        agreement = self.ids[number % len(self.ids)]
        self.watch.sent(BACK, agreement, self.classes["owner"])
        url = f"{self.bench.org['http_url']}/services/data/v66.0/sobjects/Contract/{self.records[agreement]}"
        owner = self.owner_of[agreement] = next(one for one in self.owners if one != self.owner_of[agreement])
        async with session.patch(url, json={"OwnerId": owner}) as answer:
            assert answer.status == 204, await answer.text()


@asynccontextmanager
async def following(engine: Engine) -> AsyncIterator[None]:
    """The sync follows inside the block, rung by webhooks and events."""
    bell, stopped = asyncio.Event(), asyncio.Event()
    assert engine.listening is not None
    engine.listening.ring = bell.set
    hook = WebhookConfig("127.0.0.1", 0, "", (SECRET,))
    async with (
        engine.listening.open(),
        listening(hook, partial(is_genuine, "standard", (SECRET,)), bell.set) as address,
    ):
        await engine.clm.put_webhook(HOOK_NAME, address, SECRET)
        task = asyncio.create_task(follow(engine, bell, stopped, 10.0, lambda report: None))
        try:
            yield
        finally:
            stopped.set()
            await task


async def measure(bench: Bench, seconds: float, rate: float, back: float) -> None:
    engine = bench.engine
    engine.allow = True
    await bench.run()
    ids = bench.create(200)
    await bench.run()
    found = bench.salesforce.query_all("SELECT Id, CLM_Id__c, OwnerId FROM Contract WHERE CLM_Id__c LIKE 'AGR-%'")[
        "records"
    ]
    records = {row["CLM_Id__c"]: row["Id"] for row in found if row["CLM_Id__c"] in set(ids)}
    owner_of = {row["CLM_Id__c"]: row["OwnerId"] for row in found}
    others = bench.salesforce.query(
        "SELECT Id FROM User WHERE Id != '" + bench.org["user_id"] + "' AND IsActive = true"
    )
    owners = [bench.org["user_id"], *(row["Id"] for row in others["records"][:1])]
    whole = next(mapping for mapping in engine.spec.objects if mapping.clm == "agreements")
    classes = {column.name: column.latency for column in whole.fields}
    watch = Watch()
    engine.org, engine.clm = WatchedOrg(engine.org, watch), WatchedClm(engine.clm, watch)
    editors = Editors(bench, watch, classes, [one for one in ids if one in records], records, owner_of, owners)
    engine.limits = msgspec.structs.replace(engine.limits, changed_from=10**6, emptied_from=10**6)
    async with following(engine):
        await asyncio.gather(editors.edit_clm(3, rate), editors.edit_salesforce(3, back))
        await asyncio.sleep(1)
        watch.taken.clear()
        watch.waiting.clear()
        await asyncio.gather(editors.edit_clm(seconds, rate), editors.edit_salesforce(seconds, back))
        await asyncio.sleep(3)
    report = await Comparison(engine.spec, engine.org, engine.clm, engine.state).run()
    promises = {latency.name: latency.p99_seconds for latency in engine.spec.latency}
    print(f"{rate:g} edits a second in the CLM, {back:g} in Salesforce, for {seconds:g} s; milliseconds")
    print("direction            class         changes     p50     p95     p99     max   promised p99")
    for (direction, latency_class), times in sorted(watch.taken.items()):
        cuts = quantiles(times, n=100)
        promise = promises.get(latency_class)
        promised = f"{1000 * promise:.0f}" if promise else "by the clock"
        print(
            f"{direction:<21}{latency_class:<12}{len(times):>9}{1000 * cuts[49]:>8.0f}{1000 * cuts[94]:>8.0f}"
            f"{1000 * cuts[98]:>8.0f}{1000 * max(times):>8.0f}   {promised:>12}"
        )
    for direction in (FORTH, BACK):
        every = [one for (way, _), times in watch.taken.items() if way == direction for one in times]
        cuts = quantiles(every, n=100)
        is_met = cuts[49] <= P50_BAR and cuts[98] <= P99_BAR
        told = f"p50 {1000 * cuts[49]:.0f} ms of {1000 * P50_BAR:.0f}, p99 {1000 * cuts[98]:.0f} ms of {1000 * P99_BAR:.0f}"
        print(f"{direction}: {told}: {'met' if is_met else 'not met'}; load {os.getloadavg()[0]:.1f}")
    print(f"{sum(len(one) for one in watch.waiting.values())} edits did not arrive, {report.differing} fields differ")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--back", type=float, default=5)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-latency-") as folder,
        running_systems(ROOT, Path(folder) / "project") as run,
    ):
        org, clm = (msgspec.json.decode((run / name).read_bytes()) for name in ("org.json", "clm.json"))
        config = replace(load_config(run / "sync.yml"), state=Path(folder) / "bench.sqlite")
        async with open_engine(config) as engine:
            engine.listening = open_listening(engine, config, config.events or EventsConfig(), lambda: None)
            await measure(Bench(engine, clm, org), options.seconds, options.rate, options.back)


if __name__ == "__main__":
    asyncio.run(main())
