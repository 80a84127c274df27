"""What the evidence page says of each contract and each field adds up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clmkit.cli.demo.collect import collect, count_values, header_object
from clmkit.mapping.loader import load_spec
from clmkit.mapping.model import Spec

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def spec() -> Spec:
    loaded = load_spec(ROOT / "mappings" / "contract.yml")
    assert loaded.spec is not None
    return loaded.spec


def agreement(number: int, **members: Any) -> dict[str, Any]:
    return {
        "id": f"AGR-{number:06d}",
        "revision": 1,
        "stage": "ACTIVE",
        "title": "Supply Agreement",
        "counterparty": {"id": "PTY-1", "name": "Acme"},
        "term": {"start": "7/22/2019", "end": "7/22/2021"},
    } | members


def test_a_contract_in_salesforce_is_complete_and_one_without_a_record_waits_with_its_reason_for_its_steward(
    spec: Spec,
) -> None:
    record = {"Id": "800TW0000000001YAA", "StartDate": "2019-07-22", "EndDate": "2021-07-22", "Status": "Activated"}
    waits = {"AGR-000002": ("No account stands for Acme.", "legal_ops")}
    collected = collect(spec, [agreement(1), agreement(2)], {"AGR-000001": record}, waits)
    written, waiting = collected.contracts
    assert (written.state, written.start, written.status) == ("complete", "2019-07-22", "Activated")
    assert (waiting.state, waiting.waiting) == ("waiting", "No account stands for Acme.")
    assert waiting.steward == "Legal operations"


def test_a_value_with_two_meanings_is_shown_with_its_reason_and_its_steward(spec: Spec) -> None:
    two_answers = agreement(1, term={"start": "7/22/2019", "end": "7/22/2020; 7/22/2022"})
    (row,) = collect(spec, [two_answers], {"AGR-000001": {"Id": "800TW0000000001YAA"}}, {}).contracts
    assert row.state == "partly"
    (parked,) = row.parked
    assert (parked.label, parked.value, parked.steward) == (
        "Contract End Date",
        "7/22/2020; 7/22/2022",
        "Legal operations",
    )


def test_the_fates_of_a_field_add_up_to_the_number_of_rows(spec: Spec) -> None:
    rows = [
        agreement(1),
        agreement(2, term={"start": "[]/[]/2020", "end": "perpetual"}),
        agreement(3, term={"start": None, "end": None}),
        agreement(4),
    ]
    there = {row["id"]: {"Id": "800TW0000000001YAA"} for row in rows[:3]}
    coverage = collect(spec, rows, there, {"AGR-000004": ("No account stands for Acme.", "legal_ops")}).coverage
    header = spec.get_object(header_object(spec)).label
    counts = {
        row.salesforce: (row.mapped, row.empty, row.parked, row.waiting)
        for row in coverage
        if row.object_label == header
    }
    assert counts["StartDate"] == (1, 1, 1, 1)
    assert counts["EndDate"] == (1, 2, 0, 1)
    totals = count_values(coverage)
    assert totals["mapped"] + totals["empty"] + totals["parked"] + totals["waiting"] == totals["total"]
