"""The whole sync, both ways, with a CLM that only a description tells about: over a socket to the twin, an org in memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.clmkit.sync.fake_org import FakeOrg
from tests.clmkit.sync.world import no_sleep

from clmkit.clients.clm import ClmCredentials
from clmkit.clients.transport import Transport, open_session
from clmkit.connectors import DescribedClm, load_description
from clmkit.sync.engine import Engine, load_linted
from clmkit.sync.reconcile import Comparison, ReconcileReport
from clmkit.sync.report import RunReport
from clmkit.sync.state import State
from clmtwin import agreements
from clmtwin.clock import Clock
from clmtwin.http import ironclad
from clmtwin.ironclad.records import to_record
from clmtwin.problem import PROBLEMS, Problem
from clmtwin.server import bind, serving
from clmtwin.twin import Twin, open_twin

SPEC = load_linted(Path(__file__).with_name("ironclad_mapping.yml"))
NAME = "CLM_Agreement__c"
Scene = Callable[[Twin, FakeOrg, "Sync"], Awaitable[None]]


class Sync:
    def __init__(self, org: FakeOrg, clm: DescribedClm) -> None:
        self._org, self._clm, self.state = org, clm, State(":memory:")

    async def run(self) -> RunReport:
        report = await Engine(SPEC, self.state, self._org, self._clm, (Counter(),), sleep=no_sleep).run()
        assert report.is_balanced, report
        assert not report.stopped
        return report

    async def compare(self) -> ReconcileReport:
        return await Comparison(SPEC, self._org, self._clm, self.state).run()

    async def count_differences(self) -> int:
        return (await self.compare()).differing


def play(folder: Path, scene: Scene) -> None:
    async def on_stage() -> None:
        twin = open_twin(folder, seed=0, client_id="kit", public_url="https://clm", requests_per_second=1e6)
        try:
            async with serving(twin, bind("127.0.0.1", 0)) as url, open_session(None) as session:
                credentials = ClmCredentials("kit", twin.credentials.client_secret, "eve@us.example")
                clm = DescribedClm(Transport(session), url, credentials, load_description("ironclad", Path()))
                org = FakeOrg(alone=frozenset({NAME}))
                await scene(twin, org, Sync(org, clm))
        finally:
            twin.store.close()

    asyncio.run(on_stage())


def stand_at(twin: Twin, second: int) -> None:
    twin.clock.set(Clock().now().replace(year=2027, minute=0, second=second, microsecond=0), frozen=True)


def add(twin: Twin, **fields: Any) -> str:
    body = {"title": "Supply", "contract_type": "Supply Agreement", "governing_law": "New York", **fields}
    made = agreements.create(twin.store.next_agreement_number(), body, twin.store.find_person)
    return twin.commit(None, made, "agreement.created", "user").id


def test_agreements_come_over_and_go_on_being_followed(tmp_path: Path) -> None:
    async def scene(twin: Twin, org: FakeOrg, sync: Sync) -> None:
        stand_at(twin, 0)
        for _ in range(3):
            add(twin, business_owner={"email": "ann@us.example"})
        first = await sync.run()
        assert (first.pushed, org.count(NAME)) == (3, 3)
        assert org.get(NAME, "AGR-000001")["Owner_Email__c"] == "ann@us.example"
        stand_at(twin, 10)
        before = twin.get_agreement("AGR-000002")
        twin.commit(
            before, agreements.patch(before, {"governing_law": "Delaware"}, twin.store.find_person), "x", "user"
        )
        second = await sync.run()
        assert (second.pushed, org.get(NAME, "AGR-000002")["Law__c"]) == (1, "Delaware")
        assert await sync.count_differences() == 0

    play(tmp_path, scene)


def test_a_record_that_spoils_every_page_waits_by_its_place_and_all_others_are_synchronised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def to_record_or_fail(agreement: Any) -> dict[str, Any]:
        if agreement.id == "AGR-000003":
            raise Problem("server_error", "Something went wrong.")
        return to_record(agreement)

    monkeypatch.setitem(PROBLEMS, "server_error", (500, "Internal error"))
    monkeypatch.setattr(ironclad, "to_record", to_record_or_fail)

    async def scene(twin: Twin, org: FakeOrg, sync: Sync) -> None:
        for number in range(5):
            stand_at(twin, number * 5)
            add(twin)
        first = await sync.run()
        assert (first.pushed, first.parked, org.count(NAME)) == (4, 1, 4)
        stand_at(twin, 40)
        add(twin)
        assert ((await sync.run()).pushed, org.count(NAME)) == (1, 5)
        (letter,) = sync.state.read_parked()
        assert (letter.kind, "record 3" in letter.key, "Something went wrong." in letter.reason) == (
            "unread",
            True,
            True,
        )
        compared = await sync.compare()
        assert (compared.differing, len(compared.unread)) == (0, 1)

    play(tmp_path, scene)


def test_what_salesforce_owns_goes_back_as_a_property_and_its_echo_ends_there(tmp_path: Path) -> None:
    async def scene(twin: Twin, org: FakeOrg, sync: Sync) -> None:
        stand_at(twin, 0)
        add(twin, business_owner={"email": "ann@us.example"})
        await sync.run()
        stand_at(twin, 10)
        org.edit(NAME, "AGR-000001", Owner_Email__c="bob@us.example")
        report = await sync.run()
        owner = twin.get_agreement("AGR-000001").business_owner
        assert owner is not None
        assert (owner.email, report.patches) == ("bob@us.example", 1)
        quiet = await sync.run()
        assert (quiet.pushed, quiet.patches, await sync.count_differences()) == (0, 0, 0)

    play(tmp_path, scene)
