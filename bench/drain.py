"""How long the sync takes to drain a backlog while both systems fail now and then, beside the same backlog in fair weather.

    PYTHONPATH=. python bench/drain.py [--agreements 2000] [--rounds 3]

In each round every agreement is changed in the CLM twice over: once in fair weather, once with faults armed in both twins. Some
changes hold a value that has to be parked, and some give an agreement a line, which the org refuses while the faults are armed. A
backlog is drained when no event waits. Then the dead letters are compared with those that the changes and the faults foretell, one
by one; what was refused is redriven in fair weather, and every value of both systems is compared.

The waits before a request is sent again are the same for a small backlog, so below some 2,000 agreements they are most of what is
measured.

Exit code 1 when draining takes more than 1.5 times as long (medians of the rounds), a dead letter is missing or too many, a fault
never struck, or the systems differ at an end.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import requests
from bench.sync import AT_ONCE, ROOT, Bench

from clmkit.cli.demo.systems import running_systems
from clmkit.sync.config import load_config
from clmkit.sync.engine import open_engine
from clmkit.sync.guards import Limits
from clmkit.sync.reconcile import Comparison
from clmkit.sync.redrive import Filter, apply_redrive, plan_redrive

BAR = 1.5
MOST_RUNS = 50
EVERY_UNREAD, EVERY_LINE = 20, 50
NO_LAW = "The law of the sea; the law of the jungle"

ORG_FAULTS: Sequence[dict[str, Any]] = (
    {"name": "unavailable", "path": "*/composite*", "count": 2},
    {"name": "row_lock", "object": "Contract", "after": 100, "count": 40},
    {"name": "drop_before_commit", "path": "*/composite*", "after": 1},
    {"name": "drop_after_commit", "path": "*/composite*", "after": 1},
    {"name": "partial_success", "object": "CLM_Line__c", "count": None},
)
CLM_FAULTS: Sequence[dict[str, Any]] = (
    {"name": "http_503", "path": "/api/v1/changes", "times": 2},
    {"name": "http_429", "path": "/api/v1/changes"},
    {"name": "dropped_before_commit", "path": "/api/v1/changes"},
)

DeadLetters = set[tuple[str, str, str, str]]
"""Kind, object, key and field."""


@dataclass(frozen=True)
class Drained:
    """`wrong` says what is not as it has to be; empty when all is."""

    seconds: float
    runs: int
    letters: int
    wrong: list[str]


class Drain:
    """`standing` are the dead letters of the first load: generated agreements without an account wait all along."""

    def __init__(self, bench: Bench, created: Sequence[str]) -> None:
        self.bench = bench
        self.standing = self.dead_letters()
        waiting = {row.agreement_id for row in bench.engine.state.read_parked()}
        ids = self.ids = [one for one in created if one not in waiting]
        self.turn = 0
        self.org_admin = requests.Session()
        self.org_admin.headers["Authorization"] = f"Bearer {bench.org['admin_token']}"
        agreements = bench.read_agreements()
        self.lines: dict[str, list[dict[str, Any]]] = {one: agreements[one]["lines"] for one in ids}

    async def drain(self, *, faulty: bool) -> Drained:
        self.turn += 1
        expected = await self.change(faulty=faulty)
        if faulty:
            self.arm()
        started, runs = time.perf_counter(), 0
        while runs == 0 or (self.waiting() and runs < MOST_RUNS):
            self.bench.engine.allow = True
            await self.bench.engine.run()
            runs += 1
        seconds = time.perf_counter() - started
        found = self.dead_letters() - self.standing
        gone = self.standing - self.dead_letters()
        wrong: list[str] = []
        wrong += [f"too many: {sorted(found - expected)[:3]}"] * bool(found - expected)
        wrong += [f"missing: {sorted(expected - found)[:3]}"] * bool(expected - found)
        wrong += [f"no longer there: {sorted(gone)[:3]}"] * bool(gone)
        wrong += self.disarm() if faulty else []
        return Drained(seconds, runs, len(found), [*wrong, *await self.heal()])

    async def change(self, *, faulty: bool) -> DeadLetters:
        """Give every agreement a new title, some a law that nobody knows, some a line. Returns the dead letters to come."""
        bodies: dict[str, dict[str, Any]] = {}
        expected: DeadLetters = set()
        for place, one in enumerate(self.ids):
            body = bodies[one] = {"title": f"Turn {self.turn} {one}"}
            if place % EVERY_UNREAD == 0:
                body["governing_law"] = f"{NO_LAW} {self.turn}"
                expected.add(("value", "contract", one, "governing_law"))
            if place % EVERY_LINE == 7:
                line = {
                    "id": f"LIN-{self.turn}-{one}",
                    "product": "Licence",
                    "quantity": "1",
                    "unit_price": "5",
                    "amount": "5",
                }
                body["lines"] = self.lines[one] = [*self.lines[one], line]
                expected |= {("row", "line", line["id"], "key")} if faulty else set()
        await self.patch(bodies)
        return expected

    async def patch(self, bodies: dict[str, dict[str, Any]]) -> None:
        gate = asyncio.Semaphore(AT_ONCE)
        base = f"{self.bench.clm['http_url']}/api/v1/agreements/"

        async def send(session: aiohttp.ClientSession, one: str, body: dict[str, Any]) -> None:
            async with gate, session.patch(base + one, json=body) as answer:
                assert answer.status == 200, await answer.text()

        async with aiohttp.ClientSession(headers=self.bench.headers) as session:
            await asyncio.gather(*(send(session, one, body) for one, body in bodies.items()))

    def waiting(self) -> int:
        return self.bench.engine.state.inbox.count_outcomes().get("waiting", 0)

    def dead_letters(self) -> DeadLetters:
        return {(row.kind, row.object, row.key, row.field) for row in self.bench.engine.state.read_parked()}

    def arm(self) -> None:
        for fault in ORG_FAULTS:
            self.ask_org("POST", fault)
        for fault in CLM_FAULTS:
            self.bench.ask_clm("POST", "/admin/faults", fault)

    def disarm(self) -> list[str]:
        """Which faults never struck."""
        idle = [one["name"] for one in self.ask_org("GET")["armed"] if not one["fired"]]
        self.ask_org("DELETE")
        idle += [
            one["order"]["name"]
            for one in self.bench.ask_clm("DELETE", "/admin/faults")["disarmed"]
            if not one["struck"]
        ]
        return [f"never struck: {', '.join(idle)}"] if idle else []

    def ask_org(self, method: str, body: Any = None) -> Any:
        url = f"{self.bench.org['http_url']}/twin/admin/faults"
        return self.org_admin.request(method, url, json=body, timeout=60).json()

    async def heal(self) -> list[str]:
        """Redrive what was refused, give back a law that is known, and compare all."""
        engine = self.bench.engine
        apply_redrive(engine.state, plan_redrive(engine.state, Filter(kind="row"), again=True), engine.now())
        await self.patch({one: {"governing_law": None} for one in self.ids[::EVERY_UNREAD]})
        report = await self.bench.run()
        left = [f"{report.waiting} events wait after all"] * bool(report.waiting)
        letters = self.dead_letters() - self.standing
        left += [f"left over: {sorted(letters)[:3]}"] * bool(letters)
        compared = await Comparison(engine.spec, engine.org, engine.clm, engine.state).run()
        return [
            *left,
            *([f"{compared.differing} values differ: {compared.differences[:2]}"] if compared.differing else []),
        ]


async def measure(drain: Drain, rounds: int) -> bool:
    """Whether all bars are met."""
    fair: list[Drained] = []
    foul: list[Drained] = []
    for turn in range(rounds):
        fair.append(await drain.drain(faulty=False))
        foul.append(await drain.drain(faulty=True))
        for name, one in (("fair", fair[-1]), ("faults", foul[-1])):
            told = "; ".join(one.wrong) or "dead letters as foretold, both systems equal at the end"
            print(
                f"{turn + 1} {name:<7}{one.seconds:>8.2f} s {one.runs:>3} runs {one.letters:>5} dead letters: {told}",
                flush=True,
            )
    ratio = statistics.median(one.seconds for one in foul) / statistics.median(one.seconds for one in fair)
    is_met = ratio <= BAR and not any(one.wrong for one in (*fair, *foul))
    print(f"ratio {ratio:.2f} (bar {BAR}), load {os.getloadavg()[0]:.1f}: {'met' if is_met else 'NOT MET'}")
    return is_met


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agreements", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-drain-") as folder,
        running_systems(ROOT, Path(folder) / "project") as run,
    ):
        org, clm = (msgspec.json.decode((run / name).read_bytes()) for name in ("org.json", "clm.json"))
        unbounded = Limits(changed_from=10**9, emptied_from=10**9)
        config = replace(load_config(run / "sync.yml"), state=Path(folder) / "bench.sqlite", guards=unbounded)
        async with open_engine(config) as engine:
            bench = Bench(engine, clm, org)
            await bench.run()
            ids = bench.create(options.agreements)
            await bench.run()
            return 0 if await measure(Drain(bench, ids), options.rounds) else 1


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
