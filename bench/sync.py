"""What the sync costs in API calls, beside four others on the same org twin: a simple-salesforce loop, a collections script, the sf
CLI and CumulusCI (`sync_peers`).

    python bench/sync.py [--agreements 10000] [--changes 10000] [--rounds 3]

Loads the agreements, then plays five patterns of changes in the CLM, a few times over. For each: Salesforce calls as the org itself
counts them (Sforce-Limit-Info), looks and logins included; what the writing costs at least, by Salesforce's own limits
(`least_of`); rows per second. The kit hears Salesforce's events meanwhile, so that it learns of edits there without asking. After
the kit each peer has its turn, flush by flush: it is given the rows that the flush changed, each once, with a title of its own, and
never asks. The loop is played on 200 rows, sf and CumulusCI on some of a pattern's flushes; their calls are scaled.

There are two trickles, of 10 changes a second by a clock of the bench's. At once: what each look, every ten seconds, sees is
written; one call for each look is the least, for anybody. Promised within five minutes, by a latency class of the mapping: changes
go together after half of that; the peers are given the same time.

At once, a peer that is given the rows of a look can do no worse and no better than one call: a tie there is the least there is.

After each turn the titles in Salesforce are compared row by row: after the kit's all of them with the CLM's, after a peer's those
that it wrote with what it was given. Ends with 1 when a pattern took more than 1.2 times the least, when a peer needed fewer calls,
or as many where fewer are possible, or when rows differ. `make node-tools` installs the sf CLI.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import requests
from bench.sync_peers import Peer, peers, write_collections
from simple_salesforce.api import Salesforce

from clmkit.cli.demo.systems import running_systems
from clmkit.mapping.model import Latency, LatencyClass
from clmkit.sync.config import load_config
from clmkit.sync.engine import Engine, open_engine, open_listening, utc_now
from clmkit.sync.listening import EventsConfig
from clmkit.sync.report import RunReport
from clmkit.sync.schedule import SHARE, Pace

ROOT = Path(__file__).parents[1]
AT_ONCE = 8
MOST_RATIO = 1.2
A_LOOK, PROMISED = 10.0, 300.0
"""Seconds between two looks of the trickle, and within which a change is to be there in the one that is promised minutes."""

Flush = Sequence[tuple[int, bool]]
"""Agreements by place, and whether Salesforce will see the change."""


@dataclass(frozen=True)
class Pattern:
    """`flushes` are the changes between two runs, `promised` the seconds that a change may take."""

    name: str
    flushes: Sequence[Flush]
    promised: float = 0.0

    @property
    def changes(self) -> int:
        return sum(len(flush) for flush in self.flushes)

    @property
    def written(self) -> Sequence[Flush]:
        """The changes that go together: of a look, or of as many looks as the promise lets wait."""
        looks = max(1, int(self.promised * SHARE / A_LOOK))
        return [list(chain(*self.flushes[at : at + looks])) for at in range(0, len(self.flushes), looks)]

    @property
    def least_calls(self) -> int:
        due = [len({place for place, is_seen in flush if is_seen}) for flush in self.written]
        return sum(least_of(rows) for rows in due if rows)


def least_of(rows: int) -> int:
    """The fewest calls that Salesforce lets so many updates take: a composite of five collections is one call and 1,000 rows; one
    Bulk API 2.0 job is create, upload, close and one look.
    """
    return min(-(-rows // 1_000), 4)


def patterns(agreements: int, changes: int) -> Iterator[Pattern]:
    def every(count: int, distinct: int = agreements) -> list[tuple[int, bool]]:
        return [(place % distinct, True) for place in range(count)]

    whole = every(changes)
    yield Pattern("burst", [whole])
    trickle = [whole[at : at + 100] for at in range(0, changes, 100)]
    yield Pattern("trickle, at once", trickle)
    yield Pattern("trickle, in 5 min", trickle, PROMISED)
    yield Pattern("bursts of 1,500", [whole[at : at + 1500] for at in range(0, changes, 1500)])
    yield Pattern("30% distinct", [every(changes, max(1, changes * 3 // 10))])
    yield Pattern("60% no-op", [[(place % agreements, place % 10 < 4) for place in range(changes)]])


@dataclass(frozen=True)
class Cost:
    calls: int
    seconds: float
    rows: int
    differing: int = 0


def to_row(agreement: dict[str, Any], title: str) -> dict[str, Any]:
    """What a script would write for an agreement."""
    return {"CLM_Id__c": agreement["id"], "CLM_Title__c": title, "CLM_Version__c": agreement["revision"]}


class Bench:
    def __init__(self, engine: Engine, clm: dict[str, str], org: dict[str, str]) -> None:
        self.engine, self.clm, self.org = engine, clm, org
        session = requests.Session()
        session.trust_env = False
        session.verify = org["ca_bundle"]
        self.session = session
        self.salesforce: Any = Salesforce(
            instance_url=org["https_url"], session_id=org["access_token"], session=session, version="66.0"
        )
        login = {
            "grant_type": "client_credentials",
            "client_id": org["client_id"],
            "client_secret": org["client_secret"],
        }
        answer = session.post(f"{org['https_url']}/services/oauth2/token", data=login, timeout=60).json()
        self.integration = Salesforce(
            instance_url=org["https_url"], session_id=answer["access_token"], session=session, version="66.0"
        )
        """The peers write as the kit does: nobody else may."""
        form = {
            "grant_type": "client_credentials",
            "client_id": clm["client_id"],
            "client_secret": clm["client_secret"],
        }
        token = requests.post(clm["http_url"] + "/oauth/token", data=form, timeout=60).json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}
        self.step = 0
        self.at = datetime.fromisoformat(utc_now())
        """The time of the bench's clock, which the kit goes by where something is promised."""

    def ask_clm(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, self.clm["http_url"] + path, json=body, headers=self.headers, timeout=600)
        answer.raise_for_status()
        return answer.json()

    def create(self, count: int) -> list[str]:
        """New agreements, and an account for each counterparty. Returns the agreements' ids."""
        first = int(self.ask_clm("POST", "/admin/agreements", {"count": count, "seed": 1})["first"])
        known = {
            row["CLM_Party_Id__c"]
            for row in self.salesforce.query_all("SELECT CLM_Party_Id__c FROM Account")["records"]
        }
        parties = self.ask_clm("GET", "/api/v1/counterparties?limit=1000")["counterparties"]
        rows = [{"Name": one["name"], "CLM_Party_Id__c": one["id"]} for one in parties if one["id"] not in known]
        write_collections(self.salesforce, rows, "Account", "CLM_Party_Id__c")
        return [f"AGR-{number:06d}" for number in range(first, first + count)]

    async def edit(self, ids: Sequence[str], flush: Flush) -> None:
        """Change agreements in the CLM: a title when Salesforce is to see it, a clause that stays in the CLM when not."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def change(session: aiohttp.ClientSession, agreement: str, body: dict[str, Any]) -> None:
            async with (
                gate,
                session.patch(f"{self.clm['http_url']}/api/v1/agreements/{agreement}", json=body) as answer,
            ):
                assert answer.status == 200, await answer.text()

        async with aiohttp.ClientSession(headers=self.headers) as session:
            tasks = []
            for place, is_seen in flush:
                self.step += 1
                clause = {"type": "Other", "present": True, "deviation": f"wording {self.step}"}
                body = {"title": f"Title {self.step}"} if is_seen else {"clauses": [clause]}
                tasks.append(change(session, ids[place], body))
            await asyncio.gather(*tasks)

    def read_agreements(self) -> dict[str, dict[str, Any]]:
        agreements: dict[str, dict[str, Any]] = {}
        after, more = "", True
        while more:
            page = self.ask_clm("GET", f"/api/v1/agreements?limit=500&after={after}")
            agreements |= {one["id"]: one for one in page["agreements"]}
            after, more = page["cursor"], page["more"]
        return agreements

    def used(self) -> int:
        """Calls as the org counts them; this look is one itself."""
        answer = self.session.get(
            f"{self.org['https_url']}/services/data/v66.0/limits",
            headers={"Authorization": f"Bearer {self.org['access_token']}"},
            timeout=60,
        ).json()["DailyApiRequests"]
        return int(answer["Max"]) - int(answer["Remaining"])

    async def run(self, *, looks: bool | None = None) -> RunReport:
        self.engine.allow = True
        listening = self.engine.listening
        report = await self.engine.run(looks=listening is None or not listening.is_sure if looks is None else looks)
        assert not report.stopped, report.stopped
        return report

    async def play(self, ids: Sequence[str], pattern: Pattern) -> Cost:
        total = Cost(0, 0.0, 0)
        self._promise(pattern.promised)
        for flush in [*pattern.flushes, *([()] if pattern.promised else [])]:
            await self.edit(ids, flush)
            self.at += timedelta(seconds=0 if flush else pattern.promised)
            before, started = self.used(), time.perf_counter()
            report = await self.run()
            seconds, calls = time.perf_counter() - started, self.used() - before - 1
            rows = sum(report.rows_updated.values())
            total = Cost(total.calls + calls, total.seconds + seconds, total.rows + rows)
            self.at += timedelta(seconds=A_LOOK)
        self._promise(0.0)
        return total

    def _promise(self, seconds: float) -> None:
        """Let titles wait for one another as a class of so many seconds does, by the bench's clock; 0: let nothing wait."""
        contract = self.engine.spec.get_object("contract")
        name = next(column.latency for column in contract.fields if column.salesforce == "CLM_Title__c")
        latency = Latency(name=name, p99_seconds=seconds, at="", zone="org", latency_class=LatencyClass.MINUTES)
        self.engine.pace = Pace({name: latency} if seconds else {})
        self.engine.now = self._now if seconds else utc_now

    def _now(self) -> str:
        return self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def play_peer(self, peer: Peer, ids: Sequence[str], pattern: Pattern) -> Cost:
        """Calls are scaled to the whole pattern; `rows` are those that were written."""
        agreements = self.read_agreements()
        written: dict[str, str] = {}
        calls, seconds, changes = 0, 0.0, 0
        for number, flush in enumerate(pattern.written[: peer.most_flushes]):
            places = list(dict.fromkeys(place for place, is_seen in flush if is_seen))[: peer.most_rows]
            rows = [to_row(agreements[ids[place]], f"{peer.name} {number} {place}") for place in places]
            before, started = self.used(), time.perf_counter()
            peer.write(rows)
            seconds, calls = seconds + time.perf_counter() - started, calls + self.used() - before - 1
            written |= {row["CLM_Id__c"]: row["CLM_Title__c"] for row in rows}
            changes += len(places) if peer.most_rows < len(flush) else len(flush)
        held = self.titles()
        differing = sum(held.get(key) != title for key, title in written.items())
        return Cost(round(calls * pattern.changes / changes), seconds, len(written), differing)

    def restore(self, ids: Sequence[str]) -> None:
        """What the peers wrote is put back, outside the measurement."""
        agreements = self.read_agreements()
        write_collections(self.integration, [to_row(agreements[one], agreements[one]["title"]) for one in ids])

    def titles(self) -> dict[str, str]:
        soql = "SELECT CLM_Id__c, CLM_Title__c FROM Contract WHERE CLM_Id__c != null"
        return {row["CLM_Id__c"]: row["CLM_Title__c"] for row in self.salesforce.query_all(soql)["records"]}

    def compare(self, ids: Sequence[str]) -> int:
        """Titles that differ between both systems, row by row."""
        held = self.titles()
        agreements = self.read_agreements()
        return sum(held.get(one) != agreements[one]["title"] for one in ids)


def peak_megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


async def hear(bench: Bench, agreement: str) -> None:
    """Wait until the kit is sure to hear every event: a person's edit has to come, and one look after it."""
    listening = bench.engine.listening
    assert listening is not None
    found = bench.salesforce.query(f"SELECT Id FROM Contract WHERE CLM_Id__c = '{agreement}'")
    bench.salesforce.Contract.update(found["records"][0]["Id"], {"OwnerId": bench.org["user_id"]})
    async with asyncio.timeout(60):
        while not listening.is_sure:
            await asyncio.sleep(0.05)
            await bench.run()


@dataclass(frozen=True)
class Finding:
    """Calls of one turn of a pattern; `best` is the peer that needed the fewest."""

    pattern: str
    least: int
    kit: int
    best: str
    peer: int
    differing: int

    @property
    def is_met(self) -> bool:
        is_fewest = self.kit < self.peer or self.kit == self.peer == self.least
        return is_fewest and self.kit <= MOST_RATIO * self.least and not self.differing

    @property
    def words(self) -> str:
        beside = (
            f"{self.peer / self.kit:.1f} x as many"
            if self.kit != self.peer
            else "as many, and nobody can do with fewer"
        )
        told = f"{self.kit} calls, {self.kit / self.least:.2f} x the least; the best peer ({self.best}) {self.peer}: {beside}"
        return f"{self.pattern}: {told}, {self.differing} rows differ: {'met' if self.is_met else 'NOT MET'}"


async def measure(bench: Bench, others: Sequence[Peer], agreements: int, changes: int, rounds: int) -> bool:
    await bench.run()
    ids = bench.create(agreements)
    before, started = bench.used(), time.perf_counter()
    report = await bench.run()
    seconds, calls = time.perf_counter() - started, bench.used() - before - 1
    rows = sum(report.rows_created.values())
    print(f"first load: {rows} rows of {agreements} agreements, {calls} calls, {rows / seconds:.0f} rows/s")
    await hear(bench, ids[0])
    print(f"peak memory of the kit {peak_megabytes()} MB; calls per 10,000 changes, load {os.getloadavg()[0]:.1f}")
    print(f"{'pattern':<20}{'least':>7}{'kit':>7}{'ratio':>7}" + "".join(f"{one.name:>13}" for one in others))
    found: list[Finding] = []
    for turn in range(rounds):
        found += [await measure_pattern(bench, ids, pattern, others) for pattern in patterns(agreements, changes)]
        print(
            f"turn {turn + 1} of {rounds}: load {os.getloadavg()[0]:.1f}, peak memory of the kit {peak_megabytes()} MB"
        )
    print("\n".join(sorted({one.words for one in found})))
    return all(one.is_met for one in found)


async def measure_pattern(bench: Bench, ids: Sequence[str], pattern: Pattern, others: Sequence[Peer]) -> Finding:
    scale = 10_000 / pattern.changes
    kit = await bench.play(ids, pattern)
    differing = [bench.compare(ids)]
    costs = [bench.play_peer(one, ids, pattern) for one in others]
    differing += [cost.differing for cost in costs]
    bench.restore(ids)
    least, calls = pattern.least_calls * scale, kit.calls * scale
    print(
        f"{pattern.name:<20}{least:>7.0f}{calls:>7.0f}{calls / least:>7.2f}"
        + "".join(f"{cost.calls * scale:>13.0f}" for cost in costs)
        + f"   rows/s {kit.rows / kit.seconds:.0f}"
        + "".join(f" {cost.rows / cost.seconds:.0f}" for cost in costs)
        + f"   rows that differ {differing}",
        flush=True,
    )
    best = min(range(len(others)), key=lambda place: costs[place].calls)
    return Finding(pattern.name, pattern.least_calls, kit.calls, others[best].name, costs[best].calls, sum(differing))


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agreements", type=int, default=10_000)
    parser.add_argument("--changes", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-sync-") as folder,
        running_systems(ROOT, Path(folder) / "project") as run,
    ):
        org, clm = (msgspec.json.decode((run / name).read_bytes()) for name in ("org.json", "clm.json"))
        config = load_config(run / "sync.yml")
        config = replace(config, state=Path(folder) / "bench.sqlite")
        async with open_engine(config) as engine:
            events = config.events or EventsConfig()
            engine.listening = open_listening(engine, config, events, lambda: None)
            async with engine.listening.open():
                bench = Bench(engine, clm, org)
                others = peers(bench.integration, org, Path(folder))
                is_met = await measure(bench, others, options.agreements, options.changes, options.rounds)
                return 0 if is_met else 1


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
