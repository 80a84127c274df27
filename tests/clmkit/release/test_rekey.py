"""A key changes and every pair stays: the same record for the same row, links and lookups included, wherever a run was killed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from tests.clmkit.release.specs import SHIPPED, resolved, with_object, written
from tests.clmkit.sync.fake_org import FakeOrg, Killed
from tests.clmkit.sync.postgres import running_postgres
from tests.clmkit.sync.world import World

from clmkit.clients.salesforce import Record
from clmkit.mapping.loader import load_bytes
from clmkit.mapping.model import Spec
from clmkit.release.rekey import Intent, Proof, RekeyRefused, Systems, find_rekeyed, plan_rekey, rekey
from clmkit.sync.database import StateError, Target
from clmkit.sync.identity import require_keys

OLD = resolved(written())
TEXT = SHIPPED.read_text(encoding="utf-8")
CONTRACT_KEY = "    key: {clm: id, field: CLM_Id__c, length: 64, case_sensitive: true}\n    version"
PARTY = '    record_name: {label: Party Number, format: "P-{000000}"}\n    key: {clm: id, field: CLM_Id__c'
NUMBER = "Contract.CLM_Number__c"
AT = "2026-11-22T00:00:00Z"
COUNT = 5


def spec_of(*rewrites: tuple[str, str]) -> Spec:
    text = TEXT
    for old, new in rewrites:
        assert old in text, old
        text = text.replace(old, new)
    loaded = load_bytes(text.encode(), "contract.yml")
    assert loaded.spec is not None, loaded.errors
    return loaded.spec


MOVED = spec_of(
    (CONTRACT_KEY, CONTRACT_KEY.replace("CLM_Id__c", "CLM_Number__c").replace("clm: id", "clm: number")),
    ("clm: amends, field: CLM_Amends__c, match: Contract.CLM_Id__c", "clm: amends_number, field: CLM_Amends__c, match: " + NUMBER),
    ("clm: renews, field: CLM_Renews__c, match: Contract.CLM_Id__c", "clm: renews_number, field: CLM_Renews__c, match: " + NUMBER),
    ("{clm: /id, field: Contract__c, match: Contract.CLM_Id__c", "{clm: /number, field: Contract__c, match: " + NUMBER),
    (PARTY, PARTY.replace("clm: id, field: CLM_Id__c", "clm: number, field: CLM_Number__c")),
)  # fmt: skip


@dataclass
class KeyedOrg(FakeOrg):
    """The org of the sync's tests, for records that are known by another field than CLM_Id__c."""

    keys: dict[str, str] = field(default_factory=dict)

    def _judge(self, sobject: str, known: Record | None, record: Record) -> tuple[str, str]:
        if set(record) == {"Id", "CLM_Number__c"}:
            return self.refuse.get(str(record["Id"]), ("", ""))
        own = {name: value for name, value in record.items() if name != "CLM_Number__c"}
        return super()._judge(sobject, known, {"CLM_Id__c": record.get("CLM_Number__c"), **own})

    def _is_wanted(self, sobject: str, record: Record, where: str) -> bool:
        if " IN (" not in where and where.startswith("CLM_Number__c"):
            return record.get("CLM_Number__c") is not None and super()._is_wanted(
                sobject, {**record, "CLM_Id__c": record["CLM_Number__c"]}, where.replace("CLM_Number__c", "CLM_Id__c")
            )
        return super()._is_wanted(sobject, record, where)


@pytest.fixture
def world() -> World:
    return synchronised(":memory:")


def synchronised(target: Target) -> World:
    """Contracts with parties that were synchronised under the old key; the numbers turn the order of the ids round."""
    world = World(org=KeyedOrg(), state_path=target)
    for at in range(1, COUNT + 1):
        parties = [
            {"id": f"PAR-{at}-{side}", "number": f"{at}.{side}", "name": f"Party {side}", "role": "other"}
            for side in (1, 2)
        ]
        amends = {"amends": "AGR-000001", "amends_number": f"AGR-00000{COUNT}"} if at == 2 else {}
        world.agreement(f"AGR-00000{at}", number=f"AGR-00000{COUNT + 1 - at}", parties=parties, **amends)
    world.run()
    assert world.state.count_links() == {"contract": COUNT, "party": 2 * COUNT}
    return world


def change_keys(world: World, folder: Path, new: Spec = MOVED) -> list[Proof]:
    return asyncio.run(rekey(OLD, new, Systems(world.org, world.clm, world.state), folder, AT))


def records(world: World) -> dict[str, int]:
    return {sobject: world.org.count(sobject) for sobject in ("Contract", "CLM_Party__c")}


def pairs(world: World, objects: Sequence[str] = ("contract", "party")) -> dict[str, str]:
    """Key -> record id of every link."""
    ids = list(world.clm.agreements)
    return {link.key: link.record_id for link in world.state.find_links_of_agreements(ids) if link.object in objects}


def test_every_pair_gets_its_new_key_and_keeps_its_record(world: World, tmp_path: Path) -> None:
    before, count = pairs(world), records(world)
    proofs = change_keys(world, tmp_path)
    assert [(proof.object, proof.before, proof.after, proof.written) for proof in proofs] == [
        ("contract", COUNT, COUNT, COUNT),
        ("party", 2 * COUNT, 2 * COUNT, 2 * COUNT),
    ]
    renumbered = {
        item[new]: before[item["id"]]
        for agreement in world.clm.agreements.values()
        for item, new in ((agreement, "number"), *((party, "number") for party in agreement["parties"]))
    }
    assert pairs(world) == renumbered
    rows = [json.loads(line) for line in (tmp_path / "contract.jsonl").read_text().splitlines()]
    assert {(row["old"], row["new"], row["record"], *row["org"], row["verdict"]) for row in rows} == {
        (
            f"AGR-00000{at}",
            f"AGR-00000{COUNT + 1 - at}",
            before[f"AGR-00000{at}"],
            before[f"AGR-00000{at}"],
            "same record",
        )
        for at in range(1, COUNT + 1)
    }
    world.spec = MOVED
    report = world.run()
    assert (report.rows_created, records(world)) == ({}, count)
    assert [
        json.loads(entry.body or "")["object"] for entry in world.state.read_audit() if entry.kind == "rekeyed"
    ] == [
        "contract",
        "party",
    ]


def test_a_change_after_it_finds_the_record_under_the_new_key(world: World, tmp_path: Path) -> None:
    record_id, count = pairs(world)["AGR-000002"], records(world)
    change_keys(world, tmp_path)
    world.spec = MOVED
    world.agreement("AGR-000002", title="Renamed")
    report = world.run()
    assert (report.rows_created, report.rows_updated, records(world)) == ({}, {"Contract": 1}, count)
    assert world.org.records["Contract"][record_id]["CLM_Title__c"] == "Renamed"


def test_lookups_that_both_agreed_on_agree_under_the_new_key(world: World, tmp_path: Path) -> None:
    change_keys(world, tmp_path)
    bases = {link.key: link.base for link in world.state.find_links_of_agreements(world.clm.agreements)}
    assert bases["AGR-000004"]["CLM_Amends__c"] == "AGR-000005"
    assert {bases[f"{at}.1"]["Contract__c"] for at in (1, 2)} <= {"AGR-000005", "AGR-000004"}


def test_a_second_run_writes_nothing_and_proves_it_again(world: World, tmp_path: Path) -> None:
    change_keys(world, tmp_path)
    found = pairs(world)
    assert [(proof.before, proof.after, proof.written) for proof in change_keys(world, tmp_path)] == [
        (5, 5, 0),
        (10, 10, 0),
    ]
    assert pairs(world) == found


def test_a_state_on_postgresql_is_given_the_new_keys_alike(tmp_path: Path) -> None:
    with running_postgres() as server:
        world = synchronised(server.new_database())
        before = pairs(world)
        world.org.after_commit = kill_once(world)
        with pytest.raises(Killed):
            change_keys(world, tmp_path)
        assert [(proof.before, proof.after) for proof in change_keys(world, tmp_path)] == [(COUNT, COUNT), (10, 10)]
        assert sorted(pairs(world).values()) == sorted(before.values())
        assert not pairs(world).keys() & before.keys() - {f"AGR-00000{at}" for at in range(1, COUNT + 1)}
        world.state.close()


def kill_once(world: World) -> Callable[[str, Sequence[Record]], None]:
    """Ends the run after its first write; the next one is left alone."""

    def strike(_sobject: str, _records: Sequence[Record]) -> None:
        world.org.after_commit = lambda sobject, records: None
        raise Killed

    return strike


def test_a_plan_of_it_counts_what_is_missing_and_writes_nothing(world: World) -> None:
    systems = Systems(world.org, world.clm, world.state)
    intents = asyncio.run(plan_rekey(OLD, MOVED, systems))
    assert intents == [Intent("contract", COUNT, COUNT), Intent("party", 2 * COUNT, 2 * COUNT)]
    assert not any("CLM_Number__c" in row for row in world.org.records["Contract"].values())


@pytest.mark.parametrize("moment", ["before the first write", "after the first write", "after the second write"])
def test_a_run_that_was_killed_is_gone_on_with(world: World, tmp_path: Path, moment: str) -> None:
    before, writes = pairs(world), 0

    def strike(_sobject: str, _records: Sequence[Record]) -> None:
        nonlocal writes
        writes += 1
        if moment == {1: "after the first write", 2: "after the second write"}.get(writes):
            raise Killed

    def strike_first(_sobject: str, _records: Sequence[Record]) -> None:
        raise Killed

    world.org.after_commit = strike
    world.org.before_commit = strike_first if moment.startswith("before") else world.org.before_commit
    with pytest.raises(Killed):
        change_keys(world, tmp_path)
    world.org.after_commit = world.org.before_commit = lambda sobject, records: None
    change_keys(world, tmp_path)
    assert sorted(pairs(world).values()) == sorted(before.values())
    held = {row["CLM_Id__c"]: row["CLM_Number__c"] for row in world.org.records["Contract"].values()}
    assert held == {f"AGR-00000{at}": f"AGR-00000{COUNT + 1 - at}" for at in range(1, COUNT + 1)}


def test_a_row_without_the_new_key_or_with_anothers_stops_before_anything_is_written(
    world: World, tmp_path: Path
) -> None:
    world.agreement("AGR-000001", number=None)
    world.agreement("AGR-000003", number="AGR-000002")
    with pytest.raises(RekeyRefused) as caught:
        change_keys(world, tmp_path)
    assert str(caught.value).splitlines() == [
        "contract: not every row has a key of its own at number",
        "AGR-000001 has nothing at number",
        "AGR-000002 would be the key of 2 rows",
        "nothing more was written",
    ]
    assert not any("CLM_Number__c" in row for row in world.org.records["Contract"].values())


def test_a_refused_record_stops_the_links_and_the_next_run_writes_the_rest(world: World, tmp_path: Path) -> None:
    found = pairs(world)
    org = world.org
    org.refuse[found["AGR-000003"]] = ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
    with pytest.raises(RekeyRefused) as caught:
        change_keys(world, tmp_path)
    assert str(caught.value).splitlines()[1] == (
        "AGR-000003: UNABLE_TO_LOCK_ROW: unable to obtain exclusive access to this record"
    )
    assert pairs(world) == found
    org.refuse.clear()
    assert [proof.written for proof in change_keys(world, tmp_path)] == [1, 2 * COUNT]


def test_a_record_that_nobody_knows_under_the_new_key_is_found_by_the_proof(world: World, tmp_path: Path) -> None:
    found = pairs(world)
    stranger = world.org.add("Contract", CLM_Number__c="AGR-000009")
    with pytest.raises(RekeyRefused) as caught:
        change_keys(world, tmp_path)
    assert str(caught.value).splitlines()[:2] == [
        "contract: the org does not hold the pairs under the new key; the links were not changed",
        f"AGR-000009: on {stranger}, which no pair is",
    ]
    assert pairs(world) == found


def test_a_link_whose_row_left_the_clm_is_settled_first(world: World, tmp_path: Path) -> None:
    del world.clm.agreements["AGR-000004"]
    with pytest.raises(RekeyRefused) as caught:
        change_keys(world, tmp_path)
    assert str(caught.value) == (
        "contract: 1 of 5 links have no row in the CLM; run the sync with the old mapping and settle what waits, then run "
        "this again"
    )


def test_a_sync_with_another_key_than_its_links_have_is_refused(world: World, tmp_path: Path) -> None:
    require_keys(world.state, OLD)
    with pytest.raises(StateError) as caught:
        require_keys(world.state, MOVED)
    assert str(caught.value) == (
        "contract: the mapping's key is number -> Contract.CLM_Number__c, the links of this state were made with id -> "
        "Contract.CLM_Id__c: every row would be made a second time. Run `clmkit rekey`, or go back to the key. Nothing was changed."
    )
    change_keys(world, tmp_path)
    require_keys(world.state, MOVED)


def test_what_waits_for_a_person_waits_under_the_new_key(world: World, tmp_path: Path) -> None:
    world.agreement("AGR-000003", contract_type="x" * 300)
    world.run()
    assert [row.key for row in world.state.read_parked()] == ["AGR-000003"]
    world.agreement("AGR-000003", number="AGR-NEW")
    change_keys(world, tmp_path)
    assert [(row.key, row.agreement_id) for row in world.state.read_parked()] == [("AGR-NEW", "AGR-000003")]


def with_party(**values: object) -> Spec:
    return with_object(MOVED, "party", **values)


@pytest.mark.parametrize(
    ("new", "message"),
    [
        (OLD, "no key changed between the two mappings"),
        (
            spec_of((PARTY, PARTY.replace("clm: id", "clm: number"))),
            "party: the new key is to stand in CLM_Id__c, where the old one is; give it a field of its own, so that both stand "
            "until the proof is made",
        ),
        (
            with_party(clm="agreements.people"),
            "party: its rows or its Salesforce object changed, too; change the key in a release of its own",
        ),
    ],
)
def test_what_is_not_a_change_of_keys_alone_is_refused(new: Spec, message: str) -> None:
    with pytest.raises(RekeyRefused) as caught:
        find_rekeyed(msgspec.structs.replace(OLD), new)
    assert str(caught.value) == message
