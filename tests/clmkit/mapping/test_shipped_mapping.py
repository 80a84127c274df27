"""The shipped mapping: the field table that the guides call typical, and 200 real contracts without a lost value."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clmkit.mapping.evaluate import Evaluator, Row
from clmkit.mapping.loader import load_spec
from clmkit.mapping.model import Direction, FieldClass, Owner, Role, Spec
from clmkit.mapping.resolve import reachable_from

TYPICAL = (
    # what the guide lists, the fields that carry it, owner, direction, the slowest latency allowed
    ("contract id", ("key",), Owner.CLM, Direction.CLM_TO_SALESFORCE, "nightly"),
    ("contract status", ("status",), Owner.CLM, Direction.CLM_TO_SALESFORCE, "realtime"),
    (
        "start, end and renewal dates",
        ("start_date", "end_date", "renewal_date"),
        Owner.CLM,
        Direction.CLM_TO_SALESFORCE,
        "realtime",
    ),
    ("total value and ARR", ("total_value", "arr"), Owner.CLM, Direction.CLM_TO_SALESFORCE, "minutes"),
    ("renewal term and auto-renewal", ("renewal", "renewal_months"), Owner.CLM, Direction.CLM_TO_SALESFORCE, "nightly"),
    ("owner", ("owner",), Owner.SALESFORCE, Direction.SALESFORCE_TO_CLM, "minutes"),
    ("primary contact", ("primary_contact",), Owner.SHARED, Direction.BOTH, "minutes"),
    ("signed document and envelope", ("document", "envelope"), Owner.CLM, Direction.CLM_TO_SALESFORCE, "nightly"),
    ("clause text", ("clauses",), Owner.CLM, Direction.NONE, "nightly"),
)
SPEED = ("realtime", "minutes", "nightly")

COLUMNS = {
    "signed": "Agreement Date",
    "start": "Effective Date",
    "end": "Expiration Date",
    "term": "Renewal Term",
    "notice": "Notice Period To Terminate Renewal",
    "governing_law": "Governing Law",
}
FILLED_BY = {
    "signed": ("signed_date",),
    "start": ("start_date",),
    "end": ("end_date",),
    "term": ("renewal_months", "renewal_times", "renewal_unlimited"),
    "notice": ("notice", "notice_unit"),
    "governing_law": ("governing_law",),
}


def test_the_shipped_mapping_has_no_finding(root: Path) -> None:
    assert load_spec(root / "mappings" / "contract.yml").findings == ()


@pytest.mark.parametrize(("row", "names", "owner", "direction", "slowest"), TYPICAL)
def test_the_typical_field_table_is_mapped(
    shipped: Spec, row: str, names: tuple[str, ...], owner: Owner, direction: Direction, slowest: str
) -> None:
    for name in names:
        field = shipped.get_object("contract").get_field(name)
        assert (field.owner, field.direction) == (owner, direction), row
        assert SPEED.index(field.latency) <= SPEED.index(slowest), row
        assert field.steward


def test_every_salesforce_field_has_an_owner_a_reader_a_steward_and_a_promise(shipped: Spec) -> None:
    columns = [field for mapping in shipped.objects for field in mapping.columns]
    assert len(columns) == 81
    assert all(field.audience and field.steward and field.latency for field in columns)


def test_clause_text_has_no_home_in_salesforce(shipped: Spec) -> None:
    kept = [
        field for mapping in shipped.objects for field in mapping.fields if field.field_class is FieldClass.CLM_ONLY
    ]
    assert [(field.name, field.salesforce) for field in kept] == [("clauses", "")]


def test_objects_stand_in_write_order(shipped: Spec) -> None:
    names = [mapping.name for mapping in shipped.objects]
    assert names == [
        "account", "contact", "contract", "party", "line", "document", "amendment", "obligation", "notice",
        "approval", "envelope",
    ]  # fmt: skip
    for mapping in shipped.objects:
        assert all(names.index(parent) < names.index(mapping.name) for parent in mapping.depends_on)


def test_every_object_matches_on_a_unique_external_id(shipped: Spec) -> None:
    for mapping in shipped.objects:
        key = mapping.key
        assert (key.external_id, key.unique, key.case_sensitive, key.salesforce.endswith("__c")) == (
            True,
            True,
            True,
            True,
        )


def test_the_status_map_is_total_and_reversible(shipped: Spec) -> None:
    lifecycle = shipped.lifecycle
    assert lifecycle is not None
    assert len({state.clm for state in lifecycle.states}) == len({state.status for state in lifecycle.states}) == 9
    assert reachable_from("intake", lifecycle.moves) == {state.name for state in lifecycle.states}


def test_the_primary_contact_has_one_winner_in_every_state(shipped: Spec) -> None:
    rows = shipped.get_object("contract").get_field("primary_contact").precedence
    decided = Counter(state for row in rows for state in row.states)
    assert shipped.lifecycle is not None
    assert decided == {state.name: 1 for state in shipped.lifecycle.states}


def read_contracts(root: Path) -> Iterator[dict[str, Any]]:
    """Each real contract as the agreement that a CLM would hold after a migration."""
    with (root / "datasets" / "cuad" / "contracts.csv").open(encoding="utf-8", newline="") as file:
        for number, cells in enumerate(csv.DictReader(file), start=1):
            facts = {name: cells[column] or None for name, column in COLUMNS.items()}
            yield {
                "id": f"AGR-{number:06d}",
                "revision": 1,
                "stage": "ACTIVE",
                "title": cells["Document Name"],
                "contract_type": cells["Document Name"][:80],
                "counterparty": {"id": "PTY-1", "name": "Somebody", "contact": None},
                "term": {name: facts[name] for name in ("signed", "start", "end")},
                "renewal": {"type": None, "term": facts["term"], "notice": facts["notice"], "date": None},
                "governing_law": facts["governing_law"],
                "facts": facts,
            }


@pytest.fixture(scope="module")
def real(root: Path, shipped: Spec) -> list[tuple[dict[str, Any], Row]]:
    evaluator = Evaluator(shipped)
    return [(agreement, row) for agreement in read_contracts(root) for row in evaluator.rows("contract", agreement)]


def test_every_real_contract_becomes_a_row(real: list[tuple[dict[str, Any], Row]]) -> None:
    assert len(real) == 200
    assert [row.park for _, row in real if row.park] == []


def test_every_real_value_is_mapped_or_parked_with_its_reason(
    shipped: Spec, real: list[tuple[dict[str, Any], Row]]
) -> None:
    columns = {field.name: field.salesforce for field in shipped.get_object("contract").columns}
    for agreement, row in real:
        parked = {value.field: value for value in row.parked}
        for fact, text in agreement["facts"].items():
            for name in FILLED_BY[fact]:
                written = columns[name] in row.values
                assert written is not (name in parked), (row.key, name, text)
                if name in parked:
                    assert parked[name].value == text
                    assert parked[name].reason.endswith(".")


def test_what_is_parked_of_the_real_contracts_is_known_to_the_value(real: list[tuple[dict[str, Any], Row]]) -> None:
    counted = Counter(value.field for _, row in real for value in row.parked)
    assert counted == {
        "signed_date": 24,
        "start_date": 17,
        "end_date": 13,
        "governing_law": 4,
        "renewal_months": 4,
        "renewal_times": 4,
        "renewal_unlimited": 4,
    }


MONTHS, TIMES, UNLIMITED = "CLM_Renewal_Months__c", "CLM_Renewal_Times__c", "CLM_Renews_Without_Limit__c"
MESSY = (
    ("term", "end", "Perpetual", {"EndDate": None, "CLM_Is_Perpetual__c": True}),
    ("term", "end", "12/31/2025", {"EndDate": "2025-12-31", "CLM_Is_Perpetual__c": False}),
    ("renewal", "term", "perpetual", {MONTHS: None, TIMES: None, UNLIMITED: True}),
    ("renewal", "term", "succesive 1 year", {MONTHS: 12, TIMES: None, UNLIMITED: True}),
    ("renewal", "term", "four successive 10 years", {MONTHS: 120, TIMES: 4, UNLIMITED: False}),
    ("renewal", "notice", "(6) months", {"CLM_Notice_Period__c": 6, "CLM_Notice_Unit__c": "Months"}),
    ("renewal", "notice", "1 year", {"CLM_Notice_Period__c": 12, "CLM_Notice_Unit__c": "Months"}),
    ("renewal", "notice", "180 days", {"CLM_Notice_Period__c": 180, "CLM_Notice_Unit__c": "Days"}),
    ("term", "start", "7/22/2019; 7/22/2022", None),
    ("renewal", "notice", "60 days; 180 days", None),
    ("renewal", "term", "perpetual, 11/15/2014", None),
)  # fmt: skip


@pytest.mark.parametrize(("group", "name", "text", "expected"), MESSY)
def test_a_messy_value_is_mapped_or_parked(
    shipped: Spec, group: str, name: str, text: str, expected: dict[str, object] | None
) -> None:
    agreement = {"id": "A", "revision": 1, "stage": "DRAFT", "counterparty": {"id": "P"}, group: {name: text}}
    (row,) = Evaluator(shipped).rows("contract", agreement)
    if expected is None:
        assert {value.value for value in row.parked} == {text}
    else:
        assert {key: row.values[key] for key in expected} == expected
        assert row.parked == ()


def test_every_field_of_the_contract_has_a_role_that_codegen_knows(shipped: Spec) -> None:
    roles = Counter(field.role for field in shipped.get_object("contract").columns)
    assert roles == {Role.KEY: 1, Role.VERSION: 1, Role.PARENT: 3, Role.VALUE: 26, Role.FLAG: 1}
