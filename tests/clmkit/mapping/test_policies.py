"""What a field's own policies do to a value: unknown values, zones, emptied fields, another way back, record types, currencies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clmkit.mapping.evaluate import Evaluator, Row
from clmkit.mapping.loader import Loaded
from clmkit.mapping.model import Spec

LoadFragment = Callable[[str], Loaded]
AGREEMENT: dict[str, Any] = {
    "id": "AGR-1",
    "revision": 1,
    "stage": "DRAFT",
    "title": "One",
    "kind": "NDA",
    "counterparty": {"id": "PTY-1", "name": "Acme"},
    "value": {"total": "10.00", "currency": "USD"},
    "term": {"start": "2026-01-01"},
}


def evaluator(load_fragment: LoadFragment, fragment: str) -> Evaluator:
    loaded = load_fragment(fragment)
    assert loaded.spec is not None, loaded.findings
    return Evaluator(loaded.spec)


def contract(evaluate: Evaluator, **changes: Any) -> Row:
    (row,) = evaluate.rows("contract", AGREEMENT | changes)
    return row


def test_an_unknown_value_becomes_other_only_where_the_map_says_so(load_fragment: LoadFragment) -> None:
    with_other = evaluator(load_fragment, "value_maps: {contract_kind: {unknown: other, other: Other}}")
    assert contract(with_other, kind="SOW").values["CLM_Kind__c"] == "Other"
    assert contract(with_other, kind="NDA").values["CLM_Kind__c"] == "Confidentiality"
    parked = contract(with_other, kind="NDA; MSA").parked
    assert [value.reason for value in parked] == [
        '"NDA; MSA" has two answers; the field holds one. Choose one in the CLM.'
    ]
    without = evaluator(load_fragment, "")
    assert [value.field for value in contract(without, kind="SOW").parked] == ["kind"]


def test_the_value_for_the_unknown_is_part_of_the_picklist(load_fragment: LoadFragment) -> None:
    spec = evaluator(load_fragment, "value_maps: {contract_kind: {unknown: other, other: Other}}").spec
    assert [value.salesforce for value in spec.get_value_map("contract_kind").picklist] == [
        "Confidentiality",
        "Services",
        "Other",
    ]


ZONES = """
systems: {{salesforce: {{label: Sales org, zone: Asia/Tokyo}}}}
objects: {{contract: {{fields: {{start: {{transform: date_of_instant{zone}}}}}}}}}
"""


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("", "2026-03-31"),
        (", zone: org", "2026-04-01"),
        (", zone: America/New_York", "2026-03-31"),
        (", zone: UTC", "2026-04-01"),
    ],
)
def test_the_zone_of_a_field_decides_which_day_an_instant_is(load_fragment: LoadFragment, zone: str, day: str) -> None:
    evaluate = evaluator(load_fragment, ZONES.format(zone=zone))
    row = contract(evaluate, term={"start": "2026-03-31T23:30:00-04:00"})
    assert row.values["StartDate"] == day


@pytest.mark.parametrize(
    ("cleared", "values", "reasons"),
    [
        ("clear", {"title": None}, []),
        ("leave", {}, []),
        ("park_value", {}, ["The field was emptied in Salesforce; the spec leaves the answer to a steward."]),
    ],
)
def test_an_emptied_field_clears_leaves_or_asks(
    load_fragment: LoadFragment, cleared: str, values: dict[str, object], reasons: list[str]
) -> None:
    fragment = f"objects: {{contract: {{fields: {{title: {{owner: salesforce, cleared: {cleared}}}}}}}}}"
    back = evaluator(load_fragment, fragment).feed_back("contract", {"CLM_Title__c": None})
    assert (back.values, [value.reason for value in back.parked]) == (values, reasons)


def test_the_way_back_may_be_another_transform(load_fragment: LoadFragment) -> None:
    fragment = (
        "objects: {contract: {fields: {title: {owner: salesforce, transform: single_answer, back: text, lossy: true}}}}"
    )
    assert evaluator(load_fragment, fragment).feed_back("contract", {"CLM_Title__c": "A"}).values == {"title": "A"}


def test_a_record_type_is_chosen_by_a_clm_value_and_an_unknown_one_is_parked(load_fragment: LoadFragment) -> None:
    fragment = "objects: {contract: {record_types: {clm: kind, types: {nda: {label: NDA, for: [NDA]}}}}}"
    evaluate = evaluator(load_fragment, fragment)
    link = contract(evaluate).references["RecordTypeId"]
    assert link is not None
    assert (link.reference.object, link.reference.field, link.key) == ("RecordType", "DeveloperName", "CLM_Nda")
    parked = [value for value in contract(evaluate, kind="MSA").parked if value.field == "record_type"]
    assert [value.reason for value in parked] == [
        '"MSA" is not in the value map record_types; add it there or correct it in the CLM.'
    ]


@pytest.mark.parametrize(
    ("code", "reasons"), [("EUR", []), ("JPY", ['The amount "10.00" is in JPY; this org keeps USD, EUR.'])]
)
def test_an_amount_in_a_currency_that_is_not_active_is_parked(
    load_fragment: LoadFragment, code: str, reasons: list[str]
) -> None:
    evaluate = evaluator(load_fragment, "currency: {org: USD, multi: true, active: [USD, EUR]}")
    row = contract(evaluate, value={"total": "10.00", "currency": code})
    assert [value.reason for value in row.parked] == reasons


def test_what_salesforce_computes_is_neither_written_nor_sent_back(load_fragment: LoadFragment) -> None:
    fragment = """
    objects:
      contract:
        fields:
          days: {field: CLM_Days__c, type: {formula: {returns: number, scale: 0, formula: EndDate - TODAY()}}, description: D.}
          lines: {field: CLM_Lines__c, type: {roll_up: {of: line, operation: count}}, description: L.}
          number: {field: CLM_Number__c, type: {auto_number: {format: "A-{000}"}}, description: N.}
    """
    evaluate = evaluator(load_fragment, fragment)
    row = contract(evaluate)
    written = {*row.values, *row.references, *row.seeds}
    assert written.isdisjoint({"CLM_Days__c", "CLM_Lines__c", "CLM_Number__c"})
    assert evaluate.feed_back("contract", {"CLM_Days__c": None, "CLM_Number__c": "A-001"}).values == {}


def test_a_computed_value_goes_to_the_clm_when_it_has_a_path_there(load_fragment: LoadFragment) -> None:
    fragment = """
    objects:
      contract:
        fields:
          number: {clm: sf_number, field: CLM_Number__c, type: {auto_number: {format: "A-{000}"}}, description: Number.}
    """
    assert evaluator(load_fragment, fragment).feed_back("contract", {"CLM_Number__c": "A-001"}).values == {
        "sf_number": "A-001"
    }


def states_frozen(spec: Spec, name: str) -> tuple[str, ...]:
    return spec.get_object("contract").get_field(name).frozen_from


def test_a_field_is_frozen_in_the_states_that_it_does_not_name(load_fragment: LoadFragment) -> None:
    loaded = load_fragment("objects: {contract: {fields: {title: {owner: salesforce, states: [draft, active]}}}}")
    assert loaded.spec is not None, loaded.findings
    assert states_frozen(loaded.spec, "title") == ("ended",)


def test_the_whole_presentation_has_defaults(load_fragment: LoadFragment) -> None:
    loaded = load_fragment("")
    assert loaded.spec is not None
    shown = loaded.spec.presentation
    assert shown is not None
    assert (shown.app, shown.tabs, [one.object for one in shown.displays]) == (
        "CLM_Contracts",
        ("contract",),
        ["contract", "line"],
    )
    contract_shown = shown.displays[0]
    assert contract_shown.related == ("line",)
    assert contract_shown.panel == ("account", "title", "status", "start", "kind", "amount")
    assert [report.name for report in shown.reports] == ["by_status"]


@pytest.mark.parametrize(("period", "months"), [("7 years", 84), ("18 months", 18), ("90 days", 3), ("31 days", 2)])
def test_retention_is_counted_in_whole_months_and_never_too_short(
    load_fragment: LoadFragment, period: str, months: int
) -> None:
    loaded = load_fragment(f"retention: {{law: {{keep: {period}, after: [ended], then: review}}}}")
    assert loaded.spec is not None, loaded.findings
    assert [rule.months for rule in loaded.spec.retention] == [months]
